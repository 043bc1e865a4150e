import FoundationEssentials
import Kernel
import Postgres

/// The SQL of web accounts.
enum WebAppStatements {
    struct Row: Sendable {
        let appid: String
        let sealedSecret: [UInt8]
        let pageBase: String
        let authorizeBase: String
        let apiBase: String
    }

    static func set(_ app: WebApp, sealed: [UInt8], brand: ID<Brand>, now: Date) -> Statement<String> {
        Statement(
            """
            INSERT INTO gifting.web_app (brand_id, appid, sealed_secret, page_base, authorize_base, api_base, created_at, updated_at)
            SELECT b.brand_id, \(app.appid), \(sealed), \(app.pageBase), \(app.authorizeBase), \(app.apiBase), \(now), \(now)
            FROM siyu.brand b
            WHERE b.brand_id = \(brand)
            ON CONFLICT (brand_id) DO UPDATE
            SET appid = excluded.appid, sealed_secret = excluded.sealed_secret, page_base = excluded.page_base,
                authorize_base = excluded.authorize_base, api_base = excluded.api_base, updated_at = excluded.updated_at
            RETURNING appid
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    static func app(of brand: ID<Brand>) -> Statement<Row> {
        Statement(
            """
            SELECT appid, sealed_secret, page_base, authorize_base, api_base
            FROM gifting.web_app
            WHERE brand_id = \(brand)
            """
        ) { row throws(PostgresError) in
            Row(
                appid: try row.next(), sealedSecret: try row.next(), pageBase: try row.next(),
                authorizeBase: try row.next(), apiBase: try row.next())
        }
    }
}
