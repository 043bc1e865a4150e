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
    let result: QueryResult
    let row: Int32
    private(set) var column: Int32 = 0

    init(result: QueryResult, row: Int32) {
        self.result = result
        self.row = row
    }

    /// The next column.
    ///
    /// - Throws: ``PostgresError/Code/decoding`` where there is none, or it is of another type.
    public mutating func next<Value: PostgresDecodable>(_: Value.Type = Value.self) throws(PostgresError) -> Value {
        guard column < result.columnCount else {
            throw PostgresError(.decoding, "a row has \(result.columnCount) columns, one more was read")
        }
        defer { column += 1 }
        return try Value(postgres: result.value(row: row, column: column))
    }

    /// The next column by its raw value: ids, money, enumerations.
    ///
    /// - Throws: ``PostgresError/Code/decoding``, also where the type has no such value.
    @_disfavoredOverload
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

    private func noValue(_ type: Any.Type) -> PostgresError {
        PostgresError(.decoding, "column \(column) holds no value of \(type)")
    }
}
