import FoundationEssentials
package import Kernel
import Orders
package import Postgres

extension Gifts {
    /// Shows the giver the price, and captures the list prices of all variants of the product.
    package func quote(_ id: ID<Gift>, by shopper: Shopper, on tx: Transaction) async throws -> SenderView {
        let turn = try await turn(on: id, of: shopper, as: .sender, tx)
        let variants = try await Catalogue.variants(of: turn.gift.product, brand: turn.brand, on: tx)
        guard let variant = variants.first(where: { $0.id == turn.gift.variant }) else {
            throw Problem.giftVariantUnknown
        }
        let ground = try await ground(
            for: [variant.id], in: turn.gift.shop, at: turn.now, brand: turn.brand, on: tx)
        let gift = try await carryOut(.quote(listPrice: variant.listPrice, ceiling: ground.rules.ceiling), turn, on: tx)
        // After the gift's own state was asked: who is late hears that first. A refusal takes the quote back.
        try ground.requireGiftable(variant.id)
        try await capture(variants, turn, on: tx)
        return SenderView(gift, variantTitle: variant.title)
    }

    func capture(_ variants: [VariantRecord], _ turn: Turn, on tx: Transaction) async throws {
        let prices = variants.map { (variant: $0.id, price: $0.listPrice) }
        try await tx.execute(
            GiftStatements.capture(prices, for: turn.gift.id, brand: turn.brand, now: turn.now))
    }
}
