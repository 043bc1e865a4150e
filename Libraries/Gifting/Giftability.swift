package import Kernel
package import Orders

/// A rule that keeps something from being given; its word is the code of the refusal, too.
package enum GiftObstacle: String, Hashable, Sendable, CaseIterable {
    /// The shop does not sell it.
    case unknown = "gift_variant_unknown"
    /// The shop has no gifts at all.
    case shopIsOff = "gift_shop_off"
    /// It is of a category that may not be given, or of one below.
    case excluded = "gift_category_excluded"
    /// It costs nothing.
    case costsNothing = "gift_costs_nothing"
    /// It is more expensive than gifts may be.
    case aboveCeiling = "gift_above_ceiling"

    /// The refusal of whoever would give it all the same.
    package var problem: Problem {
        switch self {
        case .unknown: .giftVariantUnknown
        case .shopIsOff: .giftShopOff
        case .excluded: .giftCategoryExcluded
        case .costsNothing: .giftCostsNothing
        case .aboveCeiling: .giftAboveCeiling
        }
    }
}

/// The rules about what may be given in a shop, as they hold at one instant.
package struct GiftRules: Hashable, Sendable {
    /// Whose goods are given.
    package let shop: ID<Shop>
    /// Whether the shop has gifts at all.
    package let isShopOn: Bool
    /// The codes of the categories that may not be given.
    package let excluded: Set<String>
    /// The most that may be given.
    package let ceiling: PriceCeiling

    /// Rules in their parts.
    package init(shop: ID<Shop>, isShopOn: Bool, excluded: Set<String>, ceiling: PriceCeiling) {
        self.shop = shop
        self.isShopOn = isShopOn
        self.excluded = excluded
        self.ceiling = ceiling
    }

    /// What keeps a good from being given, most important first; nothing if it may be given.
    ///
    /// The one decision about it: whoever asks beforehand and whoever gives are judged here. Nil is a good that there is not; of what
    /// another shop sells, no more is said. What is in stock is no rule: it may be back until the gift is paid for.
    package func obstacles(to good: Good?) -> [GiftObstacle] {
        guard let good, good.shop == shop else { return [.unknown] }
        var found: [GiftObstacle] = []
        if !isShopOn { found.append(.shopIsOff) }
        if !good.categories.isDisjoint(with: excluded) { found.append(.excluded) }
        switch GiftLife.refusal(of: good.listPrice, ceiling) {
        case nil: break
        case .giftCostsNothing?: found.append(.costsNothing)
        default: found.append(.aboveCeiling)
        }
        return found
    }
}
