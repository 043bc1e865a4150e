import Foundation
import Kernel
import Postgres
import TestSupport
import Testing

@testable import Reporting

/// What people think of gifts and of what they bought, counted twice.
struct RatingSheetTests {
    private struct Rating {
        let isGift: Bool
        let shop: ID<Shop>
        let product: ID<Product>?
        let stars: Int64
        let at: Date
        let visits: [Date]
    }

    @Test(arguments: [1, 7] as [UInt64])
    func g30_ratingsAtRandomInstants_equalARecomputation_byProductShopAndDay(_ seed: UInt64) async throws {
        try await withTestDatabase { db in
            var random = SplitMix64(state: seed)
            let world = GivingFixture(empty: .mint())
            try await world.open(on: db.owner)
            // Of gifts and orders nothing is looked at but what was thought of them.
            for key in [
                "gifting.rating DROP CONSTRAINT rating_gift_fkey", "orders.rating DROP CONSTRAINT rating_order_fkey",
            ] {
                try await db.owner.execute(Statement("ALTER TABLE \(unsafeRaw: key)"))
            }
            var ratings: [Rating] = []
            for _ in 0..<80 {
                let shop = Int.random(in: 0...1, using: &random)
                let isGift = random.chance(50)
                let at = GivingFixture.start.addingTimeInterval(Double(Int.random(in: 0...864_000, using: &random)))
                let rating = Rating(
                    isGift: isGift, shop: world.shops[shop],
                    product: isGift || random.chance(80) ? world.products[shop] : nil,
                    stars: Int64.random(in: 1...5, using: &random), at: at,
                    visits: (0..<Int.random(in: 0...3, using: &random)).map { _ in
                        at.addingTimeInterval(Double(Int.random(in: 0...400_000, using: &random)))
                    })
                try await add(rating, brand: world.brand, on: db.owner)
                ratings.append(rating)
            }

            for asOf in [6.5, 12].map({ GivingFixture.start.addingTimeInterval($0 * 86_400) }) {
                for shop in [nil, world.shops[0]] {
                    let scope: ReportScope = shop.map { .shop($0) } ?? .brand
                    let report = try await SheetReport.load(
                        ReportQuery(name: .ratings, brand: world.brand, scope: scope), asOf: asOf,
                        from: db.pool(as: .reports))
                    let seen = ratings.filter { $0.at <= asOf && (shop == nil || $0.shop == shop) }
                    #expect(report.isBalanced)
                    #expect(report.total.values == figures(seen, asOf))
                    expect(report, .shop, equals: Dictionary(grouping: seen) { "\($0.shop)" }, asOf)
                    expect(report, .day, equals: Dictionary(grouping: seen) { "\(GivingFixture.day($0.at))" }, asOf)
                    expect(
                        report, .product,
                        equals: Dictionary(grouping: seen) { $0.product.map { "\($0)" } ?? "unknown" }, asOf)
                }
            }
        }
    }

    @Test func averageRating_isReadWithTwoDecimals() {
        #expect(
            SheetReport.stars(450) == "4.50" && SheetReport.stars(405) == "4.05" && SheetReport.stars(500) == "5.00")
        let row = RatingRow(kind: .all, id: nil, label: nil, ratings: 3, stars: 14, visits: 0)
        #expect(row.values[.averageRating] == 467)
        #expect(
            RatingRow(kind: .all, id: nil, label: nil, ratings: 0, stars: 0, visits: 0).values[.averageRating] == nil)
    }

    private func expect(
        _ report: SheetReport, _ kind: SheetGroup.Kind, equals groups: [String: [Rating]], _ asOf: Date
    ) {
        let rows = Dictionary(report.rows(by: kind).map { ($0.id, $0.values) }) { first, _ in first }
        #expect(rows == groups.mapValues { figures($0, asOf) }, "\(kind)")
    }

    private func figures(_ ratings: [Rating], _ asOf: Date) -> [SheetMetric: Int64] {
        var figures: [SheetMetric: Int64] = [
            .ratings: Int64(ratings.count),
            .ratingVisits: Int64(ratings.reduce(0) { $0 + $1.visits.count { $0 <= asOf } }),
        ]
        if !ratings.isEmpty {
            let stars = ratings.reduce(0) { $0 + $1.stars }
            figures[.averageRating] = Int64(
                (Double(stars) / Double(ratings.count) * 100).rounded(.toNearestOrAwayFromZero))
        }
        return figures
    }

    private func add(_ rating: Rating, brand: ID<Brand>, on pool: Pool) async throws {
        let (gift, order) = (ID<Gift>.mint(), ID<Order>.mint())
        if rating.isGift {
            try await pool.execute(
                Statement(
                    """
                    INSERT INTO gifting.rating (brand_id, gift_id, shop_id, product_id, person_id, stars, rated_at)
                    VALUES (\(brand), \(gift), \(rating.shop), \(rating.product), \(ID<Person>.mint()), \(Int32(rating.stars)), \(rating.at))
                    """))
        } else {
            try await pool.execute(
                Statement(
                    """
                    INSERT INTO orders.rating (brand_id, order_id, line_no, shop_id, product_id, person_id, stars, rated_at)
                    VALUES (\(brand), \(order), 1, \(rating.shop), \(rating.product), \(ID<Person>.mint()), \(Int32(rating.stars)), \(rating.at))
                    """))
        }
        for visit in rating.visits {
            try await pool.execute(
                rating.isGift
                    ? Statement(
                        "INSERT INTO gifting.rating_visit VALUES (\(brand), \(gift), \(ID<Person>.mint()), \(visit))")
                    : Statement(
                        "INSERT INTO orders.rating_visit VALUES (\(brand), \(order), 1, \(ID<Person>.mint()), \(visit))"
                    ))
        }
    }
}
