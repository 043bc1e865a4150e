import Foundation
import Hooks
import JobTesting
import Jobs
import Kernel
import Keys
import Postgres
import Synchronization
import TestSupport
import Testing

struct OutgoingHooksTests {
    @Test func o05_receiverDownAnHour_getsAllInOrderPerKey() async throws {
        let receiver = FakeReceiver { _ in .unreachable("nobody is there") }
        try await Outgoing.with(receiver) { outgoing in
            let lanes = (0..<6).map { "key-\($0)" }
            var sent = 0
            for minute in 0..<60 {
                if minute.isMultiple(of: 6) {
                    try await outgoing.emit(lanes.map { outgoing.event(sent, lane: $0) })
                    sent += 1
                }
                try await outgoing.pass(60)
            }
            #expect(try await outgoing.count("delivered") == 0)
            // 60 messages, an hour: a few calls until it was known, and then one for each pause.
            #expect((5...30).contains(receiver.calls.count), "\(receiver.calls.count) calls to one who was away")

            receiver.forget()
            receiver.now { _ in .status(200) }
            for _ in 0..<12 { try await outgoing.pass(60) }

            #expect(try await outgoing.count("delivered") == 60)
            for lane in lanes { #expect(numbers(receiver.calls, lane: lane) == Array(0..<10)) }
            #expect(try await outgoing.record().breaker == HookBreaker())
        }
    }

    @Test func o05_clientError_isNotRetried() async throws {
        let receiver = FakeReceiver { $0.body.contains("\"number\":1}") ? .status(422) : .status(200) }
        try await Outgoing.with(receiver) { outgoing in
            try await outgoing.emit((0..<3).map { outgoing.event($0, "thing.made") })
            try await outgoing.tester.drain()
            try await outgoing.pass(4 * 86_400)

            // The one that was refused holds up nobody behind it.
            #expect(numbers(receiver.calls).sorted() == [0, 1, 2])
            let dead = try await outgoing.records([.refused, .discarded])
            #expect(dead.map(\.state) == ["refused"])
            #expect(dead.map(\.lastStatus) == [422])
            #expect(dead.map(\.attempts) == [1])
            #expect(try await outgoing.record().dead == 1)
            #expect(try await outgoing.record().breaker == HookBreaker())
        }
    }

    @Test func o05_circuitOpens() async throws {
        let receiver = FakeReceiver { _ in .status(500) }
        try await Outgoing.with(receiver) { outgoing in
            try await outgoing.emit((0..<20).map { outgoing.event($0, lane: "lane-\($0)") })
            try await outgoing.tester.drain()
            #expect(receiver.calls.count == 5)

            // Each time that it may be tried again one of four workers calls, and no other.
            var expected = 5
            for pause in [32, 62, 122] {
                try await outgoing.tester.advance(by: .seconds(pause))
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<4 { group.addTask { try await outgoing.tester.drain() } }
                    try await group.waitForAll()
                }
                expected += 1
                #expect(receiver.calls.count == expected)
                #expect(try await outgoing.record().breaker.failures == expected)
            }

            receiver.now { _ in .status(200) }
            try await outgoing.pass(300)
            try await outgoing.pass(30)
            try await outgoing.pass(30)
            #expect(try await outgoing.count("delivered") == 20)
            #expect(Set(receiver.calls.map(\.id)).count == 20)
        }
    }

    @Test func o05_gone_disablesUntilItIsEnabledAndAskedFor() async throws {
        let receiver = FakeReceiver { _ in .status(410) }
        try await Outgoing.with(receiver) { outgoing in
            try await outgoing.emit((0..<5).map { outgoing.event($0) })
            try await outgoing.tester.drain()

            #expect(receiver.calls.count == 1)
            #expect(try await outgoing.count("refused") == 5)
            let record = try await outgoing.record()
            #expect(!record.isActive)
            #expect(record.reason?.contains("410") == true)
            let problem = await #expect(throws: Problem.self) { try await outgoing.redeliver() }
            #expect(problem?.status == 409)

            let first = receiver.calls[0].id
            receiver.forget()
            receiver.now { _ in .status(200) }
            #expect(
                try await HookEndpoints.enable("partner", brand: outgoing.brand, on: outgoing.db.pool(as: .operator)))
            #expect(try await outgoing.redeliver() == 5)
            try await outgoing.tester.drain()

            #expect(numbers(receiver.calls) == Array(0..<5))
            #expect(receiver.calls[0].id == first)
            #expect(try await outgoing.redeliver() == 0)
        }
    }

    @Test func emit_rolledBack_isToldToNobody_committedOnceTwiceSaid() async throws {
        try await Outgoing.with { outgoing in
            let event = outgoing.event(1)
            struct Undo: Error {}
            await #expect(throws: Undo.self) {
                try await outgoing.emitting.transaction { tx in
                    #expect(try await outgoing.tell([event], on: tx))
                    throw Undo()
                }
            }
            #expect(try await outgoing.emit([event]))
            #expect(try await !outgoing.emit([event]))
            #expect(try await !outgoing.emit([outgoing.event(2, "thing.lost")]))
            try await outgoing.tester.drain()

            let call = try #require(outgoing.receiver.calls.first)
            #expect(outgoing.receiver.calls.count == 1)
            #expect(
                call.body
                    == #"{"data":{"lane":"one","number":1},"timestamp":"2025-01-02T00:00:00Z","type":"thing.made"}"#)
            #expect(call.url == "https://hooks.example.com/siyu")
            #expect(call.headers["content-type"] == "application/json")
            #expect(call.id.wholeMatch(of: /msg_[0-9a-f]{32}/) != nil)
        }
    }

    @Test func emit_sameThingsAtOnceInOppositeOrder_isToldOnceWithoutDeadlock() async throws {
        try await Outgoing.with { outgoing in
            let events = (0..<200).map { outgoing.event($0, lane: "lane-\($0 % 10)") }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for round in 0..<4 {
                    group.addTask {
                        try await outgoing.emit(round.isMultiple(of: 2) ? events : events.reversed())
                    }
                }
                try await group.waitForAll()
            }
            try await outgoing.tester.drain()

            #expect(outgoing.receiver.calls.count == 200)
            #expect(Set(outgoing.receiver.calls.map(\.body)).count == 200)
        }
    }

    @Test func send_signedByBothSecretsWhileOneIsReplaced_byTheNewOneAfterwards() async throws {
        try await Outgoing.with { outgoing in
            let pool = outgoing.db.pool(as: .operator)
            let rotated = try #require(
                try await HookEndpoints.rotate("partner", brand: outgoing.brand, keys: outgoing.keys, on: pool))
            try await outgoing.emit([outgoing.event(1)])
            try await outgoing.tester.drain()
            _ = try await HookEndpoints.rotate(
                "partner", brand: outgoing.brand, overlap: .zero, keys: outgoing.keys, on: pool)
            try await outgoing.emit([outgoing.event(2)])
            try await outgoing.tester.drain()

            let calls = outgoing.receiver.calls
            func passes(_ call: FakeReceiver.Call, _ secret: HookSecret) -> Bool {
                let origin = HookOrigin(name: "siyu", id: .mint(), brand: outgoing.brand, secrets: [secret])
                let id = try? StandardWebhook.verify(
                    id: call.id, timestamp: call.headers["webhook-timestamp"],
                    signature: call.headers["webhook-signature"], body: Array(call.body.utf8), origin: origin, now: .now
                )
                return id == call.id
            }
            #expect(calls.map { passes($0, outgoing.secret) } == [true, false])
            #expect(calls.map { passes($0, rotated.secret) } == [true, false])
            #expect(calls.map { $0.headers["webhook-signature"]?.split(separator: " ").count } == [2, 1])
        }
    }

    @Test func send_killedBetweenCallAndCommit_isSentAgainUnderTheSameID() async throws {
        struct Killed: Error {}
        let isFirst = Mutex(true)
        let receiver = FakeReceiver { _ in
            if isFirst.withLock({ first in
                defer { first = false }; return first
            }) {
                throw Killed()
            }
            return .status(200)
        }
        try await Outgoing.with(receiver) { outgoing in
            try await outgoing.emit([outgoing.event(1), outgoing.event(2)])
            try await outgoing.tester.drain()
            try await outgoing.pass(2)

            #expect(numbers(receiver.calls) == [1, 1, 2])
            #expect(receiver.calls[0].id == receiver.calls[1].id)
            #expect(receiver.calls[1].id != receiver.calls[2].id)
            #expect(try await outgoing.records().map(\.attempts) == [1, 1])
        }
    }

    @Test func send_messageThatIsNeverTaken_climbsTheLadderThenIsDiscardedAndTheNextOneGoes() async throws {
        let receiver = FakeReceiver { $0.body.contains("\"number\":1}") ? .status(503) : .status(200) }
        try await Outgoing.with(receiver) { outgoing in
            try await outgoing.emit([outgoing.event(1), outgoing.event(2)])
            try await outgoing.tester.drain()
            for (rung, wait) in HookRetries.ladder.enumerated() {
                // Another key goes its way, and tells that the endpoint itself is well.
                try await outgoing.emit([outgoing.event(100 + rung, lane: "other")])
                try await outgoing.pass(Int(wait) / 2)
                #expect(numbers(receiver.calls) == [Int](repeating: 1, count: rung + 1))
                try await outgoing.pass(Int(wait) / 2 + 2)
            }

            #expect(numbers(receiver.calls) == [Int](repeating: 1, count: 10) + [2])
            #expect(numbers(receiver.calls, lane: "other") == Array(100..<109))
            let dead = try await outgoing.records([.discarded])
            #expect(dead.map(\.attempts) == [10])
            #expect(dead.map(\.lastStatus) == [503])
        }
    }

    @Test func send_afterThreeDaysOfSilence_isDiscarded() async throws {
        let receiver = FakeReceiver { _ in .unreachable("nobody is there") }
        try await Outgoing.with(receiver) { outgoing in
            try await outgoing.emit([outgoing.event(1)])
            for _ in 0..<12 { try await outgoing.pass(600) }
            #expect(try await outgoing.count("pending") == 1)
            try await outgoing.pass(77 * 3_600)

            let dead = try await outgoing.records([.discarded])
            #expect(dead.map(\.lastError) == ["nobody is there"])
            #expect(dead.map(\.lastStatus) == [nil])
        }
    }

    @Test func send_retryAfter_isWaitedFor() async throws {
        let receiver = FakeReceiver { _ in .status(429, retryAfter: 900) }
        try await Outgoing.with(receiver) { outgoing in
            try await outgoing.emit([outgoing.event(1)])
            try await outgoing.tester.drain()
            receiver.now { _ in .status(200) }
            try await outgoing.pass(890)
            #expect(receiver.calls.count == 1)
            try await outgoing.pass(20)
            #expect(receiver.calls.count == 2)
        }
    }

    @Test func send_masterKeyAway_waitsAndIsNotLost() async throws {
        try await Outgoing.with { outgoing in
            let pool = outgoing.db.pool(as: .ingest)
            let stranger = JobQueue(pool: pool, logger: .silent)
            HookSending(pool: pool, keys: .ephemeral(), transport: outgoing.receiver, realTime: { .now })
                .register(on: stranger)
            try await outgoing.emit([outgoing.event(1)])
            let runs = try await JobTester(stranger).drain()
            #expect(runs.count == 1)
            #expect(outgoing.receiver.calls.isEmpty)

            try await outgoing.pass(5)
            #expect(numbers(outgoing.receiver.calls) == [1])
        }
    }

    @Test func redeliver_byFilter_bringsBackWhatIsMeantInOrder() async throws {
        let receiver = FakeReceiver { _ in .status(400) }
        try await Outgoing.with(receiver) { outgoing in
            try await outgoing.emit((0..<4).map { outgoing.event($0, "thing.made") })
            try await outgoing.emit((4..<8).map { outgoing.event($0, "thing.sold") })
            try await outgoing.tester.drain()
            receiver.forget()
            receiver.now { _ in .status(200) }

            #expect(try await outgoing.redeliver(.init(event: "thing.sold")) == 4)
            try await outgoing.tester.drain()
            #expect(numbers(receiver.calls) == Array(4..<8))
            #expect(try await outgoing.redeliver(.init(from: Date(timeIntervalSince1970: 1_735_776_001))) == 0)
            #expect(try await outgoing.redeliver(.init(to: Date(timeIntervalSince1970: 1_735_776_000))) == 0)
            #expect(try await outgoing.redeliver(.init(states: [.delivered])) == 4)
            #expect(try await outgoing.redeliver() == 4)
            try await outgoing.tester.drain()
            #expect(numbers(receiver.calls).suffix(8) == [4, 5, 6, 7, 0, 1, 2, 3])
            #expect(try await outgoing.records().map(\.redeliveries) == [1, 1, 1, 1, 2, 2, 2, 2])
            let problem = await #expect(throws: Problem.self) {
                try await outgoing.redeliver(.init(states: [.pending]))
            }
            #expect(problem?.status == 422)
        }
    }

    @Test func sweep_afterThirtyDays_forgetsWhatIsOnItsWayToNobody() async throws {
        try await Outgoing.with { outgoing in
            let pool = outgoing.db.pool(as: .ingest)
            func forget() async throws -> Bool {
                try await pool.transaction { tx in try await HookSweep.forget(brand: outgoing.brand, on: tx) }
            }
            let isYoung = OutgoingEvent(
                "thing.made", subject: ID<Order>.mint().rawValue, lane: "x", at: .now, data: [:])
            try await outgoing.emit([outgoing.event(1), isYoung])
            #expect(try await !forget())
            #expect(try await outgoing.records().count == 2)
            try await outgoing.tester.drain()
            #expect(try await !forget())

            // The old one is of the year 2025.
            #expect(try await outgoing.records().map(\.subject) == [isYoung.subject])
        }
    }
}
