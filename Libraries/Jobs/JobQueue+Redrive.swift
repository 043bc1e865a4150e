public import FoundationEssentials
import Postgres

/// Which discarded jobs are meant: those that fit everything that is named.
public struct JobRedriveFilter: Sendable, Hashable, CustomStringConvertible {
    /// Jobs of this queue.
    public var queue: String?
    /// Jobs of this kind.
    public var kind: String?
    /// Jobs that were discarded for this reason.
    public var reason: DiscardReason?
    /// Jobs of this tenant.
    public var brand: UUID?
    /// Jobs whose last error begins with this text.
    public var errorPrefix: String?
    /// Jobs discarded at this instant or later.
    public var from: Date?
    /// Jobs discarded before this instant.
    public var to: Date?
    /// How many at most, those discarded first.
    public var limit: Int?

    /// The jobs that fit everything that is named.
    public init(
        queue: String? = nil, kind: String? = nil, reason: DiscardReason? = nil, brand: UUID? = nil,
        errorPrefix: String? = nil, from: Date? = nil, to: Date? = nil, limit: Int? = nil
    ) {
        self.queue = queue
        self.kind = kind
        self.reason = reason
        self.brand = brand
        self.errorPrefix = errorPrefix
        self.from = from
        self.to = to
        self.limit = limit
    }

    /// The filter in words, as the audit has it.
    public var description: String {
        let parts = [
            queue.map { "queue \($0)" }, kind.map { "kind \($0)" }, reason.map { "reason \($0.rawValue)" },
            brand.map { "brand \($0.uuidString.lowercased())" }, errorPrefix.map { "error \"\($0)…\"" },
            from.map { "from \($0.ISO8601Format())" }, to.map { "to \($0.ISO8601Format())" },
            limit.map { "\($0) at most" },
        ]
        let words = parts.compactMap(\.self).joined(separator: ", ")
        return words.isEmpty ? "all discarded jobs" : words
    }
}

/// What a redrive moved, or would move.
public struct JobRedriveReport: Sendable {
    /// Jobs of one kind that were discarded for one reason.
    public struct Group: Sendable, Hashable {
        /// The kind.
        public let kind: String
        /// The reason.
        public let reason: String
        /// How many.
        public let jobs: Int
    }
    /// Jobs of one tenant.
    public struct BrandGroup: Sendable, Hashable {
        /// The tenant; nil for jobs of nobody.
        public let brand: UUID?
        /// How many.
        public let jobs: Int
    }

    /// Whether nothing was moved.
    public let isDryRun: Bool
    /// How many jobs fit the filter.
    public let found: Int
    /// How many were moved: a job stays where it is if another one has its unique key meanwhile.
    public let redriven: Int
    /// The found ones by kind and reason, most first.
    public let groups: [Group]
    /// The found ones by tenant, most first.
    public let brands: [BrandGroup]
    /// When the first of them was discarded.
    public let oldest: Date?
    /// When the last of them was discarded.
    public let newest: Date?
    /// How long it takes until the last of them is due, at the given rate.
    public let spread: Duration
}

extension JobQueue {
    /// Jobs of one bite of a redrive: few enough for a transaction that hurts nobody.
    private static let bite: Int32 = 1_000

    /// Discarded jobs, those discarded last first, a part at a time.
    ///
    /// - Parameters:
    ///   - filter: Which; its limit does not count here.
    ///   - after: Where the part before ended.
    ///   - limit: How many, at most 1,000.
    public func discarded(
        _ filter: JobRedriveFilter = .init(), after: JobCursor? = nil, limit: Int = 100
    ) async throws -> JobPage<JobCursor> {
        let limit = min(max(limit, 1), 1_000)
        return try await looking { transaction in
            guard let places = try await Self.places(of: filter, on: transaction) else {
                return JobPage(jobs: [], next: nil)
            }
            let rows = try await transaction.pipeline(
                places.queues.map {
                    AdminStatements.discarded(
                        queue: $0, filter, kind: places.kind, after: after, limit: Int32(limit))
                })
            var parts: [PartOfList<JobCursor>] = []
            for (queue, jobs) in zip(places.queues, rows) {
                let keyed = jobs.map { (JobCursor(at: $0.at ?? $0.enqueuedAt, id: $0.id), $0) }
                var end = keyed.last?.0
                if jobs.count < limit {
                    end = try await transaction.first(
                        AdminStatements.endOfDiscarded(queue: queue, filter, after: after))
                }
                parts.append(PartOfList(jobs: keyed, end: end))
            }
            return PartOfList.merge(parts, limit: limit) { ($0.at, $0.id.rawValue) > ($1.at, $1.id.rawValue) }
        }
    }

    /// Lets discarded jobs run again, with their tries and crashes forgiven, or counts them.
    ///
    /// In bites of their own transactions, each with a line of the audit: what is interrupted has done a part, and done
    /// again does the rest.
    ///
    /// - Parameters:
    ///   - filter: Which.
    ///   - dryRun: Whether to count alone.
    ///   - perSecond: How many become due in each second; nil for all at once.
    ///   - author: Who says so.
    ///   - reason: Why.
    ///   - progress: Is told how many were found so far.
    public func redrive(
        _ filter: JobRedriveFilter, dryRun: Bool, perSecond: Double? = nil, author: String, reason: String,
        progress: (@Sendable (Int) -> Void)? = nil
    ) async throws -> JobRedriveReport {
        let act = try JobAct(author: author, reason: reason)
        let spacing = try Self.spacing(perSecond)
        var tally = RedriveTally(isDryRun: dryRun, limit: filter.limit ?? .max)
        let places = try await pool.transaction(.init(isReadOnly: true)) { transaction in
            try await Self.places(of: filter, on: transaction)
        }
        var touched: Set<Int32> = []
        for queue in places?.queues ?? [] {
            var cursor: JobCursor?
            repeat {
                try Task.checkCancellation()
                let (after, found, start) = (cursor, tally.found, spacing * tally.redriven)
                let look = RedriveStatements.bite(
                    queue: queue, filter, kind: places?.kind, after: after, limit: Self.bite)
                let bite: RedriveBite = try await pool.transaction(.init(isReadOnly: dryRun)) { transaction in
                    try await transaction.execute(AdminStatements.prepareLook)
                    let seen = try await transaction.run(look)
                    let chosen = seen.filter(\.fits).prefix(tally.limit - found)
                    var moved = 0
                    if !dryRun, !chosen.isEmpty {
                        moved = try await transaction.run(
                            RedriveStatements.revive(chosen.map(\.id), spacing: spacing, after: start)
                        ).count
                        try await transaction.execute(
                            AdminStatements.note(act, "redrive", "\(filter)", jobs: moved))
                    }
                    return RedriveBite(chosen: Array(chosen), moved: moved, end: seen.last?.cursor, seen: seen.count)
                }
                tally.add(bite)
                if bite.moved > 0 { touched.insert(queue) }
                cursor = bite.seen < Int(Self.bite) ? nil : bite.end
                progress?(tally.found)
            } while cursor != nil && tally.found < tally.limit
        }
        if !touched.isEmpty { try await wakeAll() }
        return tally.report(spacing: spacing)
    }

    /// Lets one discarded job run again, with its tries and crashes forgiven; false if it is not discarded, or another one
    /// has its unique key.
    ///
    /// The act of a person: it is written down.
    public func retry(_ id: JobID, author: String, reason: String) async throws -> Bool {
        let act = try JobAct(author: author, reason: reason)
        return try await retry(id, noting: act)
    }

    /// The same as the act of a program: the audit stays silent.
    public func retry(_ id: JobID) async throws -> Bool { try await retry(id, noting: nil) }

    private func retry(_ id: JobID, noting act: JobAct?) async throws -> Bool {
        let isRevived = try await pool.transaction { transaction in
            guard
                try await transaction.first(RedriveStatements.revive([id.rawValue], spacing: .zero, after: .zero))
                    != nil
            else { return false }
            if let act {
                try await transaction.execute(AdminStatements.note(act, "retry", "job \(id)", jobs: 1))
            }
            return true
        }
        if isRevived, let queue = try await pool.first(RedriveStatements.queue(of: id.rawValue)) { await wake(queue) }
        return isRevived
    }

    private static func spacing(_ perSecond: Double?) throws(JobError) -> Duration {
        guard let perSecond else { return .zero }
        guard perSecond >= 0.001, perSecond <= 1_000_000 else {
            throw .refused("A rate lies between 0.001 and 1,000,000 jobs in each second.")
        }
        return .seconds(1 / perSecond)
    }

    /// The numbers of the queues and of the kind that a filter names; nil where a name is unknown.
    private static func places(
        of filter: JobRedriveFilter, on transaction: Transaction
    ) async throws(PostgresError) -> (queues: [Int32], kind: Int32?)? {
        let named = JobFilter(queue: filter.queue, kind: filter.kind)
        guard let scope = try await AdminStatements.Scope(named, on: transaction) else { return nil }
        if let queue = scope.queue { return ([queue], scope.kind) }
        return (try await transaction.run(RedriveStatements.queues()), scope.kind)
    }
}

/// What one bite found.
private struct RedriveBite: Sendable {
    let chosen: [RedriveStatements.Seen]
    let moved: Int
    let end: JobCursor?
    let seen: Int
}

/// The sums of a redrive.
private struct RedriveTally {
    let isDryRun: Bool
    let limit: Int
    private(set) var found = 0
    private(set) var redriven = 0
    private var groups: [[String]: Int] = [:]
    private var brands: [UUID?: Int] = [:]
    private var oldest: Date?
    private var newest: Date?

    init(isDryRun: Bool, limit: Int) {
        self.isDryRun = isDryRun
        self.limit = max(limit, 0)
    }

    mutating func add(_ bite: RedriveBite) {
        found += bite.chosen.count
        redriven += bite.moved
        for job in bite.chosen {
            groups[[job.kind, job.reason], default: 0] += 1
            brands[job.brand, default: 0] += 1
            oldest = min(oldest ?? job.cursor.at, job.cursor.at)
            newest = max(newest ?? job.cursor.at, job.cursor.at)
        }
    }

    func report(spacing: Duration) -> JobRedriveReport {
        JobRedriveReport(
            isDryRun: isDryRun, found: found, redriven: redriven,
            groups: groups.map { JobRedriveReport.Group(kind: $0.key[0], reason: $0.key[1], jobs: $0.value) }
                .sorted { ($1.jobs, $0.kind, $0.reason) < ($0.jobs, $1.kind, $1.reason) },
            brands: brands.map { JobRedriveReport.BrandGroup(brand: $0.key, jobs: $0.value) }
                .sorted { ($1.jobs, $0.brand?.uuidString ?? "") < ($0.jobs, $1.brand?.uuidString ?? "") },
            oldest: oldest, newest: newest, spread: spacing * max((isDryRun ? found : redriven) - 1, 0))
    }
}
