import FoundationEssentials
package import Hooks
package import Kernel
import Metrics
package import Postgres

/// Gathers what is accepted together: one transaction for all of it, one answer for each.
///
/// What cannot be carried out together (a gift that somebody holds, or a fault of one of them) is accepted alone, by its own caller, as
/// if there were no desk: see Decisions/0006.
package final class AcceptDesk: Sendable {
    /// How the view of a gift becomes the answer that is stored.
    package typealias Answer = @Sendable (RecipientView) throws -> StoredAnswer

    /// Acceptances in one transaction, at most.
    package static let batchMax = Limit(128, reason: "a commit is shared by many, and still takes milliseconds")
    /// Transactions of one brand at a time, at most.
    package static let flightsMax = Limit(2, reason: "one waits for the disk while the other computes")
    /// So many wait before a second transaction sets out.
    package static let companyMin = Limit(32, reason: "fewer would pay for a commit of their own and win nothing")
    /// Acceptances that wait, at most.
    package static let waitingMax = Limit(4_096, reason: "more would time out before their turn: better told at once")

    private let gifts: Gifts
    private let pool: Pool
    private let answer: Answer
    /// How many were accepted by themselves: far more than a few tell of something that keeps spoiling transactions.
    private let alone = Counter(label: "siyu.gift.accept.alone")
    private let desk: Desk<AcceptWish, AcceptBatch.Outcome>

    /// A desk in front of the gifts in the database of `pool`.
    package init(gifts: Gifts, pool: Pool, answer: @escaping Answer) {
        self.gifts = gifts
        self.pool = pool
        self.answer = answer
        let limits = DeskLimits(
            batch: Self.batchMax, flights: Self.flightsMax, company: Self.companyMin, waiting: Self.waitingMax)
        desk = Desk(limits, label: "siyu.gift.accept.batch.size") { wishes, brand in
            do {
                return try await pool.transaction { tx in
                    try await AcceptBatch(wishes, brand: brand, gifts: gifts, answer: answer).run(on: tx)
                }
            } catch let error where (error as? PostgresError)?.isAway != true {
                // One of them cannot be accepted: the others shall not suffer for it.
                return wishes.map { _ in .success(.alone) }
            }
        }
    }

    /// How many wait for the next transaction.
    package var waitingCount: Int { desk.waitingCount }

    /// Takes a gift, as ``Gifts/accept(_:by:on:)`` does, once, however often the request is repeated.
    ///
    /// - Parameter bodyHash: SHA-256 of the request's body.
    /// - Throws: ``Problem``: what was refused, or 503 when too many wait or the caller's task is cancelled; `PostgresError`.
    package func accept(
        _ id: ID<Gift>, by shopper: Shopper, as request: IdempotentRequest, bodyHash: [UInt8]
    ) async throws -> StoredAnswer {
        // The digest is computed here: what a transaction computes holds up the others.
        let wish = AcceptWish(
            gift: id, shopper: shopper, index: gifts.blindIndex(of: shopper), request: request, bodyHash: bodyHash)
        switch try await desk.serve(wish, of: shopper.brand) {
        case .answered(let answer): return answer
        case .alone:
            alone.increment()
            return try await acceptAlone(wish)
        }
    }

    private func acceptAlone(_ wish: AcceptWish) async throws -> StoredAnswer {
        try await pool.transaction { tx in
            try await Idempotency.answer(wish.request, bodyHash: wish.bodyHash, on: tx) { tx in
                try answer(try await gifts.accept(wish.gift, by: wish.shopper, on: tx))
            }
        }
    }
}

/// Somebody who wants to take a gift.
struct AcceptWish: Sendable {
    let gift: ID<Gift>
    let shopper: Shopper
    /// By which the vault finds the shopper.
    let index: [UInt8]
    let request: IdempotentRequest
    let bodyHash: [UInt8]
}
