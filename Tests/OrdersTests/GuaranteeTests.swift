import Accounting
import Foundation
import JobTesting
import Jobs
import Kernel
import Logging
import Postgres
import TestSupport
import Testing

@testable import Orders

/// Ship by, refund by, and a compensation if not.
struct GuaranteeTests {
    private struct Bundle {
        let pool: Pool
        let queue: JobQueue
        let guarantees: Guarantees
        let tester: JobTester
        let brand = ID<Brand>.mint()
        let order = ID<Order>.mint()

        init(_ db: TestDatabase, amount: Int64 = 20_000) async throws {
            pool = db.pool(as: .gifts, connectionsMax: 8)
            queue = JobQueue(pool: pool, logger: Logger(label: "test"))
            guarantees = Guarantees(queue: queue)
            guarantees.register()
            tester = JobTester(queue, clock: db.owner)
            let (brand, order, guarantees) = (brand, order, guarantees)
            try await db.owner.execute(
                Statement("INSERT INTO siyu.brand (brand_id, name, created_at) VALUES (\(brand), 'Test', now())"))
            for _ in 0..<2 {
                try await pool.transaction { tx in
                    try await guarantees.open(
                        order, of: .mint(), payer: .mint(), amount: Money(fen: amount), since: Date(), brand: brand,
                        on: tx)
                }
            }
        }

        func pass(_ hours: Int) async throws {
            try await tester.advance(by: .seconds(hours * 3_600))
            try await tester.drain()
        }

        func ship(_ at: Date = Date(), _ evidence: String = "SF1234567890") async throws {
            _ = try await pool.transaction { tx in
                try await guarantees.shipped(order, at: at, evidence: evidence, brand: brand, on: tx)
            }
        }

        func facts() async throws -> [GuaranteeFact] {
            try await Guarantees.trail(of: order, brand: brand, on: pool).map(\.fact)
        }

        func compensations() async throws -> [Money] {
            try await pool.run(
                Statement(
                    "SELECT amount_fen FROM accounting.transfer WHERE brand_id = \(brand) AND kind = 'guarantee.compensated'"
                ) { row throws(PostgresError) in try row.next() })
        }
    }

    @Test func l11_shippedInTime_costsNothing() async throws {
        try await withTestDatabase { db in
            let bundle = try await Bundle(db)
            try await bundle.pass(47)
            for _ in 0..<2 { try await bundle.ship() }
            try await bundle.pass(200)

            #expect(try await bundle.facts() == [.opened, .shipped])
            #expect(try await bundle.compensations() == [])
        }
    }

    @Test func l11_lateShipment_triggersOneCompensation() async throws {
        try await withTestDatabase { db in
            let bundle = try await Bundle(db)
            try await bundle.tester.advance(by: .seconds(48 * 3_600 + 1))
            // The clock's look, a second one, and the shop's late word, all at once.
            let late = Date().addingTimeInterval(48 * 3_600)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<3 { group.addTask { try await bundle.ship(late) } }
                group.addTask {
                    try await bundle.queue.push(GuaranteeLook(brand: bundle.brand, order: bundle.order))
                    try await bundle.tester.drain()
                }
                try await group.waitForAll()
            }
            try await bundle.pass(100)

            // 5 % of 200 yuan.
            #expect(try await bundle.compensations() == [Money(fen: 1_000)])
            #expect(Set(try await bundle.facts()) == [.opened, .shipLate, .compensated, .shipped])
        }
    }

    @Test func l11_neverShippedAndNeverRefunded_isStillOneCompensation() async throws {
        try await withTestDatabase { db in
            let bundle = try await Bundle(db)
            try await bundle.pass(49)
            try await bundle.pool.transaction { tx in
                try await bundle.guarantees.refundAsked(bundle.order, evidence: "CASE-1", brand: bundle.brand, on: tx)
            }
            try await bundle.pass(49)
            try await bundle.pool.transaction { tx in
                try await bundle.guarantees.refunded(bundle.order, evidence: "RF-1", brand: bundle.brand, on: tx)
            }
            try await bundle.pass(100)

            #expect(try await bundle.compensations().count == 1)
            #expect(try await bundle.facts() == [.opened, .compensated, .shipLate, .refundAsked, .refunded])
        }
    }

    @Test func l11_lateRefund_triggersTheCompensation() async throws {
        try await withTestDatabase { db in
            let bundle = try await Bundle(db)
            try await bundle.pool.transaction { tx in
                try await bundle.guarantees.refundAsked(bundle.order, evidence: "CASE-1", brand: bundle.brand, on: tx)
            }
            // Who wants the money back waits for no shipment any more.
            try await bundle.pass(49)

            #expect(try await bundle.compensations() == [Money(fen: 1_000)])
            #expect(Set(try await bundle.facts()) == [.opened, .refundAsked, .refundLate, .compensated])
        }
    }

    @Test func l11_evidence_standsInTheTrailAndCannotBeChanged() async throws {
        try await withTestDatabase { db in
            let bundle = try await Bundle(db)
            let shipped = Date().addingTimeInterval(-60)
            try await bundle.ship(shipped, "SF42")

            let trail = try await Guarantees.trail(of: bundle.order, brand: bundle.brand, on: bundle.pool)

            #expect(trail.map(\.evidence) == [nil, "SF42"])
            #expect(abs(trail[1].happenedAt.timeIntervalSince(shipped)) < 0.001 && trail[1].recordedAt > shipped)
            for change in ["UPDATE orders.guarantee_fact SET evidence = 'x'", "DELETE FROM orders.guarantee_fact"] {
                await #expect(throws: PostgresError.self) {
                    try await bundle.pool.execute(Statement<Void>("\(unsafeRaw: change)"))
                }
            }
            for (instant, evidence, code) in [
                (Date().addingTimeInterval(3_600), "SF43", "shipped_in_the_future"),
                (shipped, "", "evidence_malformed"),
            ] {
                let other = try await Bundle(db)
                let problem = await #expect(throws: Problem.self) { try await other.ship(instant, evidence) }
                #expect(problem?.code == code)
            }
        }
    }

    @Test(
        arguments: [
            (1, 500), (9_999, 500), (10_000, 500), (10_020, 501), (200_000, 10_000), (Int64.max, 10_000),
        ] as [(Int64, Int64)])
    func compensation_isAPartBetweenTwoBounds(_ amount: Int64, _ due: Int64) {
        let terms = GuaranteeTerms(
            shipSeconds: 1, refundSeconds: 1, compensationPPM: 50_000, minFen: 500, maxFen: 10_000)

        #expect(terms.compensation(for: Money(fen: amount)) == Money(fen: due))
    }
}
