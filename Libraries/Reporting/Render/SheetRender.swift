import FoundationEssentials
import Kernel

extension SheetReport {
    /// The report as JSON: `snake_case`, money in integer fen, keys in alphabetical order, so that equal reports are equal bytes.
    ///
    /// - Throws: `EncodingError`, which no report leads to.
    package func json() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        return try [UInt8](encoder.encode(Document(self)))
    }

    /// The report as CSV (RFC 4180): one line for the whole, then one for each batch, product, store, region, draw and day.
    package func csv() -> String {
        var csv = CSVText()
        csv.line(
            ["grain", "id", "label"] + metrics.map(\.key) + ["balanced", "definition_version", "as_of", "time_zone"])
        let rows = [("total", total)] + groups.flatMap { group in group.rows.map { (group.kind.rawValue, $0) } }
        for (grain, row) in rows {
            csv.line(
                [grain, row.id, row.label] + metrics.map { row.values[$0].map(String.init) ?? "" }
                    + [
                        "\(isBalanced)", "\(SheetMetric.definitionVersion)", asOf.businessText, Report.timeZone,
                    ])
        }
        return csv.text
    }

    /// The report for a terminal; money is in yuan.
    package func table() -> String {
        var lines = [
            "\(name.rawValue) · \(brandName) · \(range.from) to \(range.to)",
            "as of \(asOf.businessText) (\(Report.timeZone)) · definitions v\(SheetMetric.definitionVersion)", "",
        ]
        lines += TerminalTable.aligned(
            [["Figure", "Value"]] + metrics.map { [$0.name(in: .english), Self.text(total.values[$0], $0)] })
        lines.append("")
        lines += TerminalTable.aligned(
            [["Identity", "Left", "Right", "Holds"]]
                + balances.map { balance in
                    let unit = balance.identity.isMoney ? SheetMetric.prizeCost : .codes
                    return [
                        balance.identity.sentence(in: .english), Self.text(balance.left, unit),
                        Self.text(balance.right, unit), balance.holds ? "yes" : "NO",
                    ]
                })
        for group in groups where !group.rows.isEmpty {
            lines.append("")
            lines += TerminalTable.aligned(
                [[group.kind.rawValue.capitalized] + group.metrics.map { $0.name(in: .english) }]
                    + group.rows.map { row in [row.label] + group.metrics.map { Self.text(row.values[$0], $0) } })
        }
        lines += ["", isBalanced ? "Everything balances." : "NOT everything balances: see NO above."]
        return lines.joined(separator: "\n") + "\n"
    }

    /// Hundredths of a percent with two decimals, as in `12.05 %`.
    static func percent(_ basisPoints: Int64) -> String {
        let (whole, rest) = basisPoints.magnitude.quotientAndRemainder(dividingBy: 100)
        return "\(basisPoints < 0 ? "-" : "")\(whole).\(rest < 10 ? "0" : "")\(rest) %"
    }

    /// Hundredths of a star with two decimals, as in `4.50`; never below zero.
    static func stars(_ hundredths: Int64) -> String {
        let (whole, rest) = hundredths.quotientAndRemainder(dividingBy: 100)
        return "\(whole).\(rest < 10 ? "0" : "")\(rest)"
    }

    private static func text(_ value: Int64?, _ metric: SheetMetric) -> String {
        guard let value else { return "–" }
        switch metric.unit {
        case .fen: return Money(fen: value).yuanText
        case .basisPoints: return Self.percent(value)
        case .starHundredths: return Self.stars(value)
        default: return String(value)
        }
    }
}

extension ReportFormat {
    /// The report in this format, as UTF-8, with a line end at its end.
    ///
    /// - Throws: `EncodingError`, which no report leads to.
    package func bytes(of report: SheetReport) throws -> [UInt8] {
        switch self {
        case .table: Array(report.table().utf8)
        case .csv: Array(report.csv().utf8)
        case .json: try report.json() + [UInt8(ascii: "\n")]
        }
    }
}

/// The shape of the answer; names become `snake_case` on the way out.
private struct Document: Encodable {
    let report: String
    let definitionVersion: Int
    let brandId: String
    let brandName: String
    let shopId: String?
    let from: String
    let to: String
    let timeZone: String
    let asOf: String
    let currency: String
    let balanced: Bool
    let figures: [String: Int64]
    let balances: [Sides]
    let byBatch: [Row]?
    let byShop: [Row]?
    let byRegion: [Row]?
    let byCampaign: [Row]?
    let byEntry: [Row]?
    let byCohort: [Row]?
    let bySegment: [Row]?
    let byCategory: [Row]?
    let byKeyword: [Row]?
    let byRefundDay: [Row]?
    let byProduct: [Row]
    let byDay: [Row]
    let metrics: [Definition]

    init(_ report: SheetReport) {
        self.report = report.name.rawValue
        definitionVersion = SheetMetric.definitionVersion
        brandId = "\(report.brand)"
        brandName = report.brandName
        shopId = report.scope.shop.map { "\($0)" }
        from = "\(report.range.from)"
        to = "\(report.range.to)"
        timeZone = Report.timeZone
        asOf = report.asOf.businessText
        currency = "CNY"
        balanced = report.isBalanced
        figures = Row.keyed(report.total.values)
        balances = report.balances.map { balance in
            Sides(
                identity: balance.identity.rawValue, left: balance.left, right: balance.right, balanced: balance.holds)
        }
        byBatch = report.groups.first { $0.kind == .batch }?.rows.map(Row.init)
        byShop = report.groups.first { $0.kind == .shop }?.rows.map(Row.init)
        byRegion = report.groups.first { $0.kind == .region }?.rows.map(Row.init)
        byCampaign = report.groups.first { $0.kind == .campaign }?.rows.map(Row.init)
        byEntry = report.groups.first { $0.kind == .entry }?.rows.map(Row.init)
        byCohort = report.groups.first { $0.kind == .cohort }?.rows.map(Row.init)
        bySegment = report.groups.first { $0.kind == .segment }?.rows.map(Row.init)
        byCategory = report.groups.first { $0.kind == .category }?.rows.map(Row.init)
        byKeyword = report.groups.first { $0.kind == .keyword }?.rows.map(Row.init)
        byRefundDay = report.groups.first { $0.kind == .refundDay }?.rows.map(Row.init)
        byProduct = report.rows(by: .product).map(Row.init)
        byDay = report.rows(by: .day).map(Row.init)
        metrics = report.metrics.map(Definition.init)
    }

    struct Sides: Encodable {
        let identity: String
        let left: Int64
        let right: Int64
        let balanced: Bool
    }

    struct Row: Encodable {
        let id: String
        let label: String
        let figures: [String: Int64]

        init(_ row: SheetRow) {
            id = row.id
            label = row.label
            figures = Self.keyed(row.values)
        }

        static func keyed(_ values: [SheetMetric: Int64]) -> [String: Int64] {
            Dictionary(uniqueKeysWithValues: values.map { ($0.key, $1) })
        }
    }

    struct Definition: Encodable {
        let name: String
        let unit: String
        let nameZh: String
        let nameEn: String
        let definitionZh: String
        let definitionEn: String

        init(_ metric: SheetMetric) {
            name = metric.key
            unit = metric.unit.rawValue
            nameZh = metric.name(in: .chinese)
            nameEn = metric.name(in: .english)
            definitionZh = metric.definition(in: .chinese)
            definitionEn = metric.definition(in: .english)
        }
    }
}
