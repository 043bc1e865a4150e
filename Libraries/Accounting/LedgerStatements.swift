import FoundationEssentials
import Kernel
import Postgres

/// The SQL of the ledger's accounts and postings.
enum LedgerStatements {
    // MARK: Accounts

    /// Anchored on the brand; a conflict returns no row.
    static func openAccount(
        _ id: ID<Account>, key: AccountKey, floor: Money?, brand: ID<Brand>, now: Date
    ) -> Statement<ID<Account>> {
        Statement(
            """
            INSERT INTO accounting.account (brand_id, account_id, kind, subject_id, floor_fen, created_at)
            SELECT b.brand_id, \(id), \(key.kind), \(key.subject), \(floor), \(now)
            FROM siyu.brand b
            WHERE b.brand_id = \(brand)
            ON CONFLICT DO NOTHING
            RETURNING account_id
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    static func openBalance(of account: ID<Account>, floor: Money, brand: ID<Brand>, now: Date) -> Statement<Void> {
        Statement(
            """
            INSERT INTO accounting.balance (brand_id, account_id, floor_fen, balance_fen, updated_at)
            VALUES (\(brand), \(account), \(floor), 0, \(now))
            """)
    }

    static func account(_ key: AccountKey, brand: ID<Brand>) -> Statement<(id: ID<Account>, floor: Money?)> {
        Statement(
            """
            SELECT account_id, floor_fen
            FROM accounting.account
            WHERE brand_id = \(brand) AND kind = \(key.kind) AND subject_id = \(key.subject)
            """
        ) { row throws(PostgresError) in (id: try row.next(), floor: try row.next()) }
    }

    /// The accounts of some keys as far as they are open, with their places from 1.
    static func accounts(
        _ keys: [AccountKey], brand: ID<Brand>
    ) -> Statement<(place: Int, id: ID<Account>, floor: Money?)> {
        Statement(
            """
            SELECT x.place, a.account_id, a.floor_fen
            FROM unnest(\(keys.map(\.kind)), \(keys.map(\.subject))) WITH ORDINALITY AS x (kind, subject_id, place)
            CROSS JOIN LATERAL (
                SELECT account_id, floor_fen
                FROM accounting.account
                WHERE brand_id = \(brand) AND kind = x.kind AND subject_id = x.subject_id
                LIMIT 1
            ) a
            """
        ) { row throws(PostgresError) in (place: try row.next(), id: try row.next(), floor: try row.next()) }
    }

    static func keptBalance(of account: ID<Account>, brand: ID<Brand>) -> Statement<Money> {
        Statement(
            """
            SELECT balance_fen
            FROM accounting.balance
            WHERE brand_id = \(brand) AND account_id = \(account)
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    /// Two walks through an index, one for each side.
    static func foldedBalance(of account: ID<Account>, brand: ID<Brand>) -> Statement<Money> {
        Statement(
            """
            SELECT (
                (SELECT COALESCE(sum(amount_fen), 0) FROM accounting.transfer
                    WHERE brand_id = \(brand) AND credit_account_id = \(account))
                - (SELECT COALESCE(sum(amount_fen), 0) FROM accounting.transfer
                    WHERE brand_id = \(brand) AND debit_account_id = \(account))
            )::bigint
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    /// The same up to and including an instant; no row for an account that the brand does not have.
    static func balance(of account: ID<Account>, asOf instant: Date, brand: ID<Brand>) -> Statement<Money> {
        Statement(
            """
            SELECT (
                (SELECT COALESCE(sum(amount_fen), 0) FROM accounting.transfer
                    WHERE brand_id = \(brand) AND credit_account_id = \(account) AND occurred_at <= \(instant))
                - (SELECT COALESCE(sum(amount_fen), 0) FROM accounting.transfer
                    WHERE brand_id = \(brand) AND debit_account_id = \(account) AND occurred_at <= \(instant))
            )::bigint
            FROM accounting.account
            WHERE brand_id = \(brand) AND account_id = \(account)
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    /// All accounts of a brand by kind; one statement, hence one snapshot, so that the sums are zero together.
    static func balances(asOf instant: Date, brand: ID<Brand>) -> Statement<KindBalance> {
        Statement(
            """
            WITH leg AS (
                SELECT credit_account_id AS account_id, sum(amount_fen) AS fen
                FROM accounting.transfer
                WHERE brand_id = \(brand) AND occurred_at <= \(instant)
                GROUP BY credit_account_id
                UNION ALL
                SELECT debit_account_id, -sum(amount_fen)
                FROM accounting.transfer
                WHERE brand_id = \(brand) AND occurred_at <= \(instant)
                GROUP BY debit_account_id
            )
            SELECT a.kind, count(DISTINCT a.account_id), sum(l.fen)::bigint
            FROM leg l
            JOIN accounting.account a ON a.brand_id = \(brand) AND a.account_id = l.account_id
            GROUP BY a.kind
            ORDER BY a.kind
            """
        ) { row throws(PostgresError) in
            KindBalance(kind: try row.next(), accounts: try row.next(), balance: try row.next())
        }
    }

    // MARK: Postings

    /// Which of some accounts the brand has; accounts are never deleted, so that the answer stays true.
    static func known(_ accounts: [ID<Account>], brand: ID<Brand>) -> Statement<ID<Account>> {
        Statement(
            """
            SELECT a.account_id
            FROM unnest(\(accounts)) AS x (account_id)
            CROSS JOIN LATERAL (
                SELECT account_id
                FROM accounting.account
                WHERE brand_id = \(brand) AND account_id = x.account_id
                LIMIT 1
            ) a
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    /// One statement for any number of postings.
    ///
    /// Sorted by the unique key, so that batches cannot deadlock. What was posted before returns no row.
    static func post(_ postings: [Posting], brand: ID<Brand>, now: Date) -> Statement<ID<Transfer>> {
        Statement(
            """
            INSERT INTO accounting.transfer (brand_id, transfer_id, debit_account_id, credit_account_id, amount_fen, kind,
                subject_id, occurred_at, posted_at)
            SELECT b.brand_id, x.transfer_id, x.debit_account_id, x.credit_account_id, x.amount_fen, x.kind,
                x.subject_id, x.occurred_at, \(now)
            FROM siyu.brand b
            CROSS JOIN unnest(\(postings.map(\.id)), \(postings.map(\.debit)), \(postings.map(\.credit)),
                \(postings.map(\.amount)), \(postings.map(\.kind)), \(postings.map(\.subject)), \(postings.map(\.occurredAt)))
                AS x (transfer_id, debit_account_id, credit_account_id, amount_fen, kind, subject_id, occurred_at)
            WHERE b.brand_id = \(brand)
            ORDER BY x.kind, x.subject_id
            ON CONFLICT (brand_id, kind, subject_id) DO NOTHING
            RETURNING transfer_id
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    /// A transfer as it stands in the books.
    struct Recorded: Sendable {
        let subject: UUID
        let debit: ID<Account>
        let credit: ID<Account>
        let amount: Money
    }

    static func recorded(_ kind: TransferKind, of subjects: [UUID], brand: ID<Brand>) -> Statement<Recorded> {
        Statement(
            """
            SELECT x.subject_id, t.debit_account_id, t.credit_account_id, t.amount_fen
            FROM unnest(\(subjects)) AS x (subject_id)
            CROSS JOIN LATERAL (
                SELECT debit_account_id, credit_account_id, amount_fen
                FROM accounting.transfer
                WHERE brand_id = \(brand) AND kind = \(kind) AND subject_id = x.subject_id
                LIMIT 1
            ) t
            """
        ) { row throws(PostgresError) in
            Recorded(subject: try row.next(), debit: try row.next(), credit: try row.next(), amount: try row.next())
        }
    }

    // MARK: Kept balances

    /// Locks in key order; accounts without a floor have no row and are not locked.
    static func lockBalances(of accounts: [ID<Account>], brand: ID<Brand>) -> Statement<KeptBalance> {
        Statement(
            """
            SELECT account_id, floor_fen, balance_fen, held_fen
            FROM accounting.balance
            WHERE brand_id = \(brand) AND account_id = ANY(\(accounts))
            ORDER BY account_id
            FOR UPDATE
            """
        ) { row throws(PostgresError) in
            KeptBalance(account: try row.next(), floor: try row.next(), balance: try row.next(), held: try row.next())
        }
    }

    /// The rows are locked by the caller; the CHECK on the floor stays as the second lock on the door.
    static func setBalances(_ balances: [KeptBalance], brand: ID<Brand>, now: Date) -> Statement<Void> {
        Statement(
            """
            UPDATE accounting.balance k
            SET balance_fen = x.balance_fen, held_fen = x.held_fen, updated_at = \(now)
            FROM unnest(\(balances.map(\.account)), \(balances.map(\.balance)), \(balances.map(\.held)))
                AS x (account_id, balance_fen, held_fen)
            WHERE k.brand_id = \(brand) AND k.account_id = x.account_id
            """)
    }
}
