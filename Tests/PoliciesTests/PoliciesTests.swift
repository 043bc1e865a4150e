import Foundation
import Kernel
import Policies
import Postgres
import TestSupport
import Testing

/// A brand, a standard of 24 hours from 2025 and one of 48 from 2026.
private struct Office {
    let db: TestDatabase
    let pool: Pool
    let brand = ID<Brand>.mint()
    static let first = Date(timeIntervalSince1970: 1_735_689_600)
    static let second = Date(timeIntervalSince1970: 1_767_225_600)
    static let window = PolicyKey<PolicyDuration>("test.window")

    init(_ db: TestDatabase) async throws {
        self.db = db
        pool = db.pool(as: .operator)
        try await db.owner.execute(
            Statement("INSERT INTO siyu.brand (brand_id, name, created_at) VALUES (\(brand), 'Test', now())"))
        for (instant, seconds) in [(Self.first, 86_400), (Self.second, 172_800)] {
            try await db.owner.execute(
                Statement<Void>(
                    """
                    INSERT INTO policies.standard (name, valid_from, value, source)
                    VALUES ('test.window', \(instant), jsonb_build_object('seconds', \(seconds)), 'test')
                    """))
        }
    }

    func seconds(at instant: Date, role: TestRole = .gifts) async throws -> Int {
        try await Policies.value(Self.window, brand: brand, at: instant, on: db.pool(as: role)).seconds
    }

    @discardableResult
    func set(
        _ json: String, name: String = "test.window", from instant: Date? = nil, reason: String = "because"
    ) async throws -> PolicyRecord {
        try await pool.transaction { tx in
            try await Policies.set(
                name, to: json, brand: brand, validFrom: instant, author: "Li", reason: reason, on: tx)
        }
    }
}

struct PoliciesTests {
    @Test func value_asOfAnInstant_changesExactlyAtItsBoundary() async throws {
        try await withTestDatabase { db in
            let office = try await Office(db)

            #expect(try await office.seconds(at: Office.first) == 86_400)
            #expect(try await office.seconds(at: Office.second.addingTimeInterval(-0.000_001)) == 86_400)
            #expect(try await office.seconds(at: Office.second) == 172_800)
            #expect(try await office.seconds(at: Office.second.addingTimeInterval(1)) == 172_800)
        }
    }

    @Test func value_beforeAnybodySaidAnything_isUnknown() async throws {
        try await withTestDatabase { db in
            let office = try await Office(db)

            await #expect(throws: PoliciesError.unknown(name: "test.window")) {
                try await office.seconds(at: Office.first.addingTimeInterval(-1))
            }
            await #expect(throws: PoliciesError.unknown(name: "test.other")) {
                try await Policies.value(
                    PolicyKey<PolicyDuration>("test.other"), brand: office.brand, at: Office.second, on: office.pool)
            }
        }
    }

    @Test func value_thatIsNotWhatTheProgramExpects_isUnreadable() async throws {
        try await withTestDatabase { db in
            let office = try await Office(db)

            await #expect(throws: PoliciesError.unreadable(name: "test.window")) {
                try await Policies.value(
                    PolicyKey<Int>("test.window"), brand: office.brand, at: Office.second, on: office.pool)
            }
        }
    }

    @Test func value_ofABrandThatDecided_isItsOwnFromThatInstantOnAndNobodyElses() async throws {
        try await withTestDatabase { db in
            let office = try await Office(db)
            let other = ID<Brand>.mint()
            try await db.owner.execute(
                Statement("INSERT INTO siyu.brand (brand_id, name, created_at) VALUES (\(other), 'Other', now())"))
            let start = Date(timeIntervalSinceNow: 3_600)

            let record = try await office.set("{\"seconds\": 60}", from: start)

            #expect(try await office.seconds(at: start.addingTimeInterval(-0.001)) == 172_800)
            #expect(try await office.seconds(at: record.validFrom) == 60)
            #expect(try await office.seconds(at: start.addingTimeInterval(1e6)) == 60)
            #expect(
                try await Policies.value(Office.window, brand: other, at: start.addingTimeInterval(1), on: office.pool)
                    .seconds == 172_800)
        }
    }

    @Test func value_isReadByEveryService() async throws {
        try await withTestDatabase { db in
            let office = try await Office(db)

            for role in [TestRole.ingest, .redeem, .gifts, .reports, .operator] {
                #expect(try await office.seconds(at: Office.second, role: role) == 172_800)
            }
        }
    }

    @Test(arguments: [
        "60", "{}", "{\"seconds\": \"60\"}", "{\"seconds\": -1}", "{\"seconds\": 1.5}", "{\"seconds\": null}",
        "{\"seconds\": 60, \"minutes\": 1}", "[60]", "{\"seconds\": true}", "no JSON", "",
        "{\"seconds\": 99999999999999999999}",
    ])
    func set_toAValueOfAnotherShape_isRefused(json: String) async throws {
        try await withTestDatabase { db in
            let office = try await Office(db)

            let problem = await #expect(throws: Problem.self) { try await office.set(json) }

            #expect(problem?.status == 422)
            #expect(try await office.seconds(at: .now) == 172_800)
        }
    }

    @Test func set_inThePastOrForANameNobodyKnowsOrWithoutAReason_isRefused() async throws {
        try await withTestDatabase { db in
            let office = try await Office(db)
            let value = "{\"seconds\": 60}"

            await #expect(throws: Problem.self) { try await office.set(value, from: Date(timeIntervalSinceNow: -60)) }
            await #expect(throws: Problem.self) { try await office.set(value, name: "test.nothing") }
            await #expect(throws: Problem.self) { try await office.set(value, reason: "") }
            #expect(try await Policies.history("test.window", brand: office.brand, on: office.pool).count == 2)
        }
    }

    @Test func history_showsEverythingAndListWhatCounts() async throws {
        try await withTestDatabase { db in
            let office = try await Office(db)
            try await office.set("{\"seconds\": 60}")
            try await office.set("{\"seconds\": 90}", from: Date(timeIntervalSinceNow: 3_600))

            let history = try await Policies.history("test.window", brand: office.brand, on: office.pool)
            let list = try await Policies.list(brand: office.brand, on: office.pool).filter { $0.name == "test.window" }

            #expect(history.map(\.isOwn) == [true, true, false, false])
            #expect(history.map(\.author) == ["Li", "Li", "standard", "standard"])
            #expect(list.map(\.value) == ["{\"seconds\": 60}"])
        }
    }

    @Test(arguments: [
        "UPDATE policies.setting SET author = 'x'", "DELETE FROM policies.setting",
        "UPDATE policies.standard SET value = '1'", "INSERT INTO policies.standard VALUES ('a.b', now(), '1', 'x')",
    ])
    func tables_areNotRewritten_byAnybodyButMigrations(sql: String) async throws {
        try await withTestDatabase { db in
            for role in [TestRole.operator, .gifts] {
                let fault = await #expect(throws: PostgresError.self) {
                    try await db.pool(as: role).execute(Statement<Void>(SQL(stringLiteral: sql)))
                }
                #expect(fault?.sqlState == .insufficientPrivilege)
            }
        }
    }
}
