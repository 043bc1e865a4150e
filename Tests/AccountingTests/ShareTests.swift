import Accounting
import FoundationEssentials
import Kernel
import Postgres
import TestSupport
import Testing

/// Splits, fees and what a refund takes back: pure.
struct ShareTests {
    // MARK: Splits

    @Test func d17_splitByWeight_sumsExactly_isWithinAFen_andTheSameInAnyOrder() throws {
        var generator = Seeded(seed: 17)
        for _ in 0..<4_000 {
            let amount = Money(fen: .random(in: -2_000_000...2_000_000, using: &generator))
            var weights = (0..<Int.random(in: 1...9, using: &generator)).map { key in
                (key: key, weight: Int64.random(in: 0...40, using: &generator))
            }
            weights[0].weight += 1
            let total = weights.reduce(0) { $0 + $1.weight }

            let parts = try Split.byWeight(amount, weights)

            #expect(try parts.values.sum() == amount)
            for (key, weight) in weights {
                let part = try #require(parts[key]).fen
                let distance = (part * total - amount.fen * weight).magnitude
                #expect(distance < total.magnitude, "\(part) of \(amount) for \(weight) of \(total)")
                #expect(weight > 0 || part == 0)
                #expect(part == 0 || (part < 0) == (amount.fen < 0))
            }
            #expect(try Split.byWeight(amount, weights.shuffled(using: &generator)) == parts)
            let negative = try Split.byWeight(Money(fen: -amount.fen), weights)
            #expect(negative == parts.mapValues { Money(fen: -$0.fen) })
        }
    }

    @Test func d17_tiesOfASplit_goToTheLowerKey() throws {
        let parts = try Split.byWeight(Money(fen: 5), [("c", 1), ("a", 1), ("b", 1)])
        #expect(parts == ["a": Money(fen: 2), "b": Money(fen: 2), "c": Money(fen: 1)])
        #expect(try Split.byWeight(Money(fen: 10), [("a", 1), ("b", 2)]) == ["a": Money(fen: 3), "b": Money(fen: 7)])
        #expect(try Split.evenly(Money(fen: 7), into: 3).map(\.fen) == [3, 2, 2])
        let largest = try Split.byWeight(Money(fen: .max), [("a", .max), ("b", .max), ("c", 1)])
        #expect(try largest.values.sum() == Money(fen: .max))
        let lowest = try Split.byWeight(Money(fen: .min), [("a", 1)])
        #expect(lowest["a"] == Money(fen: .min))
    }

    @Test func d17_splitThatMakesNoSense_isRefused() {
        #expect(throws: SplitError.weights) { try Split.byWeight(Money(fen: 5), [("a", 0)]) }
        #expect(throws: SplitError.weights) { try Split.byWeight(Money(fen: 5), [("a", -1), ("b", 5)]) }
        #expect(throws: SplitError.weights) { try Split.evenly(Money(fen: 5), into: 0) }
        #expect(throws: SplitError.keyTwice) { try Split.byWeight(Money(fen: 5), [("a", 1), ("a", 2)]) }
    }

    // MARK: What refunds take back

    @Test func d17_partialRefunds_takeBackWhatOneFullRefundDoes() throws {
        var generator = Seeded(seed: 18)
        for _ in 0..<2_000 {
            let paid = Int64.random(in: 1...90_000, using: &generator)
            let gains = (0..<4).map { _ in Money(fen: .random(in: -9_999...9_999, using: &generator)) }
            var cuts = Set(
                (0..<Int.random(in: 0...6, using: &generator)).map { _ in Int64.random(in: 0...paid, using: &generator)
                })
            cuts.insert(paid)
            cuts.remove(0)

            var before: Int64 = 0
            var taken = [Int64](repeating: 0, count: gains.count)
            for after in cuts.sorted() {
                let step = try RefundStep(paid: Money(fen: paid), before: Money(fen: before), after: Money(fen: after))
                for (index, gain) in gains.enumerated() {
                    let share = step.share(of: gain).fen
                    #expect(share == 0 || (share < 0) == (gain.fen < 0), "never the other way")
                    taken[index] += share
                    // In proportion to what is back, less than a fen away.
                    #expect((taken[index] * paid - gain.fen * after).magnitude < paid.magnitude)
                }
                before = after
            }
            #expect(taken == gains.map(\.fen))
        }
    }

    @Test(arguments: [(10, 0, 11), (10, 5, 5), (10, 6, 5), (10, -1, 5)])
    func d17_refundBeyondWhatWasPaid_isRefused(paid: Int64, before: Int64, after: Int64) {
        #expect(throws: RefundStep.Invalid.self) {
            try RefundStep(paid: Money(fen: paid), before: Money(fen: before), after: Money(fen: after))
        }
    }

    /// Partial refunds of several sales in any order, in the books.
    @Test func d17_salesAndTheirFullRefunds_leaveEveryAccountAsBefore() async throws {
        try await withTestDatabase { db in
            let books = try await Books(db)
            let (clearing, sales) = (
                try await books.account("clearing"), try await books.account("sales", floor: .zero)
            )
            let (fees, promoter) = (try await books.account("fees"), try await books.account("commission"))
            let points = try await books.account("points", floor: Money(fen: -1_000_000_000))
            let accounts = [clearing, sales, fees, promoter, points]
            _ = try await books.post([
                books.posting(clearing, sales, 500), books.posting(sales, fees, 5), books.posting(sales, promoter, 37),
            ])
            func balances() async throws -> [Money] {
                var balances: [Money] = []
                for account in accounts {
                    balances.append(try await Ledger.balance(of: account, brand: books.brand, on: books.pool))
                }
                return balances
            }
            let before = try await balances()

            for paid in [Int64(9_973), 1, 100_000_007] {
                let gave: [(ID<Account>, ID<Account>, Int64, TransferKind)] = [
                    (clearing, sales, paid, "sale.back"), (sales, fees, paid / 100, "fee.back"),
                    (sales, promoter, paid * 3 / 17, "commission.back"), (points, promoter, paid / 7, "points.back"),
                ]
                let given = gave.filter { $0.2 > 0 }
                _ = try await books.post(given.map { books.posting($0.0, $0.1, $0.2) })
                let effects = given.map {
                    SaleEffect(debit: $0.0, credit: $0.1, amount: Money(fen: $0.2), backKind: $0.3)
                }
                var back: Int64 = 0
                for after in Set([paid / 3, paid / 3 + 1, paid * 6 / 7, paid]).subtracting([0]).sorted()
                where after > back {
                    let step = try RefundStep(
                        paid: Money(fen: paid), before: Money(fen: back), after: Money(fen: after))
                    let refund = UUID()
                    for _ in 0..<2 {  // told twice, taken back once
                        _ = try await books.pool.transaction { tx in
                            try await Ledger.takeBack(
                                effects, by: step, refund: refund, occurredAt: books.now, brand: books.brand,
                                now: books.now, on: tx)
                        }
                    }
                    back = after
                }
                #expect(try await balances() == before, "a sale of \(paid) fen")
            }
            #expect(try await Ledger.check(brand: books.brand, on: books.pool).isBalanced)
        }
    }

    // MARK: Fees

    /// 1 % of the first million yuan, 5 % beyond.
    static let million = Money(fen: 100_000_000)
    static func firstMillion(restarts: Bool = false) throws -> TieredRate {
        try TieredRate(tiers: [.init(upTo: million, ppm: 10_000)], beyondPpm: 50_000, restarts: restarts)
    }

    @Test func d05_crossingOrder_isSplitToTheFen() throws {
        let rate = try Self.firstMillion()
        var meter = FeeMeter([.init(from: .distantPast, rate: rate, volume: Money(fen: 99_999_933))])

        #expect(
            rate.parts(of: Money(fen: 1_000), after: Money(fen: 99_999_933)) == [
                .init(amount: Money(fen: 67), ppm: 10_000), .init(amount: Money(fen: 933), ppm: 50_000),
            ])
        // 0.67 + 46.65, on top of 999,999.33: 1,000,046.65 in all, rounded down once.
        let fee = try meter.count(Money(fen: 1_000), at: .distantFuture)
        #expect(fee == Money(fen: 47))
        #expect(try meter.total() == Money(fen: 1_000_046))
        #expect(rate.fee(on: Self.million) == Money(fen: 1_000_000))
        #expect(rate.fee(on: Money(fen: 100_000_020)) == Money(fen: 1_000_001))
        #expect(rate.parts(of: Money(fen: 5), after: Self.million) == [.init(amount: Money(fen: 5), ppm: 50_000)])
    }

    @Test func d05_refundOfAnEarlyOrder_reopensTheRoom() throws {
        var meter = FeeMeter([.init(from: .distantPast, rate: try Self.firstMillion())])
        let early = Money(fen: 40_000_000)
        let now = Date(timeIntervalSince1970: 1_700_000_000)
        #expect(try meter.count(early, at: now) == Money(fen: 400_000))
        #expect(try meter.count(Money(fen: 70_000_000), at: now) == Money(fen: 1_100_000), "60 at 1 %, 10 at 5 %")

        #expect(try meter.count(Money(fen: -40_000_000), at: now) == Money(fen: -800_000), "10 at 5 %, 30 at 1 %")
        #expect(try meter.total() == Money(fen: 700_000))
        #expect(try meter.count(Money(fen: 30_000_000), at: now) == Money(fen: 300_000), "the room is open again")
        #expect(try meter.count(Money(fen: 100), at: now) == Money(fen: 5))
    }

    /// Sales and refunds, dated rates, any order of arrival: one total, and the fees of all arrivals sum to it.
    @Test func d05_anyOrderOfArrival_givesTheSameTotal() throws {
        var generator = Seeded(seed: 5)
        let start = Date(timeIntervalSince1970: 1_700_000_000)
        for round in 0..<60 {
            let cheap = try TieredRate(
                tiers: [.init(upTo: Money(fen: 60_000_000), ppm: 6_000)], beyondPpm: 33_333, restarts: round % 3 == 0)
            let meter = FeeMeter([
                .init(from: start.addingTimeInterval(500), rate: cheap),
                .init(from: start, rate: try Self.firstMillion()),
            ])
            var arrivals: [(amount: Int64, at: Date)] = []
            for _ in 0..<60 {
                let amount = Int64.random(in: 1...6_000_000, using: &generator)
                let at = start.addingTimeInterval(Double(Int.random(in: 0...999, using: &generator)))
                arrivals.append((amount, at))
                if Bool.random(using: &generator) {
                    arrivals.append((-Int64.random(in: 1...amount, using: &generator), at))
                }
            }
            var totals: Set<Money> = []
            for _ in 0..<6 {
                var run = meter
                var charged = Money.zero
                for (amount, at) in arrivals.shuffled(using: &generator) {
                    charged = try charged + (try #require(try run.count(Money(fen: amount), at: at)))
                }
                #expect(try run.total() == charged)
                totals.insert(charged)
            }
            #expect(totals.count == 1)
        }
    }

    @Test func d05_rates_areReadAsPoliciesWriteThem_andRefusedIfTheyMakeNoSense() throws {
        let text = #"{"tiers": [{"up_to_fen": 100000000, "ppm": 10000}], "beyond_ppm": 50000, "restarts": false}"#
        #expect(try JSONDecoder().decode(TieredRate.self, from: Data(text.utf8)) == Self.firstMillion())
        #expect(try FeeMeter([]).total() == .zero)
        var none = FeeMeter([.init(from: .distantFuture, rate: try Self.firstMillion())])
        #expect(try none.count(Money(fen: 5), at: Date(timeIntervalSince1970: 0)) == nil, "no rate holds yet")
        #expect(throws: TieredRate.Invalid.self) {
            try TieredRate(
                tiers: [.init(upTo: Money(fen: 5), ppm: 1), .init(upTo: Money(fen: 5), ppm: 2)], beyondPpm: 3)
        }
        #expect(throws: TieredRate.Invalid.self) { try TieredRate(tiers: [.init(upTo: .zero, ppm: 1)], beyondPpm: 3) }
        #expect(throws: TieredRate.Invalid.self) { try TieredRate(tiers: [], beyondPpm: 1_000_001) }
    }
}
