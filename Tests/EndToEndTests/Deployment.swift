import Foundation
import Kernel
import Keys
import Postgres
import TestSupport

/// A database, keys, and the services as processes, each with its own role.
final class Deployment: @unchecked Sendable {  // one test drives it, a thread runs the tour
    /// The executables with the role that each connects as; the sandbox has no database.
    static let services: [(name: String, role: TestRole?)] = [
        ("siyu-sandbox", nil), ("siyu-ingest", .ingest), ("siyu-redeem", .redeem), ("siyu-gifts", .gifts),
        ("siyu-reports", .reports),
    ]

    let database: TestDatabase
    let keysFolder: String
    let sandboxFolder: String
    private var processes: [String: ServiceProcess] = [:]

    init(_ database: TestDatabase) throws {
        self.database = database
        let folder = FileManager.default.temporaryDirectory.path
        keysFolder = "\(folder)/siyu-keys-\(UUID().uuidString)"
        sandboxFolder = "\(folder)/siyu-sandbox-\(UUID().uuidString)"
        _ = try KeyRing.create(folder: keysFolder)
        for service in Self.services { try start(service.name) }
    }

    deinit {
        try? FileManager.default.removeItem(atPath: keysFolder)
        try? FileManager.default.removeItem(atPath: sandboxFolder)
    }

    private func environment(_ role: TestRole?) -> [String: String] {
        var environment = ["SIYU_KEYS": keysFolder, "SIYU_ENV": "development", "SIYU_SANDBOX_STATE": sandboxFolder]
        if let role { environment.merge(database.environment(as: role)) { $1 } }
        return environment
    }

    subscript(_ name: String) -> ServiceProcess {
        guard let process = processes[name] else { preconditionFailure("\(name) is no service") }
        return process
    }

    /// Starts a service, on the ports that it had before.
    func start(_ name: String) throws {
        let role = Self.services.first { $0.name == name }?.role
        let before = processes[name].map { (api: $0.port, admin: $0.adminPort) }
        processes[name] = try ServiceProcess(name, environment: environment(role), ports: before)
    }

    func awaitReady() async throws {
        for service in Self.services { try await self[service.name].awaitReady() }
    }

    /// What the services wrote last.
    var lastWords: String {
        Self.services.map { "\n== \($0.name)\n\(self[$0.name].output.suffix(1_500))" }.joined()
    }

    /// Walks the tour against the services; each may go away for a moment meanwhile.
    func tour() throws -> (exit: Int32, output: String, errors: String) {
        try siyu(
            [
                "tour", "--file", Repository.path("Tests/Data/cdnow_master.txt"), "--ingest", self["siyu-ingest"].url,
                "--redeem", self["siyu-redeem"].url, "--gifts", self["siyu-gifts"].url,
                "--reports", self["siyu-reports"].url, "--sandbox", self["siyu-sandbox"].url,
                "--merchant", "\(sandboxFolder)/merchant.json",
            ], environment: environment(.operator))
    }

    /// How many orders the database holds.
    func orders() async throws -> Int {
        try await database.superuser.one(
            Statement("SELECT count(*) FROM orders.customer_order") { row throws(PostgresError) in try row.next() })
    }

    /// The refunds that have not come to an end, and the jobs that wait: what to look at when a tour does not hold.
    func openRefunds() async throws -> [String] {
        try await database.superuser.run(
            Statement(
                """
                SELECT concat_ws(' ', 'refund', refund_id, state, 'attempts', attempts, updated_at) FROM orders.refund
                WHERE state <> 'succeeded'
                UNION ALL
                SELECT concat_ws(' ', 'later', k.name, l.due_at - siyu.clock(), 'tries', l.tries, 'crashes', l.crashes)
                FROM jobs.later l JOIN jobs.kind k USING (kind_id)
                UNION ALL
                SELECT concat_ws(' ', 'hot', k.name, 'worker', h.worker, 'tries', h.tries, 'crashes', h.crashes)
                FROM jobs.hot h JOIN jobs.kind k USING (kind_id)
                UNION ALL
                SELECT concat_ws(' ', 'discarded', k.name, d.reason) FROM jobs.discarded d JOIN jobs.kind k USING (kind_id)
                """
            ) { row throws(PostgresError) in try row.next() })
    }
}
