import Logging

/// One setting: its name, its meaning, and how its text is read.
///
/// The name is the flag (`--log-format`), the key in the YAML file (`log-format`) and, in capitals, the environment
/// variable (`SIYU_LOG_FORMAT`; the `database-…` settings have none of the prefix).
struct Setting: Sendable {
    let name: String
    let help: String
    /// Reads a text into the settings; nil if it is not a value of this setting.
    let read: @Sendable (_ text: String, inout ServiceSettings) -> Void?
    /// The text of the current value.
    let show: @Sendable (ServiceSettings) -> String
    /// What a value looks like, for refusals.
    let form: String

    var variable: String {
        let upper = name.uppercased().replacing("-", with: "_")
        return Self.isUnprefixed(name) ? upper : "SIYU_" + upper
    }

    /// `DATABASE_URL` is a name that platforms know; everything else carries our prefix.
    static func isUnprefixed(_ name: String) -> Bool { name.hasPrefix("database-") }

    /// Every setting, in the order of `--help` and `--print-config`.
    static let all: [Setting] = [
        Setting(
            "database-url", form: "a postgres:// URL or key=value pairs", \.databaseURL,
            help: "The database, with the service's own role. Empty: libpq's PG* variables.", show: maskingPassword),
        Setting(
            "database-direct-url", form: "a postgres:// URL or key=value pairs", \.databaseDirectURL,
            help: "The database without a pooler, for LISTEN. Empty: DATABASE_URL.", show: maskingPassword),
        Setting("db-pooled", \.isPooled, help: "1 if DATABASE_URL is a transaction pooler such as PgBouncer."),
        Setting(
            "db-connections", \.databaseConnectionsMax, 1...1_000, help: "The largest number of database connections."),
        Setting("keys", form: "a folder", \.keysFolder, help: "The folder (0700) that holds master.key (0600)."),
        Setting(
            "sandbox-state", form: "a folder", \.sandboxState,
            help: "siyu-sandbox alone: the folder (0700) of its keys and its book."),
        Setting("env", \.environment, help: "production (the default) or development, where the clock may be moved."),
        Setting("host", form: "an address", \.host, help: "Where the API listens."),
        Setting("port", help: "The API's port; 0 takes a free one.", form: portForm) { text, settings in
            guard let port = parsePort(text) else { return nil }
            // The admin port follows, unless its own setting, which is read later, says otherwise.
            settings.port = port
            settings.adminPort = ServiceSettings.adminPort(port)
            return ()
        } show: {
            "\($0.port)"
        },
        Setting("admin-host", form: "an address", \.adminHost, help: "Where health and metrics listen."),
        Setting(
            "admin-port", \.adminPort, 0...65_535,
            help: "The port of health and metrics; the API's plus 1000 by default."),
        Setting("job-concurrency", \.jobConcurrency, 1...1_000, help: "How many jobs run at once."),
        Setting(
            "drain-seconds", help: "How long requests and jobs may take after SIGTERM.", form: "a number from 1 to 3600"
        ) { text, settings in
            guard let seconds = Int(text), (1...3_600).contains(seconds) else { return nil }
            settings.drainGrace = .seconds(seconds)
            return ()
        } show: {
            "\($0.drainGrace.components.seconds)"
        },
        Setting("log-format", \.logFormat, help: "text or json."),
        Setting("log-level", \.logLevel, help: "trace, debug, info, notice, warning, error or critical."),
    ]

    private static let portForm = "a number from 0 to 64535"
    private static func parsePort(_ text: String) -> Int? {
        // Its admin port must exist too.
        Int(text).flatMap { (0...64_535).contains($0) ? $0 : nil }
    }
}

// MARK: - Kinds of settings

extension Setting {
    fileprivate init(
        _ name: String, help: String, form: String,
        read: @escaping @Sendable (String, inout ServiceSettings) -> Void?,
        show: @escaping @Sendable (ServiceSettings) -> String
    ) {
        self.init(name: name, help: help, read: read, show: show, form: form)
    }

    fileprivate init(
        _ name: String, form: String, _ path: any WritableKeyPath<ServiceSettings, String> & Sendable, help: String,
        show: @escaping @Sendable (String) -> String = { $0 }
    ) {
        self.init(name, help: help, form: form) {
            $1[keyPath: path] = $0
        } show: {
            show($0[keyPath: path])
        }
    }

    fileprivate init(
        _ name: String, _ path: any WritableKeyPath<ServiceSettings, Int> & Sendable, _ range: ClosedRange<Int>,
        help: String
    ) {
        self.init(name, help: help, form: "a number from \(range.lowerBound) to \(range.upperBound)") {
            text, settings in
            guard let value = Int(text), range.contains(value) else { return nil }
            settings[keyPath: path] = value
            return ()
        } show: {
            "\($0[keyPath: path])"
        }
    }

    fileprivate init(_ name: String, _ path: any WritableKeyPath<ServiceSettings, Bool> & Sendable, help: String) {
        self.init(name, help: help, form: "1 or 0") { text, settings in
            switch text {
            case "1", "true": settings[keyPath: path] = true
            case "0", "false", "": settings[keyPath: path] = false
            default: return nil
            }
            return ()
        } show: {
            $0[keyPath: path] ? "1" : "0"
        }
    }

    fileprivate init<Choice: CaseIterable & RawRepresentable<String> & SendableMetatype>(
        _ name: String, _ path: any WritableKeyPath<ServiceSettings, Choice> & Sendable, help: String
    ) {
        let choices = Choice.allCases.map(\.rawValue).joined(separator: ", ")
        self.init(name, help: help, form: "one of \(choices)") { text, settings in
            guard let value = Choice(rawValue: text) else { return nil }
            settings[keyPath: path] = value
            return ()
        } show: {
            $0[keyPath: path].rawValue
        }
    }
}

/// The address with its password replaced, in a URL's user part, in its query and in key=value pairs.
func maskingPassword(_ address: String) -> String {
    var masked = address.replacing(#/(?i)(password\s*=\s*)('(?:[^'\\]|\\.)*'|[^\s&]+)/#) { $0.1 + "****" }
    // Greedy up to the last @ before the path: a password may hold an unescaped one.
    masked = masked.replacing(#/(?i)^(postgres(?:ql)?:\/\/[^:\/@]*:)[^\/]*@/#) { $0.1 + "****@" }
    return masked
}
