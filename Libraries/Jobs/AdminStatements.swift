import FoundationEssentials
import Postgres

/// The statements of the operator's look: each reads a bounded number of rows, along an index.
enum AdminStatements {
    /// Rows counted, or looked at for a list, at most: neither must cost more because the backlog is large.
    static let countMax: Int32 = 10_001
    /// Rows at the head of a queue and priority among which the running ones are looked for: what is running was claimed
    /// from the head.
    static let headMax: Int32 = 2_001
    /// Failed runs that are looked up at most.
    static let failedMax: Int32 = 1_001
    /// Before all ids, and the worker of a job that nobody holds.
    static let zero = UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))
    /// After all ids.
    static let last = UUID(uuid: (255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255))

    /// Pins the plans of a transaction, and bounds its time.
    static let prepareLook = Statement<Void>(
        """
        SELECT set_config('enable_seqscan', 'off', true), set_config('enable_sort', 'off', true),
            set_config('jit', 'off', true), set_config('statement_timeout', '5s', true)
        """)

    // MARK: Figures

    /// Figures of all queues, or of one.
    static func statistics(queue: String?) -> Statement<JobQueueStatistics> {
        Statement(
            """
            SELECT q.name, p.paused_at, p.reason, least(h.ready, \(countMax))::bigint,
                least(h.running, \(countMax))::bigint, least(l.waiting + g.gated, \(countMax))::bigint, l.retrying,
                l.paused, l.unknown_kind, least(g.gated, \(countMax))::bigint, x.discarded,
                h.is_capped OR l.waiting >= \(countMax) OR g.is_capped OR x.discarded >= \(countMax),
                greatest(coalesce(clock_timestamp() - h.oldest, INTERVAL '0'), INTERVAL '0')
            FROM jobs.queue q
            CROSS JOIN LATERAL (
                SELECT sum(c.ready) AS ready, sum(c.running) AS running, min(c.oldest) AS oldest,
                    bool_or(c.ready + c.running >= \(countMax)) AS is_capped
                FROM generate_series(0, 4) AS level
                CROSS JOIN LATERAL (
                    SELECT count(*) FILTER (WHERE j.is_free) AS ready, count(*) FILTER (WHERE NOT j.is_free) AS running,
                        min(j.ready_at) FILTER (WHERE j.is_free) AS oldest
                    FROM (
                        SELECT worker = '00000000-0000-0000-0000-000000000000' AS is_free, ready_at
                        FROM jobs.hot WHERE queue_id = q.queue_id AND priority = level
                        ORDER BY ord LIMIT \(countMax)) j) c) h
            CROSS JOIN LATERAL (
                SELECT count(*) AS waiting, count(*) FILTER (WHERE c.reason IN ('retry', 'rescued')) AS retrying,
                    count(*) FILTER (WHERE c.reason = 'paused') AS paused,
                    count(*) FILTER (WHERE c.reason = 'unknown_kind') AS unknown_kind
                FROM (SELECT reason FROM jobs.later WHERE queue_id = q.queue_id LIMIT \(countMax)) c) l
            CROSS JOIN LATERAL (
                SELECT sum(c.n) AS gated, bool_or(c.n >= \(countMax)) AS is_capped
                FROM (
                    SELECT count(*) AS n
                    FROM (SELECT FROM jobs.gate WHERE queue_id = q.queue_id AND NOT blocked LIMIT \(countMax)) o
                    UNION ALL
                    SELECT count(*)
                    FROM (SELECT FROM jobs.gate WHERE queue_id = q.queue_id AND blocked LIMIT \(countMax)) b) c) g
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
                running: try row.next(), waiting: try row.next(), retrying: try row.next(), paused: try row.next(),
                unknownKind: try row.next(), gated: try row.next(), discarded: try row.next(),
                isCapped: try row.next(), oldestReadyAge: try row.next())
        }
    }

    struct Completed: Sendable {
        let queue: String
        let kind: String
        let jobs: Int
        let average: Double
        let longest: Double
    }

    /// Completions of the last moments, in the order in which they lie in the table.
    static func completed(within window: Duration) -> Statement<Completed> {
        Statement(
            """
            SELECT q.name, k.name, d.jobs, d.average, d.longest
            FROM (
                SELECT c.queue_id, c.kind_id, count(*) AS jobs, avg(c.took)::float8 AS average,
                    max(c.took)::float8 AS longest
                FROM (
                    SELECT queue_id, kind_id, extract(epoch FROM finished_at - started_at) AS took
                    FROM jobs.done WHERE finished_at > transaction_timestamp() - \(window) LIMIT \(countMax)) c
                GROUP BY c.queue_id, c.kind_id) d
            JOIN jobs.queue q ON q.queue_id = d.queue_id
            JOIN jobs.kind k ON k.kind_id = d.kind_id
            """
        ) { row throws(PostgresError) in
            Completed(
                queue: try row.next(), kind: try row.next(), jobs: try row.next(), average: try row.next(),
                longest: try row.next())
        }
    }

    struct Failed: Sendable {
        let queue: String
        let kind: String
        let runs: Int
    }

    static func failed(within window: Duration) -> Statement<Failed> {
        Statement(
            """
            SELECT q.name, k.name, f.runs
            FROM (
                SELECT j.queue_id, j.kind_id, count(*) AS runs
                FROM (
                    SELECT id FROM jobs.attempt WHERE failed_at > transaction_timestamp() - \(window)
                    LIMIT \(failedMax)) a
                CROSS JOIN LATERAL (
                    SELECT queue_id, kind_id FROM jobs.later WHERE id = a.id
                    UNION ALL SELECT queue_id, kind_id FROM jobs.hot WHERE id = a.id
                    UNION ALL SELECT queue_id, kind_id FROM jobs.gate WHERE id = a.id
                    UNION ALL SELECT queue_id, kind_id FROM jobs.discarded WHERE id = a.id
                    UNION ALL SELECT queue_id, kind_id FROM jobs.done WHERE id = a.id
                    LIMIT 1) j
                GROUP BY j.queue_id, j.kind_id) f
            JOIN jobs.queue q ON q.queue_id = f.queue_id
            JOIN jobs.kind k ON k.kind_id = f.kind_id
            """
        ) { row throws(PostgresError) in Failed(queue: try row.next(), kind: try row.next(), runs: try row.next()) }
    }

    /// Both together, by queue and kind.
    static func throughput(_ completed: [Completed], _ failed: [Failed], window: Duration) -> [JobThroughput] {
        struct Name: Hashable {
            let queue: String
            let kind: String
        }
        let done = Dictionary(completed.map { (Name(queue: $0.queue, kind: $0.kind), $0) }) { first, _ in first }
        let wrong = Dictionary(failed.map { (Name(queue: $0.queue, kind: $0.kind), $0.runs) }, uniquingKeysWith: +)
        let isCapped =
            completed.reduce(0) { $0 + $1.jobs } >= Int(countMax) || wrong.values.reduce(0, +) >= Int(failedMax)
        return Set(done.keys).union(wrong.keys).sorted { ($0.queue, $0.kind) < ($1.queue, $1.kind) }.map { name in
            let jobs = done[name]?.jobs ?? 0
            return JobThroughput(
                queue: name.queue, kind: name.kind, completed: jobs,
                completedPerSecond: Double(jobs) / window.inSeconds, averageRun: .seconds(done[name]?.average ?? 0),
                longestRun: .seconds(done[name]?.longest ?? 0), failed: wrong[name] ?? 0, window: window,
                isCapped: isCapped)
        }
    }

    static func horizon() -> Statement<JobHorizonHolder> {
        Statement(
            """
            SELECT h.kind, h.pid, h.name, h.usename, h.activity, h.transactions, h.age
            FROM (
                SELECT 'session' AS kind, pid, coalesce(nullif(application_name, ''), '(unnamed)') AS name,
                    usename::text, state AS activity, age(backend_xmin) AS transactions,
                    clock_timestamp() - xact_start AS age
                FROM pg_stat_activity
                WHERE backend_xmin IS NOT NULL AND pid <> pg_backend_pid()
                    AND (datname = current_database() OR datname IS NULL)
                UNION ALL
                SELECT 'prepared transaction', NULL, gid, owner::text, NULL, age(transaction),
                    clock_timestamp() - prepared
                FROM pg_prepared_xacts WHERE database = current_database()
                UNION ALL
                SELECT 'replication slot', NULL, slot_name::text, NULL, NULL, age(xmin), NULL
                FROM pg_replication_slots WHERE xmin IS NOT NULL
            ) h
            ORDER BY h.age DESC NULLS LAST, h.transactions DESC
            LIMIT 10
            """
        ) { row throws(PostgresError) in
            JobHorizonHolder(
                kind: try row.next(), processID: try row.next(), name: try row.next(), user: try row.next(),
                activity: try row.next(), transactions: try row.next(), age: try row.next())
        }
    }

    static func workers() -> Statement<JobWorkerStatus> {
        Statement(
            """
            WITH held AS MATERIALIZED (
                SELECT h.worker, count(*) AS jobs
                FROM \(unsafeRaw: heads) h
                WHERE h.worker <> '00000000-0000-0000-0000-000000000000'
                GROUP BY h.worker
            )
            SELECT w.worker_id, w.app, w.host, w.process_id,
                ARRAY (SELECT q.name FROM jobs.queue q WHERE q.queue_id = ANY (w.queue_ids) ORDER BY q.name),
                w.started_at, w.lease_until - clock_timestamp(), w.idle, coalesce(h.jobs, 0)
            FROM jobs.worker w
            LEFT JOIN held h ON h.worker = w.worker_id
            ORDER BY w.app, w.host, w.process_id, w.worker_id
            LIMIT 1000
            """
        ) { row throws(PostgresError) in
            JobWorkerStatus(
                worker: try row.next(), app: try row.next(), host: try row.next(), processID: try row.next(),
                queues: try row.next(), startedAt: try row.next(), leaseLeft: try row.next(), isIdle: try row.next(),
                running: try row.next())
        }
    }

    static func queues() -> Statement<String> {
        Statement("SELECT name FROM jobs.queue ORDER BY name LIMIT 1000") { row throws(PostgresError) in
            try row.next()
        }
    }

    static func kinds() -> Statement<String> {
        Statement("SELECT name FROM jobs.kind ORDER BY name LIMIT 1000") { row throws(PostgresError) in
            try row.next()
        }
    }

    static func discardedCounts() -> Statement<JobDiscardedCount> {
        Statement(
            """
            SELECT q.name, d.reason, d.jobs
            FROM jobs.queue q
            CROSS JOIN LATERAL (
                SELECT c.reason, count(*) AS jobs
                FROM (
                    SELECT reason FROM jobs.discarded WHERE queue_id = q.queue_id
                    ORDER BY discarded_at DESC, id DESC LIMIT \(countMax)) c
                GROUP BY c.reason) d
            ORDER BY q.name, d.reason
            """
        ) { row throws(PostgresError) in
            JobDiscardedCount(queue: try row.next(), reason: try row.next(), jobs: try row.next())
        }
    }

    // MARK: What keeps a job waiting

    static func aheadInQueue(of id: UUID) -> Statement<Int> {
        Statement(
            """
            SELECT count(*)
            FROM (
                SELECT
                FROM jobs.hot own
                JOIN jobs.hot o ON o.queue_id = own.queue_id AND (o.priority, o.ord) < (own.priority, own.ord)
                WHERE own.id = \(id) AND o.worker = '00000000-0000-0000-0000-000000000000'
                LIMIT \(countMax)) c
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    static func aheadAtGate(of id: UUID) -> Statement<Int> {
        Statement(
            """
            SELECT count(*)
            FROM (
                SELECT
                FROM jobs.gate own
                JOIN jobs.gate o ON o.queue_id = own.queue_id AND o.quota_id = own.quota_id
                    AND (o.priority, o.ord) < (own.priority, own.ord)
                WHERE own.id = \(id) AND NOT o.blocked
                LIMIT \(countMax)) c
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    static func aheadInLane(of id: UUID) -> Statement<Int> {
        Statement(
            """
            SELECT count(*)
            FROM (
                SELECT FROM jobs.gate own JOIN jobs.gate o ON o.lane = own.lane AND o.ord < own.ord WHERE own.id = \(id)
                UNION ALL
                SELECT FROM jobs.gate own JOIN jobs.hot h ON h.lane = own.lane WHERE own.id = \(id)
                UNION ALL
                SELECT FROM jobs.gate own JOIN jobs.later l ON l.lane = own.lane AND l.in_lane WHERE own.id = \(id)
                LIMIT \(countMax)) c
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    struct Need: Sendable {
        let id: UUID
        let state: JobState?
    }

    static func needs(of id: UUID) -> Statement<Need> {
        Statement(
            """
            SELECT d.needs, (
                SELECT CASE WHEN worker = '00000000-0000-0000-0000-000000000000' THEN 'ready' ELSE 'running' END
                FROM jobs.hot WHERE id = d.needs
                UNION ALL SELECT 'waiting' FROM jobs.later WHERE id = d.needs
                UNION ALL SELECT 'waiting' FROM jobs.gate WHERE id = d.needs
                UNION ALL SELECT 'discarded' FROM jobs.discarded WHERE id = d.needs
                UNION ALL SELECT 'completed' FROM jobs.done WHERE id = d.needs
                LIMIT 1)
            FROM jobs.dependency d
            WHERE d.job_id = \(id)
            ORDER BY d.needs
            LIMIT 1000
            """
        ) { row throws(PostgresError) in Need(id: try row.next(), state: try row.next()) }
    }

    static func attempts(of id: UUID) -> Statement<JobAttempt> {
        Statement(
            """
            SELECT run_no, failed_at, error, worker FROM jobs.attempt WHERE id = \(id)
            ORDER BY run_no, failed_at LIMIT 1000
            """
        ) { row throws(PostgresError) in
            JobAttempt(
                runNumber: try row.next(), failedAt: try row.next(), error: try row.next(), worker: try row.next())
        }
    }

    // MARK: Audit

    static func audit(before: Int64, limit: Int32) -> Statement<JobAuditEntry> {
        Statement(
            """
            SELECT audit_id, at, author, action, target, reason, jobs FROM jobs.audit
            WHERE audit_id < \(before) ORDER BY audit_id DESC LIMIT \(limit)
            """
        ) { row throws(PostgresError) in
            JobAuditEntry(
                id: try row.next(), at: try row.next(), author: try row.next(), action: try row.next(),
                target: try row.next(), reason: try row.next(), jobs: try row.next())
        }
    }

    /// Writes down what somebody did.
    static func note(_ act: JobAct, _ action: String, _ target: String, jobs: Int) -> Statement<Void> {
        Statement(
            """
            INSERT INTO jobs.audit (author, action, target, reason, jobs)
            VALUES (\(act.author), \(action), \(target), \(act.reason), \(jobs))
            """)
    }
}
