package import Kernel

/// Why an amount cannot be split.
package enum SplitError: Error, Hashable, Sendable {
    /// A weight is less than zero, or none is more.
    case weights
    /// Two parts have the same key.
    case keyTwice
}

/// Fen-exact splits: the parts of an amount sum to it, always.
package enum Split {
    /// Splits an amount by weights, by the largest remainder.
    ///
    /// Each part gets its share rounded down; the fen that are left go one each to the parts that lost most by rounding, and among equals
    /// to the lower key. So the result is the same in whatever order the parts are given, and the split of what goes back is the negative
    /// of what came. A part of weight zero gets nothing.
    package static func byWeight<Key: Hashable & Comparable>(
        _ amount: Money, _ weights: [(key: Key, weight: Int64)]
    ) throws(SplitError) -> [Key: Money] {
        var total: UInt128 = 0
        for (_, weight) in weights {
            guard weight >= 0 else { throw .weights }
            total += UInt128(weight)
        }
        guard total > 0 else { throw .weights }
        var parts: [(key: Key, fen: UInt64, remainder: UInt128)] = []
        var left = amount.fen.magnitude
        for (key, weight) in weights {
            let (share, remainder) = (UInt128(amount.fen.magnitude) * UInt128(weight)).quotientAndRemainder(
                dividingBy: total)
            // A share of what fits 64 bits fits them.
            let fen = UInt64(share)
            parts.append((key, fen, remainder))
            left -= fen
        }
        parts.sort { ($1.remainder, $0.key) < ($0.remainder, $1.key) }
        var result: [Key: Money] = [:]
        for (key, fen, _) in parts {
            // What is left is less than the number of parts that lost something, and those stand first.
            let extra: UInt64 = left > 0 ? 1 : 0
            left -= extra
            guard result.updateValue(signed(fen + extra, like: amount), forKey: key) == nil else { throw .keyTwice }
        }
        return result
    }

    /// Splits an amount into `count` parts that differ by one fen at most, the larger ones first.
    package static func evenly(_ amount: Money, into count: Int) throws(SplitError) -> [Money] {
        guard count > 0 else { throw .weights }
        let parts = try byWeight(amount, (0..<count).map { ($0, 1) })
        return (0..<count).map { parts[$0] ?? .zero }
    }

    /// The part `numerator / denominator` of an amount, rounded towards zero; zero of nothing.
    package static func part(of amount: Money, _ numerator: UInt64, of denominator: UInt64) -> Money {
        guard denominator > 0 else { return .zero }
        let share = UInt128(amount.fen.magnitude) * UInt128(numerator) / UInt128(denominator)
        return signed(UInt64(clamping: share), like: amount)
    }

    /// The magnitude never exceeds that of `amount`, which has that sign.
    private static func signed(_ magnitude: UInt64, like amount: Money) -> Money {
        Money(fen: amount.fen < 0 ? Int64(truncatingIfNeeded: 0 &- magnitude) : Int64(truncatingIfNeeded: magnitude))
    }
}
