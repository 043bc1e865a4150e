import FoundationEssentials
package import Kernel
import Orders
import Policies
package import Postgres

/// A gift that its giver may pay for now.
package struct PayableGift: Hashable, Sendable {
    /// The gift.
    package let gift: ID<Gift>
    /// The payment that the provider is to be asked about.
    package let payment: ID<Payment>
}

extension Gifts {
    /// Keeps what is given in stock and writes down the money that is asked for, in one commit; the provider is asked afterwards.
    ///
    /// The captured prices are those of this moment from here on. A gift that waits for its payment already gives the same payment.
    package func reserve(_ id: ID<Gift>, by shopper: Shopper, on tx: Transaction) async throws -> PayableGift {
        let turn = try await turn(on: id, of: shopper, as: .sender, tx)
        let variants = try await Catalogue.variants(of: turn.gift.product, brand: turn.brand, on: tx)
        guard let variant = variants.first(where: { $0.id == turn.gift.variant }) else {
            throw Problem.giftVariantUnknown
        }
        let ground = try await ground(
            for: [variant.id], in: turn.gift.shop, at: turn.now, brand: turn.brand, on: tx)
        let window = try ground.sheet.value(.paymentWindow)
        if turn.gift.state == .quoted {
            // Whoever is paying already goes on; before that the rules of this moment hold.
            try ground.requireGiftable(variant.id)
            // Before the shelf is held; a refusal takes it back.
            try await capture(variants, turn, on: tx)
        }
        let gift = try await carryOut(
            .pay(listPrice: variant.listPrice, as: .mint(), window: window.asSeconds), turn, on: tx)
        guard let payment = gift.payment else { throw GiftingError.stateMoved }
        return PayableGift(gift: gift.id, payment: payment)
    }
}
