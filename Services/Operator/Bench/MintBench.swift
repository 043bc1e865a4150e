import Codes
import Foundation
import Hosting
import Kernel
import Keys
import Logging
import Postgres
import Schema

/// Codes minted to a file on the disk, beside COPY of codes into a table that keeps them unique.
enum MintBench {
    private static let codes: Int64 = 20_000_000
    /// Fewer, because each is slower: the rate falls as the index grows, so that this flatters the raw side.
    private static let copied: Int64 = 2_000_000

    static func run(url: String, pairs: Int) async throws -> [Measurement] {
        try await ScratchDatabase.with(url) { scratch in
            let logger = Logger(label: "siyu.bench")
            let pool = Pool(
                PoolConfiguration(connection: ConnectionConfiguration(url: scratch.url), connectionsMax: 2),
                logger: logger)
            try await Migrator(pool: pool, logger: logger).migrate(environment: .development)
            let folder = FileManager.default.temporaryDirectory.appending(path: "siyu-bench-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            // The folder is the system's to clean if this fails.
            defer { try? FileManager.default.removeItem(at: folder) }
            let keys = KeyRing.ephemeral()
            let brand = try await Brands.create(.mint(), name: "bench", on: pool).brand
            func mint(_ count: Int64, to path: String) async throws {
                let request = MintRequest(brand: brand, requestID: "\(count)", count: count, label: "bench")
                let batch = try await Minting.mint(request, author: "bench", keys: keys, on: pool).batch
                try await SheetFile(path).write(
                    CodeSheet(try OpenBatch(batch, keys: keys)), workers: CodesCommand.cores)
            }
            let sample = folder.appending(path: "sample.csv").path
            try await mint(copied, to: sample)
            let psql = try PgBench(connection: scratch.url)
            let rate = try await Measurement.pairs(
                "codes minted to a file, fsync included", unit: "codes/s",
                rawName: "psql, COPY of such a file into a table with a unique code", pairs: pairs,
                ours: {
                    let path = folder.appending(path: "codes.csv").path
                    let seconds = try await ContinuousClock().measure { try await mint(codes, to: path) }.inSeconds
                    try FileManager.default.removeItem(atPath: path)
                    return Double(codes) / seconds
                },
                raw: {
                    try await pool.execute(BenchStatements.makeCodeTable())
                    let seconds = try ContinuousClock().measure {
                        try psql.psql("\\copy bench.code FROM '\(sample)' (FORMAT csv, HEADER)")
                    }.inSeconds
                    return Double(copied) / seconds
                })
            await pool.shutdown()
            return [rate, .alone("resident memory at peak", unit: "MiB", samples: [try peakMebibytes()])]
        }
    }

    private static func peakMebibytes() throws -> Double {
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        guard let kibibytes = line.flatMap({ Double($0.filter(\.isNumber)) }) else {
            throw Failure("/proc tells no peak of memory.", .software)
        }
        return kibibytes / 1_024
    }
}
