package import FoundationEssentials
package import Kernel

/// Money that is held on one account for another, until it is posted, voided or its time is over.
package struct Hold: Hashable, Sendable {
    /// How it stands with a hold; `held` is the one state that ends.
    package enum State: String, Sendable {
        /// The money is reserved.
        case held
        /// It moved, wholly or in part; the rest is free again.
        case posted
        /// It was let go.
        case voided
        /// Its time was over before anybody decided.
        case expired
    }

    /// The hold.
    package var id: ID<Hold>
    /// Where the money is reserved, and comes from.
    package var debit: ID<Account>
    /// Where it goes.
    package var credit: ID<Account>
    /// How much is held.
    package var amount: Money
    /// Why the money moves; the transfer will say the same.
    package var kind: TransferKind
    /// What for; the same kind and subject are held once, and posted once.
    package var subject: UUID
    /// The last instant at which it may be posted.
    package var expiresAt: Date
    /// How it stands.
    package internal(set) var state: State
    /// What moved; nil unless it is posted.
    package internal(set) var posted: Money?
    /// The transfer by which it moved.
    package internal(set) var transfer: ID<Transfer>?

    /// Money that is to be held.
    package init(
        id: ID<Hold> = .mint(), debit: ID<Account>, credit: ID<Account>, amount: Money, kind: TransferKind,
        subject: UUID, expiresAt: Date
    ) {
        self.id = id
        self.debit = debit
        self.credit = credit
        self.amount = amount
        self.kind = kind
        self.subject = subject
        self.expiresAt = expiresAt
        state = .held
        posted = nil
        transfer = nil
    }
}

/// Why a hold was not made, posted or voided.
///
/// Whoever catches it rolls the transaction back. Errors of amounts and accounts are the ledger's (``LedgerError``).
package enum HoldError: Error, Hashable, Sendable {
    /// The brand has no such hold.
    case unknown(ID<Hold>)
    /// It would end before it begins.
    case alreadyOver(ID<Hold>)
    /// More was to be posted than is held.
    case moreThanHeld(ID<Hold>, held: Money)
    /// It was posted (perhaps with another amount), voided, or its time is over.
    case ended(ID<Hold>, Hold.State)
}
