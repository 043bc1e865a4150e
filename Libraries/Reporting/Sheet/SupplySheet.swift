import FoundationEssentials
import Gifting
import Kernel
import Postgres

extension SheetReport {
    private static let supplyMetrics: [SheetMetric] = [
        .products, .giftableProducts, .searches, .keywords, .keywordsWithout,
    ]
    private static let keywordsMax = Limit(
        1_000, reason: "a list that people still read; what is searched for most is on it")
    private static let variantsAtOnce = Limit(2_000, reason: "what one question to the catalogue carries")

    /// What may be given as of the frame's instant, by category, and what people searched for in the days asked for.
    ///
    /// Whether something may be given is decided where gifts decide it: a product page would say the same.
    static func supply(_ frame: SheetFrame, on tx: Transaction) async throws -> SheetReport {
        let (brand, scope, asOf) = (frame.query.brand, frame.query.scope, frame.asOf)
        let first = try await tx.run(SupplySheetStatements.firstDay(brand: brand, asOf: asOf))
        let range = try frame.range(firstDay: first.first ?? nil)
        let offers = try await tx.run(SupplySheetStatements.offers(scope: scope, brand: brand, asOf: asOf))
        let giftable = try await giftable(offers, brand: brand, asOf: asOf, on: tx)
        let (categories, keywords, searches) = try await tx.pipeline(
            SupplySheetStatements.categories(giftable: giftable, scope: scope, brand: brand, asOf: asOf),
            SupplySheetStatements.keywords(
                range, giftable: giftable, scope: scope, brand: brand, asOf: asOf, limit: keywordsMax.value),
            SupplySheetStatements.searches(range, scope: scope, brand: brand, asOf: asOf))
        let total: [SheetMetric: Int64] = [
            .products: Int64(Set(offers.map(\.product)).count), .giftableProducts: Int64(giftable.count),
            .searches: searches.first ?? 0, .keywords: Int64(keywords.count),
            .keywordsWithout: Int64(keywords.count { $0.giftable == 0 }),
        ]
        let listed = keywords.reduce(0) { $0 + $1.searches }
        return frame.report(
            range: range, metrics: supplyMetrics, total: total,
            groups: [
                SheetGroup(
                    kind: .category, metrics: [.products, .giftableProducts],
                    rows: categories.map {
                        SheetRow(
                            id: $0.code, label: $0.title,
                            values: [.products: $0.products, .giftableProducts: $0.giftable])
                    }),
                SheetGroup(
                    kind: .keyword, metrics: [.searches, .products, .giftableProducts],
                    rows: keywords.map {
                        SheetRow(
                            id: $0.keyword, label: $0.keyword,
                            values: [.searches: $0.searches, .products: $0.products, .giftableProducts: $0.giftable])
                    }),
            ],
            balances: [
                SheetBalance(
                    identity: .giftableAreProducts, left: total[.giftableProducts] ?? 0, right: total[.products] ?? 0),
                SheetBalance(
                    identity: .searchesAreKeywords, left: total[.searches] ?? 0,
                    right: keywords.count < keywordsMax.value ? listed : total[.searches] ?? 0),
            ])
    }

    /// The products of which a variant may be given.
    private static func giftable(
        _ offers: [SupplySheetStatements.Offer], brand: ID<Brand>, asOf: Date, on tx: Transaction
    ) async throws -> [ID<Product>] {
        var found: Set<ID<Product>> = []
        for (shop, offers) in Dictionary(grouping: offers, by: \.shop) {
            for start in stride(from: 0, to: offers.count, by: variantsAtOnce.value) {
                let part = offers[start..<min(start + variantsAtOnce.value, offers.count)]
                let obstacles = try await Gifts.obstacles(
                    to: part.map(\.variant), in: shop, at: asOf, brand: brand, on: tx)
                for (offer, against) in zip(part, obstacles) where against.isEmpty { found.insert(offer.product) }
            }
        }
        return found.sorted()
    }
}
