/// A statement with what its rows are read into.
///
/// ```swift
/// static func brand(_ id: ID<Brand>) -> Statement<String> {
///     Statement("SELECT name FROM siyu.brand WHERE brand_id = \(id)") { row throws(PostgresError) in try row.next() }
/// }
/// ```
public struct Statement<Row: Sendable>: Sendable {
    let sql: SQL
    let read: @Sendable (inout RowReader) throws(PostgresError) -> Row

    /// A statement whose rows `row` reads, column by column from the left.
    public init(_ sql: SQL, row: @escaping @Sendable (inout RowReader) throws(PostgresError) -> Row) {
        self.sql = sql
        self.read = row
    }
}

extension Statement where Row == Void {
    /// A statement whose rows, if there are any, are not read.
    public init(_ sql: SQL) {
        self.init(sql) { (_: inout RowReader) throws(PostgresError) in }
    }
}

/// Reads a row's columns from left to right.
@safe public struct RowReader {
    @usableFromInline let result: QueryResult
    @usableFromInline let row: Int32
    @usableFromInline var column: Int32 = 0

    init(result: QueryResult, row: Int32) {
        self.result = result
        self.row = row
    }

    /// The next column.
    ///
    /// - Throws: ``PostgresError/Code/decoding`` where there is none, or it is of another type.
    @inlinable
    public mutating func next<Value: PostgresDecodable>(_: Value.Type = Value.self) throws(PostgresError) -> Value {
        try Value(postgres: takeValue())
    }

    /// The next column's bytes; nil is NULL.
    @usableFromInline
    mutating func takeValue() throws(PostgresError) -> PostgresValue? {
        guard column < result.columnCount else {
            throw PostgresError(.decoding, "a row has \(result.columnCount) columns, one more was read")
        }
        defer { column += 1 }
        return result.value(row: row, column: column)
    }

    /// The next column, a `bytea`.
    ///
    /// - Throws: ``PostgresError/Code/decoding``.
    public mutating func next(_: [UInt8].Type = [UInt8].self) throws(PostgresError) -> [UInt8] {
        guard let bytes = try next([UInt8]?.self) else {
            throw PostgresError(.decoding, "a column that is NULL was read as bytes")
        }
        return bytes
    }

    /// The next column, a `bytea` that may be NULL.
    ///
    /// - Throws: ``PostgresError/Code/decoding``.
    public mutating func next(_: [UInt8]?.Type = [UInt8]?.self) throws(PostgresError) -> [UInt8]? {
        guard let value = try takeValue() else { return nil }
        guard value.type == .bytea else { throw value.mismatch([UInt8].self) }
        return unsafe [UInt8](value.bytes)
    }

    /// The next column by its raw value: ids, money, enumerations.
    ///
    /// - Throws: ``PostgresError/Code/decoding``, also where the type has no such value.
    @_disfavoredOverload
    @inlinable
    public mutating func next<Value: RawRepresentable>(_: Value.Type = Value.self) throws(PostgresError) -> Value
    where Value.RawValue: PostgresDecodable {
        guard let value = Value(rawValue: try next(Value.RawValue.self)) else { throw noValue(Value.self) }
        return value
    }

    /// The next column by its raw value, nil where it is NULL.
    ///
    /// - Throws: ``PostgresError/Code/decoding``, also where the type has no such value.
    @_disfavoredOverload
    public mutating func next<Value: RawRepresentable>(_: Value?.Type = Value?.self) throws(PostgresError) -> Value?
    where Value.RawValue: PostgresDecodable {
        guard let raw = try next(Value.RawValue?.self) else { return nil }
        guard let value = Value(rawValue: raw) else { throw noValue(Value.self) }
        return value
    }

    /// The next column, an array, by its elements' raw values.
    ///
    /// - Throws: ``PostgresError/Code/decoding``, also where the type has no such value.
    @_disfavoredOverload
    public mutating func next<Value: RawRepresentable>(_: [Value].Type = [Value].self) throws(PostgresError) -> [Value]
    where Value.RawValue: PostgresDecodable {
        var values: [Value] = []
        for raw in try next([Value.RawValue].self) {
            guard let value = Value(rawValue: raw) else { throw noValue(Value.self) }
            values.append(value)
        }
        return values
    }

    @usableFromInline
    func noValue(_ type: Any.Type) -> PostgresError {
        PostgresError(.decoding, "column \(column) holds no value of \(type)")
    }
}
