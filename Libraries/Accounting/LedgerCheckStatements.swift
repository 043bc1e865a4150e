import FoundationEssentials
import Kernel
import Postgres

/// The SQL that proves the books.
///
/// It reads whole tables of a brand: for operators and reports, not for requests.
enum LedgerCheckStatements {
    /// One statement, hence one snapshot: a posting in flight is seen with both legs or not at all.
    static func check(brand: ID<Brand>) -> Statement<LedgerCheck> {
        Statement(
            """
            WITH leg AS (
                SELECT debit_account_id AS account_id, -sum(amount_fen) AS fen, count(*) AS legs
                FROM accounting.transfer
                WHERE brand_id = \(brand)
                GROUP BY debit_account_id
                UNION ALL
                SELECT credit_account_id, sum(amount_fen), count(*)
                FROM accounting.transfer
                WHERE brand_id = \(brand)
                GROUP BY credit_account_id
            ), fold AS (
                SELECT account_id, sum(fen) AS fen, sum(legs) AS legs
                FROM leg
                GROUP BY account_id
            ), hold AS (
                SELECT debit_account_id AS account_id, sum(amount_fen) AS fen
                FROM accounting.hold
                WHERE brand_id = \(brand) AND state = 'held'
                GROUP BY debit_account_id
            ), account AS (
                SELECT a.account_id, a.floor_fen, k.floor_fen AS kept_floor_fen, k.balance_fen, COALESCE(f.fen, 0) AS fen,
                    k.held_fen, COALESCE(h.fen, 0) AS open_fen
                FROM accounting.account a
                LEFT JOIN accounting.balance k ON k.brand_id = a.brand_id AND k.account_id = a.account_id
                LEFT JOIN fold f ON f.account_id = a.account_id
                LEFT JOIN hold h ON h.account_id = a.account_id
                WHERE a.brand_id = \(brand)
            )
            SELECT
                (SELECT count(*) FROM account),
                (SELECT COALESCE(sum(legs), 0)::bigint / 2 FROM fold),
                (SELECT COALESCE(sum(fen), 0)::bigint FROM fold),
                (SELECT count(*) FROM account
                    WHERE kept_floor_fen IS DISTINCT FROM floor_fen OR (floor_fen IS NOT NULL AND (balance_fen <> fen OR held_fen <> open_fen))),
                (SELECT COALESCE(sum(legs), 0)::bigint FROM fold
                    WHERE NOT EXISTS (SELECT FROM account a WHERE a.account_id = fold.account_id))
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
