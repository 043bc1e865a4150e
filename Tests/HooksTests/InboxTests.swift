import Foundation
import Hooks
import Kernel
import Keys
import Postgres
import TestSupport
import Testing

struct InboxTests {
    private let inbox = Inbox(keys: .ephemeral())
    private let source = ID<HookSource>.mint()
    private let now = Date(timeIntervalSince1970: 1_735_776_000)

    private func delivery(_ id: String, _ body: String = "{\"openid\":\"canary-openid\"}", brand: ID<Brand>) -> Delivery
    {
        Delivery(source: source, brand: brand, id: id, body: Array(body.utf8))
    }

    private func answer(_ text: String) -> StoredAnswer { StoredAnswer(status: 200, body: Array(text.utf8)) }

    @Test func answer_repeated_isTheSameBytesAndTheEffectHappensOnce() async throws {
        try await withBrand { db, brand in
            let pool = db.pool(as: .ingest)
            let delivery = delivery("d1", brand: brand)

            var answers: [StoredAnswer] = []
            for number in 1...3 {
                answers.append(
                    try await pool.transaction { tx in
                        try await inbox.answer(delivery, now: now, on: tx) { _ in answer("answer \(number)") }
                    })
            }

            #expect(answers == [StoredAnswer](repeating: answer("answer 1"), count: 3))
            #expect(try await stored(db) == 1)
        }
    }

    @Test func answer_sameIDOtherBody_isMismatch() async throws {
        try await withBrand { db, brand in
            let pool = db.pool(as: .ingest)
            try await take(delivery("d1", brand: brand), pool)

            let problem = await #expect(throws: Problem.self) {
                try await take(delivery("d1", "another", brand: brand), pool)
            }

            #expect(problem?.status == 409)
            #expect(problem?.code == "idempotency_mismatch")
        }
    }

    @Test func answer_whenTheEffectFails_storesNothing() async throws {
        try await withBrand { db, brand in
            let pool = db.pool(as: .ingest)

            await #expect(throws: Problem.self) {
                try await pool.transaction { tx in
                    try await inbox.answer(delivery("d1", brand: brand), now: now, on: tx) { _ in
                        throw Problem.conflict("no")
                    }
                }
            }
            let count = try await stored(db)

            #expect(count == 0)
        }
    }

    @Test func answer_ofOneDeliveryManyTimesAtOnce_isOneEffectAndOneAnswer() async throws {
        try await withBrand { db, brand in
            let pool = db.pool(as: .redeem, connectionsMax: 8)

            let answers = try await withThrowingTaskGroup(of: StoredAnswer.self) { group in
                for number in 0..<24 {
                    group.addTask {
                        try await pool.transaction { tx in
                            try await inbox.answer(delivery("d1", brand: brand), now: now, on: tx) { _ in
                                answer("answer \(number)")
                            }
                        }
                    }
                }
                return try await group.reduce(into: Set<StoredAnswer>()) { $0.insert($1) }
            }

            #expect(answers.count == 1)
            #expect(try await stored(db) == 1)
        }
    }

    @Test func batches_inOppositeOrder_storeEachDeliveryOnceWithoutDeadlock() async throws {
        try await withBrand { db, brand in
            let pool = db.pool(as: .redeem, connectionsMax: 4)
            let all = (0..<200).map { delivery("d\($0)", brand: brand) }

            let counts = try await withThrowingTaskGroup(of: Int.self) { group in
                for task in 0..<4 {
                    group.addTask {
                        let mine = task.isMultiple(of: 2) ? all : all.reversed()
                        // Once only: run again, a deadlock would stay unseen.
                        return try await pool.transaction(.init(attemptsMax: 1)) { tx in
                            let answered = mine.map { ($0, answer("by \(task)")) }
                            return try await inbox.store(answered, brand: brand, now: now, on: tx).count
                        }
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            let found = try await pool.transaction { tx in try await inbox.find(all, brand: brand, on: tx) }

            #expect(counts.sorted() == [0, 0, 0, 200])
            #expect(Set(found.keys) == Set(all.map(\.key)))
            #expect(Set(found.values.map { $0.answer }).count == 1)
            #expect(found.values.allSatisfy { $0.bodyHash == all[0].bodyHash })
        }
    }

    @Test func find_ofAnotherBrandsOrSourcesDelivery_findsNothing() async throws {
        try await withBrand { db, brand in
            let pool = db.pool(as: .redeem)
            try await take(delivery("d1", brand: brand), pool)
            let foreign = [
                Delivery(source: .mint(), brand: brand, id: "d1", body: []), delivery("d2", brand: brand),
            ]

            let found = try await pool.transaction { tx in
                [
                    try await inbox.find(foreign, brand: brand, on: tx),
                    try await inbox.find([delivery("d1", brand: brand)], brand: .mint(), on: tx),
                    try await inbox.find([], brand: brand, on: tx),
                ].map(\.count)
            }
            #expect(found == [0, 0, 0])
        }
    }

    @Test func body_isSealedAndOpensInItsOwnRowOnly() async throws {
        try await withBrand { db, brand in
            let pool = db.pool(as: .ingest)
            let delivery = delivery("d1", brand: brand)
            try await take(delivery, pool)
            try await take(self.delivery("d2", "other", brand: brand), pool)

            #expect(try await inbox.body(of: "d1", source: source, brand: brand, on: pool) == delivery.body)
            let text = try await db.owner.one(
                Statement("SELECT string_agg(encode(i.sealed_body, 'escape') || i::text, '') FROM hooks.inbox i") {
                    row throws(PostgresError) in try row.next(String.self)
                })
            #expect(!text.contains("canary-openid"))

            try await db.owner.execute(
                Statement<Void>(
                    """
                    UPDATE hooks.inbox i SET sealed_body = o.sealed_body FROM hooks.inbox o
                    WHERE i.delivery_id = 'd1' AND o.delivery_id = 'd2'
                    """))
            await #expect(throws: KeysError.notAuthentic) {
                try await inbox.body(of: "d1", source: source, brand: brand, on: pool)
            }
        }
    }

    @Test func forget_dropsBodiesAfterFourteenDaysAndAnswersAfterSevenAndNothingElse() async throws {
        try await withBrand { db, brand in
            let pool = db.pool(as: .ingest)
            let present = try await db.owner.one(
                Statement("SELECT siyu.clock()") { row throws(PostgresError) in try row.next(Date.self) })
            let day: TimeInterval = 86_400
            for (id, age) in [("old", 14 * day + 60), ("young", 14 * day - 60)] {
                try await pool.transaction { tx in
                    _ = try await inbox.answer(
                        delivery(id, brand: brand), now: present.addingTimeInterval(-age), on: tx
                    ) { _ in answer(id) }
                }
            }
            for (key, age) in [("old", 7 * day + 60), ("young", 7 * day - 60)] {
                let request = try IdempotentRequest(brand: brand, caller: source.rawValue, route: "POST /", key: key)
                _ = try await pool.transaction { tx in
                    try await Idempotency.answer(request, bodyHash: [UInt8](repeating: 0, count: 32), on: tx) { _ in
                        answer(key)
                    }
                }
                try await db.owner.execute(
                    Statement<Void>(
                        """
                        UPDATE hooks.idempotency SET created_at = \(present.addingTimeInterval(-age)) WHERE key = \(key)
                        """))
            }

            let isMore = try await pool.transaction { tx in try await HookSweep.forget(brand: brand, on: tx) }

            #expect(!isMore)
            #expect(try await inbox.body(of: "old", source: source, brand: brand, on: pool) == nil)
            #expect(try await inbox.body(of: "young", source: source, brand: brand, on: pool) != nil)
            #expect(try await stored(db) == 2, "the answers stay")
            let keys = try await db.owner.run(
                Statement("SELECT key FROM hooks.idempotency") { row throws(PostgresError) in try row.next(String.self)
                })
            #expect(keys == ["young"])
        }
    }

    @Test func sweep_isTakenOnceADayHoweverManyLook() async throws {
        try await withBrand { db, brand in
            let pool = db.pool(as: .ingest, connectionsMax: 8)
            #expect(try await HookSweep.dueBrands(on: pool) == [brand])

            let taken = try await withThrowingTaskGroup(of: Bool.self) { group in
                for _ in 0..<12 {
                    group.addTask {
                        try await pool.transaction { tx in try await HookSweep.take(brand: brand, on: tx) }
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }

            #expect(taken.filter { $0 }.count == 1)
            #expect(try await HookSweep.dueBrands(on: pool).isEmpty)
            try await db.owner.execute(
                Statement<Void>("UPDATE hooks.sweep SET swept_at = swept_at - interval '1 day'"))
            #expect(try await HookSweep.dueBrands(on: pool) == [brand])
            #expect(try await pool.transaction { tx in try await HookSweep.take(brand: brand, on: tx) })
        }
    }

    private func take(_ delivery: Delivery, _ pool: Pool) async throws {
        _ = try await pool.transaction { tx in
            try await inbox.answer(delivery, now: now, on: tx) { _ in answer("taken") }
        }
    }

    private func stored(_ db: TestDatabase) async throws -> Int {
        try await db.owner.one(
            Statement("SELECT count(*) FROM hooks.inbox") { row throws(PostgresError) in try row.next(Int.self) })
    }
}
