import FoundationEssentials
import Kernel
import Postgres
import TestSupport
import Testing

@testable import Reporting

/// How people give: the reports, recomputed gift by gift at random instants, and examples by hand.
@Suite struct GivingSheetTests {
    private func days(_ world: inout GivingFixture) -> DayRun {
        let from = GivingFixture.day(GivingFixture.start).adding(days: Int.random(in: -1...12, using: &world.random))
        return DayRun(from: from, to: from.adding(days: Int.random(in: 0...20, using: &world.random)))
    }

    private static func median(_ values: [Double]) -> Int64? {
        let sorted = values.sorted()
        guard !sorted.isEmpty else { return nil }
        let middle = sorted.count / 2
        let value = sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
        // As PostgreSQL rounds a double.
        return Int64(value.rounded(.toNearestOrEven))
    }

    // MARK: The funnel

    /// What one entry or cohort should show; nil for all.
    private func funnel(
        _ world: GivingFixture, _ instant: Date, _ range: DayRun, _ holds: (String, String) -> Bool
    ) -> [SheetMetric: Int64] {
        func isIn(_ day: CalendarDate) -> Bool { range.from <= day && day <= range.to }
        func cohort(_ place: Int?) -> String { place.map { $0 < 30 ? "300000" : "1000000" } ?? "unknown" }
        var figures = Dictionary(uniqueKeysWithValues: FunnelRow.steps.map { ($0, Int64(0)) })
        var times: [SheetMetric: [Double]] = [:]
        for gift in world.gifts where gift.begunAt <= instant && isIn(GivingFixture.day(gift.begunAt)) {
            guard holds(gift.entry ?? "unknown", cohort(gift.cohort)) else { continue }
            figures[.viewed, default: 0] += 1
            figures[.picked, default: 0] += 1
            let looks = world.looks.count {
                $0.person == gift.sender && $0.entry == gift.entry && $0.at <= gift.begunAt
                    && $0.at > gift.begunAt.addingTimeInterval(-86_400)
            }
            func step(_ at: Date?, _ metric: SheetMetric, _ time: SheetMetric, since: Date?) {
                guard let at, let since, at <= instant else { return }
                figures[metric, default: 0] += 1
                times[time, default: []].append(at.timeIntervalSince(since))
                if metric == .pickedPaid { times[.pathSteps, default: []].append(Double(max(1, looks) + 2)) }
            }
            step(gift.paidAt, .pickedPaid, .payMedian, since: gift.begunAt)
            step(gift.sentAt, .pickedSent, .sendMedian, since: gift.paidAt)
            step(gift.claimedAt, .pickedOpened, .openMedian, since: gift.sentAt)
            step(
                gift.state == "accepted" ? gift.endedAt : nil, .pickedAccepted, .takeMedian, since: gift.claimedAt)
        }
        var alone: Set<String> = []
        for look in world.looks where look.at <= instant && isIn(GivingFixture.day(look.at)) {
            let led = world.gifts.contains {
                $0.sender == look.person && $0.entry == look.entry && $0.begunAt >= look.at
                    && $0.begunAt < look.at.addingTimeInterval(86_400) && $0.begunAt <= instant
            }
            guard !led, holds(look.entry ?? "unknown", cohort(look.cohort)) else { continue }
            alone.insert("\(look.person) \(look.entry ?? "") \(GivingFixture.day(look.at))")
        }
        figures[.viewed, default: 0] += Int64(alone.count)
        for (metric, values) in times { figures[metric] = Self.median(values) }
        return figures
    }

    @Test(arguments: [1, 2] as [UInt64])
    func g24_funnelAtRandomInstants_equalsARecomputation_stepByStep(seed: UInt64) async throws {
        try await withTestDatabase { db in
            var world = try await GivingFixture(seed: seed, on: db.owner)
            for _ in 0..<10 {
                let (instant, range) = (world.instant(within: GivingFixture.length + 300_000), days(&world))
                let query = ReportQuery(name: .funnel, brand: world.brand, from: range.from, to: range.to)

                let report = try await SheetReport.load(query, asOf: instant, from: db.pool(as: .reports))

                #expect(report.total.values.compactMapValues { $0 } == funnel(world, instant, range) { _, _ in true })
                #expect(report.isBalanced, "\(report.balances.filter { !$0.holds })")
                for kind in [SheetGroup.Kind.entry, .cohort] {
                    for row in report.rows(by: kind) {
                        let expected = funnel(world, instant, range) { entry, cohort in
                            kind == .entry ? entry == row.id : cohort == row.id
                        }
                        #expect(row.values == expected, "\(kind) \(row.id)")
                        for (earlier, later) in zip(FunnelRow.steps, FunnelRow.steps.dropFirst()) {
                            #expect((row.values[later] ?? 0) <= (row.values[earlier] ?? 0))
                        }
                    }
                }
            }
        }
    }

    @Test func g17_report_splitsByCohort_andNobodyIsLost() async throws {
        try await withTestDatabase { db in
            let world = try await GivingFixture(seed: 3, on: db.owner)
            let report = try await SheetReport.load(
                ReportQuery(name: .funnel, brand: world.brand), asOf: .distantFuture, from: db.pool(as: .operator))
            let rows = report.rows(by: .cohort)
            #expect(Set(rows.map(\.id)) == ["300000", "1000000", "unknown"])
            #expect(rows.map(\.label).prefix(2) == ["30.00 %", "100.00 %"])
            #expect(rows.reduce(0) { $0 + ($1.values[.picked] ?? 0) } == Int64(world.gifts.count))
        }
    }

    @Test func g25_reportByEntry_hasABucketForTheUnknown_andItsSumsMatch() async throws {
        try await withTestDatabase { db in
            var world = try await GivingFixture(seed: 4, on: db.owner)
            for _ in 0..<6 {
                let (instant, range) = (world.instant(), days(&world))
                let query = ReportQuery(name: .gifts, brand: world.brand, from: range.from, to: range.to)
                let report = try await SheetReport.load(query, asOf: instant, from: db.pool(as: .reports))
                let rows = report.rows(by: .entry)
                for entry in GivingFixture.entries {
                    let sent = world.gifts.count { gift in
                        guard let sent = gift.sentAt, gift.entry == entry, sent <= instant else { return false }
                        return range.from <= GivingFixture.day(sent) && GivingFixture.day(sent) <= range.to
                    }
                    let row = rows.first { $0.id == entry ?? "unknown" }
                    #expect(row?.values[.sent] ?? 0 == Int64(sent))
                    #expect(sent == 0 || row?.label == entry?.uppercased() ?? "unknown")
                }
                #expect(report.isBalanced, "\(report.balances.filter { !$0.holds })")
            }
            // A new entry is a row, and a report needs nothing more.
            try await db.owner.execute(
                GivingFixtureStatements.entry("market", title: "Market", brand: world.brand))
            try await db.owner.execute(
                Statement<Void>("UPDATE gifting.gift SET entry_code = 'market' WHERE entry_code = 'live'"))
            let report = try await SheetReport.load(
                ReportQuery(name: .gifts, brand: world.brand), asOf: .distantFuture, from: db.pool(as: .reports))
            #expect(report.rows(by: .entry).contains { $0.label == "Market" } && report.isBalanced)
        }
    }

    // MARK: What goes back

    private func returns(
        _ world: GivingFixture, _ instant: Date, _ range: DayRun, day: CalendarDate? = nil
    ) -> [SheetMetric: Int64] {
        var figures = Dictionary(uniqueKeysWithValues: ReturnsRow.sentMetrics.map { ($0, Int64(0)) })
        for gift in world.gifts {
            guard let sent = gift.sentAt, sent <= instant else { continue }
            let own = GivingFixture.day(sent)
            guard range.from <= own, own <= range.to, day == nil || own == day else { continue }
            figures[.sent, default: 0] += 1
            figures[.value, default: 0] += gift.value
            let hasEnded = gift.endedAt.map { $0 <= instant } ?? false
            let fate: SheetMetric =
                switch gift.state {
                case _ where !hasEnded: .open
                case "declined": .declined
                case "expired": .expired
                default: gift.withdrawnAt.map { $0 <= instant } ?? false ? .withdrawn : .kept
                }
            figures[fate, default: 0] += 1
            guard let back = gift.back, back <= instant else { continue }
            figures[.returned, default: 0] += 1
            figures[.returnedValue, default: 0] += gift.value
        }
        let (value, back) = (figures[.value] ?? 0, figures[.returnedValue] ?? 0)
        if value > 0 { figures[.returnRate] = Int64((Double(back) * 10_000 / Double(value)).rounded()) }
        return figures
    }

    @Test(arguments: [5, 6] as [UInt64])
    func g27_returnsAtRandomInstants_equalARecomputation_byBothDays(seed: UInt64) async throws {
        try await withTestDatabase { db in
            var world = try await GivingFixture(seed: seed, on: db.owner)
            for _ in 0..<10 {
                let (instant, range) = (world.instant(within: GivingFixture.length + 300_000), days(&world))
                let query = ReportQuery(name: .returns, brand: world.brand, from: range.from, to: range.to)

                let report = try await SheetReport.load(query, asOf: instant, from: db.pool(as: .reports))

                let expected = returns(world, instant, range)
                #expect(report.total.values.filter { expected.keys.contains($0.key) } == expected)
                #expect(report.isBalanced, "\(report.balances.filter { !$0.holds })")
                for row in report.rows(by: .day) {
                    #expect(row.values == returns(world, instant, range, day: CalendarDate(row.id)), "\(row.id)")
                }
                let back = world.gifts.filter { gift in
                    gift.back.map {
                        $0 <= instant && range.from <= GivingFixture.day($0) && GivingFixture.day($0) <= range.to
                    }
                        ?? false
                }
                #expect(report.total.values[.refundedValue] == back.reduce(0) { $0 + $1.value })
                for row in report.rows(by: .refundDay) where row.values[.refundedValue] != 0 {
                    let own = back.filter { $0.back.map { "\(GivingFixture.day($0))" } == row.id }
                    #expect(row.values[.refundedValue] == own.reduce(0) { $0 + $1.value }, "\(row.id)")
                }
            }
        }
    }

    @Test func g27_spikeOf400000Yuan_showsItsRateToTwoDecimals_byBothDays() async throws {
        try await withTestDatabase { db in
            // 4,000 gifts of 100 yuan on one day; 13 go back on the day after: 0.325 % is shown as 0.33 %, halves upwards.
            let brand = ID<Brand>.mint()
            let world = GivingFixture(empty: brand)
            try await world.open(on: db.owner)
            try await db.owner.execute(GivingFixtureStatements.spike(4_000, fen: 10_000, backs: 13, in: world))
            try await db.owner.execute(GivingFixtureStatements.spikeOutcomes(brand))
            try await db.owner.execute(GivingFixtureStatements.spikeRefunds(brand))
            try await db.owner.execute(GivingFixtureStatements.spikeTransfers(brand))
            let report = try await SheetReport.load(
                ReportQuery(
                    name: .returns, brand: brand, from: CalendarDate("2025-06-18"), to: CalendarDate("2025-06-19")),
                asOf: Date(timeIntervalSince1970: 1_760_000_000), from: db.pool(as: .reports))
            #expect(report.isBalanced, "\(report.balances.filter { !$0.holds })")
            #expect(report.total.values[.value] == 40_000_000 && report.total.values[.returnRate] == 33)
            let day = try #require(report.rows(by: .day).first)
            #expect(day.id == "2025-06-18" && day.values[.value] == 40_000_000 && day.values[.returnRate] == 33)
            let refundDays = report.rows(by: .refundDay)
            #expect(refundDays.map(\.id) == ["2025-06-19"] && refundDays[0].values[.refundedValue] == 130_000)
            #expect(refundDays[0].values[.refundRate] == nil, "nothing was sent on that day: no rate, and not infinity")
            #expect(report.table().contains("400000.00") && report.table().contains("0.33 %"))
        }
    }

    @Test func g27_refundThatTheBooksDoNotKnow_breaksTheIdentity() async throws {
        try await withTestDatabase { db in
            let world = try await GivingFixture(seed: 7, on: db.owner)
            let query = ReportQuery(name: .returns, brand: world.brand)
            let pool = db.pool(as: .reports)
            #expect(try await SheetReport.load(query, asOf: .distantFuture, from: pool).isBalanced)
            try await db.owner.execute(
                Statement<Void>(
                    "DELETE FROM accounting.transfer WHERE kind = 'order.refunded' AND subject_id = (SELECT min(refund_id::text)::uuid FROM gifting.gift WHERE refund_id IS NOT NULL)"
                ))
            let broken = try await SheetReport.load(query, asOf: .distantFuture, from: pool).balances.filter {
                !$0.holds
            }
            #expect(broken.map(\.identity) == [.returnedIsPaidOut])
        }
    }

    // MARK: Who gives

    @Test func g28_segmentsByPercentile_haveTheirAverageOrderToTheFen() async throws {
        try await withTestDatabase { db in
            let brand = ID<Brand>.mint()
            let world = GivingFixture(empty: brand)
            try await world.open(on: db.owner)
            // Twenty givers of 1 to 20 yuan, the last of whom gives twice. A tenth is top, the next fifth high.
            try await db.owner.execute(
                GivingFixtureStatements.setting(
                    "gift.segments", "{\"top_ppm\": 100000, \"high_ppm\": 300000}", from: GivingFixture.start,
                    brand: brand))
            try await db.owner.execute(GivingFixtureStatements.twentyGivers(in: world))
            let report = try await SheetReport.load(
                ReportQuery(name: .givers, brand: brand), asOf: Date(timeIntervalSince1970: 1_760_000_000),
                from: db.pool(as: .reports))
            let rows = Dictionary(uniqueKeysWithValues: report.rows(by: .segment).map { ($0.id, $0.values) })
            // Top: 20 + 20 and 19 yuan in three orders; high: 18, 17, 16, 15; mass: 14 to 1.
            #expect(
                rows["top"] == [
                    .givers: 2, .giftOrders: 3, .sent: 3, .value: 5_900, .averageGiftOrder: 1_967, .leastGiven: 1_900,
                ])
            #expect(
                rows["high"] == [
                    .givers: 4, .giftOrders: 4, .sent: 4, .value: 6_600, .averageGiftOrder: 1_650, .leastGiven: 1_500,
                ])
            #expect(
                rows["mass"] == [
                    .givers: 14, .giftOrders: 14, .sent: 14, .value: 10_500, .averageGiftOrder: 750, .leastGiven: 100,
                ])
            #expect(report.total.values[.averageGiftOrder] == 1_095 && report.isBalanced)
        }
    }

    @Test func r23_recipientsWhoLaterBuy_areCountedOnce_andOnlyAfterTheirGift() async throws {
        try await withTestDatabase { db in
            var world = try await GivingFixture(seed: 8, on: db.owner)
            for _ in 0..<8 {
                let (instant, range) = (world.instant(), days(&world))
                let query = ReportQuery(name: .gifts, brand: world.brand, from: range.from, to: range.to)
                let report = try await SheetReport.load(query, asOf: instant, from: db.pool(as: .reports))
                var buyers: Set<ID<Person>> = []
                for gift in world.gifts {
                    guard let sent = gift.sentAt, sent <= instant, range.from <= GivingFixture.day(sent),
                        GivingFixture.day(sent) <= range.to
                    else { continue }
                    let hasBought = world.bought.contains {
                        $0.person == gift.recipient && $0.at > sent && $0.at <= instant
                            && ($0.cancelledAt.map { $0 > instant } ?? true)
                    }
                    if hasBought { buyers.insert(gift.recipient) }
                }
                #expect(report.total.values[.laterBuyers] == Int64(buyers.count))
                let withdrawn = returns(world, instant, range)[.withdrawn]
                #expect(report.total.values[.withdrawn] == withdrawn)
            }
        }
    }

    // MARK: What may be given

    @Test func g31_keywordWithoutAGift_isListedFirst_andCategoriesCountWhatIsBelow() async throws {
        try await withTestDatabase { db in
            let brand = ID<Brand>.mint()
            let world = GivingFixture(empty: brand)
            try await world.open(on: db.owner)
            let day = GivingFixture.day(GivingFixture.start)
            for statement in GivingFixtureStatements.shelf(in: world) { try await db.owner.execute(statement) }
            for (keyword, count) in [("tea", 5), ("ring", 9), ("bicycle", 2)] {
                try await db.owner.execute(
                    GivingFixtureStatements.search(keyword, count, on: day, shop: world.shops[0], brand: brand))
            }
            let report = try await SheetReport.load(
                ReportQuery(name: .supply, brand: brand), asOf: GivingFixture.start + 86_400,
                from: db.pool(as: .reports))
            // Rings are jewellery: there is one, and it may not be given; bicycles are not sold at all.
            #expect(report.rows(by: .keyword).map(\.id) == ["ring", "bicycle", "tea"])
            #expect(report.rows(by: .keyword)[0].values == [.searches: 9, .products: 1, .giftableProducts: 0])
            #expect(report.rows(by: .keyword)[2].values == [.searches: 5, .products: 2, .giftableProducts: 2])
            #expect(report.total.values[.keywordsWithout] == 2 && report.total.values[.giftableProducts] == 2)
            let categories = Dictionary(
                uniqueKeysWithValues: report.rows(by: .category).map { ($0.id, $0.values) })
            #expect(categories["jewellery"] == [.products: 1, .giftableProducts: 0])
            #expect(categories["rings"] == [.products: 1, .giftableProducts: 0])
            #expect(categories["drinks"] == [.products: 2, .giftableProducts: 2])
            #expect(report.isBalanced)
        }
    }

    @Test(arguments: [ReportQuery.Name.funnel, .returns, .givers, .supply, .ratings])
    func giving_ofABrandWithNothing_isBalancedInEveryForm(name: ReportQuery.Name) async throws {
        try await withTestDatabase { db in
            let world = GivingFixture(empty: .mint())
            try await world.open(on: db.owner)
            for role in [TestRole.reports, .operator] {
                let report = try await SheetReport.load(
                    ReportQuery(name: name, brand: world.brand), from: db.pool(as: role))
                #expect(report.isBalanced)
                #expect(try !report.json().isEmpty && report.csv().contains("total") && !report.table().isEmpty)
            }
        }
    }
}
