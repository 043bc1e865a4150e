import Kernel
import Postgres

/// The SQL that finds what is to be sealed.
enum LedgerSealsStatements {
    /// Brands with a transfer behind their last seal: one probe of an index each.
    static func due() -> Statement<ID<Brand>> {
        Statement(
            """
            SELECT b.brand_id
            FROM siyu.brand b
            LEFT JOIN LATERAL (
                SELECT s.last_xid, s.last_transfer_id
                FROM accounting.seal s
                WHERE s.brand_id = b.brand_id
                ORDER BY s.seal_no DESC
                LIMIT 1
            ) s ON true
            CROSS JOIN LATERAL (
                SELECT
                FROM accounting.transfer t
                WHERE t.brand_id = b.brand_id AND (t.posted_xid, t.transfer_id)
                    > (COALESCE(s.last_xid, -1), COALESCE(s.last_transfer_id, '00000000-0000-0000-0000-000000000000'))
                ORDER BY t.posted_xid, t.transfer_id
                LIMIT 1
            ) t
            ORDER BY b.brand_id
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    /// Brands with an open hold whose time is over.
    static func lapsed() -> Statement<ID<Brand>> {
        Statement(
            """
            SELECT b.brand_id
            FROM siyu.brand b
            CROSS JOIN LATERAL (
                SELECT
                FROM accounting.hold h
                WHERE h.brand_id = b.brand_id AND h.state = 'held' AND h.expires_at < siyu.clock()
                ORDER BY h.expires_at
                LIMIT 1
            ) h
            ORDER BY b.brand_id
            """
        ) { row throws(PostgresError) in try row.next() }
    }
}
