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
    /// Whether a prepared statement is planned once, for any values, instead of anew as long as the server guesses that this pays.
    ///
    /// For statements that look up by keys: their plan is the same whatever the values, and making it takes longer than running it.
    public var plansOnce = false
    /// How long connecting may take.
    public var connectTimeout: Duration
    /// How long a statement may take before the server is told to cancel it.
    public var statementTimeout: Duration
    /// How long a cancelled statement has to end before the connection is given up.
    var cancelGrace = Duration.seconds(5)

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

extension Duration {
    /// The duration within bounds that can be added to an instant without overflow: "for ever" is ten years.
    var bounded: Duration { min(max(self, .zero), .seconds(10 * 365 * 86_400)) }
}

/// The technical limits of a connection.
enum ConnectionLimit {
    /// Parameters of one statement: the protocol counts them in 16 bits.
    static let parametersMax = 65_535
    /// Statements kept prepared on one connection; the one prepared first is dropped beyond it.
    static let preparedMax = 256
    /// Statements in one pipeline: their results wait in memory.
    static let pipelineMax = 10_000
    /// How long after telling the server to cancel it is told again, if the statement has not ended.
    static let cancelRepeat = Duration.milliseconds(200)
    /// Threads that tell servers to cancel, at most: a server that hangs keeps each of them.
    static let cancelThreadsMax = 32
    /// Bytes of a statement with its parameters: the server takes no message of more.
    static let statementBytes = 0x3FFF_FFFF
    /// Bytes of a channel's name: the server cuts what is longer, and would notify under the cut name.
    static let channelBytes = 63
    /// Bytes of COPY gathered before they are handed to libpq.
    static let copyBufferBytes = 64 * 1024
    /// Notifications kept for a listener that does not read; the oldest are dropped, as they only say "look".
    static let notificationsMax = 1024
}
