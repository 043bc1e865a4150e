/// The text of a statement with its parameters: interpolated values become bind parameters, `$1`, `$2` and so on.
///
/// ```swift
/// let statement: SQL = "SELECT name FROM siyu.brand WHERE brand_id = \(brand)"   // … = $1
/// ```
///
/// Text that must stand in the statement itself needs the label `unsafeRaw`, which a search finds.
public struct SQL: ExpressibleByStringInterpolation, Sendable {
    let text: String
    let parameters: Parameters

    /// A statement without parameters.
    public init(stringLiteral value: String) {
        text = value
        parameters = Parameters()
    }

    /// A statement with the values interpolated into it.
    public init(stringInterpolation: Interpolation) {
        text = stringInterpolation.text
        parameters = stringInterpolation.parameters
    }

    /// Gathers text and parameters.
    public struct Interpolation: StringInterpolationProtocol {
        var text = ""
        var parameters = Parameters()

        /// Makes room for the text.
        public init(literalCapacity: Int, interpolationCount: Int) {
            text.reserveCapacity(literalCapacity + interpolationCount * 4)
        }

        /// Adds text.
        public mutating func appendLiteral(_ literal: String) {
            text += literal
        }

        /// Binds a value.
        public mutating func appendInterpolation(_ value: some PostgresEncodable) {
            parameters.append(value)
            text += "$\(parameters.fields.count)"
        }

        /// Binds a value that may be missing: NULL then.
        ///
        /// An overload of its own, because the compiler takes an optional in a literal for a slip where the parameter does
        /// not say that it is one.
        public mutating func appendInterpolation<Value: PostgresEncodable>(_ value: Value?) {
            parameters.append(value)
            text += "$\(parameters.fields.count)"
        }

        /// Binds a value by its raw value: ids, money, enumerations.
        @_disfavoredOverload
        public mutating func appendInterpolation<Value: RawRepresentable>(_ value: Value)
        where Value.RawValue: PostgresEncodable {
            appendInterpolation(value.rawValue)
        }

        /// Binds a value that may be missing by its raw value.
        @_disfavoredOverload
        public mutating func appendInterpolation<Value: RawRepresentable>(_ value: Value?)
        where Value.RawValue: PostgresEncodable {
            appendInterpolation(value.map { $0.rawValue })
        }

        /// Binds an array by its elements' raw values.
        @_disfavoredOverload
        public mutating func appendInterpolation<Value: RawRepresentable>(_ values: [Value])
        where Value.RawValue: PostgresEncodable {
            // Not as a key path: of a generic type it would be made anew each time, for more than the values cost.
            appendInterpolation(values.map { $0.rawValue })
        }

        /// Says what becomes of rows whose key is taken.
        public mutating func appendInterpolation(_ onConflict: OnConflict) {
            text += onConflict.rawValue
        }

        /// Puts text into the statement as it stands: never anything that came from outside.
        public mutating func appendInterpolation(unsafeRaw raw: String) {
            text += raw
        }
    }
}

/// What an INSERT does with a row whose key is taken.
public enum OnConflict: String, Sendable {
    /// The row is left out: for those who must expect that somebody else was there.
    case doNothing = "ON CONFLICT DO NOTHING"
    /// The statement fails with a unique violation, and the transaction with it.
    ///
    /// For those who have just looked: it spares a second look for each row and key, a third of what inserting a row costs.
    case fail = ""
}

/// Bound values in binary form, one after another in a single buffer.
struct Parameters: Sendable {
    struct Field {
        var type: UInt32
        var offset: Int
        /// −1 is NULL.
        var length: Int32
    }

    private(set) var buffer: [UInt8] = []
    private(set) var fields: [Field] = []
    /// The first value that has no form in PostgreSQL: interpolation cannot throw, so sending does.
    private(set) var fault: PostgresError?

    mutating func append(_ value: some PostgresEncodable) {
        let type = Swift.type(of: value).postgresType.rawValue
        let start = buffer.count
        guard !value.isPostgresNull else {
            fields.append(Field(type: type, offset: start, length: -1))
            return
        }
        do throws(PostgresError) {
            try value.encode(into: &buffer)
        } catch {
            fault = fault ?? error
        }
        guard let length = Int32(exactly: buffer.count - start) else {
            fault = fault ?? PostgresError(.invalidStatement, "a value is larger than 2 GB")
            return
        }
        fields.append(Field(type: type, offset: start, length: length))
    }
}
