import Accounting
import Foundation
import JobTesting
import Jobs
import Kernel
import Members
import Postgres
import Promotions
import TestSupport
import Testing

@testable import Orders

/// Coupons on the database, as siyu-redeem; what refunds do to orders is done as siyu-gifts.
struct CouponTests {
    private struct Bundle {
        let db: TestDatabase
        let pool: Pool
        let queue: JobQueue
        let coupons: Coupons
        let tester: JobTester
        let brand = ID<Brand>.mint()
        let shop: ID<Shop>
        let person = ID<Person>.mint()
        let origin = UUID()

        init(_ db: TestDatabase) async throws {
            self.db = db
            pool = db.pool(as: .redeem, connectionsMax: 8)
            queue = JobQueue(pool: pool, logger: .silent)
            coupons = Coupons(queue: queue)
            coupons.register()
            tester = JobTester(queue, queues: [CouponGrant.jobQueue], clock: db.owner)
            let brand = brand
            try await db.owner.execute(
                Statement("INSERT INTO siyu.brand (brand_id, name, created_at) VALUES (\(brand), 'Test', now())"))
            shop = try await Catalogue.createShop(code: "main", name: "Main", brand: brand, on: db.pool(as: .operator))
                .shop.id
        }

        var now: Date {
            get async throws {
                try await db.owner.one(
                    Statement("SELECT siyu.clock()") { row throws(PostgresError) in try row.next() })
            }
        }

        /// Twenty yuan off a hundred for ten days, won just now; told twice.
        func grant(to person: ID<Person>? = nil) async throws -> ID<Coupon> {
            let id = ID<Coupon>.mint()
            let until = try await now.addingTimeInterval(864_000)
            let owed = try await pool.transaction { tx in
                try await Ledger.account(AccountKey("prize_owed", of: origin), brand: brand, now: .now, on: tx)
            }
            for _ in 0..<2 {
                try await queue.push(
                    CouponGrant(
                        brand: brand, cause: id.rawValue, origin: origin, person: person ?? self.person, name: "Twenty",
                        off: Money(fen: 2_000), threshold: Money(fen: 10_000), until: until, owedAccount: owed))
            }
            try await tester.drain()
            return id
        }

        func order(_ fen: Int64 = 9_000) async throws -> ID<Order> {
            let id = ID<Order>.mint()
            let key = withUnsafeBytes(of: id.rawValue.uuid) { Array($0) }
            try await db.owner.execute(
                Statement(
                    """
                    INSERT INTO orders.customer_order (brand_id, order_id, shop_id, person_id, source, external_key, version,
                        status, placed_at, quantity, amount_fen, changed_at, created_at, updated_at)
                    VALUES (\(brand), \(id), \(shop), \(person), 'csv', \(key), 1, 'paid', now(), 1, \(fen), now(), now(), now())
                    """))
            return id
        }

        func use(
            _ coupon: ID<Coupon>, for order: ID<Order>, by person: ID<Person>? = nil, of shop: ID<Shop>? = nil
        ) async throws -> String {
            do {
                return try await pool.transaction { tx in
                    let used = try await coupons.use(
                        coupon, of: person ?? self.person, for: order, shop: shop, brand: brand, on: tx)
                    return "used \(used.use.number)"
                }
            } catch let problem as Problem { return problem.code }
        }

        /// What is due for an order from now on, as a later version of it says, and what follows.
        func turn(_ order: ID<Order>, due: Int64) async throws {
            let gifts = db.pool(as: .gifts)
            func content(_ fen: Int64) -> OrderContent {
                OrderContent(
                    person: person, status: fen > 0 ? .paid : .cancelled, placedAt: .now, quantity: 1,
                    amount: Money(fen: fen), changedAt: .now)
            }
            let status = due > 0 ? "paid" : "cancelled"
            let before: Int64 = try await db.owner.one(
                Statement(
                    """
                    UPDATE orders.customer_order o SET status = \(status), amount_fen = \(due)
                    FROM orders.customer_order before
                    WHERE o.order_id = \(order) AND before.order_id = o.order_id AND before.brand_id = o.brand_id
                    RETURNING CASE WHEN before.status = 'cancelled' THEN 0 ELSE before.amount_fen END
                    """
                ) { row throws(PostgresError) in try row.next() })
            let news = OrderNews(order: order, version: 1, before: content(before), after: content(due))
            let sender = JobQueue(pool: gifts, logger: .silent)
            try await gifts.transaction { tx in
                try await SaleEffects.follow([news], brand: brand, now: .now, queue: sender, on: tx)
            }
            try await tester.drain()
        }

        func state(_ coupon: ID<Coupon>) async throws -> String {
            try await pool.one(
                Statement("SELECT state FROM promotions.coupon WHERE brand_id = \(brand) AND coupon_id = \(coupon)") {
                    row throws(PostgresError) in try row.next()
                })
        }

        func balances() async throws -> [String: Int64] {
            let kinds = try await Ledger.balances(asOf: .distantFuture, brand: brand, on: pool)
            return Dictionary(kinds.filter { $0.balance != .zero }.map { ($0.kind.rawValue, $0.balance.fen) }) {
                $0 + $1
            }
        }

        /// Issued = used + open + expired, in coupons and in the books.
        func requireWhole() async throws {
            let rows = try await pool.run(
                Statement<(String, Int64)>(
                    "SELECT state, sum(off_fen)::bigint FROM promotions.coupon WHERE brand_id = \(brand) GROUP BY state"
                ) { row throws(PostgresError) in (try row.next(), try row.next()) })
            let worth = Dictionary(rows) { first, _ in first }
            let issued: Int64 = try await pool.one(
                Statement(
                    """
                    SELECT COALESCE(sum(amount_fen), 0)::bigint FROM accounting.transfer
                    WHERE brand_id = \(brand) AND kind = 'coupon.granted'
                    """
                ) { row throws(PostgresError) in try row.next() })
            let booked = try await balances()
            #expect(issued == worth.values.reduce(0, +))
            #expect(booked["coupon_owed"] ?? 0 == worth["granted"] ?? 0)
            #expect(booked["coupon_breakage"] ?? 0 == worth["expired"] ?? 0)
            #expect((booked["coupon_spent"] ?? 0) + (booked["coupon_due"] ?? 0) == worth["used"] ?? 0)
            #expect(try await Ledger.check(brand: brand, on: pool).isBalanced)
        }
    }

    private func withBundle(_ body: (Bundle) async throws -> Void) async throws {
        try await withTestDatabase { db in try await body(try await Bundle(db)) }
    }

    @Test func d17_couponOfAFullyRefundedOrder_isGivenBackAndEveryAccountIsAsBefore() async throws {
        try await withBundle { bundle in
            let coupon = try await bundle.grant()
            let (before, order) = (try await bundle.balances(), try await bundle.order())
            #expect(before == ["prize_owed": -2_000, "coupon_owed": 2_000])

            #expect(try await bundle.use(coupon, for: order) == "used 1")
            #expect(try await bundle.use(coupon, for: order) == "used 1", "told again, it is the same use")
            #expect(try await bundle.balances() == ["prize_owed": -2_000, "coupon_due": 2_000])
            #expect(try await bundle.use(coupon, for: try await bundle.order()) == "coupon_used")

            try await bundle.turn(order, due: 0)

            #expect(try await bundle.balances() == before)
            #expect(try await bundle.state(coupon) == "granted")
            #expect(try await bundle.use(coupon, for: order) == "order_over")
            #expect(try await bundle.use(coupon, for: try await bundle.order()) == "used 2")
            try await bundle.requireWhole()
        }
    }

    @Test func d17_partialRefund_takesBackInProportionAndLeavesTheCouponUsed() async throws {
        try await withBundle { bundle in
            let coupon = try await bundle.grant()
            let order = try await bundle.order()
            #expect(try await bundle.use(coupon, for: order) == "used 1")

            try await bundle.turn(order, due: 6_000)
            #expect(try await bundle.state(coupon) == "used")
            // A third of the order is back, and a third of what the shop was owed.
            #expect(try await bundle.balances()["coupon_due"] == 2_000 - 666)
            try await bundle.requireWhole()

            try await bundle.turn(order, due: 0)
            #expect(try await bundle.state(coupon) == "granted")
            try await bundle.requireWhole()

            // A file revives it: it counts for the order again.
            try await bundle.turn(order, due: 9_000)
            #expect(try await bundle.state(coupon) == "used")
            #expect(try await bundle.balances() == ["prize_owed": -2_000, "coupon_due": 2_000])
            try await bundle.requireWhole()
        }
    }

    @Test func d17_couponGivenBackLate_hasAsLongAsWasLeftOfIt_andIsOverThen() async throws {
        try await withBundle { bundle in
            let (used, idle) = (try await bundle.grant(), try await bundle.grant())
            try await bundle.tester.advance(by: .seconds(864_000 - 3_600))
            let order = try await bundle.order()
            #expect(try await bundle.use(used, for: order) == "used 1")

            try await bundle.tester.advance(by: .seconds(100_000))
            try await bundle.tester.drain()
            #expect(try await bundle.state(idle) == "expired")
            #expect(try await bundle.use(idle, for: try await bundle.order()) == "coupon_expired")
            try await bundle.turn(order, due: 0)
            #expect(
                try await bundle.state(used) == "granted",
                "less than nothing was left by the calendar, an hour by right")

            try await bundle.tester.advance(by: .seconds(3_000))
            try await bundle.tester.drain()
            #expect(try await bundle.state(used) == "granted")
            try await bundle.tester.advance(by: .seconds(700))
            try await bundle.tester.drain()
            #expect(try await bundle.state(used) == "expired")
            #expect(try await bundle.balances() == ["prize_owed": -4_000, "coupon_breakage": 4_000])
            try await bundle.requireWhole()
        }
    }

    @Test func c13_couponOfAnother_orOfNoOrder_isRefused() async throws {
        try await withBundle { bundle in
            let coupon = try await bundle.grant()
            let order = try await bundle.order()
            #expect(try await bundle.use(coupon, for: order, by: .mint()) == "not_found")
            #expect(try await bundle.use(coupon, for: .mint()) == "not_found")
            #expect(try await bundle.use(coupon, for: order, of: .mint()) == "not_found", "another shop's")
            #expect(try await bundle.use(coupon, for: try await bundle.order(7_999)) == "below_threshold")
            #expect(try await bundle.use(coupon, for: order, of: bundle.shop) == "used 1")
            #expect(try await bundle.use(try await bundle.grant(), for: order) == "order_has_coupon")
            // What was refused changed nothing.
            try await bundle.requireWhole()
        }
    }

    @Test func c13_couponsAndOrdersAtOnce_countOncePerCouponAndPerOrder() async throws {
        try await withBundle { bundle in
            var (coupons, orders): ([ID<Coupon>], [ID<Order>]) = ([], [])
            for _ in 0..<3 { coupons.append(try await bundle.grant()) }
            for _ in 0..<5 { orders.append(try await bundle.order()) }
            let told = try await withThrowingTaskGroup(of: String.self) { group in
                for coupon in coupons {
                    for order in orders { group.addTask { try await bundle.use(coupon, for: order) } }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(told.count { $0 == "used 1" } == 3)
            #expect(
                Set(told) == ["used 1", "coupon_used", "order_has_coupon"] || Set(told) == ["used 1", "coupon_used"])
            #expect(try await bundle.balances()["coupon_due"] == 6_000)
            try await bundle.requireWhole()
        }
    }

    /// Whatever happens in whatever order: issued = used + open + expired after every step.
    @Test(arguments: [1, 2])
    func d17_anyCourse_losesNoCoupon(seed: UInt64) async throws {
        try await withBundle { bundle in
            var random = SplitMix(seed: seed)
            var (coupons, orders): ([ID<Coupon>], [ID<Order>]) = ([], [])
            for _ in 0..<40 {
                switch Int.random(in: 0..<8, using: &random) {
                case 0, 1: coupons.append(try await bundle.grant())
                case 2: orders.append(try await bundle.order(Int64.random(in: 7_000...20_000, using: &random)))
                case 3, 4, 5:
                    guard let coupon = coupons.randomElement(using: &random),
                        let order = orders.randomElement(using: &random)
                    else { continue }
                    _ = try await bundle.use(coupon, for: order)
                case 6:
                    guard let order = orders.randomElement(using: &random) else { continue }
                    try await bundle.turn(order, due: [0, 0, 5_000, 12_000].randomElement(using: &random) ?? 0)
                default:
                    try await bundle.tester.advance(by: .seconds(Int.random(in: 1...300_000, using: &random)))
                    try await bundle.tester.drain()
                }
                try await bundle.requireWhole()
            }
        }
    }
}

/// Numbers that are the same in every run.
private struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
