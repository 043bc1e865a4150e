public import FoundationEssentials
public import Jobs

/// One run of a job in a test.
public struct JobRun: Sendable, Equatable {
    /// How a run ended.
    public enum End: Sendable, Equatable {
        /// Its handler returned, or completed it itself.
        case completed
        /// It failed, and waits for another try.
        case retried(error: String)
        /// It asked to run again after a time.
        case snoozed(for: Duration)
        /// It will not run again by itself.
        case discarded(DiscardReason, error: String)
        /// This process knows no handler for it: it waits for one that does.
        case unknownKind
        /// It was given back, or taken away, before it ended.
        case interrupted
    }

    /// The job.
    public let id: JobID
    /// Its kind; nil if this process does not know it.
    public let name: String?
    /// The queue that it was claimed from.
    public let queue: String
    /// Which try it was; the first is 1.
    public let attempt: Int
    /// How it ended.
    public let end: End

    init(_ step: JobStepper.Step) {
        id = step.id
        name = step.name
        queue = step.queue
        attempt = step.attempt
        end =
            switch step.end {
            case .completed: .completed
            case .retried(_, let error): .retried(error: error)
            case .snoozed(let duration): .snoozed(for: duration)
            case .discarded(let reason, let error): .discarded(reason, error: error)
            case .unknownKind: .unknownKind
            case .released, .lost: .interrupted
            }
    }

    /// Whether it is a run of a kind.
    public func isOf<Parameters: JobParameters>(_: Parameters.Type) -> Bool { name == Parameters.jobName }
}

/// A job that was pushed and has not ended, with its parameters.
public struct PushedJob<Parameters: JobParameters>: Sendable {
    /// The job.
    public let id: JobID
    /// What it is told.
    public let parameters: Parameters
    /// Where it is queued.
    public let queue: String
    /// How long until it is due; zero if it may run now.
    public let delay: Duration
    /// How long until it must have started.
    public let deadline: Duration?
    /// How urgent it is within its queue.
    public let priority: JobPriority
    /// After how many failed tries it is discarded, if the push said so.
    public let maxTries: Int?
    /// The tenant named at the push.
    public let brand: UUID?
    /// With which jobs it runs in order.
    public let lane: String?
    /// How the business calls it.
    public let key: String?
}
