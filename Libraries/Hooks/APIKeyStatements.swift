import Foundation
import Kernel
import Postgres

/// The SQL of API keys.
///
/// They are credentials, so their instants are real time, not the clock of the business.
enum APIKeyStatements {
    /// Adds a key to an existing brand; no row if there is no such brand.
    static func insert(_ key: APIKeyRecord, lifetime: Double?, hash: [UInt8]) -> Statement<APIKeyRecord> {
        Statement(
            """
            INSERT INTO hooks.api_key (key_hash, key_id, brand_id, role, shop_id, label, created_at, expires_at)
            SELECT \(hash), \(key.id), b.brand_id, \(key.role), \(key.shop), \(key.label), now(),
                now() + make_interval(secs => \(lifetime))
            FROM siyu.brand b
            WHERE b.brand_id = \(key.brand)
            RETURNING key_id, brand_id, role, shop_id, label, created_at, revoked_at, expires_at
            """, row: record)
    }

    /// Revokes a key; no row if there is no such key in the brand.
    ///
    /// The first revocation's instant stays.
    static func revoke(_ id: ID<APIKey>, brand: ID<Brand>) -> Statement<APIKeyRecord> {
        Statement(
            """
            UPDATE hooks.api_key
            SET revoked_at = COALESCE(revoked_at, now())
            WHERE brand_id = \(brand) AND key_id = \(id)
            RETURNING key_id, brand_id, role, shop_id, label, created_at, revoked_at, expires_at
            """, row: record)
    }

    /// All keys of a brand, oldest first.
    static func list(brand: ID<Brand>) -> Statement<APIKeyRecord> {
        Statement(
            """
            SELECT key_id, brand_id, role, shop_id, label, created_at, revoked_at, expires_at
            FROM hooks.api_key
            WHERE brand_id = \(brand)
            ORDER BY created_at, key_id
            """, row: record)
    }

    /// Who presents the token with this hash: one look-up in the primary key.
    static func caller(hash: [UInt8]) -> Statement<Caller> {
        Statement(
            """
            SELECT key_id, brand_id, role, shop_id
            FROM hooks.api_key
            WHERE key_hash = \(hash) AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())
            """, row: caller)
    }

    /// Who a session speaks for, as long as its key is not revoked.
    static func caller(id: ID<APIKey>) -> Statement<Caller> {
        Statement(
            """
            SELECT key_id, brand_id, role, shop_id
            FROM hooks.api_key
            WHERE key_id = \(id) AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())
            """, row: caller)
    }

    private static func caller(_ row: inout RowReader) throws(PostgresError) -> Caller {
        Caller(keyID: try row.next(), brand: try row.next(), role: try row.next(), shop: try row.next())
    }

    private static func record(_ row: inout RowReader) throws(PostgresError) -> APIKeyRecord {
        APIKeyRecord(
            id: try row.next(), brand: try row.next(), role: try row.next(), shop: try row.next(),
            label: try row.next(),
            createdAt: try row.next(), revokedAt: try row.next(), expiresAt: try row.next())
    }
}
