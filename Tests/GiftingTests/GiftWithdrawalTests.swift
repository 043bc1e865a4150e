import Foundation
import Gifting
import Kernel
import Orders
import Postgres
import TestSupport
import Testing

/// What a shop takes back, though it was accepted.
@Suite struct GiftWithdrawalTests {
    private func withdraw(_ pair: GiftBench.Pair, _ bench: GiftBench, shop: ID<Shop>? = nil) async throws {
        let decision = try GiftWithdrawal(shop: shop, author: "Li", reason: "broken in the warehouse")
        _ = try await bench.pool.transaction { tx in
            try await bench.gifts.withdraw(pair.id, brand: bench.brand, decision, on: tx)
        }
    }

    @Test func g06_shopTakesBackInTheLock_thatBindsTheOthers_andEveryAccountIsAsBefore() async throws {
        try await withTestDatabase { db in
            let bench = try await GiftBench(db)
            try await bench.working {
                let pair = try await bench.send("1")
                try await bench.claim(pair)
                #expect(try await bench.refusal { try await withdraw(pair, bench) } == .giftNotAccepted)
                try await bench.fillIn(pair)
                try await bench.accept(pair)
                #expect(try await bench.refusal { try await bench.cancel(pair) } == .giftLocked)
                #expect(try await bench.refusal { try await bench.decline(pair) } == .giftLocked)
                #expect(try await bench.refusal { try await withdraw(pair, bench, shop: .mint()) }?.status == 404)

                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<5 { group.addTask { try await withdraw(pair, bench) } }
                    try await group.waitForAll()
                }
                try await eventually {
                    try await bench.number("SELECT count(*) FROM gifting.gift WHERE refunded_at IS NOT NULL") == 1
                }
                #expect(bench.pay.payouts.count == 1)
                #expect(try await bench.available(bench.red) == 2_000)
                #expect(try await bench.stockFaults() == 0)
                #expect(try await bench.number("SELECT count(*) FROM gifting.withdrawal") == 1)
                #expect(try await bench.number("SELECT count(*) FROM gifting.outcome WHERE outcome = 'accepted'") == 1)
                let open = try await bench.number(
                    """
                    SELECT count(*) FROM (
                        SELECT a.account_id FROM accounting.account a
                        JOIN accounting.transfer t ON t.brand_id = a.brand_id
                            AND a.account_id IN (t.debit_account_id, t.credit_account_id)
                        GROUP BY a.account_id
                        HAVING sum(CASE WHEN t.debit_account_id = a.account_id THEN t.amount_fen ELSE -t.amount_fen END) <> 0
                    ) x
                    """)
                #expect(open == 0, "an account is not as it was before")
            }
        }
    }

    @Test func g08_recipientOfWhatWasTakenBack_learnsNoAmount() async throws {
        try await withTestDatabase { db in
            let bench = try await GiftBench(db)
            try await bench.working {
                let pair = try await bench.send("1")
                try await bench.claim(pair)
                try await bench.fillIn(pair)
                try await bench.accept(pair)
                try await withdraw(pair, bench)
                let view = try await bench.pool.transaction { tx in
                    try await bench.gifts.show(pair.id, to: pair.recipient, on: tx)
                }
                guard case .recipient(let seen) = view else { return #expect(Bool(false), "another view") }
                #expect(seen.json["money"] as? String == "refunded_to_giver" && seen.json["withdrawn_at"] != nil)
                #expect(!seen.json.keys.contains { $0.contains("fen") || $0.contains("refund") })
            }
        }
    }
}
