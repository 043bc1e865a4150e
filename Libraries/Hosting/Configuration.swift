import Configuration
import Foundation
import SystemPackage
import Synchronization

/// What a command line asks of a service.
package enum ServiceCommand: Sendable, Equatable {
    /// Serve until a signal.
    case serve
    /// Validate everything, the database included, and say so.
    case check
    /// Show every setting and where its value came from.
    case printConfig
    /// Explain the flags.
    case help
}

/// The settings of a service with where each value came from.
package struct ServiceConfiguration: Sendable {
    /// What to do.
    package let command: ServiceCommand
    /// The settings.
    package let settings: ServiceSettings
    private let sources: [String: String]

    /// Reads flags, environment and the YAML file that `--config` names, in this order of precedence.
    ///
    /// - Parameters:
    ///   - defaults: The settings that nothing else sets.
    ///   - arguments: The command line without the executable.
    ///   - environment: The process's environment.
    /// - Throws: ``StartupFailure`` with 64 for the command line, 78 for values and the file.
    package static func load(
        defaults: ServiceSettings, arguments: [String], environment: [String: String]
    ) async throws(StartupFailure) -> ServiceConfiguration {
        let line = try CommandLineFlags(parsing: arguments)
        let reporter = SourceReporter()
        let reader = ConfigReader(
            providers: try await providers(line, environment: environment), accessReporter: reporter)

        var settings = defaults
        var sources: [String: String] = [:]
        for setting in Setting.all {
            guard let text = reader.string(forKey: ConfigKey([setting.name]), isSecret: true) else { continue }
            let source = source(of: setting, provider: reporter.provider(of: setting.name), file: line.file)
            // An empty variable is how deployments say "not set".
            if text.isEmpty, source == setting.variable { continue }
            guard setting.read(text, &settings) != nil else {
                throw StartupFailure(.config, "\(source): \(setting.name) must be \(setting.form).")
            }
            sources[setting.name] = source
        }
        return ServiceConfiguration(command: line.command, settings: settings, sources: sources)
    }

    private static func providers(
        _ line: CommandLineFlags, environment: [String: String]
    ) async throws(StartupFailure) -> [any ConfigProvider] {
        // Not CommandLineArgumentsProvider: it splits values at commas, which a list of database hosts contains.
        let flags = InMemoryProvider(
            name: "flags",
            values: .init(
                line.values.map { (AbsoluteConfigKey([$0]), ConfigValue(.string($1), isSecret: true)) },
                uniquingKeysWith: { $1 }))
        let variables = EnvironmentVariablesProvider(environmentVariables: environment, secretsSpecifier: .all).mapKeys
        { key in
            Setting.isUnprefixed(key.components[0]) ? key : key.prepending("siyu")
        }
        guard let file = line.file else { return [flags, variables] }
        do {
            return [flags, variables, try await FileProvider<YAMLSnapshot>(filePath: FilePath(file))]
        } catch {
            throw StartupFailure(.config, "--config: \(file) is missing or not a YAML file of plain keys and values.")
        }
    }

    private static func source(of setting: Setting, provider: String?, file: String?) -> String {
        switch provider {
        case Provider.flags.rawValue: "--\(setting.name)"
        case .some(let name) where name.hasPrefix(Provider.file.rawValue): file ?? name
        default: setting.variable
        }
    }

    private enum Provider: String {
        // As the library names them.
        case flags = "InMemoryProvider[flags]"
        case file = "FileProvider"
    }
}

// MARK: - Printing

extension ServiceConfiguration {
    /// Every setting, its value with secrets masked, and where it came from: the text of `--print-config`.
    package var listing: String {
        let rows = Setting.all.map { ($0.name, $0.show(settings), sources[$0.name] ?? "default") }
        let name = rows.map(\.0.count).max() ?? 0
        let value = rows.map(\.1.count).max() ?? 0
        return rows.map { row in
            let columns = [
                row.0.padding(toLength: name, withPad: " ", startingAt: 0),
                row.1.padding(toLength: value, withPad: " ", startingAt: 0), row.2,
            ]
            return columns.joined(separator: "  ")
        }.joined(separator: "\n")
    }

    /// The text of `--help`.
    package static func usage(_ defaults: ServiceSettings) -> String {
        let width = (Setting.all.map(\.name.count).max() ?? 0) + 3
        func line(_ flag: String, _ help: String) -> String {
            "  " + "--\(flag)".padding(toLength: width, withPad: " ", startingAt: 0) + help
        }
        let flags = [
            line("config", "A YAML file of these settings, by the same names."),
            line("check", "Validate the settings, keys, database and schema; exit 0, 69, 77 or 78."),
            line("print-config", "Show every setting and where its value came from."),
            line("help", "Show this."),
        ]
        let settings = Setting.all.map { setting in
            line(setting.name, "\(setting.help) [\(setting.variable)=\(setting.show(defaults))]")
        }
        return "Usage: \(defaults.name) [--flag value …]\nA flag beats its variable, which beats the file.\n\n"
            + (settings + flags).joined(separator: "\n")
    }
}

// MARK: - Parts

/// The flags of a command line; every flag must be known, and stand once.
private struct CommandLineFlags {
    var command = ServiceCommand.serve
    var file: String?
    var values: [String: String] = [:]

    init(parsing arguments: [String]) throws(StartupFailure) {
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            guard argument.hasPrefix("--"), argument.count > 2 else {
                throw StartupFailure(.usage, "\(argument) is not a flag: see --help.")
            }
            let parts = argument.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(parts[0])
            switch name {
            case "check" where parts.count == 1: command = .check
            case "print-config" where parts.count == 1: command = .printConfig
            case "help" where parts.count == 1: command = .help
            default:
                guard name == "config" || Setting.all.contains(where: { $0.name == name }) else {
                    throw StartupFailure(.usage, "--\(name) is not a flag of this service: see --help.")
                }
                guard let value = parts.count == 2 ? String(parts[1]) : rest.popFirst() else {
                    throw StartupFailure(.usage, "--\(name) needs a value.")
                }
                guard values.updateValue(value, forKey: name) == nil else {
                    throw StartupFailure(.usage, "--\(name) stands twice.")
                }
            }
        }
        file = values.removeValue(forKey: "config")
    }
}

/// Remembers which provider answered for each key.
private final class SourceReporter: AccessReporter {
    private let providers = Mutex<[String: String]>([:])

    func report(_ event: AccessEvent) {
        let answering = event.providerResults.first { (try? $0.result.get().value) != nil }
        providers.withLock { $0[event.metadata.key.description] = answering?.providerName }
    }

    func provider(of name: String) -> String? {
        providers.withLock { $0[name] }
    }
}
