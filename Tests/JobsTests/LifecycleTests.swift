import Foundation
import Jobs
import Postgres
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(2)))
struct LifecycleTests {
    @Test func push_whenTheTransactionCommits_runsOnceAndIsRecorded() async throws {
        try await withTestDatabase { db in
            let queue = makeQueue(db)
            let seen = Collected<String>()
            queue.registerJob(parameters: Note.self) { note, context in
                seen.add("\(note.text) \(context.attempt)")
            }

            let id = try await running(queue.processor(queues: ["tests"], options: .quick())) {
                let id = try await queue.pool.transaction { try await queue.push(Note(text: "tea"), on: $0) }
                await queue.wake("tests")
                try await db.drained()
                return id
            }

            #expect(seen.all == ["tea 1"])
            let job = try #require(try await queue.job(id))
            #expect(job.record.state == .completed)
            #expect(job.record.runNumber == 1)
            #expect(job.attempts.isEmpty)
            #expect(try await db.count("jobs.worker") == 0)
        }
    }

    @Test func o02_push_whenTheTransactionRollsBack_leavesNoJob() async throws {
        struct Stop: Error {}
        try await withTestDatabase { db in
            let queue = makeQueue(db)

            await #expect(throws: Stop.self) {
                try await queue.pool.transaction { transaction in
                    try await queue.push(Note(text: "tea"), on: transaction)
                    try await queue.push(Note(text: "tea"), options: .init(delay: .seconds(60)), on: transaction)
                    try await queue.push(contentsOf: [Note(text: "a"), Note(text: "b")], on: transaction)
                    throw Stop()
                }
            }

            let left = [try await db.count("jobs.hot"), try await db.count("jobs.later")]
            #expect(left == [0, 0])
        }
    }

    @Test func push_toAnotherQueueThanItsKinds_isWorkedThereAlone() async throws {
        try await withTestDatabase { db in
            let queue = makeQueue(db)
            let seen = Collected<String>()
            queue.registerJob(parameters: Note.self) { note, _ in seen.add(note.text) }

            _ = try await running(queue.processor(queues: ["others"], options: .quick())) {
                try await queue.push(Note(text: "own"))
                try await queue.push(Note(text: "other"), options: .init(queue: "others"))
                try await eventually { seen.all == ["other"] }
            }

            #expect(seen.all == ["other"])
            #expect(try await db.count("jobs.hot") == 1)
        }
    }

    @Test func push_ofMany_runsEachOnceUrgentOnesFirst() async throws {
        try await withTestDatabase { db in
            let queue = makeQueue(db)
            let seen = Collected<Int>()
            queue.registerJob(parameters: Other.self) { other, _ in seen.add(other.number) }
            try await queue.pool.transaction { transaction in
                let ordinary = (1...2_500).map { Other(number: $0) }
                let ids = try await queue.push(contentsOf: ordinary, on: transaction)
                #expect(Set(ids).count == 2_500)
                try await queue.push(Other(number: 0), options: .init(priority: .highest), on: transaction)
            }

            try await running(queue.processor(queues: ["tests"], options: .quick(concurrency: 1))) {
                try await db.drained()
            }

            #expect(seen.all == Array(0...2_500))
            #expect(try await db.count("jobs.done") == 2_501)
        }
    }

    @Test func concurrency_ofAProcess_isUsedUpAndNotExceeded() async throws {
        try await withTestDatabase { db in
            let queue = makeQueue(db)
            let started = TestSignal<Void>()
            let mayEnd = TestSignal<Void>()
            let running = Collected<Int>()
            queue.registerJob(parameters: Other.self) { _, _ in
                running.add(1)
                started.send()
                try await mayEnd.wait()
                running.add(-1)
            }
            _ = try await queue.pool.transaction { transaction in
                try await queue.push(contentsOf: (0..<12).map { Other(number: $0) }, on: transaction)
            }

            try await JobsTests.running(queue.processor(queues: ["tests"], options: .quick(concurrency: 3))) {
                for _ in 0..<3 { try await started.wait() }
                for _ in 0..<12 { mayEnd.send() }
                try await db.drained()
            }

            var (atOnce, most) = (0, 0)
            for change in running.all {
                atOnce += change
                most = max(most, atOnce)
            }
            #expect(most == 3)
            #expect(running.count == 24)
        }
    }

    @Test func push_withDelay_waitsForTheBusinessClock() async throws {
        try await withTestDatabase { db in
            let queue = makeQueue(db)
            let seen = Collected<String>()
            queue.registerJob(parameters: Note.self) { note, _ in seen.add(note.text) }

            try await running(queue.processor(queues: ["tests"], options: .quick())) {
                let id = try await queue.push(Note(text: "later"), options: .init(delay: .seconds(25 * 3_600)))
                #expect(try await queue.job(id)?.record.state == .waiting)
                try await pass(.milliseconds(300))
                #expect(seen.count == 0)

                try await db.run("UPDATE siyu.environment SET clock_offset = '25 hours 1 second'")
                try await db.drained(within: .seconds(5))
            }

            #expect(seen.all == ["later"])
        }
    }

    @Test func retry_ofAFailure_waitsWithJitterAndKeepsPriority() async throws {
        struct Broken: Error {}
        try await withTestDatabase { db in
            let queue = makeQueue(db)
            let attempts = Collected<Int>()
            queue.registerJob(
                parameters: Note.self, retryStrategy: .exponentialJitter(maxAttempts: 5, minBackoff: .milliseconds(50))
            ) { _, context in
                attempts.add(context.attempt)
                if context.attempt < 3 { throw Broken() }
            }

            let id = try await running(queue.processor(queues: ["tests"], options: .quick())) {
                let id = try await queue.push(Note(text: "tea"), options: .init(priority: .lower))
                try await db.drained()
                return id
            }

            #expect(attempts.all == [1, 2, 3])
            let job = try #require(try await queue.job(id))
            #expect(job.record.state == .completed)
            #expect(job.record.tries == 2)
            #expect(job.attempts.map(\.error) == ["Broken", "Broken"])
        }
    }

    @Test(arguments: [
        (JobOptions(maxTries: 2), "exhausted", 2),
        (JobOptions(), "permanent", 1),
    ])
    func discard_afterTheLastTryOrAtOnce_keepsTheLastErrorAndCanBeRetried(
        _ options: JobOptions, _ reason: String, _ tries: Int
    ) async throws {
        enum Refusal: Error { case notToday(secret: String) }
        try await withTestDatabase { db in
            let queue = makeQueue(db)
            let isMended = Collected<Bool>()
            queue.registerJob(
                parameters: Note.self, retryStrategy: .exponentialJitter(maxAttempts: 9, minBackoff: .milliseconds(10))
            ) { _, _ in
                guard isMended.count == 0 else { return }
                if reason == "permanent" { throw JobFailure.permanent("no such shop\0") }
                throw Refusal.notToday(secret: "a person's name")
            }

            try await running(queue.processor(queues: ["tests"], options: .quick())) {
                let id = try await queue.push(Note(text: "tea"), options: options)
                try await db.drained()

                let job = try #require(try await queue.job(id))
                #expect(job.record.state == .discarded)
                #expect(job.record.reason == reason)
                #expect(job.record.tries == tries)
                #expect(job.record.error == (reason == "permanent" ? "no such shop" : "Refusal.notToday"))
                #expect(job.attempts.count == tries)

                isMended.add(true)
                #expect(try await queue.retry(id))
                try await db.drained()
                #expect(try await queue.job(id)?.record.state == .completed)
                #expect(try await !queue.retry(id))
            }
        }
    }

    @Test func snooze_runsAgainWithoutLosingATry() async throws {
        try await withTestDatabase { db in
            let queue = makeQueue(db)
            let runs = Collected<[Int]>()
            queue.registerJob(parameters: Note.self) { _, context in
                runs.add([context.attempt, context.runNumber])
                if runs.count < 3 { throw JobSleep(for: .milliseconds(30)) }
            }

            try await running(queue.processor(queues: ["tests"], options: .quick())) {
                try await queue.push(Note(text: "tea"), options: .init(maxTries: 1))
                try await db.drained()
            }

            #expect(runs.all == [[1, 1], [1, 2], [1, 3]])
            #expect(try await db.count("jobs.attempt") == 0)
        }
    }

    @Test func timeout_cancelsTheHandlerAndCountsAsATry() async throws {
        try await withTestDatabase { db in
            let queue = makeQueue(db)
            queue.registerJob(parameters: Note.self, retryStrategy: .dontRetry, timeout: .milliseconds(100)) { _, _ in
                try await pass(.seconds(60))
            }

            let id = try await running(queue.processor(queues: ["tests"], options: .quick())) {
                let id = try await queue.push(Note(text: "tea"))
                try await db.drained()
                return id
            }

            let job = try #require(try await queue.job(id))
            #expect(job.record.reason == "exhausted")
            #expect(job.record.error == "JobError.timedOut")
        }
    }

    @Test func payload_thatDoesNotDecode_isAFailedTryNotATrap() async throws {
        try await withTestDatabase { db in
            let queue = makeQueue(db)
            queue.registerJob(parameters: Note.self, retryStrategy: .dontRetry) { _, _ in }
            let id = try await queue.push(Note(text: "tea"))
            try await db.run("UPDATE jobs.hot SET payload = '{\"text\": 7}'")

            try await running(queue.processor(queues: ["tests"], options: .quick())) { try await db.drained() }

            let error = try await queue.job(id)?.record.error
            #expect(error?.hasPrefix("JobError.payloadDoesNotDecode") == true)
        }
    }

    @Test func unknownKind_isParkedAndRunsWhenSomebodyKnowsIt() async throws {
        try await withTestDatabase { db in
            let old = makeQueue(db)
            old.registerJob(parameters: Note.self) { _, _ in }
            let id = try await running(old.processor(queues: ["tests"], options: .quick())) {
                let id = try await old.push(Other(number: 7))
                try await old.push(Note(text: "known"))
                try await eventually {
                    let parked = try await db.count("jobs.later", where: "reason = 'unknown_kind'")
                    let done = try await db.count("jobs.done")
                    return parked == 1 && done == 1
                }
                return id
            }
            // Far away, so that only the start of somebody who knows it can bring it back.
            try await db.run("UPDATE jobs.later SET due_at = due_at + '1 hour'")

            let new = makeQueue(db)
            let seen = Collected<Int>()
            new.registerJob(parameters: Other.self) { other, _ in seen.add(other.number) }
            try await running(new.processor(queues: ["tests"], options: .quick())) { try await db.drained() }

            #expect(seen.all == [7])
            #expect(try await new.job(id)?.record.tries == 0)
            #expect(try await db.count("jobs.discarded") == 0)
        }
    }

    @Test func wake_ofAnIdleWorker_startsAJobWellBeforeItsPoll() async throws {
        try await withTestDatabase { db in
            let worker = makeQueue(db, as: .reports)
            let started = TestSignal<ContinuousClock.Instant>()
            worker.registerJob(parameters: Note.self) { _, _ in started.send(.now) }
            let pusher = makeQueue(db, as: .ingest)
            // Polling alone would take eight seconds or more.
            var options = JobProcessorOptions.quick(lease: .seconds(15))
            options.pollInterval = .seconds(8)...(.seconds(8))

            let latencies = try await running(worker.processor(queues: ["tests"], options: options)) {
                try await eventually { try await db.count("jobs.worker", where: "idle") == 1 }
                try await pass(.milliseconds(300))
                var latencies: [Duration] = []
                for _ in 0..<20 {
                    let pushedAt = ContinuousClock.now
                    try await pusher.push(Note(text: "tea"))
                    latencies.append(try await started.wait() - pushedAt)
                }
                return latencies.sorted()
            }

            #expect(latencies[10] < .milliseconds(100))
            #expect(latencies[19] < .seconds(2))
        }
    }

    /// The heart beats many times between the jobs, and each beat finds the worker just after a job.
    @Test func wake_ofAWorkerWithATrickleOfJobs_startsEachAtOnce() async throws {
        try await withTestDatabase { db in
            let worker = makeQueue(db, as: .reports)
            let started = TestSignal<ContinuousClock.Instant>()
            worker.registerJob(parameters: Note.self) { _, _ in started.send(.now) }
            let pusher = makeQueue(db, as: .ingest)
            var options = JobProcessorOptions.quick(lease: .seconds(2))
            options.pollInterval = .seconds(8)...(.seconds(8))

            let latencies = try await running(worker.processor(queues: ["tests"], options: options)) {
                try await eventually { try await db.count("jobs.worker", where: "idle") == 1 }
                try await pass(.milliseconds(300))
                var latencies: [Duration] = []
                for _ in 0..<4 {
                    let pushedAt = ContinuousClock.now
                    try await pusher.push(Note(text: "tea"))
                    latencies.append(try await started.wait() - pushedAt)
                    try await pass(.milliseconds(1_200))
                }
                return latencies
            }

            #expect(latencies.allSatisfy { $0 < .seconds(1) }, "\(latencies)")
        }
    }
}
