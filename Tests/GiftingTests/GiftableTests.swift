import Foundation
import Gifting
import Kernel
import Orders
import Policies
import Postgres
import TestSupport
import Testing

/// What may be given: one decision, asked beforehand and made when a gift is begun.
@Suite struct GiftableTests {
    private func good(_ shop: ID<Shop>, fen: Int64, categories: Set<String> = []) -> Good {
        Good(
            variant: .mint(), product: .mint(), shop: shop, title: "x", listPrice: Money(fen: fen),
            categories: categories)
    }

    @Test(arguments: [
        (999_999, false, true), (1_000_000, false, false), (1_000_001, false, false), (999_999, true, true),
        (1_000_000, true, true), (1_000_001, true, false),
    ])
    func g09_listPriceAtTheCeiling_underBothFlags(fen: Int64, isInclusive: Bool, isGiftable: Bool) {
        let shop = ID<Shop>.mint()
        let rules = GiftRules(
            shop: shop, isShopOn: true, excluded: [],
            ceiling: PriceCeiling(max: Money(fen: 1_000_000), isInclusive: isInclusive))

        #expect(rules.obstacles(to: good(shop, fen: fen)) == (isGiftable ? [] : [.aboveCeiling]))
    }

    @Test func g13_everyObstacle_isNamedAndRefusedWithItsOwnCode() {
        let shop = ID<Shop>.mint()
        let rules = GiftRules(
            shop: shop, isShopOn: false, excluded: ["jewellery"],
            ceiling: PriceCeiling(max: Money(fen: 100), isInclusive: false))

        #expect(
            rules.obstacles(to: good(shop, fen: 100, categories: ["rings", "jewellery"]))
                == [.shopIsOff, .excluded, .aboveCeiling])
        #expect(rules.obstacles(to: good(shop, fen: 0)) == [.shopIsOff, .costsNothing])
        #expect(rules.obstacles(to: good(.mint(), fen: 0, categories: ["jewellery"])) == [.unknown])
        #expect(rules.obstacles(to: nil) == [.unknown])
        #expect(GiftObstacle.allCases.map(\.problem.code) == GiftObstacle.allCases.map(\.rawValue))
    }

    // MARK: Categories

    @Test func g10_leafBelowAnExcludedCategory_isRefused_untilItIsMovedOut() async throws {
        try await withTestDatabase { db in
            let bench = try await GiftBench(db)
            let staff = db.pool(as: .operator)
            func add(_ code: String, below: String? = nil) async throws {
                _ = try await Catalogue.addCategory(
                    code: code, title: code, below: below, brand: bench.brand, on: staff)
            }
            try await add("jewellery")
            try await add("gold", below: "jewellery")
            try await add("gold-rings", below: "gold")
            try await add("tea")
            try await bench.working {
                // Sent while the product was of no category: nothing that is decided later touches it.
                let earlier = try await bench.send("earlier")
                _ = try await Catalogue.categorize(
                    sku: "tea", shop: "main", as: "gold-rings", brand: bench.brand, on: staff)
                let refused = try await bench.refusal { _ = try await bench.begin("1") }
                #expect(refused == .giftCategoryExcluded && refused?.status == 422)
                #expect(try await bench.obstacles(bench.red) == [.excluded])
                // The same product elsewhere in the shop is another one's.
                #expect(try await bench.obstacles(bench.stranger) == [])

                let tomorrow = try await bench.clock().addingTimeInterval(86_400)
                _ = try await Catalogue.moveCategory(
                    "gold", below: "tea", from: tomorrow, brand: bench.brand, on: staff)
                #expect(try await bench.obstacles(bench.red) == [.excluded])
                try await bench.claim(earlier)
                try await bench.fillIn(earlier)
                try await bench.accept(earlier)
                try await bench.advance(86_400)
                #expect(try await bench.obstacles(bench.red) == [])
                _ = try await bench.begin("2")
            }
        }
    }

    @Test func g10_excludedMeanwhile_refusesWhatWasBegunAndNotWhatIsBeingPaid() async throws {
        try await withTestDatabase { db in
            let bench = try await GiftBench(db)
            let staff = db.pool(as: .operator)
            try await bench.working {
                let (begun, quoted, paying) = (
                    try await bench.begin("1"), try await bench.begin("2"), try await bench.begin("3")
                )
                try await bench.quote(quoted)
                try await bench.quote(paying)
                let payment = try await bench.reserve(paying)
                _ = try await Catalogue.addCategory(code: "education", title: "x", brand: bench.brand, on: staff)
                _ = try await Catalogue.categorize(
                    sku: "tea", shop: "main", as: "education", brand: bench.brand, on: staff)

                #expect(try await bench.refusal { try await bench.quote(begun) } == .giftCategoryExcluded)
                #expect(try await bench.refusal { try await bench.reserve(quoted) } == .giftCategoryExcluded)
                #expect(try await bench.state(of: quoted) == "quoted")
                #expect(try await bench.state(of: begun) == "draft")
                #expect(try await bench.reserve(paying) == payment)
                try await bench.notify(payment)
                try await eventually { try await bench.state(of: paying) == "sent" }
            }
        }
    }

    // MARK: Shops

    @Test func g11_shopSwitchedOff_refusesEveryProduct_andWhatWasSentRunsToItsEnd() async throws {
        try await withTestDatabase { db in
            let bench = try await GiftBench(db)
            @Sendable func turn(_ isOn: Bool, from instant: Date? = nil) async throws {
                _ = try await db.pool(as: .operator).transaction { tx in
                    try await ShopSwitch.set(
                        isOn, shop: "main", brand: bench.brand, from: instant, author: "Li", reason: "test", on: tx)
                }
            }
            try await bench.working {
                let (taken, left) = (try await bench.send("1"), try await bench.send("2"))
                try await turn(false)
                let variants = [bench.red, bench.blue, bench.gold, bench.stranger]
                for variant in variants {
                    #expect(try await bench.obstacles(variant) == [.shopIsOff])
                    #expect(
                        try await bench.refusal { _ = try await bench.begin("3", variant: variant.id) } == .giftShopOff)
                }
                try await bench.claim(taken)
                try await bench.fillIn(taken)
                try await bench.swap(taken, to: bench.blue.id)
                try await bench.accept(taken)
                try await bench.decline(left)
                #expect(try await bench.state(of: taken) == "accepted")
                #expect(try await bench.state(of: left) == "declined")
                // On again tomorrow, and not a moment before; never for the past.
                try await turn(true, from: try await bench.clock().addingTimeInterval(86_400))
                let past = try await bench.clock().addingTimeInterval(-60)
                #expect(try await bench.refusal { try await turn(true, from: past) }?.status == 422)
                #expect(try await bench.obstacles(bench.red) == [.shopIsOff])
                try await bench.advance(86_401)
                _ = try await bench.begin("4")
            }
        }
    }

    @Test func g12_newShop_hasGiftsWithNoCallMade() async throws {
        try await withTestDatabase { db in
            let bench = try await GiftBench(db)
            #expect(try await bench.number("SELECT count(*) FROM gifting.shop_switch") == 0)
            #expect(try await bench.number("SELECT count(*) FROM policies.setting") == 0)
            #expect(try await bench.obstacles(bench.red) == [])
            _ = try await bench.begin("1")
        }
    }

    // MARK: Both ways agree

    @Test(.timeLimit(.minutes(2)))
    func g13_tenThousandRandomProducts_queryAndCreateAgree() async throws {
        try await withTestDatabase { db in
            let bench = try await GiftBench(db)
            let fair = try await GiftFair(bench)
            let giver = bench.shopper("giver")
            var found: [GiftObstacle?: Int] = [:]
            for (shop, variants) in fair.shelves {
                // One transaction for many: a refusal writes nothing.
                try await bench.pool.transaction { tx in
                    let asked = try await bench.gifts.giftable(variants, in: shop, for: giver, on: tx)
                    for (variant, obstacles) in zip(variants, asked) {
                        let wish = NewGift(shop: shop, variant: variant, recipients: ["friend"], greeting: nil)
                        let refusal = try await bench.refusal {
                            _ = try await bench.gifts.create(wish, by: giver, on: tx)
                        }
                        #expect(refusal == obstacles.first?.problem)
                        found[obstacles.first, default: 0] += 1
                    }
                }
            }
            #expect(found.values.reduce(0, +) == 10_000)
            // Every rule was met, and so was none.
            #expect(found.count == GiftObstacle.allCases.count + 1, "\(found)")
            #expect(try await bench.number("SELECT count(*) FROM gifting.gift") == found[GiftObstacle?.none])
        }
    }
}

/// 10,000 products of three shops, one of them switched off, with prices around the ceiling and categories of a random tree.
private struct GiftFair {
    /// What is asked for in which shop; some of it is of another.
    let shelves: [(shop: ID<Shop>, variants: [ID<Variant>])]

    init(_ bench: GiftBench) async throws {
        let (brand, staff) = (bench.brand, bench.db.pool(as: .operator))
        var shops: [ID<Shop>] = []
        for code in ["one", "two", "three"] {
            shops.append(try await Catalogue.createShop(code: code, name: code, brand: brand, on: staff).shop.id)
        }
        try await staff.transaction { tx in
            _ = try await ShopSwitch.set(
                false, shop: "three", brand: brand, author: "Li", reason: "test", on: tx)
        }
        var random = SystemRandomNumberGenerator()
        var codes = ["jewellery", "education", "food"]
        for code in codes {
            _ = try await Catalogue.addCategory(code: code, title: code, brand: brand, on: staff)
        }
        for number in 0..<30 {
            _ = try await Catalogue.addCategory(
                code: "kind-\(number)", title: "x", below: codes.suffix(12).randomElement(using: &random),
                brand: brand, on: staff)
            codes.append("kind-\(number)")
        }
        let categories = try await Catalogue.categories(of: brand, on: staff).map(\.id)
        let shelf = (0..<3).map { _ in (0..<3_333).map { _ in ID<Variant>.mint() } }
        for (shop, variants) in zip(shops, shelf) {
            let fens = variants.map { _ in
                [Int64(0), 999_999, 1_000_000, 1_000_001, .random(in: 1...1_200_000, using: &random)]
                    .randomElement(using: &random) ?? 0
            }
            let kinds = variants.map { _ in categories.randomElement(using: &random) ?? categories[0] }
            try await bench.db.owner.execute(
                Statement(
                    """
                    WITH x AS (
                        SELECT * FROM unnest(\(variants), \(fens), \(kinds)) AS x (id, fen, category_id)
                    ), product AS (
                        INSERT INTO orders.product (brand_id, product_id, shop_id, sku, title, list_price_fen, created_at)
                        SELECT \(brand), x.id, \(shop), x.id::text, 'x', x.fen, now() FROM x RETURNING product_id
                    ), variant AS (
                        INSERT INTO orders.variant (brand_id, variant_id, product_id, sku, title, list_price_fen, created_at)
                        SELECT \(brand), x.id, x.id, 'x', 'x', x.fen, now() FROM x JOIN product ON product_id = x.id
                        RETURNING variant_id
                    ), stock AS (
                        INSERT INTO orders.stock (brand_id, variant_id, available, updated_at)
                        SELECT \(brand), variant_id, 1, now() FROM variant
                    )
                    INSERT INTO orders.product_category (brand_id, product_id, valid_from, category_id, created_at)
                    SELECT \(brand), x.id, siyu.clock(), x.category_id, siyu.clock() FROM x JOIN variant ON variant_id = x.id
                    """))
        }
        // The last one is of the first shop, and asked for in the second; and what there is not at all.
        var shelves = Array(zip(shops, shelf)).map { (shop: $0, variants: $1) }
        shelves[1].variants.append(ID<Variant>.mint())
        self.shelves = shelves
    }
}

extension GiftBench {
    /// What a product page hears of a variant.
    func obstacles(_ variant: VariantRecord) async throws -> [GiftObstacle] {
        try await pool.transaction { tx in
            try await gifts.giftable([variant.id], in: shop, for: shopper("anybody"), on: tx)
        }[0]
    }

    /// The instant of the business.
    func clock() async throws -> Date {
        try await db.owner.one(Statement("SELECT siyu.clock()") { row throws(PostgresError) in try row.next() })
    }
}
