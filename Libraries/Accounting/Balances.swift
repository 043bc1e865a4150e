import FoundationEssentials
import Kernel
import Postgres

/// A balance that is kept, since its account has a floor; locked by whoever has it.
struct KeptBalance: Sendable {
    let account: ID<Account>
    let floor: Money
    var balance: Money
    /// What is held of it.
    var held: Money

    /// What may be spent or held down to the floor.
    var free: Money { get throws(MoneyError) { try balance - held } }

    /// Frees what was held.
    mutating func release(_ amount: Money) throws(MoneyError) { held = try held - amount }
}

/// What becomes of one account's balance.
struct BalanceChange {
    var balance = Money.zero
    var held = Money.zero
}

extension Ledger {
    /// Changes the kept balances among some accounts; rows are locked in key order, so that two batches cannot deadlock.
    ///
    /// Where an account has too little, its own holds whose time is over are ended first.
    ///
    /// - Parameter condition: Asked once the rows are locked; nothing is changed unless it says yes.
    /// - Throws: ``LedgerError/belowFloor(_:)``.
    static func change(
        _ changes: [ID<Account>: BalanceChange], brand: ID<Brand>, now: Date, on tx: Transaction,
        if condition: () async throws -> Bool = { true }
    ) async throws {
        let kept = try await tx.run(LedgerStatements.lockBalances(of: changes.keys.sorted(), brand: brand))
        guard try await condition(), !kept.isEmpty else { return }
        try await change(kept, by: changes, brand: brand, now: now, on: tx)
    }

    /// ``change(_:brand:now:on:if:)`` of balances that are locked; those without a change stay as they are.
    static func change(
        _ locked: [KeptBalance], by changes: [ID<Account>: BalanceChange], brand: ID<Brand>, now: Date,
        on tx: Transaction
    ) async throws {
        var kept = locked.filter { changes[$0.account] != nil }
        if kept.isEmpty { return }
        for index in kept.indices {
            let change = changes[kept[index].account] ?? BalanceChange()
            kept[index].balance = try kept[index].balance + change.balance
            kept[index].held = try kept[index].held + change.held
            if try kept[index].free >= kept[index].floor { continue }
            if kept[index].held > .zero {
                let lapsed = HoldStatements.expire(of: kept[index].account, brand: brand, now: now)
                for (_, amount) in try await tx.run(lapsed) { try kept[index].release(amount) }
            }
            guard try kept[index].free >= kept[index].floor else {
                throw LedgerError.belowFloor(kept[index].account)
            }
        }
        try await tx.execute(LedgerStatements.setBalances(kept, brand: brand, now: now))
    }
}
