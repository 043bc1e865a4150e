import Codes
import Foundation
import Hooks
import Jobs
import Kernel
import Keys
import Orders
import Postgres
import Reporting
import TestSupport
import Testing

@Suite struct SettlementTests {
    @Test(arguments: [1, 2] as [UInt64])
    func c10_settlementSheet_equalsHandovers_reversalsNegative(seed: UInt64) async throws {
        try await withTestDatabase { db in
            var stores = try await Stores(seed: seed, vouchers: 90, on: db)
            for _ in 0..<150 { try await stores.step() }
            #expect(stores.lines.filter { !$0.isHandover }.count > 10 && stores.lines.count > 60)

            let days = stores.lines.map(\.day).sorted()
            let (first, last) = (try #require(days.first), try #require(days.last))
            for round in 0..<24 {
                let from = first.adding(days: Int.random(in: -2...20, using: &stores.random))
                let to = round == 0 ? last : from.adding(days: Int.random(in: 0...30, using: &stores.random))
                let shop = round.isMultiple(of: 3) ? nil : stores.shops.randomElement(using: &stores.random)
                let query = ReportQuery(
                    name: .settlement, brand: stores.brand, scope: shop.map { .shop($0.id) } ?? .brand,
                    from: round == 0 ? first : from, to: to)

                let report = try await SheetReport.load(query, from: db.pool(as: .reports))

                let range = report.range
                func lines(of id: ID<Shop>) -> [Stores.Line] {
                    stores.lines.filter { $0.shop == id && range.from <= $0.day && $0.day <= range.to }
                }
                let asked = shop.map { [$0] } ?? stores.shops
                #expect(report.total.values == Stores.figures(asked.flatMap { lines(of: $0.id) }))
                #expect(report.isBalanced, "\(report.balances.filter { !$0.holds })")
                for shop in asked {
                    let own = lines(of: shop.id)
                    let row = report.rows(by: .shop).first { $0.id == "\(shop.id)" }
                    #expect(row?.values == (own.isEmpty ? nil : Stores.figures(own)))
                }
                for day in Set(asked.flatMap { lines(of: $0.id) }.map(\.day)) {
                    let own = asked.flatMap { lines(of: $0.id) }.filter { $0.day == day }
                    #expect(report.rows(by: .day).first { $0.id == "\(day)" }?.values == Stores.figures(own))
                }
            }
        }
    }

    @Test func c10_handoverMissingInTheLedger_breaksTheIdentity() async throws {
        try await withTestDatabase { db in
            var stores = try await Stores(seed: 3, vouchers: 20, on: db)
            while stores.lines.allSatisfy({ $0.cost == 0 }) { try await stores.step() }
            let query = ReportQuery(name: .settlement, brand: stores.brand)
            #expect(try await SheetReport.load(query, from: db.pool(as: .reports)).isBalanced)

            try await db.owner.execute(
                Statement<Void>("DELETE FROM accounting.transfer WHERE kind = 'prize.handed_over'"))

            let broken = try await SheetReport.load(query, from: db.pool(as: .reports)).balances.filter { !$0.holds }
            #expect(broken.map(\.identity) == [.dueIsLedger])
        }
    }

    @Test func settlement_isReadableInEveryFormat() async throws {
        try await withTestDatabase { db in
            var stores = try await Stores(seed: 4, vouchers: 20, on: db)
            while stores.lines.allSatisfy(\.isHandover) { try await stores.step() }
            let report = try await SheetReport.load(
                ReportQuery(name: .settlement, brand: stores.brand), from: db.pool(as: .operator))

            let json = try #require(
                try JSONSerialization.jsonObject(with: Data(try report.json())) as? [String: Any])
            #expect((json["by_shop"] as? [Any])?.isEmpty == false && (json["by_product"] as? [Any])?.isEmpty == true)
            #expect((json["figures"] as? [String: Any])?.keys.contains("store_due_fen") == true)
            #expect(report.csv().contains("\nshop,") && report.table().contains("Due to stores"))
        }
    }
}

/// Three stores that hand over and take back at random; what they did is kept here, too.
private struct Stores {
    /// One line of a settlement.
    struct Line {
        let shop: ID<Shop>
        let day: CalendarDate
        let isHandover: Bool
        let cost: Int64
    }

    let brand = ID<Brand>.mint()
    let shops: [ShopRecord]
    var lines: [Line] = []
    var random: SplitMix64
    private let db: TestDatabase
    private let handovers: Handovers
    private var open: [(token: String, cost: Int64)] = []
    private var live: [(id: ID<Handover>, shop: ID<Shop>, token: String, cost: Int64)] = []

    private static let prizes = [
        PrizeRequest(name: "Bottle", kind: .item, cost: Money(fen: 350), count: 100),
        PrizeRequest(name: "Crate", kind: .item, cost: Money(fen: 8_000), count: 100),
        PrizeRequest(name: "Sticker", kind: .item, cost: .zero, count: 100),
    ]

    init(seed: UInt64, vouchers count: Int, on db: TestDatabase) async throws {
        random = SplitMix64(state: seed)
        self.db = db
        let brand = brand
        let keys = KeyRing.ephemeral()
        try await db.owner.execute(
            Statement("INSERT INTO siyu.brand (brand_id, name, created_at) VALUES (\(brand), 'Test', now())"))
        let pool = db.pool(as: .operator)
        var shops: [ShopRecord] = []
        for number in 0..<3 {
            shops.append(
                try await Catalogue.createShop(code: "s\(number)", name: "Store \(number)", brand: brand, on: pool).shop
            )
        }
        self.shops = shops
        let batch = try await Minting.mint(
            MintRequest(brand: brand, requestID: "1", count: 10_000, prizes: Self.prizes, label: "Test"),
            author: "test", keys: keys, on: pool
        ).batch
        _ = try await Rules.publish(
            RulesChange(claimDays: 3_650), batch: batch.id, brand: brand, author: "test", on: pool)
        let redeem = db.pool(as: .redeem)
        let queue = JobQueue(pool: redeem, logger: .silent)
        handovers = Handovers(
            pool: redeem, queue: queue, keys: keys, limits: LimitBook(keys: keys, isAlone: true))
        let vouchers = Vouchers(keys: keys, queue: queue)
        let won = (0..<count).map { number in
            WonItem(
                redemption: .mint(), person: .mint(), batch: batch.id, index: Int64(number),
                prize: batch.prizes.tiers[number % 3])
        }
        try await redeem.transaction { tx in
            let now = try await tx.one(
                Statement<Date>("SELECT siyu.clock()") { row throws(PostgresError) in try row.next() })
            try await vouchers.issue(won, brand: brand, now: now, on: tx)
        }
        open = won.map { item in
            (vouchers.token(of: ID(rawValue: item.redemption.rawValue), brand: brand).text, item.prize.cost.fen)
        }
    }

    /// Some hours later somebody hands over, or takes back.
    mutating func step() async throws {
        let hours = Int32.random(in: 0...8, using: &random)
        try await db.owner.execute(
            Statement<Void>(
                "UPDATE siyu.environment SET clock_offset = clock_offset + make_interval(hours => \(hours))"))
        if open.isEmpty || (!live.isEmpty && random.chance(35)) {
            try await takeBack(live.remove(at: Int.random(in: live.indices, using: &random)))
        } else {
            try await handOver(open.remove(at: Int.random(in: open.indices, using: &random)))
        }
    }

    private mutating func handOver(_ voucher: (token: String, cost: Int64)) async throws {
        let shop = try #require(shops.randomElement(using: &random))
        let answer = try await handovers.handOver(
            delivery(#"{"voucher":"\#(voucher.token)","store":"\#(shop.code)"}"#), arrived: .now)
        let json = try Self.object(answer)
        let id = try #require((json["handover_id"] as? String).flatMap { ID<Handover>($0) })
        lines.append(
            Line(shop: shop.id, day: try Self.day(json["handed_over_at"]), isHandover: true, cost: voucher.cost))
        live.append((id, shop.id, voucher.token, voucher.cost))
    }

    private mutating func takeBack(
        _ handover: (id: ID<Handover>, shop: ID<Shop>, token: String, cost: Int64)
    ) async throws {
        do {
            let json = try Self.object(try await handovers.reverse(handover.id, delivery(#"{"reason":"wrong"}"#)))
            lines.append(
                Line(
                    shop: handover.shop, day: try Self.day(json["reversed_at"]), isHandover: false, cost: handover.cost)
            )
            open.append((handover.token, handover.cost))
        } catch let problem as Problem where problem.code == "reversal_window_over" {
            // It stays handed over.
        }
    }

    private func delivery(_ body: String) -> Delivery {
        Delivery(source: .mint(), brand: brand, id: "\(ID<Handover>.mint())", body: Array(body.utf8))
    }

    private static func object(_ answer: StoredAnswer) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(answer.body)) as? [String: Any])
    }

    /// The day in Shanghai.
    private static func day(_ instant: Any?) throws -> CalendarDate {
        let date = try Date(try #require(instant as? String), strategy: .iso8601)
        return CalendarDate(daysSinceEpoch: Int32((date.timeIntervalSince1970 + 8 * 3_600) / 86_400))
    }

    static func figures(_ lines: [Line]) -> [SheetMetric: Int64] {
        let (made, taken) = (lines.filter(\.isHandover), lines.filter { !$0.isHandover })
        let (worth, back) = (made.reduce(0) { $0 + $1.cost }, taken.reduce(0) { $0 + $1.cost })
        return [
            .handedOver: Int64(made.count), .handedOverValue: worth, .reversed: Int64(taken.count),
            .reversedValue: -back, .storeDue: worth - back,
        ]
    }
}
