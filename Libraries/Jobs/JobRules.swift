/// What jobs of several kinds or queues share: how many of them run at once, and how fast they start.
///
/// A kind names its quota in ``JobParameters/jobQuota``. What is written there is the first value; operators may change it
/// in the database, and theirs then counts.
public struct JobQuota: Sendable, Hashable {
    /// The quota's name; quotas of one name are one.
    public let name: String
    /// How many may run at once in all processes together; nil for any number.
    ///
    /// A job counts from the moment at which it is let in until it ends or waits for another try.
    public let runningMax: Int?
    /// How fast jobs are let in; nil for as fast as they come.
    public let rate: JobRate?
    /// Whether brands take turns, by their weights, instead of being served in the order of their pushes.
    public let isFair: Bool

    /// A quota that bounds what is given, and nothing else.
    public init(_ name: String, runningMax: Int? = nil, rate: JobRate? = nil, isFair: Bool = false) {
        precondition(!name.isEmpty && (runningMax ?? 1) >= 0, "a quota needs a name and a bound that is not negative")
        self.name = name
        self.runningMax = runningMax
        self.rate = rate
        self.isFair = isFair
    }
}

/// A rate with room for bursts, as the generic cell rate algorithm counts it.
public struct JobRate: Sendable, Hashable {
    /// The time from one start to the next in the long run.
    public let interval: Duration
    /// How many may start at once after a rest.
    public let burst: Int

    /// One start for each `interval`, `burst` of them at once after a rest.
    public init(every interval: Duration, burst: Int = 1) {
        precondition(interval > .zero && burst >= 1, "a rate needs a time and a burst of at least one")
        self.interval = interval
        self.burst = burst
    }
}

/// Jobs that run one after another, in the order of their pushes, whatever their kind; lanes run beside one another.
///
/// A job keeps its place while it waits for another try: those behind it wait, too.
public struct JobLane: Sendable, Hashable {
    /// What the jobs have in common: an order, a code, a gift.
    public let name: String
    /// How many of the lane may run at once; 1 for one after another.
    public let width: Int

    /// The lane of a name.
    public init(_ name: String, width: Int = 1) {
        precondition(!name.isEmpty && (1...1_000).contains(width), "a lane needs a name, and a width of 1 to 1,000")
        self.name = name
        self.width = width
    }
}

/// For how long a key admits no second job of its kind.
///
/// A push that meets a taken key adds nothing and answers with the job that has it. Where that job's own transaction is not
/// committed yet, the push waits for its end.
public enum JobUniqueness: Sendable, Hashable {
    /// Until the job starts: one that runs does not count.
    case whileQueued(String)
    /// Until the job is completed or discarded.
    case untilDone(String)
    /// For a time from the push, by the database's business clock, whatever becomes of the job.
    case within(Duration, String)

    var key: String {
        switch self {
        case .whileQueued(let key), .untilDone(let key), .within(_, let key): key
        }
    }

    var scope: String {
        switch self {
        case .whileQueued: "queued"
        case .untilDone: "done"
        case .within: "window"
        }
    }

    var window: Duration? { if case .within(let window, _) = self { window } else { nil } }
}
