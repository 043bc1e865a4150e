import Kernel
import Postgres

/// The SQL of the rounds.
enum RetentionRoundsStatements {
    /// The brands that keep an address, by one look at the index for each.
    static var brands: Statement<ID<Brand>> {
        Statement(
            """
            SELECT b.brand_id
            FROM siyu.brand b
            CROSS JOIN LATERAL (
                SELECT
                FROM vault.address a
                WHERE a.brand_id = b.brand_id AND a.erased_at IS NULL
                LIMIT 1
            ) a
            ORDER BY b.brand_id
            """
        ) { row throws(PostgresError) in try row.next() }
    }
}
