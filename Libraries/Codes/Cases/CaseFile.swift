package import Kernel

/// A case as a file names it.
package struct CaseLine: Hashable, Sendable {
    /// The number of its line; the first is 1.
    package let line: Int64
    /// What stands on the case.
    package let code: String
    /// Whose codes are in it.
    package let batch: BatchHandle
    /// Which of them.
    package let indexes: Range<Int64>
}

/// The file in which a packing line writes down which codes lie in which case: CSV, one case a line.
///
/// ```
/// case,batch,from,to
/// C-000001,K7QX,0,24
/// ```
///
/// The end is not included. Codes of cases have printable ASCII without commas and quotation marks.
package enum CaseFile {
    /// The first line, with this spelling.
    package static let header = "case,batch,from,to"
    /// Cases in one file, at most.
    package static let casesMax = Limit(200_000, reason: "all of them are looked at and put in by one transaction")
    private static let codeBytesMax = 64

    /// Reads the file.
    ///
    /// - Returns: Its cases, and the lines that are wrong by themselves or with one another.
    package static func read(_ text: String) -> (cases: [CaseLine], refusals: [CodeFileRefusal]) {
        let lines = text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }
        guard let first = lines.first, first.trimmingPrefix("\u{FEFF}") == header else {
            return ([], [CodeFileRefusal(line: 1, why: "the first line must read `\(header)`")])
        }
        var cases: [CaseLine] = []
        var refusals: [CodeFileRefusal] = []
        for (offset, line) in lines.enumerated().dropFirst() where !line.isEmpty {
            let number = Int64(offset + 1)
            guard cases.count < casesMax.value else {
                refusals.append(
                    CodeFileRefusal(line: number, why: "a file has \(casesMax.value) cases at most: split it"))
                break
            }
            do throws(Wrong) {
                cases.append(try read(line, number))
            } catch {
                refusals.append(CodeFileRefusal(line: number, why: error.why))
            }
        }
        if cases.isEmpty, refusals.isEmpty { refusals.append(CodeFileRefusal(line: 2, why: "the file has no cases")) }
        refusals += twins(cases)
        return (cases, refusals.sorted { $0.line < $1.line })
    }

    private struct Wrong: Error { let why: String }

    private static func read(_ line: Substring, _ number: Int64) throws(Wrong) -> CaseLine {
        let fields = line.split(separator: ",", omittingEmptySubsequences: false)
        guard fields.count == 4, !line.contains("\"") else {
            throw Wrong(why: "four fields without quotation marks are needed")
        }
        guard (1...codeBytesMax).contains(fields[0].utf8.count),
            fields[0].utf8.allSatisfy({ (0x21..<0x7F).contains($0) })
        else { throw Wrong(why: "the code of a case has 1 to \(codeBytesMax) printable ASCII characters") }
        guard let batch = BatchHandle(String(fields[1])) else {
            throw Wrong(why: "the batch is the first four characters of its codes")
        }
        guard let from = Int64(fields[2]), let to = Int64(fields[3]), from >= 0, from < to else {
            throw Wrong(why: "the codes are two indexes, the end not included: 0,24")
        }
        return CaseLine(line: number, code: String(fields[0]), batch: batch, indexes: from..<to)
    }

    /// Lines that cannot both be right.
    private static func twins(_ cases: [CaseLine]) -> [CodeFileRefusal] {
        var refusals: [CodeFileRefusal] = []
        var lines: [String: Int64] = [:]
        for one in cases {
            if let first = lines[one.code] {
                refusals.append(CodeFileRefusal(line: one.line, why: "the case stands in line \(first) already"))
            } else {
                lines[one.code] = one.line
            }
        }
        for (_, group) in Dictionary(grouping: cases, by: \.batch) {
            var widest: CaseLine?
            for one in group.sorted(by: { ($0.indexes.lowerBound, $0.line) < ($1.indexes.lowerBound, $1.line) }) {
                if let earlier = widest, one.indexes.lowerBound < earlier.indexes.upperBound {
                    let (first, second) = earlier.line < one.line ? (earlier, one) : (one, earlier)
                    // Two lines of one case are told once.
                    if first.code != second.code {
                        refusals.append(
                            CodeFileRefusal(
                                line: second.line, why: "some of the codes lie in the case of line \(first.line)"))
                    }
                }
                if one.indexes.upperBound > (widest?.indexes.upperBound ?? 0) { widest = one }
            }
        }
        return refusals
    }
}
