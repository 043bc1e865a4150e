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
public struct CopyWriter: ~Copyable {
    /// The connection whose COPY the current task is the body of: a statement on it would wait for itself.
    @TaskLocal static var connection: ObjectIdentifier?

    private let connection: Connection
    private var buffer: [UInt8]

    init(connection: Connection) {
        self.connection = connection
        // The signature, no flags, no header extension.
        buffer = Array("PGCOPY\n".utf8) + [0xFF, 0x0D, 0x0A, 0x00] + [UInt8](repeating: 0, count: 8)
        buffer.reserveCapacity(ConnectionLimit.copyBufferBytes + 4096)
    }

    /// Adds a row.
    ///
    /// - Throws: ``PostgresError/Code/invalidStatement`` for a value without a form in PostgreSQL: the row is not added.
    public mutating func row<each Value: PostgresEncodable>(_ values: repeat each Value) async throws(PostgresError) {
        let start = buffer.count
        do throws(PostgresError) {
            buffer.append(bigEndian: Int16(0))
            var count: Int16 = 0
            for value in repeat each values {
                try buffer.appendField(value)
                count += 1
            }
            buffer[start] = UInt8(truncatingIfNeeded: count >> 8)
            buffer[start + 1] = UInt8(truncatingIfNeeded: count)
        } catch {
            buffer.removeSubrange(start...)
            throw error
        }
        if buffer.count >= ConnectionLimit.copyBufferBytes { try await flush() }
    }

    private mutating func flush() async throws(PostgresError) {
        try await connection.copyChunk(buffer)
        buffer.removeAll(keepingCapacity: true)
    }

    mutating func finish() async throws(PostgresError) {
        buffer.append(bigEndian: Int16(-1))
        try await flush()
    }
}

extension Connection {
    nonisolated func copy(
        into target: CopyTarget, in scope: Transaction.Scope, _ write: (inout CopyWriter) async throws -> Void
    ) async throws -> Int {
        try await enter(in: scope)
        do {
            try await beginCopy(target)
            let count = try await feedCopy(write)
            await leave()
            return count
        } catch {
            await leave()
            throw error
        }
    }

    private func beginCopy(_ target: CopyTarget) async throws(PostgresError) {
        guard !target.text.utf8.contains(0) else {
            throw PostgresError(.invalidStatement, "a name in a COPY has a NUL in it")
        }
        // COPY does not work in pipeline mode; a BEGIN that waits goes first.
        if pendingBegin != nil { _ = try await exchange([]) }
        guard let raw = unsafe raw else { throw PostgresError(.connectionLost, "the connection is closed") }
        try check(unsafe PQexitPipelineMode(raw) == 1)
        try check(unsafe PQsendQueryParams(raw, target.text, 0, nil, nil, nil, nil, 0) == 1)
        flush()
        if let (_, error) = try await wait(for: .copyIn, isCancellable: true).refusal {
            try enterPipelineMode()
            throw error
        }
    }

    private nonisolated func feedCopy(_ write: (inout CopyWriter) async throws -> Void) async throws -> Int {
        do {
            var writer = CopyWriter(connection: self)
            try await CopyWriter.$connection.withValue(ObjectIdentifier(self)) { try await write(&writer) }
            try await writer.finish()
        } catch {
            _ = try? await endCopy(abort: true)  // its error is the one asked for
            throw error
        }
        return try await endCopy(abort: false)
    }

    func copyChunk(_ chunk: [UInt8]) async throws(PostgresError) {
        var rest = chunk[...]
        while !rest.isEmpty {
            let piece = rest.prefix(ConnectionLimit.copyBufferBytes)
            rest = rest.dropFirst(piece.count)
            try checkCopying()
            let isTaken = unsafe piece.withUnsafeBytes { bytes in
                let start = unsafe bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
                return unsafe raw.map { unsafe PQputCopyData($0, start, Int32(bytes.count)) == 1 } ?? false
            }
            try check(isTaken)
            // libpq itself would take everything into memory.
            while flush() {
                try checkCopying()
                await waitUntilWritable()
            }
        }
    }

    private func checkCopying() throws(PostgresError) {
        if Task.isCancelled { throw PostgresError(.cancelled, "cancelled during COPY") }
        if unsafe raw == nil { throw PostgresError(.connectionLost, "the connection was lost during COPY") }
    }

    /// Waits until the socket takes more, or the task is cancelled.
    private func waitUntilWritable() async {
        loop.setDeadline(.now + configuration.statementTimeout.bounded, of: socket)
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                writable = continuation
                flush()
            }
        } onCancel: {
            // It may come late and wake the next wait instead: whoever waits looks again.
            loop.execute { [self] in assumeIsolated { $0.resumeWriter() } }
        }
        loop.setDeadline(nil, of: socket)
    }

    @discardableResult
    private func endCopy(abort: Bool) async throws(PostgresError) -> Int {
        guard let raw = unsafe raw else {
            throw PostgresError(.connectionLost, "the connection was lost during COPY")
        }
        try check(unsafe PQputCopyEnd(raw, abort ? "the client gave up" : nil) == 1)
        flush()
        let answer = try await wait(for: .null, isCancellable: true)
        try enterPipelineMode()
        if let (_, error) = answer.refusal {
            let isCancelled = error.sqlState == .queryCancelled && Task.isCancelled
            throw isCancelled ? PostgresError(.cancelled, "cancelled during COPY") : error
        }
        return answer.results.first?.affectedCount ?? 0
    }

    private func enterPipelineMode() throws(PostgresError) {
        guard let raw = unsafe raw else { throw PostgresError(.connectionLost, "the connection is closed") }
        try check(unsafe PQenterPipelineMode(raw) == 1)
    }
}
