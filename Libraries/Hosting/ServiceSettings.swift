package import Keys
package import Logging
package import Postgres

/// What this deployment is for.
package enum Environment: String, Sendable, CaseIterable {
    /// A playground: the clock may be moved.
    case development
    /// The real thing, and the default.
    case production
}

/// How log lines look.
package enum LogFormat: String, Sendable, CaseIterable {
    /// For people at a terminal.
    case text
    /// One JSON object per line, for machines.
    case json
}

/// The settings of one service, after the chain flag > environment > file > default.
package struct ServiceSettings: Sendable {
    /// The executable's name, for instance `siyu-ingest`.
    package var name: String
    /// Production unless told otherwise.
    package var environment: Environment = .production
    /// The database; empty means libpq's own `PG*` variables.
    package var databaseURL = ""
    /// A way around the pooler, for LISTEN and migrations; empty means ``databaseURL``.
    package var databaseDirectURL = ""
    /// Whether ``databaseURL`` is a transaction pooler, which forbids named prepared statements.
    package var isPooled = false
    /// The largest number of connections to the database.
    package var databaseConnectionsMax = 8
    /// The folder of the master keys.
    package var keysFolder = ""
    /// The folder of siyu-sandbox's keys and book; the other services have none.
    package var sandboxState = ""
    /// Where the API listens.
    package var host = "127.0.0.1"
    /// The API's port; 0 takes a free one.
    package var port: Int
    /// Where health and metrics listen; loopback unless told otherwise.
    package var adminHost = "127.0.0.1"
    /// The port of health and metrics; 0 takes a free one.
    package var adminPort: Int
    /// How many jobs run at once.
    package var jobConcurrency = 4
    /// How long running requests and jobs may take after SIGTERM.
    package var drainGrace: Duration = .seconds(30)
    /// How log lines look.
    package var logFormat: LogFormat = .text
    /// The lowest level that is logged.
    package var logLevel: Logger.Level = .info

    /// The defaults of a service; the admin port is the API's plus 1,000.
    package init(name: String, port: Int) {
        self.name = name
        self.port = port
        adminPort = Self.adminPort(port)
    }

    static func adminPort(_ port: Int) -> Int { port == 0 ? 0 : port + 1_000 }
}

extension ServiceSettings {
    /// The ring of master keys.
    ///
    /// - Throws: `KeysError`; ``StartupFailure`` where `SIYU_KEYS` is not set.
    package func loadKeys() throws -> KeyRing {
        guard !keysFolder.isEmpty else {
            throw StartupFailure(.config, "SIYU_KEYS is not set: it names the folder that holds master.key.")
        }
        return try KeyRing.load(folder: keysFolder)
    }

    /// The pool of the service's role.
    package var poolConfiguration: PoolConfiguration {
        PoolConfiguration(
            connection: ConnectionConfiguration(
                url: databaseURL, applicationName: name, usesNamedStatements: !isPooled),
            connectionsMax: databaseConnectionsMax)
    }

    /// A direct connection, past any pooler, for LISTEN.
    package var listenConfiguration: ConnectionConfiguration {
        ConnectionConfiguration(
            url: databaseDirectURL.isEmpty ? databaseURL : databaseDirectURL, applicationName: name)
    }
}
