import Foundation
import Kernel

@testable import Gifting
@testable import Orders

/// Gifts, their money and their stock: the rows in memory, the decisions those of the business.
final class GiftModel {
    /// Refuses a transaction: everything in it is undone.
    private struct Abort: Error {}

    private struct Intent {
        var state = PaymentState.created
        var transaction: String?
        var paid = Money.zero
        var reserved = Money.zero
        var expiresAt: Date
    }

    private struct Refund {
        let payment: Int
        let number: Int
        let amount: Money
        var stage = RefundStage.requested
        var attempts = 0
        var wasSent = false
        var needsAttention = false
        var revivals = 0

        var outRefundNo: String { "RF-\(payment)-\(number)" }
    }

    /// What the database holds.
    private struct Rows {
        var gifts: [GiftRecord] = []
        var intents: [Intent?] = []
        var refunds: [Refund] = []
        var ends: [[GiftEnd]] = []
        var stock = [1, 1]
        var escrow: [Int64] = []
        var sales: Int64 = 0
    }

    static let price = Money(fen: 5_000)
    private static let day = Seconds(rawValue: 86_400)
    private static let payWindow = Seconds(rawValue: 900)
    private static let pieces = 2

    private let universe: Universe
    private let queue: QueueModel
    private let provider: ProviderModel
    private var rows = Rows()
    /// Jobs of the transaction that runs: pushed with its commit.
    private var pushed: [() -> Void] = []
    private var isInTransaction = false

    init(_ universe: Universe, _ queue: QueueModel, _ provider: ProviderModel) {
        self.universe = universe
        self.queue = queue
        self.provider = provider
        provider.reportPaid = { [unowned self] payment in pushReceipt(payment) }
        provider.report = { [unowned self] number, standing in pushReport(number, standing) }
    }

    // MARK: People

    private static func id<Entity>(_ kind: UInt8, _ number: Int) -> ID<Entity> {
        ID(
            rawValue: UUID(
                uuid: (kind, 0, 0, 0, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, UInt8(number >> 8), UInt8(number & 255))))
    }

    private static func number<Entity>(of id: ID<Entity>) -> Int {
        Int(id.rawValue.uuid.14) << 8 | Int(id.rawValue.uuid.15)
    }

    /// A gift from its first thought to its end.
    func begin() {
        let number = rows.gifts.count
        let now = universe.clock
        let sendAt = universe.chance.happens(0.2) ? now.addingTimeInterval(universe.chance.seconds(60, 7_200)) : nil
        let gift = GiftRecord(
            id: Self.id(1, number), shop: Self.id(2, 0), product: Self.id(3, 0), variant: Self.id(4, 0),
            sender: Self.id(5, 0),
            recipient: Self.id(5, 1), greeting: nil, sendAt: sendAt, state: .draft, payUntil: Self.payWindow.after(now),
            createdAt: now, updatedAt: now)
        rows.gifts.append(gift)
        rows.intents.append(nil)
        rows.ends.append([])
        rows.escrow.append(0)
        pushEnd(.lapse, of: number, after: gift.payUntil)
        universe.after(1) { [self] in
            order(
                number, .quote(listPrice: Self.price, ceiling: PriceCeiling(max: Money(fen: 10_000), isInclusive: true))
            )
        }
        universe.after(universe.chance.seconds(2, 600)) { [self] in
            order(number, .pay(listPrice: Self.price, as: Self.id(6, number), window: Self.payWindow))
        }
        if universe.chance.happens(0.15) {
            universe.after(universe.chance.seconds(1, 3_000), "gift \(number) is called off") { [self] in
                order(number, .cancel)
            }
        }
    }

    /// The recipient, once it is sent.
    private func receive(_ number: Int, until: Date) {
        let mood = universe.chance.unit()
        if mood < 0.25 { return }
        let left = until.timeIntervalSince(universe.clock)
        let opened =
            universe.chance.happens(0.5) ? universe.chance.seconds(1, 600) : universe.chance.seconds(1, left + 100)
        universe.after(opened) { [self] in order(number, .claim) }
        if mood < 0.4 {
            return universe.after(universe.chance.seconds(opened, left + 10)) { [self] in order(number, .decline) }
        }
        universe.after(opened + 1) { [self] in order(number, .address(Self.id(7, number))) }
        if universe.chance.happens(0.3) {
            universe.after(opened + 2) { [self] in order(number, .swap(to: Self.id(4, 1), captured: Self.price)) }
        }
        // Around the very last instant, exactly at it, and whenever it suits.
        let taken =
            switch universe.chance.pick([0, 1, 2, 3]) {
            case 0: left
            case 1: left + universe.chance.pick([-0.005, -0.001, 0.000_001, 0.001, 0.005, 0.5])
            default: universe.chance.seconds(opened + 3, opened + 4_000)
            }
        for time in [taken, taken + 2] where time == taken || universe.chance.fails(0.2) {
            universe.after(time, "gift \(number) is accepted") { [self] in order(number, .accept(lock: Self.day)) }
        }
        if universe.chance.happens(0.1) {
            universe.after(taken + universe.chance.seconds(1, 90_000)) { [self] in order(number, .withdraw) }
        }
    }

    /// A request that somebody makes.
    private func order(_ number: Int, _ command: GiftCommand) {
        transact { try carryOut(command, on: number) }
        guard case .pay = command, rows.gifts[number].state == .paying, universe.chance.happens(0.9) else { return }
        // WeChat Pay was not told of our deadline: money may come later than it is waited for.
        universe.after(universe.chance.seconds(1, 1_100), "gift \(number) is paid") { [self] in
            provider.pay(number, amount: Self.price)
        }
        var delay: TimeInterval = 0
        for check in PaymentLife.checks {
            delay += Self.seconds(check)
            queue.push("payment.check", after: delay) { [self] run in
                queue.complete(run) { transact { try self.receive(number) } }
            }
        }
    }

    private static func seconds(_ duration: Duration) -> TimeInterval { TimeInterval(duration.components.seconds) }

    // MARK: Transactions

    private func transact(_ body: () throws -> Void) {
        let before = rows
        isInTransaction = true
        var isCommitted = true
        do {
            try body()
        } catch {
            rows = before
            isCommitted = false
        }
        isInTransaction = false
        let jobs = pushed
        pushed = []
        if isCommitted { for job in jobs { job() } }
    }

    private func push(_ name: String, after delay: TimeInterval = 0, _ work: @escaping (QueueModel.Run) -> Void) {
        pushed.append { [self] in queue.push(name, after: delay, work) }
    }

    // MARK: Gifts

    private func carryOut(_ command: GiftCommand, on number: Int) throws {
        let gift = rows.gifts[number]
        let now = max(universe.clock, gift.updatedAt)
        switch decide(gift, command, now) {
        case .unchanged, .refused: break
        case .notYet(let instant): pushEnd(command, of: number, after: instant)
        case .changed(let next, let effects):
            if case .lapse = command, gift.payment != nil, close(number) == .paid { return }
            universe.note("gift \(number): \(gift.state.rawValue) -> \(next.state.rawValue)")
            if gift.state != .accepted, next.state == .accepted, let until = gift.acceptUntil {
                universe.require(now <= until, "gift \(number) was accepted too late")
            }
            if next.state == .expired, let until = gift.acceptUntil {
                universe.require(now > until, "gift \(number) expired too early")
            }
            rows.gifts[number] = next
            for effect in effects { try carryOut(effect, on: number) }
            if gift.sentAt == nil, let until = next.acceptUntil { sent(number, until: until) }
        }
    }

    private func decide(_ gift: GiftRecord, _ command: GiftCommand, _ now: Date) -> GiftOutcome {
        switch (universe.bug, command) {
        case (.expireWithoutLooking, .expire) where gift.state == .accepted:
            var blind = gift
            blind.state = .claimed
            return GiftLife.decide(blind, command, now: now)
        case (.acceptTooLate, .accept): return GiftLife.decide(gift, command, now: now.addingTimeInterval(-1))
        default: return GiftLife.decide(gift, command, now: now)
        }
    }

    private func sent(_ number: Int, until: Date) {
        pushed.append { [self] in receive(number, until: until) }
        if universe.bug != .forgetExpiry { pushEnd(.expire, of: number, after: until) }
    }

    /// A look just after an instant of the business clock.
    private func pushEnd(_ command: GiftCommand, of number: Int, after instant: Date) {
        let delay = max(0, instant.timeIntervalSince(universe.clock)) + 0.000_001
        let add = { [self] in
            queue.push("\(command)", after: delay) { [self] run in
                queue.complete(run) { transact { try carryOut(command, on: number) } }
            }
        }
        // Outside of a transaction there is no commit to wait for.
        if isInTransaction { pushed.append(add) } else { add() }
    }

    private func carryOut(_ effect: GiftEffect, on number: Int) throws {
        switch effect {
        case .reserve(let variant): try move(-1, variant)
        case .release(let variant): try move(1, variant)
        case .exchange(let old, let new):
            try move(1, old)
            try move(-1, new)
        case .openPayment(_, _, let until): rows.intents[number] = Intent(expiresAt: until)
        case .closePayment: if close(number) == .paid { throw Abort() }
        case .scheduleLapse(let instant): pushEnd(.lapse, of: number, after: instant)
        case .scheduleDelivery(let instant): pushEnd(.deliver(window: Self.day), of: number, after: instant)
        case .earn(_, let amount): try earn(amount.fen, number)
        case .unearn(_, let amount): try earn(-amount.fen, number)
        case .refund(_, let amount):
            try requestRefund(number, amount)
            rows.gifts[number].refund = Self.id(8, number)
        case .giveBackRest:
            try earn(-Self.price.fen, number)
            try requestRefund(number, Self.price)
            rows.gifts[number].refund = Self.id(8, number)
        default:
            guard case .end(let end) = effect else { return }
            rows.ends[number].append(end)
            universe.require(rows.ends[number].count == 1, "gift \(number) ended twice: \(rows.ends[number])")
        }
    }

    private func move(_ pieces: Int, _ variant: ID<Variant>) throws {
        let place = Self.number(of: variant)
        rows.stock[place] += pieces
        guard rows.stock[place] >= 0 else { throw Abort() }
    }

    private func earn(_ fen: Int64, _ number: Int) throws {
        rows.escrow[number] -= fen
        rows.sales += fen
        universe.require(rows.escrow[number] >= 0, "the escrow of payment \(number) fell below zero")
    }

    // MARK: Payments

    private func close(_ number: Int) -> PaymentState {
        guard var intent = rows.intents[number] else { return .closed }
        if intent.state == .created || intent.state == .prepaid { intent.state = .closed }
        rows.intents[number] = intent
        return intent.state
    }

    private func pushReceipt(_ number: Int) {
        queue.push("payment.received", after: 0) { [self] run in
            queue.complete(run) { transact { try self.receive(number) } }
        }
    }

    /// Money that came in, however often it is told.
    private func receive(_ number: Int) throws {
        guard let row = rows.intents[number], let money = provider.paid[number] else { return }
        let intent = PaymentIntent(
            id: Self.id(6, number), order: Self.id(9, number), shop: Self.id(2, 0), payer: Self.id(5, 0), mchid: "1",
            amount: Self.price, quantity: 1, description: "", subject: "gift:\(number)", ownerQueue: "gifts",
            state: row.state,
            prepayID: nil, transactionID: row.transaction, paid: row.paid, refundReserved: row.reserved,
            expiresAt: row.expiresAt, paidAt: nil)
        let fact = PaymentFact(mchid: "1", transactionID: "T\(number)", amount: money.amount, paidAt: money.at)
        switch PaymentLife.decide(intent, fact) {
        case .repeated: break
        case .contradiction(let why): universe.require(false, why)
        case .accept:
            take(number, money.amount, as: .paid)
            push("order.paid") { [self] run in
                queue.complete(run) {
                    transact {
                        try carryOut(.paid(Self.id(6, number), order: Self.id(9, number), window: Self.day), on: number)
                    }
                }
            }
        case .giveBack:
            take(number, money.amount, as: .unwanted)
            if universe.bug != .keepLateMoney { try requestRefund(number, money.amount) }
        }
    }

    private func take(_ number: Int, _ amount: Money, as state: PaymentState) {
        rows.intents[number]?.state = state
        rows.intents[number]?.transaction = "T\(number)"
        rows.intents[number]?.paid = amount
        rows.escrow[number] += amount.fen
    }

    // MARK: Refunds

    private func requestRefund(_ payment: Int, _ amount: Money) throws {
        guard let intent = rows.intents[payment], intent.state == .paid || intent.state == .unwanted,
            amount == intent.paid
        else { throw Abort() }
        if rows.refunds.contains(where: { $0.payment == payment }) { return }
        guard intent.reserved.fen + amount.fen <= intent.paid.fen else { throw Abort() }
        rows.intents[payment]?.reserved = Money(fen: intent.reserved.fen + amount.fen)
        add(payment, number: 1, amount, after: 0)
    }

    private func add(_ payment: Int, number: Int, _ amount: Money, after delay: TimeInterval) {
        rows.refunds.append(Refund(payment: payment, number: number, amount: amount))
        pushLead(rows.refunds.count - 1, after: delay)
    }

    private func pushLead(_ place: Int, after delay: TimeInterval) {
        push("refund.lead", after: delay) { [self] run in lead(place, run) }
    }

    /// One call, between two commits: whoever is killed in between leaves a refund behind that may have been sent.
    private func lead(_ place: Int, _ run: QueueModel.Run) {
        var call: RefundCall?
        let mayGoOn = queue.commit(run) {
            call = RefundLife.call(in: rows.refunds[place].stage)
            guard let call else { return }
            rows.refunds[place].attempts += 1
            if call == .send {
                rows.refunds[place].stage = .sent
                rows.refunds[place].wasSent = true
            }
        }
        guard mayGoOn else { return }
        guard let call else { return queue.complete(run) {} }
        if universe.chance.fails(0.05) { return universe.note("killed before the call") }
        let heard = { [self] (answer: RefundAnswer) in
            if universe.chance.fails(0.05) { return universe.note("killed after the answer") }
            let late = universe.chance.fails(0.05) ? universe.chance.seconds(30, 200) : 0
            universe.after(late) { [self] in
                queue.complete(run) { transact { self.settle(place, .answered(call, answer)) } }
            }
        }
        let refund = rows.refunds[place]
        switch call {
        case .send: provider.send(refund.outRefundNo, payment: refund.payment, amount: refund.amount, heard)
        case .query: provider.query(refund.outRefundNo, heard)
        }
    }

    private func pushReport(_ number: String, _ standing: RefundStanding) {
        guard let place = rows.refunds.firstIndex(where: { $0.outRefundNo == number }) else { return }
        queue.push("refund.reported", after: 0) { [self] run in
            queue.complete(run) { transact { self.settle(place, .reported(standing)) } }
        }
    }

    private func settle(_ place: Int, _ news: RefundNews) {
        let refund = rows.refunds[place]
        guard let outcome = decide(refund, news) else { return }
        universe.note("\(refund.outRefundNo): \(refund.stage.rawValue) -> \(outcome.stage.rawValue) by \(news)")
        rows.refunds[place].stage = outcome.stage
        rows.refunds[place].needsAttention = outcome.needsAttention
        if outcome.needsAttention { callSomebody(place) }
        if outcome.effect == .none, outcome.stage != .closed {
            if let delay = outcome.callAfter { pushLead(place, after: Self.seconds(delay)) }
            return
        }
        switch outcome.effect {
        case .book: book(refund)
        case .renumber:
            add(
                refund.payment, number: refund.number + 1, refund.amount,
                after: outcome.callAfter.map(Self.seconds) ?? 0)
        case .none where refund.stage != .closed:
            rows.intents[refund.payment]?.reserved = .zero
        case .none: break
        }
    }

    private func decide(_ refund: Refund, _ news: RefundNews) -> RefundOutcome? {
        if universe.bug == .renumberUnknownRefund, news == .answered(.send, .unknown), refund.stage == .sent,
            refund.number < 3
        {
            return RefundOutcome(stage: .closed, effect: .renumber, callAfter: .seconds(60))
        }
        return RefundLife.decide(refund.stage, number: refund.number, attempts: refund.attempts, news)
    }

    private func book(_ refund: Refund) {
        let number = refund.payment
        rows.escrow[number] -= refund.amount.fen
        universe.require(rows.escrow[number] >= 0, "more was booked back of payment \(number) than there was")
        guard rows.intents[number]?.state == .paid else { return }
        push("order.refunded") { [self] run in
            queue.complete(run) {
                transact { try carryOut(.refunded(Self.id(8, number), of: Self.id(6, number)), on: number) }
            }
        }
    }

    /// A person looks, sooner or later, and lets it be tried again: what may have been sent is asked about first.
    private func callSomebody(_ place: Int) {
        guard rows.refunds[place].revivals < 3 else { return }
        rows.refunds[place].revivals += 1
        universe.after(universe.chance.seconds(3_600, 200_000)) { [self] in
            transact {
                guard rows.refunds[place].stage != .succeeded, rows.refunds[place].stage != .closed else { return }
                rows.refunds[place].stage = rows.refunds[place].wasSent ? .unknown : .requested
                rows.refunds[place].attempts = 0
                rows.refunds[place].needsAttention = false
                pushLead(place, after: 0)
            }
        }
    }

    // MARK: In the end

    /// What must hold when nothing is going to happen any more.
    func checkTheEnd() {
        var taken = 0
        for (number, gift) in rows.gifts.enumerated() {
            let isOver = [.accepted, .expired, .declined, .cancelled].contains(gift.state)
            universe.require(isOver, "gift \(number) has no end: it is \(gift.state.rawValue)")
            universe.require(rows.ends[number].count == 1, "gift \(number) has \(rows.ends[number].count) ends")
            let isKept = gift.state == .accepted && gift.withdrawnAt == nil
            taken += isKept ? 1 : 0
            checkMoney(of: number, isKept: isKept)
        }
        universe.require(
            rows.stock.reduce(0, +) + taken == Self.pieces, "\(rows.stock) pieces are left, and \(taken) were taken")
        universe.require(queue.allAreDone, "a job was left behind")
    }

    private func checkMoney(of number: Int, isKept: Bool) {
        guard let money = provider.paid[number] else { return }
        let refunds = rows.refunds.filter { $0.payment == number }
        let waits = refunds.last?.needsAttention ?? false
        let paidBack = provider.payouts(of: number)
        if isKept {
            universe.require(refunds.isEmpty && paidBack == 0, "gift \(number) was taken, and paid back")
            return universe.require(rows.escrow[number] == 0, "what gift \(number) earned is still held")
        }
        universe.require(!refunds.isEmpty, "nobody pays gift \(number) back: \(money.amount.fen) fen")
        universe.require(
            paidBack == 1 || waits || refunds.last?.stage == .refused, "gift \(number) was never paid back")
        let isBooked = refunds.contains { $0.stage == .succeeded }
        universe.require(isBooked || waits || paidBack == 0, "nobody knows that gift \(number) was paid back")
        universe.require(!isBooked || paidBack == 1, "gift \(number) counts as paid back, and is not")
        universe.require(
            rows.escrow[number] == (isBooked ? 0 : money.amount.fen),
            "payment \(number) holds \(rows.escrow[number]) fen")
        if isBooked, rows.intents[number]?.state == .paid {
            universe.require(rows.gifts[number].refundedAt != nil, "gift \(number) does not know that it was paid back")
        }
    }
}
