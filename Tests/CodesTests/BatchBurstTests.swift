import Codes
import Foundation
import Hooks
import JobTesting
import Jobs
import Kernel
import Postgres
import TestSupport
import Testing

struct BatchBurstTests {
    @Test func minuteOfABatch_standsOutTenTimesOverAWeek_notInItsFirstHour() {
        #expect(BatchBurstRule.isBurst(redeemed: 301, usual: 30, minutes: 60))
        #expect(!BatchBurstRule.isBurst(redeemed: 300, usual: 30, minutes: 60))
        #expect(!BatchBurstRule.isBurst(redeemed: 301, usual: 30, minutes: 59))
        #expect(!BatchBurstRule.isBurst(redeemed: 99, usual: 1, minutes: 1_000))
        #expect(!BatchBurstRule.isBurst(redeemed: .max, usual: .max, minutes: 1_000))
    }

    @Test func c12_batchThatIsRedeemedInABurst_isListedOnce_andNobodyIsHeldUp() async throws {
        try await Factory.open { factory in
            let leaked = try await factory.activeBatch("leaked")
            let quiet = try await factory.activeBatch("quiet")
            let tester = JobTester(factory.queue, queues: [BatchMinutes.jobQueue], clock: factory.db.owner)
            // Two processes, each with its half of the minute.
            let pulses = (0..<2).map { _ in BatchPulse(queue: factory.queue, logger: .silent) }
            pulses[0].register()
            let now = try await Self.beginMinute(factory, tester)
            // A minute in an hour there were three or four of each.
            for batch in [leaked, quiet] {
                try await factory.db.owner.execute(Self.history(of: batch, 100, before: now, brand: factory.brand))
            }
            func redeem(_ batch: OpenBatch, _ indexes: Range<Int64>, at pulse: BatchPulse) async throws {
                let redeeming = Redeeming(
                    pool: factory.redeem, queue: factory.queue, keys: factory.keys, followers: [pulse])
                let answers = try await redeeming.redeem(
                    indexes.map { factory.scan(batch, $0, by: "p\($0)") }, brand: factory.brand)
                #expect(answers.allSatisfy { ["won", "no_prize"].contains($0.outcome) })
            }
            try await redeem(leaked, 0..<80, at: pulses[0])
            try await redeem(leaked, 80..<160, at: pulses[1])
            try await redeem(quiet, 0..<30, at: pulses[1])
            for pulse in pulses {
                try await pulse.send()
                try await pulse.send()
                try await tester.drain()
            }

            let listed = try await BatchBurst.list(brand: factory.brand, limit: 10, on: factory.operator)
            #expect(listed.map(\.batch) == [leaked.record.handle])
            #expect(listed.map(\.redeemed) == [160] && listed.map(\.usual) == [4] && listed.map(\.minute) == [now])
            #expect(
                try await BatchBurst.list(since: now + 60, brand: factory.brand, limit: 10, on: factory.operator)
                    .isEmpty)
            // The next one in line is served as the first was.
            try await redeem(leaked, 160..<161, at: pulses[0])
            // What is older than any look back is gone.
            #expect(try await factory.count("codes.batch_minute WHERE minute < now() - interval '9 days'") == 0)
            #expect(try await factory.count("codes.redemption") == 191)
        }
    }

    /// Lets a minute of the business begin.
    private static func beginMinute(_ factory: Factory, _ tester: JobTester) async throws -> Date {
        let clock = Statement<Date>("SELECT siyu.clock()") { row throws(PostgresError) in try row.next() }
        let left =
            60 - (try await factory.db.owner.one(clock)).timeIntervalSince1970.truncatingRemainder(dividingBy: 60)
        try await tester.advance(by: .seconds(left + 0.5))
        let now = try await factory.db.owner.one(clock).timeIntervalSince1970
        return Date(timeIntervalSince1970: (now / 60).rounded(.down) * 60)
    }

    private static func history(
        of batch: OpenBatch, _ minutes: Int, before now: Date, brand: ID<Brand>
    ) -> Statement<Void> {
        Statement(
            """
            INSERT INTO codes.batch_minute (brand_id, batch_id, minute, redeemed)
            SELECT \(brand), \(batch.record.id), \(now) - n * interval '1 hour', 3 + n % 2
            FROM generate_series(1, \(minutes)) n
            UNION ALL SELECT \(brand), \(batch.record.id), \(now) - interval '10 days', 900
            """)
    }
}
