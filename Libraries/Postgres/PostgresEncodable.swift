public import FoundationEssentials

/// A value that can be bound to a parameter, in PostgreSQL's binary format.
public protocol PostgresEncodable: Sendable {
    /// The parameter's type.
    static var postgresType: PostgresType { get }
    /// Whether the value is NULL; ``encode(into:)`` is not called then.
    var isPostgresNull: Bool { get }
    /// Appends the binary form.
    ///
    /// - Throws: ``PostgresError/Code/invalidStatement`` where the value has no form in PostgreSQL.
    func encode(into buffer: inout [UInt8]) throws(PostgresError)
}

extension PostgresEncodable {
    /// Values are not NULL, unless they say so.
    public var isPostgresNull: Bool { false }
}

extension Array where Element == UInt8 {
    /// Appends an integer in network order.
    mutating func append(bigEndian value: some FixedWidthInteger) {
        unsafe Swift.withUnsafeBytes(of: value.bigEndian) { bytes in unsafe append(contentsOf: bytes) }
    }

    /// Writes an integer in network order over the four bytes at `offset`.
    mutating func replace(at offset: Int, with value: Int32) {
        for byte in 0..<4 { self[offset + byte] = UInt8(truncatingIfNeeded: value >> ((3 - byte) * 8)) }
    }
}

extension Bool: PostgresEncodable {
    /// `boolean`.
    public static var postgresType: PostgresType { .bool }
    /// One byte.
    public func encode(into buffer: inout [UInt8]) { buffer.append(self ? 1 : 0) }
}

extension Int16: PostgresEncodable {
    /// `smallint`.
    public static var postgresType: PostgresType { .int2 }
    /// Two bytes.
    public func encode(into buffer: inout [UInt8]) { buffer.append(bigEndian: self) }
}

extension Int32: PostgresEncodable {
    /// `integer`.
    public static var postgresType: PostgresType { .int4 }
    /// Four bytes.
    public func encode(into buffer: inout [UInt8]) { buffer.append(bigEndian: self) }
}

extension Int64: PostgresEncodable {
    /// `bigint`.
    public static var postgresType: PostgresType { .int8 }
    /// Eight bytes.
    public func encode(into buffer: inout [UInt8]) { buffer.append(bigEndian: self) }
}

extension Int: PostgresEncodable {
    /// `bigint`.
    public static var postgresType: PostgresType { .int8 }
    /// Eight bytes.
    public func encode(into buffer: inout [UInt8]) { buffer.append(bigEndian: Int64(self)) }
}

extension Double: PostgresEncodable {
    /// `double precision`.
    public static var postgresType: PostgresType { .float8 }
    /// Eight bytes.
    public func encode(into buffer: inout [UInt8]) { buffer.append(bigEndian: bitPattern) }
}

extension String: PostgresEncodable {
    /// `text`.
    public static var postgresType: PostgresType { .text }
    /// UTF-8.
    ///
    /// A NUL is passed on; the server refuses it with SQLSTATE 22021.
    public func encode(into buffer: inout [UInt8]) { buffer.append(contentsOf: utf8) }
}

extension UUID: PostgresEncodable {
    /// `uuid`.
    public static var postgresType: PostgresType { .uuid }
    /// Sixteen bytes.
    public func encode(into buffer: inout [UInt8]) {
        unsafe withUnsafeBytes(of: uuid) { unsafe buffer.append(contentsOf: $0) }
    }
}

extension Date: PostgresEncodable {
    /// `timestamp with time zone`.
    public static var postgresType: PostgresType { .timestamptz }
    /// Microseconds since 2000-01-01 UTC, rounded to the nearest; exact from 1729 to 2273.
    public func encode(into buffer: inout [UInt8]) throws(PostgresError) {
        // The fraction is taken off first: multiplying the whole would round twice.
        let seconds = timeIntervalSinceReferenceDate.rounded(.down)
        let fraction = (timeIntervalSinceReferenceDate - seconds) * 1_000_000
        // PostgreSQL ends in the year 294276, below this; NaN and the infinities are not below it.
        guard abs(seconds) < 9_000_000_000_000 else {
            throw PostgresError(.invalidStatement, "an instant lies outside PostgreSQL's range")
        }
        buffer.append(bigEndian: Int64(seconds) * 1_000_000 + Int64(fraction.rounded()) + Date.referenceMicroseconds)
    }

    /// Microseconds from PostgreSQL's epoch (2000-01-01) to Foundation's (2001-01-01).
    static var referenceMicroseconds: Int64 { 31_622_400_000_000 }
}

extension CalendarDate: PostgresEncodable {
    /// `date`.
    public static var postgresType: PostgresType { .date }
    /// Days since 2000-01-01.
    public func encode(into buffer: inout [UInt8]) throws(PostgresError) {
        let (days, overflows) = daysSinceEpoch.subtractingReportingOverflow(Self.postgresEpoch)
        guard !overflows else { throw PostgresError(.invalidStatement, "a day lies outside PostgreSQL's range") }
        buffer.append(bigEndian: days)
    }

    /// 2000-01-01 in days since 1970-01-01.
    static var postgresEpoch: Int32 { 10_957 }
}

extension Duration: PostgresEncodable {
    /// `interval`, without months or days.
    public static var postgresType: PostgresType { .interval }
    /// Microseconds, days, months; attoseconds below a microsecond are cut.
    public func encode(into buffer: inout [UInt8]) throws(PostgresError) {
        let (seconds, attoseconds) = components
        let (whole, overflows) = seconds.multipliedReportingOverflow(by: 1_000_000)
        let (sum, overflowsToo) = whole.addingReportingOverflow(attoseconds / 1_000_000_000_000)
        guard !overflows, !overflowsToo else {
            throw PostgresError(.invalidStatement, "a duration lies outside PostgreSQL's range")
        }
        buffer.append(bigEndian: sum)
        buffer.append(bigEndian: Int32(0))
        buffer.append(bigEndian: Int32(0))
    }
}

extension Optional: PostgresEncodable where Wrapped: PostgresEncodable {
    /// The type of the value that may be missing.
    public static var postgresType: PostgresType { Wrapped.postgresType }
    /// Whether there is no value.
    public var isPostgresNull: Bool {
        // A key path would be made anew for each value: that is most of what encoding one costs.
        guard let self else { return true }
        return self.isPostgresNull
    }
    /// The value's form.
    public func encode(into buffer: inout [UInt8]) throws(PostgresError) { try self?.encode(into: &buffer) }
}

extension Array: PostgresEncodable where Element: PostgresEncodable {
    /// `bytea` for bytes, else the array type of the element's.
    public static var postgresType: PostgresType {
        if Element.self == UInt8.self { return .bytea }
        // An element without a known array type is found when the server refuses type 0 (unknown): say which instead.
        return Element.postgresType.array ?? PostgresType(rawValue: 0)
    }

    /// The bytes themselves, or a one-dimensional array.
    public func encode(into buffer: inout [UInt8]) throws(PostgresError) {
        if Element.self == UInt8.self {
            // A cast to [UInt8] would look at each byte.
            unsafe withUnsafeBytes { bytes in unsafe buffer.append(contentsOf: bytes) }
            return
        }
        guard Element.postgresType.array != nil, let length = Int32(exactly: count) else {
            throw PostgresError(.invalidStatement, "an array of \(Element.self) has no form in PostgreSQL")
        }
        buffer.reserveCapacity(buffer.count + 20 + 12 * count)
        buffer.append(bigEndian: Int32(isEmpty ? 0 : 1))
        buffer.append(bigEndian: Int32(contains { $0.isPostgresNull } ? 1 : 0))
        buffer.append(bigEndian: Element.postgresType.rawValue)
        if isEmpty { return }
        buffer.append(bigEndian: length)
        buffer.append(bigEndian: Int32(1))
        for element in self { try buffer.appendField(element) }
    }
}

extension UInt8: PostgresEncodable {
    /// `"char"`; there so that `[UInt8]` is `bytea`.
    public static var postgresType: PostgresType { .char }
    /// One byte.
    public func encode(into buffer: inout [UInt8]) { buffer.append(self) }
}

extension Array where Element == UInt8 {
    /// Appends a value with its four-byte length before it, or −1 for NULL: the form of fields in arrays and in COPY.
    mutating func appendField(_ value: some PostgresEncodable) throws(PostgresError) {
        if value.isPostgresNull {
            append(bigEndian: Int32(-1))
            return
        }
        let start = count
        append(bigEndian: Int32(0))
        try value.encode(into: &self)
        guard let length = Int32(exactly: count - start - 4) else {
            throw PostgresError(.invalidStatement, "a value is larger than 2 GB")
        }
        replace(at: start, with: length)
    }
}
