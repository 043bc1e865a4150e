package import FoundationEssentials
package import Kernel
package import Postgres

/// What a look through all the books of a brand found.
///
/// Anything but zeros below the counts is a fault.
package struct LedgerCheck: Hashable, Sendable, Codable {
    /// Accounts of the brand.
    package let accounts: Int
    /// Transfers of the brand.
    package let transfers: Int
    /// The sum of all balances.
    package let trialBalance: Money
    /// Kept balances that differ from the fold of their transfers or of their open holds, and accounts with a floor that keep none.
    package let balancesWrong: Int
    /// Legs of transfers whose account does not exist.
    package let legsWithoutAccount: Int

    /// Whether the books are in order.
    package var isBalanced: Bool { trialBalance == .zero && balancesWrong == 0 && legsWithoutAccount == 0 }
}

/// What moved for one reason in one period.
package struct LedgerTotal: Hashable, Sendable {
    /// Why the money moved.
    package let kind: TransferKind
    /// The number of transfers.
    package let transfers: Int
    /// Their sum.
    package let amount: Money

    /// A total in its three parts.
    package init(kind: TransferKind, transfers: Int, amount: Money) {
        self.kind = kind
        self.transfers = transfers
        self.amount = amount
    }
}

extension Ledger {
    /// Looks through all the books of a brand in one statement, that is, at one instant.
    package static func check(brand: ID<Brand>, on executor: some Executor) async throws -> LedgerCheck {
        try await executor.one(LedgerCheckStatements.check(brand: brand))
    }

    /// Totals by kind of what counts for the time from `start` up to and not including `end`.
    package static func totals(
        brand: ID<Brand>, from start: Date, to end: Date, on executor: some Executor
    ) async throws -> [LedgerTotal] {
        try await executor.run(LedgerCheckStatements.totals(brand: brand, from: start, to: end))
    }
}
