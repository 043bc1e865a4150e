import Accounting
import Foundation
import Jobs
import Kernel
import Postgres
import TestSupport
import Testing

@testable import Orders

/// Payments that go back in parts, within what WeChat Pay takes.
struct PartialRefundTests {
    @Test func parts_askedForAtOnce_neverExceedWhatWasPaid() async throws {
        try await withTestDatabase { db in
            let bundle = try await PaymentsBundle(db)
            let intent = try await bundle.paid(fen: 12_800)
            try await bundle.queue.prepare(RefundRequest.self)

            let codes = try await withThrowingTaskGroup(of: String?.self) { group in
                for _ in 0..<30 {
                    group.addTask {
                        do {
                            _ = try await bundle.part(1_000, of: intent)
                            return nil
                        } catch let problem as Problem {
                            return problem.code
                        }
                    }
                }
                return try await group.reduce(into: [String?]()) { $0.append($1) }
            }

            #expect(codes.count { $0 == nil } == 12)
            #expect(codes.count { $0 == "refund_too_large" } == 18)
            #expect(try await bundle.current(intent.id).refundReserved == Money(fen: 12_000))
            #expect(try await bundle.number("SELECT sum(amount_fen)::bigint FROM orders.refund") == 12_000)
            #expect(
                try await Refunds.of(intent.id, brand: bundle.brand, on: bundle.pool).map(\.number) == Array(1...12))
        }
    }

    @Test func part_forTheSameCause_isTheSameRefund_orRefusedWithAnotherAmount() async throws {
        try await withTestDatabase { db in
            let bundle = try await PaymentsBundle(db)
            let intent = try await bundle.paid()
            let cause = UUID()

            let first = try await bundle.part(300, of: intent, cause: cause)
            let second = try await bundle.part(300, of: intent, cause: cause)
            let differs = await #expect(throws: Problem.self) { try await bundle.part(301, of: intent, cause: cause) }

            #expect(first == second)
            #expect(differs?.code == "refund_differs")
            #expect(try await bundle.jobs(RefundRequest.self) == 1)
        }
    }

    @Test func parts_ofOnePayment_areSentAMinuteApart_byWhomeverTheyAreSent() async throws {
        try await withTestDatabase { db in
            let bundle = try await PaymentsBundle(db)
            let intent = try await bundle.paid()
            let ids = [try await bundle.part(300, of: intent), try await bundle.part(400, of: intent)]

            // Two workers at once: one sends, the other is told to wait.
            let slept = await withTaskGroup(of: (any Error)?.self) { group in
                for id in ids {
                    group.addTask {
                        do {
                            _ = try await bundle.pool.transaction { tx in
                                try await bundle.refunding.begin(id, brand: bundle.brand, on: tx)
                            }
                            return nil
                        } catch {
                            return error
                        }
                    }
                }
                return await group.reduce(into: [any Error]()) { if let error = $1 { $0.append(error) } }
            }
            let rest = try #require(slept.first as? JobSleep).duration
            #expect(slept.count == 1 && rest > .seconds(50) && rest <= .seconds(60))

            let stages = [try await bundle.refund(ids[0]).stage, try await bundle.refund(ids[1]).stage]
            let waiting = stages[0] == .requested ? ids[0] : ids[1]
            #expect(Set(stages) == [.requested, .sent])
            try await db.owner.execute(
                Statement("UPDATE siyu.environment SET clock_offset = clock_offset + INTERVAL '61 seconds'"))
            #expect(try await bundle.lead(waiting) == .send)
        }
    }

    @Test func part_afterAYear_orTheFiftyFirst_isRefused() async throws {
        try await withTestDatabase { db in
            let bundle = try await PaymentsBundle(db)
            let intent = try await bundle.paid()
            let paidAt = try #require(try await bundle.current(intent.id).paidAt)
            let year = 365 * 86_400.0

            _ = try await bundle.part(1, of: intent, at: paidAt.addingTimeInterval(year))
            let late = await #expect(throws: Problem.self) {
                try await bundle.part(1, of: intent, at: paidAt.addingTimeInterval(year + 1))
            }
            for _ in 0..<49 { _ = try await bundle.part(1, of: intent, at: paidAt) }
            let many = await #expect(throws: Problem.self) { try await bundle.part(1, of: intent, at: paidAt) }

            #expect(late?.code == "refund_too_late")
            #expect(many?.code == "refund_too_many")
            #expect(try await bundle.current(intent.id).refundReserved == Money(fen: 50))
        }
    }

    @Test func partThatSucceeds_makesTheOrderWorthLess_andTheLastCancelsIt() async throws {
        try await withTestDatabase { db in
            let bundle = try await PaymentsBundle(db)
            let intent = try await bundle.paid(fen: 12_800)
            func order() async throws -> [String] {
                try await db.owner.run(
                    Statement("SELECT concat_ws(' ', version, status, amount_fen) FROM orders.customer_order") {
                        row throws(PostgresError) in try row.next()
                    })
            }

            let part = try await bundle.part(2_800, of: intent)
            while try await bundle.lead(part) != nil {}
            #expect(try await order() == ["2 paid 10000"])
            #expect(try await bundle.escrow(intent.id) == Money(fen: 10_000))
            #expect(
                try await bundle.number("SELECT sum(amount_fen)::bigint FROM orders.payment WHERE status = 'paid'")
                    == 10_000)

            let rest = try await bundle.part(10_000, of: intent)
            try await bundle.nextDay()
            while try await bundle.lead(rest) != nil {}
            #expect(try await order() == ["3 cancelled 10000"])
            #expect(try await bundle.escrow(intent.id) == .zero)
            #expect(try await bundle.number("SELECT count(*) FROM orders.payment WHERE status = 'reversed'") == 2)
            #expect(try await bundle.jobs(OrderRefunded.self) == 2)
            #expect(try await Ledger.check(brand: bundle.brand, on: bundle.pool).isBalanced)
        }
    }

    @Test func refundThatIsThrottled_isSentAgainWithTheFewThatWeChatPayTakes() async throws {
        try await withTestDatabase { db in
            let bundle = try await PaymentsBundle(db)
            let id = try await bundle.request(try await bundle.paid())
            let begun = try #require(
                try await bundle.pool.transaction { tx in
                    try await bundle.refunding.begin(id, brand: bundle.brand, on: tx)
                })

            _ = try await bundle.pool.transaction { tx in
                try await bundle.refunding.settle(
                    id, .answered(begun.2, .throttled), .init(answer: .throttled, word: "FREQUENCY_LIMITED"),
                    brand: bundle.brand, on: tx)
            }

            #expect(try await bundle.jobs(RefundAgain.self) == 1)
            #expect(try await bundle.refund(id).stage == .requested)
            let rates = [RefundRequest.jobQuota?.rate?.interval, RefundAgain.jobQuota?.rate?.interval]
            let perSecond = rates.compactMap { $0 }.map { 1 / ($0 / .seconds(1)) }
            #expect(perSecond.count == 2 && perSecond[1] <= 6 && perSecond[0] + perSecond[1] <= 150)
        }
    }

    @Test func unknown_isAskedAbout_onItsLadder() {
        var pauses: [Duration?] = []
        for attempts in 1...9 {
            let news = RefundNews.answered(attempts == 1 ? .send : .query, .unknown)
            pauses.append(
                RefundLife.decide(attempts == 1 ? .sent : .unknown, number: 1, attempts: attempts, news)?.callAfter)
        }
        #expect(
            pauses == [15, 60, 300, 900, 3_600, 21_600, 86_400, 86_400, 86_400].map { Duration.seconds($0) })
    }
}

extension PaymentsBundle {
    /// A part of a payment goes back, for a cause of its own unless one is named.
    @discardableResult
    func part(
        _ fen: Int64, of intent: PaymentIntent, cause: UUID = UUID(),
        at now: Date = Date(timeIntervalSince1970: 1_767_225_600)
    ) async throws -> ID<Refund> {
        try await pool.transaction { tx in
            try await Refunds.request(
                payment: intent.id, amount: Money(fen: fen), cause: cause, reason: "returned", brand: brand, now: now,
                queue: queue, on: tx)
        }
    }
}
