package import FoundationEssentials
package import Kernel
package import Postgres

/// Hold · post · void: money that is promised before it moves.
///
/// What is held cannot be spent otherwise: the floor of the account it comes from counts without it (a CHECK says so, too). An account
/// without a floor may be held on; nothing is reserved there. Locks are taken in one order: transfers, balances by key, holds.
extension Ledger {
    /// Holds an amount until `hold.expiresAt`.
    ///
    /// - Parameter now: From `siyu.clock()`.
    /// - Returns: The hold as it stands: the earlier one, however it ended, where the same was held before.
    /// - Throws: ``LedgerError``, ``HoldError``; the transaction must then be rolled back.
    package static func hold(_ hold: Hold, brand: ID<Brand>, now: Date, on tx: Transaction) async throws -> Hold {
        let asTransfer = ID<Transfer>(rawValue: hold.id.rawValue)
        guard hold.amount > .zero else { throw LedgerError.amountNotPositive(asTransfer) }
        guard hold.debit != hold.credit else { throw LedgerError.accountsEqual(asTransfer) }
        guard hold.expiresAt > now else { throw HoldError.alreadyOver(hold.id) }
        guard try await tx.run(LedgerStatements.known([hold.debit, hold.credit], brand: brand)).count == 2 else {
            throw LedgerError.accountUnknown(asTransfer)
        }
        guard try await tx.first(HoldStatements.insert(hold, brand: brand, now: now)) != nil else {
            let earlier = try await tx.one(HoldStatements.hold(hold.kind, of: hold.subject, brand: brand))
            guard earlier.debit == hold.debit, earlier.credit == hold.credit, earlier.amount == hold.amount else {
                throw LedgerError.contradiction(kind: hold.kind, subject: hold.subject)
            }
            return earlier
        }
        try await change([hold.debit: BalanceChange(held: hold.amount)], brand: brand, now: now, on: tx)
        return hold
    }

    /// Moves what is held, or less: the rest is free again.
    ///
    /// - Parameters:
    ///   - amount: At most what is held; nil for all of it.
    ///   - now: From `siyu.clock()`; the money counts for this instant.
    /// - Returns: The hold, posted; the same again for a repetition with the same amount.
    /// - Throws: ``LedgerError``, ``HoldError``; the transaction must then be rolled back.
    @discardableResult
    package static func post(
        hold id: ID<Hold>, amount: Money? = nil, brand: ID<Brand>, now: Date, on tx: Transaction
    ) async throws -> Hold {
        guard var hold = try await tx.first(HoldStatements.hold(id, brand: brand)) else { throw HoldError.unknown(id) }
        let amount = amount ?? hold.amount
        guard amount > .zero else { throw LedgerError.amountNotPositive(ID(rawValue: id.rawValue)) }
        guard amount <= hold.amount else { throw HoldError.moreThanHeld(id, held: hold.amount) }
        if hold.state == .held {
            guard now <= hold.expiresAt else { throw HoldError.ended(id, .expired) }
            let posting = Posting(
                debit: hold.debit, credit: hold.credit, amount: amount, kind: hold.kind, subject: hold.subject,
                occurredAt: now)
            if try await tx.first(LedgerStatements.post([posting], brand: brand, now: now)) != nil {
                let balances = [
                    hold.debit: BalanceChange(balance: try .zero - amount, held: try .zero - hold.amount),
                    hold.credit: BalanceChange(balance: amount),
                ]
                let end = HoldStatements.post(id, amount: amount, transfer: posting.id, brand: brand, now: now)
                // Whoever voided it in the meantime had the balance before; it is seen now, and this transfer goes.
                try await change(balances, brand: brand, now: now, on: tx) {
                    if try await tx.first(end) != nil { return true }
                    throw HoldError.ended(id, try await tx.one(HoldStatements.hold(id, brand: brand)).state)
                }
                hold.state = .posted
                hold.posted = amount
                hold.transfer = posting.id
                return hold
            }
            // Somebody else posted it in this instant, or the same kind and subject without the hold.
            hold = try await tx.one(HoldStatements.hold(id, brand: brand))
            guard hold.state != .held else {
                throw LedgerError.contradiction(kind: hold.kind, subject: hold.subject)
            }
        }
        guard hold.state == .posted, hold.posted == amount else { throw HoldError.ended(id, hold.state) }
        return hold
    }

    /// Lets go what is held.
    ///
    /// - Returns: The hold, voided or expired; the same again for a repetition.
    /// - Throws: ``HoldError/ended(_:_:)`` if it was posted.
    @discardableResult
    package static func void(hold id: ID<Hold>, brand: ID<Brand>, now: Date, on tx: Transaction) async throws -> Hold {
        guard var hold = try await tx.first(HoldStatements.hold(id, brand: brand)) else { throw HoldError.unknown(id) }
        if hold.state == .held {
            let end = HoldStatements.void(id, brand: brand, now: now)
            let released = BalanceChange(held: try .zero - hold.amount)
            try await change([hold.debit: released], brand: brand, now: now, on: tx) {
                try await tx.first(end) != nil
            }
            hold = try await tx.one(HoldStatements.hold(id, brand: brand))
        }
        guard hold.state != .posted else { throw HoldError.ended(id, .posted) }
        return hold
    }

    /// Ends holds whose time is over: the oldest, at most `limit`.
    ///
    /// Nobody has to wait for it: where an account has too little, its own are ended at once.
    ///
    /// - Returns: How many were ended; fewer than `limit` if there are no more.
    package static func expireHolds(
        brand: ID<Brand>, now: Date, limit: Int = 500, on tx: Transaction
    ) async throws -> Int {
        let lapsed = try await tx.run(HoldStatements.lapsed(brand: brand, now: now, limit: limit))
        if lapsed.isEmpty { return 0 }
        let accounts = Set(lapsed.map(\.account)).sorted()
        let rows = try await tx.run(LedgerStatements.lockBalances(of: accounts, brand: brand))
        let ended = try await tx.run(HoldStatements.expire(lapsed.map(\.hold), brand: brand, now: now))
        var kept = Dictionary(rows.map { ($0.account, $0) }) { first, _ in first }
        for (account, amount) in ended { try kept[account]?.release(amount) }
        try await tx.execute(LedgerStatements.setBalances(Array(kept.values), brand: brand, now: now))
        return lapsed.count
    }
}
