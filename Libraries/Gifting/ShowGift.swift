import FoundationEssentials
package import Kernel
import Orders
package import Postgres

/// A gift as the person who asks may see it.
package enum GiftView: Hashable, Sendable {
    /// For its giver.
    case sender(SenderView)
    /// For its recipient.
    case recipient(RecipientView)
}

extension Gifts {
    /// Shows a gift to one of its two people; the view follows from who they are in it.
    ///
    /// - Throws: ``Problem/giftNotAParty``; ``Problem/giftNotSent`` for the recipient of a gift that has not been sent.
    package func show(_ id: ID<Gift>, to shopper: Shopper, on tx: Transaction) async throws -> GiftView {
        let brand = shopper.brand
        guard let person = try await person(of: shopper, on: tx),
            let gift = try await tx.first(GiftStatements.gift(id, brand: brand)),
            shopper.shop == nil || shopper.shop == gift.shop, let role = gift.role(of: person)
        else { throw Problem.giftNotAParty }
        switch role {
        case .sender: return .sender(try await senderView(of: gift, brand: brand, on: tx))
        case .recipient:
            let now = try await tx.one(GiftStatements.clock())
            return .recipient(try await recipientView(of: gift, brand: brand, now: now, on: tx))
        }
    }

    func senderView(of gift: GiftRecord, brand: ID<Brand>, on tx: Transaction) async throws -> SenderView {
        let variant = try await Catalogue.variant(gift.bought, brand: brand, on: tx)
        return SenderView(gift, variantTitle: variant?.title ?? "", page: pagePath(of: gift, brand: brand))
    }

    /// Choices are offered while they can be taken: the variants whose captured price is that of the gift, itself included.
    func recipientView(
        of gift: GiftRecord, brand: ID<Brand>, now: Date, on tx: Transaction
    ) async throws -> RecipientView {
        guard gift.sentAt != nil else { throw Problem.giftNotSent }
        let variants = try await Catalogue.variants(of: gift.product, brand: brand, on: tx)
        var choices: [(id: ID<Variant>, title: String, inStock: Bool)] = []
        if [.sent, .claimed].contains(gift.state), let until = gift.acceptUntil, now <= until {
            let captured = try await tx.run(GiftStatements.capturedPrices(of: gift.id, brand: brand))
            let offered = Set(captured.filter { $0.price == gift.price }.map(\.variant))
            choices = variants.filter { offered.contains($0.id) }.map {
                (id: $0.id, title: $0.title, inStock: $0.available > 0 || $0.id == gift.variant)
            }
        }
        let title = variants.first { $0.id == gift.variant }?.title ?? ""
        var cover: CoverRecord?
        if let code = gift.cover {
            let known = try await tx.first(WishStatements.cover(code, brand: brand))
            cover = known.flatMap { $0.isLicensed(at: now) ? $0 : nil }
        }
        return RecipientView(.init(gift), variantTitle: title, choices: choices, cover: cover)
    }
}
