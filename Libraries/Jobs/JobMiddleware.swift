/// Steps in around jobs: when one is pushed, when a worker takes one up, around its handler, and at its end.
///
/// Middleware of a queue sees what this process pushes and runs. It is called in the order of its listing, the first one
/// outermost around the handler. What it does not implement passes through.
public protocol JobMiddleware: Sendable {
    /// A job was pushed, or put back after a failed try.
    ///
    /// Where it was pushed on a transaction, that has not committed yet.
    func onPushJob<Parameters: JobParameters>(name: String, parameters: Parameters, context: JobQueueContext) async
    /// A worker took a job up: its payload is decoded, or it cannot be run here.
    func onPopJob(result: Result<JobInstance, JobError>, context: JobQueueContext) async
    /// Runs the job by calling `next`, or throws instead, which counts as the handler's own error.
    func handleJob(
        job: JobInstance, context: JobContext, next: (JobInstance, JobContext) async throws -> Void
    ) async throws
    /// A job ended: completed, or discarded with the error of its last try.
    ///
    /// Jobs that are tried again or sleep have not ended.
    func onCompletedJob(job: JobInstance, result: Result<Void, any Error>, context: JobQueueContext) async
}

extension JobMiddleware {
    /// Does nothing.
    public func onPushJob<Parameters: JobParameters>(
        name: String, parameters: Parameters, context: JobQueueContext
    ) async {}
    /// Does nothing.
    public func onPopJob(result: Result<JobInstance, JobError>, context: JobQueueContext) async {}
    /// Runs the job.
    public func handleJob(
        job: JobInstance, context: JobContext, next: (JobInstance, JobContext) async throws -> Void
    ) async throws {
        try await next(job, context)
    }
    /// Does nothing.
    public func onCompletedJob(job: JobInstance, result: Result<Void, any Error>, context: JobQueueContext) async {}
}

/// Which job a middleware is told about.
public struct JobQueueContext: Sendable {
    /// The job.
    public let jobID: JobID
    /// Where it is, or was, queued.
    public let queue: String
    /// Which try is meant; the first is 1.
    public let attempt: Int
}

/// A job that a worker is about to run, with its decoded parameters.
public struct JobInstance: Sendable {
    /// The job.
    public let id: JobID
    /// Its kind.
    public let name: String
    /// The queue that it was claimed from.
    public let queue: String
    /// What it was told.
    public let parameters: any JobParameters
    /// Which try this is; the first is 1.
    public let attempt: Int
    /// How urgent it is within its queue.
    public let priority: JobPriority
}

/// A queue without middleware.
public struct NoJobMiddleware: JobMiddleware {
    /// The only one there is.
    public init() {}
}

/// Builds a chain of middleware from a list.
@resultBuilder
public enum JobMiddlewareBuilder {
    /// The first of a list.
    public static func buildPartialBlock<First: JobMiddleware>(first: First) -> First { first }
    /// One more, within those before.
    public static func buildPartialBlock<Outer: JobMiddleware, Inner: JobMiddleware>(
        accumulated outer: Outer, next inner: Inner
    ) -> some JobMiddleware {
        NestedJobMiddleware(outer: outer, inner: inner)
    }
    /// What an `if` without `else` gives.
    public static func buildOptional<Some: JobMiddleware>(_ some: Some?) -> some JobMiddleware {
        OptionalJobMiddleware(some: some)
    }
    /// What the `if` branch gives.
    public static func buildEither<First: JobMiddleware, Second: JobMiddleware>(
        first: First
    ) -> EitherJobMiddleware<First, Second> { .first(first) }
    /// What the `else` branch gives.
    public static func buildEither<First: JobMiddleware, Second: JobMiddleware>(
        second: Second
    ) -> EitherJobMiddleware<First, Second> { .second(second) }
}

private struct NestedJobMiddleware<Outer: JobMiddleware, Inner: JobMiddleware>: JobMiddleware {
    let outer: Outer
    let inner: Inner

    func onPushJob<Parameters: JobParameters>(
        name: String, parameters: Parameters, context: JobQueueContext
    ) async {
        await outer.onPushJob(name: name, parameters: parameters, context: context)
        await inner.onPushJob(name: name, parameters: parameters, context: context)
    }

    func onPopJob(result: Result<JobInstance, JobError>, context: JobQueueContext) async {
        await outer.onPopJob(result: result, context: context)
        await inner.onPopJob(result: result, context: context)
    }

    func handleJob(
        job: JobInstance, context: JobContext, next: (JobInstance, JobContext) async throws -> Void
    ) async throws {
        try await outer.handleJob(job: job, context: context) { job, context in
            try await inner.handleJob(job: job, context: context, next: next)
        }
    }

    func onCompletedJob(job: JobInstance, result: Result<Void, any Error>, context: JobQueueContext) async {
        await outer.onCompletedJob(job: job, result: result, context: context)
        await inner.onCompletedJob(job: job, result: result, context: context)
    }
}

private struct OptionalJobMiddleware<Some: JobMiddleware>: JobMiddleware {
    let some: Some?

    func onPushJob<Parameters: JobParameters>(
        name: String, parameters: Parameters, context: JobQueueContext
    ) async {
        await some?.onPushJob(name: name, parameters: parameters, context: context)
    }

    func onPopJob(result: Result<JobInstance, JobError>, context: JobQueueContext) async {
        await some?.onPopJob(result: result, context: context)
    }

    func handleJob(
        job: JobInstance, context: JobContext, next: (JobInstance, JobContext) async throws -> Void
    ) async throws {
        guard let some else { return try await next(job, context) }
        try await some.handleJob(job: job, context: context, next: next)
    }

    func onCompletedJob(job: JobInstance, result: Result<Void, any Error>, context: JobQueueContext) async {
        await some?.onCompletedJob(job: job, result: result, context: context)
    }
}

/// One of two middlewares.
public enum EitherJobMiddleware<First: JobMiddleware, Second: JobMiddleware>: JobMiddleware {
    case first(First)
    case second(Second)

    private var chosen: any JobMiddleware {
        switch self {
        case .first(let first): first
        case .second(let second): second
        }
    }

    /// The chosen one's.
    public func onPushJob<Parameters: JobParameters>(
        name: String, parameters: Parameters, context: JobQueueContext
    ) async {
        await chosen.onPushJob(name: name, parameters: parameters, context: context)
    }

    /// The chosen one's.
    public func onPopJob(result: Result<JobInstance, JobError>, context: JobQueueContext) async {
        await chosen.onPopJob(result: result, context: context)
    }

    /// The chosen one's.
    public func handleJob(
        job: JobInstance, context: JobContext, next: (JobInstance, JobContext) async throws -> Void
    ) async throws {
        try await chosen.handleJob(job: job, context: context, next: next)
    }

    /// The chosen one's.
    public func onCompletedJob(job: JobInstance, result: Result<Void, any Error>, context: JobQueueContext) async {
        await chosen.onCompletedJob(job: job, result: result, context: context)
    }
}
