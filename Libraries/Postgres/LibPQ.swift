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
        // One byte more, so that an empty value has an address: a null pointer means NULL.
        return unsafe (statement.parameters.buffer + [0]).withUnsafeBytes { buffer in
            let values = unsafe fields.map { field in
                unsafe field.length < 0
                    ? nil : buffer.baseAddress?.advanced(by: field.offset).assumingMemoryBound(to: CChar.self)
            }
            if let name {
                return unsafe PQsendQueryPrepared(raw, name, count, values, lengths, formats, 1) == 1
            }
            let types = fields.map { Oid($0.type) }
            return unsafe PQsendQueryParams(raw, statement.text, count, types, values, lengths, formats, 1) == 1
        }
    }
}
