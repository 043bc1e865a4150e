import FoundationEssentials
import Jobs
import Kernel
import Postgres

/// A next number for a cause whose last one was closed for good: the pure part.
struct RefundRenewal: Hashable, Sendable {
    /// Which number of the payment it is.
    let number: Int

    /// Measures a closed number against all numbers of its payment, and its amount against what is left.
    ///
    /// - Parameters:
    ///   - attempts: All numbers of the payment, in their order.
    ///   - intent: The payment, locked.
    /// - Throws: ``Problem`` where another number has taken over, where WeChat Pay says both that it was closed and that it was paid, or
    ///   where the payment takes no more.
    init(of refund: RefundRecord, intent: PaymentIntent, attempts: [RefundRecord], now: Date) throws {
        guard refund.settledAt == nil else { throw Problem.refundSettled }
        let ofCause = attempts.filter { $0.cause == refund.cause }
        if let newest = ofCause.last, newest.number > refund.number {
            throw Problem.conflict(
                "This number was closed, and \(newest.outRefundNo) has taken its place: look at that one.",
                code: "refund_renewed")
        }
        // Money may have left under a closed number: another one could pay a second time.
        guard !ofCause.contains(where: \.mayBePaid) else { throw Problem.refundMaybePaid }
        number = (attempts.last?.number ?? refund.number) + 1
        let wish = RefundWish(
            payment: refund.payment, amount: refund.amount, cause: refund.cause, reason: refund.reason)
        try RefundPlan.check(
            wish, of: intent, reserved: try intent.refundReserved + refund.amount, number: number, now: now)
    }
}

extension Refunds {
    /// What a closed number needs to be renewed, under the payment's lock; the refund is locked already, which is the order everywhere.
    static func renewal(
        of refund: RefundRecord, brand: ID<Brand>, now: Date, on tx: Transaction
    ) async throws -> (RefundRenewal, PaymentIntent) {
        // Two statements: the second must see what the previous holder of the payment committed.
        let (intents, attempts) = try await tx.pipeline(
            PaymentStatements.lock([refund.payment], brand: brand),
            RefundStatements.refunds(of: [refund.payment], brand: brand))
        guard let intent = intents.first else { throw Problem.notFound("There is no such payment.") }
        return (try RefundRenewal(of: refund, intent: intent, attempts: attempts, now: now), intent)
    }

    /// Begins the next number of a cause whose last one was closed for good and had given its room back.
    ///
    /// - Returns: The new number.
    static func reopen(
        _ refund: RefundRecord, as renewal: RefundRenewal, of intent: PaymentIntent, brand: ID<Brand>, now: Date,
        _ queue: JobQueue, _ tx: Transaction
    ) async throws -> ID<Refund> {
        let room = PaymentStatements.reserve([(refund.payment, refund.amount)], brand: brand, now: now)
        guard try await tx.run(room).count == 1 else { throw Problem.refundTooLarge }
        try await tx.execute(RefundStatements.clearAttention(refund.id, brand: brand, now: now))
        let next = try await renew(
            refund, as: renewal.number, of: intent, after: nil, brand: brand, now: now, queue, tx)
        // What had come back for the closed number may have gone out for another cause since.
        try await PaymentBooks(intent, brand: brand, now: now).refill(for: next.rawValue, on: tx)
        return next
    }
}
