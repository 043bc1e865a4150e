import Foundation
import Jobs
import Postgres
import TestSupport
import Testing

/// A job of a chosen size.
private struct Load: JobParameters {
    static let jobName = "test.load"
    static let jobQueue = "tests"
    var fill: String
}

@Suite(.timeLimit(.minutes(3)))
struct StorageTests {
    private static let count = 20_000

    @Test(arguments: [24, 120, 400])
    func claim_ofTwentyThousandJobs_staysHot(_ payloadBytes: Int) async throws {
        try await withTestDatabase { db in
            let queue = makeQueue(db)
            queue.registerJob(parameters: Load.self) { _, _ in }
            let load = Load(fill: String(repeating: "x", count: payloadBytes - #"{"fill":""}"#.utf8.count))
            _ = try await queue.pool.transaction { transaction in
                try await queue.push(contentsOf: Array(repeating: load, count: Self.count), on: transaction)
            }
            let length = try await db.superuser.one(Peek.text("SELECT max(length(payload))::text FROM jobs.hot"))

            let second = makeQueue(db, as: .reports)
            second.registerJob(parameters: Load.self) { _, _ in }
            try await running(
                queue.processor(queues: ["tests"], options: .quick(lease: .seconds(15))),
                second.processor(queues: ["tests"], options: .quick(lease: .seconds(15)))
            ) {
                try await db.drained(within: .seconds(60))
            }

            #expect(length == "\(payloadBytes)")
            #expect(try await db.count("jobs.done") == Self.count)
            // The servers that did the work have ended, so that their figures are in.
            try await eventually { try await Self.updates(db).all >= Self.count }
            let updates = try await Self.updates(db)
            #expect(Double(updates.hot) / Double(updates.all) >= 0.99, "\(updates)")
        }
    }

    /// Neither autovacuum nor a later claim comes by: what is cleared was cleared by the look.
    ///
    /// A second worker's claim walks over what the first one holds, and clears its pages once before the ack; of jobs of
    /// several hundred bytes too few fit on a page for that to be made up for.
    @Test(arguments: [(24, true), (120, true), (400, false)])
    func tidy_ofPagesWhoseJobsEnded_clearsThem(_ payloadBytes: Int, isWalkedOver: Bool) async throws {
        let (worker, other, batch) = (UUID(), UUID(), 400)
        try await withTestDatabase { db in
            try await db.run(
                """
                CREATE EXTENSION pgstattuple;
                ALTER TABLE jobs.hot SET (autovacuum_enabled = false);
                INSERT INTO jobs.queue (name) VALUES ('a');
                INSERT INTO jobs.kind (name) VALUES ('k');
                INSERT INTO jobs.hot (queue_id, kind_id, id, priority, payload)
                SELECT 1, 1, gen_random_uuid(), 2, convert_to(repeat('x', \(payloadBytes)), 'UTF8')
                FROM generate_series(1, 2000);
                SELECT jobs.register('\(worker)', '\(UUID())', 'a', 'h', 1, '{1}', '1 minute');
                SELECT jobs.register('\(other)', '\(UUID())', 'a', 'h', 1, '{1}', '1 minute')
                """)
            for round in 1...5 {
                try await db.run(
                    """
                    CREATE TABLE public.claimed AS
                    SELECT * FROM jobs.claim('\(worker)', \(round), 1, '{0,0,\((round - 1) * batch + 1),0,0}', \(batch));
                    SELECT count(*) FROM jobs.claim('\(other)', \(round), 1, '{0,0,0,0,0}', 1) WHERE \(isWalkedOver);
                    SELECT jobs.ack('\(worker)', array_agg(id), array_agg(\(round)::bigint), array_agg(place))
                    FROM public.claimed;
                    SELECT jobs.tidy('{"(0,0)"}', '{"(1000000,0)"}');
                    DROP TABLE public.claimed
                    """)
            }

            #expect(try await db.count("jobs.hot", where: "worker <> '\(other)'") == 0)
            let dead = try await db.superuser.one(
                Statement<Int>("SELECT dead_tuple_count FROM pgstattuple('jobs.hot')") { row throws(PostgresError) in
                    try row.next()
                })
            #expect(dead <= 200)
        }
    }

    @Test func ack_ofJobsThatMovedOrAreAnothers_completesThoseThatAreOurs() async throws {
        let (worker, other) = (UUID(), UUID())
        try await withTestDatabase { db in
            try await db.run(
                """
                INSERT INTO jobs.queue (name) VALUES ('a');
                INSERT INTO jobs.kind (name) VALUES ('k');
                INSERT INTO jobs.hot (queue_id, kind_id, id, priority, payload)
                SELECT 1, 1, gen_random_uuid(), 2, 'x' FROM generate_series(1, 5);
                SELECT jobs.register('\(worker)', '\(UUID())', 'a', 'h', 1, '{1}', '1 minute');
                CREATE TABLE public.claimed AS SELECT * FROM jobs.claim('\(worker)', 1, 1, '{0,0,0,0,0}', 5);
                UPDATE jobs.hot SET marks = 2 WHERE ord = (SELECT min(ord) FROM public.claimed);
                UPDATE jobs.hot SET worker = '\(other)' WHERE ord = (SELECT max(ord) FROM public.claimed)
                """)

            let lost = try await db.superuser.one(
                Peek.text(
                    """
                    SELECT (jobs.ack('\(worker)', array_agg(id), array_agg(1::bigint), array_agg(place))
                        = ARRAY (SELECT id FROM public.claimed ORDER BY ord DESC LIMIT 1))::text FROM public.claimed
                    """))

            #expect(lost == "true")
            #expect(try await db.count("jobs.done") == 4)
            #expect(try await db.count("jobs.hot") == 1)
        }
    }

    private static func updates(_ db: TestDatabase) async throws -> (all: Int, hot: Int) {
        try await db.superuser.one(
            Statement("SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relid = 'jobs.hot'::regclass") {
                row throws(PostgresError) in (all: try row.next(), hot: try row.next())
            })
    }

    /// The planner is told that the tables are empty, or that they are as they were before all was worked off: whatever it
    /// believes, taking a hundred jobs must touch some hundreds of rows, not the queue.
    @Test(arguments: ["empty", "full"])
    func claimAndAck_underWrongStatistics_neverSortOrScanTheQueue(_ belief: String) async throws {
        let worker = UUID()
        try await withTestDatabase { db in
            try await db.run(
                """
                ALTER TABLE jobs.hot SET (autovacuum_enabled = false);
                ALTER TABLE jobs.later SET (autovacuum_enabled = false);
                INSERT INTO jobs.queue (name) VALUES ('a'), ('b');
                INSERT INTO jobs.kind (name) VALUES ('k')
                """)
            if belief == "empty" { try await db.run("ANALYZE jobs.hot, jobs.later") }
            try await db.run(
                """
                INSERT INTO jobs.hot (queue_id, kind_id, id, priority, payload)
                SELECT 1 + n % 2, 1, gen_random_uuid(), 2, 'x' FROM generate_series(1, 100000) n;
                INSERT INTO jobs.later (queue_id, kind_id, id, due_at, priority, reason, payload)
                SELECT 1, 1, gen_random_uuid(), clock_timestamp() + n * INTERVAL '1 ms', 2, 'delayed', 'x'
                FROM generate_series(-500, 100000) n
                """)
            if belief == "full" {
                try await db.run(
                    """
                    ANALYZE jobs.hot, jobs.later;
                    DELETE FROM jobs.hot WHERE queue_id = 2
                    """)
            }
            try await db.run("SELECT jobs.register('\(worker)', '\(UUID())', 'a', 'h', 1, '{1}', '1 minute')")

            // More than five rounds: a cached plan may change after the fifth.
            for round in 1...8 {
                let touched = try await Self.exchange(worker, round, on: db.pool(as: .ingest, connectionsMax: 1))

                #expect(touched.answer == "100/0")
                #expect(touched.scans == 0, "round \(round)")
                #expect(touched.fetched < 1_000, "round \(round): \(touched.fetched) rows")
            }
        }
    }

    private struct Touched: Sendable {
        /// Jobs claimed and acked, and those of them that the ack did not find.
        var answer: String
        var scans: Int
        var fetched: Int
    }

    /// One exchange as a worker makes it, in a transaction, with what the server counted in it.
    private static func exchange(_ worker: UUID, _ round: Int, on pool: Pool) async throws -> Touched {
        try await pool.transaction { transaction in
            try await transaction.execute(Peek.raw("SELECT p FROM jobs.promote(100) p"))
            let answer = try await transaction.one(
                Peek.text(
                    """
                    SELECT count(*) || '/' || cardinality(
                        jobs.ack('\(worker)', array_agg(id), array_agg(\(round)::bigint), array_agg(place)))
                    FROM jobs.claim('\(worker)', \(round), 1, '{0,0,0,0,0}', 100)
                    """))
            return try await transaction.one(
                Statement(
                    """
                    SELECT sum(seq_scan)::bigint, sum(idx_tup_fetch)::bigint FROM pg_stat_xact_user_tables
                    WHERE relid IN ('jobs.hot'::regclass, 'jobs.later'::regclass)
                    """
                ) { row throws(PostgresError) in
                    Touched(answer: answer, scans: try row.next(), fetched: try row.next())
                })
        }
    }
}
