import AsyncHTTPClient
import Foundation
import Hosting
import Keys
import Logging
import NIOCore
import NIOHTTP1
import Postgres
import Schema

/// How soon a service is ready, and what it holds in memory when nothing happens.
enum ServicesBench {
    private static let names = ["siyu-ingest", "siyu-redeem", "siyu-gifts", "siyu-reports"]
    private static let settleTime = Duration.seconds(3)
    private static let readyMax = Duration.seconds(20)

    static func run(url: String, samples: Int) async throws -> [Measurement] {
        try await ScratchDatabase.with(url) { scratch in
            let pool = Pool(
                PoolConfiguration(connection: ConnectionConfiguration(url: scratch.url), connectionsMax: 2),
                logger: Logger(label: "siyu.bench"))
            try await Migrator(pool: pool, logger: Logger(label: "siyu.bench")).migrate(environment: .development)
            await pool.shutdown()
            let keys = FileManager.default.temporaryDirectory.appendingPathComponent("siyu-bench-\(UUID().uuidString)")
                .path
            _ = try KeyRing.create(folder: keys)
            defer { try? FileManager.default.removeItem(atPath: keys) }
            var figures: [Measurement] = []
            for (index, name) in Self.names.enumerated() {
                var ready: [Double] = []
                var memory: [Double] = []
                for sample in 1...samples {
                    Terminal.progress("\(name): start \(sample) of \(samples)")
                    let (seconds, mebibytes) = try await start(name, port: 18_101 + index, url: scratch.url, keys: keys)
                    ready.append(seconds * 1_000)
                    memory.append(mebibytes)
                }
                Terminal.endProgress()
                figures.append(.alone("\(name): ready after start", unit: "ms", samples: ready))
                figures.append(.alone("\(name): resident memory at rest", unit: "MiB", samples: memory))
            }
            return figures
        }
    }

    private static func start(
        _ name: String, port: Int, url: String, keys: String
    ) async throws -> (seconds: Double, mebibytes: Double) {
        guard let own = Bundle.main.executableURL else { throw Failure("This program's folder is unknown.", .software) }
        let process = Process()
        process.executableURL = own.deletingLastPathComponent().appendingPathComponent(name)
        process.environment = ProcessInfo.processInfo.environment.merging([
            "DATABASE_URL": url, "SIYU_KEYS": keys, "SIYU_ENV": "development", "SIYU_PORT": "\(port)",
            "SIYU_LOG_LEVEL": "error",
        ]) { $1 }
        let start = ContinuousClock.now
        try process.run()
        defer {
            process.terminate()
            process.waitUntilExit()
        }
        let request = HTTPClientRequest(url: "http://127.0.0.1:\(port + 1_000)/readyz")
        while true {
            guard process.isRunning, ContinuousClock.now - start < readyMax else {
                throw Failure("\(name) did not become ready on port \(port).", .software)
            }
            if let answer = try? await HTTPClient.shared.execute(request, timeout: .seconds(1)), answer.status == .ok {
                break
            }
            try await Task.sleep(for: .milliseconds(2))
        }
        let seconds = (ContinuousClock.now - start).inSeconds
        try await Task.sleep(for: settleTime)
        return (seconds, try residentMebibytes(process.processIdentifier))
    }

    static func residentMebibytes(_ pid: Int32) throws -> Double {
        let status = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
        guard let kibibytes = line.flatMap({ Double($0.filter(\.isNumber)) }) else {
            throw Failure("/proc tells no memory of process \(pid).", .software)
        }
        return kibibytes / 1_024
    }
}
