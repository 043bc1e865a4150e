import FoundationEssentials
import Kernel
import Keys
import Postgres
import TestSupport
import Testing
import Vault

extension PostalAddress {
    /// Every part is a word that occurs nowhere else.
    fileprivate static let canary = PostalAddress(
        name: "金丝雀甲", phone: "13912345678", province: "金丝雀省", city: "金丝雀市", district: "金丝雀区",
        detail: "金丝雀路 1 号 canary-detail")
    fileprivate static let words = ["金丝雀", "13912345678", "canary"]
}

struct AddressTests {
    @Test func address_kept_isRevealedAsItWas() async throws {
        try await withTestDatabase { db in
            let safe = try await Safe(db)
            let person = try await safe.persons(["openid-1"])[0]
            let gifts = db.pool(as: .gifts)

            let address = try await keep(.canary, of: person, safe, gifts)

            #expect(try await safe.vault.revealAddress(address, brand: safe.brand, on: gifts) == .canary)
        }
    }

    @Test func address_ofAnotherBrandOrPersonOrNobody_isNotRevealed() async throws {
        try await withTestDatabase { db in
            let safe = try await Safe(db)
            let persons = try await safe.persons(["openid-1", "openid-2"])
            let gifts = db.pool(as: .gifts)
            let address = try await keep(.canary, of: persons[0], safe, gifts)

            await #expect(throws: VaultError.addressUnknown(address)) {
                try await safe.vault.revealAddress(address, brand: .mint(), on: gifts)
            }
            let nobody = ID<Person>.mint()
            await #expect(throws: VaultError.personUnknown(nobody)) { try await keep(.canary, of: nobody, safe, gifts) }
            try await db.owner.execute(
                Statement<Void>("UPDATE vault.address SET person_id = \(persons[1]) WHERE address_id = \(address)"))
            await #expect(throws: KeysError.notAuthentic) {
                try await safe.vault.revealAddress(address, brand: safe.brand, on: gifts)
            }
        }
    }

    @Test func address_printedOrDumped_showsNothing() {
        var text = "\(PostalAddress.canary) \(String(reflecting: PostalAddress.canary))"
        dump(PostalAddress.canary, to: &text)

        #expect(PostalAddress.words.allSatisfy { !text.contains($0) })
    }

    @Test func o08_erasedPerson_leavesNoAddressAndIsSomebodyNewNextTime() async throws {
        try await withTestDatabase { db in
            let safe = try await Safe(db)
            let persons = try await safe.persons(["openid-canary", "openid-other"])
            let (gifts, operators) = (db.pool(as: .gifts), db.pool(as: .operator))
            let addresses = [
                try await keep(.canary, of: persons[0], safe, gifts),
                try await keep(.canary, of: persons[0], safe, gifts),
            ]
            let neighbour = try await keep(.canary, of: persons[1], safe, gifts)
            let before = try await keyMaterial(db)

            #expect(try await erase(persons[0], safe, operators))

            for address in addresses {
                await #expect(throws: VaultError.personErased(persons[0])) {
                    try await safe.vault.revealAddress(address, brand: safe.brand, on: gifts)
                }
            }
            await #expect(throws: VaultError.personErased(persons[0])) {
                try await safe.vault.reveal(persons[0], brand: safe.brand, on: gifts)
            }
            await #expect(throws: VaultError.personErased(persons[0])) {
                try await keep(.canary, of: persons[0], safe, gifts)
            }
            // Neither the key nor anything sealed with it is left; the neighbour keeps theirs.
            let left = try await keyMaterial(db)
            #expect(before.count == 7 && left.count == 3 && left.isSubset(of: before))
            #expect(try await safe.vault.revealAddress(neighbour, brand: safe.brand, on: gifts) == .canary)

            let again = try await safe.persons(["openid-canary"])[0]
            #expect(again != persons[0])
            #expect(try await safe.persons(["openid-canary"]) == [again])
            #expect(try await !erase(persons[0], safe, operators), "a second time there is nothing to erase")
        }
    }

    @Test func o08_erasure_leavesNoTraceInAnyTableAndTheLedgerAsItWas() async throws {
        try await withTestDatabase { db in
            let safe = try await Safe(db)
            let person = try await safe.persons(["canary-openid"])[0]
            _ = try await keep(.canary, of: person, safe, db.pool(as: .gifts))
            try await post(2, safe)
            let ledger = try await text(of: "accounting.transfer", db)

            try await erase(person, safe, db.pool(as: .operator))

            let tables = try await db.owner.run(
                Statement(
                    """
                    SELECT c.oid::regclass::text FROM pg_catalog.pg_class c
                    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                    WHERE c.relkind = 'r' AND n.nspname NOT IN ('information_schema') AND n.nspname NOT LIKE 'pg\\_%'
                    """
                ) { row throws(PostgresError) in try row.next(String.self) })
            #expect(tables.contains("vault.address") && tables.count > 20)
            for table in tables {
                let text = try await text(of: table, db)
                for word in PostalAddress.words {
                    let hex = word.utf8.map { byte in
                        (byte < 16 ? "0" : "") + String(byte, radix: 16)
                    }.joined()
                    #expect(!text.contains(word) && !text.contains(hex), "\(table) holds \(word)")
                }
            }
            #expect(try await text(of: "accounting.transfer", db) == ledger)
            #expect(ledger.contains("order.paid"))
        }
    }

    /// An address that arrives while its person is erased is refused, or erased too.
    @Test func erase_whileAddressesArrive_leavesNone() async throws {
        try await withTestDatabase { db in
            let safe = try await Safe(db)
            let (gifts, operators) = (db.pool(as: .gifts, connectionsMax: 4), db.pool(as: .operator))
            let persons = try await safe.persons((0..<20).map { "openid-\($0)" })

            try await withThrowingTaskGroup(of: Void.self) { group in
                for person in persons {
                    for _ in 0..<4 {
                        group.addTask {
                            do {
                                _ = try await keep(.canary, of: person, safe, gifts)
                            } catch VaultError.personErased {}
                        }
                    }
                    group.addTask { try await erase(person, safe, operators) }
                }
                try await group.waitForAll()
            }

            let readable = try await db.owner.one(
                Statement(
                    """
                    SELECT count(*) FROM vault.address a
                    JOIN vault.person p ON p.brand_id = a.brand_id AND p.person_id = a.person_id
                    WHERE p.wrapped_key IS NOT NULL
                    """
                ) { row throws(PostgresError) in try row.next(Int.self) })
            #expect(readable == 0)
        }
    }

    @Test func erase_ofNobody_saysSo() async throws {
        try await withTestDatabase { db in
            let safe = try await Safe(db)
            let nobody = ID<Person>.mint()

            await #expect(throws: VaultError.personUnknown(nobody)) {
                try await erase(nobody, safe, db.pool(as: .operator))
            }
        }
    }

    @Test(arguments: [
        (TestRole.redeem, "SELECT sealed_value FROM vault.address"),
        (.ingest, "SELECT sealed_value FROM vault.address"),
        (.reports, "SELECT sealed_value FROM vault.address"), (.reports, "SELECT person_id FROM vault.person"),
        (.gifts, "UPDATE vault.person SET erased_at = now()"),
        (.gifts, "UPDATE vault.address SET person_id = person_id"),
        (.gifts, "DELETE FROM vault.address"), (.operator, "DELETE FROM vault.person"),
        (.operator, "UPDATE vault.person SET person_id = person_id"),
    ])
    func vault_forWhomeverItIsNot_isRefusedByTheDatabase(role: TestRole, sql: String) async throws {
        try await withTestDatabase { db in
            let fault = await #expect(throws: PostgresError.self) {
                try await db.pool(as: role).execute(Statement<Void>(SQL(stringLiteral: sql)))
            }
            #expect(fault?.sqlState == .insufficientPrivilege)
        }
    }

    private func keep(
        _ address: PostalAddress, of person: ID<Person>, _ safe: Safe, _ pool: Pool
    ) async throws -> ID<Address> {
        try await pool.transaction { tx in
            try await safe.vault.keepAddress(address, of: person, brand: safe.brand, now: safe.now, on: tx)
        }
    }

    @discardableResult
    private func erase(_ person: ID<Person>, _ safe: Safe, _ pool: Pool) async throws -> Bool {
        try await pool.transaction { tx in
            try await safe.vault.erase(person, brand: safe.brand, now: safe.now, on: tx)
        }
    }

    /// Every wrapped key, sealed value and blind index in the vault.
    private func keyMaterial(_ db: TestDatabase) async throws -> Set<[UInt8]> {
        Set(
            try await db.owner.run(
                Statement(
                    """
                    SELECT v FROM (
                        SELECT unnest(ARRAY[wrapped_key, sealed_value]) FROM vault.person
                        UNION ALL SELECT sealed_value FROM vault.address
                    ) x (v) WHERE v IS NOT NULL
                    """
                ) { row throws(PostgresError) in try row.next([UInt8].self) }))
    }

    private func text(of table: String, _ db: TestDatabase) async throws -> String {
        try await db.owner.one(
            Statement("SELECT COALESCE(string_agg(t::text, ' '), '') FROM \(unsafeRaw: table) t") {
                row throws(PostgresError) in try row.next(String.self)
            })
    }

    /// A ledger with something in it, as the owner of the tables writes it.
    private func post(_ count: Int, _ safe: Safe) async throws {
        for number in 0..<count {
            try await safe.db.owner.execute(
                Statement<Void>(
                    """
                    INSERT INTO accounting.transfer (brand_id, transfer_id, debit_account_id, credit_account_id, amount_fen,
                        kind, subject_id, occurred_at, posted_at)
                    VALUES (\(safe.brand), \(ID<Transfer>.mint()), \(ID<Account>.mint()), \(ID<Account>.mint()),
                        \(100 + number), 'order.paid', \(ID<Payment>.mint()), \(safe.now), \(safe.now))
                    """))
        }
    }
}
