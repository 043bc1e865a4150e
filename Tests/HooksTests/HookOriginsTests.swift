import Foundation
import Hooks
import Kernel
import Keys
import Postgres
import Synchronization
import TestSupport
import Testing

struct HookOriginsTests {
    private let keys = KeyRing.ephemeral()
    private let body = Array("{}".utf8)

    private func headers(_ secret: HookSecret, at now: Date) -> (timestamp: String, signature: String) {
        let seconds = Int(now.timeIntervalSince1970)
        return ("\(seconds)", StandardWebhook.sign(id: "d1", timestamp: seconds, body: body, secret: secret))
    }

    /// Whether a hook signed with `secret` passes, asked of a service that has just started.
    private func passes(_ secret: HookSecret, on pool: Pool, now: Date = .now) async throws -> Bool {
        let (timestamp, signature) = headers(secret, at: now)
        do {
            _ = try await HookOrigins(pool: pool, keys: keys).delivery(
                for: .scans, from: "shop-scans", id: "d1", timestamp: timestamp, signature: signature, body: body,
                now: now)
            return true
        } catch let problem as Problem where problem.status == 401 {
            return false
        }
    }

    @Test func delivery_ofASource_isItsBrandsAndItsOwn() async throws {
        try await withBrand { db, brand in
            let made = try #require(
                try await HookSources.create(
                    "shop-scans", brand: brand, purposes: [.scans], keys: keys, on: db.pool(as: .operator)))
            let now = Date.now
            let (timestamp, signature) = headers(made.secret, at: now)

            for role in [TestRole.ingest, .redeem, .gifts] {
                let delivery = try await HookOrigins(pool: db.pool(as: role), keys: keys).delivery(
                    for: .scans, from: "shop-scans", id: "d1", timestamp: timestamp, signature: signature, body: body,
                    now: now)

                #expect(delivery == Delivery(source: made.record.id, brand: brand, id: "d1", body: body))
            }
            #expect(!"\(Delivery(source: made.record.id, brand: brand, id: "d1", body: body))".contains("{}"))
        }
    }

    @Test func rotate_withOverlap_leavesTwoSecretsValidThenOne() async throws {
        try await withBrand { db, brand in
            let pool = db.pool(as: .operator)
            let redeem = db.pool(as: .redeem)
            let first = try #require(
                try await HookSources.create("shop-scans", brand: brand, purposes: [.scans], keys: keys, on: pool)
            ).secret
            let second = try #require(
                try await HookSources.rotate(
                    "shop-scans", brand: brand, overlap: .seconds(600), keys: keys, on: pool)
            ).secret

            #expect(try await passes(first, on: redeem))
            #expect(try await passes(second, on: redeem))
            #expect(try await !passes(.generate(), on: redeem))
            let listed = try await HookSources.list(brand: brand, on: pool)
            #expect(listed.map(\.secretCount) == [2])
            #expect(listed[0].olderValidUntil.map { abs($0.timeIntervalSinceNow - 600) < 60 } == true)

            // A third: the first ends at once, so that never more than two are valid.
            let third = try #require(
                try await HookSources.rotate("shop-scans", brand: brand, keys: keys, on: pool))
            #expect(third.number == 3)
            #expect(try await !passes(first, on: redeem))
            #expect(try await passes(second, on: redeem))
            #expect(try await passes(third.secret, on: redeem))

            let last = try #require(
                try await HookSources.rotate("shop-scans", brand: brand, overlap: .zero, keys: keys, on: pool)
            ).secret
            #expect(try await !passes(second, on: redeem))
            #expect(try await !passes(third.secret, on: redeem))
            #expect(try await passes(last, on: redeem))
        }
    }

    @Test func origin_askedOftenAndForUnknownNames_costsTheDatabaseOneQuestionASecond() async throws {
        try await withBrand { db, brand in
            _ = try await HookSources.create(
                "shop-scans", brand: brand, purposes: [.scans], keys: keys, on: db.pool(as: .operator))
            let pool = db.pool(as: .redeem)
            let clock = HandClock()
            let origins = HookOrigins(pool: pool, keys: keys, clock: clock.now)
            #expect(try await origins.origin(named: "shop-scans") != nil)

            // Whoever asked the database now would be told that the pool is closed.
            await pool.shutdown()
            clock.advance(.milliseconds(999))
            for number in 0..<2_000 {
                #expect(try await origins.origin(named: "shop-scans") != nil)
                #expect(try await origins.origin(named: "nobody-\(number)") == nil)
            }

            // A second later somebody asks behind the known name; two seconds later memory is no longer believed.
            clock.advance(.milliseconds(2))
            #expect(try await origins.origin(named: "shop-scans") != nil)
            clock.advance(.seconds(1))
            await #expect(throws: (any Error).self) { try await origins.origin(named: "shop-scans") }
            await #expect(throws: (any Error).self) { try await origins.origin(named: "shop-scans") }
        }
    }

    @Test func origin_madeLater_isFoundAfterASecond() async throws {
        try await withBrand { db, brand in
            let clock = HandClock()
            let origins = HookOrigins(pool: db.pool(as: .redeem), keys: keys, clock: clock.now)
            #expect(try await origins.origin(named: "shop-scans") == nil)
            _ = try await HookSources.create(
                "shop-scans", brand: brand, purposes: [.scans], keys: keys, on: db.pool(as: .operator))

            clock.advance(.milliseconds(999))
            #expect(try await origins.origin(named: "shop-scans") == nil)
            clock.advance(.milliseconds(1))
            #expect(try await origins.origin(named: "shop-scans") != nil)
        }
    }

    @Test func secretThatDoesNotOpen_stopsItsOwnSourceAlone() async throws {
        try await withBrand { db, brand in
            let pool = db.pool(as: .operator)
            _ = try await HookSources.create("lost", brand: brand, purposes: [.scans], keys: .ephemeral(), on: pool)
            let made = try #require(
                try await HookSources.create("shop-scans", brand: brand, purposes: [.scans], keys: keys, on: pool))
            let redeem = db.pool(as: .redeem)

            #expect(try await passes(made.secret, on: redeem))
            await #expect(throws: KeysError.self) {
                try await HookOrigins(pool: redeem, keys: keys).origin(named: "lost")
            }

            // A secret that opens is enough for its source.
            let second = try #require(try await HookSources.rotate("lost", brand: brand, keys: keys, on: pool)).secret
            #expect(try await HookOrigins(pool: redeem, keys: keys).origin(named: "lost")?.secrets == [second])
        }
    }

    @Test func create_withANameThatIsTakenOrDoesNotFitAPath_isRefused() async throws {
        try await withBrand { db, brand in
            let pool = db.pool(as: .operator)
            _ = try await HookSources.create("a", brand: brand, purposes: [.scans], keys: keys, on: pool)

            let taken = await #expect(throws: Problem.self) {
                try await HookSources.create("a", brand: brand, purposes: [.scans], keys: keys, on: pool)
            }
            #expect(taken?.status == 409)
            for name in ["", "-a", "a-", "A", "a/b", "a.b", "码", String(repeating: "a", count: 65)] {
                await #expect(throws: Problem.self) {
                    try await HookSources.create(name, brand: brand, purposes: [.scans], keys: keys, on: pool)
                }
            }
            #expect(try await HookSources.create("b", brand: .mint(), purposes: [.scans], keys: keys, on: pool) == nil)
            #expect(try await HookSources.rotate("b", brand: brand, keys: keys, on: pool) == nil)
            #expect(try await HookSources.rotate("a", brand: .mint(), keys: keys, on: pool) == nil)
        }
    }

    /// What a signed hook for a purpose is told, asked of a service that has just started.
    private func status(
        _ purpose: HookPurpose, _ secret: HookSecret, from name: String = "desk", on pool: Pool
    ) async throws -> String {
        let now = Date.now
        let (timestamp, signature) = headers(secret, at: now)
        do {
            let delivery = try await HookOrigins(pool: pool, keys: keys).delivery(
                for: purpose, from: name, id: "d1", timestamp: timestamp, signature: signature, body: body, now: now)
            return delivery.shop.map { "of \($0)" } ?? "of all"
        } catch let problem as Problem {
            return "\(problem.status) \(problem.code)"
        }
    }

    @Test func o12_secret_opensWhatItIsForAlone_andStrangersReadNoneOfIt() async throws {
        try await withBrand { db, brand in
            let pool = db.pool(as: .operator)
            let gifts = db.pool(as: .gifts)
            for purpose in HookPurpose.allCases {
                let name = "for-\(purpose.rawValue)"
                let made = try #require(
                    try await HookSources.create(name, brand: brand, purposes: [purpose], keys: keys, on: pool))
                for other in HookPurpose.allCases {
                    let told = try await status(other, made.secret, from: name, on: gifts)
                    #expect(told == (other == purpose ? "of all" : "403 purpose_missing"), "\(name) for \(other)")
                    #expect(try await status(other, .generate(), from: name, on: gifts) == "401 bad_signature")
                }
            }
            let idle = try #require(
                try await HookSources.create("idle", brand: brand, purposes: [], keys: keys, on: pool))
            for purpose in HookPurpose.allCases {
                #expect(try await status(purpose, idle.secret, from: "idle", on: gifts) == "403 purpose_missing")
            }
        }
    }

    @Test func change_ofPurposesAndShop_leavesTheSecretAndTheRest() async throws {
        try await withBrand { db, brand in
            let (pool, gifts, shop) = (db.pool(as: .operator), db.pool(as: .gifts), ID<Shop>.mint())
            let secret = try #require(
                try await HookSources.create("desk", brand: brand, purposes: [.scans], keys: keys, on: pool)
            ).secret
            func change(_ shops: HookSourceShop = .asItIs, _ purposes: Set<HookPurpose>? = nil) async throws -> Bool {
                try await HookSources.change("desk", shop: shops, purposes: purposes, brand: brand, on: pool)
            }
            #expect(try await change(.asItIs, [.aftersales, .draws]))
            #expect(try await status(.scans, secret, on: gifts) == "403 purpose_missing")
            #expect(try await status(.aftersales, secret, on: gifts) == "of all")

            // Draws belong to the whole brand: not with a shop, whichever of the two comes first.
            await #expect(throws: Problem.self) { try await change(.of(shop)) }
            #expect(try await change(.of(shop), [.aftersales]))
            await #expect(throws: Problem.self) { try await change(.asItIs, [.aftersales, .draws]) }
            #expect(try await status(.aftersales, secret, on: gifts) == "of \(shop)")
            let listed = try await HookSources.list(brand: brand, on: pool)
            #expect(listed.map(\.shop) == [shop] && listed.map(\.purposes) == [[.aftersales]])
            #expect(listed.map(\.secretCount) == [1])

            #expect(try await change(.of(nil)))
            #expect(try await status(.aftersales, secret, on: gifts) == "of all")
            #expect(try await change(.asItIs, []))
            #expect(try await status(.aftersales, secret, on: gifts) == "403 purpose_missing")
            #expect(try await !HookSources.change("desk", purposes: [.scans], brand: .mint(), on: pool))
            await #expect(throws: Problem.self) {
                try await HookSources.create(
                    "other", brand: brand, shop: shop, purposes: [.scans], keys: keys, on: pool)
            }
        }
    }

    @Test func table_ofSources_takesNoUnknownPurposeAndNoneThatIsNoShops() async throws {
        try await withBrand { db, brand in
            let pool = db.pool(as: .operator)
            // As an older binary makes one: for nothing.
            try await db.owner.execute(
                Statement<Void>(
                    """
                    INSERT INTO hooks.source (name, source_id, brand_id, created_at) VALUES ('a', \(brand), \(brand), now())
                    """))
            #expect(try await HookSources.list(brand: brand, on: pool).map(\.purposes) == [[]])
            for purpose in HookPurpose.allCases {
                let word = [purpose.rawValue]
                try await db.owner.execute(
                    Statement<Void>("UPDATE hooks.source SET shop_id = NULL, purposes = \(word)"))
                let fault = await fault {
                    try await db.owner.execute(Statement<Void>("UPDATE hooks.source SET shop_id = \(brand)"))
                }
                #expect((fault == nil) == purpose.isOfOneShop, "the database knows whether \(purpose) is a shop's")
            }
            let unknown = await fault {
                try await db.owner.execute(Statement<Void>("UPDATE hooks.source SET purposes = '{refunds}'"))
            }
            #expect(unknown?.sqlState == .checkViolation)
            let refused = await fault {
                try await db.pool(as: .gifts).execute(Statement<Void>("UPDATE hooks.source SET purposes = '{scans}'"))
            }
            #expect(refused?.sqlState == .insufficientPrivilege)
        }
    }

    private func fault(_ body: () async throws -> Void) async -> PostgresError? {
        do {
            try await body()
            return nil
        } catch {
            return error as? PostgresError
        }
    }

    @Test func table_ofSecrets_holdsNoneInClearAndServicesChangeNone() async throws {
        try await withBrand { db, brand in
            let made = try #require(
                try await HookSources.create(
                    "a", brand: brand, purposes: [.scans], keys: keys, on: db.pool(as: .operator)))
            let text = try await db.owner.one(
                Statement("SELECT encode(sealed_secret, 'base64') FROM hooks.source_secret") {
                    row throws(PostgresError) in try row.next(String.self)
                })
            #expect(!text.contains(made.secret.revealed.dropFirst(6).dropLast(2)))

            let fault = await #expect(throws: PostgresError.self) {
                try await db.pool(as: .redeem).execute(
                    Statement<Void>("UPDATE hooks.source_secret SET valid_until = NULL"))
            }
            #expect(fault?.sqlState == .insufficientPrivilege)
        }
    }
}

/// A clock that a test moves by hand.
private final class HandClock: Sendable {
    private let instant = Mutex(ContinuousClock.now)

    @Sendable func now() -> ContinuousClock.Instant { instant.withLock { $0 } }
    func advance(_ duration: Duration) { instant.withLock { $0 += duration } }
}
