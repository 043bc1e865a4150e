import FoundationEssentials
package import Kernel
package import Keys
package import Orders
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
    /// Nil where an order does not say what was bought.
    let productID: ID<Product>?
    let stars: Int
    let ratedAt: Date
    /// Who passes it on: the same for all that one person rates, and nothing that they are known by elsewhere.
    let raterID: ID<Person>
    /// What a link carries: for the rater to pass on.
    let share: String
}

/// Ratings of gifts, one a gift, and of what people bought for themselves, one a line; and the links by which both are passed on.
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

    /// Keeps what whoever paid for it thinks of a line of an order; the same again changes nothing.
    ///
    /// The order of a gift is its giver's, and what is thought of it its recipient's to say.
    ///
    /// - Throws: ``Problem``.
    package func rate(
        _ key: OrderLineKey, stars: Int, by shopper: Shopper, on tx: Transaction
    ) async throws -> RatingView {
        let brand = shopper.brand
        guard let person = try await gifts.person(of: shopper, on: tx) else { throw Problem.orderRatingNotYours }
        if let intent = try await Payments.intent(of: key.order, brand: brand, on: tx),
            Gifts.gift(ofSubject: intent.subject) != nil || Gifts.group(ofSubject: intent.subject) != nil
                || Gifts.cash(ofSubject: intent.subject) != nil
        {
            throw Problem.orderRatingNotYours
        }
        let now = try await tx.one(GiftStatements.clock())
        let rating = try await OrderRatings.rate(
            key, stars: stars, by: person, shop: shopper.shop, brand: brand, now: now, on: tx)
        return view(rating, brand: brand)
    }

    /// Says whose rating a link passes on, and remembers who came by it first when.
    ///
    /// - Throws: ``Problem/ratingUnknown`` for a link that we did not sign, or another brand's.
    package func visit(_ share: String, by shopper: Shopper, on tx: Transaction) async throws -> RatingView {
        let brand = shopper.brand
        if let key = line(of: share, brand: brand) {
            guard let rating = try await OrderRatings.rating(of: key, brand: brand, on: tx) else {
                throw Problem.ratingUnknown
            }
            let (visitor, now) = try await visitor(shopper, on: tx)
            if visitor != rating.rater {
                try await OrderRatings.visit(key, by: visitor, brand: brand, now: now, on: tx)
            }
            return view(rating, brand: brand)
        }
        guard let id = gift(of: share, brand: brand),
            let rating = try await tx.first(RatingStatements.rating(of: id, brand: brand))
        else { throw Problem.ratingUnknown }
        let (visitor, now) = try await visitor(shopper, on: tx)
        if visitor != rating.rater {
            try await tx.execute(RatingStatements.visit(id, by: visitor, brand: brand, now: now))
        }
        return view(rating, brand: brand)
    }

    private func visitor(_ shopper: Shopper, on tx: Transaction) async throws -> (ID<Person>, Date) {
        let now = try await tx.one(GiftStatements.clock())
        let visitor = try await gifts.vault.persons(
            [shopper.openID], kind: Gifts.openID, brand: shopper.brand, now: now, on: tx)[0]
        return (visitor, now)
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

    private func view(_ rating: OrderRating, brand: ID<Brand>) -> RatingView {
        let signature = Base64URL.text(keys.sign(Self.message(rating.key, brand), for: .ratingShare))
        return RatingView(
            productID: rating.product, stars: rating.stars, ratedAt: rating.ratedAt, raterID: rating.rater,
            share: "\(rating.key.order).\(rating.key.line).\(signature)")
    }

    /// Links of orders have three parts, those of gifts two; each is signed as what it is.
    private func line(of share: String, brand: ID<Brand>) -> OrderLineKey? {
        let parts = share.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let order = ID<Order>(parts[0]), let line = Int(parts[1]), parts[1] == "\(line)",
            let signature = Base64URL.bytes(parts[2])
        else { return nil }
        let key = OrderLineKey(order: order, line: line)
        return keys.isValid(signature: signature, of: Self.message(key, brand), for: .ratingShare) ? key : nil
    }

    private static func message(_ key: OrderLineKey, _ brand: ID<Brand>) -> [UInt8] {
        Array("siyu-order-rating-1\n\(brand)\n\(key.order)\n\(key.line)".utf8)
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
