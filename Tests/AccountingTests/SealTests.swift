import Accounting
import Crypto
import FoundationEssentials
import JobTesting
import Jobs
import Kernel
import Logging
import Postgres
import TestSupport
import Testing

struct SealTests {
    /// What somebody with all rights does to one transfer, and what the check is to say.
    struct Deed: Sendable, CustomTestStringConvertible {
        let what: ChainFault.What
        let sql: @Sendable (ID<Transfer>) -> SQL
        let testDescription: String
    }

    static let deeds: [Deed] = [
        Deed(
            what: .changed,
            sql: { "UPDATE accounting.transfer SET amount_fen = amount_fen + 1 WHERE transfer_id = \($0)" },
            testDescription: "amount"),
        Deed(
            what: .changed,
            sql: {
                """
                UPDATE accounting.transfer
                SET debit_account_id = credit_account_id, credit_account_id = debit_account_id WHERE transfer_id = \($0)
                """
            }, testDescription: "legs"),
        Deed(
            what: .changed, sql: { "UPDATE accounting.transfer SET kind = kind || '2' WHERE transfer_id = \($0)" },
            testDescription: "kind"),
        Deed(
            what: .changed,
            sql: {
                "UPDATE accounting.transfer SET occurred_at = occurred_at + INTERVAL '1 microsecond' WHERE transfer_id = \($0)"
            },
            testDescription: "occurred_at"),
        Deed(
            what: .changed,
            sql: {
                "UPDATE accounting.transfer SET posted_at = posted_at - INTERVAL '1 microsecond' WHERE transfer_id = \($0)"
            },
            testDescription: "posted_at"),
        Deed(
            what: .changed,
            sql: { "UPDATE accounting.transfer SET subject_id = gen_random_uuid() WHERE transfer_id = \($0)" },
            testDescription: "subject"),
        Deed(
            what: .moved,
            sql: { "UPDATE accounting.transfer SET posted_xid = posted_xid + 1000000 WHERE transfer_id = \($0)" },
            testDescription: "posted_xid"),
        Deed(
            what: .removed, sql: { "DELETE FROM accounting.transfer WHERE transfer_id = \($0)" },
            testDescription: "removed"),
    ]

    /// A brand with some seals of some transfers each.
    private func sealedBooks(_ db: TestDatabase, seals: Int = 3, each: Int = 40) async throws -> (Books, [ID<Transfer>])
    {
        let books = try await Books(db)
        let (from, to) = (try await books.account("a"), try await books.account("b"))
        var transfers: [ID<Transfer>] = []
        for _ in 0..<seals {
            for _ in 0..<2 {
                let postings = (0..<each / 2).map { _ in books.posting(from, to, .random(in: 1...9_999)) }
                _ = try await books.post(postings)
                transfers += postings.map(\.id)
            }
            try await seal(books)
        }
        return (books, transfers)
    }

    /// Seals everything; a transaction elsewhere on the server, of another test, may hold the seals back for a moment.
    @discardableResult
    private func seal(_ books: Books) async throws -> Int { try await books.seal() }

    @Test(arguments: deeds) func d18_transferTamperedWith_isNamedByTheCheck(deed: Deed) async throws {
        try await withTestDatabase { db in
            let (books, transfers) = try await sealedBooks(db)
            let reader = db.pool(as: .operator)
            let before = try await Ledger.checkChain(brand: books.brand, on: reader)
            #expect(before.fault == nil && before.seals >= 3 && before.sealed == 120 && before.unsealed == 0)

            let victim = try #require(transfers.randomElement())
            try await db.superuser.execute(Statement<Void>(deed.sql(victim)))

            let fault = try #require(try await Ledger.checkChain(brand: books.brand, on: reader).fault)
            #expect(fault.what == deed.what && fault.transfer == victim, "\(fault)")
        }
    }

    @Test func d18_transferSlippedIn_isNamedByTheCheck() async throws {
        try await withTestDatabase { db in
            let (books, transfers) = try await sealedBooks(db)
            for seal in [0, 1, 2] {
                let stranger = ID<Transfer>.mint()
                let copied = transfers[seal * 40 + 7]
                let insert = Statement<Void>(
                    """
                    INSERT INTO accounting.transfer
                    SELECT brand_id, \(stranger), debit_account_id, credit_account_id, 1, 'slipped', \(UUID()), occurred_at,
                        posted_at, posted_xid
                    FROM accounting.transfer WHERE transfer_id = \(copied)
                    """)
                try await db.superuser.execute(insert)

                let fault = try await Ledger.checkChain(brand: books.brand, on: books.pool).fault
                #expect(fault?.what == .inserted && fault?.transfer == stranger)
                try await db.superuser.execute(
                    Statement<Void>("DELETE FROM accounting.transfer WHERE transfer_id = \(stranger)"))
            }
            #expect(try await Ledger.checkChain(brand: books.brand, on: books.pool).fault == nil)
        }
    }

    /// A row that was changed is named wherever it stands, also when another one behind it was, too.
    @Test func d18_oneByteChangedAnywhere_namesThatRow_everyTime() async throws {
        try await withTestDatabase { db in
            let (books, transfers) = try await sealedBooks(db, seals: 4, each: 30)
            for victim in transfers.shuffled().prefix(60) {
                func flip(by fen: Int) async throws {
                    try await db.superuser.execute(
                        Statement<Void>(
                            "UPDATE accounting.transfer SET amount_fen = amount_fen + \(fen) WHERE transfer_id = \(victim)"
                        ))
                }
                try await flip(by: 1)
                let fault = try await Ledger.checkChain(brand: books.brand, lanes: 4, on: books.pool).fault
                #expect(fault?.transfer == victim && fault?.what == .changed)
                try await flip(by: -1)
            }
            let (first, later) = (transfers[35], transfers[36...].randomElement() ?? transfers[36])
            try await db.superuser.execute(
                Statement<Void>("UPDATE accounting.transfer SET kind = 'x' WHERE transfer_id IN (\(first), \(later))"))
            let found = try await Ledger.checkChain(brand: books.brand, lanes: 4, on: books.pool).fault
            #expect(found?.transfer == first, "the first of two")
        }
    }

    @Test func d18_sealsTamperedWith_areFound() async throws {
        try await withTestDatabase { db in
            let (books, _) = try await sealedBooks(db, seals: 3, each: 10)
            func found(after text: SQL, undo: SQL) async throws -> ChainFault? {
                try await db.superuser.execute(Statement<Void>(text))
                let fault = try await Ledger.checkChain(brand: books.brand, on: books.pool).fault
                try await db.superuser.execute(Statement<Void>(undo))
                return fault
            }
            let flip: (Int) -> SQL = {
                "UPDATE accounting.seal SET hash = set_byte(hash, 5, get_byte(hash, 5) # 1) WHERE seal_no = \($0)"
            }

            #expect(try await found(after: flip(2), undo: flip(2)) == ChainFault(what: .seal, seal: 2, transfer: nil))
            let later: (String) -> SQL = {
                "UPDATE accounting.seal SET sealed_at = sealed_at \(unsafeRaw: $0) INTERVAL '1 second' WHERE seal_no = 1"
            }
            #expect(try await found(after: later("+"), undo: later("-"))?.seal == 1)
            let gone = try await found(
                after: "UPDATE accounting.seal SET seal_no = 20 WHERE seal_no = 2",
                undo: "UPDATE accounting.seal SET seal_no = 2 WHERE seal_no = 20")
            #expect(gone == ChainFault(what: .seal, seal: 2, transfer: nil))
            #expect(try await Ledger.checkChain(brand: books.brand, on: books.pool).fault == nil)
        }
    }

    /// Whoever has all rights can change a transfer and make all seals anew: only what was noted elsewhere tells.
    @Test func d18_chainMadeAnew_isFoundByTheSealThatWasNoted() async throws {
        try await withTestDatabase { db in
            let (books, transfers) = try await sealedBooks(db, seals: 2, each: 10)
            let noted = try #require(try await Ledger.head(brand: books.brand, on: books.pool))
            #expect(SealHead(noted.description) == noted)
            #expect(try await Ledger.checkChain(brand: books.brand, noted: noted, on: books.pool).fault == nil)

            try await db.superuser.execute(
                Statement<Void>("UPDATE accounting.transfer SET amount_fen = 1 WHERE transfer_id = \(transfers[3])"))
            try await db.superuser.execute(Statement<Void>("DELETE FROM accounting.seal"))
            try await seal(books)
            let (from, to) = (try await books.account("c"), try await books.account("d"))
            for _ in 0..<2 {
                _ = try await books.post([books.posting(from, to, 1)])
                try await seal(books)
            }

            #expect(try await Ledger.checkChain(brand: books.brand, on: books.pool).fault == nil)
            let fault = try await Ledger.checkChain(brand: books.brand, noted: noted, on: books.pool).fault
            #expect(fault?.what == .head)
            let unheard = SealHead(number: 99, hash: noted.hash)
            #expect(
                try await Ledger.checkChain(brand: books.brand, noted: unheard, on: books.pool).fault?.what == .head)
        }
    }

    /// One that began to post first and commits last holds back what came after it, and is sealed with it.
    @Test func d18_lateCommitter_isNeverLeftBehind() async throws {
        try await withTestDatabase { db in
            let books = try await Books(db)
            let (from, to) = (try await books.account("a"), try await books.account("b"))
            _ = try await books.post([books.posting(from, to, 1)])
            try await seal(books)

            let late = books.posting(from, to, 2)
            try await books.pool.transaction { tx in
                try await Ledger.post([late], brand: books.brand, now: books.now, on: tx)
                _ = try await books.post([books.posting(from, to, 3)])
                let sealed = try await Ledger.sealAll(brand: books.brand, on: books.pool)
                #expect(sealed == 0, "the one that committed has to wait for the one that did not")
            }

            #expect(try await seal(books) == 2)
            let check = try await Ledger.checkChain(brand: books.brand, on: books.pool)
            #expect(check.fault == nil && check.sealed == 3 && check.unsealed == 0)
        }
    }

    /// Somebody else sets a seal between two statements of a sealer: its transaction was still running at the first.
    @Test func d18_sealSetMeanwhile_isNoYoungerServer() async throws {
        try await withTestDatabase { db in
            let (books, _) = try await sealedBooks(db, seals: 1, each: 10)

            let sealing = try await db.superuser.transaction { tx in
                try await tx.execute(Statement<Void>("LOCK TABLE accounting.seal IN ACCESS EXCLUSIVE MODE"))
                let sealing = Task {
                    try await books.pool.transaction {
                        try await Ledger.seal(brand: books.brand, now: books.now, on: $0)
                    }
                }
                // The sealer waits, and no transaction is older than this one.
                let isAwaited = Statement<Bool>(
                    """
                    SELECT pg_snapshot_xmin(pg_current_snapshot()) = pg_current_xact_id() AND EXISTS (
                        SELECT FROM pg_locks WHERE relation = 'accounting.seal'::regclass AND NOT granted
                    )
                    """
                ) { row throws(PostgresError) in try row.next() }
                try await eventually { try await tx.one(isAwaited) }
                try await tx.execute(
                    Statement<Void>(
                        """
                        INSERT INTO accounting.seal
                        SELECT brand_id, seal_no + 1, transfers, pg_current_xact_id()::text::bigint, last_transfer_id, transfer_ids,
                            marks, hash, sealed_at
                        FROM accounting.seal
                        """))
                return sealing
            }

            #expect(try await sealing.value == .nothing)
        }
    }

    @Test func d18_postersAndSealersAtOnce_makeOneChainOfEverything() async throws {
        try await withTestDatabase { db in
            let books = try await Books(db)
            let (from, to) = (try await books.account("a"), try await books.account("b"))
            let pool = db.pool(as: .ingest, connectionsMax: 10)

            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<6 {
                    group.addTask {
                        for _ in 0..<25 {
                            try await pool.transaction { tx in
                                let postings = (0..<3).map { _ in books.posting(from, to, 5) }
                                try await Ledger.post(postings, brand: books.brand, now: books.now, on: tx)
                                // Ids and transactions are given out before others commit: the orders differ.
                                try await tx.execute(Statement<Void>("SELECT pg_sleep(random() / 200)"))
                            }
                        }
                    }
                }
                for _ in 0..<3 {
                    group.addTask {
                        for _ in 0..<30 {
                            try await Ledger.sealAll(brand: books.brand, on: pool)
                        }
                    }
                }
                try await group.waitForAll()
            }
            try await seal(books)

            let check = try await Ledger.checkChain(brand: books.brand, lanes: 4, on: pool)
            #expect(check.fault == nil && check.sealed == 450 && check.unsealed == 0 && check.seals > 1, "\(check)")
        }
    }

    /// The bytes are those of Decisions/0002: a stranger needs no program of ours.
    @Test func d18_sealComputedInSQL_isOurs() async throws {
        try await withTestDatabase { db in
            let (books, _) = try await sealedBooks(db, seals: 2, each: 10)

            let wrong = try await db.owner.run(
                Statement<Int64>(
                    """
                    WITH placed AS (
                        SELECT s.brand_id, s.seal_no, t.*, row_number() OVER (PARTITION BY s.seal_no ORDER BY t.posted_xid, t.transfer_id) AS place
                        FROM accounting.seal s
                        LEFT JOIN accounting.seal p ON p.brand_id = s.brand_id AND p.seal_no = s.seal_no - 1
                        JOIN accounting.transfer t ON t.brand_id = s.brand_id
                            AND (t.posted_xid, t.transfer_id) > (COALESCE(p.last_xid, -1), COALESCE(p.last_transfer_id, '00000000-0000-0000-0000-000000000000'))
                            AND (t.posted_xid, t.transfer_id) <= (s.last_xid, s.last_transfer_id)
                    ), leaf AS (
                        SELECT seal_no, place, sha256('\\x00'::bytea || uuid_send(\(books.brand)) || uuid_send(transfer_id) || uuid_send(debit_account_id)
                            || uuid_send(credit_account_id) || int8send(amount_fen) || uuid_send(subject_id) || timestamptz_send(occurred_at)
                            || timestamptz_send(posted_at) || int8send(posted_xid) || convert_to(kind, 'UTF8')) AS hash
                        FROM placed
                    )
                    SELECT s.seal_no
                    FROM accounting.seal s
                    LEFT JOIN accounting.seal p ON p.brand_id = s.brand_id AND p.seal_no = s.seal_no - 1
                    WHERE s.hash <> sha256('\\x01'::bytea || uuid_send(s.brand_id) || int8send(s.seal_no) || int8send(s.transfers)
                        || timestamptz_send(s.sealed_at) || COALESCE(p.hash, decode(repeat('00', 32), 'hex'))
                        || (SELECT string_agg(l.hash, ''::bytea ORDER BY l.place) FROM leaf l WHERE l.seal_no = s.seal_no))
                    """
                ) { row throws(PostgresError) in try row.next() })

            #expect(wrong == [])
            #expect(try await Ledger.head(brand: books.brand, on: books.pool)?.number == 2)
        }
    }

    @Test func d18_manyTransfers_areSealedInSeveralSeals() async throws {
        try await withTestDatabase { db in
            let books = try await Books(db)
            let (from, to) = (try await books.account("a"), try await books.account("b"))
            _ = try await books.post((0..<9_000).map { _ in books.posting(from, to, 1) })

            #expect(try await seal(books) == 9_000)

            let check = try await Ledger.checkChain(brand: books.brand, on: books.pool)
            #expect(check.seals == 3 && check.sealed == 9_000 && check.fault == nil)
        }
    }

    @Test func seal_inAYoungerServer_refusesWithASentence() async throws {
        try await withTestDatabase { db in
            let (books, _) = try await sealedBooks(db, seals: 1, each: 2)
            try await db.superuser.execute(Statement<Void>("UPDATE accounting.seal SET last_xid = 9000000000000"))

            let error = await #expect(throws: SealError.self) {
                try await Ledger.sealAll(brand: books.brand, on: books.pool)
            }
            #expect(error?.description.contains("pg_resetwal") == true)
        }
    }

    @Test(arguments: [
        "UPDATE accounting.seal SET transfers = 1", "DELETE FROM accounting.seal", "TRUNCATE accounting.seal",
        "INSERT INTO accounting.transfer (brand_id, posted_xid) VALUES (gen_random_uuid(), 5)",
    ])
    func d18_changingTheSeals_isRefusedByTheDatabase(text: String) async throws {
        try await withTestDatabase { db in
            for role in TestRole.allCases where role != .owner {
                let error = await #expect(throws: PostgresError.self) {
                    try await db.pool(as: role, connectionsMax: 1).execute(Statement(SQL(stringLiteral: text)))
                }
                #expect(error?.sqlState == .insufficientPrivilege, "\(role)")
            }
        }
    }

    @Test func job_sealsWhatWasPosted_andIsPushedOnce() async throws {
        try await withTestDatabase { db in
            let books = try await Books(db)
            let (from, to) = (try await books.account("a"), try await books.account("b"))
            _ = try await books.post([books.posting(from, to, 1)])
            let queue = JobQueue(pool: books.pool, logger: .silent)
            LedgerJobs.register(on: queue)
            let tester = JobTester(queue)
            try await LedgerJobs.push(brand: books.brand, to: queue)
            try await LedgerJobs.push(brand: books.brand, to: queue)
            #expect(try await tester.pushed(SealTransfers.self).count == 1)

            try await eventually {
                try await LedgerJobs.push(brand: books.brand, to: queue)
                #expect(try await tester.drain().count == 1)
                return try await Ledger.checkChain(brand: books.brand, on: books.pool).sealed == 1
            }
        }
    }

    @Test(arguments: [
        "", "1", "1:", "0:" + String(repeating: "a", count: 64), "1:" + String(repeating: "g", count: 64), "1:ab",
        "-1:" + String(repeating: "a", count: 64),
    ])
    func head_thatIsNone_isNotRead(text: String) { #expect(SealHead(text) == nil) }
}

extension Books {
    /// Seals everything that was posted.
    @discardableResult
    func seal() async throws -> Int {
        var sealed = 0
        try await eventually {
            sealed += try await Ledger.sealAll(brand: brand, on: pool)
            return try await Ledger.checkChain(brand: brand, on: pool).unsealed == 0
        }
        return sealed
    }
}
