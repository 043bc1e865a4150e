import FoundationEssentials
package import Kernel
package import Keys
package import Postgres
import Vault

extension KeyRing.Purpose {
    /// Links by which ratings are passed on.
    fileprivate static let ratingShare = KeyRing.Purpose("gift-rating-share")
}

/// What a recipient thinks of a gift.
struct GiftRating: Hashable, Sendable {
    let gift: ID<Gift>
    let product: ID<Product>
    let rater: ID<Person>
    let stars: Int
    let ratedAt: Date
}

/// A rating as its rater, and whoever comes by its link, may see it.
package struct RatingView: Encodable, Hashable, Sendable {
    let productID: ID<Product>
    let stars: Int
    let ratedAt: Date
    /// Who passes it on: the same for all that one person rates, and nothing that they are known by elsewhere.
    let raterID: ID<Person>
    /// What a link carries: for the rater to pass on.
    let share: String
}

/// Ratings of gifts, one a gift, and the links by which they are passed on.
package struct GiftRatings: Sendable {
    private let gifts: Gifts
    private let keys: KeyRing

    /// Ratings of the gifts of `gifts`, whose links `keys` sign.
    package init(gifts: Gifts, keys: KeyRing) {
        self.gifts = gifts
        self.keys = keys
    }

    /// Keeps what the recipient of an accepted gift thinks of it; the same again changes nothing.
    ///
    /// - Throws: ``Problem/ratingMalformed``; ``Problem/ratingTooEarly``; ``Problem/ratingDiffers`` for another opinion of the same gift.
    package func rate(_ id: ID<Gift>, stars: Int, by shopper: Shopper, on tx: Transaction) async throws -> RatingView {
        guard (1...5).contains(stars) else { throw Problem.ratingMalformed }
        let turn = try await gifts.turn(on: id, of: shopper, as: .recipient, tx)
        guard turn.gift.state == .accepted, turn.gift.withdrawnAt == nil else { throw Problem.ratingTooEarly }
        let rating = GiftRating(
            gift: id, product: turn.gift.product, rater: turn.gift.recipient, stars: stars, ratedAt: turn.now)
        if try await tx.first(RatingStatements.add(rating, of: turn.gift, brand: turn.brand)) != nil {
            return view(rating, brand: turn.brand)
        }
        let earlier = try await tx.one(RatingStatements.rating(of: id, brand: turn.brand))
        guard earlier.stars == stars else { throw Problem.ratingDiffers }
        return view(earlier, brand: turn.brand)
    }

    /// Says whose rating a link passes on, and remembers who came by it first when.
    ///
    /// - Throws: ``Problem/ratingUnknown`` for a link that we did not sign, or another brand's.
    package func visit(_ share: String, by shopper: Shopper, on tx: Transaction) async throws -> RatingView {
        let brand = shopper.brand
        guard let id = gift(of: share, brand: brand),
            let rating = try await tx.first(RatingStatements.rating(of: id, brand: brand))
        else { throw Problem.ratingUnknown }
        let now = try await tx.one(GiftStatements.clock())
        let visitor = try await gifts.vault.persons(
            [shopper.openID], kind: Gifts.openID, brand: brand, now: now, on: tx)[0]
        if visitor != rating.rater {
            try await tx.execute(RatingStatements.visit(id, by: visitor, brand: brand, now: now))
        }
        return view(rating, brand: brand)
    }

    // MARK: Links

    private func view(_ rating: GiftRating, brand: ID<Brand>) -> RatingView {
        let id = rating.gift.description
        let share = "\(id).\(Base64URL.text(keys.sign(Self.message(rating.gift, brand), for: .ratingShare)))"
        return RatingView(
            productID: rating.product, stars: rating.stars, ratedAt: rating.ratedAt, raterID: rating.rater,
            share: share)
    }

    private func gift(of share: String, brand: ID<Brand>) -> ID<Gift>? {
        let parts = share.split(separator: ".", maxSplits: 1)
        guard parts.count == 2, let id = ID<Gift>(parts[0]), let signature = Base64URL.bytes(parts[1]),
            keys.isValid(signature: signature, of: Self.message(id, brand), for: .ratingShare)
        else { return nil }
        return id
    }

    private static func message(_ gift: ID<Gift>, _ brand: ID<Brand>) -> [UInt8] {
        Array("siyu-gift-rating-1\n\(brand)\n\(gift)".utf8)
    }
}

extension Problem {
    /// 422: not one to five.
    package static let ratingMalformed = Problem.invalid("`stars` is 1 to 5.", code: "gift_rating_malformed")
    /// 409: not theirs yet.
    package static let ratingTooEarly = Problem.conflict(
        "A gift is rated by its recipient once it was accepted.", code: "gift_rating_too_early")
    /// 409: one opinion a gift.
    package static let ratingDiffers = Problem.conflict(
        "This gift was rated before: a rating stays what it was.", code: "gift_rating_differs")
    /// 404: not our link.
    package static let ratingUnknown = Problem(
        status: 404, code: "gift_rating_unknown", title: "Not found", detail: "There is no such rating.")
}
