import Foundation
import Jobs
import Kernel
import Orders
import Postgres
import TestSupport
import Testing

/// What WeChat Pay allows of red packets, given as prizes or among friends.
@Suite struct CashTests {
    @Test func g29_cash_isOneTo200Yuan_andNoMoreThan1800StartInAnyMinute() async throws {
        try await withTestDatabase { db in
            let bench = try await GiftBench(db)
            for (fen, isAdmitted) in [(99, false), (100, true), (20_000, true), (20_001, false)] as [(Int64, Bool)] {
                let obstacle = try await PayoutLimits.obstacle(
                    to: Money(fen: fen), brand: bench.brand, at: Date(timeIntervalSince1970: 1_780_000_000),
                    on: bench.pool)
                #expect((obstacle == nil) == isAdmitted, "\(fen): \(obstacle?.detail ?? "admitted")")
            }
        }
        // One quota of all brands together: a burst, and then one job an interval.
        let rate = try #require(PayoutRequest.jobQuota?.rate)
        let inAMinute = rate.burst + Int((Duration.seconds(60) / rate.interval).rounded(.down))
        #expect(inAMinute <= 1_800 && inAMinute > 1_700, "\(inAMinute)")
    }
}
