public import FoundationEssentials

/// The state of a queue at an instant.
///
/// Counts stop at 10,001: then the figure means "at least".
public struct JobQueueStatistics: Sendable {
    /// The queue's name.
    public let queue: String
    /// Since when no job is claimed; nil if the queue is not paused as a whole.
    public let pausedAt: Date?
    /// Why it is paused.
    public let pauseReason: String?
    /// Jobs that could run now.
    public let ready: Int
    /// Jobs that a worker holds.
    public let running: Int
    /// Jobs that wait for an instant, another job, their turn, a resume, or a process that knows their kind.
    public let waiting: Int
    /// Those of the waiting that a failed try or a lost process sent back.
    public let retrying: Int
    /// Those of the waiting that a pause holds.
    public let paused: Int
    /// Those of the waiting that nobody knows the kind of.
    public let unknownKind: Int
    /// Those of the waiting that are due, and wait for room in their quota or lane.
    public let gated: Int
    /// Jobs that will not run again by themselves.
    public let discarded: Int
    /// Whether a count stopped at its limit.
    public let isCapped: Bool
    /// The queue's lateness: how long the job that has been ready longest has been so, among those counted.
    public let oldestReadyAge: Duration
}

/// What became of the jobs of a kind within the last moments.
public struct JobThroughput: Sendable {
    /// The queue that they ran in.
    public let queue: String
    /// Their kind.
    public let kind: String
    /// How many were completed.
    public let completed: Int
    /// How many of them in each second.
    public let completedPerSecond: Double
    /// How long a completed run took, on average.
    public let averageRun: Duration
    /// How long the longest took.
    public let longestRun: Duration
    /// How many runs failed, or were lost with their process, in the last minute.
    public let failed: Int
    /// The time that completions were counted in: a minute, or less where there are many.
    public let window: Duration
    /// Whether a count stopped at its limit: then there were more.
    public let isCapped: Bool
}

/// How many jobs of a queue were discarded for a reason, among the last 10,001 of them.
public struct JobDiscardedCount: Sendable {
    /// The queue.
    public let queue: String
    /// The reason.
    public let reason: DiscardReason
    /// How many.
    public let jobs: Int
}

/// Where a job is in its life.
public enum JobState: String, Sendable, CaseIterable {
    case ready, running, waiting, completed, discarded
}

/// A job as operators see it.
///
/// Its payload stays unseen: it may name persons.
public struct JobRecord: Sendable {
    /// The job.
    public let id: JobID
    /// Its kind.
    public let name: String
    /// Its queue.
    public let queue: String
    /// Where it is in its life.
    public let state: JobState
    /// Why it waits or was discarded.
    ///
    /// `gate` waits for its quota and `lane` for another job of its lane; the other words are those of the tables.
    public let reason: String?
    /// How urgent it is; nil once completed.
    public let priority: JobPriority?
    /// How often it was claimed.
    public let runNumber: Int
    /// How many tries failed.
    public let tries: Int
    /// How many processes were lost while they ran it; nil once completed.
    public let crashes: Int?
    /// The tenant named at the push.
    public let brand: UUID?
    /// How the business calls it; not known any more once completed.
    public let key: String?
    /// The jobs that it runs in order with.
    public let lane: String?
    /// The quota that it counts in.
    public let quota: String?
    /// When it was pushed.
    public let enqueuedAt: Date
    /// Since when it is ready or running, when it is due, or when it ended; nil where it waits for something else than an
    /// instant.
    public let at: Date?
    /// After which instant it need not start any more.
    public let deadlineAt: Date?
    /// What its last try failed with, if it was discarded.
    public let error: String?
}

/// Part of a list, and where the next part begins.
public struct JobPage<Cursor: Sendable>: Sendable {
    /// The jobs of this part.
    public let jobs: [JobRecord]
    /// Where to go on; nil at the end.
    ///
    /// A part looks at 10,001 rows of a table at most, so that one without jobs need not be the last.
    public let next: Cursor?
}

/// A place in a list that is ordered by time.
public struct JobCursor: Sendable, Hashable, LosslessStringConvertible {
    /// The instant of the last job seen.
    public let at: Date
    /// That job.
    public let id: JobID

    init(at: Date, id: JobID) {
        self.at = at
        self.id = id
    }

    /// Reads what ``description`` wrote, for instance in an address.
    public init?(_ description: String) {
        let parts = description.split(separator: "_", maxSplits: 1)
        guard parts.count == 2, let microseconds = Int64(parts[0]), let id = UUID(uuidString: String(parts[1])) else {
            return nil
        }
        at = Date(timeIntervalSince1970: Double(microseconds) / 1_000_000)
        self.id = JobID(rawValue: id)
    }

    /// Microseconds and id.
    public var description: String { "\(Int64((at.timeIntervalSince1970 * 1_000_000).rounded()))_\(id)" }
}

/// A run that failed, or was lost with its process.
public struct JobAttempt: Sendable {
    /// Which run it was.
    public let runNumber: Int
    /// When it ended.
    public let failedAt: Date
    /// What it failed with.
    public let error: String
    /// The process that it ran in.
    public let worker: UUID
}

/// A job that runs, and where.
public struct RunningJob: Sendable {
    /// The job; ``JobRecord/at`` is when it was claimed.
    public let record: JobRecord
    /// Its worker.
    public let worker: UUID
    /// The program that the worker is; nil if its row is gone already, and the job about to be rescued.
    public let app: String?
    /// The machine that it runs on.
    public let host: String?
    /// Its number there.
    public let processID: Int?
    /// How long the worker has held the job.
    public let runningFor: Duration
    /// What part of its work is done, if it says so.
    public let done: Int?
    /// Of how much.
    public let total: Int?
    /// What it does, in its own words.
    public let note: String?
    /// Whether its worker was asked to stop it.
    public let isBeingCancelled: Bool
}

/// A living processor.
public struct JobWorkerStatus: Sendable {
    /// Its identity, one for each start and for each lease that it lost.
    public let worker: UUID
    /// The program.
    public let app: String
    /// The machine.
    public let host: String
    /// The process there.
    public let processID: Int
    /// The queues that it works.
    public let queues: [String]
    /// Since when.
    public let startedAt: Date
    /// How long its lease still holds; negative if it is over, and its jobs about to be rescued.
    public let leaseLeft: Duration
    /// Whether it waits for work.
    public let isIdle: Bool
    /// How many jobs it holds, among the first 2,001 of each queue and priority.
    public let running: Int
}

/// What keeps a job from running at this instant.
public enum JobWait: Sendable {
    /// It is ready: a worker takes it when these have been taken (counted up to 10,001).
    case turn(ahead: Int)
    /// It is due then.
    case instant(Date)
    /// No process that works its queue knows its kind.
    case handler
    /// These jobs must be completed first; nil for one that is not known any more.
    case jobs([(id: JobID, state: JobState?)])
    /// These pauses hold it.
    case pauses([JobPause])
    /// Its quota has no room, or it is not its turn yet; so many of its queue go first (counted up to 10,001).
    case quota(JobQuotaStatus, ahead: Int)
    /// Others of its lane go first (counted up to 10,001).
    case lane(String, ahead: Int)
}

/// Everything that is known of one job.
public struct JobDetails: Sendable {
    /// The job.
    public let record: JobRecord
    /// Its failed runs, oldest first.
    public let attempts: [JobAttempt]
    /// What keeps it from running; nil if it runs or has ended.
    public let wait: JobWait?
    /// Where it runs, if it does.
    public let running: RunningJob?
}

/// What keeps PostgreSQL from forgetting old versions of rows: tables of the queue grow as long as it lasts.
public struct JobHorizonHolder: Sendable {
    /// `session`, `prepared transaction` or `replication slot`.
    public let kind: String
    /// The session's process in the server; nil for anything else.
    public let processID: Int?
    /// What the session calls itself, or the name of the transaction or slot.
    public let name: String
    /// Whose it is.
    public let user: String?
    /// What the session does: `idle in transaction` was forgotten by somebody.
    public let activity: String?
    /// How many transactions have begun since.
    public let transactions: Int
    /// For how long; nil where the asking role may not see it.
    public let age: Duration?
}

/// An act of a person upon the queue.
public struct JobAuditEntry: Sendable {
    /// Its number: later ones are larger.
    public let id: Int64
    /// When.
    public let at: Date
    /// Who.
    public let author: String
    /// What: `pause`, `resume`, `cancel`, `retry`, `redrive`, `quota`.
    public let action: String
    /// Upon what.
    public let target: String
    /// Why.
    public let reason: String
    /// How many jobs it moved.
    public let jobs: Int
}
