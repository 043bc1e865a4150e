public import FoundationEssentials
import Kernel

/// What a job is told, and by that its kind: a Codable value with a stable name and an owning queue.
public protocol JobParameters: Codable, Sendable {
    /// The kind's stable name, noun first: `gift.expire`. Never reused for another shape.
    static var jobName: String { get }
    /// The queue that owns this kind: the service that processes it runs the job.
    static var jobQueue: String { get }
}

/// How urgent a job is within its queue.
///
/// A more urgent job is always claimed first.
public enum JobPriority: Int16, Sendable, CaseIterable {
    case highest = 0
    case higher = 1
    case normal = 2
    case lower = 3
    case lowest = 4
}

/// What may be said about a job when it is pushed.
public struct JobOptions: Sendable {
    /// How long to wait, by the database's business clock; nil to run as soon as possible.
    public var delay: Duration?
    /// How urgent the job is within its queue.
    public var priority: JobPriority
    /// After how many failed tries the job is discarded; nil lets the kind's retry strategy decide.
    public var maxTries: Int?
    /// The tenant that the job belongs to, for operators who look for it.
    public var brand: UUID?
    /// Where the job goes, if not to its kind's own queue: news of a kind may have several readers.
    public var queue: String?

    /// Options with the usual defaults.
    public init(
        delay: Duration? = nil, priority: JobPriority = .normal, maxTries: Int? = nil, brand: UUID? = nil,
        queue: String? = nil
    ) {
        self.delay = delay
        self.priority = priority
        self.maxTries = maxTries
        self.brand = brand
        self.queue = queue
    }

    func queue<Parameters: JobParameters>(of _: Parameters.Type) -> String { queue ?? Parameters.jobQueue }
}

/// The identity of one job, from its push to its end: a UUIDv7 minted by the pushing process.
public struct JobID: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    /// The UUID as the database holds it.
    public let rawValue: UUID

    /// An id that exists already.
    public init(rawValue: UUID) { self.rawValue = rawValue }

    static func mint() -> Self { Self(rawValue: ID<JobID>.mint().rawValue) }

    /// The lower-case text form.
    public var description: String { rawValue.uuidString.lowercased() }
}
