import Foundation
import Gifting
import JobTesting
import Jobs
import Kernel
import Orders
import Postgres
import TestSupport
import Testing

/// A gift that its shop takes back while after-sales run, or after they did.
@Suite struct GiftCallOffTests {
    private func withdraw(_ sold: SoldThing) async throws {
        guard case .gift(let id) = sold.target else { return }
        let decision = try GiftWithdrawal(shop: nil, author: "Li", reason: "broken in the warehouse")
        _ = try await sold.bench.pool.transaction { tx in
            try await sold.bench.gifts.withdraw(id, brand: sold.bench.brand, decision, on: tx)
        }
    }

    @Test(arguments: [false, true])
    func giftOfWhichAPartWentBack_isTakenBack_andTheRestIsRefundedOnce(_ isPartBack: Bool) async throws {
        try await withTestDatabase { db in
            let sold = try await SoldThing(.giftOrder, try await GiftBench(db))
            let stock = try await sold.bench.available(sold.bench.red)
            let id = try await sold.open(AftersaleWish(.refund, amount: Money(fen: 1)))
            try await sold.decide(.agree, id)
            if isPartBack { try await sold.settle() }
            try await withdraw(sold)
            try await withdraw(sold)
            try await sold.settle()
            #expect(try await sold.state(id) == .refunded)
            #expect(sold.paidBack == 10_000)
            #expect(try await sold.balances() == [:])
            #expect(try await sold.bench.available(sold.bench.red) == stock + 1)
            // The gift's own refund is the rest, not the part of the case.
            let rest: SQL = """
                SELECT r.amount_fen FROM gifting.gift g JOIN orders.refund r ON r.brand_id = g.brand_id AND r.refund_id = g.refund_id
                WHERE g.refunded_at IS NOT NULL
                """
            #expect(try await sold.bench.number(rest) == 9_999)
            #expect(
                try await sold.bench.number("SELECT amount_fen FROM accounting.transfer WHERE kind = 'gift.withdrawn'")
                    == 9_999)
        }
    }

    @Test(arguments: [false, true])
    func openCaseOfAGiftThatIsTakenBack_ends_andNothingIsPaidTwice(_ isSent: Bool) async throws {
        try await withTestDatabase { db in
            let sold = try await SoldThing(.giftOrder, try await GiftBench(db))
            let id = try await sold.open(AftersaleWish(.return))
            try await sold.decide(.agree, id)
            if isSent { try await sold.send(id) }
            try await withdraw(sold)
            let ended = try #require(
                try await Aftersales.aftersale(id, brand: sold.bench.brand, on: sold.bench.pool))
            #expect(ended.state == .refused && ended.refusal == .settledOtherwise && ended.dueAt == nil)
            #expect(await refusal { try await sold.decide(.receive(restock: true), id) } == "aftersale_over")
            #expect(await refusal { _ = try await sold.open(AftersaleWish(.return)) } != nil)
            try await sold.bench.tester.advance(by: .seconds(11 * 86_400))
            try await sold.settle()
            #expect(try await sold.state(id) == .refused)
            #expect(sold.paidBack == 10_000)
            #expect(try await sold.balances() == [:])
        }
    }

    @Test func giftThatCameBack_isNotTakenBackAsWell() async throws {
        try await withTestDatabase { db in
            let sold = try await SoldThing(.giftOrder, try await GiftBench(db))
            let id = try await sold.open(AftersaleWish(.return))
            try await sold.decide(.agree, id)
            try await sold.decide(.receive(restock: true), id)
            #expect(await refusal { try await withdraw(sold) } == "aftersale_nothing_left")
            try await sold.settle()
            #expect(sold.paidBack == 10_000)
            #expect(try await sold.bench.stockFaults() == 0)
        }
    }

    @Test func giftWhoseCaseWeChatPayClosedForGood_isTakenBackWhole_andNothingWaitsForAPerson() async throws {
        try await withTestDatabase { db in
            let sold = try await SoldThing(.giftOrder, try await GiftBench(db, pay: StubPay(closes: 5)))
            let (bench, staff) = (sold.bench, db.pool(as: .operator))
            let id = try await sold.open(AftersaleWish(.refund, amount: Money(fen: 4_000)))
            try await sold.decide(.agree, id)
            for _ in 0..<3 { try await sold.settle() }
            let closed = try #require(try await Refunds.needingAttention(brand: bench.brand, on: bench.pool).first)
            #expect(closed.stage == .closed && closed.number == 5 && sold.paidBack == 0)

            try await withdraw(sold)
            try await sold.settle()

            #expect(sold.paidBack == 10_000)
            let ended = try #require(try await Aftersales.aftersale(id, brand: bench.brand, on: bench.pool))
            #expect(ended.state == .refused && ended.refusal == .settledOtherwise && ended.refund == nil)
            #expect(try await Refunds.needingAttention(brand: bench.brand, on: bench.pool).isEmpty)
            #expect(try await sold.balances() == [:])
            for command in ["retry", "settle"] {
                let code = await refusal {
                    _ = try await staff.transaction { tx in
                        let queue = JobQueue(pool: staff, logger: .silent)
                        return command == "retry"
                            ? try await Refunds.retry(closed.id, author: "li", brand: bench.brand, queue: queue, on: tx)
                                .refund
                            : try await Refunds.settle(
                                closed.id, with: "B-1", author: "li", brand: bench.brand, queue: queue, on: tx
                            ).refund
                    }
                }
                #expect(code == "refund_too_large", "\(command)")
            }
        }
    }

    @Test(arguments: 0..<3)
    func shopThatAgreesAndTakesBackAtOnce_givesBackWhatWasPaid(_ round: Int) async throws {
        try await withTestDatabase { db in
            let sold = try await SoldThing(.giftOrder, try await GiftBench(db))
            let id = try await sold.open(AftersaleWish(.refund, amount: Money(fen: 4_000)))
            let codes = try await withThrowingTaskGroup(of: String?.self) { group in
                for number in 0..<6 {
                    group.addTask {
                        await refusal {
                            if number % 2 == round % 2 {
                                try await withdraw(sold)
                            } else {
                                try await sold.decide(.agree, id)
                            }
                        }
                    }
                }
                return try await group.reduce(into: Set<String>()) { if let code = $1 { $0.insert(code) } }
            }
            #expect(codes.isSubset(of: ["aftersale_over"]))
            try await sold.settle()
            #expect(sold.paidBack == 10_000)
            #expect(try await sold.balances() == [:])
            #expect([.refunded, .refused].contains(try await sold.state(id)))
        }
    }
}
