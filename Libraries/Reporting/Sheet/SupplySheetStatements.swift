import FoundationEssentials
import Kernel
import Postgres

/// The SQL of what may be given, and of what people search for.
enum SupplySheetStatements {
    /// A variant with what it is of.
    struct Offer: Sendable {
        let variant: ID<Variant>
        let product: ID<Product>
        let shop: ID<Shop>
    }

    /// All that is sold, in an order in which the variants of a shop lie together.
    static func offers(scope: ReportScope, brand: ID<Brand>, asOf: Date) -> Statement<Offer> {
        Statement(
            """
            SELECT v.variant_id, p.product_id, p.shop_id
            FROM orders.product p
            JOIN orders.variant v ON v.brand_id = p.brand_id AND v.product_id = p.product_id AND v.created_at <= \(asOf)
            WHERE p.brand_id = \(brand) AND p.created_at <= \(asOf) AND (\(scope == .brand) OR p.shop_id = \(scope.id))
            ORDER BY p.shop_id, p.product_id, v.variant_id
            """
        ) { row throws(PostgresError) in
            Offer(variant: try row.next(), product: try row.next(), shop: try row.next())
        }
    }

    /// How many products of each category there are as of an instant, and how many of them may be given; a product counts in its own category
    /// and in all above it.
    static func categories(
        giftable: [ID<Product>], scope: ReportScope, brand: ID<Brand>, asOf: Date
    ) -> Statement<(code: String, title: String, products: Int64, giftable: Int64)> {
        Statement(
            """
            WITH RECURSIVE place AS (
                SELECT DISTINCT ON (category_id) category_id, parent_id
                FROM orders.category_place
                WHERE brand_id = \(brand) AND valid_from <= \(asOf)
                ORDER BY category_id, valid_from DESC
            ), put AS (
                SELECT DISTINCT ON (c.product_id) c.product_id, c.category_id
                FROM orders.product_category c
                JOIN orders.product p ON p.brand_id = c.brand_id AND p.product_id = c.product_id AND p.created_at <= \(asOf)
                    AND (\(scope == .brand) OR p.shop_id = \(scope.id))
                WHERE c.brand_id = \(brand) AND c.valid_from <= \(asOf)
                ORDER BY c.product_id, c.valid_from DESC
            ), above AS (
                SELECT product_id, category_id FROM put WHERE category_id IS NOT NULL
                UNION
                SELECT a.product_id, p.parent_id
                FROM above a
                JOIN place p ON p.category_id = a.category_id AND p.parent_id IS NOT NULL
            )
            SELECT c.code, c.title, count(a.product_id), count(a.product_id) FILTER (WHERE a.product_id = ANY(\(giftable)))
            FROM orders.category c
            LEFT JOIN above a ON a.category_id = c.category_id
            WHERE c.brand_id = \(brand) AND c.created_at <= \(asOf)
            GROUP BY c.category_id, c.code, c.title
            ORDER BY c.code
            """
        ) { row throws(PostgresError) in
            (code: try row.next(), title: try row.next(), products: try row.next(), giftable: try row.next())
        }
    }

    /// What people searched for in a range, with how many products bear the word in their title, and how many of these may be given: those that
    /// find nothing first, most searched first.
    static func keywords(
        _ range: DayRun, giftable: [ID<Product>], scope: ReportScope, brand: ID<Brand>, asOf: Date, limit: Int
    ) -> Statement<(keyword: String, searches: Int64, products: Int64, giftable: Int64)> {
        Statement(
            """
            SELECT k.keyword, k.searches, f.products, f.giftable
            FROM (
                SELECT keyword, sum(searches)::bigint AS searches
                FROM gifting.search
                WHERE brand_id = \(brand) AND day BETWEEN \(range.from) AND \(range.to)
                    AND day <= (\(asOf) AT TIME ZONE 'Asia/Shanghai')::date
                    AND (\(scope == .brand) OR shop_id = \(scope.id))
                GROUP BY keyword
                ORDER BY 2 DESC, keyword
                LIMIT \(limit)
            ) k
            CROSS JOIN LATERAL (
                SELECT count(*) AS products, count(*) FILTER (WHERE p.product_id = ANY(\(giftable))) AS giftable
                FROM orders.product p
                WHERE p.brand_id = \(brand) AND p.created_at <= \(asOf) AND strpos(lower(p.title), k.keyword) > 0
                    AND (\(scope == .brand) OR p.shop_id = \(scope.id))
            ) f
            ORDER BY f.giftable > 0, k.searches DESC, k.keyword
            """
        ) { row throws(PostgresError) in
            (keyword: try row.next(), searches: try row.next(), products: try row.next(), giftable: try row.next())
        }
    }

    /// All searches in a range, the words aside.
    static func searches(_ range: DayRun, scope: ReportScope, brand: ID<Brand>, asOf: Date) -> Statement<Int64> {
        Statement(
            """
            SELECT COALESCE(sum(searches), 0)::bigint
            FROM gifting.search
            WHERE brand_id = \(brand) AND day BETWEEN \(range.from) AND \(range.to)
                AND day <= (\(asOf) AT TIME ZONE 'Asia/Shanghai')::date AND (\(scope == .brand) OR shop_id = \(scope.id))
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    static func firstDay(brand: ID<Brand>, asOf: Date) -> Statement<CalendarDate?> {
        Statement(
            """
            SELECT min(day)
            FROM gifting.search
            WHERE brand_id = \(brand) AND day <= (\(asOf) AT TIME ZONE 'Asia/Shanghai')::date
            """
        ) { row throws(PostgresError) in try row.next() }
    }
}
