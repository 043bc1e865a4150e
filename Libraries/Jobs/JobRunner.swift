import Logging
import Postgres

/// Runs one claimed job after another in a slot, and judges how each ended.
struct JobRunner: Sendable {
    let session: WorkerSession
    let slot: JobSlot

    /// - Parameter now: The time of this moment; the caller has just asked for it.
    func run(_ job: ClaimedJob, at now: ContinuousClock.Instant = .now) async -> JobOutcome {
        slot.begin(job.token.id)
        // Asked at the last moment: after a long stop of the process this is the first thing that it does.
        guard session.lease.isHeld(at: now) else { return .lost }
        if let cancellation = slot.cancellation { return .discarded(.cancelled, error: cancellation) }
        if Task.isCancelled { return .released(isMarked: false) }
        guard let kind = session.kinds[job.kindID], kind.handler.versions.contains(Int(job.version)) else {
            return await park(job)
        }
        let (handler, metrics) = (kind.handler, kind.metrics)
        if job.isLate(at: now) { return await drop(job, handler, metrics) }
        if job.isSuspect, let early = await markSuspect(job) { return early }

        metrics.started(job, at: now)
        let outcome = await execute(handler, job)
        metrics.ended(outcome, took: .now - now)
        return outcome
    }

    private func execute(_ handler: JobHandler, _ job: ClaimedJob) async -> JobOutcome {
        let queue = session.queue
        let run = JobContext.Run(job: job, handler: handler, office: session.office)
        let context = JobContext(run: run)
        var instance: JobInstance?
        let outcome: JobOutcome
        var failure: (any Error)?
        do {
            try await queue.options.faults.reach(.before, .work)
            if queue.middleware == nil, handler.timeout == nil, job.trace == nil {
                try await handler.execute(job, context)
            } else {
                let decoded = try await pop(job, handler, &instance)
                let work: @Sendable () async throws -> Void = { [instance] in
                    try await JobTrace.continuing(job.trace) { try await queue.handle(decoded, as: instance, context) }
                }
                if let timeout = handler.timeout {
                    try await Self.limit(to: timeout, work)
                } else {
                    try await work()
                }
            }
            try await queue.options.faults.reach(.after, .work)
            outcome = run.isCompleted ? .completedItself : .completed
        } catch {
            if run.isCompleted {
                context.logger.warning(
                    "a handler failed after its job was completed", metadata: ["error": "\(error.storedDescription)"])
                outcome = .completedItself
            } else {
                outcome = judge(error, handler, job, context)
                failure = error
            }
        }
        if let instance { await queue.tellMiddleware(of: outcome, failure, instance) }
        return outcome
    }

    /// Decodes the payload, and tells the middleware what was taken up.
    private func pop(
        _ job: ClaimedJob, _ handler: JobHandler, _ instance: inout JobInstance?
    ) async throws -> JobHandler.Decoded {
        guard let middleware = session.queue.middleware else { return try handler.decode(job) }
        let context = popContext(job)
        do {
            let decoded = try handler.decode(job)
            let new = JobInstance(
                id: context.jobID, name: handler.name, queue: context.queue, parameters: decoded.parameters,
                attempt: context.attempt, priority: job.priority)
            instance = new
            await middleware.onPopJob(result: .success(new), context: context)
            return decoded
        } catch {
            let reason = error as? JobError ?? .payloadDoesNotDecode(path: "")
            await middleware.onPopJob(result: .failure(reason), context: context)
            throw error
        }
    }

    private func popContext(_ job: ClaimedJob) -> JobQueueContext {
        JobQueueContext(
            jobID: JobID(rawValue: job.token.id), queue: session.queueNames[job.queueID] ?? "",
            attempt: Int(job.tries) + 1)
    }

    private func judge(
        _ error: any Error, _ handler: JobHandler, _ job: ClaimedJob, _ context: JobContext
    ) -> JobOutcome {
        if error as? JobError == .leaseLost || !session.lease.isHeld {
            context.logger.warning("a job's lease was lost while it ran")
            return .lost
        }
        // Somebody wants this job to end; why it threw does not matter any more.
        if let cancellation = slot.cancellation {
            context.logger.notice("a running job was cancelled", metadata: ["reason": "\(cancellation)"])
            return .discarded(.cancelled, error: cancellation)
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

    /// A kind, or a version of its payload, that this process does not know is another's, or tomorrow's: it waits, and is
    /// never discarded.
    private func park(_ job: ClaimedJob) async -> JobOutcome {
        let handler = session.kinds[job.kindID]?.handler
        session.logger.error(
            handler == nil ? "a job of an unknown kind was parked" : "a job of an unknown version was parked",
            metadata: [
                "job.id": "\(JobID(rawValue: job.token.id))", "job.kind": "\(handler?.name ?? "\(job.kindID)")",
                "job.version": "\(job.version)",
            ])
        await session.queue.middleware?.onPopJob(result: .failure(.noHandler), context: popContext(job))
        return .postponed(.unknownKind, for: .seconds(1 << min(max(Int(job.runNumber), 0), 6)), error: nil)
    }

    /// Its time is over before it began: nobody waits for it any more.
    private func drop(_ job: ClaimedJob, _ handler: JobHandler, _ metrics: KindMetrics) async -> JobOutcome {
        session.logger.warning(
            "a job was discarded because its deadline had passed",
            metadata: ["job.id": "\(JobID(rawValue: job.token.id))", "job.name": "\(handler.name)"])
        let outcome = JobOutcome.discarded(.late, error: "its deadline had passed before it could start")
        metrics.ended(outcome, took: nil)
        await session.queue.middleware?.onPopJob(result: .failure(.late), context: popContext(job))
        return outcome
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
        enum End { case returned, timedOut, interrupted }
        try await withThrowingTaskGroup(of: End.self) { group in
            group.addTask {
                try await body()
                return .returned
            }
            group.addTask {
                do {
                    try await Task.sleep(for: timeout)
                    return .timedOut
                } catch {
                    return .interrupted
                }
            }
            defer { group.cancelAll() }
            switch try await group.next() {
            case .returned, nil: return
            // The job is cancelled from outside; what becomes of it is for its body to say.
            case .interrupted: _ = try await group.next()
            case .timedOut:
                group.cancelAll()
                do {
                    _ = try await group.next()
                } catch {
                    throw JobError.timedOut
                }
            }
        }
    }
}
