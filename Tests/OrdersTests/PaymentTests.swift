import Accounting
import Foundation
import JobTesting
import Jobs
import Kernel
import Keys
import Postgres
import TestSupport
import Testing
import WeChat

@testable import Orders

struct PaymentTests {
    @Test(
        arguments: [
            (PaymentState.created, 100, "m", nil, PaymentOutcome.accept),
            (.prepaid, 100, "m", nil, .accept),
            (.prepaid, 99, "m", nil, .giveBack(.amountDiffers)),
            (.closed, 100, "m", nil, .giveBack(.late)),
            (.paid, 100, "m", "4", .repeated),
            (.unwanted, 100, "m", "4", .repeated),
            (.paid, 100, "m", "5", .contradiction("a second, different payment came for one number")),
            (.prepaid, 100, "n", nil, .contradiction("another merchant took the money")),
        ] as [(PaymentState, Int64, String, String?, PaymentOutcome)])
    func decide_moneyThatComes_isTakenGivenBackOrFlagged(
        state: PaymentState, fen: Int64, mchid: String, known: String?, expected: PaymentOutcome
    ) {
        let intent = PaymentIntent(
            id: .mint(), order: .mint(), shop: .mint(), payer: .mint(), mchid: "m", amount: Money(fen: 100),
            quantity: 1, description: "Tea", subject: "gift:1", ownerQueue: "gifts", state: state, prepayID: nil,
            transactionID: known, paid: known == nil ? .zero : Money(fen: 100), refundReserved: .zero,
            expiresAt: .distantPast, paidAt: nil)
        let fact = PaymentFact(mchid: mchid, transactionID: "4", amount: Money(fen: fen), paidAt: .distantPast)

        #expect(PaymentLife.decide(intent, fact) == expected)
    }

    @Test func moneyThatComesFiveTimes_isOneOrderOneTransferOneJob() async throws {
        try await withTestDatabase { db in
            let bundle = try await PaymentsBundle(db)
            let intent = try await bundle.create(bundle.intent())
            let fact = bundle.fact(intent)

            let outcomes = try await withThrowingTaskGroup(of: PaymentOutcome.self) { group in
                for _ in 0..<5 { group.addTask { try await bundle.receive(fact, intent.id) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }

            #expect(outcomes.count { $0 == .accept } == 1 && outcomes.count { $0 == .repeated } == 4)
            #expect(try await bundle.jobs(OrderPaid.self) == 1)
            #expect(try await bundle.jobs(OrdersChanged.self) == 1)
            #expect(try await bundle.escrow(intent.id) == intent.amount)
            #expect(try await bundle.current(intent.id).state == .paid)
            let page = try await OrderList.page(
                .person(intent.payer, shop: nil), after: nil, limit: 10, brand: bundle.brand, on: bundle.pool)
            let order = try #require(page.orders.first)
            #expect(page.orders.count == 1 && order.id == intent.order)
            #expect(order.source == "gift" && order.status == .paid && order.amount == intent.amount)
            #expect(try await Ledger.check(brand: bundle.brand, on: bundle.pool).isBalanced)
        }
    }

    @Test func moneyForAClosedWish_isBookedAndGoesBackWithoutAnOrder() async throws {
        try await withTestDatabase { db in
            let bundle = try await PaymentsBundle(db)
            let late = try await bundle.create(bundle.intent())
            let other = try await bundle.create(bundle.intent())
            let closed = try await bundle.pool.transaction { tx in
                try await Payments.close(late.id, brand: bundle.brand, now: .now, on: tx)
            }

            let outcomes = [
                try await bundle.receive(bundle.fact(late), late.id),
                try await bundle.receive(bundle.fact(other, fen: 1), other.id),
            ]

            #expect(closed == .closed && outcomes == [.giveBack(.late), .giveBack(.amountDiffers)])
            #expect(try await bundle.jobs(OrderPaid.self) == 0)
            for (intent, fen) in [(late, 12_800), (other, 1)] {
                let refund = try #require(
                    try await Refunds.of(intent.id, brand: bundle.brand, on: bundle.pool).first)
                #expect(refund.amount.fen == Int64(fen))
                #expect(try await bundle.escrow(intent.id).fen == Int64(fen))
                while try await bundle.lead(refund.id) != nil {}
                #expect(try await bundle.refund(refund.id).stage == .succeeded)
                #expect(try await bundle.escrow(intent.id) == .zero)
            }
            #expect(bundle.provider.payouts == [late.outTradeNo: 1, other.outTradeNo: 1])
            // Whoever asked for the money never heard of it.
            #expect(try await bundle.jobs(OrderRefunded.self) == 0)
            #expect(try await bundle.number("SELECT count(*) FROM orders.customer_order") == 0)
            #expect(try await Ledger.check(brand: bundle.brand, on: bundle.pool).isBalanced)
        }
    }

    @Test func closeAndMoneyAtOnce_endInOneOfTwoWays() async throws {
        try await withTestDatabase { db in
            let bundle = try await PaymentsBundle(db)
            for _ in 0..<40 {
                let intent = try await bundle.create(bundle.intent())
                async let received = bundle.receive(bundle.fact(intent), intent.id)
                async let closed = bundle.pool.transaction { tx in
                    try await Payments.close(intent.id, brand: bundle.brand, now: .now, on: tx)
                }

                let (outcome, state) = try await (received, closed)

                #expect(
                    (outcome == .accept && state == .paid) || (outcome == .giveBack(.late) && state == .closed),
                    "\(outcome) \(state)")
            }
        }
    }

    @Test func contradiction_writesNothingAndStaysVisible() async throws {
        try await withTestDatabase { db in
            let bundle = try await PaymentsBundle(db)
            let intent = try await bundle.paid()

            for fact in [bundle.fact(intent, number: "x"), bundle.fact(intent, mchid: "1")] {
                await #expect(throws: JobFailure.self) { try await bundle.receive(fact, intent.id) }
            }
            await #expect(throws: JobFailure.self) { try await bundle.receive(bundle.fact(intent), .mint()) }
            #expect(try await bundle.escrow(intent.id) == intent.amount)
        }
    }

    @Test func prepay_again_givesTheSameAndOneSeriesOfQuestions() async throws {
        try await withTestDatabase { db in
            let bundle = try await PaymentsBundle(db)
            let intent = try await bundle.create(bundle.intent())

            let first = try await bundle.payments.prepay(intent.id, payerOpenID: "o1", brand: bundle.brand)
            let second = try await bundle.payments.prepay(intent.id, payerOpenID: "o1", brand: bundle.brand)

            #expect(first == second && first.package == "prepay_id=wx1")
            let order = try #require(bundle.provider.prepaid.first)
            #expect(bundle.provider.prepaid.count == 1 && order.outTradeNo == intent.outTradeNo)
            #expect(order.amount == intent.amount && order.payerOpenID == "o1")
            #expect(order.notifyURL == "https://shop.test/wechat/pay/\(PaymentsBundle.mchid)/notify")
            #expect(try await bundle.jobs(PaymentCheck.self) == 1)
        }
    }

    @Test func prepay_ofWhatCannotBePaidAnyMore_isRefused() async throws {
        try await withTestDatabase { db in
            let bundle = try await PaymentsBundle(db)
            let expired = try await bundle.create(bundle.intent(expiresIn: -1))
            let paid = try await bundle.paid()

            for (intent, code) in [(expired, "payment_closed"), (paid, "already_paid")] {
                let problem = await #expect(throws: Problem.self) {
                    try await bundle.payments.prepay(intent.id, payerOpenID: "o1", brand: bundle.brand)
                }
                #expect(problem?.code == code)
            }
            #expect(bundle.provider.prepaid.isEmpty)
        }
    }

    @Test func lostNotification_isFoundByAsking() async throws {
        try await withTestDatabase { db in
            let bundle = try await PaymentsBundle(db)
            bundle.payments.register()
            let found = try await bundle.create(bundle.intent())
            let unpaid = try await bundle.create(bundle.intent())
            for intent in [found, unpaid] {
                _ = try await bundle.payments.prepay(intent.id, payerOpenID: "o1", brand: bundle.brand)
            }
            func json(_ intent: PaymentIntent, _ state: String, _ more: String = "") -> String {
                """
                {"appid": "wx1", "mchid": "\(PaymentsBundle.mchid)", "out_trade_no": "\(intent.outTradeNo)",
                 "trade_state": "\(state)"\(more)}
                """
            }
            bundle.provider.setPayment(
                found.outTradeNo,
                json(
                    found, "SUCCESS",
                    """
                    , "transaction_id": "42", "success_time": "2026-03-01T12:00:00+08:00", "amount": {"total": 12800}
                    """))
            bundle.provider.setPayment(unpaid.outTradeNo, json(unpaid, "NOTPAY"))

            var runs: [JobRun] = []
            for _ in 0...PaymentLife.checks.count {
                try await bundle.nextDay()
                runs += try await bundle.tester.drain()
            }

            #expect(try await bundle.jobs(PaymentCheck.self) == 0)
            #expect(try await bundle.current(found.id).state == .paid)
            #expect(try await bundle.jobs(OrderPaid.self) == 1)
            // Asked about as often as planned, and then no more.
            #expect(try await bundle.current(unpaid.id).state == .prepaid)
            let asked = runs.filter { $0.isOf(PaymentCheck.self) }
            #expect(asked.count == 1 + PaymentLife.checks.count)
            #expect(asked.allSatisfy { $0.end == .completed })
        }
    }

    @Test func create_withoutAMerchant_saysWhatToDo() async throws {
        try await withTestDatabase { db in
            let bundle = try await PaymentsBundle(db)
            try await db.owner.execute(Statement("DELETE FROM orders.merchant"))

            let problem = await #expect(throws: Problem.self) { try await bundle.create(bundle.intent()) }

            #expect(problem?.code == "merchant_missing")
        }
    }
}

/// Works the queue of payments while `body` runs.
func working<Value: Sendable>(_ queue: JobQueue, _ body: () async throws -> Value) async throws -> Value {
    try await withThrowingTaskGroup(of: Void.self) { group in
        let processor = queue.processor(
            queues: [PaymentReceived.jobQueue], options: JobProcessorOptions(concurrency: 8))
        group.addTask { try await processor.run() }
        let value = try await body()
        group.cancelAll()
        return value
    }
}
