import FoundationEssentials
import Kernel
import Postgres

/// The tour reads every count back by a query of its own, which shares nothing with the code that made it.
enum TourStatements {
    /// What the tables hold of a brand's orders.
    struct Orders: Sendable, Equatable {
        var orders: Int
        var members: Int
        var repeatMembers: Int
        var gmvFen: Int64
        var zeroOrders: Int
    }

    static func orders(brand: ID<Brand>) -> Statement<Orders> {
        Statement(
            """
            WITH by_member AS (
                SELECT person_id, count(*) AS orders, sum(amount_fen) AS fen, count(*) FILTER (WHERE amount_fen = 0) AS zero
                FROM orders.customer_order
                WHERE brand_id = \(brand) AND status <> 'cancelled'
                GROUP BY person_id
            )
            SELECT COALESCE(sum(orders), 0)::bigint, count(*), count(*) FILTER (WHERE orders >= 2),
                COALESCE(sum(fen), 0)::bigint, COALESCE(sum(zero), 0)::bigint
            FROM by_member
            """
        ) { row throws(PostgresError) in
            Orders(
                orders: try row.next(), members: try row.next(), repeatMembers: try row.next(),
                gmvFen: try row.next(), zeroOrders: try row.next())
        }
    }

    /// What the ledger holds of the same: how many payments were posted, and how much.
    static func ledger(brand: ID<Brand>) -> Statement<(transfers: Int, fen: Int64)> {
        Statement(
            """
            SELECT count(*) FILTER (WHERE t.kind = 'order.paid'),
                COALESCE(sum(CASE WHEN t.kind = 'order.paid' THEN t.amount_fen ELSE 0 END), 0)::bigint
            FROM accounting.transfer t
            WHERE t.brand_id = \(brand)
            """
        ) { row throws(PostgresError) in (try row.next(), try row.next()) }
    }

    /// Jobs that wait, run, or were given up.
    static func jobs() -> Statement<(open: Int, discarded: Int)> {
        Statement(
            """
            SELECT (SELECT count(*) FROM jobs.hot) + (SELECT count(*) FROM jobs.later),
                (SELECT count(*) FROM jobs.discarded)
            """
        ) { row throws(PostgresError) in (try row.next(), try row.next()) }
    }
}
