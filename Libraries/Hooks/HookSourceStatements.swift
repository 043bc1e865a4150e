import Foundation
import Kernel
import Postgres

/// A secret of a source as it is stored.
struct StoredHookSecret: Sendable {
    let name: String
    let id: ID<HookSource>
    let brand: ID<Brand>
    let shop: ID<Shop>?
    let purposes: Set<HookPurpose>
    let number: Int32
    let sealedSecret: [UInt8]
    let validUntil: Date?

    /// What binds the sealed secret to its row.
    var context: [UInt8] { Self.context(id, brand: brand, number: number) }

    static func context(_ id: ID<HookSource>, brand: ID<Brand>, number: Int32) -> [UInt8] {
        withUnsafeBytes(of: (brand.rawValue.uuid, id.rawValue.uuid)) { Array($0) }
            + withUnsafeBytes(of: number.bigEndian) { Array($0) }
    }
}

/// The SQL of hook sources.
///
/// Instants of secrets are real time, not the clock of the business.
enum HookSourceStatements {
    /// Every source with its valid secrets, newest first.
    static func origins() -> Statement<StoredHookSecret> {
        Statement(
            """
            SELECT s.name, s.source_id, s.brand_id, s.shop_id, s.purposes, k.number, k.sealed_secret, k.valid_until
            FROM hooks.source s
            JOIN hooks.source_secret k ON k.brand_id = s.brand_id AND k.source_id = s.source_id
            WHERE k.valid_until IS NULL OR k.valid_until > now()
            ORDER BY s.name, k.number DESC
            """
        ) { row throws(PostgresError) in
            StoredHookSecret(
                name: try row.next(), id: try row.next(), brand: try row.next(), shop: try row.next(),
                purposes: try purposes(&row), number: try row.next(), sealedSecret: try row.next(),
                validUntil: try row.next())
        }
    }

    /// Adds a source to an existing brand; no row if there is no such brand, or the name is taken.
    static func insert(
        _ name: String, id: ID<HookSource>, brand: ID<Brand>, shop: ID<Shop>?, purposes: Set<HookPurpose>
    ) -> Statement<HookSourceRecord> {
        Statement(
            """
            INSERT INTO hooks.source (name, source_id, brand_id, shop_id, purposes, created_at)
            SELECT \(name), \(id), b.brand_id, \(shop), \(purposes.map(\.rawValue).sorted()), now()
            FROM siyu.brand b
            WHERE b.brand_id = \(brand)
            ON CONFLICT (name) DO NOTHING
            RETURNING name, source_id, brand_id, shop_id, purposes, created_at, 0::bigint, NULL::timestamptz
            """, row: record)
    }

    /// A row if somebody has the name, whichever brand.
    static func isTaken(_ name: String) -> Statement<Bool> {
        Statement(
            """
            SELECT true FROM hooks.source WHERE name = \(name)
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    /// What a source is for, locked until the transaction ends.
    static func lock(
        _ name: String, brand: ID<Brand>
    ) -> Statement<(shop: ID<Shop>?, purposes: Set<HookPurpose>)> {
        Statement(
            """
            SELECT shop_id, purposes FROM hooks.source WHERE brand_id = \(brand) AND name = \(name) FOR UPDATE
            """
        ) { row throws(PostgresError) in (shop: try row.next(), purposes: try purposes(&row)) }
    }

    /// Changes what a source is for.
    static func change(
        _ name: String, shop: ID<Shop>?, purposes: Set<HookPurpose>, brand: ID<Brand>
    ) -> Statement<Void> {
        Statement(
            """
            UPDATE hooks.source
            SET shop_id = \(shop), purposes = \(purposes.map(\.rawValue).sorted())
            WHERE brand_id = \(brand) AND name = \(name)
            """)
    }

    /// A source with the number of its newest secret, 0 without any.
    static func newestNumber(_ name: String, brand: ID<Brand>) -> Statement<(id: ID<HookSource>, number: Int32)> {
        Statement(
            """
            SELECT s.source_id, (
                SELECT COALESCE(max(k.number), 0) FROM hooks.source_secret k
                WHERE k.brand_id = s.brand_id AND k.source_id = s.source_id)
            FROM hooks.source s
            WHERE s.brand_id = \(brand) AND s.name = \(name)
            """
        ) { row throws(PostgresError) in (id: try row.next(), number: try row.next()) }
    }

    /// Adds a secret; the key refuses a number that a rotation at the same time has taken.
    static func insertSecret(
        _ sealed: [UInt8], number: Int32, source: ID<HookSource>, brand: ID<Brand>
    ) -> Statement<Void> {
        Statement(
            """
            INSERT INTO hooks.source_secret (brand_id, source_id, number, sealed_secret, created_at)
            SELECT b.brand_id, \(source), \(number), \(sealed), now()
            FROM siyu.brand b
            WHERE b.brand_id = \(brand)
            """)
    }

    /// Ends the secrets before `number`: the last one after `overlap` seconds, older ones now.
    static func endSecrets(
        before number: Int32, overlap: Int, source: ID<HookSource>, brand: ID<Brand>
    ) -> Statement<Void> {
        Statement(
            """
            UPDATE hooks.source_secret
            SET valid_until = CASE
                WHEN number = \(number - 1) THEN now() + make_interval(secs => \(Double(overlap)))
                ELSE now()
            END
            WHERE brand_id = \(brand) AND source_id = \(source) AND number < \(number)
              AND (valid_until IS NULL OR valid_until > now())
            """)
    }

    /// The sources of a brand with how many secrets count now and when the older one ends.
    static func list(brand: ID<Brand>) -> Statement<HookSourceRecord> {
        Statement(
            """
            SELECT s.name, s.source_id, s.brand_id, s.shop_id, s.purposes, s.created_at, count(k.number), min(k.valid_until)
            FROM hooks.source s
            LEFT JOIN hooks.source_secret k ON k.brand_id = s.brand_id AND k.source_id = s.source_id
                AND (k.valid_until IS NULL OR k.valid_until > now())
            WHERE s.brand_id = \(brand)
            GROUP BY s.name, s.source_id, s.brand_id, s.shop_id, s.purposes, s.created_at
            ORDER BY s.name
            """, row: record)
    }

    private static func record(_ row: inout RowReader) throws(PostgresError) -> HookSourceRecord {
        HookSourceRecord(
            name: try row.next(), id: try row.next(), brand: try row.next(), shop: try row.next(),
            purposes: try purposes(&row), createdAt: try row.next(), secretCount: try row.next(),
            olderValidUntil: try row.next())
    }

    /// A purpose of a newer version is none that this one could serve.
    private static func purposes(_ row: inout RowReader) throws(PostgresError) -> Set<HookPurpose> {
        Set(try row.next([String].self).compactMap(HookPurpose.init))
    }
}
