import FoundationEssentials

extension JobQueue {
    /// Runs a job within the middleware.
    func handle(
        _ decoded: JobHandler.Decoded, as instance: JobInstance?, _ context: JobContext
    ) async throws {
        guard let middleware, let instance else { return try await decoded.execute(context) }
        try await middleware.handleJob(job: instance, context: context) { _, context in
            try await decoded.execute(context)
        }
    }

    /// Tells the middleware how a run ended.
    func tellMiddleware(of outcome: JobOutcome, _ failure: (any Error)?, _ job: JobInstance) async {
        guard let middleware else { return }
        let context = JobQueueContext(jobID: job.id, queue: job.queue, attempt: job.attempt)
        switch outcome {
        case .completed, .completedItself:
            await middleware.onCompletedJob(job: job, result: .success(()), context: context)
        case .discarded:
            await middleware.onCompletedJob(
                job: job, result: .failure(failure ?? CancellationError()), context: context)
        case .postponed(.retry, _, _):
            let next = JobQueueContext(jobID: job.id, queue: job.queue, attempt: job.attempt + 1)
            await middleware.onPushJob(job, next)
        case .postponed, .released, .lost: break
        }
    }

    /// Tells the middleware of jobs that were pushed.
    func tellMiddleware<Parameters: JobParameters>(
        ofPushed parameters: [Parameters], _ ids: [JobID], _ options: (Int) -> JobOptions
    ) async {
        guard let middleware else { return }
        for (place, id) in ids.enumerated() {
            let queue = options(place).queue(of: Parameters.self)
            await middleware.onPushJob(
                name: Parameters.jobName, parameters: parameters[place],
                context: JobQueueContext(jobID: id, queue: queue, attempt: 1))
        }
    }
}

extension JobMiddleware {
    /// Opens the existential.
    fileprivate func onPushJob(_ job: JobInstance, _ context: JobQueueContext) async {
        func open(_ parameters: some JobParameters) async {
            await onPushJob(name: job.name, parameters: parameters, context: context)
        }
        await open(job.parameters)
    }
}
