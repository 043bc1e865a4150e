import Accounting
import Foundation
import Gifting
import JobTesting
import Jobs
import Kernel
import Orders
import Policies
import Postgres
import TestSupport
import Testing
import Vault

/// What after-sales are about: the suite runs unchanged on both.
enum SoldKind: CaseIterable, Sendable { case normalOrder, giftOrder }

/// Something that was paid for and delivered, 100 yuan, in the hands of whoever may ask for it.
struct SoldThing {
    let bench: GiftBench
    let aftersales: Aftersales
    let order: ID<Order>
    let payment: ID<Payment>
    let giver: Shopper
    /// Who sends goods back: the recipient of a gift, the payer of a normal order.
    let holder: Shopper
    let target: AftersaleTarget

    init(
        _ kind: SoldKind, _ bench: GiftBench, name: String = "1", quantity: Int = 1, lines: [SoldLine] = []
    )
        async throws
    {
        self.bench = bench
        aftersales = Aftersales(queue: bench.queue)
        aftersales.register(on: bench.queue)
        switch kind {
        case .normalOrder:
            let buyer = bench.shopper("buyer-\(name)")
            let person = try await Self.admit(buyer, bench)
            let intent = NewIntent(
                shop: bench.shop, payer: person, amount: Money(fen: 10_000), quantity: quantity, description: "Tea",
                subject: "order:\(name)", ownerQueue: "nobody", expiresAt: Date(timeIntervalSinceNow: 900))
            try await bench.pool.transaction { tx in
                let made = try await Payments.create(intent, brand: bench.brand, now: .now, on: tx)
                if !lines.isEmpty {
                    try await SoldLines.add(lines, for: made, brand: bench.brand, now: .now, on: tx)
                }
            }
            try await bench.notify(intent.id, paidAt: .now)
            _ = try await bench.tester.drain()
            (order, payment, giver, holder) = (intent.order, intent.id, buyer, buyer)
            target = .order(intent.order)
        case .giftOrder:
            let pair = try await bench.begin(name)
            try await bench.quote(pair)
            payment = try await bench.reserve(pair)
            try await bench.notify(payment, paidAt: .now)
            _ = try await bench.tester.drain()
            try await bench.claim(pair)
            try await bench.fillIn(pair)
            try await bench.accept(pair)
            try await bench.tester.advance(by: .seconds(86_401))
            _ = try await bench.tester.drain()
            order = try #require(try await Payments.intent(payment, brand: bench.brand, on: bench.pool)).order
            (giver, holder) = (pair.sender, pair.recipient)
            target = .gift(pair.id)
        }
    }

    private static func admit(_ shopper: Shopper, _ bench: GiftBench) async throws -> ID<Person> {
        let index = bench.vault.blindIndex(of: shopper.openID, kind: "openid", brand: bench.brand)
        // Whoever begins a gift is known from then on.
        let wish = NewGift(shop: bench.shop, variant: bench.red.id, recipients: ["somebody"], greeting: nil)
        return try await bench.pool.transaction { tx in
            _ = try await bench.gifts.create(wish, by: shopper, on: tx)
            return try #require(
                try await bench.vault.known([index], kind: "openid", brand: bench.brand, on: tx)[index])
        }
    }

    /// Asks as whoever this kind of case belongs to.
    func open(_ wish: AftersaleWish) async throws -> ID<Aftersale> {
        let shopper = wish.kind == .return ? holder : giver
        let view = try await bench.pool.transaction { tx in
            try await bench.gifts.openAftersale(wish, of: target, by: shopper, with: aftersales, on: tx)
        }
        let id: ID<Aftersale>? =
            switch view {
            case .payer(let view): view.field("aftersale_id")
            case .recipient(let view): view.field("aftersale_id")
            }
        return try #require(id)
    }

    /// As the shop.
    @discardableResult
    func decide(_ command: AftersaleCommand, _ id: ID<Aftersale>) async throws -> AftersaleRecord {
        try await bench.pool.transaction { tx in
            try await aftersales.carryOut(command, on: id, brand: bench.brand, on: tx)
        }
    }

    /// As whoever has the goods.
    func send(_ id: ID<Aftersale>) async throws {
        let parcel = try AftersaleParcel(carrier: "SF", waybill: "SF1234567890")
        _ = try await bench.pool.transaction { tx in
            try await bench.gifts.advanceAftersale(.send(parcel), on: id, by: holder, with: aftersales, on: tx)
        }
    }

    func state(_ id: ID<Aftersale>) async throws -> AftersaleState? {
        try await Aftersales.aftersale(id, brand: bench.brand, on: bench.pool)?.state
    }

    /// Lets the jobs run, those included that wait for WeChat Pay's minute.
    func settle() async throws {
        for _ in 0..<3 {
            _ = try await bench.tester.drain()
            try await bench.tester.advance(by: .seconds(60))
        }
        _ = try await bench.tester.drain()
    }

    /// What WeChat Pay paid back for it.
    var paidBack: Int64 {
        let number = payment.outTradeNo
        return bench.pay.payouts[number]?.values.reduce(0, +) ?? 0
    }

    /// Balances that are not zero, by the kind of account.
    func balances() async throws -> [String: Int64] {
        let kinds = try await Ledger.balances(asOf: .distantFuture, brand: bench.brand, on: bench.pool)
        return Dictionary(kinds.filter { $0.balance != .zero }.map { ($0.kind.rawValue, $0.balance.fen) }) { $0 + $1 }
    }
}

/// After-sales of normal orders, and the same unchanged on gift orders.
@Suite struct AftersaleSuiteTests {
    @Test(arguments: SoldKind.allCases)
    func g16_refundAgreed_goesToThePayerOnce_andEveryAccountIsAsBefore(_ kind: SoldKind) async throws {
        try await withTestDatabase { db in
            let sold = try await SoldThing(kind, try await GiftBench(db))
            let id = try await sold.open(AftersaleWish(.refund, reason: .damaged))
            #expect(try await sold.state(id) == .requested && sold.paidBack == 0)
            // Twice at once, as a shop's system that tries again does.
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<4 { group.addTask { try await sold.decide(.agree, id) } }
                try await group.waitForAll()
            }
            try await sold.settle()
            #expect(try await sold.state(id) == .refunded)
            #expect(sold.paidBack == 10_000)
            #expect(try await sold.balances() == [:])
            #expect(
                try await sold.bench.number("SELECT count(*) FROM orders.customer_order WHERE status = 'cancelled'")
                    == 1)
            #expect(await refusal { _ = try await sold.open(AftersaleWish(.refund)) } == "aftersale_nothing_left")
        }
    }

    @Test(arguments: SoldKind.allCases)
    func g16_goodsSentBackAndReceived_areRefundedToThePayer_andSoldAgain(_ kind: SoldKind) async throws {
        try await withTestDatabase { db in
            let lines = { (bench: GiftBench) in
                [SoldLine(number: 1, variant: bench.red.id, quantity: 1, amount: Money(fen: 10_000))]
            }
            let bench = try await GiftBench(db)
            let sold = try await SoldThing(kind, bench, lines: lines(bench))
            let stock = try await bench.available(bench.red)
            let id = try await sold.open(AftersaleWish(.return, reason: .notWanted))
            #expect(await refusal { try await sold.send(id) } == "aftersale_not_agreed")
            try await sold.decide(.agree, id)
            #expect(try await sold.state(id) == .returning)
            try await sold.settle()
            #expect(sold.paidBack == 0, "no money before the goods")
            try await sold.send(id)
            try await sold.send(id)
            try await sold.decide(.receive(restock: true), id)
            try await sold.decide(.receive(restock: true), id)
            try await sold.settle()
            #expect(try await sold.state(id) == .refunded)
            #expect(sold.paidBack == 10_000)
            #expect(try await bench.available(bench.red) == stock + 1)
            #expect(try await bench.stockFaults() == 0)
            #expect(try await sold.balances() == [:])
        }
    }

    @Test(arguments: SoldKind.allCases)
    func g16_refusedWithdrawnOrNotSent_movesNoMoney_andMayBeAskedAgain(_ kind: SoldKind) async throws {
        try await withTestDatabase { db in
            let sold = try await SoldThing(kind, try await GiftBench(db))
            let before = try await sold.balances()
            let refused = try await sold.open(AftersaleWish(.refund))
            #expect(await refusal { _ = try await sold.open(AftersaleWish(.return)) } == "aftersale_open")
            try await sold.decide(.refuse(.nothingWrong), refused)
            #expect(await refusal { try await sold.decide(.agree, refused) } == "aftersale_over")

            let late = try await sold.open(AftersaleWish(.return))
            try await sold.decide(.agree, late)
            // The last instant is in time; after it the case is over.
            try await sold.bench.tester.advance(by: .seconds(7 * 86_400 + 1))
            _ = try await sold.bench.tester.drain()
            #expect(try await sold.state(late) == .timedOut)

            let withdrawn = try await sold.open(AftersaleWish(.return))
            _ = try await sold.bench.pool.transaction { tx in
                try await sold.bench.gifts.advanceAftersale(
                    .withdraw, on: withdrawn, by: sold.holder, with: sold.aftersales, on: tx)
            }
            try await sold.settle()
            #expect(sold.paidBack == 0)
            #expect(try await sold.balances() == before)
            #expect(try await sold.bench.number("SELECT count(*) FROM orders.refund") == 0)
        }
    }

    @Test(arguments: SoldKind.allCases)
    func g16_shopThatDoesNotAnswerInTime_hasAgreed_andReceivedWhatWasSent(_ kind: SoldKind) async throws {
        try await withTestDatabase { db in
            let sold = try await SoldThing(kind, try await GiftBench(db))
            let id = try await sold.open(AftersaleWish(.return))
            try await sold.bench.tester.advance(by: .seconds(2 * 86_400 - 5))
            _ = try await sold.bench.tester.drain()
            #expect(try await sold.state(id) == .requested)
            try await sold.bench.tester.advance(by: .seconds(6))
            _ = try await sold.bench.tester.drain()
            #expect(try await sold.state(id) == .returning)
            try await sold.send(id)
            try await sold.bench.tester.advance(by: .seconds(10 * 86_400 + 1))
            try await sold.settle()
            let record = try #require(
                try await Aftersales.aftersale(id, brand: sold.bench.brand, on: sold.bench.pool))
            #expect(record.state == .refunded && record.decidedBy == .deadline && !record.isRestocked)
            #expect(sold.paidBack == 10_000)
        }
    }

    @Test(arguments: SoldKind.allCases)
    func g16_parts_neverExceedWhatWasPaid_howeverManyAskAtOnce(_ kind: SoldKind) async throws {
        try await withTestDatabase { db in
            let sold = try await SoldThing(kind, try await GiftBench(db))
            for (fen, code) in [(10_001, "aftersale_too_much"), (0, "aftersale_too_much")] {
                let wish = AftersaleWish(.refund, amount: Money(fen: Int64(fen)))
                #expect(await refusal { _ = try await sold.open(wish) } == code)
            }
            for fen in [3_333, 3_333] {
                let id = try await sold.open(AftersaleWish(.refund, amount: Money(fen: Int64(fen))))
                try await sold.decide(.agree, id)
                try await sold.settle()
            }
            #expect(sold.paidBack == 6_666)
            #expect(try await sold.balances().values.reduce(0, +) == 0)
            #expect(
                try await sold.bench.number("SELECT amount_fen FROM orders.customer_order WHERE status = 'paid'")
                    == 3_334)
            #expect(
                try await sold.bench.number(
                    "SELECT sum(amount_fen)::bigint FROM orders.payment WHERE status = 'paid'") == 3_334)
            // One of many who ask for the rest at once is heard.
            let opened = try await withThrowingTaskGroup(of: Bool.self) { group in
                for _ in 0..<6 {
                    group.addTask {
                        await refusal { _ = try await sold.open(AftersaleWish(.refund, amount: Money(fen: 3_334))) }
                            == nil
                    }
                }
                return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(opened == 1)
            let last = try #require(
                try await Aftersales.of(sold.order, brand: sold.bench.brand, on: sold.bench.pool).last)
            try await sold.decide(.agree, last.id)
            try await sold.settle()
            #expect(sold.paidBack == 10_000)
            #expect(try await sold.balances() == [:])
        }
    }

    @Test(arguments: SoldKind.allCases)
    func g16_strangers_learnNothing_andTooLateIsTooLate(_ kind: SoldKind) async throws {
        try await withTestDatabase { db in
            let sold = try await SoldThing(kind, try await GiftBench(db))
            _ = try await sold.bench.begin("2")
            for stranger in ["giver-2", "friend-2", "nobody"] {
                let code = await refusal {
                    _ = try await sold.bench.pool.transaction { tx in
                        try await sold.bench.gifts.openAftersale(
                            AftersaleWish(.refund), of: .order(sold.order), by: sold.bench.shopper(stranger),
                            with: sold.aftersales, on: tx)
                    }
                }
                #expect(code?.hasSuffix("not_a_party") == true)
            }
            try await sold.bench.tester.advance(by: .seconds(31 * 86_400))
            #expect(await refusal { _ = try await sold.open(AftersaleWish(.refund)) } == "aftersale_too_late")
        }
    }

    @Test(arguments: SoldKind.allCases)
    func caseWhoseRefundWasClosedForGood_isTriedAgainByAPerson_andEndsRefunded(_ kind: SoldKind) async throws {
        try await withTestDatabase { db in
            let sold = try await SoldThing(kind, try await GiftBench(db, pay: StubPay(closes: 5)))
            let (bench, staff) = (sold.bench, db.pool(as: .operator))
            let id = try await sold.open(AftersaleWish(.refund, reason: .damaged))
            try await sold.decide(.agree, id)
            try await sold.settle()
            try await sold.settle()
            let closed = try await Refunds.of(sold.payment, brand: bench.brand, on: staff)
            #expect(closed.map(\.stage) == Array(repeating: .closed, count: 5))
            #expect(try await sold.state(id) == .refunding && sold.paidBack == 0)

            let last = try #require(closed.last)
            _ = try await staff.transaction { tx in
                try await Refunds.retry(
                    last.id, author: "ann", brand: bench.brand, queue: JobQueue(pool: staff, logger: .silent), on: tx)
            }
            try await sold.settle()

            #expect(try await sold.state(id) == .refunded)
            #expect(sold.paidBack == 10_000)
            #expect(try await sold.balances() == [:])
            #expect(try await Refunds.needingAttention(brand: bench.brand, on: staff).isEmpty)
        }
    }

    // MARK: What only one of them has

    @Test func g16_linesOfAnOrder_areGivenBackEachForItself() async throws {
        try await withTestDatabase { db in
            let bench = try await GiftBench(db)
            let sold = try await SoldThing(
                .normalOrder, bench, quantity: 4,
                lines: [
                    SoldLine(number: 1, variant: bench.red.id, quantity: 3, amount: Money(fen: 7_000)),
                    SoldLine(number: 2, variant: bench.blue.id, quantity: 1, amount: Money(fen: 3_000)),
                ])
            #expect(
                await refusal { _ = try await sold.open(AftersaleWish(.refund, line: 3)) } == "aftersale_line_unknown")
            #expect(
                await refusal { _ = try await sold.open(AftersaleWish(.refund, line: 2, quantity: 2)) }
                    == "aftersale_quantity_wrong")
            #expect(
                await refusal { _ = try await sold.open(AftersaleWish(.refund, line: 2, amount: Money(fen: 3_001))) }
                    == "aftersale_too_much")
            // A third of 70 yuan, to the fen; then the rest of the line with the fen that is left; then the other line.
            var amounts: [Int64] = []
            for wish in [
                AftersaleWish(.return, line: 1, quantity: 1), AftersaleWish(.refund, line: 2),
                AftersaleWish(.return, line: 1),
            ] {
                let id = try await sold.open(wish)
                amounts.append(try await sold.decide(.agree, id).amount.fen)
                if wish.kind == .return { try await sold.decide(.receive(restock: true), id) }
                try await sold.settle()
            }
            #expect(amounts == [2_333, 3_000, 4_667])
            #expect(sold.paidBack == 10_000)
            #expect(try await sold.balances() == [:])
        }
    }

    @Test func g16_recipientOfAGift_learnsNoAmount_andTheGiverNoParcel() async throws {
        try await withTestDatabase { db in
            let sold = try await SoldThing(.giftOrder, try await GiftBench(db))
            let bench = sold.bench
            let named = AftersaleWish(.return, amount: Money(fen: 1))
            #expect(await refusal { _ = try await sold.open(named) } == "aftersale_amount_not_yours")
            let id = try await sold.open(AftersaleWish(.return, reason: .damaged))
            try await sold.decide(.agree, id)
            try await sold.send(id)
            try await sold.decide(.receive(restock: false), id)
            let (seen, paid) = try await bench.pool.transaction { tx in
                (
                    try await bench.gifts.showAftersale(id, to: sold.holder, on: tx),
                    try await bench.gifts.showAftersale(id, to: sold.giver, on: tx)
                )
            }
            guard case .recipient(let recipient) = seen, case .payer(let payer) = paid else {
                return #expect(Bool(false), "another view")
            }
            #expect(recipient.json["money"] as? String == "refunded_to_giver")
            #expect(
                recipient.json.keys.allSatisfy { !$0.contains("fen") && !$0.contains("refund_") && $0 != "order_id" })
            #expect(payer.json["amount_fen"] as? Int == 10_000)
            #expect(payer.json["waybill"] == nil && payer.json["reason"] == nil && payer.json["carrier"] == nil)
        }
    }

    @Test func g16_giftBeforeItsTime_orderRulesDoNotHoldYet() async throws {
        try await withTestDatabase { db in
            let bench = try await GiftBench(db)
            let aftersales = Aftersales(queue: bench.queue)
            try await bench.working {
                let pair = try await bench.send("1")
                func ask(_ kind: AftersaleKind, by shopper: Shopper) async -> String? {
                    await refusal {
                        _ = try await bench.pool.transaction { tx in
                            try await bench.gifts.openAftersale(
                                AftersaleWish(kind), of: .gift(pair.id), by: shopper, with: aftersales, on: tx)
                        }
                    }
                }
                #expect(await ask(.refund, by: pair.sender) == "gift_aftersale_too_early")
                try await bench.claim(pair)
                try await bench.fillIn(pair)
                try await bench.accept(pair)
                #expect(await ask(.refund, by: pair.sender) == "gift_locked")
                #expect(await ask(.return, by: pair.recipient) == "gift_locked")
                try await bench.advance(86_401)
                #expect(await ask(.return, by: pair.sender) == "gift_aftersale_not_yours")
                #expect(await ask(.refund, by: pair.recipient) == "gift_aftersale_not_yours")
                #expect(await ask(.return, by: pair.recipient) == nil)
            }
        }
    }
}

/// The code of the refusal that `body` ends with; nil if it is not refused.
func refusal(_ body: () async throws -> Void) async -> String? {
    do {
        try await body()
        return nil
    } catch let problem as Problem {
        return problem.code
    } catch {
        return "\(error)"
    }
}
