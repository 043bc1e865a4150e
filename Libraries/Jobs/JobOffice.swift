import Logging

/// What all runs under one identity have in common: a run keeps one reference to it instead of a handful.
final class JobOffice: Sendable {
    let queue: JobQueue
    let lease: WorkerLease
    let logger: Logger
    /// Happens when the process is being shut down.
    let drain: OneShot

    init(queue: JobQueue, lease: WorkerLease, logger: Logger, drain: OneShot) {
        self.queue = queue
        self.lease = lease
        self.logger = logger
        self.drain = drain
    }
}

/// A kind that a session works, with its figures.
final class WorkedKind: Sendable {
    let handler: JobHandler
    let metrics: KindMetrics

    init(handler: JobHandler, metrics: KindMetrics) {
        self.handler = handler
        self.metrics = metrics
    }
}
