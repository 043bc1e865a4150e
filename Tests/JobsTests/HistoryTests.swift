import Foundation
import Jobs
import Postgres
import TestSupport
import Testing

/// The history lies in one table for each day.
@Suite(.timeLimit(.minutes(1)))
struct HistoryTests {
    private static let week = Duration.seconds(7 * 86_400)

    private func tables(_ db: TestDatabase, _ parent: String) async throws -> [String] {
        try await db.superuser.run(
            Peek.text("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = '\(parent)'::regclass"))
    }

    @Test func history_ofToday_liesInTodaysTable() async throws {
        try await withTestDatabase { db in
            let queue = makeQueue(db)
            queue.registerJob(parameters: Note.self) { _, _ in }
            try await queue.forgetHistory(completedBefore: Self.week, failedBefore: Self.week)
            try await queue.push(Note(text: "tea"))

            try await running(queue.processor(queues: ["tests"], options: .quick())) { try await db.drained() }

            #expect(try await tables(db, "jobs.done").count == 5)
            #expect(try await db.count("jobs.done") == 1)
            #expect(try await db.count("jobs.done_rest") == 0)
        }
    }

    @Test func history_ofOldDays_isDroppedAndYoungerOnesStay() async throws {
        try await withTestDatabase { db in
            let queue = makeQueue(db)
            try await db.run(
                """
                CREATE TABLE jobs.done_20200101 PARTITION OF jobs.done FOR VALUES FROM ('2020-01-01') TO ('2020-01-02');
                INSERT INTO jobs.done (id, queue_id, kind_id, run_no, tries, worker, enqueued_at, started_at, finished_at)
                SELECT gen_random_uuid(), 1, 1, 1, 0, gen_random_uuid(), at, at, at
                FROM unnest(ARRAY['2020-01-01 12:00', '2020-02-01 12:00', now() - '1 day'::interval]::timestamptz[]) at
                """)

            try await queue.forgetHistory(completedBefore: Self.week, failedBefore: Self.week)

            #expect(try await !tables(db, "jobs.done").contains("jobs.done_20200101"))
            #expect(try await db.count("jobs.done") == 1)
        }
    }

    @Test func history_thatSomebodyReads_makesNobodyWaitAndGoesLater() async throws {
        try await withTestDatabase { db in
            let queue = makeQueue(db)
            queue.registerJob(parameters: Note.self) { _, _ in }
            try await db.run(
                "CREATE TABLE jobs.done_20200101 PARTITION OF jobs.done FOR VALUES FROM ('2020-01-01') TO ('2020-01-02')"
            )
            let reading = TestSignal<Void>()
            let enough = TestSignal<Void>()
            let reader = Task {
                try await db.superuser.transaction { transaction in
                    _ = try await transaction.run(Peek.count("jobs.done"))
                    reading.send(())
                    try await enough.wait()
                }
            }
            try await reading.wait()
            try await queue.push(Note(text: "tea"))

            try await running(queue.processor(queues: ["tests"], options: .quick())) {
                try await queue.forgetHistory(completedBefore: Self.week, failedBefore: Self.week)
                try await db.drained(within: .seconds(5))
            }
            #expect(try await tables(db, "jobs.done").contains("jobs.done_20200101"))

            enough.send(())
            try await reader.value
            try await queue.forgetHistory(completedBefore: Self.week, failedBefore: Self.week)
            #expect(try await !tables(db, "jobs.done").contains("jobs.done_20200101"))
        }
    }
}
