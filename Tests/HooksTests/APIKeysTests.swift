import Foundation
import Hooks
import Kernel
import Postgres
import TestSupport
import Testing

struct APIKeysTests {
    @Test func create_thenPresent_givesTheCaller() async throws {
        try await withBrand { db, brand in
            let shop = ID<Shop>.mint()
            let made = try #require(
                try await APIKeys.create(
                    brand: brand, role: .partner, shop: shop, label: "ERP", on: db.pool(as: .operator)))

            let caller = try await APIKeys.caller(presenting: made.token.revealed, on: db.pool(as: .ingest))

            #expect(caller == Caller(keyID: made.record.id, brand: brand, role: .partner, shop: shop))
            #expect(made.record.label == "ERP")
            #expect(made.record.revokedAt == nil)
            #expect(try await APIKeys.caller(of: made.record.id, on: db.pool(as: .reports)) == caller)
            #expect(try await APIKeys.list(brand: brand, on: db.pool(as: .operator)) == [made.record])
        }
    }

    @Test func create_forUnknownBrand_givesNil() async throws {
        try await withTestDatabase { db in
            let made = try await APIKeys.create(
                brand: .mint(), role: .staff, label: "x", on: db.pool(as: .operator))

            #expect(made == nil)
        }
    }

    @Test func create_withEmptyOrEndlessLabel_isRefused() async throws {
        try await withBrand { db, brand in
            for label in ["", String(repeating: "签", count: 101)] {
                await #expect(throws: Problem.self) {
                    try await APIKeys.create(brand: brand, role: .staff, label: label, on: db.pool(as: .operator))
                }
            }
            let made = try await APIKeys.create(
                brand: brand, role: .staff, label: String(repeating: "签", count: 100), on: db.pool(as: .operator))
            #expect(made != nil)
        }
    }

    @Test func revoke_endsTheKeyAtOnceAndKeepsTheFirstInstant() async throws {
        try await withBrand { db, brand in
            let owner = db.pool(as: .operator)
            let made = try #require(try await APIKeys.create(brand: brand, role: .partner, label: "x", on: owner))

            let first = try #require(try await APIKeys.revoke(made.record.id, brand: brand, on: owner))
            let second = try #require(try await APIKeys.revoke(made.record.id, brand: brand, on: owner))

            #expect(first.revokedAt != nil)
            #expect(second == first)
            #expect(try await APIKeys.caller(presenting: made.token.revealed, on: db.pool(as: .ingest)) == nil)
            #expect(try await APIKeys.caller(of: made.record.id, on: db.pool(as: .reports)) == nil)
            #expect(try await APIKeys.revoke(made.record.id, brand: .mint(), on: owner) == nil)
        }
    }

    @Test func services_mayReadKeysButNotMakeThem() async throws {
        try await withBrand { db, brand in
            for role in [TestRole.ingest, .reports] {
                let error = await #expect(throws: PostgresError.self) {
                    try await APIKeys.create(brand: brand, role: .partner, label: "x", on: db.pool(as: role))
                }
                #expect(error?.sqlState == .init(rawValue: "42501"))
            }
        }
    }

    @Test func table_holdsNoToken() async throws {
        try await withBrand { db, brand in
            let made = try #require(
                try await APIKeys.create(brand: brand, role: .partner, label: "x", on: db.pool(as: .operator)))
            let row = try await db.owner.one(
                Statement("SELECT k::text FROM hooks.api_key k") { row throws(PostgresError) in
                    try row.next(String.self)
                })

            #expect(!row.contains(made.token.revealed.dropFirst(3)))
        }
    }

    @Test(arguments: [
        "", "sk_", "sk_0123", "pk_0123456789abcdef0123456789abcdef", "sk_0123456789ABCDEF0123456789ABCDEF",
        "sk_0123456789abcdef0123456789abcdef0", "sk_0123456789abcdef0123456789abcdé", "sk_\u{0}",
    ])
    func token_ofAnotherForm_isNone(text: String) {
        #expect(APIKeyToken(text) == nil)
    }

    @Test func token_isRandomAndNeverShowsItself() throws {
        let tokens = (0..<100).map { _ in APIKeyToken.generate() }
        var dumped = ""
        dump(tokens[0], to: &dumped)

        #expect(Set(tokens).count == 100)
        #expect(tokens.allSatisfy { APIKeyToken($0.revealed) == $0 && $0.hash.count == 32 })
        #expect("\(tokens[0])" == "sk_…")
        #expect(!dumped.contains(tokens[0].revealed))
        // SHA-256 of the text, as Python's hashlib computes it.
        let known = try #require(APIKeyToken("sk_00000000000000000000000000000000"))
        #expect(known.hash.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined() == knownHash)
    }

    private let knownHash = "357cb27b8129097204dc7af1331f536e41e985eb9a8eb2076f8484d80d74ef42"

    @Test func caller_reachesItsOwnBrandAndShopOnly() throws {
        let brand = ID<Brand>.mint()
        let shop = ID<Shop>.mint()
        let ofBrand = Caller(keyID: .mint(), brand: brand, role: .partner)
        let ofShop = Caller(keyID: .mint(), brand: brand, role: .partner, shop: shop)

        try ofBrand.require(brand: brand)
        #expect(throws: Problem.self) { try ofBrand.require(brand: .mint()) }
        #expect(try ofBrand.require(shop: nil) == nil)
        #expect(try ofBrand.require(shop: shop) == shop)
        #expect(try ofShop.require(shop: nil) == shop)
        #expect(try ofShop.require(shop: shop) == shop)
        let problem = #expect(throws: Problem.self) { try ofShop.require(shop: .mint()) }
        #expect(problem?.status == 403)
    }
}

/// A database with one brand.
func withBrand(_ body: (TestDatabase, ID<Brand>) async throws -> Void) async throws {
    try await withTestDatabase { db in
        let brand = ID<Brand>.mint()
        try await db.owner.execute(
            Statement<Void>("INSERT INTO siyu.brand (brand_id, name, created_at) VALUES (\(brand), 'Test', now())"))
        try await body(db, brand)
    }
}
