import Foundation
import Jobs
import Postgres
import TestSupport
import Testing

/// A kind with a quota of two at once.
private struct Guarded: JobParameters {
    static let jobName = "test.guarded"
    static let jobQueue = "tests"
    static let jobQuota: JobQuota? = JobQuota("provider", runningMax: 2)
    var number: Int
}

/// A kind that starts ten times in a second, three at once after a rest.
private struct Paced: JobParameters {
    static let jobName = "test.paced"
    static let jobQueue = "tests"
    static let jobQuota: JobQuota? = JobQuota("pace", rate: JobRate(every: .milliseconds(100), burst: 3))
    var number: Int
}

/// A kind that brands take turns with.
private struct Shared: JobParameters {
    static let jobName = "test.shared"
    static let jobQueue = "tests"
    static let jobQuota: JobQuota? = JobQuota("shared", runningMax: 1, isFair: true)
    var name: String
}

/// How many handlers run at once.
private final class Gauge: Sendable {
    private let seen = Collected<Int>()
    private let state = Counter()

    final class Counter: @unchecked Sendable {
        private let lock = NSLock()
        private var value = 0
        func add(_ step: Int) -> Int {
            lock.withLock {
                value += step
                return value
            }
        }
    }

    var highest: Int { seen.all.max() ?? 0 }

    func during(_ work: () async throws -> Void) async rethrows {
        seen.add(state.add(1))
        defer { _ = state.add(-1) }
        try await work()
    }
}

/// What a job may ask for beyond to run.
@Suite(.timeLimit(.minutes(1)))
struct GateTests {
    // MARK: Unique keys

    @Test func unique_untilDone_secondPushAnswersWithTheFirst() async throws {
        try await withTestDatabase { db in
            let queue = makeQueue(db)
            let seen = Collected<String>()
            queue.registerJob(parameters: Note.self) { note, _ in seen.add(note.text) }
            let options = JobOptions(unique: .untilDone("order 7"))

            let first = try await queue.push(Note(text: "one"), options: options)
            let second = try await queue.push(Note(text: "two"), options: options)
            let other = try await queue.push(Note(text: "three"), options: .init(unique: .untilDone("order 8")))
            #expect(first == second)
            #expect(other != first)

            try await running(queue.processor(queues: ["tests"], options: .quick())) { try await db.drained() }
            #expect(seen.all.sorted() == ["one", "three"])
            #expect(try await db.count("jobs.uniq") == 0)
            let third = try await queue.push(Note(text: "four"), options: options)
            #expect(third != first)
        }
    }

    @Test func unique_keyOfAnUncommittedPush_waitsForItsEnd() async throws {
        try await withTestDatabase { db in
            let queue = makeQueue(db)
            struct Undo: Error {}
            let options = JobOptions(unique: .untilDone("k"))
            let pushed = TestSignal<Void>()
            let undone = Task {
                try await queue.pool.transaction { transaction -> Void in
                    try await queue.push(Note(text: "undone"), options: options, on: transaction)
                    pushed.send(())
                    try await pass(.milliseconds(300))
                    throw Undo()
                }
            }
            try await pushed.wait()

            try await queue.push(Note(text: "kept"), options: options)

            await #expect(throws: Undo.self) { try await undone.value }
            let texts = try await db.superuser.run(Peek.text("SELECT convert_from(payload, 'UTF8') FROM jobs.hot"))
            #expect(texts == [#"{"text":"kept"}"#])
        }
    }

    @Test func unique_whileQueued_isFreeOnceTheJobRuns() async throws {
        try await withTestDatabase { db in
            let queue = makeQueue(db)
            let options = JobOptions(unique: .whileQueued("k"))
            let pushes = Collected<JobID>()
            queue.registerJob(parameters: Note.self) { note, context in
                if note.text == "one" {
                    pushes.add(try await queue.push(Note(text: "two"), options: options))
                }
            }
            let first = try await queue.push(Note(text: "one"), options: options)

            try await running(queue.processor(queues: ["tests"], options: .quick())) { try await db.drained() }

            #expect(pushes.all.count == 1)
            #expect(pushes.all.first != first)
            #expect(try await db.count("jobs.done") == 2)
            #expect(try await db.count("jobs.uniq") == 0)
        }
    }

    @Test func unique_withinAWindow_countsByTheBusinessClock() async throws {
        try await withTestDatabase { db in
            let queue = makeQueue(db)
            queue.registerJob(parameters: Note.self) { _, _ in }
            let options = JobOptions(unique: .within(.seconds(3_600), "k"))
            let first = try await queue.push(Note(text: "one"), options: options)
            try await running(queue.processor(queues: ["tests"], options: .quick())) { try await db.drained() }

            #expect(try await queue.push(Note(text: "two"), options: options) == first)
            try await db.run("UPDATE siyu.environment SET clock_offset = '61 minutes'")
            #expect(try await queue.push(Note(text: "three"), options: options) != first)
        }
    }

    @Test func unique_manyAtOnce_takesEachKeyOnce() async throws {
        try await withTestDatabase { db in
            let queue = makeQueue(db, connectionsMax: 12)
            let keys = (0..<20).map { "k\($0)" }

            // Opposite orders, so that two batches would wait for one another if keys were taken as they come.
            let ids = try await withThrowingTaskGroup(of: [JobID].self) { group in
                for part in 0..<10 {
                    group.addTask {
                        try await queue.pool.transaction { transaction in
                            try await queue.push(
                                contentsOf: (part.isMultiple(of: 2) ? keys : keys.reversed()).map(Note.init(text:)),
                                on: transaction
                            ) { JobOptions(unique: .untilDone($0.text)) }
                        }
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }

            #expect(try await db.count("jobs.hot") == keys.count)
            #expect(Set(ids.flatMap { $0 }).count == keys.count)
        }
    }

    // MARK: Lanes

    @Test func lane_jobsOfOne_runInOrderAndNeverTogether_lanesBesideOneAnother() async throws {
        try await withTestDatabase { db in
            let queue = makeQueue(db)
            let gauges = ["a": Gauge(), "b": Gauge(), "c": Gauge()]
            let all = Gauge()
            let seen = Collected<String>()
            queue.registerJob(parameters: Note.self) { note, _ in
                let lane = String(note.text.prefix(1))
                try await gauges[lane]?.during {
                    try await all.during {
                        seen.add(note.text)
                        try await pass(.milliseconds(4))
                    }
                }
            }
            _ = try await queue.pool.transaction { transaction in
                try await queue.push(
                    contentsOf: (0..<60).map { Note(text: "\(["a", "b", "c"][$0 % 3])\(100 + $0)") }, on: transaction
                ) { JobOptions(priority: Bool.random() ? .normal : .highest, lane: JobLane(String($0.text.prefix(1)))) }
            }

            try await running(
                queue.processor(queues: ["tests"], options: .quick(concurrency: 8)),
                queue.processor(queues: ["tests"], options: .quick(concurrency: 8))
            ) {
                try await eventually(within: .seconds(20)) { seen.count == 60 }
                try await db.drained()
            }

            for (lane, gauge) in gauges {
                #expect(gauge.highest == 1, "lane \(lane)")
                let order = seen.all.filter { $0.hasPrefix(lane) }
                #expect(order == order.sorted(), "lane \(lane)")
            }
            #expect(all.highest > 1, "lanes run beside one another")
            #expect(try await db.count("(SELECT FROM jobs.gate UNION ALL SELECT FROM jobs.signal) g") == 0)
        }
    }

    @Test func lane_jobThatFails_keepsItsPlaceUntilItsNextTry() async throws {
        try await withTestDatabase { db in
            let queue = makeQueue(db)
            let seen = Collected<String>()
            struct Refused: Error {}
            queue.registerJob(
                parameters: Note.self, retryStrategy: .exponentialJitter(maxAttempts: 3, minBackoff: .milliseconds(200))
            ) { note, context in
                seen.add("\(note.text)\(context.attempt)")
                if note.text == "a", context.attempt == 1 { throw Refused() }
            }
            for text in ["a", "b"] { try await queue.push(Note(text: text), options: .init(lane: JobLane("l"))) }

            try await running(queue.processor(queues: ["tests"], options: .quick())) {
                try await eventually(within: .seconds(20)) { seen.count == 3 }
            }

            #expect(seen.all == ["a1", "a2", "b1"])
        }
    }

    @Test func lane_jobThatCompletesItself_letsTheNextOneIn() async throws {
        try await withTestDatabase { db in
            let queue = makeQueue(db)
            let seen = Collected<String>()
            queue.registerJob(parameters: Note.self) { note, context in
                try await context.complete { _ in seen.add(note.text) }
            }
            let texts = (0..<50).map { "\(100 + $0)" }
            for text in texts { try await queue.push(Note(text: text), options: .init(lane: JobLane("l"))) }

            let clock = ContinuousClock()
            let took = try await running(queue.processor(queues: ["tests"], options: .quick())) {
                try await clock.measure { try await eventually(within: .seconds(20)) { seen.count == texts.count } }
            }

            #expect(seen.all == texts)
            #expect(took < .seconds(10), "one of a lane follows the other at once, not at the next look")
        }
    }

    // MARK: Quotas

    @Test func quota_runningMax_holdsOverProcesses() async throws {
        try await withTestDatabase { db in
            let queue = makeQueue(db)
            let gauge = Gauge()
            queue.registerJob(parameters: Guarded.self) { _, _ in
                try await gauge.during { try await pass(.milliseconds(5)) }
            }
            _ = try await queue.pool.transaction { transaction in
                try await queue.push(contentsOf: (0..<60).map(Guarded.init(number:)), on: transaction)
            }

            try await running(
                queue.processor(queues: ["tests"], options: .quick(concurrency: 8)),
                queue.processor(queues: ["tests"], options: .quick(concurrency: 8))
            ) {
                try await eventually(within: .seconds(30)) { try await db.count("jobs.done") == 60 }
            }

            #expect(gauge.highest == 2)
        }
    }

    @Test func quota_rate_startsNoFasterThanItSays() async throws {
        try await withTestDatabase { db in
            let queue = makeQueue(db)
            let starts = Collected<ContinuousClock.Instant>()
            queue.registerJob(parameters: Paced.self) { _, _ in starts.add(.now) }
            _ = try await queue.pool.transaction { transaction in
                try await queue.push(contentsOf: (0..<13).map(Paced.init(number:)), on: transaction)
            }

            let began = ContinuousClock.now
            try await running(queue.processor(queues: ["tests"], options: .quick())) {
                try await eventually(within: .seconds(20)) { starts.count == 13 }
            }

            // Three at once, then ten more, one in 100 ms: counted from before the first, since that one may be late.
            let took = try #require(starts.all.max()) - began
            #expect(took >= .milliseconds(990), "\(took)")
            #expect(took < .milliseconds(3_000), "\(took)")
        }
    }

    @Test func quota_fair_brandsTakeTurns() async throws {
        try await withTestDatabase { db in
            let queue = makeQueue(db)
            let seen = Collected<String>()
            queue.registerJob(parameters: Shared.self) { job, _ in seen.add(job.name) }
            let (a, b) = (UUID(), UUID())
            try await queue.pool.transaction { transaction in
                for n in 1...6 {
                    try await queue.push(Shared(name: "A\(n)"), options: .init(brand: a), on: transaction)
                }
                for n in 1...3 {
                    try await queue.push(Shared(name: "B\(n)"), options: .init(brand: b), on: transaction)
                }
            }

            try await running(queue.processor(queues: ["tests"], options: .quick())) {
                try await eventually(within: .seconds(20)) { seen.count == 9 }
            }

            let firstSix = seen.all.prefix(6).map { String($0.prefix(1)) }
            #expect(firstSix.count { $0 == "A" } == 3, "\(seen.all)")
            #expect(seen.all.filter { $0.hasPrefix("A") } == (1...6).map { "A\($0)" })
        }
    }

    // MARK: Dependencies

    @Test func dependent_runsAfterAllThatItNeeds() async throws {
        try await withTestDatabase { db in
            let queue = makeQueue(db)
            let seen = Collected<String>()
            queue.registerJob(parameters: Note.self) { note, context in
                if note.text == "second" {
                    try await context.complete { _ in seen.add(note.text) }
                } else {
                    seen.add(note.text)
                }
            }
            let first = try await queue.push(Note(text: "first"), options: .init(delay: .milliseconds(200)))
            let second = try await queue.push(Note(text: "second"))
            let last = try await queue.push(Note(text: "last"), options: .init(dependsOn: [first, second]))
            try await queue.push(Note(text: "after"), options: .init(dependsOn: [last]))

            try await running(queue.processor(queues: ["tests"], options: .quick())) {
                try await eventually(within: .seconds(20)) { seen.count == 4 }
                try await db.drained()
                // All of it has ended: nothing to wait for.
                try await queue.push(Note(text: "late"), options: .init(dependsOn: [first, last]))
                try await eventually(within: .seconds(20)) { seen.count == 5 }
            }

            // Which of the two comes first, the clock decides.
            #expect(Set(seen.all.prefix(2)) == ["first", "second"])
            #expect(seen.all.dropFirst(2) == ["last", "after", "late"])
            #expect(try await db.count("(SELECT FROM jobs.dependency UNION ALL SELECT FROM jobs.signal) d") == 0)
        }
    }

    @Test func dependent_ofADiscardedJob_waitsUntilThatIsRetried() async throws {
        try await withTestDatabase { db in
            let queue = makeQueue(db)
            let seen = Collected<String>()
            queue.registerJob(parameters: Note.self) { note, context in
                seen.add(note.text)
                if note.text == "first", context.runNumber == 1 { throw JobFailure.permanent("no") }
            }
            let first = try await queue.push(Note(text: "first"))
            try await queue.push(Note(text: "second"), options: .init(dependsOn: [first]))

            try await running(queue.processor(queues: ["tests"], options: .quick())) {
                try await eventually(within: .seconds(20)) { try await db.count("jobs.discarded") == 1 }
                try await pass(.milliseconds(200))
                #expect(seen.all == ["first"])
                #expect(try await queue.retry(first))
                try await eventually(within: .seconds(20)) { seen.count == 3 }
            }

            #expect(seen.all == ["first", "first", "second"])
        }
    }

    @Test func dependent_ofAnUnknownJob_isRefused() async throws {
        try await withTestDatabase { db in
            let queue = makeQueue(db)
            let error = await #expect(throws: JobError.self) {
                try await queue.push(Note(text: "x"), options: .init(dependsOn: [JobID(rawValue: UUID())]))
            }
            #expect(error == .unknownDependency)
            let left = try await db.count("jobs.later")
            #expect(left == 0)
        }
    }
}
