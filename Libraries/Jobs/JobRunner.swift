import Logging
import Postgres

/// Runs one claimed job after another in a slot, and judges how each ended.
struct JobRunner: Sendable {
    let session: WorkerSession

    func run(_ job: ClaimedJob) async -> JobOutcome {
        // Asked at the last moment: after a long stop of the process this is the first thing that it does.
        guard session.lease.isHeld else { return .lost }
        if Task.isCancelled { return .released(isMarked: false) }
        guard let (handler, metrics) = session.handlers[job.kindID] else { return park(job) }
        if job.isSuspect, let early = await markSuspect(job) { return early }

        metrics.started(job)
        let startedAt = ContinuousClock.now
        let outcome = await execute(handler, job)
        metrics.ended(outcome, took: .now - startedAt)
        return outcome
    }

    private func execute(_ handler: JobQueue.Handler, _ job: ClaimedJob) async -> JobOutcome {
        let queue = session.queue
        let run = JobContext.Run(
            job: job, lease: session.lease, pool: queue.pool, faults: queue.options.faults, logger: session.logger,
            jobName: handler.name, drain: session.drain)
        let context = JobContext(run: run)
        do {
            try await queue.options.faults.reach(.before, .work)
            if let timeout = handler.timeout {
                try await Self.limit(to: timeout) { try await handler.execute(job.payload, context) }
            } else {
                try await handler.execute(job.payload, context)
            }
            try await queue.options.faults.reach(.after, .work)
            return run.isCompleted ? .completedItself : .completed
        } catch {
            if run.isCompleted {
                context.logger.warning(
                    "a handler failed after its job was completed", metadata: ["error": "\(error.storedDescription)"])
                return .completedItself
            }
            return judge(error, handler, job, context)
        }
    }

    private func judge(
        _ error: any Error, _ handler: JobQueue.Handler, _ job: ClaimedJob, _ context: JobContext
    ) -> JobOutcome {
        if error as? JobError == .leaseLost || !session.lease.isHeld {
            context.logger.warning("a job's lease was lost while it ran")
            return .lost
        }
        // Interrupted by a shutdown: no fault of the job's, whatever it threw.
        if Task.isCancelled || error is JobHandover { return .released(isMarked: job.isSuspect) }
        if let sleep = error as? JobSleep { return .postponed(.snoozed, for: max(sleep.duration, .zero), error: nil) }

        let text = error.storedDescription
        if error is JobFailure {
            context.logger.error("a job was discarded as hopeless", metadata: ["error": "\(text)"])
            return .discarded(.permanent, error: text)
        }
        let attempt = context.attempt
        let maxTries = Int(job.maxTries)
        let mayRetry =
            maxTries > 0 ? attempt < maxTries : handler.retryStrategy.shouldRetry(attempt: attempt, error: error)
        guard mayRetry else {
            context.logger.error("a job was discarded after its last try", metadata: ["error": "\(text)"])
            return .discarded(.exhausted, error: text)
        }
        let backoff = handler.retryStrategy.calculateBackoff(attempt: attempt)
        context.logger.info("a job failed and will be tried again", metadata: ["error": "\(text)"])
        return .postponed(.retry, for: max(backoff, .zero), error: text)
    }

    /// A kind that this process does not know is another's, or tomorrow's: it waits, and is never discarded.
    private func park(_ job: ClaimedJob) -> JobOutcome {
        session.logger.error(
            "a job of an unknown kind was parked",
            metadata: ["job.id": "\(JobID(rawValue: job.token.id))", "job.kind": "\(job.kindID)"])
        return .postponed(.unknownKind, for: .seconds(1 << min(max(Int(job.runNumber), 0), 6)), error: nil)
    }

    /// Counts the crash in advance; an outcome if the job must not start.
    private func markSuspect(_ job: ClaimedJob) async -> JobOutcome? {
        do {
            return try await session.queue.pool.first(JobStatements.suspect(job.token)) == nil ? .lost : nil
        } catch {
            session.logger.warning("a suspect job was not started", metadata: ["error": "\(error)"])
            return .released(isMarked: false)
        }
    }

    /// Cancels `body` after `timeout`.
    ///
    /// A body that returns all the same has done its work, and counts.
    private static func limit(
        to timeout: Duration, _ body: @escaping @Sendable () async throws -> Void
    ) async throws {
        enum End { case returned, timedOut }
        try await withThrowingTaskGroup(of: End.self) { group in
            group.addTask {
                try await body()
                return .returned
            }
            group.addTask {
                try await Task.sleep(for: timeout)
                return .timedOut
            }
            defer { group.cancelAll() }
            guard try await group.next() == .timedOut else { return }
            group.cancelAll()
            do {
                _ = try await group.next()
            } catch {
                throw JobError.timedOut
            }
        }
    }
}
