import Accounting
import Foundation
import Gifting
import JobTesting
import Jobs
import Kernel
import Orders
import Postgres
import Synchronization
import TestSupport
import Testing
import WeChat

/// Money that friends give to each other: paid, taken or not, and out of every account in the end.
@Suite struct CashGiftTests {
    @Test func g29_moneyThatIsTaken_reachesItsRecipientOnce_andEveryAccountIsAsBefore() async throws {
        try await withTestDatabase { db in
            let cash = try await CashBench(db)
            let gift = try await cash.sent(fen: 8_888)
            #expect(try await cash.refusal { try await cash.accept(gift, as: gift.sender) } == "gift_not_the_recipient")
            #expect(try await cash.refusal { try await cash.accept(gift, as: "stranger") } == "gift_not_a_party")
            for _ in 0..<3 { try await cash.accept(gift) }
            #expect(try await cash.refusal { try await cash.decline(gift) } == "gift_ended")
            try await cash.settle()
            // Told of the end twice.
            let payout = try #require(try await cash.payouts(gift).last)
            try await cash.bench.queue.push(
                PayoutEnded(
                    brand: cash.bench.brand, payout: payout.id, subject: gift.id.rawValue, person: payout.person,
                    amount: payout.amount, isPaid: true), options: JobOptions(queue: "gifts"))
            try await cash.settle()

            #expect(cash.bank.paid == [gift.recipient: 8_888])
            #expect(try await cash.state(gift) == "paid_out")
            #expect(cash.bench.pay.payouts.isEmpty)
            #expect(try await cash.balances() == [:])
            #expect(
                try await cash.bench.number("SELECT count(*) FROM orders.customer_order WHERE status = 'cancelled'")
                    == 1)
            #expect(try await Ledger.check(brand: cash.bench.brand, on: cash.bench.pool).isBalanced)
        }
    }

    @Test func g29_moneyThatNobodyTakes_orThatIsDeclined_goesBackToItsGiver() async throws {
        try await withTestDatabase { db in
            let cash = try await CashBench(db)
            let (late, unwanted) = (try await cash.sent(fen: 20_000), try await cash.sent(fen: 100))
            try await cash.decline(unwanted)
            // The last instant is in time: a day to the second later it is gone.
            try await cash.bench.advance(86_401)
            #expect(try await cash.refusal { try await cash.accept(late) } == "gift_expired")
            try await cash.settle()

            #expect(try await cash.state(late) == "expired")
            #expect(try await cash.state(unwanted) == "declined")
            #expect(try await cash.refusal { try await cash.accept(unwanted) } == "gift_ended")
            #expect(cash.bank.paid.isEmpty)
            #expect(cash.bench.pay.payouts.values.flatMap(\.values).sorted() == [100, 20_000])
            #expect(
                try await cash.bench.number("SELECT count(*) FROM gifting.cash_gift WHERE refunded_at IS NOT NULL") == 2
            )
            #expect(try await cash.balances() == [:])
        }
    }

    @Test func g29_moneyThatCannotBePaidOut_goesBackToItsGiver_andNobodyCanSendItAgain() async throws {
        try await withTestDatabase { db in
            let cash = try await CashBench(db, fails: true)
            let gift = try await cash.sent(fen: 5_000)
            try await cash.accept(gift)
            for _ in 0..<30 {
                try await cash.settle()
                try await cash.bench.advance(3_600)
            }

            #expect(try await cash.state(gift) == "failed")
            #expect(cash.bank.paid.isEmpty)
            #expect(cash.bench.pay.payouts.values.flatMap(\.values) == [5_000])
            let payouts = try await cash.payouts(gift)
            #expect(payouts.count == 3 && payouts.allSatisfy { $0.stage == .failed && $0.attentionSince == nil })
            let last = try #require(payouts.last)
            let staff = db.pool(as: .operator)
            let code = try await cash.refusal {
                _ = try await staff.transaction { tx in
                    try await Payouts.retry(
                        last.id, brand: cash.bench.brand, queue: JobQueue(pool: staff, logger: .silent), on: tx)
                }
            }
            #expect(code == "payout_abandoned")
            #expect(try await cash.balances() == [:])
        }
    }

    @Test func g29_moneyThatIsTakenAtNight_isPaidAtEight() async throws {
        try await withTestDatabase { db in
            let cash = try await CashBench(db, clock: "2026-03-10T23:00:00+08:00")
            let gift = try await cash.sent(fen: 100)
            try await cash.bench.advance(2 * 3_600)
            try await cash.accept(gift)
            try await cash.settle()
            #expect(cash.bank.sends == 0)
            try await cash.bench.advance(6 * 3_600)
            try await cash.settle()
            #expect(cash.bank.sends == 0, "a few minutes before eight")
            try await cash.bench.advance(3_600)
            try await cash.settle()
            #expect(cash.bank.paid == [gift.recipient: 100])
            #expect(try await cash.state(gift) == "paid_out")
        }
    }

    @Test func g29_whatMayNotBeGiven_isRefused_andUnpaidGiftsLapse() async throws {
        try await withTestDatabase { db in
            let cash = try await CashBench(db)
            for (fen, recipients, code) in [
                (99, ["friend"], "cash_gift_amount"), (20_001, ["friend"], "cash_gift_amount"),
                (100, [], "gift_needs_one_recipient"), (100, ["a", "b"], "gift_needs_one_recipient"),
                (100, ["giver"], "gift_to_oneself"),
            ] as [(Int64, [String], String)] {
                #expect(
                    try await cash.refusal { _ = try await cash.create(fen: fen, from: "giver", to: recipients) }
                        == code)
            }
            let unpaid = try await cash.begin(fen: 100)
            // Nobody hears of what is not paid for.
            #expect(try await cash.refusal { try await cash.accept(unpaid) } == "gift_not_a_party")
            try await cash.bench.advance(901)
            try await cash.settle()
            #expect(try await cash.state(unpaid) == "cancelled")
            try await cash.bench.notify(unpaid.payment, fen: 100, paidAt: .now)
            try await cash.settle()
            #expect(try await cash.state(unpaid) == "cancelled")
            #expect(cash.bench.pay.payouts.values.flatMap(\.values) == [100], "late money goes back")
            #expect(try await cash.balances() == [:])
        }
    }

    @Test(arguments: 0..<3)
    func g29_takenAndOverAtOnce_hasOneEnd_andMoneyLeavesByOneDoor(_ round: Int) async throws {
        try await withTestDatabase { db in
            let cash = try await CashBench(db)
            var gifts: [CashBench.Pair] = []
            for _ in 0..<6 { gifts.append(try await cash.sent(fen: 100)) }
            // What is pushed for the first time is looked up on a connection of its own.
            try await cash.accept(gifts[0])
            try await cash.decline(gifts[1])
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (number, gift) in gifts.enumerated() {
                    for turn in 0..<4 {
                        group.addTask {
                            _ = try await cash.refusal {
                                if (number + turn + round).isMultiple(of: 2) {
                                    try await cash.accept(gift)
                                } else {
                                    try await cash.decline(gift)
                                }
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
            try await cash.settle()
            let back = cash.bench.pay.payouts.values.flatMap(\.values).reduce(0, +)
            let paid = cash.bank.paid.values.reduce(0, +)
            #expect(back + paid == 600, "\(back) went back, \(paid) were paid out")
            #expect(try await cash.balances() == [:])
        }
    }

    @Test func g29_orderOfMoney_hasNoAftersales() async throws {
        try await withTestDatabase { db in
            let cash = try await CashBench(db)
            let gift = try await cash.sent(fen: 100)
            let payment = try #require(
                try await Payments.intent(gift.payment, brand: cash.bench.brand, on: cash.bench.pool))
            let code = try await cash.refusal {
                _ = try await cash.bench.pool.transaction { tx in
                    try await cash.bench.gifts.openAftersale(
                        AftersaleWish(.refund), of: .order(payment.order), by: cash.bench.shopper(gift.sender),
                        with: Aftersales(queue: cash.bench.queue), on: tx)
                }
            }
            #expect(code == "cash_gift_is_no_order")
        }
    }
}

/// A brand whose people give each other money, used as siyu-gifts, at noon in Beijing unless told otherwise.
private struct CashBench {
    struct Pair: Sendable {
        let id: ID<CashGift>
        let payment: ID<Payment>
        let sender: String
        let recipient: String
    }

    let bench: GiftBench
    let bank: StubBank

    init(_ db: TestDatabase, fails: Bool = false, clock: String = "2026-03-10T12:00:00+08:00") async throws {
        bench = try await GiftBench(db)
        bank = StubBank(fails: fails)
        Paying(queue: bench.queue, providers: bank, keys: bench.keys).register()
        let instant = try Date(clock, strategy: .iso8601)
        try await db.owner.execute(Statement<Void>("UPDATE siyu.environment SET clock_offset = \(instant) - now()"))
    }

    func create(fen: Int64, from giver: String, to recipients: [String]) async throws -> CashSenderView {
        try await bench.pool.transaction { tx in
            try await bench.gifts.giveCash(
                NewCashGift(shop: bench.shop, amount: Money(fen: fen), recipients: recipients),
                by: bench.shopper(giver), on: tx)
        }
    }

    func begin(fen: Int64) async throws -> Pair {
        let number = ID<CashGift>.mint()
        let (giver, friend) = ("giver-\(number)", "friend-\(number)")
        let view = try await create(fen: fen, from: giver, to: [friend])
        let payable = try await bench.pool.transaction { tx in
            try await bench.gifts.payableCash(
                try #require(view.field("cash_gift_id")), by: bench.shopper(giver), on: tx)
        }
        return Pair(id: payable.gift, payment: payable.payment, sender: giver, recipient: friend)
    }

    /// Money that waits for its recipient.
    func sent(fen: Int64) async throws -> Pair {
        let gift = try await begin(fen: fen)
        try await bench.notify(gift.payment, fen: fen, paidAt: .now)
        try await settle()
        #expect(try await state(gift) == "sent")
        return gift
    }

    func accept(_ gift: Pair, as openID: String? = nil) async throws {
        _ = try await bench.pool.transaction { tx in
            try await bench.gifts.acceptCash(gift.id, by: bench.shopper(openID ?? gift.recipient), on: tx)
        }
    }

    func decline(_ gift: Pair) async throws {
        _ = try await bench.pool.transaction { tx in
            try await bench.gifts.declineCash(gift.id, by: bench.shopper(gift.recipient), on: tx)
        }
    }

    /// Lets the jobs run that are due within minutes.
    func settle() async throws {
        for _ in 0..<3 {
            _ = try await bench.tester.drain()
            try await bench.advance(65)
        }
        _ = try await bench.tester.drain()
    }

    func state(_ gift: Pair) async throws -> String {
        let id = gift.id
        return try await bench.db.owner.one(
            Statement("SELECT state FROM gifting.cash_gift WHERE cash_gift_id = \(id)") { row throws(PostgresError) in
                try row.next()
            })
    }

    func payouts(_ gift: Pair) async throws -> [PayoutRecord] {
        try await Payouts.of(gift.id.rawValue, brand: bench.brand, on: bench.pool)
    }

    /// Balances that are not zero, by the kind of account.
    func balances() async throws -> [String: Int64] {
        let kinds = try await Ledger.balances(asOf: .distantFuture, brand: bench.brand, on: bench.pool)
        return Dictionary(kinds.filter { $0.balance != .zero }.map { ($0.kind.rawValue, $0.balance.fen) }) { $0 + $1 }
    }

    /// The code of the problem that `body` meets; nil if it meets none.
    func refusal(_ body: () async throws -> Void) async throws -> String? {
        do {
            try await body()
            return nil
        } catch let problem as Problem {
            return problem.code
        }
    }
}

/// WeChat Pay's transfers, at once or never.
private final class StubBank: PayoutProvider, PayoutProviders {
    private struct Book {
        var bills: [String: TransferOrder] = [:]
        var paid: [String: Int64] = [:]
        var sends = 0
    }

    private let book = Mutex(Book())
    private let fails: Bool

    init(fails: Bool) { self.fails = fails }

    /// What was paid out, by openid.
    var paid: [String: Int64] { book.withLock(\.paid) }
    var sends: Int { book.withLock(\.sends) }

    func payoutProvider(
        of mchid: String, brand: ID<Brand>
    ) async throws -> (provider: any PayoutProvider, notifyURL: String)? { (self, "https://pay.example/notify") }

    func transfer(_ order: TransferOrder) async throws(WeChatPayError) -> TransferResult {
        book.withLock { book in
            book.sends += 1
            guard book.bills.updateValue(order, forKey: order.outBillNo) == nil, !fails else { return }
            book.paid[order.openID, default: 0] += order.amount.fen
        }
        return try result(order.outBillNo)
    }

    func transfer(outBillNo: String) async throws(WeChatPayError) -> TransferResult {
        guard book.withLock({ $0.bills[outBillNo] != nil }) else { throw .notFound(code: "NOT_FOUND") }
        return try result(outBillNo)
    }

    private func result(_ number: String) throws(WeChatPayError) -> TransferResult {
        let json = """
            {"out_bill_no": "\(number)", "transfer_bill_no": "1\(number)", "state": "\(fails ? "FAIL" : "SUCCESS")", "create_time": ""}
            """
        do {
            return try JSONDecoder().decode(TransferResult.self, from: Data(json.utf8))
        } catch {
            throw .outcomeUnknown(reason: "the stub's own answer does not read")
        }
    }
}
