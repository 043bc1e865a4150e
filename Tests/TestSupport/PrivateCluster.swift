import Foundation
import Schema
import Synchronization

/// A PostgreSQL server of one test's own, for tests that crash the server under everybody who is connected.
///
/// Made by `deploy/dev/cluster.sh`, which takes about a second; everything else shares a server and clones a template.
package struct PrivateCluster: Sendable {
    /// A migrated database in it.
    package let database: TestDatabase
    /// Where it lies.
    package let folder: String
    private let name: String

    fileprivate init(name: String, megabytes: Int?) async throws {
        self.name = name
        let conninfo = try await Self.script("setup", name, megabytes: megabytes)
        let endpoint = try ClusterEndpoint.fromEnvironment(["SIYU_TEST_CLUSTER": conninfo])
        folder = endpoint.host
        database = TestDatabase(name: "siyu", endpoint: endpoint)
        try await Migrator(pool: database.owner, logger: .silent).migrate(environment: .development)
    }

    /// Ends the server at once, as a crash would: without a checkpoint, connections cut in the middle of a word.
    package func crash() async throws { _ = try await Self.script("crash", name) }

    /// Starts it again; it recovers what was committed.
    package func start() async throws { _ = try await Self.script("start", name) }

    fileprivate func remove() async {
        await database.shutdown()
        _ = try? await Self.script("remove", name)
    }

    /// The script blocks, so it runs on a thread of its own.
    private static func script(_ verb: String, _ name: String, megabytes: Int? = nil) async throws -> String {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(with: Result { try run(verb, name, megabytes) })
            }
        }
    }

    private static func run(_ verb: String, _ name: String, _ megabytes: Int?) throws -> String {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(filePath: Repository.path("deploy/dev/cluster.sh"))
        process.arguments = [verb, name]
        if let megabytes {
            process.environment = ProcessInfo.processInfo.environment
                .merging(["SIYU_CLUSTER_MEGABYTES": "\(megabytes)"]) { $1 }
        }
        process.standardOutput = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw TestSupportError.system(call: "cluster.sh \(verb)", errno: process.terminationStatus)
        }
        return text.trimmingCharacters(in: .whitespacesAndNewlines)
    }
}

/// Runs `body` with a server of its own, and removes it afterwards, also when `body` throws.
///
/// - Parameter megabytes: The size of a file system made for it, see ``SmallDisk``; nil to share the machine's.
package func withPrivateCluster<Result>(
    megabytes: Int? = nil, _ body: (PrivateCluster) async throws -> Result
) async throws -> Result {
    let number = clusters.withLock { count in
        count += 1
        return count
    }
    let cluster = try await PrivateCluster(
        name: "t\(ProcessInfo.processInfo.processIdentifier)-\(number)", megabytes: megabytes)
    do {
        let result = try await body(cluster)
        await cluster.remove()
        return result
    } catch {
        await cluster.remove()
        throw error
    }
}

private let clusters = Mutex(0)
