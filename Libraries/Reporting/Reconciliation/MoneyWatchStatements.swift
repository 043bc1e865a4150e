import FoundationEssentials
import Kernel
import Postgres

/// The SQL of money on its way, where it is not another room's.
enum MoneyWatchStatements {
    /// What technical fees were charged and given back, by the month in Shanghai in which they were posted.
    static func fees(brand: ID<Brand>) -> Statement<FeeMonth> {
        Statement(
            """
            SELECT date_trunc('month', t.occurred_at AT TIME ZONE 'Asia/Shanghai')::date AS month,
                COALESCE(sum(t.amount_fen) FILTER (WHERE t.kind = 'fee.charged'), 0)::bigint,
                COALESCE(sum(t.amount_fen) FILTER (WHERE t.kind = 'fee.returned'), 0)::bigint
            FROM accounting.transfer t
            WHERE t.brand_id = \(brand) AND t.kind IN ('fee.charged', 'fee.returned')
            GROUP BY month
            ORDER BY month DESC
            LIMIT 36
            """
        ) { row throws(PostgresError) in
            FeeMonth(month: try row.next(), charged: try row.next(), returned: try row.next())
        }
    }
}
