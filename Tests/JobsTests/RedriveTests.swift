import Foundation
import Postgres
import TestSupport
import Testing

@testable import Jobs

/// Jobs that were given up, and their way back.
@Suite(.timeLimit(.minutes(1)))
struct RedriveTests {
    /// Discarded jobs without the work of running them: `count` for each of the specs, a second apart.
    private func discard(
        _ db: TestDatabase, _ count: Int, kind: String = "test.note", reason: String = "exhausted",
        brand: UUID? = nil, error: String = "timed out", at: String = "2026-01-01"
    ) async throws {
        let brand = brand.map { "'\($0.uuidString)'::uuid" } ?? "NULL"
        try await db.run(
            """
            INSERT INTO jobs.kind (name) VALUES ('\(kind)') ON CONFLICT DO NOTHING;
            INSERT INTO jobs.discarded (id, queue_id, kind_id, discarded_at, enqueued_at, run_no, tries, crashes, priority,
                max_tries, brand_id, reason, last_error, payload)
            SELECT gen_random_uuid(), q.queue_id, k.kind_id, '\(at)'::timestamptz + n * INTERVAL '1 s', '\(at)', 3, 3, 0, 2, 0,
                \(brand), '\(reason)', '\(error)', '{"text":"again","number":1}'
            FROM generate_series(1, \(count)) n, jobs.queue q, jobs.kind k
            WHERE q.name = 'tests' AND k.name = '\(kind)'
            """)
    }

    private func makeTestsQueue(_ db: TestDatabase) async throws -> JobQueue {
        try await db.run("INSERT INTO jobs.queue (name) VALUES ('tests')")
        return makeQueue(db, as: .operator)
    }

    @Test func redrive_dryRun_countsAndMovesNothing() async throws {
        try await withTestDatabase { db in
            let queue = try await makeTestsQueue(db)
            let brand = UUID()
            try await discard(db, 1_500)
            try await discard(db, 700, kind: "test.other", reason: "poison", brand: brand, at: "2026-02-01")

            let report = try await queue.redrive(.init(), dryRun: true, perSecond: 100, author: "Li", reason: "x")

            #expect(report.found == 2_200)
            #expect(report.redriven == 0)
            #expect(
                report.groups == [
                    .init(kind: "test.note", reason: "exhausted", jobs: 1_500),
                    .init(kind: "test.other", reason: "poison", jobs: 700),
                ])
            #expect(report.brands == [.init(brand: nil, jobs: 1_500), .init(brand: brand, jobs: 700)])
            #expect(report.oldest?.ISO8601Format() == "2026-01-01T00:00:01Z")
            #expect(report.newest?.ISO8601Format() == "2026-02-01T00:11:40Z")
            #expect(report.spread == .milliseconds(21_990))
            #expect(try await db.count("jobs.discarded") == 2_200)
            #expect(try await db.count("jobs.audit") == 0)
        }
    }

    @Test func redrive_byEachFilter_movesThoseThatFitAlone() async throws {
        try await withTestDatabase { db in
            let queue = try await makeTestsQueue(db)
            let brand = UUID()
            try await discard(db, 1)
            try await discard(db, 2, kind: "test.other")
            try await discard(db, 4, reason: "poison")
            try await discard(db, 8, brand: brand)
            try await discard(db, 16, error: "WeChat Pay: 500")
            try await discard(db, 32, at: "2026-03-01")

            func found(_ filter: JobRedriveFilter) async throws -> Int {
                let listed = try await queue.discarded(filter, limit: 1_000)
                let report = try await queue.redrive(filter, dryRun: true, author: "Li", reason: "x")
                #expect(listed.jobs.count == report.found)
                #expect(listed.next == nil)
                return report.found
            }
            #expect(try await found(.init(kind: "test.other")) == 2)
            #expect(try await found(.init(reason: .poison)) == 4)
            #expect(try await found(.init(brand: brand)) == 8)
            #expect(try await found(.init(errorPrefix: "WeChat Pay")) == 16)
            #expect(try await found(.init(errorPrefix: "Chat")) == 0)
            let march = try Date("2026-03-01T00:00:00Z", strategy: .iso8601)
            #expect(try await found(.init(from: march)) == 32)
            #expect(try await found(.init(to: march)) == 31)
            #expect(try await found(.init(queue: "tests")) == 63)
            #expect(try await found(.init(queue: "nowhere")) == 0)

            let moved = try await queue.redrive(
                .init(errorPrefix: "WeChat Pay", limit: 10), dryRun: false, author: "Li", reason: "back")
            #expect(moved.found == 10)
            #expect(moved.redriven == 10)
            #expect(try await db.count("jobs.later", where: "reason = 'redriven' AND tries = 0 AND run_no = 3") == 10)
            #expect(try await db.count("jobs.discarded") == 53)
        }
    }

    @Test func redrive_ofMany_goesInBitesAtTheGivenRate() async throws {
        try await withTestDatabase { db in
            let queue = try await makeTestsQueue(db)
            try await discard(db, 2_500)

            let report = try await queue.redrive(.init(), dryRun: false, perSecond: 10, author: "Li", reason: "back")

            #expect(report.redriven == 2_500)
            #expect(report.spread == .milliseconds(249_900))
            let entries = try await queue.audit()
            #expect(entries.map(\.jobs) == [500, 1_000, 1_000])
            #expect(entries.allSatisfy { $0.action == "redrive" && $0.target == "all discarded jobs" })
            // One in each tenth of a second, the bites one after another; a bite's own moment comes on top.
            let spread = try await db.superuser.one(
                Peek.text("SELECT extract(epoch FROM max(due_at) - min(due_at))::text FROM jobs.later"))
            #expect((249.9...259).contains(Double(spread) ?? 0))
            let crowded = try await db.superuser.run(
                Peek.text(
                    "SELECT count(*)::text FROM jobs.later GROUP BY date_trunc('second', due_at) HAVING count(*) > 12"))
            #expect(crowded.isEmpty)
        }
    }

    @Test func redrive_ofTwoWithOneUniqueKey_movesOne() async throws {
        try await withTestDatabase { db in
            let queue = try await makeTestsQueue(db)
            try await discard(db, 2)
            try await db.run("UPDATE jobs.discarded SET uniq = 'k'")

            let report = try await queue.redrive(.init(), dryRun: false, author: "Li", reason: "back")

            #expect(report.found == 2)
            #expect(report.redriven == 1)
            #expect(try await db.count("jobs.discarded") == 1)
        }
    }

    @Test func redrive_jobs_runAgain() async throws {
        try await withTestDatabase { db in
            let queue = try await makeTestsQueue(db)
            let seen = Collected<String>()
            let worker = makeQueue(db)
            worker.registerJob(parameters: Note.self) { note, _ in seen.add(note.text) }
            try await discard(db, 3)

            try await running(worker.processor(queues: ["tests"], options: .quick())) {
                _ = try await queue.redrive(.init(), dryRun: false, author: "Li", reason: "back")
                try await db.drained()
            }

            #expect(seen.all == ["again", "again", "again"])
        }
    }

    @Test func discarded_inPages_comeLatestFirstWithoutGaps() async throws {
        try await withTestDatabase { db in
            let queue = try await makeTestsQueue(db)
            try await db.run("INSERT INTO jobs.queue (name) VALUES ('others')")
            try await discard(db, 30)
            try await db.run(
                "UPDATE jobs.discarded SET queue_id = 2 WHERE extract(second FROM discarded_at)::integer % 3 = 0")

            var dates: [Date] = []
            var after: JobCursor?
            repeat {
                let page = try await queue.discarded(after: after, limit: 7)
                dates += page.jobs.compactMap(\.at)
                after = page.next.flatMap { JobCursor($0.description) }
                #expect(after == page.next)
            } while after != nil

            #expect(dates.count == 30)
            #expect(dates == Set(dates).sorted(by: >))
        }
    }

    // MARK: Cancel

    @Test func cancel_ofQueuedAndRunningJobs_saysWhatBecameOfEach() async throws {
        try await withTestDatabase { db in
            let queue = makeQueue(db)
            let operators = makeQueue(db, as: .operator)
            let isRunning = TestSignal<Void>()
            let mayEnd = TestSignal<Void>()
            queue.registerJob(parameters: Note.self) { _, _ in
                isRunning.send(())
                try await mayEnd.wait()
            }
            let running = try await queue.push(Note(text: "runs"), options: .init(key: "order 7"))
            try await JobsTests.running(queue.processor(queues: ["tests"], options: .quick(concurrency: 1))) {
                try await isRunning.wait()
                let delayed = try await queue.push(
                    Note(text: "then"), options: .init(delay: .seconds(60), key: "order 7"))
                let other = try await queue.push(
                    Note(text: "other"), options: .init(delay: .seconds(60), key: "order 8"))
                let unknown = JobID(rawValue: UUID())

                #expect(try await operators.jobs(kind: "test.note", key: "order 7").map(\.id) == [running, delayed])
                let ended = try await operators.cancel(
                    kind: "test.note", key: "order 7", author: "Li", reason: "pushed twice")
                #expect(ended == JobCancellation(cancelled: [delayed], stopping: [running], ended: []))
                let again = try await operators.cancel([delayed, unknown], author: "Li", reason: "x")
                #expect(again == JobCancellation(cancelled: [], stopping: [], ended: [delayed, unknown]))

                #expect(try await operators.job(delayed)?.record.error == "cancelled by Li: pushed twice")
                #expect(try await operators.job(other)?.record.state == .waiting)
                try await eventually { try await operators.job(running)?.record.state == .discarded }
                #expect(try await operators.job(running)?.record.error == "cancelled by Li: pushed twice")
            }
            #expect(try await operators.audit().map(\.jobs) == [2])
        }
    }

    @Test func cancel_byAProgramInItsTransaction_needsNoOperator() async throws {
        try await withTestDatabase { db in
            let queue = makeQueue(db, as: .gifts)
            let job = try await queue.push(Note(text: "x"), options: .init(delay: .seconds(60), key: "gift 1"))

            _ = try await queue.pool.transaction { transaction in
                try await queue.cancel(Note.self, key: "gift 1", reason: "redeemed", on: transaction)
            }

            #expect(try await queue.job(job)?.record.error == "cancelled by the program: redeemed")
            #expect(try await db.count("jobs.audit") == 0)
        }
    }
}
