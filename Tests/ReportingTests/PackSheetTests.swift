import Codes
import Foundation
import Hooks
import JobTesting
import Jobs
import Kernel
import Keys
import Members
import Orders
import Postgres
import Reporting
import TestSupport
import Testing
import Touch

@Suite struct PackSheetTests {
    @Test(arguments: [1, 2] as [UInt64])
    func c08_packs_equalRawEvents_andAUserIsNewOnce(seed: UInt64) async throws {
        try await withTestDatabase { db in
            var street = try await Street(seed: seed, on: db)
            for _ in 0..<60 { try await street.scanSome() }
            #expect(street.scans.count > 120)

            // Nothing is recorded yet: scans stand, nobody is new, and nothing is wrong.
            let early = try await SheetReport.load(
                ReportQuery(name: .packs, brand: street.brand), from: db.pool(as: .reports))
            #expect(early.isBalanced && early.total.values[.redeemed] == Int64(street.scans.count))
            #expect(early.total.values[.newMembers] == 0)

            try await street.recordAll()

            let days = street.scans.map(\.day)
            let (first, last) = (try #require(days.min()), try #require(days.max()))
            for round in 0..<24 {
                let from = round == 0 ? first : first.adding(days: Int.random(in: -2...20, using: &street.random))
                let to = round == 0 ? last : from.adding(days: Int.random(in: 0...30, using: &street.random))
                let shop = round.isMultiple(of: 3) ? nil : street.shops.randomElement(using: &street.random)
                let report = try await SheetReport.load(
                    ReportQuery(
                        name: .packs, brand: street.brand, scope: shop.map(ReportScope.shop) ?? .brand, from: from,
                        to: to), from: db.pool(as: .reports))

                let range = report.range
                let asked = street.scans.filter { scan in
                    range.from <= scan.day && scan.day <= range.to && (shop == nil || scan.batch.shop == shop)
                }
                #expect(report.total.values == street.figures(asked))
                #expect(report.isBalanced, "\(report.balances.filter { !$0.holds })")
                let byBatch = Dictionary(grouping: asked) { "\($0.batch.id)" }
                #expect(report.rows(by: .batch).count == byBatch.count)
                for row in report.rows(by: .batch) { #expect(row.values == street.figures(byBatch[row.id] ?? [])) }
                let byProduct = Dictionary(grouping: asked.filter { $0.batch.product != nil }) {
                    $0.batch.product.map { "\($0)" } ?? ""
                }
                #expect(report.rows(by: .product).count == byProduct.count)
                for row in report.rows(by: .product) { #expect(row.values == street.figures(byProduct[row.id] ?? [])) }
                let byDay = Dictionary(grouping: asked) { "\($0.day)" }
                #expect(report.rows(by: .day).map(\.id) == byDay.keys.sorted())
                for row in report.rows(by: .day) { #expect(row.values == street.figures(byDay[row.id] ?? [])) }
            }
        }
    }

    @Test func c08_memberWhoIsCountedTwice_breaksTheIdentity() async throws {
        try await withTestDatabase { db in
            var street = try await Street(seed: 3, on: db)
            for _ in 0..<10 { try await street.scanSome() }
            try await street.recordAll()
            let query = ReportQuery(name: .packs, brand: street.brand)
            #expect(try await SheetReport.load(query, from: db.pool(as: .reports)).isBalanced)

            try await db.owner.execute(
                Statement<Void>(
                    """
                    INSERT INTO members.member (brand_id, member_id, source_kind, source_id, joined_at, created_at)
                    SELECT brand_id, \(ID<Member>.mint()), source_kind, source_id, joined_at, created_at
                    FROM members.member LIMIT 1
                    """))

            let broken = try await SheetReport.load(query, from: db.pool(as: .operator)).balances.filter { !$0.holds }
            #expect(broken.map(\.identity) == [.newAreFirstContacts])
        }
    }

    @Test func c08_regions_areThoseOfTheDealersWhoHadThePacksThen() async throws {
        try await withTestDatabase { db in
            var street = try await Street(seed: 5, on: db)
            let query = ReportQuery(name: .packs, brand: street.brand)
            for _ in 0..<10 { try await street.scanSome() }
            let none = try await SheetReport.load(query, from: db.pool(as: .reports))
            #expect(none.rows(by: .region).isEmpty && none.balances.count == 3)

            try await street.shipCases()
            for _ in 0..<20 { try await street.scanSome() }
            try await street.reroute()
            for _ in 0..<20 { try await street.scanSome() }
            try await street.recordAll()

            let report = try await SheetReport.load(query, from: db.pool(as: .reports))
            let byRegion = Dictionary(grouping: street.scans) { $0.region }
            #expect(report.isBalanced && report.balances.count == 5, "\(report.balances.filter { !$0.holds })")
            #expect(Set(byRegion.keys) == ["east", "none", "west"])
            #expect(report.rows(by: .region).map(\.id) == ["east", "west", "none"])
            for row in report.rows(by: .region) { #expect(row.values == street.figures(byRegion[row.id] ?? [])) }
            #expect(String(decoding: try report.json(), as: UTF8.self).contains(#""by_region":[{"#))
            #expect(report.csv().contains("\nregion,east,"))
        }
    }

    @Test func packs_areReadableInEveryFormat() async throws {
        try await withTestDatabase { db in
            var street = try await Street(seed: 4, on: db)
            for _ in 0..<10 { try await street.scanSome() }
            try await street.recordAll()
            let report = try await SheetReport.load(
                ReportQuery(name: .packs, brand: street.brand), from: db.pool(as: .operator))

            let json = try #require(try JSONSerialization.jsonObject(with: Data(try report.json())) as? [String: Any])
            #expect((json["by_batch"] as? [Any])?.isEmpty == false && json["by_shop"] == nil)
            #expect((json["figures"] as? [String: Any])?.keys.sorted() == ["new_members", "redeemed", "scanners"])
            #expect(report.csv().contains("\nbatch,") && report.table().contains("New members"))
        }
    }
}

/// People in a street who scan what they find; who did what is kept here, too.
private struct Street {
    struct Batch {
        let id: ID<CodeBatch>
        let shop: ID<Shop>?
        let product: ID<Product>?
        let open: OpenBatch
    }

    struct Scan {
        let human: Int
        let openid: String
        let batch: Batch
        let at: Date
        /// The dealer who had the pack; none if nobody.
        let region: String
        var day: CalendarDate {
            CalendarDate(daysSinceEpoch: Int32(((at.timeIntervalSince1970 + 8 * 3_600) / 86_400).rounded(.down)))
        }
    }

    let brand = ID<Brand>.mint()
    var shops: [ID<Shop>] = []
    var scans: [Scan] = []
    var random: SplitMix64
    private let db: TestDatabase
    private var batches: [Batch] = []
    private var next: [ID<CodeBatch>: Int64] = [:]
    private let redeeming: Redeeming
    private let queue: JobQueue
    /// Who has every second case of a batch, by its place modulo four.
    private var dealers: [Int64: String] = [:]
    private static let count: Int64 = 400
    private static let caseCount: Int64 = 5

    init(seed: UInt64, on db: TestDatabase) async throws {
        random = SplitMix64(state: seed)
        self.db = db
        let brand = brand
        let keys = KeyRing.ephemeral()
        try await db.owner.execute(
            Statement("INSERT INTO siyu.brand (brand_id, name, created_at) VALUES (\(brand), 'Test', now())"))
        let pool = db.pool(as: .operator)
        queue = JobQueue(pool: db.pool(as: .redeem), logger: .silent)
        redeeming = Redeeming(pool: db.pool(as: .redeem), queue: queue, keys: keys)
        TouchRecording.register(on: queue)
        for number in 0..<2 {
            let shop = try await Catalogue.createShop(code: "s\(number)", name: "S\(number)", brand: brand, on: pool)
            shops.append(shop.shop.id)
            try await db.owner.execute(
                SheetFixtureStatements.product(.mint(), number: number, shop: shop.shop.id, brand: brand))
        }
        for number in 0..<4 {
            let shop: ShopRecord? = number == 3 ? nil : try await Catalogue.shops(of: brand, on: pool)[number % 2]
            let product = number == 0 ? nil : try await Self.product(of: shop?.id, db.owner)
            let minted = try await Minting.mint(
                MintRequest(
                    brand: brand, requestID: "\(number)", count: Self.count, prizes: [], label: "Batch \(number)",
                    shop: shop?.id, product: product),
                author: "test", keys: keys, on: pool
            ).batch
            _ = try await Ranges.decide(
                RangeCommand(kind: .activate, indexes: 0..<Self.count), batch: minted.id, brand: brand, author: "test",
                on: pool)
            batches.append(
                Batch(
                    id: minted.id, shop: minted.shop, product: minted.product, open: try OpenBatch(minted, keys: keys)))
        }
    }

    private static func product(of shop: ID<Shop>?, _ pool: Pool) async throws -> ID<Product>? {
        try await pool.first(
            Statement("SELECT product_id FROM orders.product WHERE shop_id = \(shop)") { row throws(PostgresError) in
                try row.next()
            })
    }

    /// Every fourth case goes east, every fourth west, the others nowhere.
    mutating func shipCases() async throws {
        let pool = db.pool(as: .operator)
        for (dealer, place) in [("east", Int64(0)), ("west", 2)] {
            _ = try await Dealers.set(
                code: dealer, name: dealer, lat: 31, lon: 121, radiusKm: 100, brand: brand, on: pool)
            dealers[place] = dealer
        }
        for batch in batches {
            let handle = batch.open.record.handle
            let lines = (0..<Self.count / Self.caseCount).map { number in
                "\(handle)-\(number),\(handle),\(number * Self.caseCount),\((number + 1) * Self.caseCount)\n"
            }
            let (cases, wrong) = CaseFile.read(CaseFile.header + "\n" + lines.joined())
            #expect(wrong.isEmpty)
            _ = try await PackCases.load(cases, brand: brand, on: pool)
        }
        for (place, dealer) in dealers {
            let shipped = try await PackCases.ship(
                cases(at: place), to: dealer, at: nil, author: "test", brand: brand, on: pool)
            #expect(shipped == .shipped(new: cases(at: place).count, unchanged: 0))
        }
    }

    /// What was in the west goes east.
    mutating func reroute() async throws {
        dealers[2] = "east"
        let outcome = try await PackCases.reroute(
            cases(at: 2), to: "east", at: nil, author: "test", reason: "test", brand: brand,
            on: db.pool(as: .operator))
        #expect(outcome == .shipped(new: cases(at: 2).count, unchanged: 0))
    }

    private func cases(at place: Int64) -> [String] {
        batches.flatMap { batch in
            stride(from: place, to: Self.count / Self.caseCount, by: 4).map { "\(batch.open.record.handle)-\($0)" }
        }
    }

    /// Some hours later a few people scan, all in one transaction.
    ///
    /// Nobody does so twice, so that every first contact is one.
    mutating func scanSome() async throws {
        let hours = Int32.random(in: 0...20, using: &random)
        try await db.owner.execute(
            Statement<Void>(
                "UPDATE siyu.environment SET clock_offset = clock_offset + make_interval(hours => \(hours))"))
        let humans = Set(
            (0..<Int.random(in: 1...6, using: &random)).map { _ in Int.random(in: 0..<50, using: &random) })
        var told: [(human: Int, openid: String, batch: Batch, index: Int64)] = []
        var sent: [Codes.Scan] = []
        for human in humans.sorted() {
            guard let batch = batches.randomElement(using: &random) else { continue }
            let index = next[batch.id, default: 0]
            next[batch.id] = index + 1
            // Half of them come by two apps, which share a unionid; the others never tell one.
            let isTold = human.isMultiple(of: 2)
            let openid = isTold ? "o\(human)-\(Int.random(in: 0...1, using: &random))" : "o\(human)"
            let delivery = Delivery(source: .mint(), brand: brand, id: "\(ID<Redemption>.mint())", body: [])
            sent.append(
                Codes.Scan(
                    delivery: delivery, code: GenuineCode(batch: batch.open, index: index), openid: openid,
                    unionid: isTold ? "u\(human)" : nil))
            told.append((human, openid, batch, index))
        }
        let results = try await redeeming.redeem(sent, brand: brand)
        let at = try await db.owner.one(
            Statement<Date>("SELECT max(redeemed_at) FROM codes.redemption") { row throws(PostgresError) in
                try row.next()
            })
        for (result, told) in zip(results, told) {
            #expect(throws: Never.self) { try result.get() }
            scans.append(
                Scan(
                    human: told.human, openid: told.openid, batch: told.batch, at: at,
                    region: dealers[told.index / Self.caseCount % 4] ?? "none"))
        }
    }

    /// Runs the jobs, in an order of their own: the last may come first.
    mutating func recordAll() async throws {
        try await db.owner.execute(
            Statement<Void>("UPDATE jobs.hot SET priority = (('x' || right(id::text, 2))::bit(8)::int % 5)::smallint"))
        try await JobTester(queue).drain()
    }

    /// The figures of some of the scans, from all that is known of everybody.
    func figures(_ some: [Scan]) -> [SheetMetric: Int64] {
        let firsts = Dictionary(grouping: scans, by: \.human).compactMapValues { $0.min { $0.at < $1.at } }
        let new = firsts.values.filter { first in some.contains { $0.human == first.human && $0.at == first.at } }
        return [
            .redeemed: Int64(some.count), .scanners: Int64(Set(some.map(\.openid)).count),
            .newMembers: Int64(new.count),
        ]
    }
}
