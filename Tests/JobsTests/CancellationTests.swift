import Foundation
import Jobs
import Postgres
import Synchronization
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(2)))
struct CancellationTests {
    /// With a lease of five minutes a heartbeat would come after one: only the notification is soon enough.
    @Test(arguments: [(true, Duration.seconds(300)), (false, .seconds(2))])
    func cancel_ofARunningJob_interruptsItAndDiscardsItWithAuthorAndReason(
        usesNotifications: Bool, lease: Duration
    ) async throws {
        try await withTestDatabase { db in
            let queue = makeQueue(db, options: .init(usesNotifications: usesNotifications))
            let operators = makeQueue(db, as: .operator)
            let started = TestSignal<Void>()
            queue.registerJob(parameters: Note.self) { _, _ in
                started.send()
                try await untilCancelled()
            }
            let id = try await queue.push(Note(text: "endless"))

            try await running(queue.processor(queues: ["tests"], options: .quick(concurrency: 1, lease: lease))) {
                try await started.wait()
                try await eventually(within: .seconds(20)) {
                    // Asked again until the worker listens: a notification that nobody hears is lost.
                    _ = try await operators.cancel([id], author: "li.wei", reason: "wrong shop")
                    return try await queue.job(id)?.record.state == .discarded
                }
            }

            let job = try #require(try await queue.job(id))
            #expect(job.record.reason == "cancelled")
            #expect(job.record.error == "cancelled by li.wei: wrong shop")
            #expect(job.attempts.isEmpty)
            #expect(try await db.count("jobs.cancellation") == 0)
        }
    }

    @Test(arguments: [false, true])
    func cancel_ofAJobThatCompletesAllTheSame_leavesItCompleted(byItself: Bool) async throws {
        try await withTestDatabase { db in
            let queue = makeQueue(db)
            let (started, goOn) = (TestSignal<Void>(), TestSignal<Void>())
            queue.registerJob(parameters: Note.self, timeout: .seconds(60)) { _, context in
                started.send()
                try? await untilCancelled()
                // Not the handler's own task: that one is cancelled, and this job is nearly done.
                try await Task {
                    try await goOn.wait()
                    if byItself { try await context.complete { _ in } }
                }.value
            }
            let id = try await queue.push(Note(text: "stubborn"))

            try await running(queue.processor(queues: ["tests"], options: .quick())) {
                try await started.wait()
                #expect(try await queue.cancel(id, reason: "too late"))
                #expect(try await db.count("jobs.cancellation") == 1)
                goOn.send()
                try await db.drained()
            }

            #expect(try await queue.job(id)?.record.state == .completed)
            #expect(try await db.count("jobs.cancellation") == 0)
        }
    }

    @Test func cancel_ofOneJob_leavesTheOthersAloneAndFreesItsSlot() async throws {
        try await withTestDatabase { db in
            let queue = makeQueue(db)
            let started = TestSignal<Void>()
            let goOn = Mutex(false)
            let done = Collected<String>()
            queue.registerJob(parameters: Note.self) { note, _ in
                started.send()
                if note.text == "cancelled" { try await untilCancelled() }
                try await eventually { goOn.withLock { $0 } }
                done.add(note.text)
            }
            let ids = try await queue.pool.transaction { tx in
                try await queue.push(contentsOf: ["a", "cancelled", "b", "c", "d"].map { Note(text: $0) }, on: tx)
            }

            try await running(queue.processor(queues: ["tests"], options: .quick(concurrency: 3))) {
                for _ in 1...3 { try await started.wait() }
                #expect(try await queue.cancel(ids[1]))
                try await eventually { try await queue.job(ids[1])?.record.state == .discarded }
                // Its slot takes the next one.
                try await started.wait()
                goOn.withLock { $0 = true }
                try await db.drained()
            }

            #expect(done.all.sorted() == ["a", "b", "c", "d"])
        }
    }

    @Test func cancel_ofAJobThatWaitsInItsProcess_discardsItUnstarted() async throws {
        try await withTestDatabase { db in
            let queue = makeQueue(db)
            let (started, goOn) = (TestSignal<Void>(), TestSignal<Void>())
            let seen = Collected<String>()
            queue.registerJob(parameters: Note.self) { note, _ in
                seen.add(note.text)
                started.send()
                try await goOn.wait()
            }
            let ids = try await queue.pool.transaction { tx in
                try await queue.push(contentsOf: [Note(text: "long"), Note(text: "next")], on: tx)
            }

            try await running(queue.processor(queues: ["tests"], options: .quick(concurrency: 1))) {
                try await started.wait()
                try await eventually { try await db.count("jobs.hot", where: "claim_no > 0") == 2 }
                #expect(try await queue.cancel(ids[1], reason: "no need"))
                try await eventually { try await queue.job(ids[1])?.record.state == .discarded }
                goOn.send()
                try await db.drained()
            }

            #expect(seen.all == ["long"])
            #expect(try await queue.job(ids[1])?.record.error == "cancelled by the program: no need")
        }
    }

    @Test func retry_ofACancelledJob_runsToItsEnd() async throws {
        try await withTestDatabase { db in
            let queue = makeQueue(db)
            let started = TestSignal<Void>()
            let isFirst = Mutex(true)
            queue.registerJob(parameters: Note.self) { _, _ in
                started.send()
                if isFirst.withLock({ $0 }) { try await untilCancelled() }
            }
            let id = try await queue.push(Note(text: "tea"))

            try await running(queue.processor(queues: ["tests"], options: .quick())) {
                try await started.wait()
                #expect(try await queue.cancel(id))
                try await eventually { try await queue.job(id)?.record.state == .discarded }
                isFirst.withLock { $0 = false }
                #expect(try await queue.retry(id))
                try await db.drained()
            }

            #expect(try await queue.job(id)?.record.state == .completed)
        }
    }

    /// A request outlives the process that should have heard it.
    @Test func cancel_ofAJobWhoseProcessIsLost_isHeardAllTheSame() async throws {
        try await withTestDatabase { db in
            let queue = makeQueue(db)
            let id = try await queue.push(Note(text: "orphan"))
            let lost = "11111111-1111-4111-8111-111111111111"
            try await db.run(
                """
                SELECT jobs.register('\(lost)', '\(lost)', 'lost', 'nowhere', 1, '{}', '1 minute');
                SELECT FROM jobs.queue q, jobs.claim('\(lost)', 1, q.queue_id, '{0,0,0,0,0}', 10);
                """)
            #expect(try await queue.cancel(id, reason: "too slow"))
            #expect(try await queue.job(id)?.record.state == .running)
            try await db.run("UPDATE jobs.worker SET lease_until = clock_timestamp() - interval '1 second'")
            queue.registerJob(parameters: Note.self) { _, _ in try await untilCancelled() }

            try await running(queue.processor(queues: ["tests"], options: .quick())) { try await db.drained() }

            #expect(try await queue.job(id)?.record.error == "cancelled by the program: too slow")
            #expect(try await db.count("jobs.cancellation") == 0)
        }
    }

    @Test func cancel_whileAnEffectIsBeingWritten_doesNotWaitForIt() async throws {
        try await withTestDatabase { db in
            let queue = makeQueue(db)
            let (started, goOn) = (TestSignal<Void>(), TestSignal<Void>())
            queue.registerJob(parameters: Note.self) { _, context in
                try await context.transaction { _ in
                    started.send()
                    try await Task { try await goOn.wait() }.value
                }
                try await untilCancelled()
            }
            let id = try await queue.push(Note(text: "writing"))

            try await running(queue.processor(queues: ["tests"], options: .quick())) {
                try await started.wait()
                #expect(try await queue.cancel(id))
                goOn.send()
                try await db.drained()
            }

            #expect(try await queue.job(id)?.record.reason == "cancelled")
        }
    }
}
