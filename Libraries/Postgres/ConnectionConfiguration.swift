/// Where the database is and how a connection to it behaves.
public struct ConnectionConfiguration: Sendable {
    /// A URL, a `key=value` string, or empty for libpq's own `PG…` variables, service file and defaults.
    public var url: String
    /// Shown in `pg_stat_activity`.
    public var applicationName: String
    /// Whether statements are prepared once per connection.
    ///
    /// Off behind a pooler in transaction mode, where the next
    /// statement may meet another server session.
    public var usesNamedStatements: Bool
    /// How long connecting may take.
    public var connectTimeout: Duration
    /// How long a statement may take before the server is told to cancel it.
    public var statementTimeout: Duration

    /// A configuration with the defaults of a service: five seconds to connect, thirty for a statement.
    public init(
        url: String,
        applicationName: String = "siyu",
        usesNamedStatements: Bool = true,
        connectTimeout: Duration = .seconds(5),
        statementTimeout: Duration = .seconds(30)
    ) {
        self.url = url
        self.applicationName = applicationName
        self.usesNamedStatements = usesNamedStatements
        self.connectTimeout = connectTimeout
        self.statementTimeout = statementTimeout
    }
}

/// The technical limits of a connection.
enum ConnectionLimit {
    /// Parameters of one statement: the protocol counts them in 16 bits.
    static let parametersMax = 65_535
    /// Statements kept prepared on one connection; the least recently prepared one is dropped beyond it.
    static let preparedMax = 256
    /// Statements in one pipeline: their results wait in memory.
    static let pipelineMax = 10_000
    /// How long a cancelled statement has to end before the connection is given up.
    static let cancelGrace = Duration.seconds(5)
    /// Bytes of COPY gathered before they are handed to libpq.
    static let copyBufferBytes = 64 * 1024
    /// Notifications kept for a listener that does not read; the oldest are dropped, as they only say "look".
    static let notificationsMax = 1024
}
