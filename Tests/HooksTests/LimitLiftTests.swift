import Foundation
import Hooks
import Kernel
import Keys
import Logging
import Postgres
import TestSupport
import Testing

/// Two processes of siyu-redeem, an operator, and somebody who has to pause.
private struct Paused {
    let db: TestDatabase
    let brand: ID<Brand>
    let keys: KeyRing
    let `operator`: Pool
    let books: [LimitBook]
    let exchanges: [LimitExchange]

    static func open(_ body: (Paused) async throws -> Void) async throws {
        try await withTestDatabase { db in
            let brand = ID<Brand>.mint()
            try await db.owner.execute(
                Statement("INSERT INTO siyu.brand (brand_id, name, created_at) VALUES (\(brand), 'Test', now())"))
            let keys = KeyRing.ephemeral()
            let books = (0..<2).map { _ in LimitBook(keys: keys) }
            let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            let redeem = db.pool(as: .redeem)
            let exchanges = books.map { LimitExchange(book: $0, pool: redeem, logger: logger) }
            let all = Paused(
                db: db, brand: brand, keys: keys, operator: db.pool(as: .operator), books: books, exchanges: exchanges)
            try await all.exchange()
            try await all.guess(5)
            try await body(all)
        }
    }

    var member: LimitSubject { LimitSubject(.member, "openid-of-somebody", brand: brand) }

    func exchange() async throws {
        for _ in 0..<2 { for exchange in exchanges { try await exchange.exchange() } }
    }

    /// Tries wrong codes at the first process, and lets both hear of them.
    func guess(_ times: Int) async throws {
        for _ in 0..<times { books[0].wrong(member, at: .now) }
        try await exchange()
    }

    var pauses: [Duration?] { books.map { $0.pause(of: member, at: .now) } }

    func lift(
        _ target: LimitLifts.Target? = nil, reason: String = "typed for her grandmother"
    ) async throws -> LiftedPause {
        try await LimitLifts.lift(
            target ?? .subject(member), author: "Li", reason: reason, keys: keys, on: `operator`)
    }
}

struct LimitLiftTests {
    @Test func c12_liftedPause_isOverAtEveryProcess_andWrittenDown() async throws {
        try await Paused.open { all in
            #expect(all.pauses.allSatisfy { ($0 ?? .zero) > .seconds(1_700) })
            let listed = try await LimitLifts.pauses(brand: all.brand, limit: 10, on: all.operator)
            let pause = try #require(listed.first)
            #expect(listed.count == 1 && pause.scope == .member && pause.inARow == 5 && pause.pauses == 1)
            let digest = try #require(LimitDigest("\(pause.digest)"))

            let lifted = try await all.lift(.listed(.member, digest, all.brand))
            #expect(lifted.digest == digest && lifted.until == pause.until && lifted.inARow == 5)
            try await all.exchange()
            #expect(all.pauses == [nil, nil])
            #expect(try await LimitLifts.pauses(brand: all.brand, limit: 10, on: all.operator).isEmpty)
            let history = try await LimitLifts.history(brand: all.brand, limit: 10, on: all.operator)
            #expect(history == [lifted] && lifted.author == "Li" && lifted.reason == "typed for her grandmother")

            // All is forgiven: four are none too many, and the fifth brings a first pause, which no look at the old lift ends.
            try await all.guess(4)
            #expect(all.pauses == [nil, nil])
            try await all.guess(1)
            try await all.exchange()
            #expect(all.pauses.allSatisfy { (.seconds(1_700)...(.seconds(1_801))).contains($0 ?? .zero) })
        }
    }

    @Test func c12_whoIsNamed_isLifted_andOfTwoAtOnceOneLifts() async throws {
        try await Paused.open { all in
            let lifts = await withTaskGroup(of: Bool.self) { group in
                for _ in 0..<4 {
                    group.addTask {
                        do {
                            _ = try await all.lift()
                            return true
                        } catch let problem as Problem {
                            #expect(problem.code == "not_paused")
                        } catch {
                            Issue.record(error)
                        }
                        return false
                    }
                }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            let written = try await LimitLifts.history(brand: all.brand, limit: 10, on: all.operator)
            #expect(lifts == 1 && written.count == 1)
        }
    }

    @Test func c12_liftWithoutAReason_orOfSomebodyElse_changesNothing() async throws {
        try await Paused.open { all in
            await #expect(throws: Problem.self) { try await all.lift(reason: "") }
            let stranger = LimitSubject(.member, "somebody else", brand: all.brand)
            await #expect(throws: Problem.self) { try await all.lift(.subject(stranger)) }
            let elsewhere = LimitSubject(.member, "openid-of-somebody", brand: .mint())
            await #expect(throws: Problem.self) { try await all.lift(.subject(elsewhere)) }
            // The service that counts may not forgive in anybody's name.
            await #expect(throws: PostgresError.self) {
                try await LimitLifts.lift(
                    .subject(all.member), author: "Li", reason: "x", keys: all.keys, on: all.db.pool(as: .redeem))
            }
            try await all.exchange()
            #expect(all.pauses.allSatisfy { $0 != nil })
            #expect(LimitDigest("+1" + String(repeating: "0", count: 30)) == nil && LimitDigest("00") == nil)
        }
    }
}
