import Codes
import Foundation
import JobTesting
import Jobs
import Kernel
import Members
import Postgres
import TestSupport
import Testing
import Vault

/// What a transaction of scans asks for, so that those who redeem become members.
struct MemberScanTests {
    private func scan(
        _ factory: Factory, _ batch: OpenBatch, _ index: Int64, by openid: String, _ unionid: String? = nil
    ) -> Scan {
        let plain = factory.scan(batch, index, by: openid)
        return Scan(delivery: plain.delivery, code: plain.code, openid: openid, unionid: unionid)
    }

    private func packs(_ factory: Factory) async throws -> [[TouchRecord.Pack]] {
        try await JobTester(factory.queue).pushed(TouchRecord.self).map(\.parameters.packs)
    }

    private func persons(_ kind: PersonKind, _ factory: Factory) async throws -> Set<ID<Person>> {
        Set(
            try await factory.db.owner.run(
                Statement<ID<Person>>("SELECT person_id FROM vault.person WHERE kind = \(kind)") {
                    row throws(PostgresError) in try row.next()
                }))
    }

    @Test func c09_scansOfATransaction_pushOneJobForAllThatIsNew() async throws {
        try await Factory.open { factory in
            let (first, second) = (try await factory.activeBatch(), try await factory.activeBatch("2"))
            // Twenty codes of two batches, each scanned twice; every third person tells no unionid, the others share ten.
            let scans = (0..<40).map { (number: Int) -> Scan in
                let unionid: String? = number % 3 == 0 ? nil : "u\(number % 10)"
                let batch = number < 20 ? first : second
                return scan(factory, batch, Int64(number / 2), by: "o\(number)", unionid)
            }

            _ = try await factory.answers(scans)

            let jobs = try await JobTester(factory.queue).pushed(TouchRecord.self)
            let job = try #require(jobs.first)
            #expect(jobs.count == 1 && job.parameters.brand == factory.brand && job.brand == factory.brand.rawValue)
            let packs = job.parameters.packs
            #expect(packs.count == 20 && Set(packs.map(\.redemption)).count == 20)
            #expect(
                packs.count { $0.batch == first.record.id } == 10 && packs.count { $0.batch == second.record.id } == 10)
            let (openids, unionids) = (try await persons("openid", factory), try await persons("unionid", factory))
            #expect(openids.count == 40 && packs.allSatisfy { openids.contains($0.person) })
            // Only of those who redeemed; whoever came second redeemed nothing.
            let told = packs.compactMap(\.unionPerson)
            let redeemers = stride(from: 0, to: 40, by: 2).filter { $0 % 3 != 0 }
            #expect(told.count == redeemers.count && Set(told) == unionids)
            #expect(unionids.count == Set(redeemers.map { $0 % 10 }).count)
            // The instant of the rows, to the microsecond.
            #expect(
                try await factory.count("codes.redemption WHERE redeemed_at = '\(job.parameters.at.exactText)'") == 20)
        }
    }

    @Test func c09_scansWithoutNews_pushNothing() async throws {
        try await Factory.open { factory in
            let batch = try await factory.activeBatch()
            let scans = (0..<5).map { scan(factory, batch, Int64($0), by: "o\($0)", "u\($0)") }
            _ = try await factory.answers(scans)
            #expect(try await packs(factory).count == 1)

            _ = try await factory.answers(scans)
            _ = try await factory.answers((0..<5).map { scan(factory, batch, Int64($0), by: "other\($0)", "v\($0)") })
            try await factory.decide(.void, batch, 10..<20)
            let refused = try await factory.answers([scan(factory, batch, 12, by: "o", "w")])

            #expect(refused[0].problem != nil)
            #expect(try await packs(factory).count == 1)
            #expect(try await persons("unionid", factory).count == 5)
        }
    }

    /// Both ways through the transaction lead to the same: here many of them miss the short one.
    @Test func c09_racingScans_tellOfEachRedemptionOnce() async throws {
        try await Factory.open { factory in
            let batch = try await factory.activeBatch()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for racer in 0..<8 {
                    let scans = (0..<60).shuffled().map {
                        scan(factory, batch, Int64($0), by: "o\(racer)-\($0)", "u\($0 % 20)")
                    }
                    group.addTask { _ = try await factory.redeeming.redeem(scans, brand: factory.brand) }
                }
                try await group.waitForAll()
            }

            let packs = try await packs(factory).flatMap { $0 }
            #expect(packs.count == 60 && Set(packs.map(\.redemption)).count == 60)
            let unionids = try await persons("unionid", factory)
            #expect(unionids.count == 20 && Set(packs.compactMap(\.unionPerson)) == unionids)
            #expect(packs.allSatisfy { $0.unionPerson != nil })
        }
    }

    /// Whoever is first to push a kind of job needs its number, and must not wait for a second connection while holding the first.
    @Test func c09_firstScansOfAProcess_takeOneConnectionEach() async throws {
        try await Factory.open { factory in
            let batch = try await factory.activeBatch()
            let pool = factory.db.pool(as: .redeem, connectionsMax: 2)
            let redeeming = Redeeming(pool: pool, queue: JobQueue(pool: pool, logger: .silent), keys: factory.keys)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for index in 0..<16 {
                    let scans = [scan(factory, batch, Int64(index), by: "o\(index)")]
                    group.addTask { _ = try await redeeming.redeem(scans, brand: factory.brand) }
                }
                try await group.waitForAll()
            }
            #expect(try await packs(factory).count == 16)
        }
    }

    @Test(arguments: [nil, ""])
    func unionidNotKnown_isNobody(_ unionid: String?) async throws {
        try await Factory.open { factory in
            let batch = try await factory.activeBatch()
            _ = try await factory.answers([scan(factory, batch, 1, by: "o", unionid)])

            #expect(try await packs(factory).map { $0.map(\.unionPerson) } == [[nil]])
            #expect(try await factory.count("vault.person") == 1)
        }
    }
}

extension Date {
    /// As PostgreSQL reads it, to the microsecond.
    fileprivate var exactText: String {
        let microseconds = Int64((timeIntervalSince1970 * 1_000_000).rounded())
        let (seconds, rest) = microseconds.quotientAndRemainder(dividingBy: 1_000_000)
        let whole = Date(timeIntervalSince1970: TimeInterval(seconds)).formatted(.iso8601).dropLast()
        return "\(whole).\(String(repeating: "0", count: 6 - "\(rest)".count))\(rest)Z"
    }
}
