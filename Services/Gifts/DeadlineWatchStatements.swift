import FoundationEssentials
import Kernel
import Postgres

/// The SQL that finds what is due.
enum DeadlineWatchStatements {
    /// A brand with gifts that wait for their recipients.
    struct OpenBrand: Sendable {
        let brand: ID<Brand>
        /// The earliest deadline of its gifts.
        let deadline: Date
        /// The clock of the business.
        let now: Date
    }

    /// The earliest deadline of each brand, those that wait longest first: one probe of an index each.
    static func earliest() -> Statement<OpenBrand> {
        Statement(
            """
            SELECT b.brand_id, g.accept_until, siyu.clock()
            FROM siyu.brand b
            CROSS JOIN LATERAL (
                SELECT accept_until
                FROM gifting.gift
                WHERE brand_id = b.brand_id AND state IN ('sent', 'claimed') AND group_id IS NULL
                ORDER BY accept_until
                LIMIT 1
            ) g
            ORDER BY g.accept_until, b.brand_id
            """
        ) { row throws(PostgresError) in
            OpenBrand(brand: try row.next(), deadline: try row.next(), now: try row.next())
        }
    }
}
