import FoundationEssentials
import Postgres

/// The statements of lists of jobs: one for each table, since a list of all of them cannot walk along an index.
extension AdminStatements {
    /// Where a list's jobs come from.
    enum Source: Sendable {
        /// Ready and running.
        case hot
        case ready
        /// Running: what the heads of the queues hold.
        case heads
        case later, gate, done, discarded

        static func showing(_ state: JobState?) -> [Source] {
            switch state {
            case nil: [.hot, .later, .gate, .done, .discarded]
            case .ready: [.ready]
            case .running: [.heads]
            case .waiting: [.later, .gate]
            case .completed: [.done]
            case .discarded: [.discarded]
            }
        }

        var table: String {
            switch self {
            case .hot, .ready: "jobs.hot"
            case .heads: AdminStatements.heads
            case .later: "jobs.later"
            case .gate: "jobs.gate"
            case .done: "jobs.done"
            case .discarded: "jobs.discarded"
            }
        }

        /// What a record is read from, under the same names for all.
        var columns: String {
            switch self {
            case .hot, .ready, .heads:
                """
                id, queue_id, kind_id, NULL AS reason, priority, run_no, tries, crashes, brand_id, key, lane, quota_id,
                CASE WHEN worker = '00000000-0000-0000-0000-000000000000' THEN 'ready' ELSE 'running' END AS state,
                CASE WHEN worker = '00000000-0000-0000-0000-000000000000' THEN ready_at ELSE claimed_at END AS at,
                enqueued_at, deadline_at, NULL AS error
                """
            case .later:
                """
                id, queue_id, kind_id, reason, priority, run_no, tries, crashes, brand_id, key, lane, quota_id,
                'waiting' AS state, CASE WHEN due_at < 'infinity' THEN due_at END AS at, enqueued_at, deadline_at,
                NULL AS error
                """
            case .gate:
                """
                id, queue_id, kind_id, CASE WHEN blocked THEN 'lane' ELSE 'gate' END AS reason, priority, run_no, tries,
                crashes, brand_id, key, lane, nullif(quota_id, 0) AS quota_id, 'waiting' AS state, ready_at AS at,
                enqueued_at, deadline_at, NULL AS error
                """
            case .done:
                """
                id, queue_id, kind_id, NULL AS reason, NULL::smallint AS priority, run_no, tries,
                NULL::smallint AS crashes, brand_id, NULL AS key, NULL AS lane, NULL::integer AS quota_id,
                'completed' AS state, finished_at AS at, enqueued_at, NULL::timestamptz AS deadline_at, NULL AS error
                """
            case .discarded:
                """
                id, queue_id, kind_id, reason, priority, run_no, tries, crashes, brand_id, key, lane, quota_id,
                'discarded' AS state, discarded_at AS at, enqueued_at, deadline_at, last_error AS error
                """
            }
        }
    }

    /// The first rows of each queue and priority.
    static let heads = """
        (SELECT j.* FROM jobs.queue q CROSS JOIN generate_series(0, 4) AS level CROSS JOIN LATERAL (
            SELECT * FROM jobs.hot WHERE queue_id = q.queue_id AND priority = level ORDER BY ord LIMIT \(headMax)) j)
        """

    /// A record's columns, of a job called s.
    static let record = """
        s.id, (SELECT k.name FROM jobs.kind k WHERE k.kind_id = s.kind_id),
        (SELECT q.name FROM jobs.queue q WHERE q.queue_id = s.queue_id), s.state, s.reason, s.priority, s.run_no, s.tries,
        s.crashes, s.brand_id, s.key, s.lane, (SELECT u.name FROM jobs.quota u WHERE u.quota_id = s.quota_id),
        s.enqueued_at, s.at, s.deadline_at, s.error
        """

    @Sendable static func readRecord(_ row: inout RowReader) throws(PostgresError) -> JobRecord {
        JobRecord(
            id: try row.next(), name: try row.next(), queue: try row.next(), state: try row.next(),
            reason: try row.next(), priority: try row.next(), runNumber: try row.next(), tries: try row.next(),
            crashes: try row.next(), brand: try row.next(), key: try row.next(), lane: try row.next(),
            quota: try row.next(), enqueuedAt: try row.next(), at: try row.next(), deadlineAt: try row.next(),
            error: try row.next())
    }

    /// A filter by the numbers of its names.
    struct Scope: Sendable {
        let queue: Int32?
        let kind: Int32?
        let brand: UUID?

        /// Nil where a name is unknown: then there are no such jobs.
        init?(_ filter: JobFilter, on transaction: Transaction) async throws(PostgresError) {
            var numbers: (queue: Int32?, kind: Int32?)
            if let name = filter.queue {
                numbers.queue = try await transaction.first(JobStatements.queueID(name))
                if numbers.queue == nil { return nil }
            }
            if let name = filter.kind {
                numbers.kind = try await transaction.first(JobStatements.kindID(name))
                if numbers.kind == nil { return nil }
            }
            queue = numbers.queue
            kind = numbers.kind
            brand = filter.brand
        }

        /// Whether a table holds jobs that the list does not show.
        func narrows(_ source: Source) -> Bool { source == .ready || queue != nil || kind != nil || brand != nil }
    }

    /// A look at a part of a list.
    struct Look: Sendable {
        let scope: Scope
        let after: UUID?
        let newestFirst: Bool
        let limit: Int32

        var start: UUID { after ?? (newestFirst ? AdminStatements.last : AdminStatements.zero) }
        var beyond: String { newestFirst ? "<" : ">" }
        var order: String { newestFirst ? "DESC" : "ASC" }
    }

    /// What is found among the next rows of a table; stops as soon as there are enough.
    static func jobs(in source: Source, _ look: Look) -> Statement<JobRecord> {
        Statement(
            """
            SELECT \(unsafeRaw: record)
            FROM (
                SELECT \(unsafeRaw: source.columns) FROM \(unsafeRaw: source.table) t
                WHERE id \(unsafeRaw: look.beyond) \(look.start) ORDER BY id \(unsafeRaw: look.order) LIMIT \(countMax)) s
            WHERE (\(look.scope.queue)::integer IS NULL OR s.queue_id = \(look.scope.queue))
                AND (\(look.scope.kind)::integer IS NULL OR s.kind_id = \(look.scope.kind))
                AND (\(look.scope.brand)::uuid IS NULL OR s.brand_id = \(look.scope.brand))
                \(unsafeRaw: source == .ready ? "AND s.state = 'ready'" : "")
                \(unsafeRaw: source == .heads ? "AND s.state = 'running'" : "")
            ORDER BY s.id \(unsafeRaw: look.order)
            LIMIT \(look.limit)
            """, row: readRecord)
    }

    /// The last row that ``jobs(in:_:)`` looked at; none if it reached the table's end.
    static func end(of source: Source, _ look: Look) -> Statement<UUID> {
        Statement(
            """
            SELECT id FROM \(unsafeRaw: source.table)
            WHERE id \(unsafeRaw: look.beyond) \(look.start)
            ORDER BY id \(unsafeRaw: look.order) LIMIT 1 OFFSET \(countMax - 1)
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    /// Jobs by their kind and business key.
    static func jobs(in source: Source, kind: Int32, key: String) -> Statement<JobRecord> {
        Statement(
            """
            SELECT \(unsafeRaw: record)
            FROM (
                SELECT \(unsafeRaw: source.columns) FROM \(unsafeRaw: source.table)
                WHERE kind_id = \(kind) AND key = \(key) LIMIT 250) s
            """, row: readRecord)
    }

    /// One job, wherever it is.
    static func job(_ id: UUID) -> Statement<JobRecord> {
        Statement(
            """
            SELECT \(unsafeRaw: record)
            FROM (SELECT \(unsafeRaw: Source.hot.columns) FROM jobs.hot WHERE id = \(id)) s
            UNION ALL
            SELECT \(unsafeRaw: record)
            FROM (SELECT \(unsafeRaw: Source.later.columns) FROM jobs.later WHERE id = \(id)) s
            UNION ALL
            SELECT \(unsafeRaw: record)
            FROM (SELECT \(unsafeRaw: Source.gate.columns) FROM jobs.gate WHERE id = \(id)) s
            UNION ALL
            SELECT \(unsafeRaw: record)
            FROM (SELECT \(unsafeRaw: Source.discarded.columns) FROM jobs.discarded WHERE id = \(id)) s
            UNION ALL
            SELECT \(unsafeRaw: record)
            FROM (SELECT \(unsafeRaw: Source.done.columns) FROM jobs.done WHERE id = \(id)) s
            LIMIT 1
            """, row: readRecord)
    }

    /// Running jobs by the time at which they were claimed, or the running job of an id.
    static func running(queue: String?, id: UUID?, after: JobCursor?, limit: Int32) -> Statement<RunningJob> {
        Statement(
            """
            SELECT \(unsafeRaw: record), s.worker, w.app, w.host, w.process_id, clock_timestamp() - s.at, c.done, c.total,
                c.note, EXISTS (SELECT FROM jobs.cancellation x WHERE x.job_id = s.id)
            FROM (
                SELECT \(unsafeRaw: Source.hot.columns), worker FROM \(unsafeRaw: id == nil ? heads : "jobs.hot") t
                WHERE id \(unsafeRaw: id == nil ? ">" : "=") \(id ?? zero)
                    AND worker <> '00000000-0000-0000-0000-000000000000') s
            LEFT JOIN jobs.worker w ON w.worker_id = s.worker
            LEFT JOIN jobs.checkpoint c ON c.job_id = s.id
            WHERE (\(queue)::text IS NULL OR s.queue_id = (SELECT u.queue_id FROM jobs.queue u WHERE u.name = \(queue)))
                AND (s.at, s.id) > (coalesce(\(after?.at), '-infinity'), \(after?.id.rawValue ?? zero))
            ORDER BY s.at, s.id
            LIMIT \(limit)
            """
        ) { row throws(PostgresError) in
            RunningJob(
                record: try readRecord(&row), worker: try row.next(), app: try row.next(), host: try row.next(),
                processID: try row.next(), runningFor: try row.next(), done: try row.next(), total: try row.next(),
                note: try row.next(), isBeingCancelled: try row.next())
        }
    }

    /// Discarded jobs of a queue, those discarded last first; stops as soon as there are enough.
    static func discarded(
        queue: Int32, _ filter: JobRedriveFilter, kind: Int32?, after: JobCursor?, limit: Int32
    ) -> Statement<JobRecord> {
        Statement(
            """
            SELECT \(unsafeRaw: record)
            FROM (
                SELECT \(unsafeRaw: Source.discarded.columns) FROM jobs.discarded
                WHERE queue_id = \(queue) AND discarded_at >= coalesce(\(filter.from), '-infinity')
                    AND (discarded_at, id) < (coalesce(\(after?.at), \(filter.to), 'infinity'), \(after?.id.rawValue ?? zero))
                ORDER BY discarded_at DESC, id DESC LIMIT \(countMax)) s
            WHERE (\(kind)::integer IS NULL OR s.kind_id = \(kind))
                AND (\(filter.reason?.rawValue)::text IS NULL OR s.reason = \(filter.reason?.rawValue))
                AND (\(filter.brand)::uuid IS NULL OR s.brand_id = \(filter.brand))
                AND (\(filter.errorPrefix)::text IS NULL OR starts_with(s.error, \(filter.errorPrefix)))
            ORDER BY s.at DESC, s.id DESC
            LIMIT \(limit)
            """, row: readRecord)
    }

    /// The last row that ``discarded(queue:_:kind:after:limit:)`` looked at; none if it reached the end.
    static func endOfDiscarded(
        queue: Int32, _ filter: JobRedriveFilter, after: JobCursor?
    ) -> Statement<JobCursor> {
        Statement(
            """
            SELECT discarded_at, id FROM jobs.discarded
            WHERE queue_id = \(queue) AND discarded_at >= coalesce(\(filter.from), '-infinity')
                AND (discarded_at, id) < (coalesce(\(after?.at), \(filter.to), 'infinity'), \(after?.id.rawValue ?? zero))
            ORDER BY discarded_at DESC, id DESC LIMIT 1 OFFSET \(countMax - 1)
            """
        ) { row throws(PostgresError) in JobCursor(at: try row.next(), id: try row.next()) }
    }
}
