import Crypto
import Foundation

/// Reads a bill as it comes, line by line: the memory it takes does not grow with the file.
///
/// The file knows no quoting: a comma inside a merchant's text has been written as `\ `, and every cell of a detail begins with a
/// backtick. Columns are found by their names, since bills of other kinds have others.
package struct PayBillReader {
    /// The names of the columns, once the first line was read.
    package private(set) var columns: [String] = []
    /// The last line by its names, once it was read.
    package private(set) var summary: [String: String]?

    /// The longest line that is looked at.
    private static let lineBytesMax = 64 * 1_024

    private var rest: [UInt8] = []
    private var line = 0
    private var summaryColumns: [String]?
    private var blankSince: Int?
    private var hash = Insecure.SHA1()

    /// A reader at the beginning of a file.
    package init() {}

    /// Takes the next bytes.
    ///
    /// - Returns: The details that they end, each with the number of its line.
    /// - Throws: ``PayBillError`` with the line that is not what a bill has there.
    package mutating func read(_ bytes: [UInt8]) throws(PayBillError) -> [PayBill.Row] {
        hash.update(data: bytes)
        var rows: [PayBill.Row] = []
        var start = bytes.startIndex
        while let end = bytes[start...].firstIndex(of: 0x0A) {
            rest += bytes[start..<end]
            start = end + 1
            let text = rest
            rest.removeAll(keepingCapacity: true)
            if let row = try take(text) { rows.append(row) }
        }
        rest += bytes[start...]
        guard rest.count <= Self.lineBytesMax else { throw .malformed(line: line + 1) }
        return rows
    }

    /// Says that the file is over.
    ///
    /// A last line that nothing ended is the summary, or the file was cut.
    ///
    /// - Throws: ``PayBillError``; a bill that was cut short has no summary.
    package mutating func end() throws(PayBillError) {
        if !rest.isEmpty { _ = try take(rest) }
        rest = []
        guard line > 0 else { throw .malformed(line: 1) }
        guard summary != nil else { throw .noSummary }
    }

    /// The SHA-1 of everything that was read, in hex.
    package var digest: String {
        hash.finalize().map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    private mutating func take(_ bytes: [UInt8]) throws(PayBillError) -> PayBill.Row? {
        line += 1
        var bytes = bytes[...]
        if line == 1, bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes = bytes.dropFirst(3) }
        if bytes.last == 0x0D { bytes = bytes.dropLast() }
        if bytes.isEmpty, line > 1 {
            blankSince = blankSince ?? line
            return nil
        }
        if let blankSince { throw .malformed(line: blankSince) }
        guard let text = String(bytes: bytes, encoding: .utf8) else { throw .notUTF8 }
        let cells = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        if line == 1 {
            guard cells.count > 1, Set(cells).count == cells.count else { throw .malformed(line: 1) }
            columns = cells
            return nil
        }
        guard summary == nil else { throw .malformed(line: line) }
        if let names = summaryColumns {
            summary = try detail(cells, names)
            return nil
        }
        if PayBill.summaryNames.contains(cells[0]) {
            summaryColumns = cells
            return nil
        }
        return PayBill.Row(line: line, cells: try detail(cells, columns))
    }

    private func detail(_ cells: [String], _ columns: [String]) throws(PayBillError) -> [String: String] {
        guard cells.count == columns.count, cells.allSatisfy({ $0.hasPrefix("`") }) else {
            throw .malformed(line: line)
        }
        return Dictionary(zip(columns, cells.map { String($0.dropFirst()) })) { first, _ in first }
    }
}
