import Foundation
import Logging
import Postgres
import Schema

/// A migrated database of a benchmark's own, dropped when it ends.
struct ScratchDatabase {
    /// How to reach it.
    let url: String

    /// Makes a database in the cluster that `url` names, runs `body` with it, and drops it.
    static func with<Value>(_ url: String, _ body: (ScratchDatabase) async throws -> Value) async throws -> Value {
        let logger = Logger(label: "siyu.bench")
        let name = "siyu_bench_\(UUID().uuidString.prefix(8).lowercased())"
        let server = try await Connection.connect(ConnectionConfiguration(url: url), logger: logger)
        try await server.execute(BenchStatements.create(name))
        do {
            let scratch = ScratchDatabase(url: Self.url(url, database: name))
            let value = try await body(scratch)
            try await server.execute(BenchStatements.drop(name))
            await server.close()
            return value
        } catch {
            // The first error is the one to tell; a database that stays has a name that says what it is.
            _ = try? await server.execute(BenchStatements.drop(name))
            await server.close()
            throw error
        }
    }

    /// The same connection string with another database's name.
    static func url(_ url: String, database: String) -> String {
        guard url.hasPrefix("postgres://") || url.hasPrefix("postgresql://") else {
            return "\(url) dbname=\(database)"  // of two settings, libpq takes the later one
        }
        let parts = url.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let afterScheme = parts[0].range(of: "://").map(\.upperBound) ?? parts[0].startIndex
        let slash = parts[0][afterScheme...].firstIndex(of: "/") ?? parts[0].endIndex
        let query = parts.count > 1 ? "?\(parts[1])" : ""
        return "\(parts[0][..<slash])/\(database)\(query)"
    }
}
