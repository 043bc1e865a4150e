/// How a report is written down.
package enum ReportFormat: String, Hashable, Sendable, CaseIterable {
    /// For a terminal.
    case table
    /// For spreadsheets.
    case csv
    /// For programs.
    case json

    /// The report in this format, as UTF-8, with a line end at its end.
    ///
    /// - Throws: `EncodingError`, which no report leads to.
    package func bytes(of report: Report) throws -> [UInt8] {
        switch self {
        case .table: Array(report.table().utf8)
        case .csv: Array(report.csv().utf8)
        case .json: try report.json() + [UInt8(ascii: "\n")]
        }
    }
}
