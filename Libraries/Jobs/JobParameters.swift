public import FoundationEssentials
import Kernel

/// What a job is told, and by that its kind: a Codable value with a stable name and an owning queue.
public protocol JobParameters: Codable, Sendable {
    /// The kind's stable name, noun first: `gift.expire`. Never reused for another shape.
    static var jobName: String { get }
    /// The queue that owns this kind: the service that processes it runs the job.
    static var jobQueue: String { get }
    /// The version of the payload's shape; 1 if the kind says nothing.
    ///
    /// Raised when the shape changes in a way that an older payload does not decode as.
    static var jobVersion: Int { get }
    /// What jobs of this kind share with others; nil if they are bounded by nothing.
    static var jobQuota: JobQuota? { get }
}

extension JobParameters {
    /// The first version.
    public static var jobVersion: Int { 1 }
    /// No quota.
    public static var jobQuota: JobQuota? { nil }
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
public struct JobOptions: Sendable, Hashable {
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
    /// How long after it is due the job may still start, by the database's business clock; later it is discarded.
    public var deadline: Duration?
    /// Whether a second job may be pushed while this one is about.
    public var unique: JobUniqueness?
    /// With which jobs this one runs in order.
    public var lane: JobLane?
    /// How the business calls the job: operators and programs find and cancel it by its kind and this.
    public var key: String?
    /// The jobs that must be completed first; the job waits as long as one of them is discarded.
    public var dependsOn: [JobID]

    /// Options with the usual defaults.
    public init(
        delay: Duration? = nil, priority: JobPriority = .normal, maxTries: Int? = nil, brand: UUID? = nil,
        queue: String? = nil, deadline: Duration? = nil, unique: JobUniqueness? = nil, lane: JobLane? = nil,
        key: String? = nil, dependsOn: [JobID] = []
    ) {
        precondition(
            dependsOn.isEmpty || delay == nil, "a job waits for an instant or for other jobs, not for both")
        self.delay = delay
        self.priority = priority
        self.maxTries = maxTries
        self.brand = brand
        self.queue = queue
        self.deadline = deadline
        self.unique = unique
        self.lane = lane
        self.key = key
        self.dependsOn = dependsOn
    }

    /// The same without what each job of a batch may have of its own.
    var common: JobOptions {
        var common = self
        common.lane = lane.map { JobLane("*", width: $0.width) }
        common.key = key.map { _ in "*" }
        common.unique =
            switch unique {
            case .whileQueued: .whileQueued("*")
            case .untilDone: .untilDone("*")
            case .within(let window, _): .within(window, "*")
            case nil: nil
            }
        return common
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
