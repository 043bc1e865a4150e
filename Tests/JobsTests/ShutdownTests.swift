import Jobs
import Postgres
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1)))
struct ShutdownTests {
    @Test func drain_letsRunningJobsFinishAndGivesTheRestBackUntouched() async throws {
        try await withTestDatabase { db in
            let queue = makeQueue(db)
            let started = TestSignal<Void>()
            let mayEnd = TestSignal<Void>()
            queue.registerJob(parameters: Other.self) { _, _ in
                started.send()
                try await mayEnd.wait()
            }
            var options = JobProcessorOptions.quick(concurrency: 2)
            options.prefetchMax = 20
            _ = try await queue.pool.transaction { transaction in
                try await queue.push(contentsOf: (0..<30).map { Other(number: $0) }, on: transaction)
            }

            try await running(queue.processor(queues: ["tests"], options: options)) {
                try await started.wait()
                try await started.wait()
                mayEnd.send()
                mayEnd.send()
            }

            let done = try await db.count("jobs.done")
            #expect(done >= 2)
            #expect(try await db.count("jobs.hot") == 30 - done)
            #expect(try await db.count("jobs.hot", where: "claim_no <> 0 OR tries <> 0 OR crashes <> 0") == 0)
            #expect(try await db.count("jobs.worker") == 0)
            #expect(try await db.count("jobs.attempt") == 0)
        }
    }

    @Test func drain_afterTheGraceTime_interruptsWithoutLosingATry() async throws {
        try await withTestDatabase { db in
            let queue = makeQueue(db)
            let started = TestSignal<Void>()
            queue.registerJob(parameters: Note.self, retryStrategy: .dontRetry) { _, _ in
                started.send()
                try await pass(.seconds(60))
            }
            let id = try await queue.push(Note(text: "slow"))

            try await running(queue.processor(queues: ["tests"], options: .quick(grace: .milliseconds(200)))) {
                try await started.wait()
            }

            let job = try #require(try await queue.job(id))
            #expect(job.record.state == .ready)
            #expect(job.record.tries == 0)
            #expect(job.record.crashes == 0)
            #expect(job.attempts.isEmpty)
        }
    }

    @Test func cancellation_ofTheProcessor_givesItsJobsBack() async throws {
        try await withTestDatabase { db in
            let queue = makeQueue(db)
            let started = TestSignal<Void>()
            queue.registerJob(parameters: Note.self) { _, _ in
                started.send()
                try await pass(.seconds(60))
            }
            let id = try await queue.push(Note(text: "slow"))

            try await withThrowingTaskGroup(of: Void.self) { group in
                let processor = queue.processor(queues: ["tests"], options: .quick())
                group.addTask { try await processor.run() }
                try await started.wait()
                group.cancelAll()
                try await group.waitForAll()
            }

            #expect(try await queue.job(id)?.record.state == .ready)
            #expect(try await db.count("jobs.worker") == 0)
        }
    }

    @Test func processor_whoseConnectionsAreAllCut_goesOn() async throws {
        try await withTestDatabase { db in
            let queue = makeQueue(db)
            let seen = Collected<Int>()
            queue.registerJob(parameters: Other.self) { other, _ in
                try await pass(.milliseconds(5))
                seen.add(other.number)
            }

            try await running(queue.processor(queues: ["tests"], options: .quick(lease: .seconds(5)))) {
                _ = try await queue.pool.transaction { transaction in
                    try await queue.push(contentsOf: (0..<400).map { Other(number: $0) }, on: transaction)
                }
                for _ in 0..<3 {
                    try await pass(.milliseconds(80))
                    try await db.run(
                        """
                        SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                        WHERE usename = 'siyu_ingest' AND datname = current_database()
                        """)
                }
                try await db.drained()
            }

            #expect(Set(seen.all).count == 400)
            #expect(try await db.count("jobs.done") == 400)
            #expect(try await db.count("jobs.attempt") == 0, "a cut connection is not a crash")
        }
    }
}
