import Foundation

/// Where a command speaks: results on standard output, everything else on standard error.
enum Terminal {
    /// Whether a person watches standard error; progress is for them only.
    static let isInteractive = isatty(STDERR_FILENO) == 1

    /// A line of the result.
    static func say(_ line: String = "") {
        FileHandle.standardOutput.write(Data((line + "\n").utf8))
    }

    /// A sentence about what went wrong.
    static func complain(_ sentence: String) {
        FileHandle.standardError.write(Data("siyu: \(sentence)\n".utf8))
    }

    /// Progress that overwrites itself; silent in a pipe.
    static func progress(_ text: String) {
        guard isInteractive else { return }
        FileHandle.standardError.write(Data("\r\u{1B}[2K\(text)".utf8))
    }

    /// Ends a progress line.
    static func endProgress() {
        progress("")
    }

    /// A value as one line of JSON with sorted keys, or as an indented document.
    static func json(_ value: some Encodable, pretty: Bool = true) throws -> String {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.dateEncodingStrategy = .iso8601
        encoder.outputFormatting =
            pretty ? [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes] : [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    /// Rows as a table whose columns are as wide as their widest cell; numbers stand at the right.
    static func table(_ header: [String], _ rows: [[String]]) -> String {
        let widths = header.indices.map { column in
            ([header] + rows).map { $0[column].displayWidth }.max() ?? 0
        }
        func line(_ cells: [String]) -> String {
            zip(cells, widths).map { cell, width in
                let space = String(repeating: " ", count: width - cell.displayWidth)
                let isNumber = cell.first.map { $0.isNumber || "¥-".contains($0) } ?? false
                return isNumber ? space + cell : cell + space
            }.joined(separator: "  ").trimmingSuffix()
        }
        return
            ([line(header), widths.map { String(repeating: "─", count: $0) }.joined(separator: "  ")] + rows.map(line))
            .joined(separator: "\n")
    }
}

extension String {
    /// Columns on a terminal: Chinese characters and full-width signs take two.
    var displayWidth: Int {
        unicodeScalars.reduce(0) { width, scalar in
            let isWide =
                (0x1100...0x115F).contains(scalar.value) || (0x2E80...0xA4CF).contains(scalar.value)
                || (0xAC00...0xD7A3).contains(scalar.value) || (0xF900...0xFAFF).contains(scalar.value)
                || (0xFE30...0xFE6F).contains(scalar.value) || (0xFF00...0xFF60).contains(scalar.value)
            return width + (isWide ? 2 : 1)
        }
    }

    fileprivate func trimmingSuffix() -> String {
        var trimmed = self[...]
        while trimmed.last == " " { trimmed.removeLast() }
        return String(trimmed)
    }
}
