import FoundationEssentials
import Kernel
import Postgres

/// The SQL of shops and products.
enum CatalogueStatements {
    /// The clock of the business, read once at the start of a transaction and passed on.
    static func clock() -> Statement<Date> {
        Statement("SELECT siyu.clock()") { row throws(PostgresError) in try row.next() }
    }

    static func createShop(
        _ id: ID<Shop>, code: String, name: String, brand: ID<Brand>, now: Date
    ) -> Statement<ID<Shop>> {
        Statement(
            """
            INSERT INTO orders.shop (brand_id, shop_id, code, name, created_at)
            SELECT b.brand_id, \(id), \(code), \(name), \(now)
            FROM siyu.brand b
            WHERE b.brand_id = \(brand)
            ON CONFLICT (brand_id, code) DO NOTHING
            RETURNING shop_id
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    static func shops(of brand: ID<Brand>) -> Statement<ShopRecord> {
        Statement(
            """
            SELECT shop_id, code, name, created_at
            FROM orders.shop
            WHERE brand_id = \(brand)
            ORDER BY code
            """,
            row: shopRow)
    }

    static func shop(code: String, brand: ID<Brand>) -> Statement<ShopRecord> {
        Statement(
            """
            SELECT shop_id, code, name, created_at
            FROM orders.shop
            WHERE brand_id = \(brand) AND code = \(code)
            """,
            row: shopRow)
    }

    static func shop(_ id: ID<Shop>, brand: ID<Brand>) -> Statement<ShopRecord> {
        Statement(
            """
            SELECT shop_id, code, name, created_at
            FROM orders.shop
            WHERE brand_id = \(brand) AND shop_id = \(id)
            """,
            row: shopRow)
    }

    @Sendable
    private static func shopRow(_ row: inout RowReader) throws(PostgresError) -> ShopRecord {
        ShopRecord(id: try row.next(), code: try row.next(), name: try row.next(), createdAt: try row.next())
    }

    static func addProduct(
        _ id: ID<Product>, sku: String, title: String, listPrice: Money, shop: ID<Shop>, brand: ID<Brand>, now: Date
    ) -> Statement<Void> {
        Statement(
            """
            INSERT INTO orders.product (brand_id, product_id, shop_id, sku, title, list_price_fen, created_at)
            SELECT s.brand_id, \(id), s.shop_id, \(sku), \(title), \(listPrice), \(now)
            FROM orders.shop s
            WHERE s.brand_id = \(brand) AND s.shop_id = \(shop)
            ON CONFLICT (brand_id, shop_id, sku) DO NOTHING
            """)
    }

    static func product(sku: String, shop: ID<Shop>, brand: ID<Brand>) -> Statement<ProductRecord> {
        Statement(
            """
            SELECT product_id, shop_id, sku, title, list_price_fen
            FROM orders.product
            WHERE brand_id = \(brand) AND shop_id = \(shop) AND sku = \(sku)
            """
        ) { row throws(PostgresError) in
            ProductRecord(
                id: try row.next(), shop: try row.next(), sku: try row.next(), title: try row.next(),
                listPrice: try row.next())
        }
    }
}
