import FoundationEssentials
import Kernel
import Postgres

extension CatalogueStatements {
    static func product(_ id: ID<Product>, brand: ID<Brand>) -> Statement<ProductRecord> {
        Statement(
            """
            SELECT product_id, shop_id, sku, title, list_price_fen
            FROM orders.product
            WHERE brand_id = \(brand) AND product_id = \(id)
            """
        ) { row throws(PostgresError) in
            ProductRecord(
                id: try row.next(), shop: try row.next(), sku: try row.next(), title: try row.next(),
                listPrice: try row.next())
        }
    }

    static func addVariant(
        _ id: ID<Variant>, sku: String, title: String, listPrice: Money, product: ID<Product>, brand: ID<Brand>,
        now: Date
    ) -> Statement<ID<Variant>> {
        Statement(
            """
            INSERT INTO orders.variant (brand_id, variant_id, product_id, sku, title, list_price_fen, created_at)
            SELECT p.brand_id, \(id), p.product_id, \(sku), \(title), \(listPrice), \(now)
            FROM orders.product p
            WHERE p.brand_id = \(brand) AND p.product_id = \(product)
            ON CONFLICT (brand_id, product_id, sku) DO NOTHING
            RETURNING variant_id
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    static func variant(sku: String, product: ID<Product>, brand: ID<Brand>) -> Statement<VariantRecord> {
        Statement(
            """
            SELECT v.variant_id, v.product_id, p.shop_id, v.sku, v.title, v.list_price_fen, s.available
            FROM orders.variant v
            JOIN orders.product p ON p.brand_id = v.brand_id AND p.product_id = v.product_id
            JOIN orders.stock s ON s.brand_id = v.brand_id AND s.variant_id = v.variant_id
            WHERE v.brand_id = \(brand) AND v.product_id = \(product) AND v.sku = \(sku)
            """,
            row: variantRow)
    }

    static func variant(_ id: ID<Variant>, brand: ID<Brand>) -> Statement<VariantRecord> {
        Statement(
            """
            SELECT v.variant_id, v.product_id, p.shop_id, v.sku, v.title, v.list_price_fen, s.available
            FROM orders.variant v
            JOIN orders.product p ON p.brand_id = v.brand_id AND p.product_id = v.product_id
            JOIN orders.stock s ON s.brand_id = v.brand_id AND s.variant_id = v.variant_id
            WHERE v.brand_id = \(brand) AND v.variant_id = \(id)
            """,
            row: variantRow)
    }

    static func variants(of product: ID<Product>, brand: ID<Brand>) -> Statement<VariantRecord> {
        Statement(
            """
            SELECT v.variant_id, v.product_id, p.shop_id, v.sku, v.title, v.list_price_fen, s.available
            FROM orders.variant v
            JOIN orders.product p ON p.brand_id = v.brand_id AND p.product_id = v.product_id
            JOIN orders.stock s ON s.brand_id = v.brand_id AND s.variant_id = v.variant_id
            WHERE v.brand_id = \(brand) AND v.product_id = \(product)
            ORDER BY v.sku
            """,
            row: variantRow)
    }

    static func titles(
        of variants: [ID<Variant>], brand: ID<Brand>
    ) -> Statement<(variant: ID<Variant>, title: String)> {
        Statement(
            """
            SELECT x.variant_id, v.title
            FROM unnest(\(variants)) AS x (variant_id)
            CROSS JOIN LATERAL (
                SELECT title
                FROM orders.variant
                WHERE brand_id = \(brand) AND variant_id = x.variant_id
                LIMIT 1
            ) v
            """
        ) { row throws(PostgresError) in (variant: try row.next(), title: try row.next()) }
    }

    @Sendable
    private static func variantRow(_ row: inout RowReader) throws(PostgresError) -> VariantRecord {
        VariantRecord(
            id: try row.next(), product: try row.next(), shop: try row.next(), sku: try row.next(),
            title: try row.next(), listPrice: try row.next(), available: try row.next())
    }
}
