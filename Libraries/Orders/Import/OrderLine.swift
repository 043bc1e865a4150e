import FoundationEssentials
import Kernel

/// What a line of a file says, before anybody is looked up.
struct OrderLine: Equatable {
    /// What tells this order from the others of its source.
    enum Identity: Equatable {
        /// A number that the source gave it.
        case number(ArraySlice<UInt8>)
        /// Nothing but what it says; equal lines are counted.
        case content(day: Int32)
    }

    var customer: ArraySlice<UInt8>
    var identity: Identity
    var status: OrderStatus
    var placedAt: Date
    var quantity: Int32
    var amount: Money
    var changedAt: Date
}

/// Reads lines of one format.
enum LineReader {
    case cdnow
    case csv(CSVColumns)

    /// The reader that the first line of a file calls for; nil if it is not the header of `format`.
    init?(format: ImportFormat, header: ArraySlice<UInt8>) {
        switch format {
        case .cdnow:
            guard CDNOWLine.isHeader(header) else { return nil }
            self = .cdnow
        case .csv:
            guard let columns = CSVColumns(header: header) else { return nil }
            self = .csv(columns)
        }
    }

    func read(_ line: ArraySlice<UInt8>) throws(LineRefusal) -> OrderLine {
        switch self {
        case .cdnow: try CDNOWLine.read(line)
        case .csv(let columns): try columns.read(line)
        }
    }
}

// MARK: - Fields

/// Readers of single fields.
///
/// They work on bytes: text is decoded once per customer, not once per line.
enum Field {
    /// A whole number without sign of at most nine digits.
    static func number(_ bytes: ArraySlice<UInt8>) -> Int32? {
        guard !bytes.isEmpty, bytes.count <= 9 else { return nil }
        var number: Int32 = 0
        for byte in bytes {
            guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
            number = number * 10 + Int32(byte - UInt8(ascii: "0"))
        }
        return number
    }

    static func quantity(_ bytes: ArraySlice<UInt8>) throws(LineRefusal) -> Int32 {
        guard let number = number(bytes), number >= 1, number <= ImportLimit.quantity.value else { throw .quantity }
        return number
    }

    static func amount(_ bytes: ArraySlice<UInt8>) throws(LineRefusal) -> Money {
        guard let money = Money(yuan: bytes), money >= .zero, money <= ImportLimit.amount.value else { throw .amount }
        return money
    }

    /// Text without control characters, of a length within limits.
    static func isText(_ bytes: ArraySlice<UInt8>, lengthMax: Int) -> Bool {
        !bytes.isEmpty && bytes.count <= lengthMax && bytes.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
            && bytes.contains { $0 != UInt8(ascii: " ") }
    }

    /// Days since 1970-01-01; nil for days that no calendar has, and outside the years 1970 to 9999.
    static func day(year: Int32, month: Int32, day: Int32) -> Int32? {
        guard (1970...9999).contains(year), (1...12).contains(month), day >= 1 else { return nil }
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let lengths: [Int32] = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        guard day <= lengths[Int(month) - 1] else { return nil }
        // Years begin in March, so that the leap day is their last (Hinnant, "chrono-compatible date algorithms").
        let shifted = month > 2 ? year : year - 1
        let monthOfYear = month > 2 ? month - 3 : month + 9
        let era = shifted / 400
        let yearOfEra = shifted % 400
        let dayOfYear = (153 * monthOfYear + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    /// An instant of RFC 3339 with its offset; digits below a microsecond are cut.
    static func instant(_ bytes: ArraySlice<UInt8>) -> Date? {
        var rest = bytes
        func take(_ count: Int) -> Int32? {
            guard rest.count >= count else { return nil }
            defer { rest = rest.dropFirst(count) }
            return number(rest.prefix(count))
        }
        func skip(_ allowed: UInt8...) -> UInt8? {
            guard let byte = rest.first, allowed.contains(byte) else { return nil }
            rest = rest.dropFirst()
            return byte
        }
        guard let year = take(4), skip(UInt8(ascii: "-")) != nil, let month = take(2), skip(UInt8(ascii: "-")) != nil,
            let dayOfMonth = take(2), let days = day(year: year, month: month, day: dayOfMonth),
            skip(UInt8(ascii: "T"), UInt8(ascii: "t"), UInt8(ascii: " ")) != nil,
            let hour = take(2), hour < 24, skip(UInt8(ascii: ":")) != nil, let minute = take(2), minute < 60,
            skip(UInt8(ascii: ":")) != nil, let second = take(2), second < 60
        else { return nil }
        var microseconds: Int64 = 0
        if skip(UInt8(ascii: ".")) != nil {
            let digits = rest.prefix { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
            guard !digits.isEmpty, digits.count <= 9 else { return nil }
            rest = rest.dropFirst(digits.count)
            for place in 0..<6 {
                let index = digits.startIndex + place
                microseconds =
                    microseconds * 10 + (index < digits.endIndex ? Int64(digits[index] - UInt8(ascii: "0")) : 0)
            }
        }
        var offset: Int32 = 0
        if skip(UInt8(ascii: "Z"), UInt8(ascii: "z")) == nil {
            guard let sign = skip(UInt8(ascii: "+"), UInt8(ascii: "-")), let hours = take(2), hours < 24,
                skip(UInt8(ascii: ":")) != nil, let minutes = take(2), minutes < 60
            else { return nil }
            offset = (hours * 60 + minutes) * (sign == UInt8(ascii: "-") ? -60 : 60)
        }
        guard rest.isEmpty else { return nil }
        let seconds = Int64(days) * 86_400 + Int64(hour * 3_600 + minute * 60 + second - offset)
        return Date(timeIntervalSince1970: Double(seconds) + Double(microseconds) / 1_000_000)
    }
}
