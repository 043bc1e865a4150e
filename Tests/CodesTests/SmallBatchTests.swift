import Accounting
import Codes
import Crypto
import Foundation
import Kernel
import Keys
import Postgres
import TestSupport
import Testing

/// Batches of fewer codes than a permutation by walking is made for.
struct SmallBatchTests {
    private static let prizes = [
        PrizeRequest(name: "Bottle", kind: .item, cost: Money(fen: 500), count: 3),
        PrizeRequest(name: "Points", kind: .points, points: 1, cost: Money(fen: 10), count: 40),
    ]

    @Test(arguments: [43, 100, 9_999] as [Int64])
    func c06_smallBatchSwept_winsExactlyWhatWasPromised(count: Int64) async throws {
        try await Factory.open { factory in
            let batch = try await factory.mint(count: count, prizes: Self.prizes)
            let found = await PrizeSweep(batch).counts(workers: 2)
            #expect(found[1] == 3 && found[2] == 40 && found[0] ?? 0 == count - 43)

            // The service reads the same, and so does whoever asks for the request again.
            try await factory.directory.refresh()
            let read = try #require(factory.directory.batch(batch.record.handle))
            let again = try await factory.mint(count: count, prizes: Self.prizes)
            let tiers = (0..<min(count, 200)).map { batch.prize(of: $0)?.tier }
            #expect(tiers == (0..<min(count, 200)).map { read.prize(of: $0)?.tier })
            #expect(tiers == (0..<min(count, 200)).map { again.prize(of: $0)?.tier })
            // Another batch is shuffled otherwise.
            let other = try await factory.mint("2", count: count, prizes: Self.prizes)
            #expect(tiers != (0..<min(count, 200)).map { other.prize(of: $0)?.tier })
            #expect(try await factory.count("codes.prize_shuffle") == 2)
        }
    }

    @Test func c06_smallBatchRedeemed_auditsRight_andAChangedShuffleIsFound() async throws {
        try await Factory.open { factory in
            let batch = try await factory.mint(count: 100, prizes: Self.prizes)
            try await factory.decide(.activate, batch, 0..<100)
            let results = try await factory.answers((0..<100).map { factory.scan(batch, $0, by: "p\($0)") })
            #expect(results.filter { $0.outcome == "won" }.count == 43)
            func audit() async throws -> BatchAudit {
                let record = try #require(try await CodeBatchRecord.find(batch.record.handle, on: factory.operator))
                return try await BatchAudit.run(
                    record, author: "test", keys: factory.keys, workers: 2, on: factory.operator)
            }
            #expect(try await audit().isRight)
            #expect(try await Ledger.check(brand: factory.brand, on: factory.redeem).isBalanced)

            // Somebody with the keys gives the batch another order, in which everything that was redeemed is another code's.
            let other = PrizeShuffle(key: .init(size: .bits256), label: [], count: 100)
            let sealed = try other.sealed(for: batch.record.id, keys: factory.keys)
            try await factory.db.owner.execute(
                Statement<Void>("UPDATE codes.prize_shuffle SET sealed_ranks = \(sealed)"))
            let changed = try await audit()
            #expect(!changed.isShuffleRight && !changed.isRight && changed.isRulesHashRight)

            // Without its shuffle, or with that of another batch, the batch does not open at all.
            let foreign = try other.sealed(for: .mint(), keys: factory.keys)
            try await factory.db.owner.execute(
                Statement<Void>("UPDATE codes.prize_shuffle SET sealed_ranks = \(foreign)"))
            await #expect(throws: KeysError.self) { try await audit() }
            try await factory.db.owner.execute(Statement<Void>("DELETE FROM codes.prize_shuffle"))
            await #expect(throws: CodesError.shuffleMissing(batch.record.id)) { try await audit() }
        }
    }

    @Test func c13_raffleOfFewEntries_givesOutItsPrizesExactly() async throws {
        try await Lottery.open { lottery in
            let campaign = try await lottery.run(
                lottery.file(
                    "spring", .ranks, entries: 60, tiers: [Lottery.tier(1, stock: 1), Lottery.tier(2, stock: 11)]))
            let told = try await lottery.draw((0..<60).map { "p\($0)" })
            #expect(told.filter { $0.outcome == "won" }.count == 12)
            #expect(try await lottery.draw("late").word == "409 campaign_full")
            try await lottery.reveal(campaign)
            let verdict = try await lottery.verify()
            #expect(verdict.isRight && verdict.wins == [1: 1, 2: 11])
        }
    }
}
