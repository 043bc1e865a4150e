/// What went wrong with a statement, a connection or a pool.
///
/// `description` is safe to log: it carries codes and names of the schema, never a value. The server's own words may
/// quote values and stand in `debugDescription` only.
public struct PostgresError: Error, Sendable, CustomStringConvertible, CustomDebugStringConvertible {
    /// The kinds of fault.
    public enum Code: Hashable, Sendable {
        /// The server refused the statement.
        case server(SQLState)
        /// No connection could be made.
        case connectionFailed
        /// The connection ended before the answer came: the statement may or may not have taken effect.
        case connectionLost
        /// COMMIT was sent and not answered: look the effect up before doing it again.
        case outcomeUnknown
        /// The caller's task was cancelled; the server was told.
        case cancelled
        /// The statement took longer than its time-out; the server was told.
        case timedOut
        /// No connection became free within the pool's wait.
        case poolExhausted
        /// The pool was shut down.
        case poolClosed
        /// The transaction's scope has ended.
        case transactionClosed
        /// A column was not what the reader expects.
        case decoding
        /// A statement that promises one row gave another number of rows.
        case rowCount
        /// The statement cannot be sent: a NUL in its text, too many parameters, a value that has no encoding.
        case invalidStatement
        /// libpq or the server broke the protocol.
        case protocolViolation
    }

    /// The kind of fault.
    public var code: Code
    /// Words of ours, safe to log.
    public var reason: String
    /// The constraint that refused, for a violation.
    public var constraint: String?
    /// The server's or libpq's own words; may quote values.
    var serverText: String?

    init(_ code: Code, _ reason: String, constraint: String? = nil, serverText: String? = nil) {
        self.code = code
        self.reason = reason
        self.constraint = constraint
        self.serverText = serverText
    }

    /// The SQLSTATE, where the server refused.
    public var sqlState: SQLState? {
        if case .server(let state) = code { state } else { nil }
    }

    /// Whether a unique key was hit.
    public var isUniqueViolation: Bool { sqlState == .uniqueViolation }

    /// Whether the same transaction may simply be run again: it was rolled back because it met another one.
    public var isRetryable: Bool { sqlState == .serializationFailure || sqlState == .deadlockDetected }

    /// Whether the connection is of no further use.
    public var endsConnection: Bool {
        switch code {
        case .connectionFailed, .connectionLost, .outcomeUnknown, .protocolViolation: true
        case .server(let state): state.rawValue.hasPrefix("57P")
        case .cancelled, .timedOut, .poolExhausted, .poolClosed, .transactionClosed, .decoding, .rowCount,
            .invalidStatement:
            false
        }
    }

    /// Whether the database itself is the trouble: what else was in the transaction would fail alone as well.
    public var isAway: Bool {
        switch code {
        case .poolExhausted, .poolClosed, .timedOut, .cancelled: true
        default: endsConnection
        }
    }

    /// One sentence without any value.
    public var description: String {
        let named = constraint.map { " (constraint \($0))" } ?? ""
        return switch code {
        case .server(let state): "PostgreSQL refused the statement: SQLSTATE \(state)\(named)"
        default: reason
        }
    }

    /// The sentence with the server's own words: may quote values, not for logs.
    public var debugDescription: String {
        serverText.map { "\(description): \($0)" } ?? description
    }
}
