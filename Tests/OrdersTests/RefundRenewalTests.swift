import Accounting
import Foundation
import Jobs
import Kernel
import Postgres
import TestSupport
import Testing

@testable import Orders

/// Refunds that WeChat Pay has closed for good, and persons who try them again.
struct RefundRenewalTests {
    @Test func retry_ofARefundClosedForGood_beginsTheNextNumber_whichPaysOutOnce() async throws {
        try await withTestDatabase { db in
            let bundle = try await PaymentsBundle(db, provider: .closing())
            let intent = try await bundle.paid()
            let closed = try await bundle.closedForGood(try await bundle.request(intent), of: intent)
            let last = try #require(closed.last)
            #expect(closed.count == 5 && last.attentionSince != nil)
            #expect(await bundle.refusal { try await bundle.request(intent) } == "refund_closed")

            // Closed once more, it waits for a person once more.
            let sixth = try await bundle.retry(last.id)
            #expect(sixth.outRefundNo == "RF-\(intent.outTradeNo)-6" && sixth.stage == .requested)
            #expect(try await bundle.current(intent.id).refundReserved == intent.amount)
            #expect(try await bundle.waiting().isEmpty)
            try await bundle.closedForGood(sixth.id, of: intent)
            #expect(try await bundle.waiting() == [sixth.id])
            #expect(try await bundle.current(intent.id).refundReserved == .zero)

            bundle.provider.stopClosing()
            let seventh = try await bundle.retry(sixth.id)
            try await bundle.nextDay()
            while try await bundle.lead(seventh.id) != nil {}

            #expect(try await bundle.refund(seventh.id).stage == .succeeded)
            #expect(try await bundle.waiting().isEmpty)
            #expect(bundle.provider.payouts == [intent.outTradeNo: 1])
            #expect(try await bundle.current(intent.id).refundReserved == intent.amount)
            #expect(try await bundle.escrow(intent.id) == .zero)
            #expect(try await bundle.jobs(OrderRefunded.self) == 1)
            #expect(await bundle.refusal { try await bundle.retry(seventh.id) } == "refund_over")
            #expect(try await Ledger.check(brand: bundle.brand, on: bundle.pool).isBalanced)
        }
    }

    @Test func retry_ofAClosedNumber_thatIsNotTheNewest_isRefused() async throws {
        try await withTestDatabase { db in
            let bundle = try await PaymentsBundle(db, provider: .closing())
            let intent = try await bundle.paid()
            let closed = try await bundle.closedForGood(try await bundle.request(intent), of: intent)

            for attempt in closed.dropLast() {
                #expect(await bundle.refusal { try await bundle.retry(attempt.id) } == "refund_renewed")
            }
            #expect(try await bundle.number("SELECT count(*) FROM orders.refund") == 5)
            #expect(try await bundle.current(intent.id).refundReserved == .zero)
        }
    }

    @Test func retry_byManyOperatorsAtOnce_makesOneNumber() async throws {
        try await withTestDatabase { db in
            let bundle = try await PaymentsBundle(db, provider: .closing())
            let intent = try await bundle.paid()
            let last = try #require(
                try await bundle.closedForGood(try await bundle.request(intent), of: intent).last)

            let codes = await withTaskGroup(of: String?.self) { group in
                for _ in 0..<8 { group.addTask { await bundle.refusal { try await bundle.retry(last.id) } } }
                return await group.reduce(into: [String?]()) { $0.append($1) }
            }

            #expect(codes.count { $0 == nil } == 1 && codes.count { $0 == "refund_renewed" } == 7)
            #expect(try await bundle.number("SELECT count(*) FROM orders.refund") == 6)
            #expect(try await bundle.current(intent.id).refundReserved == intent.amount)
        }
    }

    @Test func retry_ofAClosedNumber_whoseRoomIsGone_orAfterFiftyNumbers_isRefusedAndStaysListed() async throws {
        try await withTestDatabase { db in
            let bundle = try await PaymentsBundle(db, provider: .closing())
            let (full, worn) = (try await bundle.paid(), try await bundle.paid())
            var last: [ID<Refund>] = []
            for intent in [full, worn] {
                let first = try await bundle.part(12_700, of: intent)
                last.append(try #require(try await bundle.closedForGood(first, of: intent).last).id)
            }

            try await bundle.part(101, of: full)
            for _ in 0..<45 { try await bundle.part(1, of: worn) }

            #expect(await bundle.refusal { try await bundle.retry(last[0]) } == "refund_too_large")
            #expect(await bundle.refusal { try await bundle.retry(last[1]) } == "refund_too_many")
            #expect(try await Set(bundle.waiting()) == Set(last))
        }
    }

    @Test func retry_ofAClosedNumber_thatWasReportedAsPaid_isRefused() async throws {
        try await withTestDatabase { db in
            let bundle = try await PaymentsBundle(db, provider: .closing())
            let intent = try await bundle.paid()
            let closed = try await bundle.closedForGood(try await bundle.request(intent), of: intent)
            let report = RefundReported(
                brand: bundle.brand, outRefundNo: closed[1].outRefundNo, providerRefundID: "5", standing: .success,
                amount: intent.amount)
            _ = try await bundle.pool.transaction { tx in try await bundle.refunding.hear(report, on: tx) }

            #expect(await bundle.refusal { try await bundle.retry(closed[4].id) } == "refund_maybe_paid")
            #expect(try await Set(bundle.waiting()) == [closed[1].id, closed[4].id])
        }
    }

    @Test func renewedRefund_whoseMoneyTheShopHasEarnedMeanwhile_isPaidFromItsSales() async throws {
        try await withTestDatabase { db in
            let bundle = try await PaymentsBundle(db, provider: .closing())
            let intent = try await bundle.paid()
            let first = try await bundle.part(2_800, of: intent)
            let last = try #require(try await bundle.closedForGood(first, of: intent).last)
            try await bundle.earn(intent)
            #expect(try await bundle.escrow(intent.id) == .zero)

            bundle.provider.stopClosing()
            let next = try await bundle.retry(last.id)
            #expect(try await bundle.escrow(intent.id) == Money(fen: 2_800))
            try await bundle.nextDay()
            while try await bundle.lead(next.id) != nil {}

            #expect(try await bundle.refund(next.id).stage == .succeeded)
            #expect(try await bundle.escrow(intent.id) == .zero)
            #expect(try await Ledger.check(brand: bundle.brand, on: bundle.pool).isBalanced)
        }
    }
}

extension FlakyProvider {
    /// Closes every number until it is told to stop.
    static func closing() -> FlakyProvider { FlakyProvider(seed: 3, faults: 0, closings: 12) }
}

extension PaymentsBundle {
    /// Leads a refund and the numbers that follow it until the last is closed, and answers all numbers of the payment.
    @discardableResult
    func closedForGood(_ id: ID<Refund>, of intent: PaymentIntent) async throws -> [RefundRecord] {
        let cause = try await refund(id).cause
        for _ in 0..<20 {
            let attempts = try await Refunds.of(intent.id, brand: brand, on: pool)
            guard let next = attempts.last(where: { $0.cause == cause }), next.stage != .closed else { return attempts }
            // More than the minute between two numbers.
            try await nextHour()
            while try await lead(next.id) != nil {}
        }
        throw Problem.conflict("It was not closed.", code: "not_closed")
    }

    /// As a person at the command line.
    @discardableResult
    func retry(_ id: ID<Refund>) async throws -> RefundRecord {
        let staff = db.pool(as: .operator)
        return try await staff.transaction { tx in
            try await Refunds.retry(
                id, author: "ann", brand: brand, queue: JobQueue(pool: staff, logger: .silent), on: tx
            ).refund
        }
    }

    /// Refunds that wait for a person.
    func waiting() async throws -> [ID<Refund>] {
        try await Refunds.needingAttention(brand: brand, on: pool).map(\.id)
    }

    /// The code of the problem that `body` meets; nil if it meets none.
    func refusal(_ body: () async throws -> Any) async -> String? {
        do {
            _ = try await body()
            return nil
        } catch let problem as Problem {
            return problem.code
        } catch {
            return "\(error)"
        }
    }

    /// The shop has earned all of a payment.
    func earn(_ intent: PaymentIntent) async throws {
        try await pool.transaction { tx in
            let escrow = try await Ledger.account(
                .escrow(of: intent.id), floor: .zero, brand: brand, now: .now, on: tx)
            let sales = try await Ledger.account(.sales(of: shop), brand: brand, now: .now, on: tx)
            try await Ledger.post(
                [
                    Posting(
                        debit: escrow, credit: sales, amount: intent.amount, kind: "gift.earned",
                        subject: intent.id.rawValue, occurredAt: .now)
                ], brand: brand, now: .now, on: tx)
        }
    }

    private func nextHour() async throws {
        try await db.owner.execute(
            Statement("UPDATE siyu.environment SET clock_offset = clock_offset + INTERVAL '1 hour'"))
    }
}
