import Accounting
import FoundationEssentials
import Kernel
import Postgres
import TestSupport
import Testing

struct BalanceTests {
    @Test func d18_balancesAsOfAnyInstant_equalTheFold() async throws {
        try await withTestDatabase { db in
            let books = try await Books(db)
            var accounts: [ID<Account>] = []
            for number in 0..<6 {
                let floor: Money? = number.isMultiple(of: 2) ? Money(fen: -1_000_000) : nil
                accounts.append(try await books.account(number < 3 ? "pot" : "bowl", floor: floor))
            }
            var all: [Posting] = []
            for _ in 0..<20 {
                let batch = (0..<20).map { _ in
                    let pair = accounts.shuffled().prefix(2)
                    var posting = books.posting(pair[0], pair[1], .random(in: 1...5_000))
                    // In any order: money may count for earlier than it is posted.
                    posting.occurredAt = books.now.addingTimeInterval(Double(Int.random(in: 0...50)))
                    return posting
                }
                _ = try await books.post(batch)
                all += batch
            }

            for second in [-1.0, 0, 1, 17, 25.5, 49, 50, 51] {
                let instant = books.now.addingTimeInterval(second)
                let counted = all.filter { $0.occurredAt <= instant }
                func fold(_ account: ID<Account>) -> Int64 {
                    counted.reduce(0) {
                        $0 + ($1.credit == account ? $1.amount.fen : 0) - ($1.debit == account ? $1.amount.fen : 0)
                    }
                }
                for account in accounts {
                    let balance = try await Ledger.balance(
                        of: account, asOf: instant, brand: books.brand, on: books.pool)
                    #expect(balance?.fen == fold(account), "at \(second) s")
                }
                let kinds = try await Ledger.balances(asOf: instant, brand: books.brand, on: books.pool)
                #expect(try kinds.map(\.balance).sum() == .zero)
                let pots = accounts.prefix(3).reduce(Int64(0)) { $0 + fold($1) }
                #expect(kinds.first { $0.kind == "pot" }?.balance.fen ?? 0 == pots)
            }
            for account in accounts {
                let kept = try await Ledger.balance(of: account, brand: books.brand, on: books.pool)
                let folded = try await Ledger.balance(
                    of: account, asOf: .distantFuture, brand: books.brand, on: books.pool)
                #expect(kept == folded)
            }
        }
    }

    @Test func balanceAsOf_ofAnotherBrandsAccount_isNone() async throws {
        try await withTestDatabase { db in
            let (books, others) = (try await Books(db), try await Books(db))
            let account = try await others.account("a")

            #expect(try await Ledger.balance(of: account, asOf: books.now, brand: books.brand, on: books.pool) == nil)
        }
    }

    /// From the index alone, however many transfers other accounts have.
    @Test func balanceAsOf_readsTheIndexesOfBothSides() async throws {
        try await withTestDatabase { db in
            let books = try await Books(db)
            let (from, to) = (try await books.account("a"), try await books.account("b"))
            let few = try await books.account("few")
            _ = try await books.post((0..<4_000).map { _ in books.posting(from, to, 1) })
            _ = try await books.post([books.posting(from, few, 7), books.posting(few, to, 3)])
            try await db.superuser.execute(Statement<Void>("VACUUM ANALYZE accounting.transfer"))

            let reads = try await db.owner.transaction { tx in
                let count = Statement<Int64>(
                    """
                    SELECT COALESCE(pg_stat_get_xact_tuples_returned('accounting.transfer'::regclass), 0)
                    """
                ) { row throws(PostgresError) in try row.next() }
                let before = try await tx.one(count)
                let balance = try await Ledger.balance(of: few, asOf: books.now, brand: books.brand, on: tx)
                #expect(balance == Money(fen: 4))
                return try await tx.one(count) - before
            }
            #expect(reads == 0, "rows read by walking through the table")
        }
    }
}
