import Dispatch
import Foundation
import Hummingbird
import Keys
package import Logging
import Metrics
import NIOCore
import Postgres
import ServiceLifecycle

/// Runs a service from its command line to its exit code.
package enum Host {
    /// Reads the configuration, builds the service, and serves until SIGTERM or SIGINT; never returns.
    ///
    /// Whatever stands in the way of a start is one sentence on stderr and an exit code of ``Sysexit``.
    ///
    /// - Parameter build: Composes the service; must open nothing by itself, since `--check` calls it too.
    package static func run(
        _ defaults: ServiceSettings,
        build: @Sendable (ServiceSettings, Logger) async throws -> ServiceApplication
    ) async -> Never {
        // A peer that hangs up must not end the process.
        signal(SIGPIPE, SIG_IGN)
        do {
            let configuration = try await ServiceConfiguration.load(
                defaults: defaults, arguments: Array(CommandLine.arguments.dropFirst()),
                environment: ProcessInfo.processInfo.environment)
            switch configuration.command {
            case .help: say(ServiceConfiguration.usage(defaults))
            case .printConfig: say(configuration.listing)
            case .check: try await check(configuration.settings, build)
            case .serve: try await serve(configuration.settings, build)
            }
            exit(Sysexit.ok.rawValue)
        } catch {
            let failure = StartupFailure(describing: error)
            writeToStandardError("\(defaults.name): \(failure)\n")
            exit(failure.exit.rawValue)
        }
    }

    private static func check(
        _ settings: ServiceSettings, _ build: (ServiceSettings, Logger) async throws -> ServiceApplication
    ) async throws {
        let application = try await build(settings, Logger(label: settings.name) { _ in SwiftLogNoOpLogHandler() })
        try await requireReady(Readiness(checks: application.checks), application)
        await application.pool.shutdown()
        let parts = application.hasDatabase ? "configuration, keys, database and schema are" : "the configuration is"
        say("\(settings.name): \(parts) in order.")
    }

    private static func serve(
        _ settings: ServiceSettings, _ build: (ServiceSettings, Logger) async throws -> ServiceApplication
    ) async throws {
        let registry = PrometheusRegistry()
        MetricsSystem.bootstrap(registry)
        LoggingSystem.bootstrap { LineLogHandler(label: $0, format: settings.logFormat, level: settings.logLevel) }
        let logger = Logger(label: settings.name)
        try await ServiceRunner(application: try await build(settings, logger), registry: registry, logger: logger)
            .run(handlesSignals: true)
    }

    /// Throws the first failed check as a reason not to start.
    static func requireReady(_ readiness: Readiness, _ application: ServiceApplication) async throws(StartupFailure) {
        for finding in await readiness.findings(timeout: startTimeout) {
            guard let found = finding.reason else { continue }
            // One line, and no second full stop.
            let words = found.split(whereSeparator: \.isWhitespace).joined(separator: " ")
            let reason = words.hasSuffix(".") ? String(words.dropLast()) : words
            guard application.hasDatabase else {
                throw StartupFailure(finding.exit, "\(finding.name) is not ready: \(reason).")
            }
            let address = application.settings.databaseURL
            let database = address.isEmpty ? "as in PGHOST and its kin" : maskingPassword(address)
            throw StartupFailure(finding.exit, "\(finding.name) is not ready: \(reason) (database: \(database)).")
        }
    }

    /// At the start a database may be waking up.
    private static let startTimeout = Duration.seconds(5)

    private static func say(_ text: String) {
        FileHandle.standardOutput.write(Data((text + "\n").utf8))
    }
}

extension StartupFailure {
    init(describing error: any Error) {
        switch error {
        case let failure as StartupFailure: self = failure
        case let error as KeysError: self.init(error.isPermission ? .noPermission : .config, error.description)
        case let error as PostgresError: self.init(.unavailable, "\(error).")
        default: self.init(.software, "Stopped by an unforeseen error (\(type(of: error))).")
        }
    }
}
