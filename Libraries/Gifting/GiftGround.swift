import FoundationEssentials
package import Kernel
import Orders
import Policies
package import Postgres

/// Everything that what may be given follows from, read at one instant and in one flight.
struct GiftGround: Sendable {
    let rules: GiftRules
    let goods: [ID<Variant>: Good]
    let sheet: PolicySheet

    /// What keeps a variant from being given.
    func obstacles(to variant: ID<Variant>) -> [GiftObstacle] { rules.obstacles(to: goods[variant]) }

    /// Refuses what may not be given, with its first obstacle.
    func requireGiftable(_ variant: ID<Variant>) throws(Problem) {
        if let obstacle = obstacles(to: variant).first { throw obstacle.problem }
    }

    /// Refuses people for whom gifts are not released.
    func requireReleased(to shopper: Shopper) throws {
        guard try sheet.value(.rollout).admits(shopper.openID, of: .rollout, brand: shopper.brand) else {
            throw Problem.giftNotReleased
        }
    }
}

extension Gifts {
    static let groundPolicies = [
        PolicyKey<PriceCeiling>.priceCeiling.name, PolicyKey<ExcludedCategories>.excludedCategories.name,
        PolicyKey<Rollout>.rollout.name, PolicyKey<PolicyDuration>.paymentWindow.name,
        PolicyKey<PolicyDuration>.sendAhead.name,
    ]

    /// Reads what may be given of some variants, as of an instant.
    func ground(
        for variants: [ID<Variant>], in shop: ID<Shop>, at now: Date, brand: ID<Brand>, on tx: Transaction
    ) async throws -> GiftGround {
        try await Self.ground(for: variants, in: shop, at: now, brand: brand, on: tx)
    }

    static func ground(
        for variants: [ID<Variant>], in shop: ID<Shop>, at now: Date, brand: ID<Brand>, on tx: Transaction
    ) async throws -> GiftGround {
        let (goods, switches, policies) = try await tx.pipeline(
            Catalogue.goods(variants, at: now, brand: brand), ShopSwitchStatements.value(shop, at: now, brand: brand),
            Policies.reading(Self.groundPolicies, brand: brand, at: now))
        let sheet = PolicySheet(policies)
        let rules = GiftRules(
            shop: shop, isShopOn: switches.first ?? true, excluded: Set(try sheet.value(.excludedCategories).codes),
            ceiling: try sheet.value(.priceCeiling))
        return GiftGround(
            rules: rules, goods: Dictionary(goods.map { ($0.variant, $0) }) { first, _ in first }, sheet: sheet)
    }
}

// MARK: - Asking beforehand

/// Whether a variant may be given, and if not, by which rules.
package struct GiftableVariant: Encodable, Hashable, Sendable {
    let variantID: ID<Variant>
    let giftable: Bool
    let reasons: [Reason]

    /// A rule that keeps it from being given.
    struct Reason: Encodable, Hashable, Sendable {
        let code: String
        let detail: String
    }

    /// What a product page is told of a variant.
    package init(_ variant: ID<Variant>, obstacles: [GiftObstacle]) {
        variantID = variant
        giftable = obstacles.isEmpty
        reasons = obstacles.map { Reason(code: $0.rawValue, detail: $0.problem.detail) }
    }
}

/// Whether a product page may offer to give what it shows.
package struct GiftableProduct: Encodable, Hashable, Sendable {
    let productID: ID<Product>
    /// Whether any of its variants may be given.
    let giftable: Bool
    let variants: [GiftableVariant]
}

extension Gifts {
    /// What keeps some variants of a shop from being given at this moment, in their order: what ``create(_:by:on:)`` would say.
    ///
    /// - Throws: ``Problem/giftNotReleased`` for a person for whom gifts are not released.
    package func giftable(
        _ variants: [ID<Variant>], in shop: ID<Shop>, for shopper: Shopper, on tx: Transaction
    ) async throws -> [[GiftObstacle]] {
        let now = try await tx.one(GiftStatements.clock())
        let ground = try await ground(for: variants, in: shop, at: now, brand: shopper.brand, on: tx)
        try ground.requireReleased(to: shopper)
        return variants.map { ground.obstacles(to: $0) }
    }

    /// Whether somebody may give a product, variant by variant.
    ///
    /// - Throws: ``Problem/giftNotReleased``; ``Problem/giftProductUnknown`` for what there is not, or not in the partner's shop.
    package func giftable(
        product id: ID<Product>, for shopper: Shopper, on tx: Transaction
    ) async throws -> GiftableProduct {
        guard let product = try await Catalogue.product(id, brand: shopper.brand, on: tx),
            shopper.shop == nil || shopper.shop == product.shop
        else { throw Problem.giftProductUnknown }
        let variants = try await Catalogue.variants(of: id, brand: shopper.brand, on: tx).map(\.id)
        let obstacles = try await giftable(variants, in: product.shop, for: shopper, on: tx)
        let answers = zip(variants, obstacles).map { GiftableVariant($0, obstacles: $1) }
        return GiftableProduct(productID: id, giftable: answers.contains(where: \.giftable), variants: answers)
    }
}
