import Accounting
import Codes
import Foundation
import JobTesting
import Jobs
import Kernel
import Members
import Postgres
import TestSupport
import Testing

/// Coupons that are won: what is asked for in the commit of the win.
struct CouponPrizeTests {
    private static let terms = CouponTerms(threshold: Money(fen: 10_000), days: 30)
    private static let prizes = [
        PrizeRequest(name: "Twenty", kind: .coupon, cost: Money(fen: 2_000), count: 40, coupon: terms),
        PrizeRequest(name: "Bottle", kind: .item, cost: Money(fen: 500), count: 10),
    ]

    @Test func c13_couponsOfPacks_areAskedForOnceInTheCommitOfTheWin() async throws {
        try await Factory.open { factory in
            let batch = try await factory.mint(count: 500, prizes: Self.prizes)
            try await factory.decide(.activate, batch, 0..<500)
            let redeeming = Redeeming(
                pool: factory.redeem, queue: factory.queue, keys: factory.keys,
                followers: [CouponGrants(queue: factory.queue)])
            let winning = (0..<500).filter { batch.prize(of: $0) != nil }
            let tester = JobTester(factory.queue)

            // Told again by the same and by another, it is won once.
            for person in ["p", "p", "q"] {
                let answers = try await redeeming.redeem(
                    winning.map { factory.scan(batch, $0, by: "\(person)\($0)") }, brand: factory.brand)
                let coupons = answers.compactMap { ($0.json["prize"] as? [String: Any])?["coupon"] as? [String: Any] }
                #expect(coupons.count == (person == "p" ? 40 : 0))
                #expect(coupons.allSatisfy { $0["off_fen"] as? Int == 2_000 && $0["threshold_fen"] as? Int == 10_000 })
            }

            let grants = try await tester.pushed(CouponGrant.self)
            #expect(grants.count == 40 && Set(grants.map(\.parameters.cause)).count == 40)
            #expect(grants.allSatisfy { $0.queue == "coupons" && $0.brand == factory.brand.rawValue })
            #expect(try await tester.pushed(PrizePay.self).isEmpty)
            let grant = try #require(grants.first?.parameters)
            #expect(grant.origin == batch.record.id.rawValue && grant.owedAccount == batch.record.owedAccount)
            #expect(grant.off == Money(fen: 2_000) && grant.threshold == Money(fen: 10_000) && grant.name == "Twenty")
            let redeemedAt: Date = try await factory.db.owner.one(
                Statement("SELECT redeemed_at FROM codes.redemption WHERE redemption_id = \(grant.cause)") {
                    row throws(PostgresError) in try row.next()
                })
            #expect(grant.until == redeemedAt.addingTimeInterval(30 * 86_400))
            let owed = try await Ledger.balance(of: batch.record.owedAccount, brand: factory.brand, on: factory.redeem)
            #expect(owed == Money(fen: 40 * 2_000 + 10 * 500))
        }
    }

    @Test func c13_couponsOfADraw_areAskedForAndOwed() async throws {
        try await Lottery.open { lottery in
            let tier = DrawTier(
                tier: 1, name: "Twenty", kind: .coupon, points: 0, cost: Money(fen: 2_000), stock: 3, dayStock: nil,
                oddsPPM: 1_000_000, coupon: Self.terms)
            let campaign = try await lottery.run(lottery.file(tiers: [tier]))

            let told = try await lottery.draw((0..<5).map { "p\($0)" })

            let won = told.filter { $0.outcome == "won" }
            #expect(won.count == 3)
            #expect(won.allSatisfy { ($0.prize?["coupon"] as? [String: Any])?["threshold_fen"] as? Int == 10_000 })
            let grants = try await lottery.tester.pushed(CouponGrant.self).map(\.parameters)
            #expect(
                Set(grants.map { "\(ID<DrawEntry>(rawValue: $0.cause))" })
                    == Set(won.compactMap { $0.json["entry_id"] as? String }))
            #expect(grants.allSatisfy { $0.origin == campaign.id.rawValue && $0.owedAccount == campaign.owedAccount })
            #expect(try await lottery.balance("prize_owed") == 6_000)
            try await lottery.reveal(campaign)
            #expect(try await lottery.verify().isRight)
        }
    }
}
