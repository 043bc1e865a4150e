public import FoundationEssentials
import Postgres

/// Which jobs a list shows.
public struct JobFilter: Sendable, Hashable {
    /// Only those in this state.
    public var state: JobState?
    /// Only those of this queue.
    public var queue: String?
    /// Only those of this kind.
    public var kind: String?
    /// Only those of this tenant.
    public var brand: UUID?

    /// All jobs, or only some.
    public init(state: JobState? = nil, queue: String? = nil, kind: String? = nil, brand: UUID? = nil) {
        self.state = state
        self.queue = queue
        self.kind = kind
        self.brand = brand
    }
}

/// What operators look at.
///
/// Nothing here reads more than some ten thousand rows, however many there are.
extension JobQueue {
    // MARK: Figures

    /// The state of every queue, by name.
    public func statistics() async throws -> [JobQueueStatistics] {
        try await looking { try await $0.run(AdminStatements.statistics(queue: nil)) }
    }

    /// The state of one queue; nil if there is none of that name.
    public func statistics(of queue: String) async throws -> JobQueueStatistics? {
        try await looking { try await $0.first(AdminStatements.statistics(queue: queue)) }
    }

    /// What was completed and what failed in the last minute, by queue and kind.
    ///
    /// Where more than 10,000 jobs were completed in that time, the last five seconds are counted, or the last one.
    public func throughput() async throws -> [JobThroughput] {
        try await looking { transaction in
            let failed = try await transaction.run(AdminStatements.failed(within: .seconds(60)))
            var completed: [AdminStatements.Completed] = []
            var window = Duration.seconds(60)
            for seconds in [60, 5, 1] {
                window = .seconds(seconds)
                completed = try await transaction.run(AdminStatements.completed(within: window))
                if completed.reduce(0, { $0 + $1.jobs }) < Int(AdminStatements.countMax) { break }
            }
            return AdminStatements.throughput(completed, failed, window: window)
        }
    }

    /// How many jobs were discarded, by queue and reason.
    public func discardedCounts() async throws -> [JobDiscardedCount] {
        try await looking { try await $0.run(AdminStatements.discardedCounts()) }
    }

    /// Who keeps PostgreSQL from forgetting old versions of rows, the oldest first, ten at most.
    ///
    /// How long sessions of other users have done so is visible to members of `pg_read_all_stats` alone.
    public func horizonHolders() async throws -> [JobHorizonHolder] { try await pool.run(AdminStatements.horizon()) }

    /// The living processors.
    public func workers() async throws -> [JobWorkerStatus] {
        try await looking { try await $0.run(AdminStatements.workers()) }
    }

    /// The names of the queues that were ever pushed to or worked.
    public func queues() async throws -> [String] { try await pool.run(AdminStatements.queues()) }

    /// The names of the kinds that were ever pushed or registered.
    public func kinds() async throws -> [String] { try await pool.run(AdminStatements.kinds()) }

    // MARK: Jobs

    /// Jobs in the order of their ids, which is that of their pushes, a part at a time.
    ///
    /// - Parameters:
    ///   - filter: Which.
    ///   - after: Where the part before ended.
    ///   - newestFirst: Whether to go back in time.
    ///   - limit: How many, at most 1,000.
    public func page(
        _ filter: JobFilter = .init(), after: JobID? = nil, newestFirst: Bool = false, limit: Int = 100
    ) async throws -> JobPage<JobID> {
        let limit = min(max(limit, 1), 1_000)
        return try await looking { transaction in
            guard let scope = try await AdminStatements.Scope(filter, on: transaction) else {
                return JobPage(jobs: [], next: nil)
            }
            let look = AdminStatements.Look(
                scope: scope, after: after?.rawValue, newestFirst: newestFirst, limit: Int32(limit))
            let sources = AdminStatements.Source.showing(filter.state)
            let rows = try await transaction.pipeline(sources.map { AdminStatements.jobs(in: $0, look) })
            var parts: [PartOfList<JobID>] = []
            for (source, jobs) in zip(sources, rows) {
                var end = jobs.last?.id
                if jobs.count < limit {
                    // Either there are no more, or the look stopped: what is known then is how far it went.
                    end = nil
                    if source != .heads, scope.narrows(source) {
                        end = try await transaction.first(AdminStatements.end(of: source, look)).map(
                            JobID.init(rawValue:))
                    }
                }
                parts.append(PartOfList(jobs: jobs.map { ($0.id, $0) }, end: end))
            }
            return PartOfList.merge(parts, limit: limit) { a, b in
                newestFirst ? a.rawValue > b.rawValue : a.rawValue < b.rawValue
            }
        }
    }

    /// Jobs of a queue, of a state, or of both, in the order of their ids: the first part of ``page(_:after:newestFirst:limit:)``.
    ///
    /// - Parameters:
    ///   - queue: Only those of this queue.
    ///   - state: Only those in this state.
    ///   - after: The last id of the page before.
    ///   - limit: How many, at most 1,000.
    public func jobs(
        queue: String? = nil, state: JobState? = nil, after: JobID? = nil, limit: Int = 100
    ) async throws -> [JobRecord] {
        try await page(JobFilter(state: state, queue: queue), after: after, limit: limit).jobs
    }

    /// Jobs of a kind that the business calls by this key, and that are not completed; at most 1,000.
    public func jobs(kind: String, key: String) async throws -> [JobRecord] {
        try await looking { transaction in
            guard let kind = try await transaction.first(JobStatements.kindID(kind)) else { return [] }
            let sources: [AdminStatements.Source] = [.hot, .later, .gate, .discarded]
            let rows = try await transaction.pipeline(
                sources.map { AdminStatements.jobs(in: $0, kind: kind, key: key) })
            return rows.flatMap(\.self).sorted { $0.id.rawValue < $1.id.rawValue }
        }
    }

    /// Jobs that run, those that have run longest first.
    ///
    /// A worker holds more jobs than it runs at once; they count as running.
    public func running(
        queue: String? = nil, after: JobCursor? = nil, limit: Int = 100
    ) async throws -> (jobs: [RunningJob], next: JobCursor?) {
        let limit = min(max(limit, 1), 1_000)
        return try await looking { transaction in
            let jobs = try await transaction.run(
                AdminStatements.running(queue: queue, id: nil, after: after, limit: Int32(limit)))
            let next =
                jobs.count < limit
                ? nil
                : jobs.last.flatMap { last in
                    last.record.at.map { JobCursor(at: $0, id: last.record.id) }
                }
            return (jobs, next)
        }
    }

    /// One job with its failed runs and what it waits for; nil if it is not, or no longer, known.
    public func job(_ id: JobID) async throws -> JobDetails? {
        try await looking { transaction in
            let (records, attempts) = try await transaction.pipeline(
                AdminStatements.job(id.rawValue), AdminStatements.attempts(of: id.rawValue))
            guard let record = records.first else { return nil }
            var running: RunningJob?
            if record.state == .running {
                running = try await transaction.first(
                    AdminStatements.running(queue: nil, id: id.rawValue, after: nil, limit: 1))
            }
            return JobDetails(
                record: record, attempts: attempts, wait: try await wait(of: record, on: transaction), running: running)
        }
    }

    /// What people did to the queue, the latest first.
    ///
    /// - Parameters:
    ///   - limit: How many, at most 1,000.
    ///   - after: The number of the last entry of the page before.
    public func audit(limit: Int = 100, after: Int64? = nil) async throws -> [JobAuditEntry] {
        try await pool.run(AdminStatements.audit(before: after ?? .max, limit: Int32(min(max(limit, 1), 1_000))))
    }

    // MARK: How to look

    /// Lends a transaction that only reads, is ended by the server after five seconds, and walks along indexes whatever the
    /// statistics say: a table that was empty a minute ago may hold a million rows.
    func looking<Value: Sendable>(_ body: (Transaction) async throws -> Value) async throws -> Value {
        try await pool.transaction(.init(isReadOnly: true)) { transaction in
            try await transaction.execute(AdminStatements.prepareLook)
            return try await body(transaction)
        }
    }

    private func wait(of record: JobRecord, on transaction: Transaction) async throws -> JobWait? {
        guard record.state == .ready || record.state == .waiting else { return nil }
        let id = record.id.rawValue
        switch record.reason {
        case "unknown_kind": return .handler
        case "dependent":
            return .jobs(
                try await transaction.run(AdminStatements.needs(of: id)).map { (JobID(rawValue: $0.id), $0.state) })
        case "paused": return .pauses(try await transaction.run(PauseStatements.pauses(holding: id)))
        case "lane":
            return .lane(record.lane ?? "", ahead: try await transaction.one(AdminStatements.aheadInLane(of: id)))
        case "gate":
            let pauses = try await transaction.run(PauseStatements.pauses(holding: id))
            guard pauses.isEmpty else { return .pauses(pauses) }
            let ahead = try await transaction.one(AdminStatements.aheadAtGate(of: id))
            guard let name = record.quota,
                let quota = try await transaction.first(QuotaStatements.quotas(name: name))
            else { return .lane(record.lane ?? "", ahead: ahead) }
            return .quota(quota, ahead: ahead)
        case nil:
            let pauses = try await transaction.run(PauseStatements.pauses(holding: id))
            guard pauses.isEmpty else { return .pauses(pauses) }
            return .turn(ahead: try await transaction.one(AdminStatements.aheadInQueue(of: id)))
        default: return record.at.map { .instant($0) }
        }
    }
}

/// What one table contributes to a list.
struct PartOfList<Key: Sendable> {
    /// In the order of the list.
    let jobs: [(key: Key, job: JobRecord)]
    /// How far the table was looked through; nil for all of it.
    let end: Key?

    /// The list as far as all parts are known.
    static func merge(
        _ parts: [PartOfList<Key>], limit: Int, by isBefore: (Key, Key) -> Bool
    ) -> JobPage<Key> {
        let end = parts.compactMap(\.end).min(by: isBefore)
        let known = parts.flatMap(\.jobs)
            .filter { job in end.map { !isBefore($0, job.key) } ?? true }
            .sorted { isBefore($0.key, $1.key) }
        guard known.count > limit else { return JobPage(jobs: known.map(\.job), next: end) }
        return JobPage(jobs: known.prefix(limit).map(\.job), next: known[limit - 1].key)
    }
}
