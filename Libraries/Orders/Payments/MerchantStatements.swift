import FoundationEssentials
import Kernel
import Postgres
import WeChat

/// The SQL of merchants.
enum MerchantStatements {
    /// The one look-up without a brand: it is what tells the brand.
    static func merchant(_ mchid: String) -> Statement<(MerchantRecord, sealed: [UInt8])> {
        Statement(
            """
            SELECT mchid, merchant_id, brand_id, appid, base_url, notify_base, created_at, updated_at, sealed_credentials
            FROM orders.merchant
            WHERE mchid = \(mchid)
            """
        ) { row throws(PostgresError) in (try record(&row), sealed: try row.next()) }
    }

    static func merchants(of brand: ID<Brand>) -> Statement<MerchantRecord> {
        Statement(
            """
            SELECT mchid, merchant_id, brand_id, appid, base_url, notify_base, created_at, updated_at
            FROM orders.merchant
            WHERE brand_id = \(brand)
            ORDER BY created_at, mchid
            """,
            row: record)
    }

    /// A merchant of another brand is left alone and gives no row.
    static func add(
        _ credentials: MerchantCredentials, source: ID<HookSource>, notifyBase: String, sealed: [UInt8],
        brand: ID<Brand>, now: Date
    ) -> Statement<MerchantRecord> {
        Statement(
            """
            INSERT INTO orders.merchant AS m (mchid, merchant_id, brand_id, appid, base_url, notify_base, sealed_credentials,
                created_at, updated_at)
            SELECT \(credentials.mchid), \(source), b.brand_id, \(credentials.appid), \(credentials.baseURL), \(notifyBase), \(sealed),
                \(now), \(now)
            FROM siyu.brand b
            WHERE b.brand_id = \(brand)
            ON CONFLICT (mchid) DO UPDATE
            SET appid = excluded.appid, base_url = excluded.base_url, notify_base = excluded.notify_base,
                sealed_credentials = excluded.sealed_credentials, updated_at = excluded.updated_at
            WHERE m.brand_id = \(brand)
            RETURNING mchid, merchant_id, brand_id, appid, base_url, notify_base, created_at, updated_at
            """,
            row: record)
    }

    @Sendable
    private static func record(_ row: inout RowReader) throws(PostgresError) -> MerchantRecord {
        MerchantRecord(
            mchid: try row.next(), source: try row.next(), brand: try row.next(), appid: try row.next(),
            baseURL: try row.next(), notifyBase: try row.next(), createdAt: try row.next(),
            updatedAt: try row.next())
    }
}
