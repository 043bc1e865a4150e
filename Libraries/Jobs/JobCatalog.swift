import Postgres
import Synchronization

/// The numbers of queues, kinds and quotas, remembered for the life of the process: they never change and are never deleted.
final class JobCatalog: Sendable {
    private struct State {
        var queues: [String: Int32] = [:]
        var kinds: [String: Int32] = [:]
        var quotas: [String: Int32] = [:]
    }
    private let pool: Pool
    private let state = Mutex(State())

    init(pool: Pool) { self.pool = pool }

    func queueID(_ name: String) async throws(PostgresError) -> Int32 {
        if let id = state.withLock({ $0.queues[name] }) { return id }
        let id = try await find(JobStatements.queueID(name), orAdd: JobStatements.addQueue(name))
        state.withLock { $0.queues[name] = id }
        return id
    }

    func kindID(_ name: String) async throws(PostgresError) -> Int32 {
        if let id = state.withLock({ $0.kinds[name] }) { return id }
        let id = try await find(JobStatements.kindID(name), orAdd: JobStatements.addKind(name))
        state.withLock { $0.kinds[name] = id }
        return id
    }

    func quotaID(_ quota: JobQuota) async throws(PostgresError) -> Int32 {
        if let id = state.withLock({ $0.quotas[quota.name] }) { return id }
        let id = try await find(JobStatements.quotaID(quota.name), orAdd: JobStatements.addQuota(quota))
        state.withLock { $0.quotas[quota.name] = id }
        return id
    }

    /// On a connection of the pool, never in the caller's transaction: a name added there would vanish with its
    /// rollback, and until its commit everybody else who pushes that kind would wait for it.
    private func find(_ lookUp: Statement<Int32>, orAdd add: Statement<Void>) async throws(PostgresError) -> Int32 {
        if let id = try await pool.first(lookUp) { return id }
        try await pool.execute(add)
        return try await pool.one(lookUp)
    }
}
