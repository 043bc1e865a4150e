import FoundationEssentials
import Kernel
import Postgres

/// The SQL of categories.
enum CategoryStatements {
    /// Moves within a tree wait for each other: two of them could make a circle that neither sees.
    static func lockTree(of brand: ID<Brand>) -> Statement<Void> {
        let name = "categories \(brand)"
        return Statement(
            """
            SELECT pg_advisory_xact_lock(hashtextextended(\(name), 0))
            """)
    }

    /// The clock as it is now, not when the transaction began: whoever waited for the tree decides later.
    static func clock() -> Statement<Date> {
        Statement("SELECT siyu.clock() + (clock_timestamp() - transaction_timestamp())") { row throws(PostgresError) in
            try row.next()
        }
    }

    static func add(
        _ id: ID<Category>, code: String, title: String, brand: ID<Brand>, now: Date
    ) -> Statement<ID<Category>> {
        Statement(
            """
            INSERT INTO orders.category (brand_id, category_id, code, title, created_at)
            SELECT b.brand_id, \(id), \(code), \(title), \(now)
            FROM siyu.brand b
            WHERE b.brand_id = \(brand)
            RETURNING category_id
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    static func category(
        _ code: String, brand: ID<Brand>
    ) -> Statement<(id: ID<Category>, code: String, title: String)> {
        Statement(
            """
            SELECT category_id, code, title
            FROM orders.category
            WHERE brand_id = \(brand) AND code = \(code)
            """
        ) { row throws(PostgresError) in (id: try row.next(), code: try row.next(), title: try row.next()) }
    }

    static func place(
        _ category: ID<Category>, below parent: ID<Category>?, from instant: Date, brand: ID<Brand>, now: Date
    ) -> Statement<ID<Category>> {
        Statement(
            """
            INSERT INTO orders.category_place (brand_id, category_id, valid_from, parent_id, created_at)
            VALUES (\(brand), \(category), \(instant), \(parent), \(now))
            ON CONFLICT (brand_id, category_id, valid_from) DO NOTHING
            RETURNING category_id
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    /// When the last of a brand's moves counts from.
    static func newestMove(of brand: ID<Brand>) -> Statement<Date?> {
        Statement(
            """
            SELECT max(valid_from)
            FROM orders.category_place
            WHERE brand_id = \(brand)
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    /// A category and all that it stands below.
    ///
    /// UNION ends at what was seen: not even a circle is walked for ever.
    static func above(_ category: ID<Category>, at instant: Date, brand: ID<Brand>) -> Statement<ID<Category>> {
        Statement(
            """
            WITH RECURSIVE above AS (
                SELECT \(category) AS category_id
                UNION
                SELECT w.parent_id
                FROM above a
                CROSS JOIN LATERAL (
                    SELECT p.parent_id
                    FROM orders.category_place p
                    WHERE p.brand_id = \(brand) AND p.category_id = a.category_id AND p.valid_from <= \(instant)
                    ORDER BY p.valid_from DESC
                    LIMIT 1
                ) w
                WHERE w.parent_id IS NOT NULL
            )
            SELECT category_id FROM above
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    /// How many levels a category and all below it make.
    static func height(of category: ID<Category>, at instant: Date, brand: ID<Brand>) -> Statement<Int> {
        Statement(
            """
            WITH RECURSIVE edge AS (
                SELECT DISTINCT ON (p.category_id) p.category_id, p.parent_id
                FROM orders.category_place p
                WHERE p.brand_id = \(brand) AND p.valid_from <= \(instant)
                ORDER BY p.category_id, p.valid_from DESC
            ), below AS (
                SELECT \(category) AS category_id, 1 AS level
                UNION ALL
                SELECT e.category_id, b.level + 1
                FROM below b
                JOIN edge e ON e.parent_id = b.category_id
                WHERE b.level <= \(Catalogue.categoryDepthMax.value)
            )
            SELECT max(level) FROM below
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    static func categorize(
        _ product: ID<Product>, as category: ID<Category>?, from instant: Date, brand: ID<Brand>, now: Date
    ) -> Statement<ID<Product>> {
        Statement(
            """
            INSERT INTO orders.product_category (brand_id, product_id, valid_from, category_id, created_at)
            VALUES (\(brand), \(product), \(instant), \(category), \(now))
            ON CONFLICT (brand_id, product_id, valid_from) DO NOTHING
            RETURNING product_id
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    static func categories(of brand: ID<Brand>, at instant: Date) -> Statement<CategoryRecord> {
        Statement(
            """
            SELECT c.category_id, c.code, c.title, k.code, w.valid_from
            FROM orders.category c
            CROSS JOIN LATERAL (
                SELECT p.parent_id, p.valid_from
                FROM orders.category_place p
                WHERE p.brand_id = c.brand_id AND p.category_id = c.category_id AND p.valid_from <= \(instant)
                ORDER BY p.valid_from DESC
                LIMIT 1
            ) w
            LEFT JOIN orders.category k ON k.brand_id = c.brand_id AND k.category_id = w.parent_id
            WHERE c.brand_id = \(brand)
            ORDER BY c.code
            """
        ) { row throws(PostgresError) in
            CategoryRecord(
                id: try row.next(), code: try row.next(), title: try row.next(), parent: try row.next(),
                validFrom: try row.next())
        }
    }

    /// Each looked up by itself (Postgres/Decisions/0002); the tree is walked once for each category that occurs.
    static func goods(_ variants: [ID<Variant>], at instant: Date, brand: ID<Brand>) -> Statement<Good> {
        Statement(
            """
            WITH RECURSIVE good AS (
                SELECT v.variant_id, v.product_id, q.shop_id, v.title, v.list_price_fen, c.category_id
                FROM unnest(\(variants)) AS x (variant_id)
                CROSS JOIN LATERAL (
                    SELECT w.variant_id, w.product_id, w.title, w.list_price_fen
                    FROM orders.variant w
                    WHERE w.brand_id = \(brand) AND w.variant_id = x.variant_id
                    LIMIT 1
                ) v
                CROSS JOIN LATERAL (
                    SELECT p.shop_id
                    FROM orders.product p
                    WHERE p.brand_id = \(brand) AND p.product_id = v.product_id
                    LIMIT 1
                ) q
                LEFT JOIN LATERAL (
                    SELECT g.category_id
                    FROM orders.product_category g
                    WHERE g.brand_id = \(brand) AND g.product_id = v.product_id AND g.valid_from <= \(instant)
                    ORDER BY g.valid_from DESC
                    LIMIT 1
                ) c ON true
            ), above AS (
                SELECT DISTINCT category_id AS leaf, category_id
                FROM good
                WHERE category_id IS NOT NULL
                UNION
                SELECT a.leaf, w.parent_id
                FROM above a
                CROSS JOIN LATERAL (
                    SELECT p.parent_id
                    FROM orders.category_place p
                    WHERE p.brand_id = \(brand) AND p.category_id = a.category_id AND p.valid_from <= \(instant)
                    ORDER BY p.valid_from DESC
                    LIMIT 1
                ) w
                WHERE w.parent_id IS NOT NULL
            ), path AS (
                SELECT a.leaf, array_agg(k.code) AS codes
                FROM above a
                CROSS JOIN LATERAL (
                    SELECT c.code
                    FROM orders.category c
                    WHERE c.brand_id = \(brand) AND c.category_id = a.category_id
                    LIMIT 1
                ) k
                GROUP BY a.leaf
            )
            SELECT g.variant_id, g.product_id, g.shop_id, g.title, g.list_price_fen, COALESCE(t.codes, '{}')
            FROM good g
            LEFT JOIN path t ON t.leaf = g.category_id
            """
        ) { row throws(PostgresError) in
            Good(
                variant: try row.next(), product: try row.next(), shop: try row.next(), title: try row.next(),
                listPrice: try row.next(), categories: Set(try row.next([String].self)))
        }
    }
}
