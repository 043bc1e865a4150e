import CrashWorker
import Foundation
import Glibc
import Jobs
import Postgres
import TestSupport
import Testing

/// Jobs over a range of keys.
@Suite(.timeLimit(.minutes(4)))
struct SetJobTests {
    /// Marks the rows of a part of the test's table.
    private struct Sweep: JobParameters {
        static let jobName = "test.sweep"
        static let jobQueue = "tests"
        var after: Int
        var through: Int
    }

    private enum Rows {
        /// One chunk: the keys after the cursor, each counted once more; the last of them.
        static func work(after cursor: Int, through end: Int, limit: Int) -> Statement<Int> {
            Statement(
                """
                WITH chunk AS (
                    SELECT id FROM public.thing WHERE id > \(cursor) AND id <= \(end) ORDER BY id LIMIT \(limit)
                ), worked AS (
                    UPDATE public.thing t SET times = times + 1 FROM chunk c WHERE t.id = c.id
                )
                SELECT id FROM chunk ORDER BY id DESC LIMIT 1
                """
            ) { row throws(PostgresError) in try row.next() }
        }
    }

    private func makeTable(_ db: TestDatabase, rows: Int) async throws {
        try await db.run(
            """
            CREATE TABLE public.thing (id bigint PRIMARY KEY, times integer NOT NULL DEFAULT 0) WITH (fillfactor = 50);
            INSERT INTO public.thing SELECT n FROM generate_series(1, \(rows)) n;
            GRANT SELECT, UPDATE ON public.thing TO siyu_worker;
            GRANT USAGE ON SCHEMA public TO siyu_worker;
            """)
    }

    /// A process that works sweeps off; `chunk` is told the number of each chunk that was begun in it.
    private func makeProcess(
        _ db: TestDatabase, limit: Int, as role: TestRole = .ingest,
        chunk: @escaping @Sendable (Int, JobContext) async throws -> Void = { _, _ in }
    ) -> JobQueue {
        let queue = makeQueue(db, as: role)
        let begun = Collected<Void>()
        queue.registerJob(parameters: Sweep.self) { sweep, context in
            try await context.forEachChunk(from: sweep.after) { transaction, cursor in
                begun.add(())
                try await chunk(begun.count, context)
                return try await transaction.first(Rows.work(after: cursor, through: sweep.through, limit: limit))
            }
        }
        return queue
    }

    private func expectEachRowOnce(_ db: TestDatabase, _ rows: Int) async throws {
        let counts = try await db.superuser.one(
            Peek.text("SELECT count(*) || ' ' || min(times) || ' ' || max(times) FROM public.thing"))
        #expect(counts == "\(rows) 1 1")
    }

    @Test func forEachChunk_handedOverByAShutdown_isGoneOnWithWithoutATryLost() async throws {
        try await withTestDatabase { db in
            try await makeTable(db, rows: 10_000)
            let third = TestSignal<Void>()
            let first = makeProcess(db, limit: 100) { number, context in
                guard number == 3 else { return }
                third.send()
                // The third chunk ends during the shutdown; a fourth one is not begun.
                try await eventually { context.isShuttingDown }
            }
            let id = try await first.push(Sweep(after: 0, through: 10_000), options: .init(maxTries: 1))

            try await running(first.processor(queues: ["tests"], options: .quick())) { try await third.wait() }
            let job = try #require(try await first.job(id))
            #expect(job.record.state == .ready && job.record.tries == 0)
            #expect(try await first.progress(of: id)?.done == 3)
            #expect(try await db.count("public.thing", where: "times = 1") == 300)

            let second = makeProcess(db, limit: 100)
            try await running(second.processor(queues: ["tests"], options: .quick())) { try await db.drained() }
            try await expectEachRowOnce(db, 10_000)
            #expect(try await db.count("jobs.checkpoint") == 0)
        }
    }

    @Test func forEachChunk_whoseProcessIsCancelledInTheMiddle_doesEveryRowOnce() async throws {
        try await withTestDatabase { db in
            try await makeTable(db, rows: 20_000)
            // Some chunks are cut off before their commit, in other processes each time.
            for round in 1...3 {
                let reached = TestSignal<Void>()
                let process = makeProcess(db, limit: 500) { number, _ in
                    guard number == 4 + round else { return }
                    reached.send()
                    try await pass(.seconds(60))
                }
                if round == 1 { try await process.push(Sweep(after: 0, through: 20_000)) }
                try await withThrowingTaskGroup(of: Void.self) { group in
                    let processor = process.processor(queues: ["tests"], options: .quick())
                    group.addTask { try await processor.run() }
                    try await reached.wait()
                    group.cancelAll()
                    try await group.waitForAll()
                }
            }
            let last = makeProcess(db, limit: 500)
            try await running(last.processor(queues: ["tests"], options: .quick())) { try await db.drained() }
            try await expectEachRowOnce(db, 20_000)
        }
    }

    @Test func forEachChunk_whoseConnectionsAreCut_doesEveryRowOnceInOneRun() async throws {
        try await withTestDatabase { db in
            try await makeTable(db, rows: 20_000)
            let process = makeProcess(db, limit: 200)

            let id = try await running(process.processor(queues: ["tests"], options: .quick(lease: .seconds(5)))) {
                let id = try await process.push(Sweep(after: 0, through: 20_000))
                for _ in 0..<4 {
                    try await pass(.milliseconds(60))
                    try await db.run(
                        """
                        SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                        WHERE usename = 'siyu_ingest' AND datname = current_database()
                        """)
                }
                try await db.drained()
                return id
            }

            try await expectEachRowOnce(db, 20_000)
            #expect(try await process.job(id)?.record.tries == 0)
        }
    }

    @Test func forEachChunk_ofPartsInSeveralProcesses_doesEveryRowOnce() async throws {
        try await withTestDatabase { db in
            try await makeTable(db, rows: 20_000)
            let processes = [makeProcess(db, limit: 300), makeProcess(db, limit: 300)]
            let parts = stride(from: 0, to: 20_000, by: 2_500).map { Sweep(after: $0, through: $0 + 2_500) }
            try await processes[0].pool.transaction { transaction in
                _ = try await processes[0].push(contentsOf: parts, on: transaction)
            }
            let processors = processes.map { $0.processor(queues: ["tests"], options: .quick(concurrency: 2)) }

            try await running(processors[0], processors[1]) { try await db.drained() }

            try await expectEachRowOnce(db, 20_000)
        }
    }

    /// A process that is lost after the last chunk and before the job is completed.
    @Test func forEachChunk_thatWasAtItsEnd_doesNothingInTheNextRun() async throws {
        struct Late: Error {}
        try await withTestDatabase { db in
            try await makeTable(db, rows: 1_000)
            let queue = makeQueue(db)
            queue.registerJob(parameters: Sweep.self, retryStrategy: .exponentialJitter(minBackoff: .milliseconds(10)))
            {
                sweep, context in
                try await context.forEachChunk(from: sweep.after, total: 1_000) { transaction, cursor in
                    let next = try await transaction.first(Rows.work(after: cursor, through: sweep.through, limit: 400))
                    return (next, next.map { $0 - cursor } ?? 0)
                }
                if context.attempt == 1 { throw Late() }
                try await context.complete { _ in }
            }

            try await running(queue.processor(queues: ["tests"], options: .quick())) {
                let id = try await queue.push(Sweep(after: 0, through: 1_000))
                try await eventually { try await queue.job(id)?.record.tries == 1 }
                try await db.drained()
            }

            try await expectEachRowOnce(db, 1_000)
            #expect(try await db.count("jobs.checkpoint") == 0)
        }
    }

    /// Real processes, killed more often than a job that gets nothing done would survive.
    @Test func forEachChunk_whoseProcessesAreKilled_doesEveryRowOnce() async throws {
        try await withTestDatabase { db in
            try await makeTable(db, rows: 20_000)
            let queue = makeQueue(db)
            let id = try await queue.push(CrashSweep(through: 20_000))
            var done = 0
            for _ in 1...4 {
                let process = try CrashProcess(db.conninfo(as: .ingest), lease: 1)
                try await eventually { try await queue.progress(of: id)?.done ?? 0 >= done + 20 }
                process.signal(SIGKILL)
                try await process.ended()
                done = try await queue.progress(of: id)?.done ?? 0
            }
            #expect(done < 400, "it was still under way when the last one was killed")

            let last = try CrashProcess(db.conninfo(as: .ingest), lease: 1)
            try await db.drained()
            #expect(try await last.shutDown())

            try await expectEachRowOnce(db, 20_000)
            #expect(try await queue.job(id)?.record.state == .completed)
            #expect(try await queue.job(id)?.record.runNumber == 5)
        }
    }

    /// A job of hours outlives more processes than one that never gets anything done.
    @Test func forEachChunk_thatAdvances_isForgivenEarlierCrashes() async throws {
        try await withTestDatabase { db in
            try await makeTable(db, rows: 500)
            let crashes = Collected<Int>()
            let process = makeProcess(db, limit: 100) { _, _ in
                crashes.add(try await db.superuser.one(Peek.count("jobs.hot", where: "crashes > 1")))
            }
            try await process.push(Sweep(after: 0, through: 500))
            try await db.run("UPDATE jobs.hot SET crashes = 2")

            try await running(process.processor(queues: ["tests"], options: .quick())) { try await db.drained() }

            #expect(crashes.all == [1, 0, 0, 0, 0, 0])
            try await expectEachRowOnce(db, 500)
        }
    }

    /// SIYU_MEASURE=1: a million rows as one job; prints rows per second.
    @Test(.enabled(if: ProcessInfo.processInfo.environment["SIYU_MEASURE"] != nil))
    func forEachChunk_overAMillionRows_isOneJob() async throws {
        try await withTestDatabase { db in
            try await makeTable(db, rows: 1_000_000)
            try await db.run("VACUUM ANALYZE public.thing")
            let process = makeProcess(db, limit: 1_000)
            let startedAt = ContinuousClock.now
            try await running(process.processor(queues: ["tests"], options: .quick())) {
                try await process.push(Sweep(after: 0, through: 1_000_000))
                try await db.drained(within: .seconds(180))
            }
            let seconds = (ContinuousClock.now - startedAt) / .seconds(1)
            print("1,000,000 rows in chunks of 1,000: \(seconds) s, \(Int(1_000_000 / seconds)) rows/s")
            try await expectEachRowOnce(db, 1_000_000)
            #expect(try await db.count("jobs.done") == 1)
        }
    }
}
