/// An amount of money in fen, the hundredth of a yuan.
///
/// There is no floating point anywhere near it: text is read digit by digit, and sums that do not fit 64 bits are thrown, not trapped,
/// since amounts come from other people's files.
package struct Money: RawRepresentable, Hashable, Sendable, Codable {
    /// The amount in fen; negative where money goes back.
    package let rawValue: Int64

    /// An amount in fen.
    package init(rawValue: Int64) { self.rawValue = rawValue }

    /// An amount in fen.
    package init(fen: Int64) { self.init(rawValue: fen) }

    /// No money at all.
    package static let zero = Money(rawValue: 0)

    /// The amount in fen.
    package var fen: Int64 { rawValue }

    /// Reads an integer of fen.
    package init(from decoder: any Decoder) throws {
        self.init(rawValue: try decoder.singleValueContainer().decode(Int64.self))
    }

    /// Writes an integer of fen.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rawValue)
    }
}

extension Money: Comparable {
    /// Compares amounts.
    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

// MARK: - Text

extension Money {
    /// Reads yuan: digits with at most two decimals, as in `11.77`, `12`, `0.5` or `-3.00`; nil for anything else.
    package init?(yuan text: some StringProtocol) {
        self.init(yuan: text.utf8)
    }

    /// Reads yuan from ASCII bytes, under the same rules; this is what imports use, line by line.
    package init?(yuan bytes: some Sequence<UInt8>) {
        var fen: Int64 = 0
        var digits = 0
        var decimals: Int?
        var isNegative = false
        var isFirst = true
        for byte in bytes {
            defer { isFirst = false }
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                // Accumulated below zero, where there is room for one more value than above.
                guard decimals != 2 else { return nil }
                guard let next = Self.appended(byte - UInt8(ascii: "0"), to: fen) else { return nil }
                fen = next
                if let read = decimals { decimals = read + 1 } else { digits += 1 }
            case UInt8(ascii: ".") where decimals == nil && digits > 0: decimals = 0
            case UInt8(ascii: "-") where isFirst: isNegative = true
            default: return nil
            }
        }
        guard digits > 0, decimals != 0 else { return nil }
        for _ in (decimals ?? 0)..<2 {
            guard let next = Self.appended(0, to: fen) else { return nil }
            fen = next
        }
        if !isNegative {
            guard fen != .min else { return nil }
            fen = -fen
        }
        self.init(rawValue: fen)
    }

    private static func appended(_ digit: UInt8, to negated: Int64) -> Int64? {
        let (tenfold, tooLong) = negated.multipliedReportingOverflow(by: 10)
        let (sum, tooLow) = tenfold.subtractingReportingOverflow(Int64(digit))
        return tooLong || tooLow ? nil : sum
    }

    /// Yuan with two decimals and no grouping, as in `2500315.63`.
    package var yuanText: String {
        let (yuan, fen) = rawValue.magnitude.quotientAndRemainder(dividingBy: 100)
        return "\(rawValue < 0 ? "-" : "")\(yuan).\(fen < 10 ? "0" : "")\(fen)"
    }
}

extension Money: CustomStringConvertible {
    /// Yuan with the currency's sign, for people: `¥2500315.63`.
    package var description: String { "¥\(yuanText)" }
}

// MARK: - Arithmetic

/// The refusal of a sum that does not fit 64 bits of fen.
package enum MoneyError: Error, Hashable, Sendable {
    /// The result lies outside ±92 quadrillion yuan.
    case overflow
}

extension Money {
    /// The sum of two amounts.
    package static func + (left: Self, right: Self) throws(MoneyError) -> Self {
        try checked(left.rawValue.addingReportingOverflow(right.rawValue))
    }

    /// What remains of an amount.
    package static func - (left: Self, right: Self) throws(MoneyError) -> Self {
        try checked(left.rawValue.subtractingReportingOverflow(right.rawValue))
    }

    /// An amount taken `count` times.
    package static func * (left: Self, count: Int) throws(MoneyError) -> Self {
        try checked(left.rawValue.multipliedReportingOverflow(by: Int64(count)))
    }

    private static func checked(_ result: (partialValue: Int64, overflow: Bool)) throws(MoneyError) -> Self {
        if result.overflow { throw .overflow }
        return Money(rawValue: result.partialValue)
    }
}

extension Sequence<Money> {
    /// The total of all amounts.
    package func sum() throws(MoneyError) -> Money {
        var total = Money.zero
        for amount in self { total = try total + amount }
        return total
    }
}
