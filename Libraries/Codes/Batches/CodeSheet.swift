import Kernel

/// The codes of a batch as a file: `index,code`, a line for each, in the order of the index.
///
/// Computed on all cores and handed out in order, a piece at a time: a batch of twenty million passes through a few megabytes. The same
/// batch gives the same bytes every time.
package struct CodeSheet: Sendable {
    /// The first line.
    package static let header = "index,code\n"
    /// Large enough that handing a piece over is not what costs.
    private static let pieceCodes: Int64 = 8_192

    private let batch: OpenBatch

    /// The file of a batch.
    package init(_ batch: OpenBatch) { self.batch = batch }

    /// Hands the file out, a piece at a time, each after the one before.
    ///
    /// - Parameters:
    ///   - workers: How many pieces are computed at once.
    ///   - write: Takes a piece, and how many codes have been written with it.
    package func write(workers: Int, to write: ([UInt8], Int64) async throws -> Void) async throws {
        try await write(Array(Self.header.utf8), 0)
        let count = batch.record.count
        try await withThrowingTaskGroup(of: (start: Int64, piece: [UInt8]).self) { group in
            var next: Int64 = 0
            func start(in group: inout ThrowingTaskGroup<(start: Int64, piece: [UInt8]), any Error>) {
                guard next < count else { return }
                let indexes = next..<min(next + Self.pieceCodes, count)
                next = indexes.upperBound
                group.addTask { (indexes.lowerBound, piece(indexes)) }
            }
            for _ in 0..<max(1, workers) { start(in: &group) }
            var due: Int64 = 0
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

    private func piece(_ indexes: Range<Int64>) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(indexes.count * (CodeText.characters + 12))
        for index in indexes {
            bytes.append(contentsOf: String(index).utf8)
            bytes.append(UInt8(ascii: ","))
            bytes.append(contentsOf: batch.cipher.code(at: index).utf8)
            bytes.append(UInt8(ascii: "\n"))
        }
        return bytes
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
