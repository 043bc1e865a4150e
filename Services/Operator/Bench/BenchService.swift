import AsyncHTTPClient
import Foundation
import Hosting
import NIOCore
import NIOHTTP1

/// A service of this folder's as a process, stopped when it is no longer needed.
struct BenchService {
    let process: Process

    static func start(
        _ name: String, _ arguments: [String], port: Int, url: String, keys: String
    ) async throws -> BenchService {
        guard let own = Bundle.main.executableURL else {
            throw Failure("This program's folder is unknown.", .software)
        }
        let process = Process()
        process.executableURL = own.deletingLastPathComponent().appendingPathComponent(name)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging([
            "DATABASE_URL": url, "SIYU_KEYS": keys, "SIYU_ENV": "development", "SIYU_PORT": "\(port)",
            "SIYU_LOG_LEVEL": "error",
        ]) { $1 }
        try process.run()
        let request = HTTPClientRequest(url: "http://127.0.0.1:\(port + 1_000)/readyz")
        for _ in 0..<1_000 where process.isRunning {
            if let answer = try? await HTTPClient.shared.execute(request, timeout: .seconds(1)), answer.status == .ok {
                return BenchService(process: process)
            }
            try await Task.sleep(for: .milliseconds(20))
        }
        process.terminate()
        throw Failure("\(name) did not become ready on port \(port).", .software)
    }

    func stop() {
        process.terminate()
        process.waitUntilExit()
    }
}
