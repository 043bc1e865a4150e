package import FoundationEssentials
package import Kernel
package import Postgres

/// A report as a pure value: every renderer reads the same one, so that one metric is one number for everybody.
package struct Report: Hashable, Sendable {
    /// The zone whose midnights cut the days.
    package static let timeZone = "Asia/Shanghai"

    /// Which report.
    package let name: ReportQuery.Name
    /// The version of the metrics' definitions.
    package let definitionVersion: Int
    /// Whose figures.
    package let brand: ID<Brand>
    /// The brand's name.
    package let brandName: String
    /// The whole brand, or one shop.
    package let scope: ReportScope
    /// The brand's shops, by code.
    package let allShops: [ReportShop]
    /// The days it covers.
    package let range: DayRun
    /// From the first day with an order to the last, whatever the range; nil if there are none.
    package let span: DayRun?
    /// The database's instant at which figures and ledger were read, in one snapshot.
    package let asOf: Date
    /// When the figures were last computed; nil if they never were.
    package let rolledAt: Date?
    /// Days in the range that are known to have changed and wait to be computed.
    package let pendingDays: Int
    /// A digest of the orders behind the figures: the same orders give the same digest.
    package let inputHash: String
    /// The whole range.
    package let total: ReportSection
    /// Its calendar months; the first and the last may be parts of one.
    package let months: [ReportSection]
    /// Its days, those without orders too.
    package let days: [ReportSection]
    /// The shops over the whole range; empty if the report is one shop's.
    package let shops: [ReportSection]

    /// Whether every identity of every section holds.
    package var isBalanced: Bool {
        total.isBalanced && months.allSatisfy(\.isBalanced) && days.allSatisfy(\.isBalanced)
            && shops.allSatisfy(\.isBalanced)
    }

    /// Whether there is nothing to show.
    package var isEmpty: Bool { total.figures.orders == 0 && total.ledger == .none }

    /// The shop, if the report is one shop's.
    package var shop: ReportShop? { allShops.first { $0.id == scope.shop } }
}

/// A shop as reports name it.
package struct ReportShop: Hashable, Sendable {
    /// Its id.
    package let id: ID<Shop>
    /// Its short code.
    package let code: String
    /// Its name.
    package let name: String

    /// A shop.
    package init(id: ID<Shop>, code: String, name: String) {
        self.id = id
        self.code = code
        self.name = name
    }
}

/// Figures of one stretch of days, with the identities they were held against.
package struct ReportSection: Hashable, Sendable {
    /// The days.
    package let range: DayRun
    /// The shop, in a list of shops.
    package let shop: ReportShop?
    /// What was counted.
    package let figures: Figures
    /// What the ledger says.
    package let ledger: LedgerSum
    /// Every identity that can be checked here.
    package let balances: [Balance]

    /// Whether all identities hold.
    package var isBalanced: Bool { balances.allSatisfy(\.holds) }

    /// The identities of one metric.
    package func balances(of metric: Metric) -> [Balance] {
        balances.filter { metric.identities.contains($0.identity) }
    }

    /// Whether all identities of one metric hold.
    package func isBalanced(_ metric: Metric) -> Bool { balances(of: metric).allSatisfy(\.holds) }
}

// MARK: - Assembly

/// Everything a report is made of, as it was read.
package struct ReportRows: Sendable {
    /// The database's instant.
    package var asOf: Date
    /// The brand's name.
    package var brandName: String
    /// All shops of the brand.
    package var allShops: [ReportShop]
    /// From the first day with an order to the last.
    package var span: DayRun?
    /// When the figures were last computed.
    package var rolledAt: Date?
    /// Marked days in the range.
    package var pendingDays: Int
    /// The digest of the orders.
    package var inputHash: String
    /// The whole range.
    package var total: Figures
    /// Figures by the first day of their part of the range; months without orders are missing.
    package var months: [CalendarDate: Figures]
    /// Figures by day; days without orders are missing.
    package var days: [CalendarDate: Figures]
    /// Figures by shop.
    package var shops: [ID<Shop>: Figures]
    /// The ledger by shop and day.
    package var ledger: [LedgerRow]

    /// One shop's day in the ledger.
    package struct LedgerRow: Hashable, Sendable {
        /// The shop on whose clearing account it came in.
        package var shop: ID<Shop>
        /// The business day.
        package var day: CalendarDate
        /// What was posted.
        package var sum: LedgerSum

        /// One shop's day.
        package init(shop: ID<Shop>, day: CalendarDate, sum: LedgerSum) {
            self.shop = shop
            self.day = day
            self.sum = sum
        }
    }

    /// Rows as they were read.
    package init(
        asOf: Date, brandName: String, allShops: [ReportShop], span: DayRun?, rolledAt: Date?, pendingDays: Int,
        inputHash: String, total: Figures, months: [CalendarDate: Figures], days: [CalendarDate: Figures],
        shops: [ID<Shop>: Figures],
        ledger: [LedgerRow]
    ) {
        self.asOf = asOf
        self.brandName = brandName
        self.allShops = allShops
        self.span = span
        self.rolledAt = rolledAt
        self.pendingDays = pendingDays
        self.inputHash = inputHash
        self.total = total
        self.months = months
        self.days = days
        self.shops = shops
        self.ledger = ledger
    }
}

extension Report {
    /// Puts rows together and holds every figure against its identities; reads no clock and no database.
    ///
    /// - Throws: ``MoneyError`` if sums of the ledger do not fit 64 bits.
    package init(_ query: ReportQuery, range: DayRun, rows: ReportRows) throws(MoneyError) {
        var byDay: [CalendarDate: LedgerSum] = [:]
        var byShop: [ID<Shop>: LedgerSum] = [:]
        for row in rows.ledger {
            try byDay[row.day, default: .none].add(row.sum)
            try byShop[row.shop, default: .none].add(row.sum)
        }

        days = range.days.map { day in
            ReportSection(
                range: DayRun(from: day, to: day), figures: rows.days[day] ?? .none, ledger: byDay[day] ?? .none)
        }
        var months: [ReportSection] = []
        for month in range.months {
            months.append(
                try ReportSection(
                    range: month, figures: rows.months[month.from] ?? .none,
                    days: days.filter { $0.range.from >= month.from && $0.range.to <= month.to }))
        }
        self.months = months
        shops =
            query.scope == .brand
            ? rows.allShops.map { shop in
                ReportSection(
                    range: range, shop: shop, figures: rows.shops[shop.id] ?? .none, ledger: byShop[shop.id] ?? .none)
            } : []
        total = try ReportSection(
            range: range, figures: rows.total, days: days, shops: query.scope == .brand ? shops : nil)

        name = query.name
        definitionVersion = Metric.definitionVersion
        brand = query.brand
        brandName = rows.brandName
        scope = query.scope
        allShops = rows.allShops
        self.range = range
        asOf = rows.asOf
        span = rows.span
        rolledAt = rows.rolledAt
        pendingDays = rows.pendingDays
        inputHash = rows.inputHash
    }
}

extension ReportSection {
    /// A section held against the ledger and against itself.
    init(range: DayRun, shop: ReportShop? = nil, figures: Figures, ledger: LedgerSum, more: [Balance] = []) {
        self.range = range
        self.shop = shop
        self.figures = figures
        self.ledger = ledger
        var balances = [
            Balance(.gmvIsLedger, left: figures.gmv.fen, right: ledger.amount.fen),
            Balance(.ordersAreLedger, left: figures.orders, right: ledger.payments + figures.zeroOrders),
            Balance(
                .payersAreNewAndReturning, left: figures.payers, right: figures.newMembers + figures.returningMembers),
            Balance(
                .payersAreSingleAndRepeat, left: figures.payers, right: figures.singleMembers + figures.repeatMembers),
        ]
        if let average = figures.averageOrder {
            balances.append(
                Balance(
                    .averageIsRounded, left: average.fen.multipliedReportingOverflow(by: figures.orders).partialValue,
                    right: figures.gmv.fen, tolerance: figures.orders / 2))
        }
        self.balances = balances + more
    }

    /// A section that is also held against its days and, for a brand, its shops.
    init(range: DayRun, figures: Figures, days: [ReportSection], shops: [ReportSection]? = nil) throws(MoneyError) {
        var ledger = LedgerSum.none
        for day in days { try ledger.add(day.ledger) }
        var more = [
            Balance(.gmvIsSumOfDays, left: figures.gmv.fen, right: try days.map(\.figures.gmv).sum().fen),
            Balance(.ordersAreSumOfDays, left: figures.orders, right: days.reduce(0) { $0 + $1.figures.orders }),
            Balance(
                .newMembersAreSumOfDays, left: figures.newMembers, right: days.reduce(0) { $0 + $1.figures.newMembers }),
        ]
        if let shops {
            more += [
                Balance(.gmvIsSumOfShops, left: figures.gmv.fen, right: try shops.map(\.figures.gmv).sum().fen),
                Balance(.ordersAreSumOfShops, left: figures.orders, right: shops.reduce(0) { $0 + $1.figures.orders }),
            ]
        }
        self.init(range: range, figures: figures, ledger: ledger, more: more)
    }
}
