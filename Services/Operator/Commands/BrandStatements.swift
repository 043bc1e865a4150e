import Kernel
import Postgres

/// The SQL of brands, the tenants.
enum BrandStatements {
    static func create(_ brand: ID<Brand>, name: String) -> Statement<Void> {
        Statement(
            """
            INSERT INTO siyu.brand (brand_id, name, created_at)
            VALUES (\(brand), \(name), siyu.clock())
            ON CONFLICT (brand_id) DO NOTHING
            """)
    }

    static func brand(_ brand: ID<Brand>) -> Statement<BrandRecord> {
        Statement("SELECT brand_id, name, created_at FROM siyu.brand WHERE brand_id = \(brand)", row: record)
    }

    static func list() -> Statement<BrandRecord> {
        Statement("SELECT brand_id, name, created_at FROM siyu.brand ORDER BY created_at, brand_id", row: record)
    }

    @Sendable private static func record(_ row: inout RowReader) throws(PostgresError) -> BrandRecord {
        BrandRecord(brand: try row.next(), name: try row.next(), createdAt: try row.next())
    }
}
