import Foundation
import Gifting
import JobTesting
import Jobs
import Kernel
import Orders
import Postgres
import TestSupport
import Testing

/// Gifts from their beginning to each of their ends, on PostgreSQL, as siyu-gifts.
@Suite struct GiftFlowTests {
    @Test func g01_giftWithoutExactlyOneOtherPerson_isRefused() async throws {
        try await withTestDatabase { db in
            let bench = try await GiftBench(db)
            let giver = bench.shopper("giver")

            func create(for recipients: [String]) async throws -> Problem? {
                let wish = NewGift(shop: bench.shop, variant: bench.red.id, recipients: recipients, greeting: nil)
                return try await bench.refusal {
                    _ = try await bench.pool.transaction { tx in try await bench.gifts.create(wish, by: giver, on: tx) }
                }
            }
            #expect(try await create(for: []) == .giftNeedsOneRecipient)
            #expect(try await create(for: ["a", "b"]) == .giftNeedsOneRecipient)
            #expect(try await create(for: ["a", "a"]) == .giftNeedsOneRecipient)
            #expect(try await create(for: ["giver"]) == .giftToOneself)
            #expect(try await create(for: ["friend"]) == nil)
            #expect(Problem.giftNeedsOneRecipient.status == 422 && Problem.giftToOneself.status == 422)
            #expect(try await bench.number("SELECT count(*) FROM gifting.gift") == 1)
        }
    }

    @Test func gift_acceptedInTime_movesTheMoneyToTheShopAndKeepsThePiece() async throws {
        try await withTestDatabase { db in
            let bench = try await GiftBench(db)
            try await bench.working {
                let pair = try await bench.send("1")
                #expect(try await bench.escrow().sum == 10_000)
                try await bench.claim(pair)
                try await bench.fillIn(pair)
                try await bench.accept(pair)
                try await bench.accept(pair)

                #expect(try await bench.state(of: pair) == "accepted")
                #expect(try await bench.escrow() == (0, 0))
                #expect(try await bench.available(bench.red) == 1_999)
                #expect(try await bench.number("SELECT count(*) FROM gifting.outcome WHERE outcome = 'accepted'") == 1)
                #expect(
                    try await bench.number(
                        "SELECT sum(amount_fen)::bigint FROM accounting.transfer WHERE kind = 'gift.accepted'")
                        == 10_000)
                #expect(try await bench.number("SELECT count(*) FROM orders.refund") == 0)
                #expect(try await bench.stockFaults() == 0)
            }
        }
    }

    // MARK: The deadline

    @Test func g02_dayPassed_theWorkerEndsTheGiftOnce_evenIfTheJobRunsAgain() async throws {
        try await withTestDatabase { db in
            let bench = try await GiftBench(db)
            try await bench.working {
                let pair = try await bench.send("1")
                try await bench.claim(pair)
                try await bench.fillIn(pair)
                try await bench.advance(86_400 + 60)

                let late = try await bench.refusal { try await bench.accept(pair) }
                #expect(late == .giftGone)
                try await eventually { try await bench.state(of: pair) == "expired" }
                // What a worker that died after its commit would do, and one that believes an old delivery.
                try await bench.expire(pair)
                try await bench.queue.push(GiftExpire(brand: bench.brand, gift: pair.id))
                try await eventually {
                    try await bench.number("SELECT count(*) FROM gifting.gift WHERE refunded_at IS NOT NULL") == 1
                }

                #expect(try await bench.number("SELECT count(*) FROM gifting.outcome") == 1)
                #expect(
                    try await bench.number("SELECT count(*) FROM orders.stock_movement WHERE kind = 'gift.release'")
                        == 1)
                #expect(try await bench.available(bench.red) == 2_000)
                #expect(bench.pay.payouts.count == 1)
            }
        }
    }

    @Test func g02_expiryBeforeItsTime_changesNothing_andNoJobWaitsForAGift() async throws {
        try await withTestDatabase { db in
            let bench = try await GiftBench(db)
            try await bench.working {
                let pair = try await bench.send("1")
                try await bench.expire(pair)
                #expect(try await bench.sweep() == 0)

                #expect(try await bench.state(of: pair) == "sent")
                #expect(try await bench.tester.pushed(GiftExpire.self).isEmpty)
            }
        }
    }

    // MARK: The money

    @Test func g03_expiredGifts_areRefundedExactlyOnce_thoughAThirdOfTheCallsFail() async throws {
        try await withTestDatabase { db in
            let gifts = 40
            let bench = try await GiftBench(db, pay: StubPay(failsEvery: 3))
            try await bench.working {
                for number in 0..<gifts { _ = try await bench.send("\(number)") }
                try await bench.advance(90_000)
                // Retries wait by the business clock.
                try await eventually(every: .milliseconds(100)) {
                    try await bench.advance(600)
                    return try await bench.number("SELECT count(*) FROM gifting.gift WHERE refunded_at IS NOT NULL")
                        == gifts
                }

                #expect(bench.pay.failed > gifts / 4, "the stub did not fail")
                #expect(bench.pay.payouts.count == gifts)
                #expect(bench.pay.payouts.values.allSatisfy { $0.count == 1 && $0.values.allSatisfy { $0 == 10_000 } })
                #expect(
                    bench.pay.payouts.allSatisfy { payment, numbers in numbers.keys.allSatisfy { $0.contains(payment) }
                    })
                #expect(try await bench.escrow() == (0, 0))
                #expect(try await bench.available(bench.red) == 2_000)
                #expect(try await bench.stockFaults() == 0)
                #expect(
                    try await bench.number(
                        "SELECT count(*) FROM gifting.gift g JOIN orders.refund r USING (brand_id, refund_id)")
                        == gifts)
            }
        }
    }

    @Test func g03_refundThatWeChatPayCloses_isBackByTheNextNumber_andTheGiftKnows() async throws {
        try await withTestDatabase { db in
            let bench = try await GiftBench(db, pay: StubPay(closes: 1))
            try await bench.working {
                let pair = try await bench.send("1")
                try await bench.decline(pair)
                // The next number waits a minute by the business clock.
                try await eventually(every: .milliseconds(100)) {
                    try await bench.advance(30)
                    return try await bench.number("SELECT count(*) FROM gifting.gift WHERE refunded_at IS NOT NULL")
                        == 1
                }

                #expect(bench.pay.payouts.values.map { $0.keys.allSatisfy { $0.hasSuffix("-2") } } == [true])
                #expect(try await bench.escrow().sum == 0)
                #expect(
                    try await bench.number(
                        """
                        SELECT count(*) FROM gifting.gift g
                        JOIN orders.refund r ON r.brand_id = g.brand_id AND r.refund_id = g.refund_id
                        WHERE r.number = 2 AND r.state = 'succeeded'
                        """) == 1)
            }
        }
    }

    @Test func declinedGift_isRefundedAndBackOnTheShelf() async throws {
        try await withTestDatabase { db in
            let bench = try await GiftBench(db)
            try await bench.working {
                let pair = try await bench.send("1")
                try await bench.decline(pair)
                try await eventually {
                    try await bench.number("SELECT count(*) FROM gifting.gift WHERE refunded_at IS NOT NULL") == 1
                }

                #expect(try await bench.state(of: pair) == "declined")
                #expect(try await bench.escrow().sum == 0)
                #expect(try await bench.available(bench.red) == 2_000)
                try await bench.advance(90_000)
                try await bench.expire(pair)
                #expect(try await bench.state(of: pair) == "declined")
                #expect(bench.pay.payouts.count == 1)
            }
        }
    }

    // MARK: Choosing another

    @Test func g04_swap_onlyToTheSameProductAtTheCapturedPrice_stockMovesInOneCommit() async throws {
        try await withTestDatabase { db in
            let bench = try await GiftBench(db, stock: 2)
            let (brand, gold, blue) = (bench.brand, bench.gold.id, bench.blue.id)
            try await bench.working {
                let pair = try await bench.send("1")
                try await bench.claim(pair)
                // Prices move after the gift was sent: that neither opens nor closes anything.
                try await db.owner.execute(
                    Statement(
                        "UPDATE orders.variant SET list_price_fen = 20100 - list_price_fen WHERE brand_id = \(brand) AND variant_id = ANY(\([gold, blue]))"
                    ))

                #expect(
                    try await bench.refusal { try await bench.swap(pair, to: bench.gold.id) } == .giftVariantNotOffered)
                #expect(
                    try await bench.refusal { try await bench.swap(pair, to: bench.stranger.id) }
                        == .giftVariantNotOffered)
                #expect(try await bench.refusal { try await bench.swap(pair, to: .mint()) } == .giftVariantNotOffered)
                #expect(Problem.giftVariantNotOffered.status == 422)

                try await bench.swap(pair, to: bench.blue.id)
                #expect(try await bench.available(bench.red, bench.blue) == [2, 1])
                // What the recipient chose is theirs to tell.
                let seen = try await bench.pool.transaction { tx in
                    try await bench.gifts.show(pair.id, to: pair.sender, on: tx)
                }
                guard case .sender(let view) = seen else { return #expect(Bool(false), "the giver's view") }
                #expect(view.field("variant_id") == bench.red.id)
                // There and back again, as often as they like.
                try await bench.swap(pair, to: bench.red.id)
                try await bench.swap(pair, to: bench.blue.id)
                #expect(try await bench.available(bench.red, bench.blue) == [2, 1])
                #expect(try await bench.number("SELECT count(*) FROM gifting.swap") == 3)
                #expect(try await bench.stockFaults() == 0)

                try await bench.fillIn(pair)
                try await bench.accept(pair)
                #expect(try await bench.refusal { try await bench.swap(pair, to: bench.red.id) } == .giftLocked)
                try await bench.advance(86_401)
                let afterwards = try await bench.refusal { try await bench.swap(pair, to: bench.red.id) }
                #expect(afterwards == .giftFollowsOrderRules && afterwards?.status == 409)
            }
        }
    }

    @Test func g04_swapToWhatIsSoldOut_changesNothing() async throws {
        try await withTestDatabase { db in
            let bench = try await GiftBench(db, stock: 1)
            try await bench.working {
                let (first, second) = (try await bench.send("1"), try await bench.send("2", variant: bench.blue.id))
                try await bench.claim(first)

                let refusal = try await bench.refusal { try await bench.swap(first, to: bench.blue.id) }
                #expect(refusal == .giftSoldOut && refusal?.status == 409)
                #expect(try await bench.available(bench.red, bench.blue) == [0, 0])

                try await bench.decline(second)
                try await bench.swap(first, to: bench.blue.id)
                #expect(try await bench.available(bench.red, bench.blue) == [1, 0])
                // What goes back on the shelf in the end is what would have been delivered.
                try await bench.advance(90_000)
                try await eventually { try await bench.state(of: first) == "expired" }
                #expect(try await bench.available(bench.red, bench.blue) == [1, 1])
                #expect(try await bench.stockFaults() == 0)
            }
        }
    }

    // MARK: Whose it is

    @Test func g14_recipient_cannotBeChangedByTheService_theDatabaseRefuses() async throws {
        try await withTestDatabase { db in
            let bench = try await GiftBench(db)
            let pair = try await bench.begin("1")
            let brand = bench.brand
            for role in [TestRole.gifts, .operator, .reports, .ingest, .redeem] {
                let pool = db.pool(as: role, connectionsMax: 1)
                for column in ["recipient_id", "sender_id"] {
                    await #expect(throws: PostgresError.self, "\(role) may not") {
                        try await pool.execute(
                            Statement(
                                "UPDATE gifting.gift SET \(unsafeRaw: column) = gift_id WHERE brand_id = \(brand) AND gift_id = \(pair.id)"
                            ))
                    }
                }
                await #expect(throws: PostgresError.self) {
                    try await pool.execute(Statement("DELETE FROM gifting.gift WHERE brand_id = \(brand)"))
                }
                await #expect(throws: PostgresError.self) {
                    try await pool.execute(
                        Statement("UPDATE gifting.outcome SET outcome = 'expired' WHERE brand_id = \(brand)"))
                }
            }
            let right = try await bench.number(
                """
                SELECT count(*) FROM unnest(ARRAY['siyu_gifts', 'siyu_operator', 'siyu_reports', 'siyu_ingest', 'siyu_redeem']) role
                WHERE has_column_privilege(role, 'gifting.gift', 'recipient_id', 'UPDATE')
                """)
            #expect(right == 0)
            for who in [pair.sender, pair.recipient] {
                let refusal = try await bench.refusal {
                    try await bench.pool.transaction { tx in try await bench.gifts.transfer(pair.id, by: who, on: tx) }
                }
                #expect(refusal == .giftNotTransferable && refusal?.status == 403)
            }
        }
    }

    // MARK: In order

    @Test func g15_paymentHeardOfFiveTimes_isOneSentGift() async throws {
        try await withTestDatabase { db in
            let bench = try await GiftBench(db)
            let pair = try await bench.begin("1")
            try await bench.quote(pair)
            let payment = try await bench.reserve(pair)
            #expect(try await bench.reserve(pair) == payment, "asked to pay again, the payment is the same")
            for _ in 0..<5 { try await bench.notify(payment) }

            let heard = try await bench.tester.drain().filter { $0.isOf(PaymentReceived.self) }

            #expect(heard.count == 5 && heard.allSatisfy { $0.end == .completed })
            #expect(try await bench.state(of: pair) == "sent")
            #expect(try await bench.number("SELECT count(*) FROM orders.customer_order") == 1)
            #expect(try await bench.escrow().sum == 10_000)
            #expect(try await bench.tester.pushed(GiftExpire.self).isEmpty)
            #expect(try await bench.available(bench.red) == 1_999)
        }
    }

    @Test func g15_unpaidGift_timesOutWithoutAGift_andLateMoneyGoesBack() async throws {
        try await withTestDatabase { db in
            let bench = try await GiftBench(db)
            try await bench.working {
                let (draft, paying) = (try await bench.begin("1"), try await bench.begin("2"))
                try await bench.quote(paying)
                let payment = try await bench.reserve(paying)
                #expect(try await bench.available(bench.red) == 1_999)
                try await bench.advance(901)
                try await eventually { try await bench.state(of: paying) == "cancelled" }
                try await eventually { try await bench.state(of: draft) == "cancelled" }
                #expect(try await bench.available(bench.red) == 2_000)
                #expect(try await bench.number("SELECT count(*) FROM gifting.gift WHERE sent_at IS NOT NULL") == 0)

                try await bench.notify(payment)
                try await eventually { bench.pay.payouts.count == 1 }
                #expect(try await bench.state(of: paying) == "cancelled")
                try await eventually { try await bench.escrow().sum == 0 }
            }
        }
    }

    @Test func g15_moneyThatCameBeforeTheTimeOut_isNotCancelled() async throws {
        try await withTestDatabase { db in
            let bench = try await GiftBench(db)
            let pair = try await bench.begin("1")
            try await bench.quote(pair)
            let payment = try await bench.reserve(pair)
            // The money is booked; the news of it still lies in the queue when the time to pay ends.
            let payments = JobQueue(pool: bench.pool, logger: .silent)
            Payments(pool: bench.pool, queue: payments, providers: bench.pay).register()
            try await bench.notify(payment)
            let processor = payments.processor(queues: ["payments"])
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await processor.run() }
                try await eventually { try await bench.number("SELECT count(*) FROM orders.customer_order") == 1 }
                group.cancelAll()
            }
            try await bench.advance(901)
            try await bench.pool.transaction { tx in try await bench.gifts.lapse(pair.id, brand: bench.brand, on: tx) }
            #expect(try await bench.refusal { try await bench.cancel(pair) } == .giftSent)
            #expect(try await bench.state(of: pair) == "paying")

            try await bench.working { try await eventually { try await bench.state(of: pair) == "sent" } }
        }
    }
}
