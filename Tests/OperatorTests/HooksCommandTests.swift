import ArgumentParser
import Foundation
import Kernel
import Keys
import Orders
import Postgres
import TestSupport
import Testing

@testable import Operator

struct HooksCommandTests {
    private func run(_ arguments: [String]) async throws {
        var command = try #require(try Siyu.parseAsRoot(arguments) as? any AsyncParsableCommand)
        try await command.run()
    }

    /// Runs `body` with a brand and the options that every command takes.
    private func withBrand(
        _ body: (_ brand: ID<Brand>, _ database: [String], _ keys: [String], _ db: TestDatabase) async throws -> Void
    ) async throws {
        try await withTestDatabase { db in
            let folder = FileManager.default.temporaryDirectory.appendingPathComponent("siyu-\(UUID().uuidString)").path
            defer { try? FileManager.default.removeItem(atPath: folder) }
            _ = try KeyRing.create(folder: folder)
            let brand = try await Brands.create(.mint(), name: "brand", on: db.pool(as: .operator)).brand
            let database = ["--brand", "\(brand)", "--database-url", db.conninfo(as: .operator), "--json"]
            try await body(brand, database, ["--keys", folder], db)
        }
    }

    private func count(_ sql: SQL, _ db: TestDatabase) async throws -> Int {
        try await db.owner.one(Statement(sql) { row throws(PostgresError) in try row.next() })
    }

    @Test func hooksSource_madeAndRotated_hasTwoSecretsThenOne() async throws {
        try await withBrand { _, options, keys, db in
            let valid: SQL = "SELECT count(*) FROM hooks.source_secret WHERE valid_until IS NULL OR valid_until > now()"
            try await run(["hooks", "source", "create", "shop-scans"] + options + keys)
            try await run(["hooks", "source", "rotate", "shop-scans", "--overlap", "1h"] + options + keys)
            #expect(try await count(valid, db) == 2)
            try await run(["hooks", "source", "list"] + options)
            try await run(["hooks", "source", "rotate", "shop-scans", "--end-old"] + options + keys)
            #expect(try await count(valid, db) == 1)

            await #expect(throws: Failure.self) {
                try await run(["hooks", "source", "rotate", "nobody"] + options + keys)
            }
            await #expect(throws: Problem.self) {
                try await run(["hooks", "source", "create", "shop-scans"] + options + keys)
            }
        }
    }

    @Test func hooksSource_madeForPurposesAndAShop_isChangedAndListed() async throws {
        try await withBrand { brand, options, keys, db in
            let shop = try await Catalogue.createShop(
                code: "main", name: "Main", brand: brand, on: db.pool(as: .operator)
            ).shop.id
            func state() async throws -> [String] {
                try await db.owner.run(
                    Statement("SELECT COALESCE(shop_id::text, 'all') || ' ' || purposes::text FROM hooks.source") {
                        row throws(PostgresError) in try row.next(String.self)
                    })
            }
            let create = ["hooks", "source", "create", "desk"] + options + keys
            await #expect(throws: Failure.self) {
                try await run(create + ["--shop", "\(ID<Shop>.mint())", "--purpose", "aftersales"])
            }
            await #expect(throws: Problem.self) { try await run(create + ["--shop", "\(shop)", "--purpose", "scans"]) }
            #expect(try await state() == [])
            try await run(create + ["--shop", "\(shop)", "--purpose", "aftersales"])
            #expect(try await state() == ["\(shop) {aftersales}"])

            let change = ["hooks", "source", "change", "desk"] + options
            try await run(change + ["--all-shops", "--purpose", "draws", "--purpose", "scans"])
            #expect(try await state() == ["all {draws,scans}"])
            await #expect(throws: Problem.self) { try await run(change + ["--shop", "\(shop)"]) }
            await #expect(throws: Failure.self) {
                try await run(change + ["--shop", "\(ID<Shop>.mint())", "--no-purpose"])
            }
            try await run(change + ["--no-purpose"])
            #expect(try await state() == ["all {}"])
            try await run(["hooks", "source", "list"] + options)

            for wrong in [
                [], ["--purpose", "money"], ["--no-purpose", "--purpose", "scans"], ["--all-shops", "--shop", "x"],
            ] {
                #expect(throws: (any Error).self) { try Siyu.parseAsRoot(change + wrong) }
            }
            await #expect(throws: Failure.self) {
                try await run(["hooks", "source", "change", "nobody", "--no-purpose"] + options)
            }
        }
    }

    @Test func hooksSource_madeWithoutAWord_isForWhatGivesNoMoneyBack() async throws {
        try await withBrand { _, options, keys, db in
            let create = ["hooks", "source", "create", "shop-scans"] + options
            try await run(create + keys)

            let purposes = Statement<[String]>("SELECT purposes FROM hooks.source") { row throws(PostgresError) in
                try row.next([String].self)
            }
            #expect(try await db.owner.one(purposes) == ["draws", "handovers", "scans"])
            #expect(throws: (any Error).self) { try Siyu.parseAsRoot(create + ["--shop", "\(ID<Shop>.mint())"]) }
        }
    }

    @Test func policy_set_isWrittenDownWithItsAuthorAndReason() async throws {
        try await withBrand { _, options, _, db in
            let arguments = ["policy", "set", "gift.accept_window", "{\"seconds\": 3600}", "--author", "Li"]
            try await run(arguments + ["--reason", "a trial"] + options)
            try await run(["policy", "list"] + options)
            try await run(["policy", "history", "gift.accept_window"] + options)

            let rows: SQL = """
                SELECT count(*) FROM policies.setting WHERE author = 'Li' AND reason = 'a trial' AND value = '{"seconds": 3600}'
                """
            #expect(try await count(rows, db) == 1)
            await #expect(throws: Failure.self) { try await run(["policy", "history", "gift.nothing"] + options) }
        }
    }

    @Test func privacyErase_ofAPerson_leavesTheIdAlone() async throws {
        try await withBrand { brand, options, keys, db in
            let person = ID<Person>.mint()
            let digest = [UInt8](repeating: 1, count: 32)
            try await db.owner.execute(
                Statement<Void>(
                    """
                    INSERT INTO vault.person (brand_id, person_id, kind, blind_index, sealed_value, wrapped_key, created_at)
                    VALUES (\(brand), \(person), 'openid', \(digest), '1', '1', now())
                    """))

            try await run(["privacy", "erase", "\(person)"] + options + keys)
            try await run(["privacy", "erase", "\(person)"] + options + keys)

            let erased: SQL =
                "SELECT count(*) FROM vault.person WHERE num_nulls(blind_index, sealed_value, wrapped_key) = 3"
            #expect(try await count(erased, db) == 1)
            await #expect(throws: Failure.self) {
                try await run(["privacy", "erase", "\(ID<Person>.mint())"] + options + keys)
            }
        }
    }
}
