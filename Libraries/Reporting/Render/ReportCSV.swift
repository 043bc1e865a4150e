import Kernel

extension Report {
    /// The report as CSV (RFC 4180): one line for the whole, then its months, days and shops.
    ///
    /// Every line carries what every figure must: definition version, instant, zone and input hash; so a line that was
    /// cut out can still be traced.
    package func csv() -> String {
        var csv = CSVText()
        csv.line(Self.csvHeader)
        csv.line(cells(of: total, grain: "total"))
        for month in months { csv.line(cells(of: month, grain: "month")) }
        for day in days { csv.line(cells(of: day, grain: "day")) }
        for shop in shops { csv.line(cells(of: shop, grain: "shop")) }
        return csv.text
    }

    private static let csvHeader =
        ["grain", "from", "to", "shop_code", "shop_name"] + Metric.allCases.map(\.key)
        + [
            "ledger_fen", "ledger_payments", "zero_orders", "balanced", "definition_version", "as_of", "time_zone",
            "input_hash",
        ]

    private func cells(of section: ReportSection, grain: String) -> [String] {
        let shop = section.shop ?? self.shop
        return [grain, "\(section.range.from)", "\(section.range.to)", shop?.code ?? "", shop?.name ?? ""]
            + Metric.allCases.map { section.figures.value(of: $0).map(String.init) ?? "" }
            + [
                "\(section.ledger.amount.fen)", "\(section.ledger.payments)", "\(section.figures.zeroOrders)",
                "\(section.isBalanced)", "\(definitionVersion)", asOf.businessText, Report.timeZone, inputHash,
            ]
    }
}

/// Writes CSV that a spreadsheet shows as what it is.
struct CSVText {
    /// What was written, lines ended by CR LF.
    private(set) var text = ""

    /// Adds a line.
    mutating func line(_ cells: [String]) {
        text += cells.map(Self.cell).joined(separator: ",")
        text += "\r\n"
    }

    /// A cell.
    ///
    /// Text that a spreadsheet would take for a formula gets an apostrophe in front, which makes it text there; plain
    /// numbers, negative ones too, stay numbers.
    static func cell(_ content: String) -> String {
        var content = content
        if let first = content.unicodeScalars.first, "=+-@\t\r\n＝＋－＠".unicodeScalars.contains(first),
            Int64(content) == nil
        {
            content = "'" + content
        }
        guard content.unicodeScalars.contains(where: { ",\"\r\n".unicodeScalars.contains($0) }) else { return content }
        var quoted = "\""
        for scalar in content.unicodeScalars {
            if scalar == "\"" { quoted.unicodeScalars.append("\"") }
            quoted.unicodeScalars.append(scalar)
        }
        return quoted + "\""
    }
}
