import Postgres

/// The SQL of the benchmarks.
///
/// Names of databases cannot be parameters; they are made by us.
enum BenchStatements {
    static func create(_ name: String) -> Statement<Void> {
        Statement("CREATE DATABASE \(unsafeRaw: name)")
    }

    static func drop(_ name: String) -> Statement<Void> {
        Statement("DROP DATABASE IF EXISTS \(unsafeRaw: name) WITH (FORCE)")
    }

    /// What `pgbench -S` asks.
    static func balance(_ account: Int32) -> Statement<Int32> {
        Statement("SELECT abalance FROM public.pgbench_accounts WHERE aid = \(account)") { row throws(PostgresError) in
            try row.next()
        }
    }

    /// The same question in pgbench's language, `count` times in one pipeline.
    static func pipelineScript(accounts: Int, count: Int) -> String {
        let line = "SELECT abalance FROM public.pgbench_accounts WHERE aid = :aid;\n"
        return "\\set aid random(1, \(accounts))\n\\startpipeline\n"
            + String(repeating: line, count: count) + "\\endpipeline\n"
    }

    // MARK: The queue, as pgbench runs it

    private static let rawWorker = "00000000-0000-0000-0000-0000000000b1"

    static func emptyQueue() -> Statement<Void> {
        Statement("TRUNCATE jobs.hot, jobs.later, jobs.done, jobs.attempt, jobs.discarded")
    }

    static func vacuumQueue() -> Statement<Void> {
        Statement("VACUUM (ANALYZE) jobs.hot")
    }

    static func queueDepth() -> Statement<Int> {
        Statement("SELECT count(*) FROM jobs.hot") { row throws(PostgresError) in try row.next() }
    }

    static func queueID(_ name: String) -> Statement<Int32> {
        Statement("SELECT queue_id FROM jobs.queue WHERE name = \(name)") { row throws(PostgresError) in try row.next()
        }
    }

    static func registerRawWorker() -> Statement<Void> {
        Statement(
            """
            INSERT INTO jobs.worker (worker_id, app, host, process_id, queue_ids, lease_until)
            VALUES ('\(unsafeRaw: rawWorker)', 'pgbench', 'bench', 0, '{}', clock_timestamp() + INTERVAL '1 hour')
            ON CONFLICT (worker_id) DO UPDATE SET lease_until = excluded.lease_until
            """)
    }

    static func insertScript(count: Int) -> String {
        """
        INSERT INTO jobs.hot (queue_id, kind_id, id, priority, payload)
        SELECT 1, 1, gen_random_uuid(), 2, '\\x7b226e756d626572223a317d' FROM generate_series(1, \(count));

        """
    }

    /// Claims and acknowledges with the queue's own functions; `floor` is the place after the last claimed job.
    static func drainScript(queue: Int32, limit: Int) -> String {
        """
        BEGIN;
        SELECT set_config('synchronous_commit', 'off', true);
        SELECT COALESCE(array_agg(id), '{}')::text AS ids, COALESCE(array_agg(1), '{}')::text AS claims, \
        COALESCE(max(ord), 0) + 1 AS floor \
        FROM jobs.claim('\(rawWorker)', 1, \(queue), ARRAY[0, 0, :floor, 0, 0]::bigint[], \(limit)) \\gset
        SELECT jobs.ack('\(rawWorker)', :ids::uuid[], :claims::bigint[]);
        COMMIT;

        """
    }

    // MARK: The import

    /// A table like the orders', with the same indexes and checks.
    static func makeBareTable() -> Statement<Void> {
        Statement(
            """
            DO $bare$
            BEGIN
                CREATE SCHEMA IF NOT EXISTS bench;
                DROP TABLE IF EXISTS bench.bare;
                CREATE TABLE bench.bare (LIKE orders.customer_order INCLUDING ALL);
            END
            $bare$
            """)
    }

    /// A table of codes as whoever keeps them as rows must have it.
    static func makeCodeTable() -> Statement<Void> {
        Statement(
            """
            DO $code$
            BEGIN
                CREATE SCHEMA IF NOT EXISTS bench;
                DROP TABLE IF EXISTS bench.code;
                CREATE TABLE bench.code (code_index bigint NOT NULL, code text NOT NULL UNIQUE);
            END
            $code$
            """)
    }

    /// The orders of the brand that was made last.
    static let lastBrandsOrders =
        "SELECT o.* FROM orders.customer_order o WHERE o.brand_id = "
        + "(SELECT b.brand_id FROM siyu.brand b ORDER BY b.created_at DESC LIMIT 1)"

    /// What the figures were taken on, for whoever compares them.
    static func server() -> Statement<String> {
        Statement(
            """
            SELECT 'PostgreSQL ' || current_setting('server_version') || ', fsync ' || current_setting('fsync')
                || ', synchronous_commit ' || current_setting('synchronous_commit')
                || ', shared_buffers ' || current_setting('shared_buffers')
            """
        ) { row throws(PostgresError) in try row.next() }
    }
}
