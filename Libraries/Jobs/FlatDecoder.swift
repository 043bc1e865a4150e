import Foundation

/// Decodes a ``FlatPayload``.
///
/// - Invariant: where it gives a value, Foundation's decoder would give the same.
struct FlatDecoder: Decoder {
    let payload: FlatPayload
    /// The member that is decoded; nil for the whole.
    private let value: FlatPayload.Value?

    init(_ payload: FlatPayload, _ value: FlatPayload.Value? = nil) {
        self.payload = payload
        self.value = value
    }

    // A type that wants to know where it stands, or what it was told, is Foundation's.
    var codingPath: [any CodingKey] {
        _ = payload.beyond()
        return []
    }
    var userInfo: [CodingUserInfoKey: Any] {
        _ = payload.beyond()
        return [:]
    }

    func container<Key: CodingKey>(keyedBy _: Key.Type) throws -> KeyedDecodingContainer<Key> {
        guard value == nil else { throw payload.beyond() }
        return KeyedDecodingContainer(FlatMembers<Key>(payload: payload))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer { throw payload.beyond() }

    func singleValueContainer() throws -> any SingleValueDecodingContainer {
        guard let value else { throw payload.beyond() }
        return FlatValue(payload: payload, value: value)
    }
}

extension FlatPayload {
    func bool(_ value: Value?) throws -> Bool {
        guard case .bool(let bool) = value else { throw beyond() }
        return bool
    }

    func string(_ value: Value?) throws -> String {
        guard case .text(let place) = value, let text = text(place) else { throw beyond() }
        return text
    }

    func integer<Integer: FixedWidthInteger>(_ value: Value?) throws -> Integer {
        guard case .integer(let number) = value, let integer = Integer(exactly: number) else { throw beyond() }
        return integer
    }

    func decode<Value: Decodable>(_: Value.Type, _ value: FlatPayload.Value?) throws -> Value {
        // Foundation reads these in ways of its own.
        guard let value, Value.self != Date.self, Value.self != Data.self, Value.self != URL.self,
            Value.self != Decimal.self
        else { throw beyond() }
        return try Value(from: FlatDecoder(self, value))
    }
}

/// The members of the object.
private struct FlatMembers<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let payload: FlatPayload

    var codingPath: [any CodingKey] {
        _ = payload.beyond()
        return []
    }
    var allKeys: [Key] {
        _ = payload.beyond()
        return []
    }

    private func value(_ key: Key) -> FlatPayload.Value? { payload.member(key.stringValue) }

    func contains(_ key: Key) -> Bool { value(key) != nil }

    func decodeNil(forKey key: Key) throws -> Bool {
        guard let value = value(key) else { throw payload.beyond() }
        if case .null = value { return true }
        return false
    }

    func decode(_: Bool.Type, forKey key: Key) throws -> Bool { try payload.bool(value(key)) }
    func decode(_: String.Type, forKey key: Key) throws -> String { try payload.string(value(key)) }
    func decode(_: Double.Type, forKey key: Key) throws -> Double { throw payload.beyond() }
    func decode(_: Float.Type, forKey key: Key) throws -> Float { throw payload.beyond() }
    func decode(_: Int.Type, forKey key: Key) throws -> Int { try payload.integer(value(key)) }
    func decode(_: Int8.Type, forKey key: Key) throws -> Int8 { try payload.integer(value(key)) }
    func decode(_: Int16.Type, forKey key: Key) throws -> Int16 { try payload.integer(value(key)) }
    func decode(_: Int32.Type, forKey key: Key) throws -> Int32 { try payload.integer(value(key)) }
    func decode(_: Int64.Type, forKey key: Key) throws -> Int64 { try payload.integer(value(key)) }
    func decode(_: UInt.Type, forKey key: Key) throws -> UInt { try payload.integer(value(key)) }
    func decode(_: UInt8.Type, forKey key: Key) throws -> UInt8 { try payload.integer(value(key)) }
    func decode(_: UInt16.Type, forKey key: Key) throws -> UInt16 { try payload.integer(value(key)) }
    func decode(_: UInt32.Type, forKey key: Key) throws -> UInt32 { try payload.integer(value(key)) }
    func decode(_: UInt64.Type, forKey key: Key) throws -> UInt64 { try payload.integer(value(key)) }

    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
        try payload.decode(type, value(key))
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy _: Nested.Type, forKey _: Key
    ) throws -> KeyedDecodingContainer<Nested> { throw payload.beyond() }
    func nestedUnkeyedContainer(forKey _: Key) throws -> any UnkeyedDecodingContainer { throw payload.beyond() }
    func superDecoder() throws -> any Decoder { throw payload.beyond() }
    func superDecoder(forKey _: Key) throws -> any Decoder { throw payload.beyond() }
}

/// One member: what an id or an enumeration reads.
private struct FlatValue: SingleValueDecodingContainer {
    let payload: FlatPayload
    let value: FlatPayload.Value

    var codingPath: [any CodingKey] {
        _ = payload.beyond()
        return []
    }

    func decodeNil() -> Bool {
        if case .null = value { return true }
        return false
    }

    func decode(_: Bool.Type) throws -> Bool { try payload.bool(value) }
    func decode(_: String.Type) throws -> String { try payload.string(value) }
    func decode(_: Double.Type) throws -> Double { throw payload.beyond() }
    func decode(_: Float.Type) throws -> Float { throw payload.beyond() }
    func decode(_: Int.Type) throws -> Int { try payload.integer(value) }
    func decode(_: Int8.Type) throws -> Int8 { try payload.integer(value) }
    func decode(_: Int16.Type) throws -> Int16 { try payload.integer(value) }
    func decode(_: Int32.Type) throws -> Int32 { try payload.integer(value) }
    func decode(_: Int64.Type) throws -> Int64 { try payload.integer(value) }
    func decode(_: UInt.Type) throws -> UInt { try payload.integer(value) }
    func decode(_: UInt8.Type) throws -> UInt8 { try payload.integer(value) }
    func decode(_: UInt16.Type) throws -> UInt16 { try payload.integer(value) }
    func decode(_: UInt32.Type) throws -> UInt32 { try payload.integer(value) }
    func decode(_: UInt64.Type) throws -> UInt64 { try payload.integer(value) }

    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try payload.decode(type, value) }
}
