public import FoundationEssentials
public import Logging
public import Postgres
import Synchronization

/// What a handler knows about its job, and its way to write with the job's fence.
public struct JobContext: Sendable {
    /// One run of a job, shared by the copies of the context.
    final class Run: Sendable {
        let job: ClaimedJob
        let handler: JobHandler
        private let office: JobOffice
        private let completed = Atomic(false)

        init(job: ClaimedJob, handler: JobHandler, office: JobOffice) {
            self.job = job
            self.handler = handler
            self.office = office
        }

        var lease: WorkerLease { office.lease }
        var pool: Pool { office.queue.pool }
        var faults: JobFaults { office.queue.options.faults }
        var logger: Logger { office.logger }
        var jobName: String { handler.name }
        /// Happens when the process is being shut down.
        var drain: OneShot { office.drain }
        var isCompleted: Bool { completed.load(ordering: .acquiring) }
        func markCompleted() { completed.store(true, ordering: .releasing) }
    }

    let run: Run

    /// The job.
    public var id: JobID { JobID(rawValue: run.job.token.id) }
    /// Which try this is; the first is 1.
    ///
    /// Snoozes, shutdowns and lost processes do not count.
    public var attempt: Int { Int(run.job.tries) + 1 }
    /// Counts every run, for whatever reason: grows from run to run, so it can serve as a fence towards others.
    public var runNumber: Int { Int(run.job.runNumber) }
    /// When the job was pushed, by the database's real clock.
    public var enqueuedAt: Date { run.job.enqueuedAt }
    /// The tenant named at the push.
    public var brand: UUID? { run.job.brand }

    /// Until when the job had to start, by the database's business clock; nil if it has all the time in the world.
    public var deadline: Date? { run.job.deadlineAt }

    /// A logger that names the job.
    public var logger: Logger {
        var logger = run.logger
        logger[metadataKey: "job.id"] = "\(id)"
        logger[metadataKey: "job.name"] = "\(run.jobName)"
        logger[metadataKey: "job.attempt"] = "\(attempt)"
        return logger
    }

    /// Runs effects in a transaction that commits only if the job is still this worker's: the fence comes first and
    /// holds the job until the end.
    ///
    /// May be called several times. The job itself completes later, so a crash between runs the job, and with it this
    /// transaction, again: use ``complete(_:)`` where effects must happen once.
    ///
    /// - Throws: ``JobError/leaseLost``, after which nothing may be written for this job; what `body` throws.
    @discardableResult
    public func transaction<Value: Sendable>(
        _ body: (Transaction) async throws -> Value
    ) async throws -> Value {
        try check()
        return try await run.pool.transaction { transaction in
            guard try await !transaction.run(JobStatements.fence(run.job.token)).isEmpty else {
                throw JobError.leaseLost
            }
            return try await body(transaction)
        }
    }

    /// Completes the job and its effects in one commit: both happen, once, or neither does.
    ///
    /// Where the COMMIT was not answered, the truth is looked up before anything is decided.
    ///
    /// - Parameter isDurable: Whether COMMIT waits for the disk. Without, a crash of the server may forget the completion, and the effects
    ///   with it; then the job runs again.
    /// - Throws: ``JobError/leaseLost``; what `body` throws.
    @discardableResult
    public func complete<Value: Sendable>(
        isDurable: Bool = true, _ body: (Transaction) async throws -> Value
    ) async throws -> Value {
        try check()
        var value: Value?
        do {
            let result = try await run.pool.transaction(.init(isDurable: isDurable)) { transaction in
                try await run.faults.reach(.before, .fence, on: transaction)
                guard try await transaction.one(JobStatements.complete(run.job.token)) != nil else {
                    throw JobError.leaseLost
                }
                try await run.faults.reach(.after, .fence, on: transaction)
                let result = try await body(transaction)
                value = result
                try await run.faults.reach(.before, .completion, on: transaction)
                return result
            }
            run.markCompleted()
            try await run.faults.reach(.after, .completion)
            return result
        } catch let error as PostgresError where error.code == .outcomeUnknown {
            guard try await isCompletedAfterAll(), let value else { throw error }
            run.markCompleted()
            return value
        }
    }

    func check() throws {
        if run.isCompleted { throw JobError.alreadyCompleted }
        guard run.lease.isHeld else { throw JobError.leaseLost }
    }

    /// Whether a completion whose COMMIT was not answered happened.
    ///
    /// The fence waits for a server process that may still be at it; after that the history tells. Asked until answered
    /// or until the lease is over, which ends this run's say in any case.
    private func isCompletedAfterAll() async throws -> Bool {
        var backoff = Backoff(first: .milliseconds(20), longest: .seconds(1))
        while run.lease.isHeld {
            do {
                return try await run.pool.transaction { transaction in
                    _ = try await transaction.run(JobStatements.fence(run.job.token))
                    return try await transaction.one(JobStatements.isDone(id.rawValue, run: run.job.runNumber))
                }
            } catch is PostgresError {
                try await Task.sleep(for: backoff.next())
            }
        }
        throw JobError.leaseLost
    }
}
