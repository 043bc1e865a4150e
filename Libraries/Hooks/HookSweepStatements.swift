import Foundation
import Kernel
import Postgres

/// The SQL of the daily sweep.
enum HookSweepStatements {
    static func due() -> Statement<ID<Brand>> {
        Statement(
            """
            SELECT b.brand_id
            FROM siyu.brand b
            LEFT JOIN hooks.sweep s ON s.brand_id = b.brand_id
            WHERE s.swept_at IS NULL OR s.swept_at <= siyu.clock() - interval '1 day'
            ORDER BY b.brand_id
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    /// A row for whoever moves the instant on; none for whoever comes second.
    static func take(brand: ID<Brand>) -> Statement<Bool> {
        Statement(
            """
            INSERT INTO hooks.sweep AS s (brand_id, swept_at)
            SELECT b.brand_id, siyu.clock()
            FROM siyu.brand b
            WHERE b.brand_id = \(brand)
            ON CONFLICT (brand_id) DO UPDATE SET swept_at = excluded.swept_at
            WHERE s.swept_at <= excluded.swept_at - interval '1 day'
            RETURNING true
            """
        ) { row throws(PostgresError) in try row.next() }
    }
}
