package import FoundationEssentials
package import Kernel
package import Postgres

/// The books of a brand: accounts, and transfers between them that are never changed.
///
/// A balance is credits less debits. One transfer is one row with both legs, so all balances of a brand sum to zero whatever happens.
/// All functions work in the caller's transaction; errors of the database pass through untouched, so that the caller's retries work.
package enum Ledger {}

// MARK: - Accounts

extension Ledger {
    /// Finds the account that `key` names, or opens it.
    ///
    /// - Parameters:
    ///   - floor: The balance it may not fall below; nil for an account that is folded instead of kept.
    ///   - now: The instant of opening, from `siyu.clock()`.
    /// - Throws: ``LedgerError/floorDiffers(_:)`` if it was opened with another floor.
    package static func account(
        _ key: AccountKey, floor: Money? = nil, brand: ID<Brand>, now: Date, on tx: Transaction
    ) async throws -> ID<Account> {
        let candidate = ID<Account>.mint()
        let opened = try await tx.first(
            LedgerStatements.openAccount(candidate, key: key, floor: floor, brand: brand, now: now))
        if opened != nil {
            if let floor {
                try await tx.execute(LedgerStatements.openBalance(of: candidate, floor: floor, brand: brand, now: now))
            }
            return candidate
        }
        // Opened before, perhaps in this instant by somebody else: a second statement sees their committed row.
        let account = try await tx.one(LedgerStatements.account(key, brand: brand))
        guard account.floor == floor else { throw LedgerError.floorDiffers(account.id) }
        return account.id
    }

    /// Finds the accounts that `keys` name, in one look where all of them are open, or opens them.
    ///
    /// - Returns: The accounts, in the order of `keys`.
    /// - Throws: ``LedgerError/floorDiffers(_:)`` as ``account(_:floor:brand:now:on:)`` does.
    package static func accounts(
        _ keys: [(key: AccountKey, floor: Money?)], brand: ID<Brand>, now: Date, on tx: Transaction
    ) async throws -> [ID<Account>] {
        let rows = try await tx.run(finding(keys.map(\.key), brand: brand))
        let open = Dictionary(rows.map { ($0.place, $0) }) { first, _ in first }
        var found: [ID<Account>] = []
        for (place, wanted) in keys.enumerated() {
            if let account = open[place + 1] {
                guard account.floor == wanted.floor else { throw LedgerError.floorDiffers(account.id) }
                found.append(account.id)
            } else {
                found.append(try await account(wanted.key, floor: wanted.floor, brand: brand, now: now, on: tx))
            }
        }
        return found
    }

    /// The accounts that `keys` name as far as they are open, with their places from 1, as a statement, for a flight of the caller.
    package static func finding(
        _ keys: [AccountKey], brand: ID<Brand>
    ) -> Statement<(place: Int, id: ID<Account>, floor: Money?)> {
        LedgerStatements.accounts(keys, brand: brand)
    }

    /// The balance of an account: kept if it has a floor, else folded from its transfers.
    package static func balance(
        of account: ID<Account>, brand: ID<Brand>, on executor: some Executor
    ) async throws -> Money {
        if let kept = try await executor.first(LedgerStatements.keptBalance(of: account, brand: brand)) { return kept }
        return try await executor.one(LedgerStatements.foldedBalance(of: account, brand: brand))
    }

    /// The balance of an account as of a business instant: of all transfers that count for it or for an earlier one.
    ///
    /// What is posted later for an earlier instant changes the answer: `occurred_at` is when money counts, not when it was written down.
    ///
    /// - Returns: nil if the brand has no such account.
    package static func balance(
        of account: ID<Account>, asOf instant: Date, brand: ID<Brand>, on executor: some Executor
    ) async throws -> Money? {
        try await executor.first(LedgerStatements.balance(of: account, asOf: instant, brand: brand))
    }

    /// The balances of all accounts together, by kind, as of a business instant; they sum to zero.
    package static func balances(
        asOf instant: Date, brand: ID<Brand>, on executor: some Executor
    ) async throws -> [KindBalance] {
        try await executor.run(LedgerStatements.balances(asOf: instant, brand: brand))
    }

    /// What some accounts have that is not held, which nobody else moves until the transaction ends; accounts without a floor are missing.
    ///
    /// For rooms that have to see how much is left before they post: an account that would fall below its floor stays an error.
    package static func lockedBalances(
        of accounts: [ID<Account>], brand: ID<Brand>, on tx: Transaction
    ) async throws -> [ID<Account>: Money] {
        let rows = try await tx.run(LedgerStatements.lockBalances(of: accounts, brand: brand))
        return Dictionary(try rows.map { ($0.account, try $0.free) }) { first, _ in first }
    }
}

// MARK: - Posting

extension Ledger {
    /// Posts all of `postings` that have not been posted before, in a handful of statements however many they are.
    ///
    /// - Parameter now: The instant of posting, from `siyu.clock()`.
    /// - Returns: The transfers that are new; the others had been posted before with the same accounts and amount.
    /// - Throws: ``LedgerError``; the transaction must then be rolled back.
    @discardableResult
    package static func post(
        _ postings: [Posting], brand: ID<Brand>, now: Date, on tx: Transaction
    ) async throws -> Set<ID<Transfer>> {
        if postings.isEmpty { return [] }
        try check(postings)
        let accounts = Set(postings.flatMap { [$0.debit, $0.credit] })
        let known = Set(try await tx.run(LedgerStatements.known(Array(accounts), brand: brand)))
        if let stranger = postings.first(where: { !known.contains($0.debit) || !known.contains($0.credit) }) {
            throw LedgerError.accountUnknown(stranger.id)
        }
        let (transfers, kept) = try await tx.pipeline(
            LedgerStatements.post(postings, brand: brand, now: now),
            LedgerStatements.lockBalances(of: accounts.sorted(), brand: brand))
        let posted = Set(transfers)
        if posted.count < postings.count {
            try await confirm(postings.filter { !posted.contains($0.id) }, brand: brand, on: tx)
        }
        try await moveBalances(kept, postings.filter { posted.contains($0.id) }, brand: brand, now: now, on: tx)
        return posted
    }

    /// Adds to `flight` what ``post(_:brand:now:on:)`` does for new postings between accounts without a floor.
    ///
    /// - Returns: What tells afterwards whether they were such; if not, the transaction must be rolled back, and may post the other way.
    package static func postNew(
        _ postings: [Posting], brand: ID<Brand>, now: Date, in flight: inout Flight
    ) throws -> NewPostings {
        try check(postings)
        if postings.isEmpty { return NewPostings() }
        let accounts = Set(postings.flatMap { [$0.debit, $0.credit] }).sorted()
        return NewPostings(
            accounts: accounts.count, postings: postings.count,
            known: flight.add(LedgerStatements.known(accounts, brand: brand)),
            posted: flight.add(LedgerStatements.post(postings, brand: brand, now: now)),
            kept: flight.add(LedgerStatements.lockBalances(of: accounts, brand: brand)))
    }

    private static func check(_ postings: [Posting]) throws(LedgerError) {
        for posting in postings {
            guard posting.amount > .zero else { throw .amountNotPositive(posting.id) }
            guard posting.debit != posting.credit else { throw .accountsEqual(posting.id) }
        }
    }

    /// What stands in the books of one kind under some subjects; those without a transfer are missing.
    package static func posted(
        _ kind: TransferKind, of subjects: [UUID], brand: ID<Brand>, on executor: some Executor
    ) async throws -> [UUID: Money] {
        let rows = try await executor.run(LedgerStatements.recorded(kind, of: subjects, brand: brand))
        return Dictionary(rows.map { ($0.subject, $0.amount) }) { first, _ in first }
    }

    /// Postings that inserted nothing must stand in the books already, exactly as they are.
    private static func confirm(_ postings: [Posting], brand: ID<Brand>, on tx: Transaction) async throws {
        for (kind, repeated) in Dictionary(grouping: postings, by: \.kind) {
            let rows = try await tx.run(LedgerStatements.recorded(kind, of: repeated.map(\.subject), brand: brand))
            let recorded = Dictionary(rows.map { ($0.subject, $0) }) { first, _ in first }
            for posting in repeated {
                guard let earlier = recorded[posting.subject], earlier.debit == posting.debit,
                    earlier.credit == posting.credit, earlier.amount == posting.amount
                else { throw LedgerError.contradiction(kind: kind, subject: posting.subject) }
            }
        }
    }

    private static func moveBalances(
        _ kept: [KeptBalance], _ postings: [Posting], brand: ID<Brand>, now: Date, on tx: Transaction
    ) async throws {
        if postings.isEmpty || kept.isEmpty { return }
        var changes: [ID<Account>: BalanceChange] = [:]
        for posting in postings {
            let (from, to) = (changes[posting.debit]?.balance ?? .zero, changes[posting.credit]?.balance ?? .zero)
            changes[posting.debit] = BalanceChange(balance: try from - posting.amount)
            changes[posting.credit] = BalanceChange(balance: try to + posting.amount)
        }
        try await change(kept, by: changes, brand: brand, now: now, on: tx)
    }
}

/// Postings that travel in a flight of their caller.
package struct NewPostings: Sendable {
    var accounts = 0
    var postings = 0
    var known: Flight.Ticket<ID<Account>>?
    var posted: Flight.Ticket<ID<Transfer>>?
    var kept: Flight.Ticket<KeptBalance>?

    /// Whether all of them are in the books now: new, between accounts of the brand, of which none has a floor.
    package func areWhole(in landing: Landing) throws -> Bool {
        try landing.rows(known).count == accounts && landing.rows(posted).count == postings
            && landing.rows(kept).isEmpty
    }
}
