package import Accounting
package import FoundationEssentials
package import Hooks
package import Jobs
package import Kernel
import Policies
package import Postgres

extension TransferKind {
    /// What a shop earned is the payer's again: from its sales into the payment's escrow, from which it is refunded.
    package static let aftersaleReturned: TransferKind = "aftersale.returned"
}

extension StockMoveKind {
    /// Sent back, and sold again.
    static let aftersaleReturn: StockMoveKind = "aftersale.return"
}

/// Why a case could not be carried on: faults of a program, not of business.
package enum AftersaleError: Error, Hashable, Sendable {
    /// The case is not in the state it was locked in.
    case stateMoved
}

/// After-sales of whatever was paid through this system: normal orders and gifts alike.
///
/// Lock, decide, carry out, in the caller's transaction. The payee is whoever paid, always: the refund is one of the payment's.
package struct Aftersales: Sendable {
    let queue: JobQueue
    private let hooks: OutgoingHooks?

    /// Cases whose jobs go to `queue`.
    ///
    /// - Parameter hooks: Tells the shop of news.
    package init(queue: JobQueue, hooks: OutgoingHooks? = nil) {
        self.queue = queue
        self.hooks = hooks
    }

    // MARK: Asking

    /// Opens a case; whether this person may is the caller's to know, how much is left is decided here under the payment's lock.
    ///
    /// - Throws: ``Problem``.
    package func open(
        _ wish: AftersaleWish, of order: ID<Order>, by applicant: AftersaleApplicant, brand: ID<Brand>,
        on tx: Transaction
    ) async throws -> AftersaleRecord {
        guard applicant.party == .payer || wish.amount == nil else { throw Problem.aftersaleAmountNotYours }
        guard let payment = try await tx.first(AftersaleStatements.payment(of: order, brand: brand)) else {
            throw Problem.aftersaleNotPaid
        }
        let now = try await tx.one(CatalogueStatements.clock())
        // Statements of their own: they see what the previous holder of the payment committed.
        let (intents, cases, lines, attempts) = try await tx.pipeline(
            PaymentStatements.intent(payment, brand: brand), AftersaleStatements.cases(of: order, brand: brand),
            AftersaleStatements.lines(of: order, brand: brand),
            RefundStatements.refunds(of: [payment], brand: brand))
        guard let intent = intents.first, intent.state == .paid, let paidAt = intent.paidAt else {
            throw Problem.aftersaleNotPaid
        }
        let windows = try await Policies.value(.aftersaleWindows, brand: brand, at: now, on: tx)
        let opensUntil = min(
            (applicant.since ?? paidAt).addingTimeInterval(TimeInterval(windows.open)),
            paidAt.addingTimeInterval(TimeInterval(Self.refundDays.value) * 86_400))
        guard now <= opensUntil else { throw Problem.aftersaleTooLate }
        let claim = try AftersaleClaim(wish, of: intent, cases: cases, lines: lines)
        try Self.checkRoom(for: cases, refunds: attempts)
        let due = now.addingTimeInterval(TimeInterval(windows.answer))
        let record = AftersaleRecord(
            id: .mint(), order: order, payment: payment, shop: intent.shop, subject: intent.subject,
            payer: intent.payer, applicant: applicant.person, party: applicant.party, kind: wish.kind, line: wish.line,
            variant: claim.variant ?? applicant.variant, quantity: claim.quantity, amount: claim.amount,
            reason: wish.reason, state: .requested, refusal: nil, decidedBy: nil, carrier: nil, waybill: nil,
            isRestocked: false, refund: nil, dueAt: due, requestedAt: now, endedAt: nil, updatedAt: now)
        try await tx.execute(AftersaleStatements.add(record, brand: brand))
        try await schedule(record, after: due, brand: brand, now: now, on: tx)
        if record.amount == intent.paid {
            // Nothing is left to ship; what is asked for a part leaves the rest as it was promised.
            try await Guarantees(queue: queue).noteRefundAsked(order, evidence: "\(record.id)", brand: brand, on: tx)
        }
        try await tell(of: record, brand: brand, on: tx)
        return record
    }

    /// What one more case would need: a place among those of its order, and a number towards WeChat Pay of its own.
    private static func checkRoom(for cases: [AftersaleRecord], refunds: [RefundRecord]) throws(Problem) {
        guard cases.count < casesMax.value else { throw .aftersaleTooMany }
        let asked = cases.count { $0.isAskedFor }
        guard (refunds.last?.number ?? 0) + asked < RefundPlan.numbersMax.value else { throw .aftersaleNumbersUsed }
    }

    /// Cases of one order, however they ended.
    static let casesMax = Limit(
        20, reason: "Each is read under the payment's lock; who asks more often talks to the shop.")
    private static let refundDays = Limit(365, reason: "WeChat Pay refunds a payment for a year.")

    /// The instant of the business, for whoever answers the shop.
    package static func clock(on executor: some Executor) async throws -> Date {
        try await executor.one(CatalogueStatements.clock())
    }

    // MARK: Looking

    /// A case as it stands; nil if the brand has none of that id.
    package static func aftersale(
        _ id: ID<Aftersale>, brand: ID<Brand>, on executor: some Executor
    ) async throws -> AftersaleRecord? {
        try await executor.first(AftersaleStatements.aftersale(id, brand: brand))
    }

    /// All cases of an order, oldest first.
    package static func of(
        _ order: ID<Order>, brand: ID<Brand>, on executor: some Executor
    ) async throws -> [AftersaleRecord] {
        try await executor.run(AftersaleStatements.cases(of: order, brand: brand))
    }

    /// Cases of a brand, those that were opened first first.
    ///
    /// Those of a state that waits for somebody are found without a look at the many that are over.
    ///
    /// - Parameters:
    ///   - after: The last one of the page before.
    ///   - state: Only those in this state.
    ///   - shop: Only those of this shop.
    package static func page(
        after: ID<Aftersale>?, state: AftersaleState?, shop: ID<Shop>?, limit: Int, brand: ID<Brand>,
        on executor: some Executor
    ) async throws -> [AftersaleRecord] {
        let limit = min(max(1, limit), pageMax.value)
        return try await executor.run(
            state.flatMap { $0.isOver ? nil : $0 }.map {
                AftersaleStatements.open($0, after: after, shop: shop, limit: limit, brand: brand)
            } ?? AftersaleStatements.page(after: after, state: state, shop: shop, limit: limit, brand: brand))
    }

    /// Cases of one page.
    package static let pageMax = Limit(200, reason: "A page is read by a person or a program in one go.")

    // MARK: Going on

    /// Does what somebody wants of a case.
    ///
    /// - Parameters:
    ///   - person: Who must be the applicant; nil for the shop and the clock.
    ///   - shop: The only shop whose cases may be touched; nil for all of the brand.
    /// - Returns: The case as it is now.
    /// - Throws: ``Problem``, before anything was written.
    @discardableResult
    package func carryOut(
        _ command: AftersaleCommand, on id: ID<Aftersale>, by person: ID<Person>? = nil, shop: ID<Shop>? = nil,
        brand: ID<Brand>, on tx: Transaction
    ) async throws -> AftersaleRecord {
        // The payment comes before its cases, here as where it is paid back: whoever holds it decides about all of them.
        let (_, found) = try await tx.pipeline(
            AftersaleStatements.lockPayment(of: id, brand: brand), AftersaleStatements.lock(id, brand: brand))
        guard let record = found.first, person == nil || person == record.applicant, shop == nil || shop == record.shop
        else { throw person == nil ? Problem.aftersaleUnknown : Problem.aftersaleNotAParty }
        let now = max(try await tx.one(CatalogueStatements.clock()), record.updatedAt)
        let windows = try await Policies.value(.aftersaleWindows, brand: brand, at: now, on: tx)
        switch AftersaleLife.decide(record, command, windows, now: now) {
        case .refused(let problem): throw problem
        case .unchanged: return record
        case .notYet(let instant):
            try await schedule(record, after: instant, brand: brand, now: now, on: tx)
            return record
        case .changed(let next, let effects):
            var changed = next
            for effect in effects { try await carryOut(effect, on: &changed, brand: brand, now: now, tx) }
            try await keep(changed, from: record.state, brand: brand, on: tx)
            return changed
        }
    }

    /// Writes a changed case, and tells of it.
    func keep(
        _ record: AftersaleRecord, from state: AftersaleState, brand: ID<Brand>, on tx: Transaction
    ) async throws {
        guard try await tx.first(AftersaleStatements.save(record, from: state, brand: brand)) != nil else {
            throw AftersaleError.stateMoved
        }
        try await tell(of: record, brand: brand, on: tx)
    }

    private func carryOut(
        _ effect: AftersaleEffect, on record: inout AftersaleRecord, brand: ID<Brand>, now: Date, _ tx: Transaction
    ) async throws {
        switch effect {
        case .scheduleLapse(let instant): try await schedule(record, after: instant, brand: brand, now: now, on: tx)
        case .restock:
            guard let variant = record.variant else { return }
            let move = StockMove(
                variant: variant, quantity: record.quantity, kind: .aftersaleReturn, subject: record.id.rawValue)
            _ = try await Stock.move([move], brand: brand, now: now, on: tx)
        case .refund:
            // The payment's lock comes first: what it reserves stays reserved while the money is moved.
            record.refund = try await Refunds.request(
                payment: record.payment, amount: record.amount, cause: record.id.rawValue, reason: "售后退款",
                brand: brand, now: now, queue: queue, on: tx)
            let intent = try await tx.one(PaymentStatements.intent(record.payment, brand: brand))
            try await PaymentBooks(intent, brand: brand, now: now).refill(for: record.id.rawValue, on: tx)
        }
    }

    /// The money of a refund is back: its case has ended, in the commit that books it.
    func noteRefund(_ refund: RefundRecord, brand: ID<Brand>, now: Date, on tx: Transaction) async throws {
        try await note(.refunded(refund.id), of: refund, brand: brand, now: now, on: tx)
    }

    /// A refund was closed for good, and other causes have taken its money.
    func noteLapse(_ refund: RefundRecord, brand: ID<Brand>, now: Date, on tx: Transaction) async throws {
        try await note(.refundLapsed, of: refund, brand: brand, now: now, on: tx)
    }

    private func note(
        _ command: AftersaleCommand, of refund: RefundRecord, brand: ID<Brand>, now: Date, on tx: Transaction
    ) async throws {
        guard refund.cause != refund.payment.rawValue else { return }
        let id = ID<Aftersale>(rawValue: refund.cause)
        guard let record = try await tx.first(AftersaleStatements.lock(id, brand: brand)) else { return }
        let none = AftersaleWindows(open: 0, answer: 0, send: 0, receive: 0)
        let instant = max(now, record.updatedAt)
        guard case .changed(let next, _) = AftersaleLife.decide(record, command, none, now: instant) else { return }
        try await keep(next, from: record.state, brand: brand, on: tx)
    }

    // MARK: Telling

    private func schedule(
        _ record: AftersaleRecord, after instant: Date, brand: ID<Brand>, now: Date, on tx: Transaction
    ) async throws {
        let seconds = min(max(0, instant.timeIntervalSince(now)), 366 * 86_400)
        let delay = Duration.microseconds(Int64((seconds * 1_000_000).rounded(.up)) + 1)
        try await queue.push(
            AftersaleLapse(brand: brand, aftersale: record.id),
            options: JobOptions(delay: delay, brand: brand.rawValue),
            on: tx)
    }

    /// What can be heard of cases: each state that one comes to.
    package static let events = Set(AftersaleState.allCases.map { "aftersale.\($0.rawValue)" })

    /// The shop's systems hear of each step; ids, words of lists and the amount, nothing of a person.
    private func tell(of record: AftersaleRecord, brand: ID<Brand>, on tx: Transaction) async throws {
        guard let hooks else { return }
        let event = OutgoingEvent(
            "aftersale.\(record.state.rawValue)", subject: record.id.rawValue, lane: "aftersale:\(record.id)",
            at: record.updatedAt,
            data: [
                "aftersale_id": .string(record.id.description), "order_id": .string(record.order.description),
                "shop_id": .string(record.shop.description), "kind": .string(record.kind.rawValue),
                "line": record.line.map { .int(Int64($0)) } ?? .null, "quantity": .int(Int64(record.quantity)),
                "amount_fen": .int(record.amount.fen), "reason": .string(record.reason.rawValue),
                "state": .string(record.state.rawValue),
            ])
        _ = try await hooks.emit([event], brand: brand, now: record.updatedAt, on: tx)
    }
}

extension AftersaleRecord {
    /// Whether its money is asked for, and not on its way yet.
    var isAskedFor: Bool { [.requested, .returning, .returned].contains(state) }
}

/// How much of an order a case is about: what is left after all others.
struct AftersaleClaim: Hashable, Sendable {
    let quantity: Int
    let amount: Money
    let variant: ID<Variant>?

    /// Measures a wish against what was paid, what went back or is on its way, and what open cases ask for.
    init(
        _ wish: AftersaleWish, of intent: PaymentIntent, cases: [AftersaleRecord], lines: [SoldLine]
    ) throws {
        let asked = cases.filter(\.isAskedFor)
        let live = cases.filter { !$0.state.isOver }
        guard !live.contains(where: { $0.line == wish.line || $0.line == nil || wish.line == nil }) else {
            throw Problem.aftersaleOpen
        }
        // What refunds reserve is gone or going; what is only asked for reserves nothing yet.
        var left = try intent.paid - intent.refundReserved
        for other in asked { left = try left - other.amount }
        var (bought, cost, variant) = (intent.quantity, intent.paid, lines.count == 1 ? lines[0].variant : nil)
        if let number = wish.line {
            guard let line = lines.first(where: { $0.number == number }) else { throw Problem.aftersaleLineUnknown }
            (bought, cost, variant) = (line.quantity, line.amount, line.variant)
            var ofLine = line.amount
            for other in cases where other.line == number && (!other.state.isOver || other.state == .refunded) {
                ofLine = try ofLine - other.amount
            }
            left = min(left, ofLine)
        }
        guard left > .zero else { throw Problem.aftersaleNothingLeft }
        let quantity = wish.quantity ?? bought
        guard (1...max(1, bought)).contains(quantity) else { throw Problem.aftersaleQuantityWrong }
        let share = quantity == bought ? left : Split.part(of: cost, UInt64(quantity), of: UInt64(bought))
        let amount = wish.amount ?? min(left, share)
        guard amount > .zero, amount <= left else { throw Problem.aftersaleTooMuch }
        self.quantity = quantity
        self.amount = amount
        self.variant = variant
    }
}
