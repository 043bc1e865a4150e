package import FoundationEssentials
package import Kernel
package import Postgres

/// What a sale gave somebody: a transfer that a refund takes back in proportion.
package struct SaleEffect: Hashable, Sendable {
    /// Where it came from.
    package var debit: ID<Account>
    /// Who got it.
    package var credit: ID<Account>
    /// How much.
    package var amount: Money
    /// Under which kind it is taken back; one kind for each effect of a sale.
    package var backKind: TransferKind

    /// An effect of a sale.
    package init(debit: ID<Account>, credit: ID<Account>, amount: Money, backKind: TransferKind) {
        self.debit = debit
        self.credit = credit
        self.amount = amount
        self.backKind = backKind
    }
}

/// A refund among those of one sale: how much was back before it, and how much is with it.
package struct RefundStep: Hashable, Sendable {
    /// What was paid.
    package let paid: Money
    /// What was back before.
    package let before: Money
    /// What is back with this refund.
    package let after: Money

    /// Why a refund is none.
    package struct Invalid: Error, Hashable, Sendable {}

    /// A step from `before` to `after`.
    ///
    /// - Throws: ``Invalid`` unless 0 ≤ before < after ≤ paid.
    package init(paid: Money, before: Money, after: Money) throws(Invalid) {
        guard .zero <= before, before < after, after <= paid else { throw Invalid() }
        self.paid = paid
        self.before = before
        self.after = after
    }

    /// What this refund takes back of something that the sale gave.
    ///
    /// In all, the share of what is back, rounded down; each refund takes what is missing to that. So partial refunds sum to what one full
    /// refund takes, to the fen, however they are cut, and the last one takes the remainder.
    package func share(of given: Money) -> Money {
        func back(_ refunded: Money) -> Money {
            Split.part(of: given, refunded.fen.magnitude, of: paid.fen.magnitude)
        }
        // Both have the sign of what was given, and the second is not the larger one.
        return Money(fen: back(after).fen - back(before).fen)
    }
}

extension Ledger {
    /// Takes back what a sale gave, for one refund of it.
    ///
    /// - Parameters:
    ///   - refund: Names the refund; the same refund takes back once.
    ///   - occurredAt: The instant that it counts for.
    /// - Returns: The transfers that are new.
    /// - Throws: ``LedgerError``; the transaction must then be rolled back.
    @discardableResult
    package static func takeBack(
        _ effects: [SaleEffect], by step: RefundStep, refund: UUID, occurredAt: Date, brand: ID<Brand>, now: Date,
        on tx: Transaction
    ) async throws -> Set<ID<Transfer>> {
        let postings = effects.map { effect in
            Posting(
                debit: effect.credit, credit: effect.debit, amount: step.share(of: effect.amount),
                kind: effect.backKind,
                subject: refund, occurredAt: occurredAt)
        }
        return try await post(postings.filter { $0.amount > .zero }, brand: brand, now: now, on: tx)
    }
}
