import FoundationEssentials
import Kernel
import Postgres

/// The SQL of what is kept for a time only.
enum RetentionStatements {
    /// Addresses that nobody has needed since `end`, oldest first: kept before then, and named by no gift that is open or ended later.
    ///
    /// A gift is looked up for each by its index. What is refused here is that of gifts which stay open for so long.
    static func addresses(
        unneededSince end: Date, brand: ID<Brand>, limit: Int
    ) -> Statement<ID<Address>> {
        Statement(
            """
            SELECT a.address_id
            FROM vault.address a
            WHERE a.brand_id = \(brand) AND a.erased_at IS NULL AND a.created_at <= \(end)
                AND NOT EXISTS (
                    SELECT FROM gifting.gift g
                    WHERE g.brand_id = a.brand_id AND g.address_id = a.address_id
                        AND (g.ended_at IS NULL OR g.ended_at > \(end)))
                AND NOT EXISTS (
                    SELECT FROM gifting.gift g
                    WHERE g.brand_id = a.brand_id AND g.prefilled_address_id = a.address_id
                        AND (g.ended_at IS NULL OR g.ended_at > \(end)))
            ORDER BY a.created_at
            LIMIT \(limit)
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    static func clock() -> Statement<Date> {
        Statement("SELECT siyu.clock()") { row throws(PostgresError) in try row.next() }
    }
}
