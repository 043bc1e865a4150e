public import FoundationEssentials
public import Logging
public import Postgres

/// Many jobs of one kind as one job: what their row carries.
///
/// A kind of its own, so that a process that knows nothing of packs parks it instead of misreading it.
struct PackedJobs<Item: JobParameters>: JobParameters {
    static var jobName: String { "\(Item.jobName).packed" }
    static var jobQueue: String { Item.jobQueue }
    static var jobVersion: Int { Item.jobVersion }

    let items: [Item]

    init(items: [Item]) { self.items = items }

    init(from decoder: any Decoder) throws { items = try [Item](from: decoder) }

    func encode(to encoder: any Encoder) throws { try items.encode(to: encoder) }
}

/// What the handler of a packed kind knows about the job that it runs, be it in a pack or alone.
public struct PackedJobContext: Sendable {
    /// The job of the row: the pack, or the one that left it.
    let row: JobContext

    /// Which try this is; the first is 1.
    public var attempt: Int { row.attempt }
    /// The tenant named at the push.
    public var brand: UUID? { row.brand }
    /// When the job was pushed, by the database's real clock.
    public var enqueuedAt: Date { row.enqueuedAt }
    /// A logger that names the row's job.
    public var logger: Logger { row.logger }

    /// Runs effects in a transaction that commits only if the job is still this worker's; see ``JobContext/transaction(_:)``.
    @discardableResult
    public func transaction<Value: Sendable>(
        _ body: (Transaction) async throws -> Value
    ) async throws -> Value {
        try await row.transaction(body)
    }
}

/// A job that leaves its pack, because it failed or because the pack is under suspicion.
struct ScatteredJob: Sendable {
    let id: UUID
    let payload: [UInt8]
    /// `postponed` or `discarded`; nil to run as if it had never been packed.
    let outcome: JobOutcome?
}

extension JobQueue {
    /// Jobs in a pack, unless the push says otherwise.
    public static let packSize = 200

    /// Says how jobs of a kind are executed that may be packed: many in one row, acknowledged together.
    ///
    /// Success costs no row of its own. A job that fails leaves the pack in the same commit that completes it, and is
    /// tried again as an ordinary job, with this try counted. The price: if the process is lost, or interrupted by a
    /// shutdown, the whole pack runs again, the jobs included that had succeeded; so this is for handlers that may run
    /// twice. After a loss the pack is taken apart first, so that a job that kills its process stands alone.
    ///
    /// - Parameters:
    ///   - parameters: The kind. Registered for single jobs of it, too.
    ///   - retryStrategy: When a failed try is followed by another; nil for the queue's default.
    ///   - execute: The handler, called for one job after the other.
    public func registerPackedJob<Parameters: JobParameters>(
        parameters: Parameters.Type, retryStrategy: (any JobRetryStrategy)? = nil,
        execute: @escaping @Sendable (Parameters, PackedJobContext) async throws -> Void
    ) {
        precondition(Parameters.jobQuota == nil, "a pack has no place in a quota: its jobs are not admitted one by one")
        let strategy = retryStrategy ?? options.defaultRetryStrategy
        registerJob(parameters: Parameters.self, retryStrategy: strategy) { job, context in
            try await execute(job, PackedJobContext(row: context))
        }
        registerJob(parameters: PackedJobs<Parameters>.self, retryStrategy: strategy) { [catalog] pack, context in
            let kind = try await catalog.kindID(Parameters.jobName)
            var leaving: [ScatteredJob] = []
            let mustScatter = context.run.job.isSuspect
            for item in pack.items {
                var outcome: JobOutcome?
                if !mustScatter {
                    do {
                        try await execute(item, PackedJobContext(row: context))
                        continue
                    } catch {
                        // The pack itself is interrupted, or no longer ours: nothing of it may be written down.
                        if Task.isCancelled || error as? JobError == .leaseLost { throw error }
                        outcome = Self.judge(error, strategy, context)
                    }
                }
                let payload = try Self.encode(item)
                leaving.append(ScatteredJob(id: JobID.mint().rawValue, payload: payload, outcome: outcome))
            }
            guard !leaving.isEmpty else { return }
            try await context.complete { transaction in
                try await transaction.execute(PackStatements.scatter(leaving, kind: kind, of: context.run.job))
            }
            context.logger.info("jobs left their pack", metadata: ["jobs": "\(leaving.count)"])
        }
    }

    /// What becomes of a job that failed in a pack.
    private static func judge(
        _ error: any Error, _ strategy: any JobRetryStrategy, _ context: JobContext
    ) -> JobOutcome {
        if let sleep = error as? JobSleep { return .postponed(.snoozed, for: max(sleep.duration, .zero), error: nil) }
        let text = error.storedDescription
        if error is JobFailure { return .discarded(.permanent, error: text) }
        let (attempt, maxTries) = (context.attempt, Int(context.run.job.maxTries))
        let mayRetry = maxTries > 0 ? attempt < maxTries : strategy.shouldRetry(attempt: attempt, error: error)
        guard mayRetry else { return .discarded(.exhausted, error: text) }
        return .postponed(.retry, for: max(strategy.calculateBackoff(attempt: attempt), .zero), error: text)
    }

    /// Pushes many jobs of one kind in few rows, durable on return, and wakes a worker.
    ///
    /// The kind must be registered with ``registerPackedJob(parameters:retryStrategy:execute:)`` where it runs. Unique
    /// keys, lanes, quotas and dependencies are not for packed jobs; the other options count for each of them.
    ///
    /// - Returns: The ids of the packs, in the order of `parameters`.
    @discardableResult
    public func push<Parameters: JobParameters>(
        packed parameters: [Parameters], options: JobOptions = .init(), size: Int = packSize
    ) async throws -> [JobID] {
        try await push(contentsOf: Self.packs(of: parameters, size, options), options: options)
    }

    /// Pushes many jobs of one kind in few rows as part of `transaction`; see ``push(packed:options:size:)``.
    @discardableResult
    public func push<Parameters: JobParameters>(
        packed parameters: [Parameters], options: JobOptions = .init(), size: Int = packSize,
        on transaction: Transaction
    ) async throws -> [JobID] {
        try await push(contentsOf: Self.packs(of: parameters, size, options), options: options, on: transaction)
    }

    private static func packs<Parameters: JobParameters>(
        of parameters: [Parameters], _ size: Int, _ options: JobOptions
    ) -> [PackedJobs<Parameters>] {
        precondition(
            options.unique == nil && options.lane == nil && options.dependsOn.isEmpty && Parameters.jobQuota == nil,
            "packed jobs have no unique key, lane, quota or dependency: push them singly")
        precondition(size > 0, "a pack holds a job at least")
        return stride(from: 0, to: parameters.count, by: size).map {
            PackedJobs(items: Array(parameters[$0..<min($0 + size, parameters.count)]))
        }
    }
}
