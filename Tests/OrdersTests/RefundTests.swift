import Accounting
import Foundation
import Jobs
import Kernel
import Postgres
import TestSupport
import Testing
import WeChat

@testable import Orders

struct RefundTests {
    @Test func request_asOftenAsOneLikes_isOneRefund() async throws {
        try await withTestDatabase { db in
            let bundle = try await PaymentsBundle(db)
            let intent = try await bundle.paid()

            let ids = try await withThrowingTaskGroup(of: ID<Refund>.self) { group in
                for _ in 0..<8 { group.addTask { try await bundle.request(intent) } }
                return try await group.reduce(into: Set()) { $0.insert($1) }
            }

            #expect(ids.count == 1)
            #expect(try await bundle.jobs(RefundRequest.self) == 1)
            #expect(try await bundle.current(intent.id).refundReserved == intent.amount)
        }
    }

    @Test func request_ofWhatIsNotPaidOrTooMuch_isRefused() async throws {
        try await withTestDatabase { db in
            let bundle = try await PaymentsBundle(db)
            let unpaid = try await bundle.create(bundle.intent())
            let paid = try await bundle.paid()

            for (intent, fen, code) in [
                (unpaid, 12_800, "not_paid"), (paid, 12_801, "refund_too_large"), (paid, 0, "refund_of_nothing"),
            ] {
                let problem = await #expect(throws: Problem.self) { try await bundle.request(intent, fen: Int64(fen)) }
                #expect(problem?.code == code)
            }
        }
    }

    @Test func secondLiveAttempt_isRefusedByTheDatabase() async throws {
        try await withTestDatabase { db in
            let bundle = try await PaymentsBundle(db)
            let intent = try await bundle.paid()
            let first = try await bundle.refund(try await bundle.request(intent))

            let second = await #expect(throws: PostgresError.self) {
                try await bundle.pool.transaction { tx in
                    try await Refunds.renew(
                        first, as: 2, of: intent, after: nil, brand: bundle.brand, now: .now, bundle.queue, tx)
                }
            }
            let tooMuch = await #expect(throws: PostgresError.self) {
                try await bundle.pool.execute(
                    Statement(
                        "UPDATE orders.payment_intent SET refund_reserved_fen = paid_fen + 1 WHERE intent_id = \(intent.id)"
                    ))
            }

            #expect(second?.constraint == "refund_one_live_idx")
            #expect(tooMuch?.constraint == "payment_intent_refunds_within_paid")
        }
    }

    @Test func refund_thatSucceeds_emptiesTheEscrowCancelsTheOrderAndTells() async throws {
        try await withTestDatabase { db in
            let bundle = try await PaymentsBundle(db)
            let intent = try await bundle.paid()
            let id = try await bundle.request(intent)

            while try await bundle.lead(id) != nil {}

            let refund = try await bundle.refund(id)
            #expect(refund.stage == .succeeded && refund.finishedAt != nil && refund.attentionSince == nil)
            #expect(refund.outRefundNo == "RF-\(intent.outTradeNo)-1")
            #expect(try await bundle.escrow(intent.id) == .zero)
            #expect(try await bundle.jobs(OrderRefunded.self) == 1)
            let page = try await OrderList.page(
                .person(intent.payer, shop: nil), after: nil, limit: 10, brand: bundle.brand, on: bundle.pool)
            #expect(page.orders.map(\.status) == [.cancelled] && page.orders.map(\.version) == [2])
            #expect(try await bundle.number("SELECT count(*) FROM orders.payment WHERE status = 'reversed'") == 1)
            #expect(try await bundle.number("SELECT count(*) FROM orders.order_version") == 1)
            #expect(try await Ledger.check(brand: bundle.brand, on: bundle.pool).isBalanced)
        }
    }

    @Test func refund_whoseSenderDied_isAskedAboutBeforeItIsSentAgain() async throws {
        try await withTestDatabase { db in
            let bundle = try await PaymentsBundle(db)
            let id = try await bundle.request(try await bundle.paid())

            // Marked, and then nothing: whether the call was made, nobody knows.
            _ = try await bundle.pool.transaction { tx in
                try await bundle.refunding.begin(id, brand: bundle.brand, on: tx)
            }
            #expect(try await bundle.refund(id).stage == .sent)

            #expect(try await bundle.lead(id) == .query)
            #expect(try await bundle.refund(id).stage == .requested)
            #expect(try await bundle.lead(id) == .send)
            while try await bundle.lead(id) != nil {}
            #expect(try await bundle.refund(id).number == 1)
            #expect(bundle.provider.numbers == 1)
        }
    }

    @Test func refund_thatIsClosed_getsTheNextNumberAndPaysOnce() async throws {
        try await withTestDatabase { db in
            let bundle = try await PaymentsBundle(db, provider: FlakyProvider(seed: 3, faults: 0, closings: 12))
            let intent = try await bundle.paid()
            let id = try await bundle.request(intent)

            while try await bundle.lead(id) != nil {}

            var attempts = try await Refunds.of(intent.id, brand: bundle.brand, on: bundle.pool)
            #expect(attempts.map(\.stage) == [.closed, .requested])
            #expect(attempts.last?.outRefundNo == "RF-\(intent.outTradeNo)-2")
            // Every number is closed: after the last of them a person must look, and the money is still in escrow.
            while let next = attempts.last, next.stage != .closed {
                // A minute between two numbers, and more.
                try await bundle.nextDay()
                try await bundle.lead(next.id)
                attempts = try await Refunds.of(intent.id, brand: bundle.brand, on: bundle.pool)
            }
            #expect(attempts.count == RefundLife.numbersMax.value && attempts.last?.attentionSince != nil)
            #expect(try await bundle.current(intent.id).refundReserved == .zero)
            #expect(try await bundle.escrow(intent.id) == intent.amount)
            #expect(bundle.provider.payouts.isEmpty)
        }
    }

    @Test func report_beforeAndAfterTheAnswer_booksOnce() async throws {
        try await withTestDatabase { db in
            let bundle = try await PaymentsBundle(db)
            let intent = try await bundle.paid()
            let id = try await bundle.request(intent)
            let report = RefundReported(
                brand: bundle.brand, outRefundNo: "RF-\(intent.outTradeNo)-1", providerRefundID: "5",
                standing: .success, amount: intent.amount)
            let begun = try #require(
                try await bundle.pool.transaction { tx in
                    try await bundle.refunding.begin(id, brand: bundle.brand, on: tx)
                })
            let heard = await bundle.refunding.ask(begun.2, begun.0, begun.1, brand: bundle.brand)

            for _ in 0..<3 {
                _ = try await bundle.pool.transaction { tx in try await bundle.refunding.hear(report, on: tx) }
            }
            let late = try await bundle.pool.transaction { tx in
                try await bundle.refunding.settle(
                    id, .answered(begun.2, heard.answer), heard, brand: bundle.brand, on: tx)
            }

            #expect(late == nil)
            #expect(try await bundle.jobs(OrderRefunded.self) == 1)
            #expect(try await bundle.escrow(intent.id) == .zero)
            let strange = RefundReported(
                brand: bundle.brand, outRefundNo: "by-hand-1", providerRefundID: "5", standing: .success,
                amount: intent.amount)
            await #expect(throws: JobFailure.self) {
                try await bundle.pool.transaction { tx in try await bundle.refunding.hear(strange, on: tx) }
            }
        }
    }

    @Test func retry_byTheOperator_asksFirst() async throws {
        try await withTestDatabase { db in
            let bundle = try await PaymentsBundle(db, provider: FlakyProvider(seed: 1, faults: 12))
            let id = try await bundle.request(try await bundle.paid())
            for _ in 0..<RefundLife.attemptsMax.value { try await bundle.lead(id) }
            let stuck = try await Refunds.needingAttention(brand: bundle.brand, on: bundle.pool)
            #expect(stuck.map(\.id) == [id])

            let operatorPool = db.pool(as: .operator)
            let retried = try await operatorPool.transaction { tx in
                try await Refunds.retry(
                    id, author: "ann", brand: bundle.brand, queue: JobQueue(pool: operatorPool, logger: .silent), on: tx
                ).refund
            }

            #expect(retried.stage == .unknown && retried.attempts == 0 && retried.attentionSince == nil)
            #expect(try await bundle.lead(id) == .query)
        }
    }

    @Test func retry_ofALargeRefund_needsAnotherPerson_withinADay() async throws {
        try await withTestDatabase { db in
            let bundle = try await PaymentsBundle(db)
            let operatorPool = db.pool(as: .operator)
            let queue = JobQueue(pool: operatorPool, logger: .silent)
            func retry(_ id: ID<Refund>, as author: String) async throws -> Bool {
                let retry = try await operatorPool.transaction { tx in
                    try await Refunds.retry(id, author: author, brand: bundle.brand, queue: queue, on: tx)
                }
                if case .begun = retry { return true }
                return false
            }
            let small = try await bundle.request(try await bundle.paid(fen: 1_000_000))
            let large = try await bundle.request(try await bundle.paid(fen: 1_000_001))

            #expect(try await retry(small, as: "ann"))
            #expect(try await !retry(large, as: "ann"))
            #expect(try await !retry(large, as: " Ann "), "the same person under another spelling")
            try await bundle.nextDay()
            try await bundle.nextDay()
            #expect(try await !retry(large, as: "bob"), "the first word is too old")
            #expect(try await retry(large, as: "ann"))
            #expect(try await !retry(large, as: "bob"), "words are used up")
        }
    }

    /// Every third call fails, in every way; every twelfth refund is closed and needs another number.
    @Test(.timeLimit(.minutes(5)))
    func g03_thousandRefundsWithEveryThirdCallFailing_payOutOnceEach() async throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        try await withTestDatabase { db in
            let bundle = try await PaymentsBundle(db, provider: FlakyProvider(seed: seed))
            bundle.payments.register()
            let intents = try await expired(1_000, bundle)
            // How fast WeChat Pay takes them is not what is tried here.
            try await db.owner.execute(Statement("UPDATE jobs.quota SET rate_interval = NULL"))

            try await working(bundle.queue) {
                try await eventually(within: .seconds(240), every: .milliseconds(100)) {
                    try await bundle.nextDay()
                    let open = try await bundle.number(
                        """
                        SELECT count(*) FROM orders.refund
                        WHERE state NOT IN ('succeeded', 'closed') AND NOT (state = 'refused' OR attempts >= 20)
                        """)
                    let jobs = try await bundle.jobs(RefundRequest.self) + bundle.jobs(RefundCheck.self)
                    return open + jobs == 0
                }
            }

            bundle.provider.arriveAll()
            let payouts = bundle.provider.payouts
            let comment = Comment(rawValue: "seed \(seed)")
            #expect(payouts.count == intents.count && payouts.values.allSatisfy { $0 == 1 }, comment)
            #expect(
                try await bundle.number("SELECT count(*) FROM orders.refund WHERE state = 'succeeded'") == 1_000,
                comment)
            #expect(
                try await bundle.number("SELECT count(*) FROM orders.refund WHERE state NOT IN ('succeeded', 'closed')")
                    == 0, comment)
            #expect(
                try await bundle.number(
                    "SELECT count(*) FROM orders.payment_intent WHERE refund_reserved_fen <> paid_fen") == 0, comment)
            #expect(
                try await bundle.number(
                    """
                    SELECT count(*) FROM accounting.balance b JOIN accounting.account a USING (brand_id, account_id)
                    WHERE a.kind = 'escrow' AND b.balance_fen <> 0
                    """) == 0, comment)
            #expect(try await bundle.jobs(OrderRefunded.self) == 1_000, comment)
            #expect(try await bundle.number("SELECT count(*) FROM jobs.discarded") == 0, comment)
            let check = try await Ledger.check(brand: bundle.brand, on: bundle.pool)
            #expect(check.isBalanced && check.transfers == 2_000, comment)
        }
    }

    /// Paid payments whose refunds are asked for.
    private func expired(_ count: Int, _ bundle: PaymentsBundle) async throws -> [PaymentIntent] {
        var intents: [PaymentIntent] = []
        for _ in 0..<(count / 50) {
            intents += try await bundle.pool.transaction { tx in
                var batch: [PaymentIntent] = []
                for _ in 0..<50 {
                    let intent = try await Payments.create(bundle.intent(), brand: bundle.brand, now: .now, on: tx)
                    _ = try await bundle.payments.receive(
                        bundle.fact(intent), payment: intent.id, brand: bundle.brand, on: tx)
                    _ = try await Refunds.request(
                        payment: intent.id, amount: intent.amount, reason: "gift expired", brand: bundle.brand,
                        now: .now, queue: bundle.queue, on: tx)
                    batch.append(intent)
                }
                return batch
            }
        }
        return intents
    }
}
