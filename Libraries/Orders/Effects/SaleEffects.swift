package import Accounting
package import FoundationEssentials
import Jobs
package import Kernel
package import Postgres

/// Something that a sale gives somebody: commission, points, what a coupon cost.
package struct SaleGrant: Hashable, Sendable {
    /// Why the money moves; once for an order.
    package var kind: TransferKind
    /// What moves, and how it is taken back.
    package var effect: SaleEffect
    /// Who is told by ``SaleTurned`` when all of it is back, or some of it is given again; nil for nobody.
    package var ownerQueue: String?

    /// A grant of `amount` from `debit` to `credit`, taken back as `backKind`.
    package init(
        _ kind: TransferKind, debit: ID<Account>, credit: ID<Account>, amount: Money, backKind: TransferKind,
        ownerQueue: String? = nil
    ) {
        self.kind = kind
        self.ownerQueue = ownerQueue
        effect = SaleEffect(debit: debit, credit: credit, amount: amount, backKind: backKind)
    }
}

/// An order as far as it can give something.
package struct Sale: Hashable, Sendable {
    /// Whose order it is.
    package let shop: ID<Shop>
    /// What it costs less what went back; nothing once it is cancelled.
    package let due: Money
}

/// What sales gave others, and took back with each refund: whichever way a refund is heard of.
///
/// Whoever gives something for a sale says so here once; nobody has to listen for refunds. Technical fees are apart: they follow from
/// volumes alone (``TechnicalFees``).
package enum SaleEffects {
    /// Posts what an order gives, and remembers it for refunds; what it gave before is not given twice.
    ///
    /// The accounts that receive must have no floor: what was spent already is taken back all the same, and stands there as a debt.
    ///
    /// - Parameter now: From `siyu.clock()`; the money counts for this instant.
    /// - Returns: Whether anything was given: nothing is for an order that is cancelled, free, or unknown.
    /// - Throws: `LedgerError`, ``SaleEffectError``; the transaction must then be rolled back.
    @discardableResult
    package static func give(
        _ grants: [SaleGrant], for order: ID<Order>, brand: ID<Brand>, now: Date, on tx: Transaction
    ) async throws -> Bool {
        // Whoever refunds it has this row, too: what is given is given before a refund, or not at all.
        guard let due = try await lock(order, brand: brand, on: tx)?.due, due > .zero else { return false }
        let receivers = grants.map(\.effect.credit)
        guard try await Ledger.lockedBalances(of: receivers, brand: brand, on: tx).isEmpty else {
            throw SaleEffectError.receiverHasFloor
        }
        let new = Set(
            try await tx.run(SaleEffectStatements.add(grants, for: order, sale: due, brand: brand, now: now)))
        let postings = grants.filter { new.contains($0.kind.rawValue) }.map { grant in
            Posting(
                debit: grant.effect.debit, credit: grant.effect.credit, amount: grant.effect.amount, kind: grant.kind,
                subject: order.rawValue, occurredAt: now)
        }
        try await Ledger.post(postings, brand: brand, now: now, on: tx)
        return !postings.isEmpty
    }

    /// Holds an order until the transaction ends: nothing of it is refunded meanwhile; nil for an order that there is not.
    package static func lock(_ order: ID<Order>, brand: ID<Brand>, on tx: Transaction) async throws -> Sale? {
        try await tx.first(SaleEffectStatements.lockOrder(order, brand: brand))
    }

    /// Whether all of what an order gave as a kind is back; nil where it gave nothing of the kind.
    package static func isReturned(
        _ kind: TransferKind, by order: ID<Order>, brand: ID<Brand>, on tx: Transaction
    ) async throws -> Bool? {
        try await tx.first(SaleEffectStatements.isReturned(kind, by: order, brand: brand))
    }

    /// Takes back, for a refund of an order or whatever else ends it, its share of everything that the order gave.
    ///
    /// What is due for the order is less by that already, and its row is locked by the caller.
    ///
    /// - Parameter cause: The refund, or the payment whose money was passed on: what the postings are about.
    static func takeBack(
        of order: ID<Order>, by cause: UUID, brand: ID<Brand>, now: Date, queue: JobQueue, on tx: Transaction
    ) async throws {
        guard let due = try await lock(order, brand: brand, on: tx)?.due else { return }
        try await move(
            [order: due], subject: { _ in cause }, brand: brand, now: now, queue: queue, on: tx)
    }

    /// Follows later versions of orders: what is due less is taken back, what is due again is given again.
    ///
    /// The orders' rows are locked by the caller.
    static func follow(
        _ changes: [OrderNews], brand: ID<Brand>, now: Date, queue: JobQueue, on tx: Transaction
    ) async throws {
        let moved = changes.filter { $0.before.due != $0.after.due }.map { ($0.order, $0.after.due) }
        try await move(
            Dictionary(moved) { _, last in last }, subject: { _ in ID<Refund>.mint().rawValue }, brand: brand,
            now: now, queue: queue, on: tx)
    }

    private static func move(
        _ dues: [ID<Order>: Money], subject: (ID<Order>) -> UUID, brand: ID<Brand>, now: Date, queue: JobQueue,
        on tx: Transaction
    ) async throws {
        if dues.isEmpty { return }
        let known = try await tx.run(SaleEffectStatements.effects(of: dues.keys.sorted(), brand: brand))
        for (order, effects) in Dictionary(grouping: known, by: \.order).sorted(by: { $0.key < $1.key }) {
            guard let due = dues[order] else { continue }
            let subject = subject(order)
            var told: Set<String> = []
            for effect in effects {
                let isTurned = try await move(effect, to: due, subject: subject, brand: brand, now: now, on: tx)
                guard isTurned, let owner = effect.ownerQueue, told.insert(owner).inserted else { continue }
                try await queue.push(
                    SaleTurned(brand: brand, order: order), options: JobOptions(brand: brand.rawValue, queue: owner),
                    on: tx)
            }
        }
    }

    /// By what is due now, not by how it came to that: an order that was worth more for a while gave nothing for it.
    ///
    /// - Returns: Whether all of it is back now, or was before.
    private static func move(
        _ given: GivenEffect, to due: Money, subject: UUID, brand: ID<Brand>, now: Date, on tx: Transaction
    ) async throws -> Bool {
        let after = min(max(try given.sale - due, .zero), given.sale)
        if after == given.returned { return false }
        let isTurned = after == given.sale || given.returned == given.sale
        try await tx.execute(
            SaleEffectStatements.setReturned(after, of: given.order, kind: given.kind, brand: brand, now: now))
        if after > given.returned {
            let step = try RefundStep(paid: given.sale, before: given.returned, after: after)
            _ = try await Ledger.takeBack(
                [given.effect], by: step, refund: subject, occurredAt: now, brand: brand, now: now, on: tx)
            return isTurned
        }
        let again = try RefundStep(paid: given.sale, before: after, after: given.returned)
            .share(of: given.effect.amount)
        guard again > .zero else { return isTurned }
        let posting = Posting(
            debit: given.effect.debit, credit: given.effect.credit, amount: again, kind: given.kind, subject: subject,
            occurredAt: now)
        try await Ledger.post([posting], brand: brand, now: now, on: tx)
        return isTurned
    }
}

/// Why a sale gives nothing: faults of a program, not of business.
package enum SaleEffectError: Error, Hashable, Sendable {
    /// Whoever receives could not give back what is spent: refunds would stand still.
    case receiverHasFloor
}

/// What an order gave, and how much of the order is back.
struct GivenEffect: Sendable {
    let order: ID<Order>
    let kind: TransferKind
    let effect: SaleEffect
    let sale: Money
    let returned: Money
    let ownerQueue: String?
}
