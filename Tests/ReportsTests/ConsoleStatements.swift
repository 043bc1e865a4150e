import Foundation
import Postgres

/// The SQL of the console's fixture: jobs of every state, as workers would have left them.
enum ConsoleStatements {
    static func addQueue(_ name: String) -> Statement<Int32> {
        Statement("INSERT INTO jobs.queue (name) VALUES (\(name)) RETURNING queue_id") { row throws(PostgresError) in
            try row.next()
        }
    }

    static func addKind(_ name: String) -> Statement<Int32> {
        Statement("INSERT INTO jobs.kind (name) VALUES (\(name)) RETURNING kind_id") { row throws(PostgresError) in
            try row.next()
        }
    }

    static func ready(_ id: UUID, queue: Int32, kind: Int32) -> Statement<Void> {
        Statement(
            """
            INSERT INTO jobs.hot (queue_id, kind_id, id, priority, payload, ready_at)
            VALUES (\(queue), \(kind), \(id), 2, 'the secret of somebody', clock_timestamp() - INTERVAL '3 minutes')
            """)
    }

    /// Held by a worker that lives for an hour.
    static func running(_ id: UUID, queue: Int32, kind: Int32) -> Statement<Void> {
        Statement(
            """
            WITH worker AS (
                INSERT INTO jobs.worker (worker_id, app, host, process_id, queue_ids, lease_until)
                VALUES (gen_random_uuid(), 'siyu-gifts', 'db1', 4711, ARRAY[\(queue)::integer],
                    clock_timestamp() + INTERVAL '1 hour')
                RETURNING worker_id
            )
            INSERT INTO jobs.hot (queue_id, kind_id, id, priority, payload, worker, claim_no, claimed_at, run_no)
            SELECT \(queue), \(kind), \(id), 2, 'the secret of somebody', worker_id, 1,
                clock_timestamp() - INTERVAL '90 seconds', 1
            FROM worker
            """)
    }

    static func waiting(_ id: UUID, queue: Int32, kind: Int32, reason: String) -> Statement<Void> {
        Statement(
            """
            INSERT INTO jobs.later (id, queue_id, kind_id, due_at, priority, reason, payload, tries, run_no)
            VALUES (\(id), \(queue), \(kind), clock_timestamp() + INTERVAL '1 hour', 2, \(reason),
                'the secret of somebody', 1, 1)
            """)
    }

    static func discarded(
        _ ids: [UUID], queue: Int32, kind: Int32, reason: String, error: String
    ) -> Statement<Void> {
        Statement(
            """
            INSERT INTO jobs.discarded (
                id, queue_id, kind_id, discarded_at, enqueued_at, run_no, tries, crashes, priority, max_tries, reason,
                last_error, payload)
            SELECT i.id, \(queue), \(kind), clock_timestamp() - i.n * INTERVAL '1 second', clock_timestamp(), 2, 2, 0, 2,
                2, \(reason), \(error), 'the secret of somebody'
            FROM unnest(\(ids)) WITH ORDINALITY AS i (id, n)
            """)
    }

    /// Schedules by the names `schedule 01` and so on; the first fires in a hundred years, the second is paused.
    static func addSchedules(_ count: Int) -> Statement<Void> {
        Statement(
            """
            INSERT INTO jobs.schedule (
                name, rule, queue, kind, catch_up, settled_to, next_fire_at, paused_at, pause_reason, pause_author)
            SELECT 'schedule ' || lpad(n::text, 2, '0'), '0 8 * * * Asia/Shanghai', 'payments', 'refund.settle', 'latest',
                '2026-01-01', timestamptz '2126-01-01 08:00 Asia/Shanghai' + (n - 1) * INTERVAL '1 day',
                CASE n WHEN 2 THEN clock_timestamp() END, CASE n WHEN 2 THEN 'stocktaking' END,
                CASE n WHEN 2 THEN 'Li Wei' END
            FROM generate_series(1, \(count)) n
            """)
    }

    /// Quotas by the names `quota 01` and so on: one at once, twenty a second.
    static func addQuotas(_ count: Int) -> Statement<Void> {
        Statement(
            """
            INSERT INTO jobs.quota (name, running_max, rate_interval, burst)
            SELECT 'quota ' || lpad(n::text, 2, '0'), 1, INTERVAL '50 ms', 3 FROM generate_series(1, \(count)) n
            """)
    }

    /// A job that a quota let in.
    static func running(of quota: String, queue: Int32, kind: Int32) -> Statement<Void> {
        Statement(
            """
            INSERT INTO jobs.hot (queue_id, kind_id, id, priority, payload, ready_at, quota_id)
            SELECT \(queue), \(kind), gen_random_uuid(), 2, 'the secret of somebody', clock_timestamp(), quota_id
            FROM jobs.quota WHERE name = \(quota)
            """)
    }

    static func attempt(_ id: UUID, run: Int32, error: String) -> Statement<Void> {
        Statement(
            "INSERT INTO jobs.attempt (id, run_no, worker, error) VALUES (\(id), \(run), gen_random_uuid(), \(error))")
    }

    /// Keeps everybody away from the discarded jobs until the transaction ends.
    static let lockDiscarded = Statement<Void>("LOCK TABLE jobs.discarded IN ACCESS EXCLUSIVE MODE")

    /// What the console still runs in the server.
    static let consoleAtWork = Statement<Int>(
        """
        SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND application_name LIKE '%console' AND state = 'active'
        """
    ) { row throws(PostgresError) in try row.next() }

    static func place(of id: UUID) -> Statement<String> {
        Statement(
            """
            SELECT 'hot' FROM jobs.hot WHERE id = \(id) UNION ALL SELECT 'later' FROM jobs.later WHERE id = \(id)
            UNION ALL SELECT 'discarded' FROM jobs.discarded WHERE id = \(id)
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    static let audit = Statement<String>(
        "SELECT author || '|' || action || '|' || target || '|' || reason || '|' || jobs FROM jobs.audit ORDER BY audit_id"
    ) { row throws(PostgresError) in try row.next() }
}
