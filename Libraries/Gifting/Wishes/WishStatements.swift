import FoundationEssentials
import Kernel
import Postgres

/// The SQL of covers, entries and those who look at greetings.
enum WishStatements {
    // MARK: Covers

    static func setCover(_ cover: CoverRecord, brand: ID<Brand>, now: Date) -> Statement<String> {
        Statement(
            """
            INSERT INTO gifting.cover (brand_id, code, title, image_url, valid_from, valid_until, created_at, updated_at)
            SELECT b.brand_id, \(cover.code), \(cover.title), \(cover.imageURL), \(cover.validFrom), \(cover.validUntil), \(now), \(now)
            FROM siyu.brand b
            WHERE b.brand_id = \(brand)
            ON CONFLICT (brand_id, code) DO UPDATE
            SET title = excluded.title, image_url = excluded.image_url, valid_from = excluded.valid_from,
                valid_until = excluded.valid_until, updated_at = excluded.updated_at
            RETURNING code
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    static func cover(_ code: String?, brand: ID<Brand>) -> Statement<CoverRecord> {
        Statement(
            """
            SELECT code, title, image_url, valid_from, valid_until
            FROM gifting.cover
            WHERE brand_id = \(brand) AND code = \(code)
            """,
            row: coverRow)
    }

    /// Each looked up by itself (Postgres/Decisions/0002).
    static func covers(_ codes: [String], brand: ID<Brand>) -> Statement<CoverRecord> {
        Statement(
            """
            SELECT c.code, c.title, c.image_url, c.valid_from, c.valid_until
            FROM unnest(\(codes)) AS x (code)
            CROSS JOIN LATERAL (
                SELECT code, title, image_url, valid_from, valid_until
                FROM gifting.cover
                WHERE brand_id = \(brand) AND code = x.code
                LIMIT 1
            ) c
            """,
            row: coverRow)
    }

    static func covers(of brand: ID<Brand>) -> Statement<CoverRecord> {
        Statement(
            """
            SELECT code, title, image_url, valid_from, valid_until
            FROM gifting.cover
            WHERE brand_id = \(brand)
            ORDER BY code
            """,
            row: coverRow)
    }

    @Sendable
    private static func coverRow(_ row: inout RowReader) throws(PostgresError) -> CoverRecord {
        CoverRecord(
            code: try row.next(), title: try row.next(), imageURL: try row.next(), validFrom: try row.next(),
            validUntil: try row.next())
    }

    // MARK: Entries

    static func setEntry(_ code: String, title: String, brand: ID<Brand>, now: Date) -> Statement<String> {
        Statement(
            """
            INSERT INTO gifting.entry (brand_id, code, title, created_at)
            SELECT b.brand_id, \(code), \(title), \(now)
            FROM siyu.brand b
            WHERE b.brand_id = \(brand)
            ON CONFLICT (brand_id, code) DO UPDATE
            SET title = excluded.title
            RETURNING code
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    static func entry(_ code: String?, brand: ID<Brand>) -> Statement<String> {
        Statement(
            """
            SELECT code
            FROM gifting.entry
            WHERE brand_id = \(brand) AND code = \(code)
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    /// All gifts once, and entries that nobody used.
    static func entryCounts(of brand: ID<Brand>) -> Statement<EntryRecord> {
        Statement(
            """
            WITH counted AS (
                SELECT COALESCE(entry_code, 'unknown') AS code, count(*) AS begun, count(sent_at) AS sent, count(accepted_at) AS accepted
                FROM gifting.gift
                WHERE brand_id = \(brand)
                GROUP BY 1
            ), named AS (
                SELECT code, title
                FROM gifting.entry
                WHERE brand_id = \(brand)
            )
            SELECT COALESCE(n.code, c.code), COALESCE(n.title, ''), COALESCE(c.begun, 0), COALESCE(c.sent, 0), COALESCE(c.accepted, 0)
            FROM counted c
            FULL JOIN named n ON n.code = c.code
            ORDER BY 1
            """
        ) { row throws(PostgresError) in
            EntryRecord(
                code: try row.next(), title: try row.next(), begun: try row.next(), sent: try row.next(),
                accepted: try row.next())
        }
    }

    // MARK: Greetings

    static func setScreen(
        _ url: String, sealed: [UInt8], brand: ID<Brand>, now: Date
    ) -> Statement<String> {
        Statement(
            """
            INSERT INTO gifting.greeting_screen (brand_id, url, sealed_secret, created_at, updated_at)
            SELECT b.brand_id, \(url), \(sealed), \(now), \(now)
            FROM siyu.brand b
            WHERE b.brand_id = \(brand)
            ON CONFLICT (brand_id) DO UPDATE
            SET url = excluded.url, sealed_secret = excluded.sealed_secret, updated_at = excluded.updated_at
            RETURNING url
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    static func dropScreen(of brand: ID<Brand>) -> Statement<Void> {
        Statement(
            """
            DELETE FROM gifting.greeting_screen
            WHERE brand_id = \(brand)
            """)
    }

    static func screen(of brand: ID<Brand>) -> Statement<(url: String, sealed: [UInt8])> {
        Statement(
            """
            SELECT url, sealed_secret
            FROM gifting.greeting_screen
            WHERE brand_id = \(brand)
            """
        ) { row throws(PostgresError) in (url: try row.next(), sealed: try row.next()) }
    }
}
