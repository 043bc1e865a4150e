package import Accounting
package import FoundationEssentials
import Jobs
package import Kernel
package import Postgres

extension Aftersales {
    /// Gives back all that is left of a payment whose goods cannot be delivered, and ends the cases in which some of it is asked for.
    ///
    /// What went back or is on its way stays as it is. Of what is left, the shop gives up what it has earned.
    ///
    /// - Parameters:
    ///   - cause: What it goes back for, and what the posting is about.
    ///   - kind: The kind of the posting by which the shop gives it up.
    ///   - reason: Words that the shopper reads at WeChat.
    /// - Throws: ``Problem`` if nothing is left, or if the goods were delivered and came back.
    package func callOff(
        _ payment: ID<Payment>, for cause: UUID, as kind: TransferKind, reason: String, brand: ID<Brand>, now: Date,
        on tx: Transaction
    ) async throws -> ID<Refund> {
        guard let intent = try await tx.first(PaymentStatements.lock(payment, brand: brand)) else {
            throw Problem.notFound("There is no such payment.")
        }
        // A statement of its own: it sees what the previous holder of the payment committed.
        let cases = try await tx.run(AftersaleStatements.cases(of: intent.order, brand: brand))
        let left = try intent.paid - intent.refundReserved
        let cameBack = cases.contains { $0.kind == .return && [.refunding, .refunded].contains($0.state) }
        guard left > .zero, !cameBack else { throw Problem.aftersaleNothingLeft }
        let none = AftersaleWindows(open: 0, answer: 0, send: 0, receive: 0)
        for record in cases {
            // The instants of a case never go back.
            let outcome = AftersaleLife.decide(record, .callOff, none, now: max(now, record.updatedAt))
            guard case .changed(let next, _) = outcome else { continue }
            try await keep(next, from: record.state, brand: brand, on: tx)
        }
        let refund = try await Refunds.request(
            payment: payment, amount: left, cause: cause, reason: reason, brand: brand, now: now, queue: queue, on: tx)
        try await PaymentBooks(intent, brand: brand, now: now).refill(for: cause, as: kind, on: tx)
        // What WeChat Pay had closed for good is part of the rest. By a job, which takes the refund's lock before the payment's.
        let attempts = try await tx.run(RefundStatements.refunds(of: payment, brand: brand))
        try await queue.push(
            contentsOf: RefundSettlement.stuck(attempts).map { RefundLapsed(brand: brand, refund: $0.id) },
            options: JobOptions(brand: brand.rawValue), on: tx)
        return refund
    }
}
