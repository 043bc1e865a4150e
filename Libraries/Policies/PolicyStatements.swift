import Foundation
import Kernel
import Postgres

/// The SQL of policies.
enum PolicyStatements {
    /// The value that counts as of an instant: the brand's own before the standard, in each the newest.
    static func value(_ name: String, brand: ID<Brand>, at instant: Date) -> Statement<String> {
        Statement(
            """
            SELECT v.value
            FROM (
                (SELECT 1 AS rank, s.value FROM policies.setting s
                WHERE s.brand_id = \(brand) AND s.name = \(name) AND s.valid_from <= \(instant)
                ORDER BY s.valid_from DESC LIMIT 1)
                UNION ALL
                (SELECT 2, d.value FROM policies.standard d
                WHERE d.name = \(name) AND d.valid_from <= \(instant)
                ORDER BY d.valid_from DESC LIMIT 1)
            ) v
            ORDER BY v.rank
            LIMIT 1
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    /// The same for many names, one by one; a name that nobody gave a value brings no row.
    static func values(
        _ names: [String], brand: ID<Brand>, at instant: Date
    ) -> Statement<(name: String, json: String)> {
        Statement(
            """
            SELECT x.name, v.value
            FROM unnest(\(names)) AS x (name)
            CROSS JOIN LATERAL (
                SELECT u.value
                FROM (
                    (SELECT 1 AS rank, s.value FROM policies.setting s
                    WHERE s.brand_id = \(brand) AND s.name = x.name AND s.valid_from <= \(instant)
                    ORDER BY s.valid_from DESC LIMIT 1)
                    UNION ALL
                    (SELECT 2, d.value FROM policies.standard d
                    WHERE d.name = x.name AND d.valid_from <= \(instant)
                    ORDER BY d.valid_from DESC LIMIT 1)
                ) u
                ORDER BY u.rank
                LIMIT 1
            ) v
            """
        ) { row throws(PostgresError) in (name: try row.next(), json: try row.next()) }
    }

    /// What the standard says as of an instant.
    static func standard(_ name: String, at instant: Date) -> Statement<String> {
        Statement(
            """
            SELECT d.value
            FROM policies.standard d
            WHERE d.name = \(name) AND d.valid_from <= \(instant)
            ORDER BY d.valid_from DESC
            LIMIT 1
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    static func clock() -> Statement<Date> {
        Statement("SELECT siyu.clock()") { row throws(PostgresError) in try row.next() }
    }

    /// The newest standard of a name, whenever it begins: it shows what shape a value has.
    static func newestStandard(_ name: String) -> Statement<String> {
        Statement(
            """
            SELECT d.value
            FROM policies.standard d
            WHERE d.name = \(name)
            ORDER BY d.valid_from DESC
            LIMIT 1
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    /// Adds a setting to an existing brand; no row if there is no such brand, or a value from the same instant.
    static func insert(
        _ name: String, value: String, brand: ID<Brand>, validFrom: Date, author: String, reason: String, now: Date
    ) -> Statement<PolicyRecord> {
        Statement(
            """
            INSERT INTO policies.setting (brand_id, name, valid_from, value, author, reason, created_at)
            SELECT b.brand_id, \(name), \(validFrom), CAST(\(value) AS jsonb), \(author), \(reason), \(now)
            FROM siyu.brand b
            WHERE b.brand_id = \(brand)
            ON CONFLICT DO NOTHING
            RETURNING name, value, valid_from, true, author, reason, created_at
            """, row: record)
    }

    static func brandExists(_ brand: ID<Brand>) -> Statement<Bool> {
        Statement(
            """
            SELECT EXISTS (SELECT FROM siyu.brand WHERE brand_id = \(brand))
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    /// Every name with the value that counts as of an instant.
    static func list(brand: ID<Brand>, at instant: Date) -> Statement<PolicyRecord> {
        Statement(
            """
            SELECT DISTINCT ON (v.name) v.name, v.value, v.valid_from, v.own, v.author, v.reason, v.created_at
            FROM (
                SELECT s.name, s.value, s.valid_from, true AS own, s.author, s.reason, s.created_at
                FROM policies.setting s
                WHERE s.brand_id = \(brand) AND s.valid_from <= \(instant)
                UNION ALL
                SELECT d.name, d.value, d.valid_from, false, 'standard', d.source, NULL
                FROM policies.standard d
                WHERE d.valid_from <= \(instant)
            ) v
            ORDER BY v.name, v.own DESC, v.valid_from DESC
            """, row: record)
    }

    /// Everything that was ever said about a name, standard and own, newest first.
    static func history(_ name: String, brand: ID<Brand>) -> Statement<PolicyRecord> {
        Statement(
            """
            SELECT v.name, v.value, v.valid_from, v.own, v.author, v.reason, v.created_at
            FROM (
                SELECT s.name, s.value, s.valid_from, true AS own, s.author, s.reason, s.created_at
                FROM policies.setting s
                WHERE s.brand_id = \(brand) AND s.name = \(name)
                UNION ALL
                SELECT d.name, d.value, d.valid_from, false, 'standard', d.source, NULL
                FROM policies.standard d
                WHERE d.name = \(name)
            ) v
            ORDER BY v.valid_from DESC, v.own DESC
            """, row: record)
    }

    private static func record(_ row: inout RowReader) throws(PostgresError) -> PolicyRecord {
        PolicyRecord(
            name: try row.next(), value: try row.next(), validFrom: try row.next(), isOwn: try row.next(),
            author: try row.next(), reason: try row.next(), createdAt: try row.next())
    }
}
