package import FoundationEssentials
package import Kernel
package import Postgres

/// A transfer as those read it who follow the books.
package struct LedgerNews: Hashable, Sendable {
    /// Where it stands in the order of the books.
    package let place: LedgerPlace
    /// Where the money came from.
    package let debit: AccountKey
    /// Where it went.
    package let credit: AccountKey
    /// How much.
    package let amount: Money
    /// Why.
    package let kind: TransferKind
    /// The business instant that the money counts for.
    package let occurredAt: Date
}

extension Ledger {
    /// Transfers that ``news(after:brand:on:)`` answers, at most; the statement says it, too.
    package static let newsMax = Limit(2_000, reason: "one short transaction of whoever follows")

    /// What was posted behind a place, in an order in which nothing can come in front of it any more: that of the seals.
    ///
    /// Whoever keeps the place of the last one in the transaction that acts on them has acted on every transfer once. An empty answer
    /// means that there is nothing yet that all transactions before have ended for.
    package static func news(
        after place: LedgerPlace, brand: ID<Brand>, on tx: Transaction
    ) async throws -> [LedgerNews] {
        let horizon = try await tx.one(SealStatements.horizon())
        return try await tx.run(SealStatements.news(after: place, below: horizon, brand: brand))
    }
}
