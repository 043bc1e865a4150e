import FoundationEssentials
import Postgres

/// What proves that a job is ours: the worker's lease and the number of the claim, both checked by every change.
struct ClaimToken: Sendable {
    let id: UUID
    let worker: UUID
    let claimNumber: Int64
    /// Where the claimed version of the row lies: a hint, as it may move.
    let place: RowPlace
}

/// A job as the claim returned it.
///
/// An object, because it passes through many hands: a value of this size would be copied each time.
final class ClaimedJob: Sendable {
    let token: ClaimToken
    let queueID: Int32
    let priority: JobPriority
    let ord: Int64
    let kindID: Int32
    /// Counts every claim, successful or not: together with the id it names one run.
    let runNumber: Int32
    /// How many tries have failed so far.
    let tries: Int32
    /// How many processes were lost while they ran this job.
    let crashes: Int16
    let maxTries: Int32
    let brand: UUID?
    let enqueuedAt: Date
    let readyAt: Date
    let claimedAt: Date
    /// The version of the payload's shape.
    let version: Int16
    /// Whether its end may let another one in.
    let isGated: Bool
    /// How the business calls it.
    let key: String?
    /// By the business clock.
    let deadlineAt: Date?
    /// The deadline by this process's monotonic clock: the claim told how much time was left.
    let startBy: ContinuousClock.Instant?
    let arrivedAt: ContinuousClock.Instant
    /// The trace context of its push.
    let trace: [UInt8]?
    let payload: [UInt8]

    /// Reads a row of `jobs.claim`.
    init(
        _ row: inout RowReader, worker: UUID, claimNumber: Int64, queue: Int32
    ) throws(PostgresError) {
        queueID = queue
        priority = try row.next()
        ord = try row.next()
        let id: UUID = try row.next()
        kindID = try row.next()
        runNumber = try row.next()
        tries = try row.next()
        crashes = try row.next()
        maxTries = try row.next()
        brand = try row.next()
        enqueuedAt = try row.next()
        readyAt = try row.next()
        claimedAt = try row.next()
        version = try row.next()
        isGated = try row.next()
        key = try row.next()
        deadlineAt = try row.next()
        arrivedAt = .now
        let timeLeft: Duration? = try row.next()
        startBy = timeLeft.map { [arrivedAt] in arrivedAt + $0 }
        trace = try row.next()
        payload = try row.next()
        token = ClaimToken(id: id, worker: worker, claimNumber: claimNumber, place: try row.next())
    }

    func isLate(at now: ContinuousClock.Instant) -> Bool { startBy.map { $0 < now } ?? false }

    /// A job that was in a lost process is counted as crashed before it starts, so that only what really ran is blamed.
    var isSuspect: Bool { crashes >= 1 }
    /// From the second crash on a job runs beside no other suspect, so that the next crash has one culprit.
    var runsAlone: Bool { crashes >= 2 }
}

/// How a claimed job ended.
enum JobOutcome: Sendable {
    /// The handler returned; the ack removes the job.
    case completed
    /// The job's own transaction removed it.
    case completedItself
    /// The job goes to `later`.
    case postponed(PostponeReason, for: Duration, error: String?)
    /// The job goes to `discarded`.
    case discarded(DiscardReason, error: String)
    /// The job goes back to its place: it did not start, or was interrupted.
    case released(isMarked: Bool)
    /// The job is no longer ours: nothing may be written.
    case lost

    var isCompleted: Bool { if case .completed = self { true } else { false } }

    /// Whether the job moves to another table.
    var isSettled: Bool {
        switch self {
        case .postponed, .discarded: true
        case .completed, .completedItself, .released, .lost: false
        }
    }
}

/// Why a job waits.
enum PostponeReason: String, Sendable {
    case retry
    case snoozed
    case unknownKind = "unknown_kind"
}

/// Why a job will not run again by itself.
public enum DiscardReason: String, Sendable, CaseIterable {
    /// The handler said that no try can help.
    case permanent
    /// Its tries were used up.
    case exhausted
    /// It was running in too many processes that were lost.
    case poison
    /// An operator cancelled it.
    case cancelled
    /// Its deadline had passed before it could start.
    case late
}

/// A claimed job's end, on its way to the database.
struct FinishedJob: Sendable {
    let token: ClaimToken
    let outcome: JobOutcome
}
