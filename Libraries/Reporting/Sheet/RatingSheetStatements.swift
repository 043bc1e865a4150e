import FoundationEssentials
import Kernel
import Postgres

/// Ratings counted together: all of them, or those of a day, a product or a shop.
struct RatingRow: Sendable {
    /// What is counted together.
    enum Kind: String, Sendable {
        case all, day, product, shop
    }

    let kind: Kind
    /// An id or a day; nil where an order does not say what was bought.
    let id: String?
    let label: String?
    let ratings: Int64
    let stars: Int64
    let visits: Int64

    /// The average is in hundredths of a star, halves upwards.
    var values: [SheetMetric: Int64] {
        var values: [SheetMetric: Int64] = [.ratings: ratings, .ratingVisits: visits]
        if ratings > 0 { values[.averageRating] = (stars * 200 + ratings) / (2 * ratings) }
        return values
    }
}

/// The SQL of the report on ratings.
enum RatingSheetStatements {
    static func firstDay(brand: ID<Brand>, asOf: Date) -> Statement<CalendarDate?> {
        Statement(
            """
            SELECT (min(rated_at) AT TIME ZONE 'Asia/Shanghai')::date
            FROM (
                SELECT rated_at FROM gifting.rating WHERE brand_id = \(brand)
                UNION ALL
                SELECT rated_at FROM orders.rating WHERE brand_id = \(brand)
            ) r
            WHERE rated_at <= \(asOf)
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    /// Counted four times in one pass; who came by a link counts for the day of the rating, until the instant.
    static func counts(_ range: DayRun, scope: ReportScope, brand: ID<Brand>, asOf: Date) -> Statement<RatingRow> {
        Statement(
            """
            WITH rated AS (
                SELECT r.shop_id, r.product_id, r.stars, r.rated_at, (
                    SELECT count(*) FROM gifting.rating_visit v
                    WHERE v.brand_id = r.brand_id AND v.gift_id = r.gift_id AND v.visited_at <= \(asOf)) AS visits
                FROM gifting.rating r
                WHERE r.brand_id = \(brand)
                UNION ALL
                SELECT r.shop_id, r.product_id, r.stars, r.rated_at, (
                    SELECT count(*) FROM orders.rating_visit v
                    WHERE v.brand_id = r.brand_id AND v.order_id = r.order_id AND v.line_no = r.line_no
                        AND v.visited_at <= \(asOf))
                FROM orders.rating r
                WHERE r.brand_id = \(brand)
            ), counted AS (
                SELECT (rated_at AT TIME ZONE 'Asia/Shanghai')::date AS day, product_id, shop_id, count(*) AS ratings, sum(stars) AS stars,
                    sum(visits)::bigint AS visits,
                    CASE WHEN GROUPING((rated_at AT TIME ZONE 'Asia/Shanghai')::date) = 0 THEN 'day'
                        WHEN GROUPING(product_id) = 0 THEN 'product' WHEN GROUPING(shop_id) = 0 THEN 'shop' ELSE 'all' END AS kind
                FROM rated
                WHERE rated_at <= \(asOf) AND (\(scope == .brand) OR shop_id = \(scope.id))
                    AND rated_at >= \(range.from)::timestamp AT TIME ZONE 'Asia/Shanghai'
                    AND rated_at < (\(range.to) + 1)::timestamp AT TIME ZONE 'Asia/Shanghai'
                GROUP BY GROUPING SETS ((), ((rated_at AT TIME ZONE 'Asia/Shanghai')::date), (product_id), (shop_id))
            )
            SELECT c.kind, COALESCE(c.day::text, c.product_id::text, c.shop_id::text), COALESCE(c.day::text, p.title, s.name), c.ratings,
                COALESCE(c.stars, 0)::bigint, COALESCE(c.visits, 0)
            FROM counted c
            LEFT JOIN orders.product p ON p.brand_id = \(brand) AND p.product_id = c.product_id
            LEFT JOIN orders.shop s ON s.brand_id = \(brand) AND s.shop_id = c.shop_id
            ORDER BY c.kind, c.day, c.ratings DESC, 2
            """
        ) { row throws(PostgresError) in
            RatingRow(
                kind: RatingRow.Kind(rawValue: try row.next(String.self)) ?? .all, id: try row.next(),
                label: try row.next(), ratings: try row.next(), stars: try row.next(), visits: try row.next())
        }
    }
}
