import CrashWorker
import Foundation
import Jobs
import Postgres
import Synchronization
import TestSupport
import Testing

/// Calls to providers of which it can remain unknown whether they were done.
@Suite(.timeLimit(.minutes(2)))
struct EffectTests {
    /// What the network does to a call.
    private enum Weather: Sendable {
        case fine
        /// The provider does it, and its answer is lost.
        case answerLost
        /// The call is lost on its way.
        case callLost
    }
    private struct TimedOut: Error {}
    private struct Receipt: Codable, Sendable, Equatable {
        var number: String
    }

    /// A provider that counts what it did, and refuses nothing: not even the second call of a key, so that one would show.
    private final class Provider: Sendable {
        private struct State {
            var weather: [Weather]
            var done: [String] = []
            var questions = 0
            var isSilent = false
        }
        private let state: Mutex<State>

        init(_ weather: Weather...) { state = Mutex(State(weather: weather)) }

        var done: [String] { state.withLock { $0.done } }
        var questions: Int { state.withLock { $0.questions } }
        func setSilent(_ isSilent: Bool) { state.withLock { $0.isSilent = isSilent } }

        func refund(_ key: EffectKey) throws -> Receipt {
            try state.withLock { state in
                let weather = state.weather.isEmpty ? .fine : state.weather.removeFirst()
                if case .callLost = weather { throw TimedOut() }
                state.done.append(key.description)
                if case .answerLost = weather { throw TimedOut() }
                return Receipt(number: "R-\(key.description.prefix(8))")
            }
        }

        func query(_ key: EffectKey) throws -> EffectFinding<Receipt> {
            try state.withLock { state in
                state.questions += 1
                if state.isSilent { throw TimedOut() }
                let wasDone = state.done.contains(key.description)
                return wasDone ? .done(Receipt(number: "R-\(key.description.prefix(8))")) : .neverArrived
            }
        }
    }

    private static let patience = EffectPatience([.milliseconds(20), .milliseconds(20), .seconds(3_600)])

    /// A queue whose jobs refund, and the receipts that their handlers saw.
    private func makeRefunds(
        _ db: TestDatabase, _ provider: Provider, _ seen: Collected<String>, failsAfterwards times: Int = 0
    ) -> JobQueue {
        struct Afterwards: Error {}
        let queue = makeQueue(db)
        queue.registerJob(parameters: Note.self, retryStrategy: .exponentialJitter(minBackoff: .milliseconds(10))) {
            _, context in
            let receipt = try await context.effect(step: "refund", patience: Self.patience) {
                try provider.refund($0)
            } query: {
                try provider.query($0)
            }
            seen.add(receipt.number)
            if context.attempt <= times { throw Afterwards() }
        }
        return queue
    }

    @Test func effect_thatWasAnswered_isNotCalledAgainByLaterRuns() async throws {
        try await withTestDatabase { db in
            let (provider, seen) = (Provider(), Collected<String>())
            let queue = makeRefunds(db, provider, seen, failsAfterwards: 2)

            let id = try await running(queue.processor(queues: ["tests"], options: .quick())) {
                let id = try await queue.push(Note(text: "tea"))
                try await db.drained()
                return id
            }

            #expect(provider.done.count == 1 && provider.questions == 0)
            #expect(seen.count == 3 && Set(seen.all).count == 1, "every run sees the same receipt")
            let effects = try await queue.effects(of: id)
            #expect(effects.map(\.state) == [.done] && effects.map(\.calls) == [1])
            let key = try #require(provider.done.first)
            #expect(key == id.description.filter { $0 != "-" } + "-refund" && key.count <= 64)
        }
    }

    @Test func effect_whoseAnswerWasLost_isAskedForAndCalledExactlyOnce() async throws {
        try await withTestDatabase { db in
            let (provider, seen) = (Provider(.answerLost), Collected<String>())
            let queue = makeRefunds(db, provider, seen)

            let id = try await running(queue.processor(queues: ["tests"], options: .quick())) {
                let id = try await queue.push(Note(text: "tea"), options: .init(maxTries: 1))
                try await db.drained()
                return id
            }

            #expect(provider.done.count == 1, "the provider did it; a second call would be a second refund")
            #expect(provider.questions == 1)
            #expect(seen.count == 1)
            #expect(try await queue.job(id)?.record.tries == 0, "not to know is no failure")
        }
    }

    @Test func effect_thatNeverArrived_isCalledAgainUnderTheSameKey() async throws {
        try await withTestDatabase { db in
            let (provider, seen) = (Provider(.callLost, .callLost), Collected<String>())
            let queue = makeRefunds(db, provider, seen)

            let id = try await running(queue.processor(queues: ["tests"], options: .quick())) {
                let id = try await queue.push(Note(text: "tea"))
                try await db.drained()
                return id
            }

            #expect(provider.done.count == 1 && provider.questions == 2)
            #expect(try await queue.effects(of: id).map(\.calls) == [3])
        }
    }

    /// The process is lost between the intent and the answer: its handler hangs, and its lease runs out.
    @Test(arguments: [true, false])
    func effect_whoseProcessWasLostInTheCall_isAskedForByTheNext(_ wasDone: Bool) async throws {
        try await withTestDatabase { db in
            let provider = Provider()
            let isCalling = TestSignal<Void>()
            let lost = makeQueue(db)
            lost.registerJob(parameters: Note.self) { _, context in
                let _: Receipt = try await context.effect(step: "refund") { key in
                    if wasDone { _ = try provider.refund(key) }
                    isCalling.send()
                    // What a lost process leaves behind is an intent without an outcome: not even the cancellation is noted.
                    try await db.run("UPDATE jobs.hot SET worker = gen_random_uuid()")
                    try await pass(.seconds(60))
                    throw TimedOut()
                } query: { _ in
                    .stillUnknown
                }
            }
            let id = try await lost.push(Note(text: "tea"))
            try await withThrowingTaskGroup(of: Void.self) { group in
                let processor = lost.processor(queues: ["tests"], options: .quick())
                group.addTask { try await processor.run() }
                try await isCalling.wait()
                try await pass(.milliseconds(100))
                group.cancelAll()
                try await group.waitForAll()
            }
            #expect(try await lost.effects(of: id).map(\.state) == [.intended])
            #expect(try await lost.unsettledEffects(for: .zero).map(\.job) == [id])
            try await db.run("UPDATE jobs.hot SET worker = DEFAULT, claim_no = DEFAULT")

            let seen = Collected<String>()
            let next = makeRefunds(db, provider, seen)
            try await running(next.processor(queues: ["tests"], options: .quick())) { try await db.drained() }

            #expect(provider.done.count == 1 && provider.questions == 1)
            #expect(seen.count == 1)
            #expect(try await next.effects(of: id).map(\.calls) == [wasDone ? 1 : 2])
        }
    }

    /// Real processes that kill themselves between the intent and the answer, before or after the provider got the call.
    @Test func effect_whoseProcessKilledItself_isDoneExactlyOnce() async throws {
        try await withTestDatabase { db in
            try await db.makeEffectTable()
            let queue = makeQueue(db)
            var ids: [JobID] = []
            for number in 1...2 {
                ids.append(try await queue.push(CrashRefund(number: number, arrives: number == 1)))
                let process = try CrashProcess(db.conninfo(as: .ingest), lease: 1)
                try await process.ended()
            }
            let last = try CrashProcess(db.conninfo(as: .ingest), lease: 1)
            try await db.drained()
            #expect(try await last.shutDown())

            #expect(try await db.count("public.effect", where: "number = 1") == 1)
            #expect(try await db.count("public.effect", where: "number = 2") == 1)
            for id in ids { #expect(try await queue.effects(of: id).map(\.state) == [.done]) }
        }
    }

    @Test func effect_thatStaysUnknown_sleepsOnALadderAndIsThenLeftToPeople() async throws {
        try await withTestDatabase { db in
            let (provider, seen) = (Provider(.answerLost), Collected<String>())
            provider.setSilent(true)
            let queue = makeRefunds(db, provider, seen)

            try await running(queue.processor(queues: ["tests"], options: .quick())) {
                let id = try await queue.push(Note(text: "tea"), options: .init(maxTries: 1))
                // Two short rungs, then one of an hour.
                try await eventually { try await queue.effects(of: id).first?.looks == 2 }
                try await eventually { try await queue.job(id)?.record.reason == "snoozed" }
                try await db.run("UPDATE siyu.environment SET clock_offset = '61 minutes'")
                try await eventually { try await queue.job(id)?.record.state == .discarded }
                #expect(try await queue.job(id)?.record.error?.contains("ask the provider about") == true)
                #expect(provider.questions == 3 && provider.done.count == 1)

                // Retried by somebody, it asks again before anything else.
                provider.setSilent(false)
                #expect(try await queue.retry(id))
                try await db.drained()
                #expect(seen.count == 1 && provider.done.count == 1)
                #expect(try await queue.effects(of: id).map(\.state) == [.done])
            }
        }
    }

    @Test func effect_thatWasRefused_isRefusedForGood() async throws {
        try await withTestDatabase { db in
            let queue = makeQueue(db)
            let calls = Collected<Void>()
            queue.registerJob(parameters: Note.self, retryStrategy: .exponentialJitter(minBackoff: .milliseconds(10))) {
                _, context in
                let _: Receipt = try await context.effect(step: "refund") { _ in
                    calls.add(())
                    throw EffectFailure.refused("the balance is too low")
                } query: { _ in
                    .stillUnknown
                }
            }

            let id = try await running(queue.processor(queues: ["tests"], options: .quick())) {
                let id = try await queue.push(Note(text: "tea"), options: .init(maxTries: 3))
                try await db.drained()
                return id
            }

            #expect(calls.count == 1)
            #expect(try await queue.job(id)?.record.error == "refused: the balance is too low")
            #expect(try await queue.effects(of: id).map(\.reason) == ["the balance is too low"])
        }
    }

    @Test func effect_thatWasNeverSent_isSentByTheNextTryWithoutAQuestion() async throws {
        try await withTestDatabase { db in
            let provider = Provider()
            let queue = makeQueue(db)
            queue.registerJob(parameters: Note.self, retryStrategy: .exponentialJitter(minBackoff: .milliseconds(10))) {
                _, context in
                let _: Receipt = try await context.effect(step: "refund") { key in
                    if context.attempt == 1 { throw EffectFailure.neverSent("no route to the provider") }
                    return try provider.refund(key)
                } query: {
                    try provider.query($0)
                }
            }

            try await running(queue.processor(queues: ["tests"], options: .quick())) {
                try await queue.push(Note(text: "tea"))
                try await db.drained()
            }

            #expect(provider.done.count == 1 && provider.questions == 0)
        }
    }
}
