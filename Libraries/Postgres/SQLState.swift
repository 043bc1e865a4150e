/// A five-character SQLSTATE, PostgreSQL's error code.
///
/// - Source: PostgreSQL documentation, Appendix A.
public struct SQLState: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    /// The five characters.
    public let rawValue: String

    /// Wraps a code as the server sent it.
    public init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// The five characters.
    public var description: String { rawValue }

    /// A row with the same unique key exists.
    public static let uniqueViolation = SQLState(rawValue: "23505")
    /// A referenced row does not exist, or is still referenced.
    public static let foreignKeyViolation = SQLState(rawValue: "23503")
    /// A CHECK refused the row.
    public static let checkViolation = SQLState(rawValue: "23514")
    /// A text holds U+0000, which PostgreSQL stores nowhere.
    public static let characterNotInRepertoire = SQLState(rawValue: "22021")
    /// A serializable transaction met another one.
    public static let serializationFailure = SQLState(rawValue: "40001")
    /// Two transactions waited for each other.
    public static let deadlockDetected = SQLState(rawValue: "40P01")
    /// The role may not do that.
    public static let insufficientPrivilege = SQLState(rawValue: "42501")
    /// The statement was cancelled: by us, by an operator, or by `statement_timeout`.
    public static let queryCancelled = SQLState(rawValue: "57014")
    /// An earlier statement of the transaction failed.
    public static let inFailedTransaction = SQLState(rawValue: "25P02")
    /// A lock was not free within `lock_timeout`, or at once with NOWAIT.
    public static let lockNotAvailable = SQLState(rawValue: "55P03")
    /// A named statement is not known to this server session.
    public static let invalidStatementName = SQLState(rawValue: "26000")
    /// A prepared plan's result changed because the schema did.
    public static let featureNotSupported = SQLState(rawValue: "0A000")
}
