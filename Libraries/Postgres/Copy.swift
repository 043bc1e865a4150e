import CLibPQ

/// The table and the columns that a COPY fills.
public struct CopyTarget: Sendable {
    let text: String

    /// Names the columns in the order in which ``CopyWriter/row(_:)`` gives their values.
    public init(schema: String, table: String, columns: [String]) {
        func quoted(_ name: String) -> String {
            "\"" + name.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
        }
        let list = columns.map(quoted).joined(separator: ", ")
        text = "COPY \(quoted(schema)).\(quoted(table)) (\(list)) FROM STDIN (FORMAT binary)"
    }
}

/// Takes rows for a COPY and hands them to the server in pieces, waiting when the server is slower.
///
/// Values must have exactly the columns' types: binary COPY converts nothing.
public struct CopyWriter {
    private let connection: Connection
    private var buffer: [UInt8]

    init(connection: Connection) {
        self.connection = connection
        // The signature, no flags, no header extension.
        buffer = Array("PGCOPY\n".utf8) + [0xFF, 0x0D, 0x0A, 0x00] + [UInt8](repeating: 0, count: 8)
        buffer.reserveCapacity(ConnectionLimit.copyBufferBytes + 4096)
    }

    /// Adds a row.
    public mutating func row<each Value: PostgresEncodable>(_ values: repeat each Value) async throws(PostgresError) {
        let start = buffer.count
        buffer.append(bigEndian: Int16(0))
        var count: Int16 = 0
        for value in repeat each values {
            try buffer.appendField(value)
            count += 1
        }
        buffer[start] = UInt8(truncatingIfNeeded: count >> 8)
        buffer[start + 1] = UInt8(truncatingIfNeeded: count)
        if buffer.count >= ConnectionLimit.copyBufferBytes { try await flush() }
    }

    private mutating func flush() async throws(PostgresError) {
        let chunk = buffer
        buffer.removeAll(keepingCapacity: true)
        try await connection.copyChunk(chunk)
    }

    mutating func finish() async throws(PostgresError) {
        buffer.append(bigEndian: Int16(-1))
        try await flush()
    }
}

extension Connection {
    nonisolated func copy(
        into target: CopyTarget, _ write: (inout CopyWriter) async throws -> Void
    ) async throws -> Int {
        try await enter()
        do {
            try await beginCopy(target)
            var writer = CopyWriter(connection: self)
            do {
                try await write(&writer)
                try await writer.finish()
            } catch {
                _ = try? await endCopy(abort: true)  // its error is the one asked for
                throw error
            }
            let count = try await endCopy(abort: false)
            await leave()
            return count
        } catch {
            await leave()
            throw error
        }
    }

    private func beginCopy(_ target: CopyTarget) async throws(PostgresError) {
        // COPY does not work in pipeline mode; a BEGIN that waits goes first.
        if pendingBegin != nil { _ = try await exchange([], isCancellable: true) }
        guard let raw = unsafe raw else { throw PostgresError(.connectionLost, "the connection is closed") }
        try check(unsafe PQexitPipelineMode(raw) == 1)
        try check(unsafe PQsendQueryParams(raw, target.text, 0, nil, nil, nil, nil, 0) == 1)
        flush()
        let results = try await wait(for: .copyIn, isCancellable: true)
        if let error = results.lazy.compactMap(\.error).first {
            try enterPipelineMode()
            throw error
        }
    }

    func copyChunk(_ chunk: [UInt8]) async throws(PostgresError) {
        if Task.isCancelled { throw PostgresError(.cancelled, "cancelled during COPY") }
        while true {
            guard let raw = unsafe raw else {
                throw PostgresError(.connectionLost, "the connection was lost during COPY")
            }
            let taken = unsafe chunk.withUnsafeBytes { bytes in
                unsafe PQputCopyData(raw, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(bytes.count))
            }
            try check(taken >= 0)
            if taken == 1 { return flush() }
            await waitUntilWritable()
        }
    }

    @discardableResult
    private func endCopy(abort: Bool) async throws(PostgresError) -> Int {
        while true {
            guard let raw = unsafe raw else {
                throw PostgresError(.connectionLost, "the connection was lost during COPY")
            }
            let taken = unsafe PQputCopyEnd(raw, abort ? "the client gave up" : nil)
            try check(taken >= 0)
            if taken == 1 { break }
            await waitUntilWritable()
        }
        flush()
        let results = try await wait(for: .null, isCancellable: !abort)
        try enterPipelineMode()
        if let error = results.lazy.compactMap(\.error).first { throw error }
        return results.first?.affectedCount ?? 0
    }

    private func enterPipelineMode() throws(PostgresError) {
        guard let raw = unsafe raw else { throw PostgresError(.connectionLost, "the connection is closed") }
        try check(unsafe PQenterPipelineMode(raw) == 1)
    }
}
