import Accounting
import FoundationEssentials
import JobTesting
import Jobs
import Kernel
import Orders
import Policies
import Postgres
import TestSupport
import Testing

/// A brand whose books say what its shops sold; the fees follow them.
private struct Market {
    let db: TestDatabase
    let pool: Pool
    let brand = ID<Brand>.mint()
    /// After the standard's rates began: 1 % of the first million yuan, 5 % beyond.
    let start = Date(timeIntervalSince1970: 1_750_000_000)

    init(_ db: TestDatabase) async throws {
        self.db = db
        pool = db.pool(as: .ingest, connectionsMax: 8)
        try await db.owner.execute(
            Statement("INSERT INTO siyu.brand (brand_id, name, created_at) VALUES (\(brand), 'Test', \(start))"))
    }

    func second(_ second: Int) -> Date { start.addingTimeInterval(Double(second)) }

    /// Money that came in for an order, or, as a negative amount, went back, as the import posts it.
    func post(_ fen: Int64, in shop: ID<Shop>, at second: Int = 0, on tx: Transaction) async throws {
        let clearing = try await Ledger.account(.clearing(of: shop), brand: brand, now: start, on: tx)
        let sales = try await Ledger.account(.sales(of: shop), brand: brand, now: start, on: tx)
        let isSale = fen > 0
        _ = try await Ledger.post(
            [
                Posting(
                    debit: isSale ? clearing : sales, credit: isSale ? sales : clearing, amount: Money(fen: abs(fen)),
                    kind: isSale ? .orderPaid : Bool.random() ? .orderReversed : .orderRefunded,
                    subject: ID<Transfer>.mint().rawValue, occurredAt: self.second(second))
            ], brand: brand, now: start, on: tx)
    }

    func sell(_ fen: Int64, in shop: ID<Shop>, at second: Int = 0) async throws {
        try await pool.transaction { tx in try await post(fen, in: shop, at: second, on: tx) }
    }

    /// Charges for all that was posted; a transaction elsewhere on the server may hold some of it back for a moment.
    func charge() async throws {
        try await eventually {
            var isMore = true
            while isMore {
                isMore = try await pool.transaction { tx in
                    try await TechnicalFees.charge(brand: brand, now: second(9_000), on: tx)
                }
            }
            return try await db.owner.one(FeeTestStatements.isLookedAt(brand: brand))
        }
    }

    func fee(of shop: ID<Shop>) async throws -> Int64 {
        let owed = try await pool.transaction { tx in
            try await Ledger.account(.feeOwed(of: shop), brand: brand, now: start, on: tx)
        }
        return try await Ledger.balance(of: owed, brand: brand, on: pool).fen
    }

    func set(_ json: String, from second: Int, named name: String = "orders.technical_fee") async throws {
        try await db.owner.execute(
            Statement<Void>(
                """
                INSERT INTO policies.setting (brand_id, name, valid_from, value, author, reason, created_at)
                VALUES (\(brand), \(name), \(self.second(second)), CAST(\(json) AS jsonb), 'test', 'test', \(start))
                """))
    }
}

private enum FeeTestStatements {
    /// Whether no sale stands behind the place up to which fees were charged.
    static func isLookedAt(brand: ID<Brand>) -> Statement<Bool> {
        Statement(
            """
            SELECT NOT EXISTS (
                SELECT FROM accounting.transfer t
                WHERE t.brand_id = \(brand) AND t.kind LIKE 'order.%' AND (t.posted_xid, t.transfer_id) > (
                    SELECT c.last_xid, c.last_transfer_id FROM orders.fee_cursor c WHERE c.brand_id = \(brand)
                )
            )
            """
        ) { row throws(PostgresError) in try row.next() }
    }
}

struct FeeTests {
    @Test func d05_orderThatCrossesAMillion_isChargedAtBothRates() async throws {
        try await withTestDatabase { db in
            let market = try await Market(db)
            let shop = ID<Shop>.mint()
            try await market.sell(99_999_933, in: shop)
            try await market.charge()
            #expect(try await market.fee(of: shop) == 999_999)

            try await market.sell(1_000, in: shop)
            try await market.charge()

            #expect(try await market.fee(of: shop) == 1_000_046, "67 fen at 1 %, 933 at 5 %, rounded once")
            #expect(try await Ledger.check(brand: market.brand, on: market.pool).isBalanced)
        }
    }

    @Test func d05_refundOfAnEarlierOrder_givesFeeAndRoomBack() async throws {
        try await withTestDatabase { db in
            let market = try await Market(db)
            let (shop, other) = (ID<Shop>.mint(), ID<Shop>.mint())
            for fen: Int64 in [40_000_000, 70_000_000] { try await market.sell(fen, in: shop) }
            try await market.sell(500, in: other)
            try await market.charge()
            #expect(try await market.fee(of: shop) == 1_500_000)

            try await market.sell(-40_000_000, in: shop)
            try await market.charge()
            #expect(try await market.fee(of: shop) == 700_000)
            try await market.sell(30_000_100, in: shop)
            try await market.charge()

            #expect(try await market.fee(of: shop) == 1_000_005, "the room was open again")
            #expect(try await market.fee(of: other) == 5, "each shop has a room of its own")
            for fen: Int64 in [-70_000_000, -30_000_100] { try await market.sell(fen, in: shop) }
            try await market.charge()
            #expect(try await market.fee(of: shop) == 0, "all is back")
        }
    }

    /// The same sales and refunds in three orders, in pages of their own or all at once, with rates that change: one total.
    @Test func d05_anyOrderOfArrival_chargesTheSame() async throws {
        try await withTestDatabase { db in
            let market = try await Market(db)
            try await market.set(
                #"{"tiers": [{"up_to_fen": 30000000, "ppm": 6000}, {"up_to_fen": 150000000, "ppm": 20000}], "beyond_ppm": 33333, "restarts": false}"#,
                from: 500)
            var sales: [(fen: Int64, second: Int)] = []
            for _ in 0..<40 {
                let sale = (fen: Int64.random(in: 1...9_000_000), second: Int.random(in: 0...999))
                sales.append(sale)
                if Bool.random() { sales.append((-Int64.random(in: 1...sale.fen), sale.second)) }
            }
            sales.append((99, -60_000_000))  // before there were rates: it costs nothing
            var fees: [Int64] = []
            for round in 0..<3 {
                let shop = ID<Shop>.mint()
                for (number, sale) in sales.shuffled().enumerated() {
                    try await market.sell(sale.fen, in: shop, at: sale.second)
                    if round > 0, number.isMultiple(of: 9) { try await market.charge() }
                }
                try await market.charge()
                fees.append(try await market.fee(of: shop))
            }

            #expect(Set(fees).count == 1 && fees[0] > 0, "\(fees)")
        }
    }

    @Test func d05_manyWhoChargeWhileOthersSell_chargeEachOrderOnce() async throws {
        try await withTestDatabase { db in
            let market = try await Market(db)
            let shop = ID<Shop>.mint()
            try await market.sell(100, in: shop)

            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<3 {
                    group.addTask {
                        for _ in 0..<15 {
                            try await market.pool.transaction { tx in
                                try await market.post(1_000, in: shop, on: tx)
                                try await tx.execute(Statement<Void>("SELECT pg_sleep(random() / 100)"))
                            }
                        }
                    }
                }
                for _ in 0..<3 {
                    group.addTask {
                        for _ in 0..<12 {
                            _ = try await market.pool.transaction { tx in
                                try await TechnicalFees.charge(brand: market.brand, now: market.second(0), on: tx)
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
            try await market.charge()

            #expect(try await market.fee(of: shop) == 451, "1 % of 45 times 10 yuan and one yuan")
            #expect(try await Ledger.check(brand: market.brand, on: market.pool).isBalanced)
        }
    }

    @Test func d05_tradeThatOthersRun_countsForNothing_fromTheInstantThatSaysSo() async throws {
        try await withTestDatabase { db in
            let market = try await Market(db)
            let (own, others) = (ID<Shop>.mint(), ID<Shop>.mint())
            let base = #"{"self_operated_only": true, "run_by_others": ["\#(others)"]}"#
            try await market.set(base, from: 100, named: "orders.technical_fee_base")
            for shop in [own, others] {
                try await market.sell(10_000, in: shop, at: 50)
                try await market.sell(10_000, in: shop, at: 150)
            }
            try await market.charge()
            #expect(try await market.fee(of: own) == 200)
            #expect(try await market.fee(of: others) == 100)
            // What counted is given back, what did not is not.
            for shop in [own, others] {
                try await market.sell(-10_000, in: shop, at: 50)
                try await market.sell(-10_000, in: shop, at: 150)
            }
            try await market.charge()
            #expect(try await market.fee(of: own) == 0)
            #expect(try await market.fee(of: others) == 0)
        }
    }

    @Test func d05_ratesThatMakeNoSense_chargeNothing_andTheJobSaysSo() async throws {
        try await withTestDatabase { db in
            let market = try await Market(db)
            let shop = ID<Shop>.mint()
            try await market.set(#"{"tiers": [], "beyond_ppm": 2000000, "restarts": false}"#, from: 0)
            try await market.sell(1_000, in: shop)

            try await eventually {
                do {
                    _ = try await market.pool.transaction { tx in
                        try await TechnicalFees.charge(brand: market.brand, now: market.start, on: tx)
                    }
                    return false  // not seen yet
                } catch {
                    #expect(error as? PoliciesError == .unreadable(name: "orders.technical_fee"))
                    return true
                }
            }
            #expect(try await market.fee(of: shop) == 0)
        }
    }

    @Test func d05_job_chargesWhatWasSold_andIsPushedOnce() async throws {
        try await withTestDatabase { db in
            let market = try await Market(db)
            let shop = ID<Shop>.mint()
            try await market.sell(1_000, in: shop)
            let queue = JobQueue(pool: market.pool, logger: .silent)
            TechnicalFees.register(on: queue)
            let tester = JobTester(queue)
            for _ in 0..<2 { try await TechnicalFees.push(brand: market.brand, to: queue) }
            #expect(try await tester.pushed(ChargeFees.self).count == 1)

            try await eventually {
                try await TechnicalFees.push(brand: market.brand, to: queue)
                _ = try await tester.drain()
                return try await market.fee(of: shop) == 10
            }
        }
    }
}
