import Crypto
import Foundation
package import Kernel

/// A bill as WeChat Pay gives it for a day: trades, or the flow of funds.
///
/// The file knows no quoting: a comma inside a merchant's text has been written as `\ `, and every cell of a detail begins with a
/// backtick. Columns are found by their names, since bills of other kinds have others.
package struct PayBill: Sendable {
    /// The names of the columns, in their order.
    package let columns: [String]
    /// The details, a line each.
    package let rows: [Row]
    /// The last line by its names.
    package let summary: [String: String]

    /// One line of a bill.
    package struct Row: Sendable {
        /// Its line in the file, from 1.
        package let line: Int
        private let cells: [String: String]

        init(line: Int, cells: [String: String]) {
            self.line = line
            self.cells = cells
        }

        /// The text of a column; nil if the bill has no such column.
        package subscript(column: String) -> String? { cells[column] }

        /// The amount of a column that is in yuan; nil if there is none.
        ///
        /// Not for fees, which have up to five decimals.
        package func amount(_ column: String) -> Money? { cells[column].flatMap { Money(yuan: $0) } }
    }

    /// The amount of a column of the summary that is in yuan.
    package func summaryAmount(_ column: String) -> Money? { summary[column].flatMap { Money(yuan: $0) } }

    /// What the first column of the summary may be called.
    static let summaryNames: Set<String> = ["总交易单数", "资金流水总笔数"]

    /// Reads the uncompressed file.
    ///
    /// - Throws: ``PayBillError`` with the line that is not what a bill has there; a bill that was cut short has no summary.
    package init(csv: [UInt8]) throws(PayBillError) {
        var reader = PayBillReader()
        rows = try reader.read(csv)
        try reader.end()
        columns = reader.columns
        summary = reader.summary ?? [:]
    }

    /// The SHA-1 of the uncompressed file in hex, as the answer that led to the bill gives it.
    package static func digest(of csv: [UInt8]) -> String {
        Insecure.SHA1.hash(data: csv).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}

/// Why a file is not a bill.
package enum PayBillError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Some bytes are no UTF-8.
    case notUTF8
    /// A line has too many or too few cells, or cells without a backtick.
    case malformed(line: Int)
    /// The summary is missing: the file was cut short.
    case noSummary

    /// A sentence for operators.
    package var description: String {
        switch self {
        case .notUTF8: "the bill is not UTF-8"
        case .malformed(let line): "line \(line) of the bill is not what a bill has there"
        case .noSummary: "the bill has no summary, so it was cut short"
        }
    }
}
