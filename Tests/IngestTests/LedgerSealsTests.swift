import Accounting
import Foundation
import Ingest
import JobTesting
import Jobs
import Kernel
import Orders
import Postgres
import TestSupport
import Testing

/// What sees to it that transfers are sealed, charged for, and that holds end.
struct LedgerSealsTests {
    private struct Books {
        let brand = ID<Brand>.mint()
        let wallet: ID<Account>
        let sales: ID<Account>

        init(_ pool: Pool, db: TestDatabase) async throws {
            let brand = brand
            try await db.owner.execute(
                Statement("INSERT INTO siyu.brand (brand_id, name, created_at) VALUES (\(brand), 'Test', now())"))
            (wallet, sales) = try await pool.transaction { tx in
                let now = try await tx.one(
                    Statement<Date>("SELECT siyu.clock()") { row throws(PostgresError) in try row.next() })
                return (
                    try await Ledger.account(
                        AccountKey(ofBrand: "wallet"), floor: Money(fen: -1_000), brand: brand, now: now, on: tx),
                    try await Ledger.account(AccountKey(ofBrand: "sales"), brand: brand, now: now, on: tx)
                )
            }
        }

        func post(_ fen: Int64, on pool: Pool) async throws {
            let now = Date()
            let posting = Posting(
                debit: wallet, credit: sales, amount: Money(fen: fen), kind: "test.move",
                subject: ID<Transfer>.mint().rawValue,
                occurredAt: now)
            _ = try await pool.transaction { tx in try await Ledger.post([posting], brand: brand, now: now, on: tx) }
        }

        func hold(on pool: Pool, db: TestDatabase) async throws {
            let (id, subject) = (UUID(), UUID())
            try await db.owner.execute(
                Statement<Void>(
                    """
                    INSERT INTO accounting.hold (brand_id, hold_id, debit_account_id, credit_account_id, amount_fen, kind, subject_id,
                        held_at, expires_at)
                    VALUES (\(brand), \(id), \(wallet), \(sales), 7, 'test.hold', \(subject), now() - INTERVAL '2 hours',
                        now() - INTERVAL '1 hour')
                    """))
            try await db.owner.execute(
                Statement<Void>(
                    "UPDATE accounting.balance SET held_fen = 7 WHERE brand_id = \(brand) AND account_id = \(wallet)"))
        }
    }

    private func count(_ table: String, of brand: ID<Brand>, _ db: TestDatabase) async throws -> Int {
        try await db.owner.one(
            Statement("SELECT count(*) FROM \(unsafeRaw: table) AND brand_id = \(brand)") { row throws(PostgresError) in
                try row.next()
            })
    }

    @Test func pushDue_byManyProcesses_pushesOneOfEachKindForBrandsThatNeedIt() async throws {
        try await withTestDatabase { db in
            let pool = db.pool(as: .ingest, connectionsMax: 8)
            let (busy, late, idle) = (
                try await Books(pool, db: db), try await Books(pool, db: db), try await Books(pool, db: db)
            )
            try await busy.post(5, on: pool)
            try await late.hold(on: pool, db: db)

            let found = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<6 {
                    group.addTask {
                        let queue = JobQueue(pool: pool, logger: .silent)
                        return try await LedgerSeals(pool: pool, queue: queue, logger: .silent).pushDue()
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }

            #expect(found == [2, 2, 2, 2, 2, 2])
            let tester = JobTester(JobQueue(pool: pool, logger: .silent))
            #expect(try await tester.pushed(SealTransfers.self).map(\.brand) == [busy.brand.rawValue])
            #expect(try await tester.pushed(ChargeFees.self).map(\.brand) == [busy.brand.rawValue])
            #expect(try await tester.pushed(ExpireHolds.self).map(\.brand) == [late.brand.rawValue])
            #expect(idle.brand != busy.brand)
        }
    }

    @Test func service_thatRuns_sealsWhatIsPostedAndEndsWhatIsHeldTooLong() async throws {
        try await IngestBundle.serve { bundle in
            let pool = bundle.db.pool(as: .ingest)
            let books = try await Books(pool, db: bundle.db)
            try await books.post(5, on: pool)
            try await books.hold(on: pool, db: bundle.db)
            // The service looked when it started: this is what it does every ten seconds.
            let queue = JobQueue(pool: pool, logger: .silent)
            let seals = LedgerSeals(pool: pool, queue: queue, logger: .silent)
            #expect(try await seals.pushDue() == 2)

            // A transaction of anybody on the server holds a seal back: the next look then pushes it again.
            try await eventually {
                await queue.wake(SealTransfers.jobQueue)
                try await seals.pushDue()
                return try await count("accounting.seal WHERE transfers = 1", of: books.brand, bundle.db) == 1
            }
            try await eventually {
                try await count("accounting.hold WHERE state = 'expired'", of: books.brand, bundle.db) == 1
            }
            try await eventually { try await seals.pushDue() == 0 }
            #expect(try await Ledger.check(brand: books.brand, on: pool).isBalanced)
            #expect(try await Ledger.checkChain(brand: books.brand, on: pool).fault == nil)
        }
    }
}
