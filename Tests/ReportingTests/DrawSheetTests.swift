import Codes
import Foundation
import Hooks
import Jobs
import Kernel
import Keys
import Postgres
import Reporting
import TestSupport
import Testing

@Suite struct DrawSheetTests {
    @Test func r22_draws_issuedIsWonAndLeftInTheBooks_atEveryInstant() async throws {
        try await withTestDatabase { db in
            var fair = try await Fair(seed: 7, on: db)
            try await fair.publish("ranks", .ranks, entries: 60, [(.item, 500, 5, nil), (.points, 10, 20, nil)])
            try await fair.publish("odds", .odds, entries: 500, [(.points, 30, 40, 6), (.redraw, 5, 30, nil)])
            for _ in 0..<12 { try await fair.drawSome() }
            try await fair.reveal("odds")
            let drawn = fair.entries
            #expect(drawn.count > 60 && drawn.contains { $0.campaign == "odds" && $0.cost == 5 })

            let reports = db.pool(as: .reports)
            for round in 0..<20 {
                let instant = round == 0 ? nil : drawn.randomElement(using: &fair.random)?.at
                let report = try await SheetReport.load(
                    ReportQuery(name: .draws, brand: fair.brand), asOf: instant, from: reports)
                let then = drawn.filter { instant == nil || $0.at <= (instant ?? $0.at) }
                #expect(report.isBalanced, "\(report.balances.filter { !$0.holds })")
                #expect(report.total.values == fair.figures(then, of: ["ranks", "odds"]))
                #expect(Set(report.rows(by: .campaign).map(\.id)) == ["ranks", "odds"])
                for row in report.rows(by: .campaign) {
                    #expect(row.values == fair.figures(then.filter { $0.campaign == row.id }, of: [row.id]))
                }
                let days = Dictionary(grouping: then) { $0.day }
                #expect(report.rows(by: .day).map(\.id) == days.keys.sorted())
                for row in report.rows(by: .day) {
                    let all = fair.figures(days[row.id] ?? [], of: [])
                    #expect(
                        row.values
                            == all.filter { [.entries, .entrants, .winners, .prizesWon, .prizeCost].contains($0.key) })
                }
            }
            let report = try await SheetReport.load(ReportQuery(name: .draws, brand: fair.brand), from: reports)
            #expect(String(decoding: try report.json(), as: UTF8.self).contains(#""stock_left_fen":"#))
            #expect(report.csv().contains("\ncampaign,odds,") && report.table().contains("Entrants"))
        }
    }

    @Test func r22_winThatNobodyBooked_breaksTheIdentities() async throws {
        try await withTestDatabase { db in
            var fair = try await Fair(seed: 8, on: db)
            try await fair.publish("odds", .odds, entries: 500, [(.points, 30, 40, nil)])
            try await fair.drawSome()
            let query = ReportQuery(name: .draws, brand: fair.brand)
            #expect(try await SheetReport.load(query, from: db.pool(as: .reports)).isBalanced)
            let shop = ReportQuery(name: .draws, brand: fair.brand, scope: .shop(.mint()))
            await #expect(throws: Problem.self) { try await SheetReport.load(shop, from: db.pool(as: .reports)) }

            try await db.owner.execute(
                Statement<Void>(
                    """
                    INSERT INTO codes.draw_entry (brand_id, campaign_id, ordinal, entry_id, person_id, free_number, depth,
                        drawn_tier, tier, source_id, drawn_at)
                    SELECT brand_id, campaign_id, 499, \(ID<DrawEntry>.mint()), \(ID<Person>.mint()), 1, 0, 1, 1, source_id, drawn_at
                    FROM codes.draw_entry LIMIT 1
                    """))
            let broken = try await SheetReport.load(query, from: db.pool(as: .reports)).balances.filter { !$0.holds }
            #expect(broken.map(\.identity) == [.prizesAddUp, .stockIsLedger])
        }
    }
}

/// People who draw at a fair; what came of it is kept here, too, as they were told.
private struct Fair {
    struct Entry {
        let campaign: String
        let openid: String
        let at: Date
        /// What was won cost; nil for nothing.
        let cost: Int64?
        var day: String {
            "\(CalendarDate(daysSinceEpoch: Int32(((at.timeIntervalSince1970 + 8 * 3_600) / 86_400).rounded(.down))))"
        }
    }

    let brand = ID<Brand>.mint()
    var entries: [Entry] = []
    var random: SplitMix64
    private var tiers: [String: [DrawTier]] = [:]
    private var ends: [String: Date] = [:]
    private let db: TestDatabase
    private let keys = KeyRing.ephemeral()
    private let draws: Draws

    init(seed: UInt64, on db: TestDatabase) async throws {
        random = SplitMix64(state: seed)
        self.db = db
        let brand = brand
        try await db.owner.execute(
            Statement("INSERT INTO siyu.brand (brand_id, name, created_at) VALUES (\(brand), 'Test', now())"))
        let pool = db.pool(as: .redeem)
        let queue = JobQueue(pool: pool, logger: .silent)
        draws = Draws(
            pool: pool, keys: keys, vouchers: Vouchers(keys: keys, queue: queue), coupons: CouponGrants(queue: queue),
            limits: LimitBook(keys: keys, isAlone: true))
    }

    private func one<Value: PostgresDecodable & Sendable>(_ sql: SQL) async throws -> Value {
        try await db.owner.one(Statement<Value>(sql) { row throws(PostgresError) in try row.next() })
    }

    private func pass(hours: Int32) async throws {
        try await db.owner.execute(
            Statement<Void>(
                "UPDATE siyu.environment SET clock_offset = clock_offset + make_interval(hours => \(hours))"))
    }

    /// A draw that runs from now on for ten days.
    mutating func publish(
        _ code: String, _ mode: DrawMode, entries: Int64,
        _ prizes: [(PrizeKind, cost: Int64, stock: Int64, day: Int64?)]
    ) async throws {
        let now: Date = try await one("SELECT siyu.clock()")
        let start = Date(timeIntervalSince1970: now.timeIntervalSince1970.rounded(.up) + 60)
        let tiers = prizes.enumerated().map { place, prize in
            DrawTier(
                tier: Int32(place + 1), name: "Prize", kind: prize.0, points: prize.0 == .points ? 5 : 0,
                cost: Money(fen: prize.cost), stock: prize.stock, dayStock: prize.day,
                oddsPPM: mode == .odds ? 300_000 : nil)
        }
        let terms = DrawTerms(
            code: code, name: code, mode: mode, entriesMax: entries, perPersonMax: 100, redrawDepthMax: 0,
            claimDays: 0, startsAt: start, endsAt: start + 10 * 86_400, tiers: tiers)
        _ = try await Campaigns.publish(
            CampaignFile(terms: terms, claimDays: nil), brand: brand, author: "test", keys: keys,
            on: db.pool(as: .operator))
        self.tiers[code] = tiers
        ends[code] = terms.endsAt
        try await pass(hours: 1)
    }

    /// Some hours later a few people draw.
    mutating func drawSome() async throws {
        try await pass(hours: Int32.random(in: 0...12, using: &random))
        for _ in 0..<Int.random(in: 4...8, using: &random) {
            guard let code = tiers.keys.sorted().randomElement(using: &random) else { return }
            let openid = "p\(Int.random(in: 0..<20, using: &random))"
            let delivery = Delivery(
                source: .mint(), brand: brand, id: "\(ID<DrawEntry>.mint())",
                body: Array(#"{"openid":"\#(openid)"}"#.utf8))
            let answer = try await draws.enter(code, delivery, arrived: .now)
            let json = try #require(try JSONSerialization.jsonObject(with: Data(answer.body)) as? [String: Any])
            let tier = (json["prize"] as? [String: Any])?["tier"] as? Int
            let at: Date = try await one("SELECT max(drawn_at) FROM codes.draw_entry")
            entries.append(
                Entry(campaign: code, openid: openid, at: at, cost: tier.flatMap { tiers[code]?[$0 - 1].cost.fen }))
        }
    }

    /// Ends a draw: what was not won goes back.
    func reveal(_ code: String) async throws {
        try await pass(hours: 10 * 24)
        _ = try await Campaigns.reveal(code, brand: brand, keys: keys, on: db.pool(as: .operator))
    }

    /// The figures of some entries in some draws.
    func figures(_ some: [Entry], of campaigns: [String]) -> [SheetMetric: Int64] {
        let tiers = campaigns.flatMap { self.tiers[$0] ?? [] }
        let wins = some.filter { $0.cost != nil }
        let (issued, cost) = (tiers.reduce(0) { $0 + $1.stock }, wins.reduce(0) { $0 + ($1.cost ?? 0) })
        return [
            .entries: Int64(some.count), .entrants: Int64(Set(some.map(\.openid)).count),
            .winners: Int64(Set(wins.map(\.openid)).count), .prizesIssued: issued, .prizesWon: Int64(wins.count),
            .prizesRemaining: issued - Int64(wins.count), .prizeCost: cost,
            .stockLeft: tiers.reduce(0) { $0 + $1.stock * $1.cost.fen } - cost,
            .couponsIssued: 0, .couponsUsed: 0, .couponsOpen: 0, .couponsExpired: 0,
        ]
    }
}
