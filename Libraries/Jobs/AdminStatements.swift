import FoundationEssentials
import Postgres

/// The statements of the operator's view and hand.
enum AdminStatements {
    /// Rows counted at most: a count must not cost more because the backlog is large.
    static let countMax: Int32 = 10_001

    /// Figures of all queues, or of one.
    static func statistics(queue: String?) -> Statement<JobQueueStatistics> {
        Statement(
            """
            SELECT q.name, p.paused_at, p.reason, h.ready, h.running, l.waiting + g.waiting, x.discarded,
                h.ready + h.running >= \(countMax) OR l.waiting >= \(countMax) OR g.waiting >= \(countMax)
                    OR x.discarded >= \(countMax),
                GREATEST(COALESCE(clock_timestamp() - h.oldest, INTERVAL '0'), INTERVAL '0')
            FROM jobs.queue q
            CROSS JOIN LATERAL (
                SELECT count(*) FILTER (WHERE c.is_free) AS ready, count(*) FILTER (WHERE NOT c.is_free) AS running,
                    min(c.ready_at) FILTER (WHERE c.is_free) AS oldest
                FROM (
                    SELECT worker = '00000000-0000-0000-0000-000000000000' AS is_free, ready_at
                    FROM jobs.hot WHERE queue_id = q.queue_id
                    ORDER BY priority, ord LIMIT \(countMax)) c) h
            CROSS JOIN LATERAL (
                SELECT count(*) AS waiting
                FROM (SELECT FROM jobs.later WHERE queue_id = q.queue_id LIMIT \(countMax)) c) l
            CROSS JOIN LATERAL (
                SELECT count(*) AS waiting
                FROM (SELECT FROM jobs.gate WHERE queue_id = q.queue_id LIMIT \(countMax)) c) g
            CROSS JOIN LATERAL (
                SELECT count(*) AS discarded
                FROM (SELECT FROM jobs.discarded WHERE queue_id = q.queue_id LIMIT \(countMax)) c) x
            LEFT JOIN LATERAL (
                SELECT paused_at, reason FROM jobs.pause
                WHERE queue_id = q.queue_id AND kind_id IS NULL AND brand_id IS NULL AND quota_id IS NULL
                    AND until > siyu.clock()
                ORDER BY pause_id LIMIT 1) p ON true
            WHERE \(queue)::text IS NULL OR q.name = \(queue)
            ORDER BY q.name
            """
        ) { row throws(PostgresError) in
            JobQueueStatistics(
                queue: try row.next(), pausedAt: try row.next(), pauseReason: try row.next(), ready: try row.next(),
                running: try row.next(), waiting: try row.next(), discarded: try row.next(),
                isCapped: try row.next(), oldestReadyAge: try row.next())
        }
    }

    /// Jobs of a queue in a state, or the one job of an id; newest ids last, `after` an id.
    static func jobs(
        queue: String?, state: JobState?, id: UUID?, after: UUID?, limit: Int32
    ) -> Statement<JobRecord> {
        Statement(
            """
            SELECT j.id, k.name, q.name, j.state, j.reason, j.priority, j.run_no, j.tries, j.crashes, j.brand_id,
                j.enqueued_at, j.at, j.error
            FROM (
                (SELECT id, queue_id, kind_id, 'ready' AS state, NULL AS reason, priority, run_no, tries, crashes,
                    brand_id, enqueued_at, ready_at AS at, NULL AS error
                FROM jobs.hot
                WHERE worker = '00000000-0000-0000-0000-000000000000'
                    AND (\(state)::text IS NULL OR \(state) = 'ready'))
                UNION ALL
                (SELECT id, queue_id, kind_id, 'running', NULL, priority, run_no, tries, crashes, brand_id,
                    enqueued_at, claimed_at, NULL
                FROM jobs.hot
                WHERE worker <> '00000000-0000-0000-0000-000000000000'
                    AND (\(state)::text IS NULL OR \(state) = 'running'))
                UNION ALL
                (SELECT id, queue_id, kind_id, 'waiting', reason, priority, run_no, tries, crashes, brand_id,
                    enqueued_at, due_at, NULL
                FROM jobs.later WHERE \(state)::text IS NULL OR \(state) = 'waiting')
                UNION ALL
                (SELECT id, queue_id, kind_id, 'waiting', CASE WHEN blocked THEN 'lane' ELSE 'gate' END, priority,
                    run_no, tries, crashes, brand_id, enqueued_at, ready_at, NULL
                FROM jobs.gate WHERE \(state)::text IS NULL OR \(state) = 'waiting')
                UNION ALL
                (SELECT id, queue_id, kind_id, 'completed', NULL, NULL, run_no, tries, NULL, brand_id,
                    enqueued_at, finished_at, NULL
                FROM jobs.done WHERE \(state)::text IS NULL OR \(state) = 'completed')
                UNION ALL
                (SELECT id, queue_id, kind_id, 'discarded', reason, priority, run_no, tries, crashes, brand_id,
                    enqueued_at, discarded_at, last_error
                FROM jobs.discarded WHERE \(state)::text IS NULL OR \(state) = 'discarded')
            ) j
            JOIN jobs.kind k ON k.kind_id = j.kind_id
            JOIN jobs.queue q ON q.queue_id = j.queue_id
            WHERE (\(queue)::text IS NULL OR q.name = \(queue)) AND (\(id)::uuid IS NULL OR j.id = \(id))
                AND (\(after)::uuid IS NULL OR j.id > \(after))
            ORDER BY j.id
            LIMIT \(limit)
            """
        ) { row throws(PostgresError) in
            JobRecord(
                id: try row.next(), name: try row.next(), queue: try row.next(), state: try row.next(),
                reason: try row.next(), priority: try row.next(), runNumber: try row.next(), tries: try row.next(),
                crashes: try row.next(), brand: try row.next(), enqueuedAt: try row.next(), at: try row.next(),
                error: try row.next())
        }
    }

    static func attempts(of id: UUID) -> Statement<JobAttempt> {
        Statement("SELECT run_no, failed_at, error FROM jobs.attempt WHERE id = \(id) ORDER BY run_no, failed_at") {
            row throws(PostgresError) in
            JobAttempt(runNumber: try row.next(), failedAt: try row.next(), error: try row.next())
        }
    }

    /// A discarded job begins anew: its tries and crashes are forgiven, its run number goes on.
    static func revive(_ ids: [UUID], spacing: Duration) -> Statement<UUID> {
        Statement("SELECT r FROM jobs.revive(\(ids), \(spacing)) r") { row throws(PostgresError) in try row.next() }
    }

    static func queue(of id: UUID) -> Statement<String> {
        Statement(
            """
            SELECT q.name FROM jobs.later l JOIN jobs.queue q ON q.queue_id = l.queue_id WHERE l.id = \(id)
            """
        ) { row throws(PostgresError) in try row.next() }
    }

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

    static func pause(_ queue: String, reason: String, author: String) -> Statement<Void> {
        Statement(
            """
            INSERT INTO jobs.pause (queue_id, reason, author)
            SELECT queue_id, \(reason), \(author) FROM jobs.queue WHERE name = \(queue)
            """)
    }

    /// Ends the pauses of a whole queue.
    static func resume(_ queue: String) -> Statement<Void> {
        Statement(
            """
            WITH ended AS (
                DELETE FROM jobs.pause
                WHERE queue_id = (SELECT queue_id FROM jobs.queue WHERE name = \(queue)) AND kind_id IS NULL
                    AND brand_id IS NULL AND quota_id IS NULL
                RETURNING jobs.unpause(pause)
            )
            SELECT FROM jobs.queue WHERE name = \(queue)
            """)
    }
}
