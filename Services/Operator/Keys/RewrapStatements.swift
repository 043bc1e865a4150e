import Kernel
import Postgres

/// The SQL of sealing again; names of tables and columns are constants of ``SealedColumn``.
enum RewrapStatements {
    /// A sealed value and where it stands.
    struct Found: Sendable {
        /// The table's key behind the brand, as text.
        let key: [String]
        let sealed: [UInt8]
        /// What binds it to its row; empty where nothing does.
        let context: [UInt8]
    }

    static var brands: Statement<ID<Brand>> {
        Statement("SELECT brand_id FROM siyu.brand ORDER BY brand_id") { row throws(PostgresError) in try row.next() }
    }

    /// Values under other keys than `newest`, in the order of the table's key, from its beginning.
    static func first(
        _ column: SealedColumn, notUnder newest: [UInt8], brand: ID<Brand>, limit: Int
    ) -> Statement<Found> {
        Statement(
            """
            SELECT ARRAY[\(unsafeRaw: column.keyTexts)], \(unsafeRaw: column.column), \(unsafeRaw: column.context)
            FROM \(unsafeRaw: column.table)
            WHERE brand_id = \(brand) AND \(unsafeRaw: column.column) IS NOT NULL
                AND substring(\(unsafeRaw: column.column) FROM 2 FOR 4) <> \(newest)
            ORDER BY \(unsafeRaw: column.keyNames)
            LIMIT \(limit)
            """, row: found)
    }

    /// The same from behind a key.
    ///
    /// A text of its own: a place that may be missing would keep the server from beginning at it.
    static func next(
        _ column: SealedColumn, notUnder newest: [UInt8], after place: [String], brand: ID<Brand>, limit: Int
    ) -> Statement<Found> {
        // The place is the first parameter, and is named once more for each part of the key.
        Statement(
            """
            SELECT ARRAY[\(unsafeRaw: column.keyTexts)], \(unsafeRaw: column.column), \(unsafeRaw: column.context)
            FROM \(unsafeRaw: column.table)
            WHERE cardinality(\(place)::text[]) > 0 AND brand_id = \(brand) AND \(unsafeRaw: column.column) IS NOT NULL
                AND substring(\(unsafeRaw: column.column) FROM 2 FOR 4) <> \(newest)
                AND (\(unsafeRaw: column.keyNames)) > (\(unsafeRaw: column.keyCasts(of: "$1")))
            ORDER BY \(unsafeRaw: column.keyNames)
            LIMIT \(limit)
            """, row: found)
    }

    /// Exchanges values that are still what they were: one that was erased or replaced meanwhile stays so.
    static func exchange(
        _ column: SealedColumn, _ values: [(found: Found, resealed: [UInt8])], brand: ID<Brand>
    ) -> Statement<Bool> {
        let first = values.map { $0.found.key[0] }
        let second = values.map { $0.found.key.count > 1 ? $0.found.key[1] : "" }
        return Statement(
            """
            UPDATE \(unsafeRaw: column.table) t
            SET \(unsafeRaw: column.column) = x.resealed
            FROM unnest(\(first)::text[], \(second)::text[], \(values.map(\.found.sealed))::bytea[],
                \(values.map(\.resealed))::bytea[]) AS x (first, second, sealed, resealed)
            WHERE t.brand_id = \(brand) AND \(unsafeRaw: column.keyMatches) AND t.\(unsafeRaw: column.column) = x.sealed
            RETURNING true
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    /// How many values a master key seals, across all brands.
    static func count(_ column: SealedColumn, under key: [UInt8]) -> Statement<Int> {
        Statement(
            """
            SELECT count(*)
            FROM \(unsafeRaw: column.table)
            WHERE substring(\(unsafeRaw: column.column) FROM 2 FOR 4) = \(key)
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    private static func found(_ row: inout RowReader) throws(PostgresError) -> Found {
        Found(key: try row.next(), sealed: try row.next(), context: try row.next())
    }
}

extension SealedColumn {
    fileprivate var keyNames: String { keys.map(\.name).joined(separator: ", ") }

    fileprivate var keyTexts: String { keys.map { "\($0.name)::text" }.joined(separator: ", ") }

    fileprivate func keyCasts(of array: String) -> String {
        keys.indices.map { "CAST((\(array)::text[])[\($0 + 1)] AS \(keys[$0].type))" }.joined(separator: ", ")
    }

    fileprivate var keyMatches: String {
        zip(keys, ["first", "second"]).map { key, name in "t.\(key.name) = CAST(x.\(name) AS \(key.type))" }
            .joined(separator: " AND ")
    }
}
