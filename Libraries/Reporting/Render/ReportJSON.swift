import FoundationEssentials
import Kernel

extension Report {
    /// The report as JSON: `snake_case`, money in integer fen, instants with their offset, keys in alphabetical order,
    /// so that equal reports are equal bytes.
    ///
    /// - Throws: `EncodingError`, which no report leads to.
    package func json() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        return try [UInt8](encoder.encode(Document(self)))
    }
}

extension Date {
    /// RFC 3339 in the zone of the business, as in `2026-11-22T10:00:00.000+08:00`.
    var businessText: String {
        let style = Date.ISO8601FormatStyle(
            timeZoneSeparator: .colon, includingFractionalSeconds: true,
            timeZone: TimeZone(identifier: Report.timeZone) ?? TimeZone(secondsFromGMT: 8 * 3_600) ?? .gmt)
        return formatted(style)
    }
}

/// The shape of the answer; names become `snake_case` on the way out.
private struct Document: Encodable {
    let report: String
    let definitionVersion: Int
    let brandId: String
    let brandName: String
    let shopId: String?
    let shopName: String?
    let from: String
    let to: String
    let timeZone: String
    let asOf: String
    let rolledAt: String?
    let pendingDays: Int
    let inputHash: String
    let currency: String
    let balanced: Bool
    let figures: [String: Figure]
    let byMonth: [Row]
    let byDay: [Row]
    let byShop: [Row]
    let metrics: [Definition]

    init(_ report: Report) {
        self.report = report.name.rawValue
        definitionVersion = report.definitionVersion
        brandId = "\(report.brand)"
        brandName = report.brandName
        shopId = report.scope.shop.map { "\($0)" }
        shopName = report.shop?.name
        from = "\(report.range.from)"
        to = "\(report.range.to)"
        timeZone = Report.timeZone
        asOf = report.asOf.businessText
        rolledAt = report.rolledAt?.businessText
        pendingDays = report.pendingDays
        inputHash = report.inputHash
        currency = "CNY"
        balanced = report.isBalanced
        figures = Dictionary(
            uniqueKeysWithValues: Metric.allCases.map { ($0.rawValue, Figure($0, of: report.total)) })
        byMonth = report.months.map(Row.init)
        byDay = report.days.map(Row.init)
        byShop = report.shops.map(Row.init)
        metrics = Metric.allCases.map(Definition.init)
    }
}

/// A figure of the whole range with everything that vouches for it.
private struct Figure: Encodable {
    let value: Int64?
    let valueFen: Int64?
    let unit: String
    let balanced: Bool
    let balances: [Sides]

    init(_ metric: Metric, of section: ReportSection) {
        let value = section.figures.value(of: metric)
        (self.value, valueFen) = metric.unit == .fen ? (nil, value) : (value, nil)
        unit = metric.unit.rawValue
        balanced = section.isBalanced(metric)
        balances = section.balances(of: metric).map(Sides.init)
    }

    /// An identity with its two sides.
    struct Sides: Encodable {
        let identity: String
        let left: Int64
        let right: Int64
        let difference: Int64
        let unit: String
        let balanced: Bool

        init(_ balance: Balance) {
            identity = balance.identity.rawValue
            left = balance.left
            right = balance.right
            difference = balance.difference
            unit = balance.identity.isMoney ? "fen" : "count"
            balanced = balance.holds
        }
    }
}

/// One month, day or shop.
private struct Row: Encodable {
    let from: String
    let to: String
    let shopId: String?
    let shopCode: String?
    let shopName: String?
    let gmvFen: Int64
    let orders: Int64
    let zeroOrders: Int64
    let payers: Int64
    let newMembers: Int64
    let returningMembers: Int64
    let repeatMembers: Int64
    let averageOrderFen: Int64?
    let ledgerFen: Int64
    let ledgerPayments: Int64
    let balanced: Bool
    let broken: [String]?

    init(_ section: ReportSection) {
        from = "\(section.range.from)"
        to = "\(section.range.to)"
        shopId = section.shop.map { "\($0.id)" }
        shopCode = section.shop?.code
        shopName = section.shop?.name
        gmvFen = section.figures.gmv.fen
        orders = section.figures.orders
        zeroOrders = section.figures.zeroOrders
        payers = section.figures.payers
        newMembers = section.figures.newMembers
        returningMembers = section.figures.returningMembers
        repeatMembers = section.figures.repeatMembers
        averageOrderFen = section.figures.averageOrder?.fen
        ledgerFen = section.ledger.amount.fen
        ledgerPayments = section.ledger.payments
        balanced = section.isBalanced
        let broken = section.balances.filter { !$0.holds }.map(\.identity.rawValue)
        self.broken = broken.isEmpty ? nil : broken
    }
}

/// An entry of the metric dictionary.
private struct Definition: Encodable {
    let name: String
    let unit: String
    let version: Int
    let nameZh: String
    let nameEn: String
    let definitionZh: String
    let definitionEn: String
    let identities: [String]

    init(_ metric: Metric) {
        name = metric.rawValue
        unit = metric.unit.rawValue
        version = Metric.definitionVersion
        nameZh = metric.name(in: .chinese)
        nameEn = metric.name(in: .english)
        definitionZh = metric.definition(in: .chinese)
        definitionEn = metric.definition(in: .english)
        identities = metric.identities.map(\.rawValue)
    }
}
