import Foundation
import Gifting
import Jobs
import Kernel
import Postgres
import TestSupport
import Testing

/// Accepting and expiring, at the same moment.
@Suite struct GiftRaceTests {
    static let count = 300
    /// How far from its deadline either side may come, in seconds.
    static let spread = 0.005

    @Test func g02_hundredsOfGifts_acceptedAndSweptAtTheirDeadline_haveOneEndEach() async throws {
        try await withTestDatabase { db in
            let bench = try await GiftBench(db, connections: 16)
            let pairs = try await claimed(bench)
            let deadlines = try await setDeadlines(of: pairs, bench)

            try await withThrowingTaskGroup(of: Void.self) { group in
                // Two processes that sweep as fast as they can.
                let sweepers = (0..<2).map { _ in
                    let deadlines = GiftDeadlines(gifts: bench.gifts, pool: bench.pool, logger: .silent)
                    return Task { while !Task.isCancelled { try await bench.sweep(deadlines) } }
                }
                // Two processes that gather what is accepted; every third is accepted by itself, as on the page.
                let desks = (0..<2).map { _ in bench.acceptDesk() }
                for (number, (pair, deadline)) in zip(pairs, deadlines).enumerated() {
                    group.addTask {
                        try await Self.wait(until: deadline + Double.random(in: -Self.spread...Self.spread))
                        let refusal = try await bench.refusal {
                            if number % 3 == 2 { return try await bench.accept(pair) }
                            try await bench.accept(pair, at: desks[number % 3])
                        }
                        #expect(refusal == nil || refusal == .giftGone)
                    }
                }
                try await group.waitForAll()
                for sweeper in sweepers { sweeper.cancel() }
                for sweeper in sweepers { _ = await sweeper.result }
            }

            try await bench.working {
                try await eventually { try await bench.number("SELECT count(*) FROM gifting.outcome") == Self.count }
                try await eventually {
                    try await bench.number(
                        "SELECT count(*) FROM gifting.gift WHERE state = 'expired' AND refunded_at IS NULL") == 0
                }
            }
            let accepted = try await bench.number("SELECT count(*) FROM gifting.gift WHERE state = 'accepted'")
            let expired = try await bench.number("SELECT count(*) FROM gifting.gift WHERE state = 'expired'")
            #expect(accepted + expired == Self.count)
            #expect(accepted > 20 && expired > 20, "there was no race: \(accepted) accepted, \(expired) expired")
            #expect(
                try await bench.number(
                    "SELECT count(*) FROM gifting.gift g JOIN gifting.outcome o USING (brand_id, gift_id) WHERE g.state = o.outcome"
                )
                    == Self.count)
            #expect(
                try await bench.number(
                    """
                    SELECT count(*) FROM gifting.gift g WHERE (SELECT count(*) FROM orders.stock_movement m
                        WHERE m.subject_id = g.gift_id AND m.kind = 'gift.release') <> (CASE g.state WHEN 'expired' THEN 1 ELSE 0 END)
                    """) == 0)
            #expect(
                try await bench.number("SELECT count(*) FROM accounting.transfer WHERE kind = 'gift.accepted'")
                    == accepted)
            #expect(
                try await bench.number("SELECT count(*) FROM accounting.transfer WHERE kind = 'order.refunded'")
                    == expired)
            #expect(bench.pay.payouts.count == expired)
            #expect(try await bench.escrow() == (0, 0))
            #expect(try await bench.available(bench.red) == 2_000 - accepted)
            #expect(try await bench.stockFaults() == 0)
        }
    }

    /// Gifts that wait for nothing but their recipient's yes.
    private func claimed(_ bench: GiftBench) async throws -> [GiftBench.Pair] {
        var pairs: [GiftBench.Pair] = []
        try await withThrowingTaskGroup(of: GiftBench.Pair.self) { group in
            for number in 0..<Self.count {
                if number >= 12, let pair = try await group.next() { pairs.append(pair) }
                group.addTask {
                    let pair = try await bench.begin("\(number)")
                    try await bench.quote(pair)
                    try await bench.notify(try await bench.reserve(pair))
                    return pair
                }
            }
            for try await pair in group { pairs.append(pair) }
        }
        try await bench.working {
            try await eventually {
                try await bench.number("SELECT count(*) FROM gifting.gift WHERE state = 'sent'") == Self.count
            }
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (number, pair) in pairs.enumerated() {
                if number >= 12 { try await group.next() }
                group.addTask {
                    try await bench.claim(pair)
                    try await bench.fillIn(pair)
                }
            }
            try await group.waitForAll()
        }
        return pairs
    }

    /// One deadline after another, so that each race has the machine to itself.
    private func setDeadlines(of pairs: [GiftBench.Pair], _ bench: GiftBench) async throws -> [Double] {
        let first = Date().timeIntervalSince1970 + 0.5
        // Behind a pooler each statement is parsed anew: at the usual pace both sides would only lag behind the deadlines.
        let deadlines = pairs.indices.map { first + Double($0) * (bench.db.isPooled ? 0.04 : 0.005) }
        let (brand, ids, instants) = (bench.brand, pairs.map(\.id), deadlines.map(Date.init(timeIntervalSince1970:)))
        try await bench.db.owner.execute(
            Statement(
                """
                UPDATE gifting.gift g SET accept_until = x.accept_until FROM unnest(\(ids), \(instants)) AS x (gift_id, accept_until)
                WHERE g.brand_id = \(brand) AND g.gift_id = x.gift_id
                """))
        return deadlines
    }

    private static func wait(until instant: Double) async throws {
        let seconds = instant - Date().timeIntervalSince1970
        if seconds > 0 { try await lettingPass(.microseconds(Int(seconds * 1_000_000))) }
    }
}
