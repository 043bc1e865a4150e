import CLibPQ

/// libpq's calls that take parameters as C arrays.
enum LibPQ {
    /// Queues the preparation of a named statement.
    static func prepare(_ statement: SQL, as name: String, on raw: OpaquePointer) -> Bool {
        let types = statement.parameters.fields.map { Oid($0.type) }
        return unsafe PQsendPrepare(raw, name, statement.text, Int32(types.count), types) == 1
    }

    /// Queues a statement, by its name or as text, with parameters and results in binary format.
    static func send(_ statement: SQL, as name: String? = nil, on raw: OpaquePointer) -> Bool {
        let fields = statement.parameters.fields
        let count = Int32(fields.count)
        let lengths = fields.map { max(0, $0.length) }
        let formats = [Int32](repeating: 1, count: fields.count)
        return unsafe statement.parameters.buffer.withUnsafeBytes { buffer in
            let values = unsafe fields.map { field in unsafe value(of: field, in: buffer) }
            if let name {
                return unsafe PQsendQueryPrepared(raw, name, count, values, lengths, formats, 1) == 1
            }
            let types = fields.map { Oid($0.type) }
            return unsafe PQsendQueryParams(raw, statement.text, count, types, values, lengths, formats, 1) == 1
        }
    }

    /// Where libpq finds a value: a null pointer means NULL, so an empty value needs an address of its own.
    private static func value(of field: Parameters.Field, in buffer: UnsafeRawBufferPointer) -> UnsafePointer<CChar>? {
        if field.length < 0 { return nil }
        let bytes = unsafe field.length == 0 ? UnsafeRawPointer(empty.utf8Start) : buffer.baseAddress
        return unsafe bytes?.advanced(by: field.length == 0 ? 0 : field.offset).assumingMemoryBound(to: CChar.self)
    }

    private static let empty: StaticString = ""
}
