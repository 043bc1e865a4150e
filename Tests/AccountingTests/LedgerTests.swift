import Accounting
import FoundationEssentials
import Kernel
import Postgres
import TestSupport
import Testing

/// A brand with empty books, used as siyu-ingest.
struct Books {
    let db: TestDatabase
    let pool: Pool
    let brand = ID<Brand>.mint()
    let now = Date(timeIntervalSince1970: 1_700_000_000)

    init(_ db: TestDatabase) async throws {
        self.db = db
        pool = db.pool(as: .ingest)
        try await db.owner.execute(Factory.brand(brand, at: now))
    }

    func account(_ kind: AccountKind, floor: Money? = nil, of subject: UUID = UUID()) async throws -> ID<Account> {
        try await pool.transaction { tx in
            try await Ledger.account(AccountKey(kind, of: subject), floor: floor, brand: brand, now: now, on: tx)
        }
    }

    func post(_ postings: [Posting]) async throws -> Set<ID<Transfer>> {
        try await pool.transaction { tx in try await Ledger.post(postings, brand: brand, now: now, on: tx) }
    }

    func posting(
        _ debit: ID<Account>, _ credit: ID<Account>, _ fen: Int64, subject: UUID = UUID()
    ) -> Posting {
        Posting(
            debit: debit, credit: credit, amount: Money(fen: fen), kind: "test.move", subject: subject, occurredAt: now)
    }
}

enum Factory {
    static func brand(_ id: ID<Brand>, at now: Date) -> Statement<Void> {
        Statement("INSERT INTO siyu.brand (brand_id, name, created_at) VALUES (\(id), 'Test', \(now))")
    }
}

struct LedgerTests {
    @Test func d18_randomPostings_sumToZeroAndBalancesEqualTheFold() async throws {
        try await withTestDatabase { db in
            let books = try await Books(db)
            var generator = SystemRandomNumberGenerator()
            let floors: [Money?] = [nil, nil, nil, Money(fen: 0), Money(fen: -500)]
            var accounts: [ID<Account>] = []
            for floor in floors { accounts.append(try await books.account("pot", floor: floor)) }
            var model = Dictionary(uniqueKeysWithValues: accounts.map { ($0, Int64(0)) })
            var refusals = 0

            for _ in 0..<120 {
                let batch = (0..<Int.random(in: 1...5, using: &generator)).map { _ in
                    let pair = accounts.shuffled(using: &generator).prefix(2)
                    return books.posting(pair[0], pair[1], .random(in: 1...300, using: &generator))
                }
                var next = model
                for posting in batch {
                    next[posting.debit, default: 0] -= posting.amount.fen
                    next[posting.credit, default: 0] += posting.amount.fen
                }
                let isAllowed = zip(accounts, floors).allSatisfy { next[$0, default: 0] >= ($1?.fen ?? .min) }
                if isAllowed {
                    #expect(try await books.post(batch).count == batch.count)
                    model = next
                } else {
                    await #expect(throws: LedgerError.self) { try await books.post(batch) }
                    refusals += 1
                }
            }

            let check = try await Ledger.check(brand: books.brand, on: books.pool)
            #expect(check.isBalanced)
            #expect(refusals > 0)
            for account in accounts {
                let balance = try await Ledger.balance(of: account, brand: books.brand, on: books.pool)
                #expect(balance.fen == model[account])
            }
        }
    }

    @Test(arguments: [
        "UPDATE accounting.transfer SET amount_fen = 1", "DELETE FROM accounting.transfer",
        "TRUNCATE accounting.transfer",
        "UPDATE accounting.account SET kind = 'x'", "DELETE FROM accounting.account", "DELETE FROM accounting.balance",
        "UPDATE accounting.balance SET floor_fen = -1",
    ])
    func d18_changingTheBooks_isRefusedByTheDatabase(text: String) async throws {
        try await withTestDatabase { db in
            for role in TestRole.allCases where role != .owner {
                let error = await #expect(throws: PostgresError.self) {
                    try await db.pool(as: role, connectionsMax: 1).execute(Statement(SQL(stringLiteral: text)))
                }
                #expect(error?.sqlState == .insufficientPrivilege, "\(role)")
            }
        }
    }

    @Test func d18_samePostingTwice_postsOnce() async throws {
        try await withTestDatabase { db in
            let books = try await Books(db)
            let (from, to) = (try await books.account("a"), try await books.account("b"))
            let subject = UUID()

            #expect(try await books.post([books.posting(from, to, 700, subject: subject)]).count == 1)
            #expect(try await books.post([books.posting(from, to, 700, subject: subject)]).isEmpty)
            await #expect(throws: LedgerError.contradiction(kind: "test.move", subject: subject)) {
                try await books.post([books.posting(from, to, 701, subject: subject)])
            }

            #expect(try await Ledger.balance(of: to, brand: books.brand, on: books.pool) == Money(fen: 700))
        }
    }

    @Test func d18_manyPostersOfOneSubject_exactlyOneWins() async throws {
        try await withTestDatabase { db in
            let books = try await Books(db)
            let (from, to) = (try await books.account("a"), try await books.account("b", floor: .zero))
            let subject = UUID()

            let posted = try await withThrowingTaskGroup { group in
                for _ in 0..<12 {
                    group.addTask { try await books.post([books.posting(from, to, 5, subject: subject)]).count }
                }
                return try await group.reduce(0, +)
            }

            #expect(posted == 1)
            #expect(try await Ledger.check(brand: books.brand, on: books.pool).isBalanced)
        }
    }

    @Test func d18_racingWithdrawals_neverPassTheFloor() async throws {
        try await withTestDatabase { db in
            let books = try await Books(db)
            let (bank, wallet) = (try await books.account("bank"), try await books.account("wallet", floor: .zero))
            _ = try await books.post([books.posting(bank, wallet, 1_000)])

            let paid = await withTaskGroup { group in
                for _ in 0..<20 {
                    group.addTask { (try? await books.post([books.posting(wallet, bank, 300)]))?.count ?? 0 }
                }
                return await group.reduce(0, +)
            }

            #expect(paid == 3)
            #expect(try await Ledger.balance(of: wallet, brand: books.brand, on: books.pool) == Money(fen: 100))
            #expect(try await Ledger.check(brand: books.brand, on: books.pool).isBalanced)
        }
    }

    @Test func post_toNobody_throwsAndPostsNothing() async throws {
        try await withTestDatabase { db in
            let books = try await Books(db)
            let account = try await books.account("a")
            let other = try await Books(db).account("b")

            let toNobody = books.posting(account, .mint(), 1)
            let toAnotherBrand = books.posting(account, other, 1)
            let toItself = books.posting(account, account, 1)
            let ofNothing = books.posting(account, other, 0)
            await #expect(throws: LedgerError.accountUnknown(toNobody.id)) { try await books.post([toNobody]) }
            await #expect(throws: LedgerError.accountUnknown(toAnotherBrand.id)) {
                try await books.post([toAnotherBrand])
            }
            await #expect(throws: LedgerError.accountsEqual(toItself.id)) { try await books.post([toItself]) }
            await #expect(throws: LedgerError.amountNotPositive(ofNothing.id)) { try await books.post([ofNothing]) }

            #expect(try await Ledger.check(brand: books.brand, on: books.pool).transfers == 0)
        }
    }

    @Test func post_amountsBeyond64Bits_throwsInsteadOfTrapping() async throws {
        try await withTestDatabase { db in
            let books = try await Books(db)
            let (from, to) = (try await books.account("a"), try await books.account("b", floor: .zero))

            await #expect(throws: MoneyError.overflow) {
                try await books.post([books.posting(from, to, .max), books.posting(from, to, .max)])
            }
        }
    }

    @Test func totals_ofAPeriod_countItsStartAndNotItsEnd() async throws {
        try await withTestDatabase { db in
            let books = try await Books(db)
            let (from, to) = (try await books.account("a"), try await books.account("b"))
            var early = books.posting(from, to, 1)
            var late = books.posting(from, to, 2)
            early.occurredAt = books.now
            late.occurredAt = books.now.addingTimeInterval(60)
            _ = try await books.post([early, late])

            let totals = try await Ledger.totals(
                brand: books.brand, from: books.now, to: books.now.addingTimeInterval(60), on: books.pool)

            #expect(totals == [LedgerTotal(kind: "test.move", transfers: 1, amount: Money(fen: 1))])
        }
    }

    @Test func account_openedByManyAtOnce_isOne() async throws {
        try await withTestDatabase { db in
            let books = try await Books(db)
            let subject = UUID()

            let ids = try await withThrowingTaskGroup { group in
                for _ in 0..<12 { group.addTask { try await books.account("wallet", floor: .zero, of: subject) } }
                return try await group.reduce(into: Set()) { $0.insert($1) }
            }

            #expect(ids.count == 1)
            await #expect(throws: LedgerError.self) { try await books.account("wallet", floor: nil, of: subject) }
        }
    }
}
