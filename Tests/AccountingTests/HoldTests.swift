import Accounting
import FoundationEssentials
import Kernel
import Postgres
import TestSupport
import Testing

/// A wallet with a floor of zero and a shop without one.
private struct Purse {
    let books: Books
    let bank: ID<Account>
    let wallet: ID<Account>
    let shop: ID<Account>

    init(_ db: TestDatabase, with fen: Int64) async throws {
        books = try await Books(db)
        bank = try await books.account("bank")
        wallet = try await books.account("wallet", floor: .zero)
        shop = try await books.account("shop")
        _ = try await books.post([books.posting(bank, wallet, fen)])
    }

    var later: Date { books.now.addingTimeInterval(60) }

    func hold(_ fen: Int64, subject: UUID = UUID(), at now: Date? = nil, until: Date? = nil) async throws -> Hold {
        try await books.pool.transaction { tx in
            try await Ledger.hold(
                Hold(
                    debit: wallet, credit: shop, amount: Money(fen: fen), kind: "test.hold", subject: subject,
                    expiresAt: until ?? later),
                brand: books.brand, now: now ?? books.now, on: tx)
        }
    }

    @discardableResult
    func post(_ hold: Hold, _ fen: Int64? = nil, at now: Date? = nil) async throws -> Hold {
        try await books.pool.transaction { tx in
            try await Ledger.post(
                hold: hold.id, amount: fen.map { Money(fen: $0) }, brand: books.brand, now: now ?? books.now, on: tx)
        }
    }

    @discardableResult
    func void(_ hold: Hold, at now: Date? = nil) async throws -> Hold {
        try await books.pool.transaction { tx in
            try await Ledger.void(hold: hold.id, brand: books.brand, now: now ?? books.now, on: tx)
        }
    }

    func expire(at now: Date) async throws -> Int {
        try await books.pool.transaction { tx in
            try await Ledger.expireHolds(brand: books.brand, now: now, on: tx)
        }
    }

    func pay(_ fen: Int64, at now: Date? = nil) async throws {
        try await books.pool.transaction { tx in
            _ = try await Ledger.post(
                [books.posting(wallet, shop, fen)], brand: books.brand, now: now ?? books.now, on: tx)
        }
    }

    func free() async throws -> Int64? {
        try await books.pool.transaction { tx in
            try await Ledger.lockedBalances(of: [wallet], brand: books.brand, on: tx)[wallet]?.fen
        }
    }

    func balance(_ account: ID<Account>) async throws -> Int64 {
        try await Ledger.balance(of: account, brand: books.brand, on: books.pool).fen
    }

    func isInOrder() async throws -> Bool { try await Ledger.check(brand: books.brand, on: books.pool).isBalanced }
}

struct HoldTests {
    @Test func d18_hold_reservesAgainstTheFloor() async throws {
        try await withTestDatabase { db in
            let purse = try await Purse(db, with: 1_000)
            _ = try await purse.hold(700)

            await #expect(throws: LedgerError.belowFloor(purse.wallet)) { try await purse.pay(301) }
            await #expect(throws: LedgerError.belowFloor(purse.wallet)) { try await purse.hold(301) }
            try await purse.pay(300)

            #expect(try await purse.free() == 0)
            #expect(try await purse.balance(purse.wallet) == 700, "what is held has not moved")
            #expect(try await purse.isInOrder())
        }
    }

    @Test func d18_postingLessThanHeld_releasesTheRest() async throws {
        try await withTestDatabase { db in
            let purse = try await Purse(db, with: 1_000)
            let hold = try await purse.hold(700)
            await #expect(throws: HoldError.moreThanHeld(hold.id, held: Money(fen: 700))) {
                try await purse.post(hold, 701)
            }

            let posted = try await purse.post(hold, 450)

            #expect(posted.state == .posted && posted.posted == Money(fen: 450))
            #expect(try await purse.free() == 550)
            #expect(try await purse.balance(purse.shop) == 450)
            #expect(try await purse.post(hold, 450).transfer == posted.transfer, "the same again")
            await #expect(throws: HoldError.ended(hold.id, .posted)) { try await purse.post(hold, 451) }
            #expect(try await purse.isInOrder())
        }
    }

    @Test func d18_voidAfterPost_andPostAfterVoid_areRefused() async throws {
        try await withTestDatabase { db in
            let purse = try await Purse(db, with: 1_000)
            let (spent, dropped) = (try await purse.hold(100), try await purse.hold(200))
            try await purse.post(spent)
            #expect(try await purse.void(dropped).state == .voided)
            #expect(try await purse.void(dropped).state == .voided, "the same again")

            await #expect(throws: HoldError.ended(spent.id, .posted)) { try await purse.void(spent) }
            await #expect(throws: HoldError.ended(dropped.id, .voided)) { try await purse.post(dropped) }
            let stranger = ID<Hold>.mint()
            await #expect(throws: HoldError.unknown(stranger)) {
                try await purse.books.pool.transaction { tx in
                    try await Ledger.void(hold: stranger, brand: purse.books.brand, now: purse.books.now, on: tx)
                }
            }

            #expect(try await purse.free() == 900)
            #expect(try await purse.balance(purse.shop) == 100)
            #expect(try await purse.isInOrder())
        }
    }

    @Test func d18_holdWhoseTimeIsOver_isFreeAtOnce_andNotPosted() async throws {
        try await withTestDatabase { db in
            let purse = try await Purse(db, with: 1_000)
            let (inTime, late) = (try await purse.hold(400), try await purse.hold(600))
            let after = purse.later.addingTimeInterval(0.000_001)
            try await purse.post(inTime, at: purse.later)
            await #expect(throws: HoldError.ended(late.id, .expired)) { try await purse.post(late, at: after) }
            await #expect(throws: LedgerError.belowFloor(purse.wallet)) { try await purse.pay(1, at: purse.later) }

            // Nobody swept: whoever is short finds out.
            try await purse.pay(500, at: after)

            #expect(try await purse.free() == 100)
            #expect(try await purse.void(late, at: after).state == .expired)
            #expect(try await purse.expire(at: after) == 0)
            #expect(try await purse.isInOrder())
        }
    }

    @Test func d18_sweep_endsWhatIsOver_andNothingElse() async throws {
        try await withTestDatabase { db in
            let purse = try await Purse(db, with: 1_000)
            for _ in 0..<5 { _ = try await purse.hold(10) }
            let young = try await purse.hold(20, until: purse.later.addingTimeInterval(1))
            let after = purse.later.addingTimeInterval(0.5)

            #expect(try await purse.expire(at: purse.later) == 0)
            #expect(try await purse.expire(at: after) == 5)

            #expect(try await purse.free() == 980)
            try await purse.post(young, at: after)
            #expect(try await purse.isInOrder())
        }
    }

    @Test func d18_sameHoldTwice_isHeldOnce_anotherAmountIsRefused() async throws {
        try await withTestDatabase { db in
            let purse = try await Purse(db, with: 1_000)
            let subject = UUID()
            let hold = try await purse.hold(700, subject: subject)

            #expect(try await purse.hold(700, subject: subject).id == hold.id)
            await #expect(throws: LedgerError.contradiction(kind: "test.hold", subject: subject)) {
                try await purse.hold(10, subject: subject)
            }
            await #expect(throws: HoldError.self) { try await purse.hold(1, until: purse.books.now) }
            await #expect(throws: LedgerError.self) { try await purse.hold(0) }

            #expect(try await purse.free() == 300)
        }
    }

    @Test func d18_manyHoldsAtOnce_neverReserveMoreThanThereIs() async throws {
        try await withTestDatabase { db in
            let purse = try await Purse(db, with: 1_000)

            let held = await withTaskGroup { group in
                for number in 0..<24 {
                    group.addTask {
                        // Refused ones throw: that is what is counted.
                        if number.isMultiple(of: 2) { return (try? await purse.hold(150)) != nil }
                        return (try? await purse.pay(150)) != nil
                    }
                }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }

            #expect(held == 6)
            #expect(try await purse.free() == 100)
            #expect(try await purse.isInOrder())
        }
    }

    /// Posters, voiders and the sweep meet at each hold: it ends once, and the money is where that end says.
    @Test func d18_postVoidAndExpiryRaced_eachHoldEndsOnce() async throws {
        try await withTestDatabase { db in
            let purse = try await Purse(db, with: 100_000)
            var holds: [Hold] = []
            for _ in 0..<24 { holds.append(try await purse.hold(100)) }
            let after = purse.later.addingTimeInterval(1)

            let posted = try await withThrowingTaskGroup(of: Int.self) { group in
                for hold in holds {
                    group.addTask { (try? await purse.post(hold, 60, at: purse.later)) == nil ? 0 : 1 }
                    group.addTask {
                        _ = try? await purse.void(hold)  // refused where it was posted
                        return 0
                    }
                    group.addTask { (try? await purse.post(hold, 60, at: purse.later)) == nil ? 0 : 0 }
                }
                group.addTask {
                    for _ in 0..<10 { _ = try await purse.expire(at: after) }
                    return 0
                }
                return try await group.reduce(0, +)
            }
            _ = try await purse.expire(at: after)

            let states = try await db.owner.run(
                Statement("SELECT state FROM accounting.hold") { row throws(PostgresError) in try row.next(String.self)
                })
            #expect(states.count == 24 && !states.contains("held"))
            #expect(states.filter { $0 == "posted" }.count == posted)
            #expect(try await purse.balance(purse.shop) == Int64(posted) * 60)
            #expect(try await purse.free() == 100_000 - Int64(posted) * 60)
            #expect(try await purse.isInOrder())
        }
    }

    @Test(arguments: [
        "UPDATE accounting.hold SET amount_fen = 1", "UPDATE accounting.hold SET expires_at = now()",
        "DELETE FROM accounting.hold", "TRUNCATE accounting.hold",
        "INSERT INTO accounting.hold (brand_id, state) VALUES (gen_random_uuid(), 'posted')",
    ])
    func d18_changingAHold_isRefusedByTheDatabase(text: String) async throws {
        try await withTestDatabase { db in
            for role in TestRole.allCases where role != .owner {
                let error = await #expect(throws: PostgresError.self) {
                    try await db.pool(as: role, connectionsMax: 1).execute(Statement(SQL(stringLiteral: text)))
                }
                #expect(error?.sqlState == .insufficientPrivilege, "\(role)")
            }
        }
    }
}
