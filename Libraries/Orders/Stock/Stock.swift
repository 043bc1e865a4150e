package import FoundationEssentials
package import Kernel
package import Postgres

/// Why a variant leaves the shelf or comes back; owned by the room that moves it.
package struct StockMoveKind: RawRepresentable, Hashable, Sendable, ExpressibleByStringLiteral {
    /// The word in the database.
    package let rawValue: String

    /// A kind by its word.
    package init(rawValue: String) { self.rawValue = rawValue }

    /// A kind by its word.
    package init(stringLiteral value: String) { self.init(rawValue: value) }

    /// A delivery came in.
    package static let received: StockMoveKind = "received"
}

/// A variant that leaves the shelf (below zero) or comes to it.
package struct StockMove: Hashable, Sendable {
    /// What moves.
    package var variant: ID<Variant>
    /// How many; negative takes them away.
    package var quantity: Int
    /// Why.
    package var kind: StockMoveKind
    /// What for: the same variant, kind and subject move once.
    package var subject: UUID

    /// A variant that is to move.
    package init(variant: ID<Variant>, quantity: Int, kind: StockMoveKind, subject: UUID) {
        self.variant = variant
        self.quantity = quantity
        self.kind = kind
        self.subject = subject
    }
}

/// What came of moving stock.
package enum StockOutcome: Hashable, Sendable {
    /// All has moved, now or in part before.
    case moved
    /// All had moved before; nothing was done.
    case repeated
    /// There is not enough of a variant; nothing was done.
    case soldOut(ID<Variant>)
}

/// Why stock cannot be moved at all: faults of a program, not of business.
package enum StockError: Error, Hashable, Sendable {
    /// The brand has no such variant.
    case variantUnknown(ID<Variant>)
    /// A movement of nothing, or two of one variant, kind and subject.
    case movesMalformed
    /// The same variant, kind and subject moved before in another quantity.
    case contradiction(ID<Variant>, kind: StockMoveKind, subject: UUID)
}

/// What the shelves of a brand hold: movements that are never changed, and their sum.
package enum Stock {
    /// Moves all of `moves`, or nothing if one variant does not suffice.
    ///
    /// The rows of the variants are locked in the order of their ids until the transaction ends, so that two batches cannot deadlock and
    /// what is decided here stays true. Two round trips, however many variants.
    ///
    /// - Parameter now: The instant of the movement, from `siyu.clock()`.
    /// - Returns: ``StockOutcome/soldOut(_:)`` is a refusal after which the transaction may go on: nothing was written.
    /// - Throws: ``StockError``; the transaction must then be rolled back.
    package static func move(
        _ moves: [StockMove], brand: ID<Brand>, now: Date, on tx: Transaction
    ) async throws -> StockOutcome {
        if moves.isEmpty { return .repeated }
        guard Set(moves.map(MoveKey.init)).count == moves.count, !moves.contains(where: { $0.quantity == 0 }) else {
            throw StockError.movesMalformed
        }
        let variants = Set(moves.map(\.variant)).sorted()
        // Two statements: the second must see what the previous holder of the rows committed.
        let (shelves, earlier) = try await tx.pipeline(
            StockStatements.lock(variants, brand: brand), StockStatements.recorded(moves, brand: brand))
        let plan = try StockPlan(moves, available: Dictionary(uniqueKeysWithValues: shelves), recorded: earlier)
        if let missing = plan.soldOut { return .soldOut(missing) }
        if plan.fresh.isEmpty { return .repeated }
        _ = try await tx.pipeline(
            StockStatements.record(plan.fresh, brand: brand, now: now),
            StockStatements.setAvailable(plan.available, brand: brand, now: now))
        return .moved
    }

    /// Takes a delivery in; the same delivery again changes nothing.
    package static func receive(
        _ quantity: Int, of variant: ID<Variant>, delivery: UUID, brand: ID<Brand>, now: Date, on tx: Transaction
    ) async throws -> StockOutcome {
        try await move(
            [StockMove(variant: variant, quantity: quantity, kind: .received, subject: delivery)], brand: brand,
            now: now, on: tx)
    }
}

/// What makes two movements the same.
private struct MoveKey: Hashable {
    let variant: ID<Variant>
    let kind: StockMoveKind
    let subject: UUID

    init(_ move: StockMove) {
        variant = move.variant
        kind = move.kind
        subject = move.subject
    }
}

/// What is to be written for some movements, given what the shelves hold: the pure part.
struct StockPlan {
    /// The movements that have not been made before, in the order of their key.
    let fresh: [StockMove]
    /// What each moved variant has afterwards, in variant order.
    let available: [(variant: ID<Variant>, available: Int)]
    /// The first variant that does not suffice.
    let soldOut: ID<Variant>?

    init(_ moves: [StockMove], available shelves: [ID<Variant>: Int], recorded: [StockMove]) throws(StockError) {
        let before = Dictionary(recorded.map { (MoveKey($0), $0.quantity) }) { first, _ in first }
        var fresh: [StockMove] = []
        var after: [ID<Variant>: Int] = [:]
        for move in moves {
            guard let available = shelves[move.variant] else { throw .variantUnknown(move.variant) }
            if let quantity = before[MoveKey(move)] {
                guard quantity == move.quantity else {
                    throw .contradiction(move.variant, kind: move.kind, subject: move.subject)
                }
                continue
            }
            fresh.append(move)
            let (sum, overflows) = (after[move.variant] ?? available).addingReportingOverflow(move.quantity)
            if overflows { throw .movesMalformed }
            after[move.variant] = sum
        }
        self.fresh = fresh
        available = after.keys.sorted().map { ($0, after[$0, default: 0]) }
        soldOut = available.first { $0.available < 0 }?.variant
    }
}
