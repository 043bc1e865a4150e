import Accounting
import Foundation
import Jobs
import Kernel
import Policies
import Postgres
import TestSupport
import Testing

@testable import Orders

/// Money that WeChat Pay will not give back any more, and that goes back another way.
struct RefundSettlementTests {
    @Test func refundClosedForGood_isSettledByHand_booksOnce_andLeavesTheList() async throws {
        try await withTestDatabase { db in
            let bundle = try await PaymentsBundle(db, provider: .closing())
            let intent = try await bundle.paid()
            let closed = try await bundle.closedForGood(try await bundle.request(intent), of: intent)
            let last = try #require(closed.last)
            // The shop has earned what came back meanwhile.
            try await bundle.earn(intent)
            #expect(await bundle.refusal { try await bundle.settle(closed[0].id) } == "refund_renewed")

            // Said by many at once, it is written down once.
            let codes = await withTaskGroup(of: String?.self) { group in
                for _ in 0..<4 { group.addTask { await bundle.refusal { try await bundle.settle(last.id) } } }
                return await group.reduce(into: [String?]()) { $0.append($1) }
            }
            #expect(codes.count { $0 == nil } == 1 && codes.count { $0 == "refund_settled" } == 3)
            let settled = try await bundle.refund(last.id)
            #expect(settled.stage == .closed && settled.settledWith == "bank transfer 20261123-1")
            #expect(try await bundle.waiting().isEmpty)
            #expect(try await bundle.current(intent.id).refundReserved == intent.amount)
            #expect(await bundle.refusal { try await bundle.retry(last.id) } == "refund_settled")
            #expect(try await bundle.lead(last.id) == nil, "nothing is sent any more")

            #expect(try await bundle.book(last.id) == last.id)
            #expect(try await bundle.book(last.id) == nil)

            #expect(try await bundle.refund(last.id).stage == .succeeded)
            #expect(try await bundle.escrow(intent.id) == .zero)
            // What WeChat Pay did not pay out is there still; somebody else's purse paid it.
            #expect(try await bundle.balances() == ["clearing": -12_800, "returned_by_hand": 12_800])
            #expect(try await bundle.jobs(OrderRefunded.self) == 1)
            #expect(
                try await bundle.number("SELECT count(*) FROM orders.customer_order WHERE status = 'cancelled'") == 1)
            #expect(await bundle.refusal { try await bundle.settle(last.id) } == "refund_settled")
            #expect(bundle.provider.payouts.isEmpty)
            #expect(try await Ledger.check(brand: bundle.brand, on: bundle.pool).isBalanced)
        }
    }

    @Test func refundAfterFiftyNumbers_isSettled_andOneWhoseRoomIsGone_isDismissed() async throws {
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

            #expect(await bundle.refusal { try await bundle.dismiss(last[1]) } == "refund_still_owed")
            try await bundle.settle(last[1])
            _ = try await bundle.book(last[1])
            #expect(try await bundle.refund(last[1]).stage == .succeeded)
            #expect(try await bundle.waiting() == [last[0]])

            #expect(await bundle.refusal { try await bundle.settle(last[0]) } == "refund_too_large")
            try await bundle.dismiss(last[0])
            try await bundle.pool.transaction { tx in
                try await bundle.refunding.lapse(last[0], brand: bundle.brand, on: tx)
            }
            #expect(try await bundle.waiting().isEmpty)
            #expect(try await bundle.refund(last[0]).stage == .closed)
            #expect(try await bundle.current(full.id).refundReserved == Money(fen: 101))
        }
    }

    @Test func refundThatWeChatPayMayStillPay_isNotSettled() async throws {
        try await withTestDatabase { db in
            let bundle = try await PaymentsBundle(db)
            for (stage, isSent) in [
                (RefundStage.requested, false), (.sent, true), (.unknown, true), (.processing, true), (.abnormal, true),
            ] {
                let id = try await bundle.request(try await bundle.paid())
                try await db.owner.execute(
                    Statement(
                        """
                        UPDATE orders.refund SET state = \(stage), sent_at = CASE WHEN \(isSent) THEN now() END,
                            attention_since = CASE WHEN \(isSent) THEN now() END WHERE refund_id = \(id)
                        """))
                #expect(await bundle.refusal { try await bundle.settle(id) } == "refund_may_still_pay", "\(stage)")
            }
            // Refused for good: nothing of it is under way.
            let refused = try await bundle.request(try await bundle.paid())
            try await db.owner.execute(
                Statement(
                    "UPDATE orders.refund SET state = 'refused', sent_at = now(), attention_since = now() WHERE refund_id = \(refused)"
                ))
            try await bundle.settle(refused)
            _ = try await bundle.book(refused)
            #expect(try await bundle.refund(refused).stage == .succeeded)
        }
    }

    @Test func settledRefund_thatWeChatPayReportsAllTheSame_waitsForAPerson() async throws {
        try await withTestDatabase { db in
            let bundle = try await PaymentsBundle(db, provider: .closing())
            let intent = try await bundle.paid()
            let last = try #require(
                try await bundle.closedForGood(try await bundle.request(intent), of: intent).last)
            try await bundle.settle(last.id)
            _ = try await bundle.book(last.id)
            let report = RefundReported(
                brand: bundle.brand, outRefundNo: last.outRefundNo, providerRefundID: "5", standing: .success,
                amount: intent.amount)
            _ = try await bundle.pool.transaction { tx in try await bundle.refunding.hear(report, on: tx) }

            #expect(try await bundle.waiting() == [last.id])
            #expect(try await bundle.escrow(intent.id) == .zero)
            try await bundle.dismiss(last.id)
            #expect(try await bundle.waiting().isEmpty)
        }
    }

    @Test func settlingOfMuch_needsTwoPersons_whoSayTheSame() async throws {
        try await withTestDatabase { db in
            let bundle = try await PaymentsBundle(db, provider: .closing())
            let intent = try await bundle.paid(fen: 1_000_001)
            let last = try #require(
                try await bundle.closedForGood(try await bundle.request(intent), of: intent).last)

            for (author, reference) in [("ann", "B-1"), ("Ann ", "B-1"), ("ben", "B-2")] {
                let word = try await bundle.say(last.id, author: author, with: reference)
                guard case .needsSecondPerson = word else { return #expect(Bool(false), "\(author) sufficed") }
            }
            // A word for another try is no word that the money went back.
            #expect(try await bundle.retry(last.id).stage == .closed)
            #expect(try await bundle.current(intent.id).refundReserved == .zero)
            let word = try await bundle.say(last.id, author: "cleo", with: " B-2")
            guard case .settled(let refund) = word else { return #expect(Bool(false), "two did not suffice") }
            #expect(refund.settledWith == "B-2")
            #expect(
                try await bundle.number("SELECT count(*) FROM orders.refund_approval WHERE used_at IS NULL") == 0)
        }
    }
}

extension PaymentsBundle {
    /// As a person at the command line.
    fileprivate func say(
        _ id: ID<Refund>, author: String = "ann", with reference: String = "bank transfer  20261123-1"
    ) async throws -> RefundSettling {
        let staff = db.pool(as: .operator)
        return try await staff.transaction { tx in
            try await Refunds.settle(
                id, with: reference, author: author, brand: brand, queue: JobQueue(pool: staff, logger: .silent),
                on: tx)
        }
    }

    @discardableResult
    fileprivate func settle(_ id: ID<Refund>) async throws -> RefundRecord { try await say(id).refund }

    @discardableResult
    fileprivate func dismiss(_ id: ID<Refund>) async throws -> RefundRecord {
        let staff = db.pool(as: .operator)
        return try await staff.transaction { tx in
            try await Refunds.dismiss(id, brand: brand, queue: JobQueue(pool: staff, logger: .silent), on: tx)
        }
    }

    /// As the job does it.
    fileprivate func book(_ id: ID<Refund>) async throws -> ID<Refund>? {
        try await pool.transaction { tx in try await refunding.bookSettled(id, brand: brand, on: tx)?.id }
    }

    /// What is on the accounts, by their kind.
    fileprivate func balances() async throws -> [String: Int64] {
        let all = try await Ledger.balances(asOf: .distantFuture, brand: brand, on: pool)
        return Dictionary(all.filter { $0.balance != .zero }.map { ($0.kind.rawValue, $0.balance.fen) }) { $0 + $1 }
    }
}
