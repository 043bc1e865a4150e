import FoundationEssentials
import Kernel
import Postgres

/// The SQL of holds.
enum HoldStatements {
    /// A conflict, by the same kind and subject, returns no row.
    static func insert(_ hold: Hold, brand: ID<Brand>, now: Date) -> Statement<ID<Hold>> {
        Statement(
            """
            INSERT INTO accounting.hold (brand_id, hold_id, debit_account_id, credit_account_id, amount_fen, kind, subject_id,
                held_at, expires_at)
            SELECT b.brand_id, \(hold.id), \(hold.debit), \(hold.credit), \(hold.amount), \(hold.kind), \(hold.subject),
                \(now), \(hold.expiresAt)
            FROM siyu.brand b
            WHERE b.brand_id = \(brand)
            ON CONFLICT (brand_id, kind, subject_id) DO NOTHING
            RETURNING hold_id
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    static func hold(_ id: ID<Hold>, brand: ID<Brand>) -> Statement<Hold> {
        Statement(
            """
            SELECT hold_id, debit_account_id, credit_account_id, amount_fen, kind, subject_id, expires_at, state, posted_fen,
                transfer_id
            FROM accounting.hold
            WHERE brand_id = \(brand) AND hold_id = \(id)
            """
        ) { row throws(PostgresError) in try hold(&row) }
    }

    static func hold(_ kind: TransferKind, of subject: UUID, brand: ID<Brand>) -> Statement<Hold> {
        Statement(
            """
            SELECT hold_id, debit_account_id, credit_account_id, amount_fen, kind, subject_id, expires_at, state, posted_fen,
                transfer_id
            FROM accounting.hold
            WHERE brand_id = \(brand) AND kind = \(kind) AND subject_id = \(subject)
            """
        ) { row throws(PostgresError) in try hold(&row) }
    }

    private static func hold(_ row: inout RowReader) throws(PostgresError) -> Hold {
        var hold = Hold(
            id: try row.next(), debit: try row.next(), credit: try row.next(), amount: try row.next(),
            kind: try row.next(), subject: try row.next(), expiresAt: try row.next())
        hold.state = try row.next()
        hold.posted = try row.next()
        hold.transfer = try row.next()
        return hold
    }

    // MARK: Ends

    /// One row for whoever ends an open hold; none for whoever comes second, or too late.
    static func post(
        _ id: ID<Hold>, amount: Money, transfer: ID<Transfer>, brand: ID<Brand>, now: Date
    ) -> Statement<ID<Hold>> {
        Statement(
            """
            UPDATE accounting.hold
            SET state = 'posted', posted_fen = \(amount), transfer_id = \(transfer), ended_at = \(now)
            WHERE brand_id = \(brand) AND hold_id = \(id) AND state = 'held' AND expires_at >= \(now)
            RETURNING hold_id
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    static func void(_ id: ID<Hold>, brand: ID<Brand>, now: Date) -> Statement<ID<Hold>> {
        Statement(
            """
            UPDATE accounting.hold
            SET state = 'voided', ended_at = \(now)
            WHERE brand_id = \(brand) AND hold_id = \(id) AND state = 'held'
            RETURNING hold_id
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    /// Open holds whose time is over, the oldest first; nothing is locked yet.
    static func lapsed(brand: ID<Brand>, now: Date, limit: Int) -> Statement<(hold: ID<Hold>, account: ID<Account>)> {
        Statement(
            """
            SELECT hold_id, debit_account_id
            FROM accounting.hold
            WHERE brand_id = \(brand) AND state = 'held' AND expires_at < \(now)
            ORDER BY expires_at
            LIMIT \(limit)
            """
        ) { row throws(PostgresError) in (hold: try row.next(), account: try row.next()) }
    }

    /// The balances are locked by the caller.
    static func expire(
        _ holds: [ID<Hold>], brand: ID<Brand>, now: Date
    ) -> Statement<(account: ID<Account>, amount: Money)> {
        Statement(
            """
            UPDATE accounting.hold
            SET state = 'expired', ended_at = \(now)
            WHERE brand_id = \(brand) AND hold_id = ANY(\(holds)) AND state = 'held' AND expires_at < \(now)
            RETURNING debit_account_id, amount_fen
            """
        ) { row throws(PostgresError) in (account: try row.next(), amount: try row.next()) }
    }

    /// Those of one account; its balance is locked by the caller.
    static func expire(
        of account: ID<Account>, brand: ID<Brand>, now: Date
    ) -> Statement<(account: ID<Account>, amount: Money)> {
        Statement(
            """
            UPDATE accounting.hold
            SET state = 'expired', ended_at = \(now)
            WHERE brand_id = \(brand) AND debit_account_id = \(account) AND state = 'held' AND expires_at < \(now)
            RETURNING debit_account_id, amount_fen
            """
        ) { row throws(PostgresError) in (account: try row.next(), amount: try row.next()) }
    }
}
