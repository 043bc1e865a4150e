import FoundationEssentials
import Kernel
import Postgres

/// What holds of the books.
enum BookInvariantStatements {
    static let looks: [InvariantLook] = [
        InvariantLook(
            [
                Invariant("books.every_leg_has_an_account", "B1"),
                Invariant("books.a_balance_is_the_sum_of_its_transfers", "B1"),
                Invariant("books.what_is_held_is_the_sum_of_its_holds", "B1"),
                Invariant("books.no_account_is_below_its_floor", "B2"),
            ], ofBrand: accounts),
        InvariantLook(
            [
                Invariant("books.a_transfer_moves_money", "B1"), Invariant("books.a_transfer_is_posted_once", "B1"),
                Invariant("books.a_posted_hold_is_a_transfer", "B1"), Invariant("books.a_hold_ends", "B7"),
                Invariant("books.nothing_is_posted_in_the_future", "B17"),
            ], ofBrand: transfers),
        InvariantLook([Invariant("books.seals_follow_one_another", "B3")], ofBrand: seals),
    ]

    /// Everything about an account is brought together by grouping, not by joins: the work is in proportion to the rows.
    private static func accounts(brand: ID<Brand>, now: Date) -> Statement<BrokenRow> {
        Statement(
            """
            WITH part (account_id, accounts, floor_fen, kept_floor_fen, balance_fen, held_fen, fen, open_fen) AS (
                SELECT account_id, 1, floor_fen, NULL::bigint, NULL::bigint, NULL::bigint, 0::numeric, 0::numeric
                FROM accounting.account
                WHERE brand_id = \(brand)
                UNION ALL
                SELECT account_id, 0, NULL, floor_fen, balance_fen, held_fen, 0, 0
                FROM accounting.balance
                WHERE brand_id = \(brand)
                UNION ALL
                SELECT debit_account_id, 0, NULL, NULL, NULL, NULL, -sum(amount_fen), 0
                FROM accounting.transfer
                WHERE brand_id = \(brand)
                GROUP BY debit_account_id
                UNION ALL
                SELECT credit_account_id, 0, NULL, NULL, NULL, NULL, sum(amount_fen), 0
                FROM accounting.transfer
                WHERE brand_id = \(brand)
                GROUP BY credit_account_id
                UNION ALL
                SELECT debit_account_id, 0, NULL, NULL, NULL, NULL, 0, sum(amount_fen)
                FROM accounting.hold
                WHERE brand_id = \(brand) AND state = 'held'
                GROUP BY debit_account_id
            ), whole AS MATERIALIZED (
                SELECT account_id, sum(accounts) AS accounts, max(floor_fen) AS floor_fen,
                    max(kept_floor_fen) AS kept_floor_fen, max(balance_fen) AS balance_fen, max(held_fen) AS held_fen,
                    sum(fen) AS fen, sum(open_fen) AS open_fen
                FROM part
                GROUP BY account_id
            )
            (SELECT 'books.every_leg_has_an_account', account_id::text FROM whole
            WHERE accounts = 0 ORDER BY account_id LIMIT 11)
            UNION ALL
            (SELECT 'books.a_balance_is_the_sum_of_its_transfers', account_id::text FROM whole
            WHERE balance_fen <> fen ORDER BY account_id LIMIT 11)
            UNION ALL
            (SELECT 'books.what_is_held_is_the_sum_of_its_holds', account_id::text FROM whole
            WHERE COALESCE(held_fen, 0) <> open_fen AND floor_fen IS NOT NULL ORDER BY account_id LIMIT 11)
            UNION ALL
            (SELECT 'books.no_account_is_below_its_floor', account_id::text FROM whole
            WHERE floor_fen IS DISTINCT FROM kept_floor_fen OR balance_fen - held_fen < floor_fen
            ORDER BY account_id LIMIT 11)
            """, row: broken)
    }

    private static func transfers(brand: ID<Brand>, now: Date) -> Statement<BrokenRow> {
        Statement(
            """
            (SELECT 'books.a_transfer_moves_money', transfer_id::text FROM accounting.transfer
            WHERE brand_id = \(brand) AND (amount_fen <= 0 OR debit_account_id = credit_account_id)
            ORDER BY transfer_id LIMIT 11)
            UNION ALL
            (SELECT 'books.a_transfer_is_posted_once', kind || ' ' || subject_id FROM accounting.transfer
            WHERE brand_id = \(brand) GROUP BY kind, subject_id HAVING count(*) > 1 ORDER BY kind, subject_id LIMIT 11)
            UNION ALL
            (SELECT 'books.a_posted_hold_is_a_transfer', h.hold_id::text FROM accounting.hold h
            WHERE h.brand_id = \(brand) AND h.state = 'posted' AND NOT EXISTS (
                SELECT FROM accounting.transfer t
                WHERE t.brand_id = \(brand) AND t.transfer_id = h.transfer_id AND t.amount_fen = h.posted_fen
                    AND t.debit_account_id = h.debit_account_id)
            ORDER BY h.hold_id LIMIT 11)
            UNION ALL
            (SELECT 'books.a_hold_ends', hold_id::text FROM accounting.hold
            WHERE brand_id = \(brand) AND state = 'held' AND expires_at < \(now)::timestamptz - INTERVAL '5 minutes'
            ORDER BY expires_at, hold_id LIMIT 11)
            UNION ALL
            (SELECT 'books.nothing_is_posted_in_the_future', transfer_id::text FROM accounting.transfer
            WHERE brand_id = \(brand) AND posted_at > \(now)::timestamptz + INTERVAL '1 minute'
            ORDER BY transfer_id LIMIT 11)
            """, row: broken)
    }

    private static func seals(brand: ID<Brand>, now: Date) -> Statement<BrokenRow> {
        Statement(
            """
            SELECT 'books.seals_follow_one_another', s.seal_no::text
            FROM (
                SELECT seal_no, row_number() OVER (ORDER BY seal_no) AS place, last_xid,
                    lag(last_xid) OVER (ORDER BY seal_no) AS earlier_xid
                FROM accounting.seal
                WHERE brand_id = \(brand)
            ) s
            WHERE s.seal_no <> s.place OR s.last_xid < s.earlier_xid
            ORDER BY s.seal_no
            LIMIT 11
            """, row: broken)
    }

    /// The rule and the key, as every statement about invariants gives them.
    @Sendable static func broken(_ row: inout RowReader) throws(PostgresError) -> BrokenRow {
        BrokenRow(rule: try row.next(), key: try row.next())
    }
}
