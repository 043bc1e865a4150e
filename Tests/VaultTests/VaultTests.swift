import FoundationEssentials
import Kernel
import Keys
import Postgres
import TestSupport
import Testing
import Vault

/// A brand with a vault, used as siyu-ingest.
struct Safe {
    let db: TestDatabase
    let pool: Pool
    let vault = Vault(keys: .ephemeral())
    let brand = ID<Brand>.mint()
    let now = Date(timeIntervalSince1970: 1_700_000_000)

    init(_ db: TestDatabase) async throws {
        self.db = db
        pool = db.pool(as: .ingest)
        try await db.owner.execute(
            Statement("INSERT INTO siyu.brand (brand_id, name, created_at) VALUES (\(brand), 'Test', \(now))"))
    }

    func persons(_ values: [String], kind: PersonKind = "phone") async throws -> [ID<Person>] {
        try await pool.transaction { tx in
            try await vault.persons(values, kind: kind, brand: brand, now: now, on: tx)
        }
    }

    var count: Int {
        get async throws {
            try await db.owner.one(
                Statement("SELECT count(*) FROM vault.person WHERE brand_id = \(brand)") { row throws(PostgresError) in
                    try row.next(Int.self)
                })
        }
    }
}

struct VaultTests {
    @Test func persons_knownAndNew_keepTheOrderOfTheirValues() async throws {
        try await withTestDatabase { db in
            let safe = try await Safe(db)
            let first = try await safe.persons(["b", "a"])

            let second = try await safe.persons(["a", "c", "b", "c", "a"])

            #expect(second[0] == first[1] && second[2] == first[0] && second[4] == first[1])
            #expect(second[1] == second[3])
            #expect(try await safe.count == 3)
        }
    }

    @Test func persons_ofAnotherKind_areOthers() async throws {
        try await withTestDatabase { db in
            let safe = try await Safe(db)

            #expect(try await safe.persons(["a"], kind: "phone") != safe.persons(["a"], kind: "openid"))
        }
    }

    @Test func persons_admittedByManyAtOnce_areAdmittedOnce() async throws {
        try await withTestDatabase { db in
            let safe = try await Safe(db)
            let values = (0..<300).map { "1380000\($0)" }

            let answers = try await withThrowingTaskGroup { group in
                for _ in 0..<8 {
                    group.addTask {
                        let shuffled = values.shuffled()
                        return Dictionary(uniqueKeysWithValues: zip(shuffled, try await safe.persons(shuffled)))
                    }
                }
                return try await group.reduce(into: Set<[String: ID<Person>]>()) { $0.insert($1) }
            }

            #expect(answers.count == 1)
            #expect(try await safe.count == 300)
        }
    }

    @Test func persons_aFileFullAtOnce_areAdmittedInOneGo() async throws {
        try await withTestDatabase { db in
            let safe = try await Safe(db)
            let values = (0..<23_570).map { "\($0)" }

            let ids = try await safe.persons(values)

            #expect(Set(ids).count == 23_570)
            #expect(try await safe.count == 23_570)
        }
    }

    @Test func table_ofAPerson_holdsNothingInClear() async throws {
        try await withTestDatabase { db in
            let safe = try await Safe(db)
            let value = "Zhang San, 13800000000"
            let person = try await safe.persons([value])[0]

            let stored = try await db.owner.one(
                Statement("SELECT blind_index || sealed_value || wrapped_key FROM vault.person") {
                    row throws(PostgresError) in try row.next([UInt8].self)
                })
            #expect(!String(decoding: stored, as: UTF8.self).contains("Zhang"))
            #expect(try await safe.vault.reveal(person, brand: safe.brand, on: safe.pool) == value)
        }
    }

    @Test func reveal_sealedValueOfAnotherRow_isRefused() async throws {
        try await withTestDatabase { db in
            let safe = try await Safe(db)
            let persons = try await safe.persons(["a", "b"])
            try await db.owner.execute(
                Statement(
                    """
                    UPDATE vault.person p SET sealed_value = o.sealed_value, wrapped_key = o.wrapped_key
                    FROM vault.person o WHERE p.person_id = \(persons[0]) AND o.person_id = \(persons[1])
                    """))

            await #expect(throws: KeysError.notAuthentic) {
                try await safe.vault.reveal(persons[0], brand: safe.brand, on: safe.pool)
            }
        }
    }

    @Test func admit_toABrandThatDoesNotExist_throws() async throws {
        try await withTestDatabase { db in
            let safe = try await Safe(db)
            let nowhere = ID<Brand>.mint()

            await #expect(throws: VaultError.brandUnknown(nowhere)) {
                try await safe.pool.transaction { tx in
                    try await safe.vault.person("a", kind: "phone", brand: nowhere, now: safe.now, on: tx)
                }
            }
        }
    }
}
