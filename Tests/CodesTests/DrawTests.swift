import Accounting
import Codes
import Foundation
import Hooks
import JobTesting
import Kernel
import Policies
import Postgres
import TestSupport
import Testing

struct DrawTests {
    @Test func c13_tenThousandDrawsOfAHundred_winExactlyAHundred() async throws {
        try await Lottery.open { lottery in
            // Twice as likely as there is stock for: by chance more than a hundred are drawn, and a hundred win.
            try await lottery.run(
                lottery.file(
                    perPerson: 100,
                    tiers: [
                        Lottery.tier(1, cost: 500, stock: 20, odds: 8_000),
                        Lottery.tier(2, cost: 10, stock: 80, odds: 16_000),
                    ]))
            #expect(try await lottery.balance("prize_stock") == 20 * 500 + 80 * 10)

            let told = try await lottery.draw((0..<10_000).map { "p\($0 % 100)" })

            #expect(told.filter { $0.outcome == "won" }.count == 100)
            #expect(told.filter { $0.outcome == "no_prize" }.count == 9_900)
            #expect(told.filter { $0.prize?["tier"] as? Int == 1 }.count == 20)
            #expect(Set(told.compactMap(\.ordinal)) == Set(0..<10_000))
            #expect(try await lottery.draw("somebody").word == "409 campaign_full")
            #expect(try await lottery.balance("prize_stock") == 0)
            #expect(try await lottery.balance("points") == 20 * 500 + 80 * 10)
            #expect(try await Ledger.check(brand: lottery.factory.brand, on: lottery.factory.redeem).isBalanced)
        }
    }

    @Test func c13_drawByRanks_isComputedAgain() async throws {
        try await Lottery.open { lottery in
            let campaign = try await lottery.run(
                lottery.file("spring", .ranks, tiers: [Lottery.tier(1, stock: 3_000), Lottery.tier(2, stock: 3_000)]))

            let told = try await lottery.draw((0..<60).map { "p\($0)" })

            try await lottery.reveal(campaign)
            let verdict = try await lottery.verify()
            #expect(verdict.isRight && verdict.entries == 60)
            #expect(verdict.wins.values.reduce(0, +) == Int64(told.filter { $0.outcome == "won" }.count))
            #expect(verdict.wins.count == 2, "of 60 entries 36 win")
        }
    }

    @Test func c13_capPerPerson_holds() async throws {
        try await Lottery.open { lottery in
            try await lottery.run(
                lottery.file(perPerson: 3, tiers: [Lottery.tier(stock: 1_000, odds: 500_000)]))

            let told = try await lottery.draw(Array(repeating: "greedy", count: 64), atOnce: 64)

            #expect(told.filter { $0.status == 200 }.count == 3)
            #expect(told.filter { $0.word == "409 draws_used_up" }.count == 61)
            #expect(Set(told.compactMap(\.ordinal)) == [0, 1, 2])
            #expect(try await lottery.draw("modest").ordinal == 3)
            #expect(try await lottery.factory.count("codes.draw_entry") == 4)
        }
    }

    @Test func c13_sixtyFourAtOnce_giveOutTheStockExactly() async throws {
        try await Lottery.open { lottery in
            let campaign = try await lottery.run(
                lottery.file(tiers: [
                    Lottery.tier(1, cost: 3, stock: 100, odds: 600_000),
                    Lottery.tier(2, cost: 7, stock: 5, odds: 400_000),
                ]))

            let told = try await lottery.draw((0..<320).map { "p\($0)" }, atOnce: 64)

            #expect(told.count == 320 && told.allSatisfy { $0.status == 200 })
            #expect(told.filter { $0.prize?["tier"] as? Int == 1 }.count == 100)
            #expect(told.filter { $0.prize?["tier"] as? Int == 2 }.count == 5)
            #expect(try await lottery.balance("prize_stock") == 0)
            #expect(try await lottery.balance("points") == 335)
            #expect(try await Ledger.check(brand: lottery.factory.brand, on: lottery.factory.redeem).isBalanced)
            try await lottery.reveal(campaign)
            #expect(try await lottery.verify().isRight)
        }
    }

    @Test func c13_dayGivesItsShare_andWhatIsLeftGoesToTheNext() async throws {
        try await Lottery.open { lottery in
            let campaign = try await lottery.run(
                lottery.file(perPerson: 100, tiers: [Lottery.tier(cost: 10, stock: 5, day: 2, odds: 1_000_000)]))
            // Noon in Shanghai, so that no day ends within a step.
            let day = 86_400.0
            let noon = ((try await lottery.now.timeIntervalSince1970 / day).rounded(.up) + 1) * day + 4 * 3_600
            func wins(day number: Int, of draws: Int) async throws -> Int {
                try await lottery.pass(until: Date(timeIntervalSince1970: noon + Double(number) * day))
                return try await lottery.draw(Array(repeating: "p", count: draws)).filter { $0.outcome == "won" }.count
            }

            #expect(try await wins(day: 0, of: 4) == 2)
            #expect(try await lottery.balance("prize_today") == 0)
            #expect(try await lottery.balance("prize_stock") == 30)
            #expect(try await wins(day: 1, of: 1) == 1)
            #expect(try await lottery.balance("prize_today") == 10)
            #expect(try await lottery.balance("prize_stock") == 10)
            // The day before left one: with it there are two for today, and none after.
            #expect(try await wins(day: 3, of: 5) == 2)
            #expect(try await wins(day: 4, of: 3) == 0)
            #expect(try await lottery.balance("prize_today") == 0)
            #expect(try await lottery.balance("prize_stock") == 0)
            #expect(try await lottery.factory.count("codes.draw_day") == 3)
            try await lottery.reveal(campaign)
            #expect(try await lottery.verify().isRight)
            #expect(try await Ledger.check(brand: lottery.factory.brand, on: lottery.factory.redeem).isBalanced)
        }
    }

    @Test func c13_itemThatWasDrawn_isFetchedLikeThatOfAPack() async throws {
        try await Lottery.open { lottery in
            try await lottery.run(
                lottery.file(tiers: [Lottery.tier(1, .item, cost: 500, stock: 9, odds: 1_000_000)], days: 60))
            let first = try await lottery.draw("p"), second = try await lottery.draw("q")
            let voucher = try #require(first.prize?["voucher"] as? [String: String])
            let token = try #require(voucher["token"])
            let drawnAt = try Date(try #require(first.json["drawn_at"] as? String), strategy: .iso8601)
            let end = try Date(try #require(voucher["expires_at"]), strategy: .iso8601)
            #expect(end.timeIntervalSince(drawnAt) == 30 * 86_400)
            #expect(first.prize?["points"] == nil && second.outcome == "won")
            #expect(try await lottery.balance("prize_owed") == 1_000)

            let handovers = Handovers(
                pool: lottery.factory.redeem, queue: lottery.factory.queue, keys: lottery.factory.keys,
                limits: LimitBook(keys: lottery.factory.keys, isAlone: true))
            let store = try await lottery.store()
            let handed = try await handovers.handOver(
                lottery.delivery(#"{"voucher":"\#(token)","store":"\#(store)"}"#), arrived: .now)
            #expect(handed.status == 200)
            #expect(try await lottery.balance("store_due") == 500)
            try await lottery.tester.advance(by: .seconds(30 * 86_400 + 1))
            #expect(try await lottery.tester.drain().map(\.end) == [.completed, .completed])
            #expect(try await lottery.balance("prize_owed") == 0)
            #expect(try await lottery.balance("prize_breakage") == 500)
            #expect(try await Ledger.check(brand: lottery.factory.brand, on: lottery.factory.redeem).isBalanced)
        }
    }

    @Test func c13_sameDeliveryAgainAndAtOnce_isOneEntry() async throws {
        try await Lottery.open { lottery in
            try await lottery.run(lottery.file(perPerson: 9, tiers: [Lottery.tier(stock: 9, odds: 1_000_000)]))
            try await lottery.run(lottery.file("autumn", perPerson: 9, tiers: [Lottery.tier(stock: 9, odds: 1)]))

            let atOnce = try await withThrowingTaskGroup(of: Told.self) { group in
                for _ in 0..<12 { group.addTask { try await lottery.draw("p", id: "same") } }
                return try await group.reduce(into: [Told]()) { $0.append($1) }
            }
            let later = try await lottery.draw("p", id: "same")

            #expect(Set(atOnce.map(\.body) + [later.body]).count == 1 && later.outcome == "won")
            #expect(try await lottery.draw("q", id: "same").word == "409 idempotency_mismatch")
            #expect(try await lottery.draw("p", in: "autumn", id: "same").word == "409 idempotency_mismatch")
            #expect(try await lottery.factory.count("codes.draw_entry") == 1)
            #expect(try await lottery.balance("points") == 10)
        }
    }

    @Test func c13_refusals_saySoAndChangeNothing() async throws {
        try await Lottery.open { lottery in
            let file = try await lottery.file(tiers: [Lottery.tier(stock: 9, odds: 1_000_000)], days: 1)
            try await lottery.publish(file)

            #expect(try await lottery.draw("p").word == "409 not_active")
            try await lottery.pass(until: file.startsAt)
            #expect(try await lottery.draw("p", in: "nothing").word == "404 not_found")
            #expect(try await lottery.draw("p", brand: .mint()).word == "404 not_found")
            #expect(try await lottery.draw("p", right: "\(ID<DrawRight>.mint())").word == "404 not_found")
            #expect(try await lottery.draw("p", right: "nonsense").word == "404 not_found")
            #expect(try await lottery.send("[]").word == "400 bad_request")
            #expect(try await lottery.send(#"{"openid":"p","right":1}"#).word == "400 bad_request")
            #expect(try await lottery.draw("").word == "422 invalid")
            try await lottery.pass(until: file.endsAt)
            #expect(try await lottery.draw("p").word == "409 not_active")

            #expect(try await lottery.factory.count("codes.draw_entry") == 0)
            #expect(try await lottery.factory.count("vault.person") == 0)
            #expect(try await lottery.factory.count("hooks.inbox") == 0)
            #expect(try await lottery.balance("prize_stock") == 90)
        }
    }
}

struct RedrawTests {
    @Test func c03_redraw_grantsOneMoreRight_howeverOftenTold() async throws {
        try await Lottery.open { lottery in
            let factory = lottery.factory
            try await lottery.run(
                lottery.file(perPerson: 0, tiers: [Lottery.tier(stock: 99, odds: 1_000_000)], days: 60))
            let again = PrizeRequest(
                name: "Once more", kind: .redraw, cost: .zero, count: Factory.count, campaign: "spring")
            let batch = try await factory.mint("r", prizes: [again])
            try await factory.decide(.activate, batch)
            #expect(batch.record.prizes.tiers.first?.draw?.campaign != nil)
            let redeeming = Redeeming(
                pool: factory.redeem, queue: factory.queue, keys: factory.keys, followers: [DrawFollower()])
            #expect(try await lottery.draw("p").word == "409 draws_used_up")

            // The same code by the same person, in the same delivery and in others, at once.
            let scans = (0..<8).map { factory.scan(batch, 7, by: "p", id: $0 < 4 ? "same" : "\($0)") }
            let told = try await withThrowingTaskGroup(of: ScanResult.self) { group in
                for scan in scans {
                    group.addTask { try await redeeming.redeem([scan], brand: factory.brand)[0] }
                }
                return try await group.reduce(into: [ScanResult]()) { $0.append($1) }
            }
            #expect(told.allSatisfy { ($0.json["prize"] as? [String: Any])?["campaign"] as? String == "spring" })
            #expect(try await factory.count("codes.draw_right") == 1)
            // Telling the follower of it once more changes nothing either.
            let redemption = try await lottery.redemption()
            try await factory.redeem.transaction { tx in
                let new = NewlyRedeemed(
                    redemption: redemption.id, person: redemption.person, batch: batch.record, index: 7,
                    prize: batch.record.prizes.tiers.first, source: factory.source)
                try await DrawFollower().follow([new], brand: factory.brand, now: Date(), on: tx)
            }
            #expect(try await factory.count("codes.draw_right") == 1)

            // One more draw, not two; and nobody else's.
            #expect(try await lottery.draw("q", right: "\(redemption.id)").word == "404 not_found")
            let draws = try await withThrowingTaskGroup(of: Told.self) { group in
                for _ in 0..<16 { group.addTask { try await lottery.draw("p") } }
                return try await group.reduce(into: [Told]()) { $0.append($1) }
            }
            #expect(draws.filter { $0.status == 200 }.count == 1)
            #expect(draws.filter { $0.word == "409 draws_used_up" }.count == 15)
            #expect(try await lottery.draw("p", right: "\(redemption.id)").word == "409 right_used")
            #expect(try await factory.count("codes.draw_entry WHERE depth = 1") == 1)
        }
    }

    @Test func c03_chain_endsAtThePolicysDepth() async throws {
        try await Lottery.open { lottery in
            let brand = lottery.factory.brand
            func chain(_ code: String) async throws -> (campaign: CampaignRecord, told: [Told]) {
                let campaign = try await lottery.run(
                    lottery.file(code, tiers: [Lottery.tier(1, .redraw, cost: 1, stock: 50, odds: 1_000_000)]))
                var told: [Told] = []
                while told.count < 20, told.last?.status ?? 200 == 200 {
                    told.append(try await lottery.draw("p", in: code))
                }
                return (campaign, told)
            }
            // Three rights follow from one another, as the standard has it: the fourth would be one too many, and is no prize.
            let standard = try await chain("standard")
            #expect(standard.told.map(\.outcome) == ["won", "won", "won", "no_prize", nil])
            #expect(
                standard.told.compactMap { $0.json["right"] as? String }
                    == standard.told.prefix(3).map { $0.json["entry_id"] as? String })
            #expect(standard.told.last?.word == "409 draws_used_up")
            #expect(
                try await lottery.factory.count("codes.draw_entry WHERE drawn_tier = 1 AND tier IS NULL AND depth = 3")
                    == 1)
            // A right costs nothing in the end: what was put by for it went back.
            #expect(try await lottery.balance("prize_stock") == 47)
            #expect(try await lottery.balance("prize_owed") == 0)
            #expect(try await lottery.balance("prize_cost") == -47)

            _ = try await lottery.factory.operator.transaction { tx in
                try await Policies.set(
                    "codes.redraw_depth_max", to: #"{"draws": 1}"#, brand: brand, author: "test", reason: "test", on: tx
                )
            }
            let short = try await chain("short")
            #expect(short.told.map(\.outcome) == ["won", "no_prize", nil])
            for draw in [standard, short] {
                try await lottery.reveal(draw.campaign)
                #expect(try await lottery.verify(draw.campaign.terms.code).isRight)
            }
        }
    }

    @Test func c03_rightToADrawThatIsNotThere_isNotMinted() async throws {
        try await Lottery.open { lottery in
            func mint(_ id: String, _ prize: PrizeRequest) async throws -> String {
                do {
                    _ = try await lottery.factory.mint(id, prizes: [prize])
                    return "minted"
                } catch let problem as Problem {
                    return problem.code
                }
            }
            func right(cost: Int64 = 0, to campaign: String? = "spring", kind: PrizeKind = .redraw) -> PrizeRequest {
                PrizeRequest(name: "Once more", kind: kind, cost: Money(fen: cost), count: 1, campaign: campaign)
            }
            #expect(try await mint("1", right()) == "draw_unknown")
            try await lottery.publish(lottery.file(tiers: [Lottery.tier(stock: 1, odds: 1)]))
            #expect(try await mint("1", right()) == "minted")
            #expect(try await mint("1", right(to: nil)) == "prize_malformed")
            #expect(try await mint("1", right(cost: 1)) == "prize_malformed")
            #expect(try await mint("1", right(kind: .item)) == "prize_malformed")
            // The draw is part of the wish and of the commitment.
            try await lottery.publish(lottery.file("autumn", tiers: [Lottery.tier(stock: 1, odds: 1)]))
            #expect(try await mint("1", right(to: "autumn")) == "idempotency_mismatch")
            let read = try await CodeBatchRecord.find(
                lottery.factory.mint("1", prizes: [right()]).record.handle, on: lottery.factory.redeem)
            #expect(read?.prizes.tiers.first?.draw?.code == "spring")
        }
    }
}
