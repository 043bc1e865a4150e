import FoundationEssentials
package import Kernel
import Orders
package import Postgres
package import Vault

extension Gifts {
    /// What the page of a gift says to the person who opened it.
    ///
    /// - Throws: ``Problem/giftNotAParty`` for everybody but its recipient, its giver included, and for a gift that was not sent: a link
    ///   says nothing to anybody else.
    package func page(of id: ID<Gift>, for shopper: Shopper, on tx: Transaction) async throws -> GiftPageFacts {
        let brand = shopper.brand
        guard let person = try await person(of: shopper, on: tx),
            let gift = try await tx.first(GiftStatements.gift(id, brand: brand)), gift.role(of: person) == .recipient,
            gift.sentAt != nil
        else { throw Problem.giftNotAParty }
        let now = try await tx.one(GiftStatements.clock())
        let view = try await recipientView(of: gift, brand: brand, now: now, on: tx)
        let product = try await Catalogue.product(gift.product, brand: brand, on: tx)
        let shop = try await Catalogue.shop(gift.shop, brand: brand, on: tx)
        let left = gift.acceptUntil.map { max(0, $0.timeIntervalSince(now)) } ?? 0
        return GiftPageFacts(
            view: view, product: product?.title ?? "", shop: shop?.name ?? "", secondsLeft: Int(left))
    }

    /// Takes a gift as the page's one form says: what was chosen, where it goes, and yes, all together or nothing.
    ///
    /// - Parameters:
    ///   - variant: What was chosen; nil leaves what there is.
    ///   - address: Where it goes; nil leaves what was given before.
    package func accept(
        _ id: ID<Gift>, choosing variant: ID<Variant>?, address: PostalAddress?, by shopper: Shopper,
        on tx: Transaction
    ) async throws -> RecipientView {
        if let variant { _ = try await swap(id, to: variant, by: shopper, on: tx) }
        if let address { _ = try await keepAddress(address, for: id, by: shopper, on: tx) }
        return try await accept(id, by: shopper, on: tx)
    }
}

extension GiftPageFacts {
    /// Whether its recipient can still do something about it.
    package var isOpen: Bool { [GiftState.sent, .claimed].map(\.rawValue).contains(view.state) }
}
