package import FoundationEssentials
package import Kernel
import Orders
package import Postgres
import Vault

/// The noun of a look at something that one might give.
enum GiftLook {}

extension Gifts {
    /// What a search for gifts may be for.
    private static let keywordMax = Limit(40, reason: "Longer ones are no keywords, and reports list them.")

    /// Keeps that somebody was shown that they may give a product: where people come from and how far they go follows from it.
    ///
    /// - Throws: ``Problem/giftProductUnknown``; ``Problem/giftEntryUnknown``.
    package func look(
        at product: ID<Product>, entry: String?, by shopper: Shopper, on tx: Transaction
    ) async throws {
        let brand = shopper.brand
        let now = try await tx.one(GiftStatements.clock())
        guard let known = try await Catalogue.product(product, brand: brand, on: tx),
            shopper.shop == nil || shopper.shop == known.shop
        else { throw Problem.giftProductUnknown }
        try await check(cover: nil, entry: entry, brand: brand, on: tx)
        let person = try await vault.persons([shopper.openID], kind: Self.openID, brand: brand, now: now, on: tx)[0]
        try await tx.execute(
            LookStatements.add(
                .mint(), at: product, in: known.shop, by: person, entry: entry, cohort: shopper.cohort, brand: brand,
                now: now))
    }

    /// Counts a search for gifts, without the person: spaces around it and capitals do not matter.
    ///
    /// - Throws: ``Problem`` 422 for what is no keyword, or for a shop that there is not.
    package static func search(
        _ text: String, in shop: ID<Shop>, brand: ID<Brand>, on tx: Transaction
    ) async throws {
        let keyword = Self.keyword(text)
        guard (1...keywordMax.value).contains(keyword.unicodeScalars.count),
            !keyword.unicodeScalars.contains(where: { $0.properties.generalCategory == .control })
        else {
            throw Problem.invalid(
                "A keyword has 1 to \(keywordMax.value) characters.", code: "gift_keyword_malformed")
        }
        guard try await Catalogue.shop(shop, brand: brand, on: tx) != nil else {
            throw Problem.invalid("There is no such shop.", code: "gift_shop_unknown")
        }
        let now = try await tx.one(GiftStatements.clock())
        try await tx.execute(LookStatements.count(keyword, in: shop, brand: brand, now: now))
    }

    /// The keyword as it is counted.
    static func keyword(_ text: String) -> String {
        text.split(whereSeparator: \.isWhitespace).joined(separator: " ").lowercased()
    }

    /// What keeps some variants of a shop from being given at an instant, in their order, whoever asks: for reports.
    package static func obstacles(
        to variants: [ID<Variant>], in shop: ID<Shop>, at instant: Date, brand: ID<Brand>, on tx: Transaction
    ) async throws -> [[GiftObstacle]] {
        let ground = try await ground(for: variants, in: shop, at: instant, brand: brand, on: tx)
        return variants.map { ground.obstacles(to: $0) }
    }
}
