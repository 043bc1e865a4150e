import FoundationEssentials
import Kernel
import Postgres
import TestSupport
import Testing

@testable import Reporting

@Suite struct SheetTests {
    @Test(arguments: [1, 2, 3] as [UInt64])
    func r22_prizeBoard_atRandomInstants_equalsARecomputation(seed: UInt64) async throws {
        try await withTestDatabase { db in
            var world = try await SheetFixture(seed: seed, on: db.owner)
            let pool = db.pool(as: .reports)
            for round in 0..<20 {
                let instant = world.instant()
                let shop = round.isMultiple(of: 3) ? world.shops.randomElement(using: &world.random) : nil
                let query = ReportQuery(
                    name: .prizes, brand: world.brand, scope: shop.map(ReportScope.shop) ?? .brand)

                let report = try await SheetReport.load(query, asOf: instant, from: pool)

                #expect(report.total.values == world.prizes(at: instant, shop: shop))
                #expect(report.isBalanced, "\(report.balances.filter { !$0.holds })")
                for metric in report.metrics {
                    let batches = report.rows(by: .batch).reduce(0) { $0 + ($1.values[metric] ?? 0) }
                    #expect(batches == report.total.values[metric], "\(metric) by batch")
                }
                let days = report.rows(by: .day)
                #expect(days.reduce(0) { $0 + ($1.values[.redeemed] ?? 0) } == report.total.values[.redeemed])
                #expect(days.reduce(0) { $0 + ($1.values[.prizesWon] ?? 0) } == report.total.values[.prizesWon])
            }
        }
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func r23_giftBoard_atRandomInstants_equalsARecomputation(seed: UInt64) async throws {
        try await withTestDatabase { db in
            var world = try await SheetFixture(seed: seed, on: db.owner)
            let pool = db.pool(as: .reports)
            let firstDay = CalendarDate(daysSinceEpoch: Int32(SheetFixture.start.timeIntervalSince1970 / 86_400))
            for round in 0..<20 {
                let instant = world.instant()
                let shop = round.isMultiple(of: 3) ? world.shops.randomElement(using: &world.random) : nil
                let from = firstDay.adding(days: Int.random(in: -1...30, using: &world.random))
                let range = DayRun(from: from, to: from.adding(days: Int.random(in: 0...30, using: &world.random)))
                let query = ReportQuery(
                    name: .gifts, brand: world.brand, scope: shop.map(ReportScope.shop) ?? .brand, from: range.from,
                    to: range.to)

                let report = try await SheetReport.load(query, asOf: instant, from: pool)

                #expect(report.total.values == world.gifts(at: instant, in: range, shop: shop))
                #expect(report.isBalanced, "\(report.balances.filter { !$0.holds })")
                for metric in report.metrics
                where ![.acceptMedian, .repeatGivers, .laterBuyers].contains(metric) {
                    for kind in [SheetGroup.Kind.day, .product, .entry] {
                        let sum = report.rows(by: kind).reduce(0) { $0 + ($1.values[metric] ?? 0) }
                        #expect(sum == report.total.values[metric], "\(metric) by \(kind)")
                    }
                }
            }
        }
    }

    @Test func r22_coupons_areUsedOpenOrOver_atEveryInstant() async throws {
        try await withTestDatabase { db in
            let world = try await SheetFixture(seed: 6, on: db.owner)
            let (brand, batch) = (world.brand, world.batches[0].id)
            let days = (1...4).map { SheetFixture.start.addingTimeInterval(TimeInterval(60 + $0) * 86_400) }
            let (owed, cost) = (ID<Account>.mint(), ID<Account>.mint())
            try await db.owner.execute(
                Statement(
                    """
                    INSERT INTO accounting.account VALUES (\(brand), \(owed), 'coupon_owed', \(batch), NULL, \(days[0])),
                        (\(brand), \(cost), 'x', \(batch), NULL, \(days[0]))
                    """))
            // One stays open, one is used, one is used and given back, one ends.
            for (place, state) in ["granted", "used", "granted", "expired"].enumerated() {
                let (id, uses) = (ID<Voucher>.mint(), place == 1 || place == 2)
                let updatedAt = place == 3 ? days[3] : days[0]
                try await db.owner.execute(
                    Statement(
                        """
                        INSERT INTO promotions.coupon VALUES (\(brand), \(id), \(batch), \(ID<Person>.mint()), 'x', 100, 200, \(state),
                            \(Int32(uses ? 1 : 0)), \(days[3]), \(days[0]), \(updatedAt))
                        """))
                try await db.owner.execute(
                    Statement(
                        """
                        INSERT INTO accounting.transfer (brand_id, transfer_id, debit_account_id, credit_account_id, amount_fen, kind,
                            subject_id, occurred_at, posted_at)
                        VALUES (\(brand), \(ID<Transfer>.mint()), \(cost), \(owed), 100, 'coupon.granted', \(id), \(days[0]),
                            \(days[0]))
                        """))
                guard uses else { continue }
                let back: Date? = place == 2 ? days[2] : nil
                try await db.owner.execute(
                    Statement(
                        """
                        INSERT INTO promotions.coupon_use VALUES (\(brand), \(id), 1, \(ID<Voucher>.mint()), \(ID<Order>.mint()),
                            \(ID<Shop>.mint()), \(days[1]), \(back))
                        """))
            }
            let expected: [[Int64]] = [[4, 0, 4, 0], [4, 2, 2, 0], [4, 1, 3, 0], [4, 1, 2, 1]]
            let query = ReportQuery(name: .prizes, brand: brand)
            for (day, figures) in zip(days, expected) {
                let report = try await SheetReport.load(query, asOf: day, from: db.pool(as: .reports))
                let metrics: [SheetMetric] = [.couponsIssued, .couponsUsed, .couponsOpen, .couponsExpired]
                #expect(metrics.map { report.total.values[$0] } == figures)
                #expect(report.rows(by: .batch).first { $0.id == "\(batch)" }?.values[.couponsIssued] == 4)
                #expect(report.isBalanced)
            }
            try await db.owner.execute(Statement<Void>("DELETE FROM promotions.coupon WHERE state = 'expired'"))
            let broken = try await SheetReport.load(query, asOf: days[3], from: db.pool(as: .reports)).balances
            #expect(broken.filter { !$0.holds }.map(\.identity) == [.couponsAddUp])
        }
    }

    @Test func r22_prizeWonTooOften_breaksTheIdentity() async throws {
        try await withTestDatabase { db in
            let world = try await SheetFixture(seed: 4, on: db.owner)
            let query = ReportQuery(name: .prizes, brand: world.brand)
            #expect(try await SheetReport.load(query, from: db.pool(as: .operator)).isBalanced)

            try await db.owner.execute(Statement<Void>("UPDATE codes.redemption SET tier = 1"))

            let broken = try await SheetReport.load(query, from: db.pool(as: .operator)).balances.filter { !$0.holds }
            #expect(Set(broken.map(\.identity)) == [.prizesAddUp, .costIsLedger])
        }
    }

    @Test func r22_thingFetchedThatNobodyWon_breaksTheIdentity() async throws {
        try await withTestDatabase { db in
            let world = try await SheetFixture(seed: 8, on: db.owner)
            let query = ReportQuery(name: .prizes, brand: world.brand)
            let report = try await SheetReport.load(query, from: db.pool(as: .operator))
            #expect(report.isBalanced && (report.total.values[.prizesClaimed] ?? 0) > 0)
            #expect((report.total.values[.prizesExpired] ?? 0) > 0)

            // Every scan that won nothing gets a voucher that is over.
            for batch in world.batches {
                for (code, scan) in batch.scans where scan.tier == nil {
                    var voucher = SheetFixture.Voucher(id: .mint())
                    voucher.expiredAt = scan.at
                    for statement in SheetFixtureStatements.voucher(
                        voucher, code: code, scan, of: batch.id, shop: world.shops[0], brand: world.brand)
                    {
                        try await db.owner.execute(statement)
                    }
                }
            }

            let broken = try await SheetReport.load(query, from: db.pool(as: .operator)).balances.filter { !$0.holds }
            #expect(broken.map(\.identity) == [.claimsAreWins])
        }
    }

    @Test func r23_giftEndedTwice_breaksTheIdentity() async throws {
        try await withTestDatabase { db in
            let world = try await SheetFixture(seed: 5, on: db.owner)
            let query = ReportQuery(name: .gifts, brand: world.brand)
            #expect(try await SheetReport.load(query, from: db.pool(as: .operator)).isBalanced)
            let gift = try #require(world.gifts.first { $0.sentAt != nil && $0.endedAt == nil })

            try await db.owner.execute(
                SheetFixtureStatements.outcome("expired", of: gift.id, at: SheetFixture.start, brand: world.brand))

            let broken = try await SheetReport.load(query, from: db.pool(as: .operator)).balances.filter { !$0.holds }
            #expect(broken.map(\.identity) == [.endsAreOutcomes])
        }
    }

    /// The money of a gift comes in on the shop's clearing account and waits in escrow: the overview still finds its shop.
    @Test func overview_ofMoneyInEscrow_balancesShopByShop() async throws {
        try await withTestDatabase { db in
            var fixture = try await Fixture(seed: 6, on: db.owner)
            _ = try await fixture.change()
            try await db.owner.execute(
                Statement<Void>(
                    "UPDATE accounting.account SET kind = 'escrow', subject_id = account_id WHERE kind = 'sales'"))
            let day = Fixture.firstDay
            let query = ReportQuery(brand: fixture.brand, from: day.adding(days: -10), to: day.adding(days: 400))

            let report = try await Report.load(query, from: db.pool(as: .reports))

            #expect(report.shops.filter { $0.ledger != .none }.count > 1)
            #expect(report.shops.reduce(0) { $0 + $1.ledger.amount.fen } == report.total.ledger.amount.fen)
        }
    }

    @Test func sheet_ofABrandWithNothing_isEmptyAndBalances() async throws {
        try await withTestDatabase { db in
            let brand = ID<Brand>.mint()
            try await db.owner.execute(FixtureStatements.addBrand(brand, name: "Empty"))
            for name in [ReportQuery.Name.prizes, .gifts] {
                let report = try await SheetReport.load(
                    ReportQuery(name: name, brand: brand), from: db.pool(as: .reports))

                #expect(report.isEmpty && report.isBalanced)
                #expect(
                    try !report.json().isEmpty && report.csv().contains("total") && report.table().contains("balances"))
            }
            await #expect(throws: Problem.self) {
                try await SheetReport.load(ReportQuery(name: .gifts, brand: .mint()), from: db.pool(as: .reports))
            }
        }
    }

    @Test func sheets_inEveryForm_showTheSameFigures() async throws {
        try await withTestDatabase { db in
            let world = try await SheetFixture(seed: 7, on: db.owner)
            var sheets: [SheetReport] = []
            for name in [ReportQuery.Name.prizes, .gifts] {
                sheets.append(
                    try await SheetReport.load(ReportQuery(name: name, brand: world.brand), from: db.pool(as: .reports))
                )
            }
            for report in sheets {
                let json = try JSONDecoder().decode(Answer.self, from: Data(report.json()))
                let line = try #require(report.csv().split(separator: "\r\n").dropFirst().first).split(
                    separator: ",", omittingEmptySubsequences: false)
                for (index, metric) in report.metrics.enumerated() {
                    #expect(json.figures[metric.key] == report.total.values[metric])
                    #expect(String(line[index + 3]) == report.total.values[metric].map(String.init) ?? "")
                }
            }
            let overview = try await Report.load(ReportQuery(brand: world.brand), from: db.pool(as: .reports))
            for language in Language.allCases {
                let html = try BoardPage(overview, sheets: sheets, BoardOptions(language: language)).html()
                for report in sheets {
                    #expect(html.contains("id=\"\(report.name.rawValue)\""))
                    for metric in report.metrics { #expect(html.contains(metric.name(in: language))) }
                }
                #expect(!html.contains("<script") && !html.contains("style="))
                // Only the first figure of each part has a note; the template must not borrow one from around it.
                #expect(html.components(separatedBy: "<span class=\"note\">").count == 3)
            }
        }
    }

    private struct Answer: Decodable { let figures: [String: Int64] }

    @Test func everyFigure_hasANameAndADefinition() {
        for language in Language.allCases {
            #expect(Set(SheetMetric.allCases.map { $0.name(in: language) }).count == SheetMetric.allCases.count)
            #expect(SheetMetric.allCases.allSatisfy { !$0.definition(in: language).isEmpty })
            #expect(Set(SheetIdentity.allCases.map { $0.sentence(in: language) }).count == SheetIdentity.allCases.count)
        }
        #expect(Set(SheetMetric.allCases.map(\.key)).count == SheetMetric.allCases.count)
    }
}
