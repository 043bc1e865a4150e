import FoundationEssentials
import Postgres

/// The statements of pauses and cancellations.
enum PauseStatements {
    /// No row if the pause would be over already.
    static func pause(
        _ scope: ScopeNumbers, _ act: JobAct, until: Date?, lasting: Duration?
    ) -> Statement<Int64> {
        Statement(
            """
            INSERT INTO jobs.pause (queue_id, kind_id, brand_id, quota_id, reason, author, until)
            SELECT \(scope.queue), \(scope.kind), \(scope.brand), \(scope.quota), \(act.reason), \(act.author), e.until
            FROM (SELECT least(\(until), siyu.clock() + \(lasting), 'infinity') AS until) e
            WHERE e.until > siyu.clock()
            RETURNING pause_id
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    /// The pauses that count, each with the jobs that it set aside, those that it will set aside as soon as they come up,
    /// and those that wait at the gate of its quota.
    static func pauses() -> Statement<JobPause> {
        Statement(
            """
            SELECT \(unsafeRaw: columns), h.held, h.held >= \(AdminStatements.countMax)
            FROM jobs.pause p
            CROSS JOIN LATERAL (
                SELECT count(*) AS held
                FROM (
                    SELECT
                    FROM jobs.queue q
                    CROSS JOIN jobs.kind k
                    CROSS JOIN LATERAL (
                        SELECT brand_id, quota_id FROM jobs.later
                        WHERE reason = 'paused' AND queue_id = q.queue_id AND kind_id = k.kind_id
                        LIMIT \(AdminStatements.countMax)) l
                    WHERE (p.queue_id IS NULL OR q.queue_id = p.queue_id) AND (p.kind_id IS NULL OR k.kind_id = p.kind_id)
                        AND (p.brand_id IS NULL OR l.brand_id = p.brand_id)
                        AND (p.quota_id IS NULL OR l.quota_id = p.quota_id)
                    UNION ALL
                    SELECT
                    FROM jobs.queue q
                    CROSS JOIN generate_series(0, 4) AS level
                    CROSS JOIN LATERAL (
                        SELECT kind_id, brand_id, quota_id, worker FROM jobs.hot
                        WHERE queue_id = q.queue_id AND priority = level
                        ORDER BY ord
                        LIMIT CASE WHEN num_nonnulls(p.kind_id, p.brand_id, p.quota_id) = 0
                            THEN \(AdminStatements.countMax) ELSE \(AdminStatements.headMax) END) j
                    WHERE (p.queue_id IS NULL OR q.queue_id = p.queue_id) AND (p.kind_id IS NULL OR j.kind_id = p.kind_id)
                        AND (p.brand_id IS NULL OR j.brand_id = p.brand_id)
                        AND (p.quota_id IS NULL OR j.quota_id = p.quota_id)
                        AND j.worker = '00000000-0000-0000-0000-000000000000'
                    UNION ALL
                    SELECT
                    FROM jobs.queue q
                    CROSS JOIN LATERAL (
                        SELECT kind_id, brand_id FROM jobs.gate
                        WHERE queue_id = q.queue_id AND quota_id = p.quota_id AND NOT blocked
                        LIMIT \(AdminStatements.countMax)) g
                    WHERE (p.queue_id IS NULL OR q.queue_id = p.queue_id) AND (p.kind_id IS NULL OR g.kind_id = p.kind_id)
                        AND (p.brand_id IS NULL OR g.brand_id = p.brand_id)
                    LIMIT \(AdminStatements.countMax)) c) h
            WHERE p.until > siyu.clock()
            ORDER BY p.pause_id
            LIMIT 1000
            """, row: read)
    }

    /// The pauses that hold a job, without counts.
    static func pauses(holding id: UUID) -> Statement<JobPause> {
        Statement(
            """
            SELECT \(unsafeRaw: columns), 0::bigint, false
            FROM (
                SELECT queue_id, kind_id, brand_id, quota_id FROM jobs.later WHERE id = \(id)
                UNION ALL SELECT queue_id, kind_id, brand_id, quota_id FROM jobs.gate WHERE id = \(id)
                UNION ALL SELECT queue_id, kind_id, brand_id, quota_id FROM jobs.hot WHERE id = \(id)
            ) j
            JOIN jobs.pause p ON (p.queue_id IS NULL OR p.queue_id = j.queue_id)
                AND (p.kind_id IS NULL OR p.kind_id = j.kind_id) AND (p.brand_id IS NULL OR p.brand_id = j.brand_id)
                AND (p.quota_id IS NULL OR p.quota_id = j.quota_id)
            WHERE p.until > siyu.clock()
            ORDER BY p.pause_id
            LIMIT 100
            """, row: read)
    }

    /// A pause's columns, of a pause called p.
    private static let columns = """
        p.pause_id, (SELECT q.name FROM jobs.queue q WHERE q.queue_id = p.queue_id),
        (SELECT k.name FROM jobs.kind k WHERE k.kind_id = p.kind_id), p.brand_id,
        (SELECT u.name FROM jobs.quota u WHERE u.quota_id = p.quota_id), p.reason, p.author, p.paused_at,
        CASE WHEN p.until < 'infinity' THEN p.until END
        """

    @Sendable private static func read(_ row: inout RowReader) throws(PostgresError) -> JobPause {
        JobPause(
            id: try row.next(),
            scope: JobPauseScope(
                queue: try row.next(), kind: try row.next(), brand: try row.next(), quota: try row.next()),
            reason: try row.next(), author: try row.next(), pausedAt: try row.next(), until: try row.next(),
            held: try row.next(), isCapped: try row.next())
    }

    static func scope(of id: Int64) -> Statement<JobPauseScope> {
        Statement(
            """
            SELECT (SELECT q.name FROM jobs.queue q WHERE q.queue_id = p.queue_id),
                (SELECT k.name FROM jobs.kind k WHERE k.kind_id = p.kind_id), p.brand_id,
                (SELECT u.name FROM jobs.quota u WHERE u.quota_id = p.quota_id)
            FROM jobs.pause p
            WHERE p.pause_id = \(id) AND p.until > siyu.clock()
            """
        ) { row throws(PostgresError) in
            JobPauseScope(queue: try row.next(), kind: try row.next(), brand: try row.next(), quota: try row.next())
        }
    }

    static func pauses(of scope: ScopeNumbers) -> Statement<Int64> {
        Statement(
            """
            SELECT pause_id FROM jobs.pause
            WHERE queue_id IS NOT DISTINCT FROM \(scope.queue) AND kind_id IS NOT DISTINCT FROM \(scope.kind)
                AND brand_id IS NOT DISTINCT FROM \(scope.brand) AND quota_id IS NOT DISTINCT FROM \(scope.quota)
                AND until > siyu.clock()
            ORDER BY pause_id
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    /// How many jobs were set aside and are due now; no row if there is no such pause.
    static func resume(_ id: Int64) -> Statement<Int> {
        Statement("DELETE FROM jobs.pause WHERE pause_id = \(id) RETURNING jobs.unpause(pause)") {
            row throws(PostgresError) in try row.next()
        }
    }

    /// The queues that some worker works at present.
    static func workedQueues() -> Statement<String> {
        Statement(
            """
            SELECT q.name FROM jobs.queue q
            WHERE q.queue_id IN (SELECT unnest(w.queue_ids) FROM jobs.worker w WHERE w.idle)
            ORDER BY q.name
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    // MARK: Cancel

    struct Cancelled: Sendable {
        let id: UUID
        /// Whether its worker was asked to stop it, which takes a heartbeat.
        let wasRunning: Bool
    }

    static func cancel(_ ids: [UUID], author: String, reason: String) -> Statement<Cancelled> {
        Statement("SELECT id, was_running FROM jobs.cancel(\(ids), \(author), \(reason))") {
            row throws(PostgresError) in Cancelled(id: try row.next(), wasRunning: try row.next())
        }
    }

    static func idsOfKey(kind: Int32, key: String) -> Statement<[UUID]> {
        Statement("SELECT jobs.ids_of_key(\(kind), \(key))") { row throws(PostgresError) in try row.next() }
    }
}
