public import FoundationEssentials

/// One column's bytes, as the server sent them in binary format; valid only while it is being decoded.
@safe public struct PostgresValue {
    /// The column's type.
    public let type: PostgresType
    let bytes: UnsafeRawBufferPointer

    init(type: PostgresType, bytes: UnsafeRawBufferPointer) {
        self.type = type
        unsafe self.bytes = unsafe bytes
    }

    /// How many bytes there are.
    public var count: Int { unsafe bytes.count }

    /// Refuses the value.
    public func mismatch(_ expected: Any.Type) -> PostgresError {
        PostgresError(.decoding, "a column of type \(type.rawValue) with \(count) bytes is not a \(expected)")
    }

    /// Reads an integer in network order that takes up the whole value.
    func integer<Integer: FixedWidthInteger>(_: Integer.Type) throws(PostgresError) -> Integer {
        guard count == MemoryLayout<Integer>.size else { throw mismatch(Integer.self) }
        return unsafe Integer(bigEndian: bytes.loadUnaligned(as: Integer.self))
    }

    /// Reads an integer in network order at `offset`; nil past the end.
    func integer<Integer: FixedWidthInteger>(_: Integer.Type, at offset: Int) -> Integer? {
        guard offset >= 0, offset <= count - MemoryLayout<Integer>.size else { return nil }
        return unsafe Integer(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Integer.self))
    }

    /// The part from `offset` on, `length` bytes; nil where the value is shorter.
    func slice(_ offset: Int, _ length: Int, as type: PostgresType) -> PostgresValue? {
        guard length >= 0, offset >= 0, offset <= count - length else { return nil }
        return unsafe PostgresValue(
            type: type, bytes: UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + length]))
    }
}

/// A value that can be read from a column, in PostgreSQL's binary format.
public protocol PostgresDecodable: Sendable {
    /// Reads the value; nil is NULL.
    ///
    /// - Throws: ``PostgresError/Code/decoding``.
    init(postgres value: PostgresValue?) throws(PostgresError)
}

extension PostgresDecodable {
    static func required(_ value: PostgresValue?) throws(PostgresError) -> PostgresValue {
        guard let value else { throw PostgresError(.decoding, "a column that is NULL was read as \(Self.self)") }
        return value
    }

    static func required(_ value: PostgresValue?, _ type: PostgresType) throws(PostgresError) -> PostgresValue {
        let value = try required(value)
        guard value.type == type else { throw value.mismatch(Self.self) }
        return value
    }

    static func required(_ value: PostgresValue?, _ types: PostgresType...) throws(PostgresError) -> PostgresValue {
        guard let value else { throw PostgresError(.decoding, "a column that is NULL was read as \(Self.self)") }
        guard types.contains(value.type) else { throw value.mismatch(Self.self) }
        return value
    }
}

extension Bool: PostgresDecodable {
    /// Reads `boolean`.
    public init(postgres value: PostgresValue?) throws(PostgresError) {
        self = try Self.required(value, .bool).integer(UInt8.self) != 0
    }
}

extension Int16: PostgresDecodable {
    /// Reads `smallint`.
    public init(postgres value: PostgresValue?) throws(PostgresError) {
        self = try Self.required(value, .int2).integer(Int16.self)
    }
}

extension Int32: PostgresDecodable {
    /// Reads `smallint` and `integer`.
    public init(postgres value: PostgresValue?) throws(PostgresError) {
        let value = try Self.required(value)
        switch value.type {
        case .int4: self = try value.integer(Int32.self)
        case .int2: self = Int32(try value.integer(Int16.self))
        default: throw value.mismatch(Int32.self)
        }
    }
}

extension Int64: PostgresDecodable {
    /// Reads `smallint`, `integer`, `bigint` and `oid`.
    public init(postgres value: PostgresValue?) throws(PostgresError) {
        let value = try Self.required(value)
        switch value.type {
        case .int8: self = try value.integer(Int64.self)
        case .int4: self = Int64(try value.integer(Int32.self))
        case .int2: self = Int64(try value.integer(Int16.self))
        case .oid: self = Int64(try value.integer(UInt32.self))
        default: throw value.mismatch(Int64.self)
        }
    }
}

extension Int: PostgresDecodable {
    /// Reads `smallint`, `integer`, `bigint` and `oid`.
    public init(postgres value: PostgresValue?) throws(PostgresError) {
        self = Int(try Int64(postgres: value))
    }
}

extension Double: PostgresDecodable {
    /// Reads `double precision`.
    public init(postgres value: PostgresValue?) throws(PostgresError) {
        self.init(bitPattern: try Self.required(value, .float8).integer(UInt64.self))
    }
}

extension String: PostgresDecodable {
    /// Reads the character types, `json` and `jsonb`.
    public init(postgres value: PostgresValue?) throws(PostgresError) {
        var value = try Self.required(value, .text, .varchar, .bpchar, .name, .char, .json, .jsonb)
        if value.type == .jsonb {
            guard value.integer(UInt8.self, at: 0) == 1, let json = value.slice(1, value.count - 1, as: .json) else {
                throw value.mismatch(String.self)
            }
            value = json
        }
        guard let text = unsafe String(validating: value.bytes, as: UTF8.self) else {
            throw value.mismatch(String.self)
        }
        self = text
    }
}

extension UUID: PostgresDecodable {
    /// Reads `uuid`.
    public init(postgres value: PostgresValue?) throws(PostgresError) {
        let value = try Self.required(value, .uuid)
        guard value.count == 16 else { throw value.mismatch(UUID.self) }
        self.init(uuid: unsafe value.bytes.loadUnaligned(as: uuid_t.self))
    }
}

extension Date: PostgresDecodable {
    /// Reads `timestamp with time zone`; its infinities are refused.
    public init(postgres value: PostgresValue?) throws(PostgresError) {
        let value = try Self.required(value, .timestamptz)
        let microseconds = try value.integer(Int64.self)
        let (shifted, overflows) = microseconds.subtractingReportingOverflow(Date.referenceMicroseconds)
        guard microseconds != .max, !overflows else { throw value.mismatch(Date.self) }
        self.init(timeIntervalSinceReferenceDate: Double(shifted) / 1_000_000)
    }
}

extension CalendarDate: PostgresDecodable {
    /// Reads `date`; its infinities are refused.
    public init(postgres value: PostgresValue?) throws(PostgresError) {
        let value = try Self.required(value, .date)
        let days = try value.integer(Int32.self)
        let (shifted, overflows) = days.addingReportingOverflow(Self.postgresEpoch)
        guard days != .min, !overflows else { throw value.mismatch(CalendarDate.self) }
        self.init(daysSinceEpoch: shifted)
    }
}

extension Duration: PostgresDecodable {
    /// Reads `interval`; a day is 24 hours, months are refused.
    public init(postgres value: PostgresValue?) throws(PostgresError) {
        let value = try Self.required(value, .interval)
        guard value.count == 16, let microseconds = value.integer(Int64.self, at: 0),
            let days = value.integer(Int32.self, at: 8), value.integer(Int32.self, at: 12) == 0
        else { throw value.mismatch(Duration.self) }
        self = .microseconds(microseconds) + .seconds(Int64(days) * 86_400)
    }
}

extension Optional: PostgresDecodable where Wrapped: PostgresDecodable {
    /// Reads NULL as nil.
    @inlinable
    public init(postgres value: PostgresValue?) throws(PostgresError) {
        self = value == nil ? nil : try Wrapped(postgres: value)
    }
}

extension UInt8: PostgresDecodable {
    /// Reads `"char"`.
    public init(postgres value: PostgresValue?) throws(PostgresError) {
        self = try Self.required(value, .char).integer(UInt8.self)
    }
}

extension Array: PostgresDecodable where Element: PostgresDecodable {
    /// Reads `bytea` into bytes, or an array of at most one dimension.
    public init(postgres value: PostgresValue?) throws(PostgresError) {
        guard let value else { throw PostgresError(.decoding, "a column that is NULL was read as \(Self.self)") }
        if Element.self == UInt8.self {
            guard value.type == .bytea, let bytes = unsafe [UInt8](value.bytes) as? Self else {
                throw value.mismatch(Self.self)
            }
            self = bytes
            return
        }
        guard let dimensions = value.integer(Int32.self, at: 0), let element = value.integer(UInt32.self, at: 8),
            dimensions == 0 || dimensions == 1
        else { throw value.mismatch(Self.self) }
        let elementType = PostgresType(rawValue: element)
        guard elementType.array == value.type else { throw value.mismatch(Self.self) }
        self = []
        if dimensions == 0 { return }
        // Each element takes four bytes at least: a count that the bytes cannot hold is refused before room is made.
        guard let count = value.integer(Int32.self, at: 12), count >= 0, Int(count) <= value.count / 4 else {
            throw value.mismatch(Self.self)
        }
        reserveCapacity(Swift.min(Int(count), 65_536))  // an element in memory may be much larger than four bytes
        var offset = 20
        for _ in 0..<count {
            guard let length = value.integer(Int32.self, at: offset) else { throw value.mismatch(Self.self) }
            offset += 4
            if length == -1 {
                append(try Element(postgres: nil))
                continue
            }
            guard let field = value.slice(offset, Int(length), as: elementType) else { throw value.mismatch(Self.self) }
            append(try Element(postgres: field))
            offset += Int(length)
        }
        guard offset == value.count else { throw value.mismatch(Self.self) }
    }
}
