package import FoundationEssentials

/// How many codes a decision concerns, and what it changes for them.
package struct RangeCounts: Hashable, Sendable {
    /// All codes of the range.
    package let codes: Int64
    /// Those that were redeemed; they stay redeemed whatever is decided.
    package let redeemed: Int64
    /// Those that may be redeemed, or could be if they had not been, without the decision.
    package let activeBefore: Int64
    /// Those that may be with it.
    package let activeAfter: Int64

    /// Counts at an instant at which the decision holds.
    ///
    /// - Parameter others: What else was decided about the batch.
    package init(of range: CodeRange, beside others: [CodeRange], at instant: Date, redeemed: Int64) {
        codes = Int64(range.indexes.count)
        self.redeemed = redeemed
        activeBefore = Self.active(in: range.indexes, by: others, at: instant)
        activeAfter = Self.active(in: range.indexes, by: others + [range], at: instant)
    }

    /// Between two neighbouring ends of ranges all codes stand alike, so that one of each stretch is asked.
    private static func active(in indexes: Range<Int64>, by ranges: [CodeRange], at instant: Date) -> Int64 {
        let ends = ranges.flatMap { [$0.indexes.lowerBound, $0.indexes.upperBound] }.filter(indexes.contains)
        let stretches = Set(ends + [indexes.lowerBound]).sorted() + [indexes.upperBound]
        return zip(stretches, stretches.dropFirst()).reduce(0) { sum, stretch in
            CodeStanding.of(stretch.0, in: ranges, at: instant) == .active ? sum + stretch.1 - stretch.0 : sum
        }
    }
}
