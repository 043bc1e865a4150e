package import FoundationEssentials
package import Kernel

/// What an account is for, as in `clearing` or `sales`; owned by the room that posts to it.
package struct AccountKind: RawRepresentable, Hashable, Sendable, ExpressibleByStringLiteral {
    /// The word in the database.
    package let rawValue: String

    /// A kind by its word.
    package init(rawValue: String) { self.rawValue = rawValue }

    /// A kind by its word.
    package init(stringLiteral value: String) { self.init(rawValue: value) }
}

/// An account as its owner names it: there is at most one of a kind for a subject.
package struct AccountKey: Hashable, Sendable {
    /// What the account is for.
    package let kind: AccountKind
    /// What it belongs to: a shop, a gift, a person.
    package let subject: UUID

    /// Names an account.
    package init(_ kind: AccountKind, of subject: UUID) {
        self.kind = kind
        self.subject = subject
    }

    /// Names an account of the brand itself.
    package init(ofBrand kind: AccountKind) {
        self.init(kind, of: UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)))
    }
}

/// What all accounts of a kind hold together.
package struct KindBalance: Hashable, Sendable {
    /// What the accounts are for.
    package let kind: AccountKind
    /// How many of them ever moved.
    package let accounts: Int
    /// Their balances' sum: credits less debits.
    package let balance: Money
}

/// Why money moves, as in `order.paid`; together with the subject it makes a posting happen once.
package struct TransferKind: RawRepresentable, Hashable, Sendable, ExpressibleByStringLiteral {
    /// The word in the database.
    package let rawValue: String

    /// A kind by its word.
    package init(rawValue: String) { self.rawValue = rawValue }

    /// A kind by its word.
    package init(stringLiteral value: String) { self.init(rawValue: value) }
}

/// Money that is to move from one account to another: both legs of a double entry.
package struct Posting: Hashable, Sendable {
    /// The id that the transfer will have.
    package var id: ID<Transfer>
    /// Where the money comes from.
    package var debit: ID<Account>
    /// Where it goes.
    package var credit: ID<Account>
    /// How much, greater than zero.
    package var amount: Money
    /// Why.
    package var kind: TransferKind
    /// What for; the same kind and subject are posted once.
    package var subject: UUID
    /// The business instant that the money counts for.
    package var occurredAt: Date

    /// Money that is to move.
    package init(
        id: ID<Transfer> = .mint(), debit: ID<Account>, credit: ID<Account>, amount: Money, kind: TransferKind,
        subject: UUID, occurredAt: Date
    ) {
        self.id = id
        self.debit = debit
        self.credit = credit
        self.amount = amount
        self.kind = kind
        self.subject = subject
        self.occurredAt = occurredAt
    }
}

/// Why the ledger did not post.
///
/// Whoever catches it rolls the transaction back.
package enum LedgerError: Error, Hashable, Sendable {
    /// An amount of zero or less: money moves forward, or in the other direction as a posting of its own.
    case amountNotPositive(ID<Transfer>)
    /// From an account to itself.
    case accountsEqual(ID<Transfer>)
    /// The brand has no such account, or there is no such brand.
    case accountUnknown(ID<Transfer>)
    /// The same kind and subject were posted before with other accounts or another amount.
    case contradiction(kind: TransferKind, subject: UUID)
    /// An account would fall below its floor.
    case belowFloor(ID<Account>)
    /// An account exists with another floor.
    case floorDiffers(ID<Account>)
}
