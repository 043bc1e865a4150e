import Foundation
import JobTesting
import Jobs
import Postgres
import Synchronization
import TestSupport
import Testing

private struct Brew: JobParameters, Equatable {
    static let jobName = "test.brew"
    static let jobQueue = "kitchen"
    var tea: String
}

private struct Serve: JobParameters {
    static let jobName = "test.serve"
    static let jobQueue = "hall"
    var tea: String
}

private struct Broken: Error {}

@Suite(.timeLimit(.minutes(1)))
struct JobTesterTests {
    private func queue(_ db: TestDatabase) -> JobQueue { JobQueue(pool: db.pool(as: .ingest), logger: .silent) }

    @Test func drain_runsWhatIsDueAndWhatFollowsFromIt() async throws {
        try await withTestDatabase { db in
            let queue = queue(db)
            let served = Mutex<[String]>([])
            queue.registerJob(parameters: Brew.self) { brew, context in
                _ = try await context.complete { tx in try await queue.push(Serve(tea: brew.tea), on: tx) }
            }
            queue.registerJob(parameters: Serve.self) { serve, _ in served.withLock { $0.append(serve.tea) } }
            let tester = JobTester(queue)
            _ = try await queue.pool.transaction { tx in
                try await queue.push(Brew(tea: "green"), options: .init(priority: .lowest), on: tx)
                try await queue.push(Brew(tea: "black"), on: tx)
                try await queue.push(Brew(tea: "white"), options: .init(delay: .seconds(3_600)), on: tx)
            }

            let runs = try await tester.drain()

            #expect(runs.map(\.end) == [.completed, .completed, .completed, .completed])
            #expect(served.withLock { $0 } == ["black", "green"])
            let left = try await tester.pushed(Brew.self)
            #expect(left.map(\.parameters) == [Brew(tea: "white")])

            try await JobTester(queue, clock: db.owner).advance(by: .seconds(3_601))
            try await tester.drain()

            #expect(served.withLock { $0 } == ["black", "green", "white"])
            #expect(
                try await db.superuser.one(
                    Statement("SELECT count(*) FROM jobs.worker") { row throws(PostgresError) in
                        try row.next(Int.self)
                    }) == 0)
        }
    }

    @Test func drain_ofAFailingJob_showsEveryTry() async throws {
        try await withTestDatabase { db in
            let queue = queue(db)
            queue.registerJob(parameters: Brew.self, retryStrategy: .exponentialJitter(maxAttempts: 2)) { _, _ in
                throw Broken()
            }
            let tester = JobTester(queue, clock: db.owner)
            try await queue.push(Brew(tea: "green"))

            #expect(try await tester.drain().map(\.end) == [.retried(error: "Broken")])
            #expect(try await tester.drain().isEmpty)
            try await tester.advance(by: .seconds(10))
            let last = try await tester.drain()

            #expect(last.map(\.end) == [.discarded(.exhausted, error: "Broken")])
            #expect(last.map(\.attempt) == [2])
        }
    }

    @Test func drain_until_givesTheRestBack() async throws {
        try await withTestDatabase { db in
            let queue = queue(db)
            queue.registerJob(parameters: Brew.self) { _, _ in }
            queue.registerJob(parameters: Serve.self) { _, _ in }
            try await queue.push(Brew(tea: "green"))
            try await queue.push(Serve(tea: "green"))
            let tester = JobTester(queue)

            let runs = try await tester.drain { $0.isOf(Brew.self) }

            #expect(runs.map(\.name) == ["test.brew"])
            #expect(try await tester.pushed(Serve.self).count == 1)
            #expect(try await tester.drain().map(\.name) == ["test.serve"])
        }
    }

    @Test func drain_ofJobsThatPushThemselves_givesUp() async throws {
        try await withTestDatabase { db in
            let queue = queue(db)
            queue.registerJob(parameters: Brew.self) { brew, context in
                _ = try await context.complete { tx in try await queue.push(brew, on: tx) }
            }
            try await queue.push(Brew(tea: "green"))

            await #expect(throws: JobTestingError.endless(runs: 20)) {
                try await JobTester(queue).drain(runsMax: 20)
            }
        }
    }

    @Test func pushed_tellsWhatThePushSaid() async throws {
        try await withTestDatabase { db in
            let queue = queue(db)
            let brand = UUID()
            try await queue.push(
                Brew(tea: "green"),
                options: .init(
                    delay: .seconds(600), priority: .higher, maxTries: 3, brand: brand, queue: "bar",
                    deadline: .seconds(60), key: "order 7"))

            let job = try #require(try await JobTester(queue).pushed(Brew.self).first)

            #expect(job.parameters == Brew(tea: "green"))
            #expect((Duration.seconds(590)...(.seconds(600))).contains(job.delay))
            #expect((Duration.seconds(650)...(.seconds(660))).contains(try #require(job.deadline)))
            #expect(job.priority == .higher)
            #expect(job.maxTries == 3)
            #expect(job.brand == brand)
            #expect(job.queue == "bar")
            #expect(job.key == "order 7")
        }
    }
}
