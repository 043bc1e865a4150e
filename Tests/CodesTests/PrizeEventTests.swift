import Codes
import Foundation
import Hooks
import JobTesting
import Jobs
import Kernel
import Postgres
import TestSupport
import Testing

/// What is told of prizes after they were won: in the same commit, once, however often it is asked for.
struct PrizeEventTests {
    private struct Message: Equatable {
        let type: String
        let lane: String
        let data: [String: String]

        subscript(_ member: String) -> String? { data[member] }
    }

    private func listen(_ lottery: Lottery) async throws {
        _ = try await HookEndpoints.create(
            "partner", url: "https://hooks.example.com/", events: CodesEvents.types.sorted(), known: CodesEvents.types,
            brand: lottery.factory.brand, keys: lottery.factory.keys, on: lottery.factory.operator)
    }

    private func messages(_ lottery: Lottery) async throws -> [Message] {
        let rows = try await lottery.factory.db.owner.run(
            Statement("SELECT event, lane, payload FROM hooks.outgoing ORDER BY message_id") {
                row throws(PostgresError) in
                (try row.next(String.self), try row.next(String.self), try row.next([UInt8].self))
            })
        return rows.map { event, lane, payload in
            let body = (try? JSONSerialization.jsonObject(with: Data(payload))) as? [String: Any] ?? [:]
            let data = body["data"] as? [String: Any] ?? [:]
            #expect(body["type"] as? String == event)
            return Message(type: event, lane: lane, data: data.mapValues { "\($0)" })
        }
    }

    @Test func o05_handoverReversalAndEnd_areToldOnceInTheLaneOfTheWin() async throws {
        try await Lottery.open { lottery in
            let factory = lottery.factory
            try await listen(lottery)
            let hooks = OutgoingHooks(queue: factory.queue)
            let batch = try await factory.activeBatch()
            let redeeming = Redeeming(
                pool: factory.redeem, queue: factory.queue, keys: factory.keys,
                followers: [lottery.vouchers, ScanTeller(hooks: hooks)], vouchers: lottery.vouchers)
            let index = try #require((0..<Factory.count).first { batch.prize(of: $0)?.tier == 1 })
            let won = try await redeeming.redeem([factory.scan(batch, index, by: "canary")], brand: factory.brand)[0]
            let prize = won.json["prize"] as? [String: Any]
            let token = try #require((prize?["voucher"] as? [String: String])?["token"])
            let handovers = Handovers(
                pool: factory.redeem, queue: factory.queue, keys: factory.keys,
                limits: LimitBook(keys: factory.keys, isAlone: true), hooks: hooks)
            let store = try await lottery.store()

            let over = lottery.delivery(#"{"voucher":"\#(token)","store":"\#(store)"}"#)
            let handed = try await handovers.handOver(over, arrived: .now)
            _ = try await handovers.handOver(over, arrived: .now)
            let json = (try? JSONSerialization.jsonObject(with: Data(handed.body))) as? [String: Any]
            let id = try #require((json?["handover_id"] as? String).flatMap { ID<Handover>($0) })
            let back = lottery.delivery(#"{"reason":"canary"}"#)
            for _ in 0..<2 { _ = try await handovers.reverse(id, back) }
            // Refusals are told to nobody.
            _ = await lottery.refusal { _ = try await handovers.reverse(id, lottery.delivery(#"{"reason":"again"}"#)) }
            try await lottery.tester.advance(by: .seconds(30 * 86_400 + 1))
            #expect(try await lottery.tester.drain().map(\.end) == [.completed, .completed])

            let told = try await messages(lottery)
            #expect(told.map(\.type) == ["scan.redeemed", "handover.made", "handover.reversed", "voucher.expired"])
            #expect(Set(told.map(\.lane)).count == 1 && told[0]["redemption_id"] == told[3]["voucher_id"])
            #expect(told[1]["handover_id"] == "\(id)" && told[2]["handover_id"] == "\(id)")
            #expect(
                told[1]["cost_fen"] == "500" && told[1]["batch_id"] == "\(batch.record.id)" && told[1]["tier"] == "1")
            #expect(told[1]["shop_id"] == told[2]["shop_id"] && told[3]["shop_id"] == nil)
            #expect(
                told.allSatisfy { message in
                    !message.data.values.contains { $0.contains("canary") || $0.contains(token) }
                })
            let jobs = try await JobTester(factory.queue).pushed(HookSend.self)
            #expect(jobs.count == 4 && Set(jobs.map(\.lane)).count == 1)
            #expect(try await factory.count("hooks.outgoing_delivery WHERE state = 'pending'") == 4)
        }
    }

    @Test func o05_entryInADraw_isToldOnce_withWhatItWon() async throws {
        try await Lottery.open { lottery in
            try await listen(lottery)
            try await lottery.run(
                lottery.file(perPerson: 2, tiers: [Lottery.tier(1, cost: 10, stock: 1, odds: 1_000_000)]))

            for _ in 0..<3 { _ = try await lottery.draw("canary", id: "same") }
            _ = try await lottery.draw("canary")
            _ = try await lottery.draw("canary")

            let told = try await messages(lottery)
            #expect(told.map(\.type).sorted() == ["draw.entered", "draw.entered", "prize.paid"])
            let entered = told.filter { $0.type == "draw.entered" }
            #expect(
                entered.map { $0["outcome"] } == ["won", "no_prize"] && entered.map { $0["ordinal"] } == ["0", "1"])
            #expect(entered[0]["prize_kind"] == "points" && entered[0].lane == entered[0]["entry_id"])
            #expect(told.first { $0.type == "prize.paid" }?.lane == entered[0].lane)
            #expect(told.allSatisfy { !$0.data.values.contains("canary") })
            #expect(try await JobTester(lottery.factory.queue).pushed(HookSend.self).count == 3)
        }
    }

    @Test func whereNobodyListens_nothingIsWritten() async throws {
        try await Lottery.open { lottery in
            try await lottery.run(lottery.file(tiers: [Lottery.tier(stock: 1, odds: 1_000_000)]))
            #expect(try await lottery.draw("p").outcome == "won")
            #expect(try await lottery.factory.count("hooks.outgoing") == 0)
        }
    }
}
