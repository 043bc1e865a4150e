import Accounting
import FoundationEssentials
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

    /// The money is back with whoever paid: the order is cancelled.
    ///
    /// Both transfers of an order count for the instant it was placed, so that on every day the ledger's sales are the amounts of the
    /// orders that are not cancelled; when the money went back stands on the refund.
    func giveBack(_ refund: RefundRecord, queue: JobQueue, on tx: Transaction) async throws {
        let placedAt = intent.paidAt ?? now
        guard intent.state == .paid else {
            return try await post(
                .paymentReturned, refund.amount, subject: refund.id.rawValue, at: placedAt, isIncoming: false, on: tx)
        }
        _ = try await tx.pipeline(
            OrderVersionStatements.keep([intent.order], brand: brand, now: now),
            PaymentStatements.cancelOrder(intent.order, brand: brand, now: now))
        _ = try await tx.run(OrderVersionStatements.reversePayments(of: [intent.order], brand: brand, now: now))
        try await post(
            .orderRefunded, refund.amount, subject: refund.id.rawValue, at: placedAt, isIncoming: false, on: tx)
        try await tellOfOrder(placedAt: placedAt, queue: queue, on: tx)
        try await queue.push(
            OrderRefunded(
                brand: brand, subject: refund.subject, payment: intent.id, refund: refund.id, amount: refund.amount),
            options: JobOptions(brand: brand.rawValue, queue: refund.ownerQueue), on: tx)
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
