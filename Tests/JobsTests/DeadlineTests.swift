import Foundation
import Jobs
import Postgres
import Synchronization
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(2)))
struct DeadlineTests {
    @Test func job_pastItsDeadline_isDiscardedAsLateAndNotStarted() async throws {
        try await withTestDatabase { db in
            let queue = makeQueue(db)
            let seen = Collected<String>()
            queue.registerJob(parameters: Note.self) { note, _ in seen.add(note.text) }
            let late = try await queue.push(Note(text: "late"), options: .init(deadline: .seconds(60)))
            let early = try await queue.push(Note(text: "in time"), options: .init(deadline: .seconds(600)))
            // By the business clock, which in development is not the clock on the wall.
            try await db.run("UPDATE siyu.environment SET clock_offset = '2 minutes'")

            try await running(queue.processor(queues: ["tests"], options: .quick())) { try await db.drained() }

            #expect(seen.all == ["in time"])
            #expect(try await queue.job(early)?.record.state == .completed)
            let job = try #require(try await queue.job(late))
            #expect(job.record.state == .discarded)
            #expect(job.record.reason == "late")
            #expect(job.record.tries == 0)
            #expect(job.attempts.isEmpty)
        }
    }

    @Test func job_thatWaitsForASlotPastItsDeadline_isDiscardedAsLate() async throws {
        try await withTestDatabase { db in
            let queue = makeQueue(db)
            let seen = Collected<String>()
            let (first, second) = (TestSignal<Void>(), TestSignal<Void>())
            queue.registerJob(parameters: Note.self) { note, _ in
                seen.add(note.text)
                first.send()
                try await second.wait()
            }

            try await running(queue.processor(queues: ["tests"], options: .quick(concurrency: 1))) {
                try await queue.pool.transaction { tx in
                    try await queue.push(Note(text: "long"), on: tx)
                    try await queue.push(Note(text: "late"), options: .init(deadline: .milliseconds(200)), on: tx)
                }
                await queue.wake("tests")
                try await first.wait()
                // Both are claimed: the second waits in memory.
                try await eventually { try await db.count("jobs.hot", where: "claim_no > 0") == 2 }
                try await pass(.milliseconds(250))
                second.send()
                try await db.drained()
            }

            #expect(seen.all == ["long"])
            #expect(try await db.count("jobs.discarded", where: "reason = 'late'") == 1)
        }
    }

    @Test func deadline_ofADelayedJob_countsFromWhenItIsDue() async throws {
        try await withTestDatabase { db in
            let queue = makeQueue(db)
            let deadline = Mutex<Date?>(nil)
            queue.registerJob(parameters: Note.self) { _, context in deadline.withLock { $0 = context.deadline } }
            try await queue.push(Note(text: "a"), options: .init(delay: .seconds(3_600), deadline: .seconds(60)))
            let expected = Date().addingTimeInterval(3_660)
            try await db.run("UPDATE siyu.environment SET clock_offset = '1 hour 1 second'")

            try await running(queue.processor(queues: ["tests"], options: .quick())) { try await db.drained() }

            let told = try #require(deadline.withLock { $0 })
            #expect(abs(told.timeIntervalSince(expected)) < 30)
        }
    }
}
