import Accounting
import Foundation
import Kernel
import Postgres

/// The SQL of the ledger's benchmark.
///
/// Accounts are found by their number, so that pgbench can name them, too.
enum LedgerBenchStatements {
    static func account(_ number: Int) -> ID<Account> {
        let digits = String(number, radix: 16)
        let text = String(repeating: "0", count: 12 - digits.count) + digits
        return ID("00000000-0000-0000-0000-\(text)") ?? .mint()
    }

    static func addBrand(_ brand: ID<Brand>) -> Statement<Void> {
        Statement("INSERT INTO siyu.brand (brand_id, name, created_at) VALUES (\(brand), 'Bench', now())")
    }

    static func addAccounts(_ count: Int, floor: Int64?, brand: ID<Brand>) -> Statement<Void> {
        Statement(
            """
            INSERT INTO accounting.account (brand_id, account_id, kind, subject_id, floor_fen, created_at)
            SELECT \(brand), lpad(to_hex(n), 32, '0')::uuid, 'bench', lpad(to_hex(n), 32, '0')::uuid, \(floor), now()
            FROM generate_series(1, \(count)) n
            """)
    }

    static func addBalances(brand: ID<Brand>) -> Statement<Void> {
        Statement(
            """
            INSERT INTO accounting.balance (brand_id, account_id, floor_fen, balance_fen, updated_at)
            SELECT a.brand_id, a.account_id, a.floor_fen, 0, now()
            FROM accounting.account a
            WHERE a.brand_id = \(brand) AND a.floor_fen IS NOT NULL
            """)
    }

    /// Ids rise with time, as ours do.
    private static let newID =
        "(lpad(to_hex((extract(epoch FROM clock_timestamp()) * 1000000)::bigint), 16, '0') "
        + "|| substr(md5(random()::text), 1, 16))::uuid"

    static func addTransfers(from start: Int, count: Int, brand: ID<Brand>) -> Statement<Void> {
        Statement(
            """
            INSERT INTO accounting.transfer (brand_id, transfer_id, debit_account_id, credit_account_id, amount_fen, kind,
                subject_id, occurred_at, posted_at)
            SELECT \(brand), \(unsafeRaw: newID), lpad(to_hex(1 + n % 1000), 32, '0')::uuid,
                lpad(to_hex(1001 + n % 1000), 32, '0')::uuid, 1 + n % 9999, 'order.paid', \(unsafeRaw: newID),
                now() - n * INTERVAL '1 second', now()
            FROM generate_series(\(start), \(start) + \(count) - 1) n
            """)
    }

    static func vacuum() -> Statement<Void> {
        Statement("VACUUM (ANALYZE) accounting.transfer, accounting.balance, accounting.account")
    }

    static let copyCommand = "\\copy accounting.transfer TO '/dev/null'"

    /// What a ledger without batches does: both accounts' balances in key order, so that it never deadlocks.
    static func postScript(brand: ID<Brand>, accounts: Int) -> String {
        """
        \\set debit random(1, \(accounts / 2))
        \\set credit random(\(accounts / 2 + 1), \(accounts))
        \\set fen random(1, 1000)
        BEGIN;
        INSERT INTO accounting.transfer (brand_id, transfer_id, debit_account_id, credit_account_id, amount_fen, kind, subject_id, \
        occurred_at, posted_at) VALUES ('\(brand)', \(newID), lpad(to_hex(:debit::bigint), 32, '0')::uuid, \
        lpad(to_hex(:credit::bigint), 32, '0')::uuid, :fen, 'bench.raw', \(newID), now(), now());
        UPDATE accounting.balance SET balance_fen = balance_fen - :fen WHERE brand_id = '\(brand)' \
        AND account_id = lpad(to_hex(:debit::bigint), 32, '0')::uuid;
        UPDATE accounting.balance SET balance_fen = balance_fen + :fen WHERE brand_id = '\(brand)' \
        AND account_id = lpad(to_hex(:credit::bigint), 32, '0')::uuid;
        COMMIT;

        """
    }
}
