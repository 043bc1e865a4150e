package import Kernel

/// What a line of a file of codes holds.
package enum SheetColumns: String, Sendable, CaseIterable {
    /// `index,code`.
    case indexCode = "index,code"
    /// `index,code,url`.
    case indexCodeURL = "index,code,url"
    /// `url` alone, as some printers want it.
    case url

    var hasIndex: Bool { self != .url }
}

/// What the address of a code looks like.
package enum LinkForm: Sendable {
    /// The base, `/C/` and the code.
    case short
    /// GS1 Digital Link: the base, `/01/`, the GTIN, `/21/` and the code.
    case gs1
}

/// The codes of a batch as a file: a line for each, in the order of the index.
///
/// Computed on all cores and handed out in order, a piece at a time: a batch of twenty million passes through a few megabytes. The same
/// batch gives the same bytes every time, and where each line begins is known without the lines before it.
package struct CodeSheet: Sendable {
    /// Large enough that handing a piece over is not what costs.
    static let pieceCodes: Int64 = 8_192

    private let batch: OpenBatch
    private let columns: SheetColumns
    /// What stands before the code in its address; empty where there is none.
    private let link: [UInt8]

    /// The file of a batch.
    ///
    /// - Throws: ``Problem`` 422 for addresses of a batch that was minted without what they are made of.
    package init(_ batch: OpenBatch, columns: SheetColumns = .indexCode, links: LinkForm = .short) throws(Problem) {
        self.batch = batch
        self.columns = columns
        link = columns == .indexCode ? [] : Array(try batch.record.facts.linkPrefix(links).utf8)
    }

    /// The first line.
    package var header: [UInt8] { Array("\(columns.rawValue)\n".utf8) }

    /// How many codes the file has.
    package var count: Int64 { batch.record.count }

    /// How long the file is up to, not including, the line of `index`.
    package func bytes(upTo index: Int64) -> Int64 {
        let code = Int64(CodeText.characters)
        let line =
            switch columns {
            case .indexCode: code + 2
            case .indexCodeURL: code + 2 + Int64(link.count) + code + 1
            case .url: Int64(link.count) + code + 1
            }
        return Int64(header.count) + index * line + (columns.hasIndex ? Self.digits(below: index) : 0)
    }

    /// The digits of all indexes below `end`, in all.
    private static func digits(below end: Int64) -> Int64 {
        var (sum, first, digits): (Int64, Int64, Int64) = (0, 0, 1)
        var next: Int64 = 10
        while first < end {
            sum += (min(next, end) - first) * digits
            (first, next, digits) = (next, next * 10, digits + 1)
        }
        return sum
    }

    /// Hands the file out from the line of an index on, a piece at a time, each after the one before; from 0 with the first line.
    ///
    /// - Parameters:
    ///   - workers: How many pieces are computed at once.
    ///   - write: Takes a piece, and up to which index the file is whole with it.
    package func write(
        from first: Int64 = 0, workers: Int, to write: ([UInt8], Int64) async throws -> Void
    ) async throws {
        if first == 0 { try await write(header, 0) }
        let count = count
        try await withThrowingTaskGroup(of: (start: Int64, piece: [UInt8]).self) { group in
            var next = first
            func start(in group: inout ThrowingTaskGroup<(start: Int64, piece: [UInt8]), any Error>) {
                guard next < count else { return }
                let indexes = next..<min(next + Self.pieceCodes, count)
                next = indexes.upperBound
                group.addTask { (indexes.lowerBound, lines(indexes)) }
            }
            for _ in 0..<max(1, workers) { start(in: &group) }
            var due = first
            var early: [Int64: [UInt8]] = [:]
            while let (first, piece) = try await group.next() {
                early[first] = piece
                while let ready = early.removeValue(forKey: due) {
                    due = min(due + Self.pieceCodes, count)
                    try await write(ready, due)
                    // Only now, so that a slow file keeps no more than a piece for each worker in memory.
                    start(in: &group)
                }
            }
        }
    }

    /// The lines of some codes.
    func lines(_ indexes: Range<Int64>) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(indexes.count * (2 * CodeText.characters + link.count + 14))
        for index in indexes {
            let code = batch.cipher.code(at: index).utf8
            if columns.hasIndex {
                bytes.append(contentsOf: String(index).utf8)
                bytes.append(UInt8(ascii: ","))
                bytes.append(contentsOf: code)
            }
            if columns == .indexCodeURL { bytes.append(UInt8(ascii: ",")) }
            if columns != .indexCode {
                bytes.append(contentsOf: link)
                bytes.append(contentsOf: code)
            }
            bytes.append(UInt8(ascii: "\n"))
        }
        return bytes
    }
}

extension BatchFacts {
    /// What stands before a code in its address.
    func linkPrefix(_ form: LinkForm) throws(Problem) -> String {
        guard let linkBase else {
            throw .invalid(
                "The batch was minted without a base for addresses: mint it with one, or write index and code alone.",
                code: "link_base_missing")
        }
        switch form {
        case .short: return linkBase + "/C/"
        case .gs1:
            guard let gtin else {
                throw .invalid(
                    "A GS1 Digital Link needs the GTIN, and the batch was minted without one.", code: "gtin_missing")
            }
            return "\(linkBase)/01/\(gtin)/21/"
        }
    }
}

/// All codes of a batch counted by what they win: the proof that the printed promise holds.
package struct PrizeSweep: Sendable {
    private static let pieceCodes: Int64 = 8_192

    private let batch: OpenBatch

    /// The sweep of a batch.
    package init(_ batch: OpenBatch) { self.batch = batch }

    /// How many codes win each tier; tier 0 wins nothing.
    ///
    /// - Parameter progress: Hears now and then how many codes have been counted.
    package func counts(workers: Int, progress: (Int64) -> Void = { _ in }) async -> [Int32: Int64] {
        let count = batch.record.count
        return await withTaskGroup(of: (codes: Int64, wins: [Int32: Int64]).self) { group in
            var next: Int64 = 0
            func start(in group: inout TaskGroup<(codes: Int64, wins: [Int32: Int64])>) {
                guard next < count else { return }
                let indexes = next..<min(next + Self.pieceCodes, count)
                next = indexes.upperBound
                group.addTask { (Int64(indexes.count), wins(indexes)) }
            }
            for _ in 0..<max(1, workers) { start(in: &group) }
            var total: [Int32: Int64] = [:]
            var counted: Int64 = 0
            for await (codes, wins) in group {
                total.merge(wins) { $0 + $1 }
                counted += codes
                progress(counted)
                start(in: &group)
            }
            return total
        }
    }

    private func wins(_ indexes: Range<Int64>) -> [Int32: Int64] {
        var wins: [Int32: Int64] = [:]
        for index in indexes { wins[batch.prize(of: index)?.tier ?? 0, default: 0] += 1 }
        return wins
    }
}
