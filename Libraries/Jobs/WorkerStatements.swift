import FoundationEssentials
import Postgres

/// The statements of a worker's life and of the housekeeping that any worker does for all.
enum WorkerStatements {
    struct Registration: Sendable {
        let worker: UUID
        let former: UUID
        let app: String
        let host: String
        let processID: Int32
        let queueIDs: [Int32]
        let lease: Duration
    }

    static func register(_ new: Registration) -> Statement<Void> {
        Statement(
            """
            SELECT jobs.register(\(new.worker), \(new.former), \(new.app), \(new.host), \(new.processID),
                \(new.queueIDs), \(new.lease))
            """)
    }

    static func deregister(_ worker: UUID) -> Statement<Void> {
        Statement("SELECT jobs.deregister(\(worker))")
    }

    /// A lease that is over is never renewed: its jobs may be elsewhere already.
    ///
    /// No row then.
    static func renew(_ worker: UUID, lease: Duration) -> Statement<Bool> {
        Statement(
            """
            UPDATE jobs.worker SET lease_until = clock_timestamp() + \(lease)
            WHERE worker_id = \(worker) AND lease_until > clock_timestamp()
            RETURNING true
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    /// False if the lease is over.
    static func resync(_ worker: UUID, claimNumber: Int64, known: [UUID]) -> Statement<Bool> {
        Statement("SELECT jobs.resync(\(worker), \(claimNumber), \(known))") { row throws(PostgresError) in
            try row.next()
        }
    }

    struct Rescued: Sendable {
        let worker: UUID
        let queueID: Int32
        let rescued: Int64
        let discarded: Int64
    }

    static func rescue(hold: Duration, crashesMax: Int32, limit: Int32) -> Statement<Rescued> {
        Statement(
            "SELECT worker_id, queue_id, rescued, discarded FROM jobs.rescue(\(hold), \(crashesMax), \(limit))"
        ) { row throws(PostgresError) in
            Rescued(
                worker: try row.next(), queueID: try row.next(), rescued: try row.next(), discarded: try row.next())
        }
    }

    /// A kind with the versions of its payload that a worker can read.
    struct Readable: Sendable {
        let kind: Int32
        let versions: ClosedRange<Int>
    }

    /// Jobs that were parked because nobody knew their kind, or the version of their payload, become due when somebody
    /// does.
    static func unpark(queues: [Int32], _ kinds: [Readable]) -> Statement<Void> {
        let (ids, oldest, newest) = (
            kinds.map(\.kind), kinds.map { Int32($0.versions.lowerBound) }, kinds.map { Int32($0.versions.upperBound) }
        )
        return Statement(
            """
            UPDATE jobs.later l SET due_at = siyu.clock()
            FROM unnest(\(ids), \(oldest), \(newest)) AS k (kind_id, oldest, newest)
            WHERE l.reason = 'unknown_kind' AND l.queue_id = ANY (\(queues)) AND l.kind_id = k.kind_id
                AND l.version BETWEEN k.oldest AND k.newest AND l.due_at > siyu.clock()
            """)
    }

    // MARK: Cancellation

    /// A running job that shall stop.
    struct Cancellation: Sendable {
        let id: UUID
        let author: String
        let reason: String
        var text: String { "cancelled by \(author): \(reason)" }
    }

    /// Which of a worker's jobs shall stop.
    ///
    /// Read with each heartbeat: the table is empty nearly always.
    static func cancellations(for worker: UUID) -> Statement<Cancellation> {
        Statement(
            """
            SELECT c.job_id, c.author, c.reason
            FROM jobs.cancellation c
            JOIN jobs.hot h ON h.id = c.job_id
            WHERE h.worker = \(worker)
            """
        ) { row throws(PostgresError) in
            Cancellation(id: try row.next(), author: try row.next(), reason: try row.next())
        }
    }

    /// Cancels the jobs that shall stop and do not run any more: their process was lost, or gave them back before it heard.
    ///
    /// Requests whose job has ended are forgotten.
    static var cancelUnheard: Statement<Int> {
        Statement("SELECT jobs.cancel_unheard()") { row throws(PostgresError) in try row.next() }
    }

    /// Tells all workers to look for cancellations now: the name of no queue is empty.
    static func notifyCancellation(channel: String) -> Statement<JobStatements.Reply> {
        Statement("SELECT count(*) FROM (SELECT pg_notify(\(channel), '')) n") { row throws(PostgresError) in
            .touched(try row.next())
        }
    }

    /// Makes the partitions of the next days and drops those that are older than asked for.
    static func rollHistory(completed: Duration, failed: Duration) -> Statement<(made: Int, dropped: Int)> {
        Statement("SELECT made::bigint, dropped::bigint FROM jobs.roll_history(\(completed), \(failed))") {
            row throws(PostgresError) in (try row.next(), try row.next())
        }
    }

    /// One bite of what lies outside the partitions, small enough not to hurt.
    static func deleteDone(olderThan age: Duration, limit: Int32) -> Statement<Void> {
        Statement(
            """
            DELETE FROM jobs.done_rest WHERE ctid = ANY (ARRAY (
                SELECT ctid FROM jobs.done_rest WHERE finished_at < clock_timestamp() - \(age) LIMIT \(limit)))
            """)
    }

    static func deleteAttempts(olderThan age: Duration, limit: Int32) -> Statement<Void> {
        Statement(
            """
            DELETE FROM jobs.attempt_rest WHERE ctid = ANY (ARRAY (
                SELECT ctid FROM jobs.attempt_rest WHERE failed_at < clock_timestamp() - \(age) LIMIT \(limit)))
            """)
    }

    /// Removes unique keys whose time is over, and wishes to cancel what has ended.
    static func sweep(limit: Int32) -> Statement<Void> { Statement("SELECT jobs.sweep(\(limit))") }

    // MARK: Wake-up

    /// A notification for each of the queues that somebody idle waits for; under load there is none.
    static func notify(_ queues: [String], channel: String) -> Statement<JobStatements.Reply> {
        Statement(
            """
            SELECT count(*)
            FROM (
                SELECT pg_notify(\(channel), q.name)
                FROM jobs.queue q
                WHERE q.name = ANY (\(queues)) AND EXISTS (
                    SELECT FROM jobs.worker w
                    WHERE w.idle AND w.lease_until > clock_timestamp() AND q.queue_id = ANY (w.queue_ids))) n
            """
        ) { row throws(PostgresError) in .touched(try row.next()) }
    }
}
