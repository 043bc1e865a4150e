import Foundation
import Jobs
import Postgres
import TestSupport
import Testing

/// A kind that calls a provider.
private struct Called: JobParameters {
    static let jobName = "test.called"
    static let jobQueue = "tests"
    static let jobQuota: JobQuota? = JobQuota("provider")
    var number = 0
}

/// The kill switch: what is paused does not run, costs nothing, and comes back.
@Suite(.timeLimit(.minutes(1)))
struct PauseTests {
    /// A processor's queue whose kinds write down what ran.
    private func worker(_ db: TestDatabase, _ seen: Collected<String>) -> JobQueue {
        let queue = makeQueue(db)
        queue.registerJob(parameters: Note.self) { note, _ in seen.add(note.text) }
        queue.registerJob(parameters: Other.self) { other, _ in seen.add("other \(other.number)") }
        queue.registerJob(parameters: Called.self) { called, _ in seen.add("called \(called.number)") }
        return queue
    }

    @Test func pause_ofAKind_leavesOtherKindsOfItsQueueRunning() async throws {
        try await withTestDatabase { db in
            let seen = Collected<String>()
            let queue = worker(db, seen)
            let operators = makeQueue(db, as: .operator)
            var notes: [JobID] = []
            for number in 0..<3 {
                notes.append(try await queue.push(Note(text: "note \(number)")))
                try await queue.push(Other(number: number))
            }
            try await operators.pause(.init(kind: "test.note"), reason: "wrong text", author: "Li")

            try await running(queue.processor(queues: ["tests"], options: .quick(concurrency: 1))) {
                try await eventually { seen.count == 3 }
                try await pass(.milliseconds(200))
                #expect(seen.all.sorted() == ["other 0", "other 1", "other 2"])
                let pause = try #require(try await operators.pauses().first)
                #expect(pause.held == 3)
                #expect([pause.reason, pause.author] == ["wrong text", "Li"])
                let held = try #require(try await operators.job(notes[0]))
                guard case .pauses(let pauses) = held.wait else {
                    Issue.record("waits for \(String(describing: held.wait))")
                    return
                }
                #expect(pauses.map(\.id) == [pause.id])
                #expect(held.record.tries == 0)
                #expect(held.record.runNumber == 0)
                #expect(try await operators.statistics(of: "tests")?.paused == 3)

                #expect(try await operators.resume(pause: pause.id, author: "Li", reason: "mended") == 3)
                try await db.drained()
            }

            #expect(seen.all.suffix(3) == ["note 0", "note 1", "note 2"])
            #expect(try await operators.pauses().isEmpty)
            #expect(try await db.count("jobs.done", where: "run_no <> 1 OR tries <> 0") == 0)
        }
    }

    @Test func pause_ofABrand_holdsThatBrandAlone() async throws {
        try await withTestDatabase { db in
            let seen = Collected<String>()
            let queue = worker(db, seen)
            let operators = makeQueue(db, as: .operator)
            let (first, second) = (UUID(), UUID())
            try await queue.push(Note(text: "first"), options: .init(brand: first))
            try await queue.push(Note(text: "second"), options: .init(brand: second))
            try await queue.push(Note(text: "nobody's"))
            try await operators.pause(.init(queue: "tests", brand: first), reason: "contract ended", author: "Li")

            try await running(queue.processor(queues: ["tests"], options: .quick())) {
                try await eventually { seen.count == 2 }
                #expect(seen.all.sorted() == ["nobody's", "second"])
                let ended = try await operators.resume(
                    .init(queue: "tests", brand: first), author: "Li", reason: "renewed")
                #expect(ended.pauses == 1)
                #expect(ended.jobs == 1)
                try await db.drained()
            }

            #expect(seen.all.last == "first")
        }
    }

    @Test func pause_ofAQuota_holdsAllThatCallsTheProvider() async throws {
        try await withTestDatabase { db in
            let seen = Collected<String>()
            let queue = worker(db, seen)
            let operators = makeQueue(db, as: .operator)
            let called = try await queue.push(Called(number: 1))
            try await queue.push(Note(text: "no call"))
            let pause = try await operators.pause(.init(quota: "provider"), reason: "down", author: "Li")

            try await running(queue.processor(queues: ["tests"], options: .quick())) {
                try await eventually { seen.count == 1 }
                try await pass(.milliseconds(200))
                #expect(seen.all == ["no call"])
                #expect(try await operators.pauses().map(\.held) == [1])
                #expect(try await operators.quotas().map(\.isPaused) == [true])
                guard case .pauses(let pauses) = try await operators.job(called)?.wait else {
                    Issue.record("no pause is named")
                    return
                }
                #expect(pauses.map(\.id) == [pause])

                try await operators.resume(pause: pause, author: "Li", reason: "up")
                try await eventually { seen.count == 2 }
            }
        }
    }

    @Test func pause_whoseTimeIsOver_endsWithoutAnybodysDoing() async throws {
        try await withTestDatabase { db in
            let seen = Collected<String>()
            let queue = worker(db, seen)
            let operators = makeQueue(db, as: .operator)
            try await queue.push(Note(text: "tea"))
            try await operators.pause(
                .init(kind: "test.note"), reason: "down", author: "Li", lasting: .seconds(3_600))

            try await running(queue.processor(queues: ["tests"], options: .quick())) {
                try await eventually { try await operators.statistics(of: "tests")?.paused == 1 }
                #expect(seen.count == 0)
                try await db.run("UPDATE siyu.environment SET clock_offset = '61 minutes'")
                try await db.drained()
            }

            #expect(seen.all == ["tea"])
            #expect(try await db.count("jobs.pause") == 0)
        }
    }

    @Test func pause_twoThatOverlap_holdUntilBothAreResumed() async throws {
        try await withTestDatabase { db in
            let seen = Collected<String>()
            let queue = worker(db, seen)
            let operators = makeQueue(db, as: .operator)
            let brand = UUID()
            try await queue.push(Note(text: "both"), options: .init(brand: brand))
            try await queue.push(Note(text: "one"))
            let kind = try await operators.pause(.init(kind: "test.note"), reason: "kind", author: "Li")
            let tenant = try await operators.pause(.init(brand: brand), reason: "brand", author: "Wu")

            try await running(queue.processor(queues: ["tests"], options: .quick())) {
                try await eventually { try await operators.statistics(of: "tests")?.paused == 2 }
                #expect(try await operators.pauses().map(\.held) == [2, 1])
                try await operators.resume(pause: kind, author: "Li", reason: "mended")
                try await eventually { seen.count == 1 }
                try await eventually { try await operators.statistics(of: "tests")?.paused == 1 }
                #expect(seen.all == ["one"])
                #expect(try await operators.pauses().map(\.id) == [tenant])
                try await operators.resume(pause: tenant, author: "Wu", reason: "mended")
                try await db.drained()
            }

            #expect(seen.all == ["one", "both"])
        }
    }

    @Test func resume_whileJobsAreBeingSetAside_leavesNoneBehind() async throws {
        try await withTestDatabase { db in
            let seen = Collected<String>()
            let queue = worker(db, seen)
            let operators = makeQueue(db, as: .operator)
            try await running(queue.processor(queues: ["tests"], options: .quick())) {
                for round in 0..<20 {
                    _ = try await queue.pool.transaction { transaction in
                        try await queue.push(
                            contentsOf: (0..<50).map { Note(text: "\(round) \($0)") }, on: transaction)
                    }
                    let pause = try await operators.pause(.init(kind: "test.note"), reason: "x", author: "Li")
                    await queue.wake("tests")
                    try await operators.resume(pause: pause, author: "Li", reason: "x")
                }
                try await db.drained()
            }

            #expect(seen.count == 1_000)
        }
    }

    @Test func resume_ofAPauseWhoseJobIsOnItsWayAside_findsItLater() async throws {
        try await withTestDatabase { db in
            let queue = makeQueue(db)
            let operators = makeQueue(db, as: .operator)
            try await queue.push(Note(text: "tea"))
            let pause = try await operators.pause(.init(kind: "test.note"), reason: "x", author: "Li")
            let isAside = TestSignal<Void>()
            let mayCommit = TestSignal<Void>()
            async let claim: Void = queue.pool.transaction { transaction in
                try await transaction.execute(Peek.raw("SELECT jobs.set_aside(1, 2::smallint, 0, 10)"))
                isAside.send(())
                try await mayCommit.wait()
            }
            try await isAside.wait()
            async let resumed = operators.resume(pause: pause, author: "Li", reason: "x")
            try await pass(.milliseconds(100))
            mayCommit.send(())

            try await claim
            #expect(try await resumed == 1)
            #expect(try await db.count("jobs.later", where: "reason = 'paused' AND due_at = 'infinity'") == 0)
        }
    }

    @Test func pause_thatSaysTooLittle_isRefusedWithASentence() async throws {
        try await withTestDatabase { db in
            let queue = makeQueue(db)
            try await queue.push(Note(text: "tea"))
            let operators = makeQueue(db, as: .operator)
            await #expect(throws: JobError.self) {
                try await operators.pause(.init(), reason: "x", author: "Li")
            }
            await #expect(throws: JobError.self) {
                try await operators.pause(.queue("tests"), reason: " ", author: "Li")
            }
            await #expect(throws: JobError.self) {
                try await operators.pause(.queue("tests"), reason: "x", author: "\n")
            }
            await #expect(throws: JobError.self) {
                try await operators.pause(
                    .queue("tests"), reason: "x", author: "Li", until: Date(timeIntervalSince1970: 0))
            }
            await #expect(throws: JobError.unknownKind("test.nothing")) {
                try await operators.pause(.init(kind: "test.nothing"), reason: "x", author: "Li")
            }
            await #expect(throws: JobError.unknownQuota("nothing")) {
                try await operators.pause(.init(quota: "nothing"), reason: "x", author: "Li")
            }
            #expect(try await db.count("jobs.pause") == 0)
            #expect(try await db.count("jobs.audit") == 0)
        }
    }

    @Test func acts_areWrittenDownWithTheirAuthorAndReason() async throws {
        try await withTestDatabase { db in
            let queue = makeQueue(db)
            let operators = makeQueue(db, as: .operator)
            let job = try await queue.push(Called(number: 1), options: .init(key: "order 7"))
            let pause = try await operators.pause(.queue("tests"), reason: "close", author: "Li")
            try await operators.resume(pause: pause, author: "Wu", reason: "closed")
            _ = try await operators.cancel(kind: "test.called", key: "order 7", author: "Li", reason: "twice")
            #expect(try await operators.retry(job, author: "Wu", reason: "not twice"))
            _ = try await operators.cancel([job], author: "Li", reason: "twice, really")
            _ = try await operators.redrive(
                .init(reason: .cancelled), dryRun: false, author: "Wu", reason: "all again")
            _ = try await operators.setQuota("provider", .init(runningMax: .set(2)), author: "Li", reason: "theirs")

            let entries = try await operators.audit()
            #expect(entries.map(\.action) == ["quota", "redrive", "cancel", "retry", "cancel", "resume", "pause"])
            #expect(entries.map(\.author) == ["Li", "Wu", "Li", "Wu", "Li", "Wu", "Li"])
            #expect(entries.map(\.jobs) == [0, 1, 1, 1, 1, 0, 0])
            #expect(entries[0].target == "provider: 2 at once")
            #expect(entries[4].target == "kind test.called, key order 7")
            #expect(entries[6].target == "pause \(pause): queue tests")
            #expect(try await operators.audit(limit: 2, after: entries[1].id).map(\.id) == entries[2...3].map(\.id))
        }
    }

    @Test(arguments: [TestRole.ingest, .gifts, .redeem])
    func acts_byAService_areRefusedByTheDatabaseAndHaveNoEffect(_ role: TestRole) async throws {
        try await withTestDatabase { db in
            let service = makeQueue(db, as: role)
            let job = try await service.push(Called(number: 1))
            let pause = try await makeQueue(db, as: .operator).pause(.queue("tests"), reason: "x", author: "Li")

            func isRefused(_ act: () async throws -> Void) async {
                let error = await #expect(throws: PostgresError.self) { try await act() }
                #expect(error?.sqlState == .insufficientPrivilege)
            }
            await isRefused { try await service.pause(.queue("tests"), reason: "x", author: "x") }
            await isRefused { try await service.resume(pause: pause, author: "x", reason: "x") }
            await isRefused { _ = try await service.cancel([job], author: "x", reason: "x") }
            await isRefused {
                _ = try await service.setQuota("provider", .init(runningMax: .set(0)), author: "x", reason: "x")
            }

            #expect(try await service.pauses().count == 1)
            #expect(try await service.job(job)?.record.state == .waiting)
            #expect(try await service.quotas().first?.runningMax == nil)
        }
    }
}
