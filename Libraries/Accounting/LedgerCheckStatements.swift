import FoundationEssentials
import Kernel
import Postgres

/// The SQL that proves the books.
///
/// It reads whole tables of a brand: for operators and reports, not for requests.
enum LedgerCheckStatements {
    /// One statement, hence one snapshot: a posting in flight is seen with both legs or not at all.
    ///
    /// Everything about an account is brought together by grouping, not by joins: whatever is known of the tables, the work is
    /// in proportion to their rows.
    static func check(brand: ID<Brand>) -> Statement<LedgerCheck> {
        Statement(
            """
            WITH part (account_id, accounts, floor_fen, kept_floor_fen, balance_fen, held_fen, fen, legs, open_fen) AS (
                SELECT account_id, 1, floor_fen, NULL::bigint, NULL::bigint, NULL::bigint, 0::numeric, 0::bigint, 0::numeric
                FROM accounting.account
                WHERE brand_id = \(brand)
                UNION ALL
                SELECT account_id, 0, NULL, floor_fen, balance_fen, held_fen, 0, 0, 0
                FROM accounting.balance
                WHERE brand_id = \(brand)
                UNION ALL
                SELECT debit_account_id, 0, NULL, NULL, NULL, NULL, -sum(amount_fen), count(*), 0
                FROM accounting.transfer
                WHERE brand_id = \(brand)
                GROUP BY debit_account_id
                UNION ALL
                SELECT credit_account_id, 0, NULL, NULL, NULL, NULL, sum(amount_fen), count(*), 0
                FROM accounting.transfer
                WHERE brand_id = \(brand)
                GROUP BY credit_account_id
                UNION ALL
                SELECT debit_account_id, 0, NULL, NULL, NULL, NULL, 0, 0, sum(amount_fen)
                FROM accounting.hold
                WHERE brand_id = \(brand) AND state = 'held'
                GROUP BY debit_account_id
            ), whole AS (
                SELECT account_id, sum(accounts) AS accounts, max(floor_fen) AS floor_fen, max(kept_floor_fen) AS kept_floor_fen,
                    max(balance_fen) AS balance_fen, max(held_fen) AS held_fen, sum(fen) AS fen, sum(legs) AS legs,
                    sum(open_fen) AS open_fen
                FROM part
                GROUP BY account_id
            )
            SELECT
                COALESCE(sum(accounts), 0)::bigint,
                (COALESCE(sum(legs), 0) / 2)::bigint,
                COALESCE(sum(fen), 0)::bigint,
                count(*) FILTER (WHERE kept_floor_fen IS DISTINCT FROM floor_fen
                    OR (floor_fen IS NOT NULL AND (balance_fen <> fen OR held_fen <> open_fen))),
                COALESCE(sum(legs) FILTER (WHERE accounts = 0), 0)::bigint
            FROM whole
            """
        ) { row throws(PostgresError) in
            LedgerCheck(
                accounts: try row.next(), transfers: try row.next(), trialBalance: try row.next(),
                balancesWrong: try row.next(), legsWithoutAccount: try row.next())
        }
    }

    static func totals(brand: ID<Brand>, from start: Date, to end: Date) -> Statement<LedgerTotal> {
        Statement(
            """
            SELECT kind, count(*), sum(amount_fen)::bigint
            FROM accounting.transfer
            WHERE brand_id = \(brand) AND occurred_at >= \(start) AND occurred_at < \(end)
            GROUP BY kind
            ORDER BY kind
            """
        ) { row throws(PostgresError) in
            LedgerTotal(kind: try row.next(), transfers: try row.next(), amount: try row.next())
        }
    }
}
