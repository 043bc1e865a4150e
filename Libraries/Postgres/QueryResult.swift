import CLibPQ

/// A result of libpq: the one place where a `PGresult` is freed.
@usableFromInline
@safe final class QueryResult: @unchecked Sendable {  // immutable once libpq has handed it over
    private let raw: OpaquePointer

    init(_ raw: OpaquePointer) {
        unsafe self.raw = raw
    }

    deinit {
        unsafe PQclear(raw)
    }

    var status: ExecStatusType { unsafe PQresultStatus(raw) }
    var rowCount: Int32 { unsafe PQntuples(raw) }
    var columnCount: Int32 { unsafe PQnfields(raw) }

    /// The rows that the command says it touched.
    ///
    /// Truth for a decision is RETURNING.
    var affectedCount: Int {
        guard let text = unsafe PQcmdTuples(raw) else { return 0 }
        return unsafe Int(String(cString: text)) ?? 0
    }

    /// The command as the server names it, `INSERT 0 1`.
    var commandTag: String { unsafe PQcmdStatus(raw).map { unsafe String(cString: $0) } ?? "" }

    /// A column's bytes; nil is NULL.
    ///
    /// The bytes live as long as the result.
    func value(row: Int32, column: Int32) -> PostgresValue? {
        guard unsafe PQgetisnull(raw, row, column) == 0 else { return nil }
        let bytes = unsafe UnsafeRawBufferPointer(
            start: PQgetvalue(raw, row, column), count: Int(max(0, PQgetlength(raw, row, column))))
        return unsafe PostgresValue(type: PostgresType(rawValue: PQftype(raw, column)), bytes: bytes)
    }

    /// The error that the result stands for; nil where it is none.
    var error: PostgresError? {
        switch status {
        case PGRES_FATAL_ERROR, PGRES_BAD_RESPONSE:
            let text = field("M")
            guard let state = field("C") else {
                // libpq made this result itself: the connection broke, or the server sent nonsense.
                let words = unsafe PQresultErrorMessage(raw).map { unsafe String(cString: $0) }
                return PostgresError(
                    .connectionLost, "the database connection ended in mid-statement", serverText: words)
            }
            let code = PostgresError.Code.server(SQLState(rawValue: state))
            let detail = [text, field("D"), field("W")].compactMap(\.self)
            return PostgresError(
                code, "refused", constraint: field("n"), serverText: detail.joined(separator: "; "))
        case PGRES_PIPELINE_ABORTED:
            return PostgresError(.protocolViolation, "an earlier statement of the pipeline failed")
        default:
            return nil
        }
    }

    /// A field of the server's error, by the letter that `postgres_ext.h` and the protocol give it.
    private func field(_ letter: UnicodeScalar) -> String? {
        unsafe PQresultErrorField(raw, Int32(letter.value)).map { unsafe String(cString: $0) }
    }

    /// Reads every row, on the caller's thread.
    func rows<Row>(_ read: (inout RowReader) throws(PostgresError) -> Row) throws(PostgresError) -> [Row] {
        for column in 0..<columnCount where unsafe PQfformat(raw, column) != 1 {
            throw PostgresError(.decoding, "column \(column + 1) came as text")
        }
        var rows: [Row] = []
        rows.reserveCapacity(Int(rowCount))
        for row in 0..<rowCount {
            var reader = RowReader(result: self, row: row)
            rows.append(try read(&reader))
            if row == 0, Row.self != Void.self, reader.column != columnCount {
                throw PostgresError(.decoding, "a row has \(columnCount) columns, \(reader.column) were read")
            }
        }
        return rows
    }
}
