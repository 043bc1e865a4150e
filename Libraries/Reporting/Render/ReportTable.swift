import Kernel

extension Report {
    /// The report for a terminal: what it is, the figures with their identities, then months and shops.
    ///
    /// Money is in yuan.
    package func table() -> String {
        var lines = [
            "\(name.rawValue) · \(brandName)\(shop.map { " · \($0.name)" } ?? "") · \(range.from) to \(range.to)",
            "as of \(asOf.businessText) (\(Report.timeZone)) · definitions v\(definitionVersion) · input \(inputHash)",
            "",
        ]
        lines += TerminalTable.aligned(
            [["Figure", "Value", "Balances"]]
                + Metric.allCases.map { metric in
                    [
                        metric.name(in: .english), Self.text(total.figures.value(of: metric), metric),
                        total.isBalanced(metric) ? "yes" : "NO",
                    ]
                })
        lines.append("")
        lines += TerminalTable.aligned(
            [["Identity", "Left", "Right", "Holds"]]
                + total.balances.map { balance in
                    [
                        balance.identity.sentence(in: .english),
                        Self.text(balance.left, isMoney: balance.identity.isMoney),
                        Self.text(balance.right, isMoney: balance.identity.isMoney), balance.holds ? "yes" : "NO",
                    ]
                })
        lines.append("")
        let metrics = Metric.allCases.map { $0.name(in: .english) }
        lines += TerminalTable.aligned(
            [["Month"] + metrics + ["Balances"]] + months.map { row("\($0.range.from)".prefix(7), $0) })
        if !shops.isEmpty {
            lines.append("")
            lines += TerminalTable.aligned(
                [["Shop"] + metrics + ["Balances"]] + shops.map { row($0.shop?.name ?? "", $0) })
        }
        if pendingDays > 0 {
            lines += ["", "\(pendingDays) days have changed and are being computed; run it again in a moment."]
        }
        lines += [
            "",
            isBalanced ? "Everything balances with the ledger." : "NOT everything balances: see NO above and by day.",
        ]
        return lines.joined(separator: "\n") + "\n"
    }

    private func row(_ label: some StringProtocol, _ section: ReportSection) -> [String] {
        [String(label)] + Metric.allCases.map { Self.text(section.figures.value(of: $0), $0) }
            + [section.isBalanced ? "yes" : "NO"]
    }

    private static func text(_ value: Int64?, _ metric: Metric) -> String {
        value.map { text($0, isMoney: metric.unit == .fen) } ?? "–"
    }

    private static func text(_ value: Int64, isMoney: Bool) -> String {
        isMoney ? Money(fen: value).yuanText : String(value)
    }
}

/// Text in columns.
enum TerminalTable {
    /// Pads the columns to equal width: the first to the left, numbers to the right.
    static func aligned(_ rows: [[String]]) -> [String] {
        let columns = rows.first?.count ?? 0
        let widths = (0..<columns).map { column in rows.map { $0[column].terminalWidth }.max() ?? 0 }
        return rows.map { row in
            row.indices.map { column in
                let padding = String(repeating: " ", count: widths[column] - row[column].terminalWidth)
                return column == 0 ? row[column] + padding : padding + row[column]
            }.joined(separator: "  ")
        }
    }
}

extension String {
    /// Columns on a terminal: Chinese, Japanese and Korean take two.
    fileprivate var terminalWidth: Int {
        unicodeScalars.reduce(0) { width, scalar in
            switch scalar.value {
            case 0x1100...0x115F, 0x2E80...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE4F, 0xFF00...0xFF60,
                0xFFE0...0xFFE6, 0x20000...0x3FFFD:
                width + 2
            default: width + 1
            }
        }
    }
}
