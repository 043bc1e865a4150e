import FoundationEssentials
import Kernel
import Postgres

/// The SQL of the chain.
enum SealStatements {
    /// Every transaction below has ended: what it wrote is there to be seen, or never will be.
    ///
    /// A later statement sees at least as much, so that the horizon stays true for it.
    static func horizon() -> Statement<Int64> {
        Statement("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint") { row throws(PostgresError) in
            try row.next()
        }
    }

    static func clock() -> Statement<Date> {
        Statement("SELECT siyu.clock()") { row throws(PostgresError) in try row.next() }
    }

    static func last(brand: ID<Brand>) -> Statement<SealEnd> {
        Statement(
            """
            SELECT seal_no, last_xid, last_transfer_id, hash
            FROM accounting.seal
            WHERE brand_id = \(brand)
            ORDER BY seal_no DESC
            LIMIT 1
            """
        ) { row throws(PostgresError) in
            SealEnd(
                number: try row.next(), last: LedgerPlace(xid: try row.next(), id: try row.next()), hash: try row.next()
            )
        }
    }

    static func next(after number: Int64, brand: ID<Brand>) -> Statement<Seal> {
        Statement(
            """
            SELECT seal_no, transfers, last_xid, last_transfer_id, transfer_ids, marks, hash, sealed_at
            FROM accounting.seal
            WHERE brand_id = \(brand) AND seal_no > \(number)
            ORDER BY seal_no
            LIMIT 1
            """
        ) { row throws(PostgresError) in
            Seal(
                number: try row.next(), transfers: try row.next(),
                last: LedgerPlace(xid: try row.next(), id: try row.next()), ids: try row.next(), marks: try row.next(),
                hash: try row.next(), sealedAt: try row.next())
        }
    }

    static func insert(_ seal: Seal, brand: ID<Brand>) -> Statement<Int64> {
        Statement(
            """
            INSERT INTO accounting.seal (brand_id, seal_no, transfers, last_xid, last_transfer_id, transfer_ids, marks, hash,
                sealed_at)
            SELECT b.brand_id, \(seal.number), \(seal.transfers), \(seal.last.xid), \(seal.last.id), \(seal.ids),
                \(seal.marks), \(seal.hash), \(seal.sealedAt)
            FROM siyu.brand b
            WHERE b.brand_id = \(brand)
            ON CONFLICT (brand_id, seal_no) DO NOTHING
            RETURNING seal_no
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    // MARK: Transfers in their order

    /// What can be sealed behind a place: at most one seal's worth.
    static func unsealed(after place: LedgerPlace, below horizon: Int64, brand: ID<Brand>) -> Statement<TransferLeaf> {
        Statement(
            """
            SELECT transfer_id, debit_account_id, credit_account_id, amount_fen, kind, subject_id, occurred_at, posted_at,
                posted_xid
            FROM accounting.transfer
            WHERE brand_id = \(brand) AND (posted_xid, transfer_id) > (\(place.xid), \(place.id)) AND posted_xid < \(horizon)
            ORDER BY posted_xid, transfer_id
            LIMIT 4096
            """
        ) { row throws(PostgresError) in try leaf(&row, brand: brand) }
    }

    /// What stands between two places, one more than a seal holds at most: a constant, so that the index is read whatever is known
    /// of the table.
    static func between(_ start: LedgerPlace, and end: LedgerPlace, brand: ID<Brand>) -> Statement<TransferLeaf> {
        Statement(
            """
            SELECT transfer_id, debit_account_id, credit_account_id, amount_fen, kind, subject_id, occurred_at, posted_at,
                posted_xid
            FROM accounting.transfer
            WHERE brand_id = \(brand) AND (posted_xid, transfer_id) > (\(start.xid), \(start.id))
                AND (posted_xid, transfer_id) <= (\(end.xid), \(end.id))
            ORDER BY posted_xid, transfer_id
            LIMIT 4097
            """
        ) { row throws(PostgresError) in try leaf(&row, brand: brand) }
    }

    private static func leaf(_ row: inout RowReader, brand: ID<Brand>) throws(PostgresError) -> TransferLeaf {
        let columns = SealFormat.Columns(
            id: try row.next(), debit: try row.next(), credit: try row.next(), amount: try row.next(),
            kind: try row.next(), subject: try row.next(), occurredAt: try row.next(), postedAt: try row.next(),
            xid: try row.next())
        return TransferLeaf(
            id: ID(rawValue: columns.id), xid: columns.xid, hash: SealFormat.leaf(of: columns, brand: brand))
    }

    /// What was posted behind a place, with the names of both accounts, looked up one by one.
    static func news(after place: LedgerPlace, below horizon: Int64, brand: ID<Brand>) -> Statement<LedgerNews> {
        Statement(
            """
            SELECT t.posted_xid, t.transfer_id, COALESCE(d.kind, ''), COALESCE(d.subject_id, t.debit_account_id),
                COALESCE(c.kind, ''), COALESCE(c.subject_id, t.credit_account_id), t.amount_fen, t.kind, t.occurred_at
            FROM (
                SELECT posted_xid, transfer_id, debit_account_id, credit_account_id, amount_fen, kind, occurred_at
                FROM accounting.transfer
                WHERE brand_id = \(brand) AND (posted_xid, transfer_id) > (\(place.xid), \(place.id))
                    AND posted_xid < \(horizon)
                ORDER BY posted_xid, transfer_id
                LIMIT 2000
            ) t
            LEFT JOIN LATERAL (
                SELECT kind, subject_id FROM accounting.account
                WHERE brand_id = \(brand) AND account_id = t.debit_account_id
                LIMIT 1
            ) d ON true
            LEFT JOIN LATERAL (
                SELECT kind, subject_id FROM accounting.account
                WHERE brand_id = \(brand) AND account_id = t.credit_account_id
                LIMIT 1
            ) c ON true
            ORDER BY t.posted_xid, t.transfer_id
            """
        ) { row throws(PostgresError) in
            LedgerNews(
                place: LedgerPlace(xid: try row.next(), id: try row.next()),
                debit: AccountKey(try row.next(), of: try row.next()),
                credit: AccountKey(try row.next(), of: try row.next()), amount: try row.next(), kind: try row.next(),
                occurredAt: try row.next())
        }
    }

    static func exists(_ transfer: ID<Transfer>, brand: ID<Brand>) -> Statement<Bool> {
        Statement(
            """
            SELECT EXISTS (
                SELECT FROM accounting.transfer WHERE brand_id = \(brand) AND transfer_id = \(transfer)
            )
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    static func count(after place: LedgerPlace, brand: ID<Brand>) -> Statement<Int> {
        Statement(
            """
            SELECT count(*)
            FROM accounting.transfer
            WHERE brand_id = \(brand) AND (posted_xid, transfer_id) > (\(place.xid), \(place.id))
            """
        ) { row throws(PostgresError) in try row.next() }
    }
}
