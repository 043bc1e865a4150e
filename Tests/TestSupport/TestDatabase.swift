import Logging
package import Postgres
import Synchronization

/// Whom a test connects as.
///
/// Services connect as themselves, so that "refused by the database" is tested with their grants.
package enum TestRole: String, Sendable, CaseIterable {
    /// Owns every table and migrates.
    case owner = "siyu_owner"
    /// siyu-ingest.
    case ingest = "siyu_ingest"
    /// siyu-redeem.
    case redeem = "siyu_redeem"
    /// siyu-gifts.
    case gifts = "siyu_gifts"
    /// siyu-reports.
    case reports = "siyu_reports"
    /// The `siyu` command.
    case `operator` = "siyu_operator"
}

/// A database of its own for one test.
package final class TestDatabase: Sendable {
    /// The database's name in the cluster.
    package let name: String
    private let endpoint: ClusterEndpoint
    private let pools = Mutex<[Pool]>([])
    private let kept = Mutex<[String: Pool]>([:])

    init(name: String, endpoint: ClusterEndpoint) {
        self.name = name
        self.endpoint = endpoint
    }

    /// Whether ``conninfo(as:through:)`` leads through a pooler in transaction mode, which named statements do not survive.
    package var isPooled: Bool { endpoint.pooler != nil }

    /// How to connect as `role`, for the environment of a process (`DATABASE_URL`) or a connection of one's own.
    ///
    /// Through the pooler, where the run has one, unless through a proxy.
    package func conninfo(as role: TestRole, through proxy: FaultProxy? = nil) -> String {
        if proxy == nil, let pooler = endpoint.pooler { return "\(pooler) user=\(role.rawValue) dbname=\(name)" }
        return conninfo(user: role.rawValue, through: proxy)
    }

    /// How to connect as `role` past any pooler: for LISTEN, and for what needs a session of its own.
    package func directConninfo(as role: TestRole) -> String { conninfo(user: role.rawValue, through: nil) }

    /// What a process needs to know about the database: ``conninfo(as:through:)`` and the way past a pooler.
    package func environment(as role: TestRole) -> [String: String] {
        [
            "DATABASE_URL": conninfo(as: role), "DATABASE_DIRECT_URL": directConninfo(as: role),
            "SIYU_DB_POOLED": isPooled ? "1" : "0",
        ]
    }

    /// How to connect as the cluster's superuser.
    package var conninfoOfSuperuser: String { conninfo(user: endpoint.user, through: nil) }

    private func conninfo(user: String, through proxy: FaultProxy?) -> String {
        guard let proxy else { return endpoint.conninfo(user: user, database: name) }
        return "host=\(proxy.folder) port=\(FaultProxy.port) user=\(user) dbname=\(name)"
    }

    /// A new pool as `role`; shut down when the test ends.
    package func pool(
        as role: TestRole, connectionsMax: Int = 4, through proxy: FaultProxy? = nil
    ) -> Pool {
        let pool = TestCluster.makePool(
            conninfo(as: role, through: proxy), connectionsMax: connectionsMax, isPooled: isPooled && proxy == nil)
        pools.withLock { $0.append(pool) }
        return pool
    }

    /// The owner's pool: one for the whole test.
    package var owner: Pool { keptPool(user: TestRole.owner.rawValue) }

    /// The superuser's pool: one for the whole test.
    package var superuser: Pool { keptPool(user: endpoint.user) }

    private func keptPool(user: String) -> Pool {
        kept.withLock { kept in
            if let pool = kept[user] { return pool }
            let pool = TestCluster.makePool(conninfo(user: user, through: nil), connectionsMax: 4)
            kept[user] = pool
            return pool
        }
    }

    func shutdown() async {
        let all = pools.withLock { $0 } + kept.withLock { Array($0.values) }
        for pool in all { await pool.shutdown() }
    }

    /// A proxy in front of this database's server; see ``FaultProxy``.
    ///
    /// The caller closes it.
    package func proxy() throws -> FaultProxy { try FaultProxy(upstream: endpoint.socketPath) }
}

/// Runs `body` with a freshly migrated database of its own, and drops it afterwards, also when `body` throws.
package func withTestDatabase<Result>(
    _ body: (TestDatabase) async throws -> Result
) async throws -> Result {
    try await withDatabase(migrated: true, body)
}

/// Runs `body` with an empty database owned by `siyu_owner`: for tests of the migrator itself.
package func withEmptyDatabase<Result>(
    _ body: (TestDatabase) async throws -> Result
) async throws -> Result {
    try await withDatabase(migrated: false, body)
}

private func withDatabase<Result>(
    migrated: Bool, _ body: (TestDatabase) async throws -> Result
) async throws -> Result {
    let endpoint = try ClusterEndpoint.fromEnvironment()
    let database = TestDatabase(
        name: try await TestCluster.shared.create(migrated: migrated), endpoint: endpoint)
    do {
        let result = try await body(database)
        await database.shutdown()
        await TestCluster.shared.drop(database.name)
        return result
    } catch {
        await database.shutdown()
        await TestCluster.shared.drop(database.name)
        throw error
    }
}
