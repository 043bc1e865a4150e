import Accounting
import FoundationEssentials
import Hooks
import Jobs
import Kernel
import Postgres

/// The books of one payment: its order, its transfers, and the news of both, in the caller's transaction.
struct PaymentBooks {
    let intent: PaymentIntent
    let brand: ID<Brand>
    let now: Date

    init(_ intent: PaymentIntent, brand: ID<Brand>, now: Date) {
        self.intent = intent
        self.brand = brand
        self.now = now
    }

    /// The money that was asked for is here: the order comes into being, and the money waits in escrow.
    func take(_ fact: PaymentFact, queue: JobQueue, on tx: Transaction) async throws {
        let key = withUnsafeBytes(of: intent.order.rawValue.uuid) { Array($0) }
        let source = String(intent.subject.prefix { $0 != ":" })
        _ = try await tx.pipeline(
            PaymentStatements.addOrder(
                of: intent, source: source, key: key, paidAt: fact.paidAt, brand: brand, now: now),
            PaymentStatements.addPayment(of: intent, paidAt: fact.paidAt, brand: brand, now: now))
        try await post(.orderPaid, fact.amount, subject: intent.id.rawValue, at: fact.paidAt, isIncoming: true, on: tx)
        try await tellOfOrder(placedAt: fact.paidAt, queue: queue, on: tx)
        try await queue.push(
            OrderPaid(
                brand: brand, subject: intent.subject, payment: intent.id, order: intent.order, amount: fact.amount,
                paidAt: fact.paidAt),
            options: JobOptions(brand: brand.rawValue, queue: intent.ownerQueue), on: tx)
    }

    /// Money that belongs to no order is in the books, too, until it is back.
    func takeUnwanted(_ fact: PaymentFact, on tx: Transaction) async throws {
        try await post(
            .paymentUnwanted, fact.amount, subject: intent.id.rawValue, at: fact.paidAt, isIncoming: true, on: tx)
    }

    /// The money is back with whoever paid: once all of it is, the order is cancelled, and until then worth less by each part.
    ///
    /// All transfers of an order count for the instant it was placed, so that on every day the ledger's sales are the amounts of the
    /// orders that are not cancelled; when the money went back stands on the refund.
    func giveBack(_ refund: RefundRecord, queue: JobQueue, on tx: Transaction) async throws {
        let placedAt = intent.paidAt ?? now
        guard intent.state == .paid else {
            return try await post(
                .paymentReturned, refund.amount, subject: refund.id.rawValue, at: placedAt, isIncoming: false, on: tx)
        }
        try await tx.execute(OrderVersionStatements.keep([intent.order], brand: brand, now: now))
        if try await tx.one(RefundStatements.returned(of: intent.id, brand: brand)) == intent.paid {
            _ = try await tx.pipeline(
                PaymentStatements.cancelOrder(intent.order, brand: brand, now: now),
                OrderVersionStatements.reversePayments(of: [intent.order], brand: brand, now: now))
            try await Guarantees(queue: queue).noteRefund(
                intent.order, evidence: refund.outRefundNo, brand: brand, on: tx)
        } else {
            try await reduceOrder(by: refund.amount, on: tx)
        }
        try await post(
            .orderRefunded, refund.amount, subject: refund.id.rawValue, at: placedAt, isIncoming: false, on: tx)
        try await SaleEffects.takeBack(
            of: intent.order, by: refund.id.rawValue, brand: brand, now: now, queue: queue, on: tx)
        try await Aftersales(queue: queue, hooks: OutgoingHooks(queue: queue))
            .noteRefund(refund, brand: brand, now: now, on: tx)
        try await tellOfOrder(placedAt: placedAt, queue: queue, on: tx)
        try await queue.push(
            OrderRefunded(
                brand: brand, subject: refund.subject, payment: intent.id, refund: refund.id, amount: refund.amount),
            options: JobOptions(brand: brand.rawValue, queue: refund.ownerQueue), on: tx)
    }

    /// What came in went out to somebody else by a payout: nothing was sold, and every account is as before.
    func passOn(queue: JobQueue, on tx: Transaction) async throws {
        let placedAt = intent.paidAt ?? now
        try await tx.execute(OrderVersionStatements.keep([intent.order], brand: brand, now: now))
        _ = try await tx.pipeline(
            PaymentStatements.cancelOrder(intent.order, brand: brand, now: now),
            OrderVersionStatements.reversePayments(of: [intent.order], brand: brand, now: now))
        let cash = try await Ledger.account(AccountKey(ofBrand: .merchantCash), brand: brand, now: now, on: tx)
        let clearing = try await Ledger.account(.clearing(of: intent.shop), brand: brand, now: now, on: tx)
        try await Ledger.post(
            [
                Posting(
                    debit: cash, credit: clearing, amount: intent.paid, kind: .orderReversed,
                    subject: intent.id.rawValue, occurredAt: placedAt)
            ], brand: brand, now: now, on: tx)
        try await SaleEffects.takeBack(
            of: intent.order, by: intent.id.rawValue, brand: brand, now: now, queue: queue, on: tx)
        try await tellOfOrder(placedAt: placedAt, queue: queue, on: tx)
    }

    /// What the shop has earned of money that is to go back is the payer's again; what waits in escrow is still.
    ///
    /// The payment is locked: what it reserves stays reserved while the money is moved.
    ///
    /// - Parameters:
    ///   - subject: What it goes back for, or by; one posting for each.
    ///   - kind: Which kind of posting it is.
    func refill(
        for subject: UUID, as kind: TransferKind = .aftersaleReturned, on tx: Transaction
    ) async throws {
        let escrow = try await Ledger.account(.escrow(of: intent.id), floor: .zero, brand: brand, now: now, on: tx)
        let reserved = try await tx.one(PaymentStatements.intent(intent.id, brand: brand)).refundReserved
        // All refunds under way are to be paid from escrow; those through have left it.
        let needed = try reserved - (try await tx.one(RefundStatements.returned(of: intent.id, brand: brand)))
        let there = try await Ledger.lockedBalances(of: [escrow], brand: brand, on: tx)[escrow] ?? .zero
        let short = try needed - there
        guard short > .zero else { return }
        let sales = try await Ledger.account(.sales(of: intent.shop), brand: brand, now: now, on: tx)
        try await Ledger.post(
            [
                Posting(
                    debit: sales, credit: escrow, amount: short, kind: kind, subject: subject,
                    occurredAt: now)
            ], brand: brand, now: now, on: tx)
    }

    /// An order of which a part went back is worth less, and so is what was paid for it.
    private func reduceOrder(by amount: Money, on tx: Transaction) async throws {
        let (orders, reversed) = try await tx.pipeline(
            PaymentStatements.reduceOrder(intent.order, by: amount, brand: brand, now: now),
            OrderVersionStatements.reversePayments(of: [intent.order], brand: brand, now: now))
        guard let order = orders.first, let payment = reversed.first else { return }
        let rest = NewPayment(
            order: intent.order, version: order.version, amount: order.amount, paidAt: payment.paidAt)
        try await tx.execute(OrderVersionStatements.addPayments([rest], brand: brand, now: now))
    }

    private func post(
        _ kind: TransferKind, _ amount: Money, subject: UUID, at instant: Date, isIncoming: Bool, on tx: Transaction
    ) async throws {
        let clearing = try await Ledger.account(.clearing(of: intent.shop), brand: brand, now: now, on: tx)
        let escrow = try await Ledger.account(.escrow(of: intent.id), floor: .zero, brand: brand, now: now, on: tx)
        try await Ledger.post(
            [
                Posting(
                    debit: isIncoming ? clearing : escrow, credit: isIncoming ? escrow : clearing, amount: amount,
                    kind: kind, subject: subject, occurredAt: instant)
            ], brand: brand, now: now, on: tx)
    }

    private func tellOfOrder(placedAt: Date, queue: JobQueue, on tx: Transaction) async throws {
        let days = try await tx.run(ImportLoadStatements.days(of: [placedAt], brand: brand))
        try await queue.push(
            OrdersChanged(brand: brand, shop: intent.shop, days: days.map(\.description)),
            options: JobOptions(brand: brand.rawValue), on: tx)
    }
}
