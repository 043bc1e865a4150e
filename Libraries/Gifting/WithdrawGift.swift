import FoundationEssentials
package import Kernel
package import Postgres

/// Who takes an accepted gift back on behalf of a shop, and why.
package struct GiftWithdrawal: Hashable, Sendable {
    /// The only shop whose gifts they may take back; nil for all of the brand.
    package let shop: ID<Shop>?
    /// Who decides.
    package let author: String
    /// Why.
    package let reason: String

    /// A decision in its parts.
    ///
    /// - Throws: ``Problem`` for a reason that is missing or too long.
    package init(shop: ID<Shop>?, author: String, reason: String) throws(Problem) {
        guard (1...500).contains(reason.unicodeScalars.count), !reason.allSatisfy(\.isWhitespace) else {
            throw .invalid("Give a reason, in at most 500 characters.", code: "gift_reason_malformed")
        }
        self.shop = shop
        self.author = author
        self.reason = reason
    }
}

/// An accepted gift that its shop took back, as whoever did it may see it: neither address nor people.
package struct WithdrawnGift: Encodable, Hashable, Sendable {
    let giftID: ID<Gift>
    let state: String
    let withdrawnAt: Date?
    let refundID: ID<Refund>?
    let refundedAt: Date?

    init(_ gift: GiftRecord) {
        giftID = gift.id
        state = gift.state.rawValue
        withdrawnAt = gift.withdrawnAt
        refundID = gift.refund
        refundedAt = gift.refundedAt
    }
}

extension Gifts {
    /// Takes back what was accepted and cannot be delivered: what the shop earned goes back where it came from and from there to the giver,
    /// the piece into the stock.
    ///
    /// The lock that binds giver and recipient does not bind the shop. A second time changes nothing.
    package func withdraw(
        _ id: ID<Gift>, brand: ID<Brand>, _ decision: GiftWithdrawal, on tx: Transaction
    ) async throws -> WithdrawnGift {
        guard let (gift, now) = try await lock(id, brand: brand, on: tx),
            decision.shop == nil || decision.shop == gift.shop
        else { throw Problem.notFound("There is no such gift.") }
        switch GiftLife.decide(gift, .withdraw, now: now) {
        case .refused(let problem): throw problem
        case .unchanged, .notYet: return WithdrawnGift(gift)
        case .changed(let next, let effects):
            let withdrawn = try await carryOut(effects, to: next, from: gift.state, brand: brand, on: tx)
            try await tx.execute(GiftStatements.addWithdrawal(decision, of: id, brand: brand, now: now))
            try await noteWithdrawal(of: withdrawn, brand: brand, on: tx)
            return WithdrawnGift(withdrawn)
        }
    }
}
