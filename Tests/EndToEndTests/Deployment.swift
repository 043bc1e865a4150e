import Foundation
import Kernel
import Keys
import Postgres
import TestSupport

/// A database, keys, and the services as processes, each with its own role.
final class Deployment: @unchecked Sendable {  // one test drives it, a thread runs the tour
    let database: TestDatabase
    let keysFolder: String
    private(set) var ingest: ServiceProcess
    private(set) var reports: ServiceProcess

    init(_ database: TestDatabase) throws {
        self.database = database
        keysFolder =
            FileManager.default.temporaryDirectory.appendingPathComponent("siyu-keys-\(UUID().uuidString)").path
        _ = try KeyRing.create(folder: keysFolder)
        ingest = try ServiceProcess("siyu-ingest", environment: Self.environment(database, .ingest, keysFolder))
        reports = try ServiceProcess("siyu-reports", environment: Self.environment(database, .reports, keysFolder))
    }

    deinit { try? FileManager.default.removeItem(atPath: keysFolder) }

    private static func environment(_ database: TestDatabase, _ role: TestRole, _ keys: String) -> [String: String] {
        ["DATABASE_URL": database.conninfo(as: role), "SIYU_KEYS": keys, "SIYU_ENV": "development"]
    }

    func awaitReady() async throws {
        try await ingest.awaitReady()
        try await reports.awaitReady()
    }

    func restartIngest() throws {
        ingest = try ServiceProcess("siyu-ingest", environment: Self.environment(database, .ingest, keysFolder))
    }

    func restartReports() throws {
        reports = try ServiceProcess("siyu-reports", environment: Self.environment(database, .reports, keysFolder))
    }

    /// Starts the tour against the services as they are now; it may fail when one of them is killed meanwhile.
    func tour() throws -> (exit: Int32, output: String, errors: String) {
        try siyu(
            [
                "tour", "--file", Repository.path("Tests/Data/cdnow_master.txt"), "--ingest", ingest.url,
                "--reports", reports.url,
            ], environment: Self.environment(database, .operator, keysFolder))
    }

    /// How many orders the database holds.
    func orders() async throws -> Int {
        try await database.superuser.one(
            Statement("SELECT count(*) FROM orders.customer_order") { row throws(PostgresError) in try row.next() })
    }
}
