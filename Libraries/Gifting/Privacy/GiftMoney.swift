import FoundationEssentials
package import Kernel
package import Postgres

/// The money of a gift, as those see it who keep the brand's accounts: neither people nor address, greeting or what it is.
///
/// It shares no field, encoder or protocol with ``RecipientView`` and ``PackingSlip``.
package struct GiftMoney: Encodable, Hashable, Sendable {
    let giftID: ID<Gift>
    let shopID: ID<Shop>
    let state: String
    let priceFen: Int64?
    let paymentID: ID<Payment>?
    let orderID: ID<Order>?
    let refundID: ID<Refund>?
    let sentAt: Date?
    let endedAt: Date?
    let refundedAt: Date?
    let withdrawnAt: Date?

    init(_ gift: GiftRecord) {
        giftID = gift.id
        shopID = gift.shop
        state = gift.state.rawValue
        priceFen = gift.price?.fen
        paymentID = gift.payment
        orderID = gift.order
        refundID = gift.refund
        sentAt = gift.sentAt
        endedAt = gift.endedAt
        refundedAt = gift.refundedAt
        withdrawnAt = gift.withdrawnAt
    }
}

extension Gifts {
    /// The money of a gift.
    ///
    /// - Parameter shop: The only shop whose gifts are the caller's business; nil for all of the brand.
    /// - Throws: ``Problem`` 404.
    package func money(
        of id: ID<Gift>, shop: ID<Shop>?, brand: ID<Brand>, on tx: Transaction
    ) async throws -> GiftMoney {
        guard let gift = try await tx.first(GiftStatements.gift(id, brand: brand)), shop == nil || shop == gift.shop
        else { throw Problem.notFound("There is no such gift.") }
        return GiftMoney(gift)
    }
}
