package import FoundationEssentials
package import Kernel
package import Postgres

/// A line of an order, by its place; an order without lines is one.
package struct OrderLineKey: Hashable, Sendable {
    /// The order.
    package let order: ID<Order>
    /// The line, from 1.
    package let line: Int

    /// A line by its place.
    package init(order: ID<Order>, line: Int) {
        self.order = order
        self.line = line
    }
}

/// What whoever bought it thinks of a line of their order.
package struct OrderRating: Hashable, Sendable {
    /// The line.
    package let key: OrderLineKey
    /// What was bought; nil where the order does not say.
    package let product: ID<Product>?
    /// Who paid, and rates.
    package let rater: ID<Person>
    /// One to five.
    package let stars: Int
    /// When.
    package let ratedAt: Date
}

/// Ratings of what was bought, one a line, and who came by their links.
package enum OrderRatings {
    /// Keeps what a person thinks of a line that they paid for; the same again changes nothing.
    ///
    /// - Parameters:
    ///   - shop: The only shop whose orders may be touched; nil for all of the brand.
    ///   - now: The instant, from `siyu.clock()`.
    /// - Throws: ``Problem/orderRatingMalformed``; ``Problem/orderRatingNotYours`` for others' orders and for none;
    ///   ``Problem/orderRatingTooLate`` for one that was called off; ``Problem/orderRatingDiffers`` for another opinion of the same line.
    package static func rate(
        _ key: OrderLineKey, stars: Int, by person: ID<Person>, shop: ID<Shop>?, brand: ID<Brand>, now: Date,
        on tx: Transaction
    ) async throws -> OrderRating {
        guard (1...5).contains(stars) else { throw Problem.orderRatingMalformed }
        let (orders, lines) = try await tx.pipeline(
            OrderRatingStatements.order(key.order, brand: brand),
            OrderRatingStatements.products(of: key.order, brand: brand))
        guard let order = orders.first, order.person == person, shop == nil || shop == order.shop else {
            throw Problem.orderRatingNotYours
        }
        guard order.status != .cancelled else { throw Problem.orderRatingTooLate }
        let product = lines.first { $0.line == key.line }?.product
        guard product != nil || (lines.isEmpty && key.line == 1) else { throw Problem.orderRatingNotYours }
        let rating = OrderRating(key: key, product: product, rater: person, stars: stars, ratedAt: now)
        if try await tx.first(OrderRatingStatements.add(rating, shop: order.shop, brand: brand)) != nil {
            return rating
        }
        let earlier = try await tx.one(OrderRatingStatements.rating(of: key, brand: brand))
        guard earlier.stars == stars else { throw Problem.orderRatingDiffers }
        return earlier
    }

    /// The rating of a line; nil if there is none.
    package static func rating(
        of key: OrderLineKey, brand: ID<Brand>, on executor: some Executor
    ) async throws -> OrderRating? {
        try await executor.first(OrderRatingStatements.rating(of: key, brand: brand))
    }

    /// Remembers who came by a rating's link first when.
    package static func visit(
        _ key: OrderLineKey, by person: ID<Person>, brand: ID<Brand>, now: Date, on tx: Transaction
    ) async throws {
        try await tx.execute(OrderRatingStatements.visit(key, by: person, brand: brand, now: now))
    }
}

extension Problem {
    /// 422: not one to five.
    package static let orderRatingMalformed = Problem.invalid("`stars` is 1 to 5.", code: "order_rating_malformed")
    /// 403: not an order of theirs, or no such line.
    package static let orderRatingNotYours = Problem(
        status: 403, code: "order_rating_not_yours", title: "Forbidden",
        detail: "A line of an order is rated by whoever paid for it.")
    /// 409: called off.
    package static let orderRatingTooLate = Problem.conflict(
        "This order was called off: there is nothing to rate.", code: "order_rating_too_late")
    /// 409: one opinion a line.
    package static let orderRatingDiffers = Problem.conflict(
        "This line was rated before: a rating stays what it was.", code: "order_rating_differs")
}
