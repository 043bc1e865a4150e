import Foundation
import Hooks
import Kernel
import Postgres
import TestSupport
import Testing

struct IdempotencyTests {
    private let hash = [UInt8](repeating: 1, count: 32)
    private let answer = StoredAnswer(status: 202, body: [0, 255, 10, 13])

    private func request(
        _ brand: ID<Brand>, key: String = "k1", route: String = "POST /v1/imports"
    ) throws -> IdempotentRequest {
        try IdempotentRequest(brand: brand, caller: caller, route: route, key: key)
    }

    private let caller = UUID()

    @Test func answer_repeated_isTheSameBytesAndTheEffectHappensOnce() async throws {
        try await withBrand { db, brand in
            let pool = db.pool(as: .ingest)
            let request = try request(brand)

            var answers: [StoredAnswer] = []
            var effects = 0
            for _ in 1...3 {
                answers.append(
                    try await pool.transaction { tx in
                        try await Idempotency.answer(request, bodyHash: hash, on: tx) { _ in
                            effects += 1
                            return answer
                        }
                    })
            }

            #expect(answers == [answer, answer, answer])
            #expect(effects == 1)
            #expect(try await stored(db) == 1)
        }
    }

    @Test func answer_sameKeyOtherBody_isMismatch() async throws {
        try await withBrand { db, brand in
            let pool = db.pool(as: .ingest)
            let request = try request(brand)
            _ = try await run(request, hash, pool)

            let problem = await #expect(throws: Problem.self) {
                try await run(request, [UInt8](repeating: 2, count: 32), pool)
            }

            #expect(problem?.status == 409)
            #expect(problem?.code == "idempotency_mismatch")
        }
    }

    @Test func answer_otherCallerRouteOrKey_isAnotherRequest() async throws {
        try await withBrand { db, brand in
            let pool = db.pool(as: .ingest)
            _ = try await run(try request(brand), hash, pool)
            _ = try await run(try request(brand, key: "k2"), hash, pool)
            _ = try await run(try request(brand, route: "POST /v1/other"), hash, pool)
            _ = try await run(
                try IdempotentRequest(brand: brand, caller: UUID(), route: "POST /v1/imports", key: "k1"), hash, pool)

            #expect(try await stored(db) == 4)
        }
    }

    @Test func answer_whileTheFirstIsInFlight_isInProgress() async throws {
        try await withBrand { db, brand in
            let pool = db.pool(as: .ingest)
            let request = try request(brand)

            let first = try await pool.transaction { tx in
                try await Idempotency.answer(request, bodyHash: hash, on: tx) { _ in
                    let problem = await #expect(throws: Problem.self) { try await run(request, hash, pool) }
                    #expect(problem?.status == 409)
                    #expect(problem?.code == "idempotency_in_progress")
                    return answer
                }
            }

            #expect(first == answer)
            #expect(try await run(request, hash, pool) == answer)
        }
    }

    @Test func answer_whenTheEffectFails_storesNothingAndMayBeTriedAgain() async throws {
        try await withBrand { db, brand in
            let pool = db.pool(as: .ingest)
            let request = try request(brand)

            await #expect(throws: Problem.self) {
                try await pool.transaction { tx in
                    try await Idempotency.answer(request, bodyHash: hash, on: tx) { _ in throw Problem.conflict("no") }
                }
            }

            #expect(try await stored(db) == 0)
            #expect(try await run(request, hash, pool) == answer)
        }
    }

    @Test func answer_byManyAtOnce_hasOneEffect() async throws {
        try await withBrand { db, brand in
            let pool = db.pool(as: .ingest, connectionsMax: 8)
            let request = try request(brand)

            let effects = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<16 {
                    group.addTask {
                        do {
                            return try await pool.transaction { tx in
                                var effects = 0
                                _ = try await Idempotency.answer(request, bodyHash: hash, on: tx) { _ in
                                    effects = 1
                                    return answer
                                }
                                return effects
                            }
                        } catch let problem as Problem where problem.code == "idempotency_in_progress" {
                            return 0
                        }
                    }
                }
                return try await group.reduce(0, +)
            }

            #expect(effects == 1)
        }
    }

    @Test func answer_afterSevenDays_isForgottenAndPurged() async throws {
        try await withBrand { db, brand in
            let pool = db.pool(as: .ingest)
            let request = try request(brand)
            _ = try await run(request, hash, pool)
            _ = try await run(try self.request(brand, key: "k2"), hash, pool)
            try await db.owner.execute(
                Statement<Void>("UPDATE hooks.idempotency SET created_at = created_at - INTERVAL '7 days 1 second'"))

            let other = StoredAnswer(status: 201, body: [9])
            let again = try await pool.transaction { tx in
                try await Idempotency.answer(request, bodyHash: [UInt8](repeating: 3, count: 32), on: tx) { _ in other }
            }

            #expect(again == other)
            #expect(try await Idempotency.purge(brand: brand, on: pool) == 1)
            #expect(try await stored(db) == 1)
        }
    }

    @Test func key_missingOrUnprintable_isRefused() throws {
        let missing = #expect(throws: Problem.self) {
            try IdempotentRequest(brand: .mint(), caller: caller, route: "r", key: nil)
        }
        #expect(missing?.code == "idempotency_key_missing")
        #expect(missing?.status == 400)
        for key in ["", String(repeating: "k", count: 256), "a\nb", "钥匙"] {
            #expect(throws: Problem.self) {
                try IdempotentRequest(brand: .mint(), caller: caller, route: "r", key: key)
            }
        }
    }

    private func run(_ request: IdempotentRequest, _ hash: [UInt8], _ pool: Pool) async throws -> StoredAnswer {
        try await pool.transaction { tx in
            try await Idempotency.answer(request, bodyHash: hash, on: tx) { _ in answer }
        }
    }

    private func stored(_ db: TestDatabase) async throws -> Int {
        try await db.owner.one(
            Statement("SELECT count(*) FROM hooks.idempotency") { row throws(PostgresError) in try row.next(Int.self) })
    }
}
