import FoundationEssentials
package import Kernel
import Orders
import Policies
package import Postgres

extension Gifts {
    /// Shows the giver the price, and captures the list prices of all variants of the product.
    package func quote(_ id: ID<Gift>, by shopper: Shopper, on tx: Transaction) async throws -> SenderView {
        let turn = try await turn(on: id, of: shopper, as: .sender, tx)
        let variants = try await Catalogue.variants(of: turn.gift.product, brand: turn.brand, on: tx)
        guard let variant = variants.first(where: { $0.id == turn.gift.variant }) else {
            throw Problem.giftVariantUnknown
        }
        let ceiling = try await Policies.value(.priceCeiling, brand: turn.brand, at: turn.now, on: tx)
        let gift = try await carryOut(.quote(listPrice: variant.listPrice, ceiling: ceiling), turn, on: tx)
        try await capture(variants, turn, on: tx)
        return SenderView(gift, variantTitle: variant.title)
    }

    func capture(_ variants: [VariantRecord], _ turn: Turn, on tx: Transaction) async throws {
        let prices = variants.map { (variant: $0.id, price: $0.listPrice) }
        try await tx.execute(
            GiftStatements.capture(prices, for: turn.gift.id, brand: turn.brand, now: turn.now))
    }
}
