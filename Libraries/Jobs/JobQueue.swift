package import Foundation
public import Logging
public import Postgres
import Synchronization

/// How a process uses the queue.
public struct JobQueueOptions: Sendable {
    /// For kinds that name no strategy of their own.
    public var defaultRetryStrategy: any JobRetryStrategy
    /// Where LISTEN goes if not to the pool's own address: the direct one, where the pool's leads through a pooler.
    public var listenConnection: ConnectionConfiguration?
    /// Whether workers are woken by notifications; without, polling alone finds jobs, within a second.
    public var usesNotifications: Bool
    /// Where crash tests reach in.
    package var faults = JobFaults.none

    /// Options with the usual defaults.
    public init(
        defaultRetryStrategy: any JobRetryStrategy = .exponentialJitter(),
        listenConnection: ConnectionConfiguration? = nil, usesNotifications: Bool = true
    ) {
        self.defaultRetryStrategy = defaultRetryStrategy
        self.listenConnection = listenConnection
        self.usesNotifications = usesNotifications
    }
}

/// A process's door to the job queue: pushes to any queue, and processes the queues it is told to.
///
/// A push on a transaction commits with it or not at all. Everything a job may expect of the queue stands in this
/// folder's README.
public final class JobQueue: Sendable {
    /// The pool that jobs are pushed and run on.
    public let pool: Pool
    let logger: Logger
    let options: JobQueueOptions
    let catalog: JobCatalog
    let calendar = JobSchedules()
    let waker: JobWaker
    let desk: PushDesk
    /// Nil where there is none, so that it costs nothing.
    let middleware: (any JobMiddleware)?
    private let registered = Mutex<[String: JobHandler]>([:])

    /// A queue on `pool`.
    ///
    /// Takes no connection until it is used.
    ///
    /// - Parameter middleware: Steps in around what this process pushes and runs, the first outermost.
    public init(
        pool: Pool, logger: Logger, options: JobQueueOptions = .init(),
        @JobMiddlewareBuilder middleware: () -> some JobMiddleware = { NoJobMiddleware() }
    ) {
        let middleware: any JobMiddleware = middleware()
        self.middleware = middleware is NoJobMiddleware ? nil : middleware
        self.pool = pool
        self.logger = logger
        self.options = options
        catalog = JobCatalog(pool: pool)
        waker = JobWaker(pool: pool, logger: logger, isEnabled: options.usesNotifications)
        desk = PushDesk(pool: pool, waker: waker)
    }

    // MARK: Register

    /// Says how jobs of a kind are executed in this process.
    ///
    /// Before its processor runs.
    ///
    /// - Parameters:
    ///   - parameters: The kind.
    ///   - retryStrategy: When a failed try is followed by another; nil for the queue's default.
    ///   - timeout: After which time the handler is cancelled and the try counts as failed; nil for no limit.
    ///   - upcasters: For each older version of the payload's shape, what lifts it to the next one. Versions that are newer
    ///     than the kind's, or that no chain of upcasters reaches from, wait for a process that knows them.
    ///   - execute: The handler. Runs at least once per job; ``JobContext/complete(_:)`` makes its effects happen once.
    public func registerJob<Parameters: JobParameters>(
        parameters: Parameters.Type, retryStrategy: (any JobRetryStrategy)? = nil, timeout: Duration? = nil,
        upcasters: [Int: @Sendable ([UInt8]) throws -> [UInt8]] = [:],
        execute: @escaping @Sendable (Parameters, JobContext) async throws -> Void
    ) {
        let handler = JobHandler(
            parameters, retryStrategy: retryStrategy ?? options.defaultRetryStrategy, timeout: timeout,
            upcasters: upcasters, decode: { try PayloadReader.read(Parameters.self, from: $0) }, execute: execute)
        let isNew = registered.withLock { $0.updateValue(handler, forKey: Parameters.jobName) == nil }
        precondition(isNew, "the kind \(Parameters.jobName) is registered twice")
    }

    var handlers: [JobHandler] { registered.withLock { Array($0.values) } }

    // MARK: Push

    /// Pushes a job in a transaction of its own, or one that it shares with others who push at the same time; durable on
    /// return, and a worker is woken.
    ///
    /// A lost connection is answered by looking up what arrived and pushing the rest again under the same id, so that the
    /// job exists once. A caller whose task is cancelled meanwhile is told so at once; its job may exist all the same.
    ///
    /// - Returns: The job's id; that of an earlier job if it has the unique key.
    @discardableResult
    public func push<Parameters: JobParameters>(
        _ parameters: Parameters, options: JobOptions = .init()
    ) async throws -> JobID {
        let id = JobID.mint()
        let push = try await batch([(id, parameters, options)], options)
        let standing = try await desk.push(push, queue: options.queue(of: Parameters.self))
        let pushed = standing.first.map(JobID.init(rawValue:)) ?? id
        await tellMiddleware(ofPushed: [parameters], [pushed]) { _ in options }
        return pushed
    }

    /// Pushes a job as part of `transaction`: it exists if and when that commits.
    ///
    /// Call ``wake(_:)`` afterwards if the second that polling may take is too long.
    ///
    /// - Returns: The job's id; that of an earlier job if it has the unique key.
    @discardableResult
    public func push<Parameters: JobParameters>(
        _ parameters: Parameters, options: JobOptions = .init(), on transaction: Transaction
    ) async throws -> JobID {
        let id = JobID.mint()
        let pushed = try await send(batch([(id, parameters, options)], options), on: transaction).first ?? id
        await tellMiddleware(ofPushed: [parameters], [pushed]) { _ in options }
        return pushed
    }

    /// Pushes many jobs of one kind as part of `transaction`, to be run in the order of the array as far as several
    /// workers can keep one.
    ///
    /// - Returns: Their ids, in the order of `parameters`.
    @discardableResult
    public func push<Parameters: JobParameters>(
        contentsOf parameters: [Parameters], options: JobOptions = .init(), on transaction: Transaction
    ) async throws -> [JobID] {
        try await push(contentsOf: parameters, on: transaction) { _ in options }
    }

    /// Pushes many jobs of one kind as part of `transaction`, each with its own lane, key and unique key.
    ///
    /// What else the options say should be alike, or come in few varieties: each variety is a statement.
    ///
    /// - Returns: Their ids, in the order of `parameters`; where an earlier job has the unique key, the id of that job.
    @discardableResult
    public func push<Parameters: JobParameters>(
        contentsOf parameters: [Parameters], on transaction: Transaction, options: (Parameters) -> JobOptions
    ) async throws -> [JobID] {
        var ids = parameters.map { _ in JobID.mint() }
        var varieties: [(common: JobOptions, places: [Int])] = []
        var variety: [JobOptions: Int] = [:]
        let all = parameters.map(options)
        for (place, options) in all.enumerated() {
            let common = options.common
            // A lane keeps the order of the array; then a variety that comes again is a statement of its own.
            if common.lane != nil, variety[common] != varieties.count - 1 { variety[common] = nil }
            if let known = variety[common] {
                varieties[known].places.append(place)
            } else {
                variety[common] = varieties.count
                varieties.append((common, [place]))
            }
        }
        for (common, places) in varieties {
            var rest = places[...]
            while !rest.isEmpty {
                let part = rest.prefix(Self.pushBatch)
                rest = rest.dropFirst(Self.pushBatch)
                let batch = try await batch(part.map { (ids[$0], parameters[$0], all[$0]) }, common)
                for (place, standing) in zip(part, try await send(batch, on: transaction)) { ids[place] = standing }
            }
        }
        await tellMiddleware(ofPushed: parameters, ids) { all[$0] }
        return ids
    }

    /// Looks up the numbers of a kind, once for the process, so that a push of it within a transaction needs no second connection.
    ///
    /// Without, many transactions that push a kind for the first time at once each hold a connection and wait for another.
    package func prepare<Parameters: JobParameters>(_: Parameters.Type) async throws {
        _ = try await catalog.queueID(Parameters.jobQueue)
        _ = try await catalog.kindID(Parameters.jobName)
        if let quota = Parameters.jobQuota { _ = try await catalog.quotaID(quota) }
    }

    /// ``push(contentsOf:options:on:)`` as a statement, for a flight of the caller: the jobs exist if and when its transaction commits.
    ///
    /// - Parameter parameters: 1,000 jobs at most, none with a unique key.
    package func pushing<Parameters: JobParameters>(
        _ parameters: [Parameters], options: JobOptions = .init()
    ) async throws -> Statement<UUID> {
        precondition(parameters.count <= Self.pushBatch && options.unique == nil, "not a push of one statement")
        let ids = parameters.map { _ in JobID.mint() }
        let push = try await batch(zip(ids, parameters).map { ($0, $1, options) }, options)
        await tellMiddleware(ofPushed: parameters, ids) { _ in options }
        return JobStatements.push(push)
    }

    /// The ids that stand for the jobs, where they can be others than their own.
    private func send(_ batch: JobStatements.Push, on transaction: Transaction) async throws -> [JobID] {
        do {
            return try await transaction.run(JobStatements.push(batch)).map(JobID.init(rawValue:))
        } catch {
            throw JobError.naming(error)
        }
    }

    /// Tells idle workers of a queue that there is something to do.
    ///
    /// After the commit, never within a transaction: PostgreSQL lets committing notifiers pass one at a time. Losing a
    /// wake is harmless: polling finds the job.
    public func wake(_ queue: String) async { await waker.wake(queue) }

    /// ``wake(_:)`` for callers who do not wait for it: workers are told soon, many calls by few statements.
    public func ring(_ queue: String) { waker.ring(queue) }

    /// A service that runs the jobs of `queues`, until it is shut down gracefully.
    public func processor(queues: [String], options: JobProcessorOptions = .init()) -> JobProcessor {
        JobProcessor(queue: self, queueNames: queues, options: options)
    }

    /// How many jobs one statement inserts: enough to make the round trip cheap, few enough to bound its memory.
    static let pushBatch = 1_000

    func batch<Parameters: JobParameters>(
        _ jobs: [(id: JobID, parameters: Parameters, options: JobOptions)], _ options: JobOptions
    ) async throws -> JobStatements.Push {
        let queue = try await catalog.queueID(options.queue(of: Parameters.self))
        let kind = try await catalog.kindID(Parameters.jobName)
        var quota: Int32?
        if let named = Parameters.jobQuota { quota = try await catalog.quotaID(named) }
        var batch = JobStatements.Push(
            queue: queue, kind: kind, version: Int16(clamping: Parameters.jobVersion), quota: quota, options: options,
            trace: JobTrace.current)
        for (id, parameters, options) in jobs {
            batch.payloads.append(try Self.encode(parameters))
            batch.ids.append(id.rawValue)
            if options.lane != nil { batch.lanes.append(options.lane?.name) }
            if options.key != nil { batch.keys.append(options.key) }
            if options.unique != nil { batch.uniques.append(options.unique?.key) }
        }
        return batch
    }

    /// One for all: it keeps nothing from one value to the next.
    private static let encoder = JSONEncoder()

    static func encode<Parameters: JobParameters>(_ parameters: Parameters) throws -> [UInt8] {
        do {
            return Array(try encoder.encode(parameters))
        } catch is EncodingError {
            throw JobError.parametersDoNotEncode(jobName: Parameters.jobName)
        }
    }
}
