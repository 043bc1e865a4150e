import Postgres

/// The SQL of the queue's benchmark: what it looks at, and the raw figures as pgbench takes them.
enum JobsBenchStatements {
    // MARK: Looking

    static func isDrained() -> Statement<Bool> {
        Statement("SELECT NOT EXISTS (SELECT FROM jobs.hot) AND NOT EXISTS (SELECT FROM jobs.later)") {
            row throws(PostgresError) in try row.next()
        }
    }

    static func doneCount() -> Statement<Int> {
        Statement("SELECT count(*) FROM jobs.done") { row throws(PostgresError) in try row.next() }
    }

    /// Bytes of WAL written so far.
    static func walPosition() -> Statement<Int> {
        Statement("SELECT (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::bigint") { row throws(PostgresError) in
            try row.next()
        }
    }

    static func addTupleStatistics() -> Statement<Void> {
        Statement("CREATE EXTENSION IF NOT EXISTS pgstattuple")
    }

    /// Dead row versions that are in the queue's tables now, counted and not estimated.
    static func deadTuples() -> Statement<Int> {
        Statement(
            """
            SELECT sum((public.pgstattuple(c.oid::regclass)).dead_tuple_count)::bigint
            FROM pg_class c
            WHERE c.relnamespace = 'jobs'::regnamespace AND c.relkind = 'r'
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    // MARK: Raw

    /// A queue as plain as it can be and still keep history: claimed by an UPDATE, done by another one.
    static func makeRawQueue() -> Statement<Void> {
        Statement(
            """
            DO $raw$
            BEGIN
                CREATE SCHEMA IF NOT EXISTS bench;
                DROP TABLE IF EXISTS bench.raw_job;
                CREATE TABLE bench.raw_job (
                    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, state smallint NOT NULL DEFAULT 0,
                    worker integer, leased_until timestamptz, enqueued_at timestamptz NOT NULL DEFAULT clock_timestamp(),
                    priority smallint NOT NULL DEFAULT 2, tries integer NOT NULL DEFAULT 0, payload bytea NOT NULL);
                CREATE INDEX raw_job_ready ON bench.raw_job (id) WHERE state = 0;
            END
            $raw$
            """)
    }

    static func fillRawQueue(_ count: Int) -> Statement<Void> {
        Statement(
            """
            INSERT INTO bench.raw_job (payload)
            SELECT '\\x7b226e756d626572223a31323334352c22776f7264223a22746561227d' FROM generate_series(1, \(count))
            """)
    }

    static func vacuumRawQueue() -> Statement<Void> { Statement("VACUUM (ANALYZE) bench.raw_job") }

    static func rawLeft() -> Statement<Int> {
        Statement("SELECT count(*) FROM bench.raw_job WHERE state <> 2") { row throws(PostgresError) in
            try row.next()
        }
    }

    /// Claims `limit` jobs in one transaction and notes them as done in the next.
    static func rawDrainScript(limit: Int) -> String {
        """
        WITH c AS (UPDATE bench.raw_job SET state = 1, worker = 1, leased_until = clock_timestamp() + INTERVAL '15 s' \
        WHERE id = ANY (ARRAY (SELECT id FROM bench.raw_job WHERE state = 0 ORDER BY id LIMIT \(limit) \
        FOR UPDATE SKIP LOCKED)) RETURNING id, payload) \
        SELECT coalesce(array_agg(id), '{}')::text AS ids, count(payload) AS n FROM c \\gset
        UPDATE bench.raw_job SET state = 2 WHERE id = ANY (:ids::bigint[]);

        """
    }

    /// Rows as COPY's text for the queue's own table.
    static func copyLines(_ count: Int, id: () -> String) -> String {
        var text = ""
        text.reserveCapacity(count * 120)
        for _ in 0..<count {
            text += "1\t1\t\(id())\t2\t0\t\\\\x7b226e756d626572223a31323334352c22776f7264223a22746561227d\n"
        }
        return text
    }

    static func copyCommand(file: String) -> String {
        "\\copy jobs.hot (queue_id, kind_id, id, priority, max_tries, payload) from '\(file)'"
    }
}
