import AsyncHTTPClient
import Foundation
import Hosting
import Jobs
import Kernel
import Keys
import Logging
import Orders
import Postgres
import Schema
import Vault

/// The whole way of a file of orders into the tables, beside a bare COPY; and what the services cost at rest.
enum IngestBench {
    static func run(url: String, file: String, pairs: Int) async throws -> [Measurement] {
        guard let data = FileManager.default.contents(atPath: file) else {
            throw Failure("\(file) cannot be read: name the CDNOW purchases with --file.", .noInput)
        }
        return try await ScratchDatabase.with(url) { scratch in
            let logger = Logger(label: "siyu.bench")
            let pool = Pool(
                PoolConfiguration(connection: ConnectionConfiguration(url: scratch.url), connectionsMax: 8),
                logger: logger)
            try await Migrator(pool: pool, logger: logger).migrate(environment: .development)
            let bench = Bench(pool: pool, logger: logger, data: data, url: scratch.url)
            let figures = [
                try await Measurement.pairs(
                    "import of orders: accepted, loaded, posted", unit: "rows/s",
                    rawName: "psql, COPY of the same orders into a table with the same indexes", pairs: pairs,
                    ours: { try await bench.importFile() }, raw: { try await bench.copyBare() })
            ]
            await pool.shutdown()
            return figures
        }
    }

    private struct Bench {
        let pool: Pool
        let logger: Logger
        let data: Data
        let url: String

        /// A new brand each time, so that every order is new.
        func importFile() async throws -> Double {
            let brand = try await Brands.create(.mint(), name: "bench", on: pool).brand
            let shop = try await Catalogue.createShop(code: "bench", name: "bench", brand: brand, on: pool).shop.id
            let queue = JobQueue(pool: pool, logger: logger)
            let vault = Vault(keys: .ephemeral())
            ImportLoader.register(on: queue, vault: vault)
            let imports = OrderImports(pool: pool, queue: queue, vault: vault)
            let request = ImportRequest(brand: brand, shop: shop, format: .cdnow)
            let bytes = [UInt8](data)
            let start = ContinuousClock.now
            let record = try await withThrowingTaskGroup(of: ImportRecord?.self) { group in
                group.addTask {
                    // As siyu-ingest does by default.
                    let options = JobProcessorOptions(
                        concurrency: ServiceSettings(name: "bench", port: 0).jobConcurrency)
                    try await queue.processor(queues: [ImportLoad.jobQueue], options: options).run()
                    return nil
                }
                group.addTask {
                    let body = AsyncStream { continuation in
                        for start in stride(from: 0, to: bytes.count, by: 65_536) {
                            continuation.yield(Array(bytes[start..<min(start + 65_536, bytes.count)]))
                        }
                        continuation.finish()
                    }
                    let accepted = try await imports.accept(request, body: body)
                    return try await imports.wait(for: accepted.id, brand: brand, every: .milliseconds(5))
                }
                defer { group.cancelAll() }
                while let record = try await group.next() {
                    if let record { return record }
                }
                throw Failure("The queue was not worked.", .software)
            }
            guard record.state == .loaded else { throw Failure("The import ended as \(record.state).", .software) }
            return Double(record.added) / (ContinuousClock.now - start).inSeconds
        }

        func copyBare() async throws -> Double {
            let path = FileManager.default.temporaryDirectory.appendingPathComponent("siyu-bench-\(UUID().uuidString)")
                .path
            defer { try? FileManager.default.removeItem(atPath: path) }
            try await pool.execute(BenchStatements.makeBareTable())
            _ = try psql("\\copy (\(BenchStatements.lastBrandsOrders)) TO '\(path)' (FORMAT binary)")
            let start = ContinuousClock.now
            let answer = try psql("\\copy bench.bare FROM '\(path)' (FORMAT binary)")
            let seconds = (ContinuousClock.now - start).inSeconds
            guard let rows = answer.split(separator: " ").last.flatMap({ Double($0.filter(\.isNumber)) }), rows > 0
            else {
                throw Failure("psql copied nothing: \(answer)", .software)
            }
            return rows / seconds
        }

        private func psql(_ command: String) throws -> String {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            process.arguments = ["psql", "-X", "-v", "ON_ERROR_STOP=1", "-d", url, "-c", command]
            let output = Pipe()
            process.standardOutput = output
            try process.run()
            let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            process.waitUntilExit()
            guard process.terminationStatus == 0 else { throw Failure("psql failed: \(command)", .software) }
            return text
        }
    }
}
