import Foundation
import Logging
import Testing

@testable import Hosting

struct ConfigurationTests {
    private static let defaults = ServiceSettings(name: "siyu-ingest", port: 8101)

    private func load(
        _ arguments: [String] = [], _ environment: [String: String] = [:]
    ) async throws -> ServiceConfiguration {
        try await ServiceConfiguration.load(defaults: Self.defaults, arguments: arguments, environment: environment)
    }

    @Test func load_withoutAnything_givesTheDefaults() async throws {
        let settings = try await load().settings

        #expect(settings.environment == .production)
        #expect(settings.port == 8101)
        #expect(settings.adminPort == 9101)
        #expect(settings.adminHost == "127.0.0.1")
        #expect(settings.databaseURL.isEmpty)
    }

    @Test func load_sameSettingEverywhere_flagBeatsVariableBeatsFile() async throws {
        let file = try TemporaryFile("port: 1\nlog-format: json\nlog-level: debug\njob-concurrency: 9\n")
        let arguments = ["--config", file.path, "--port", "3"]
        let variables = ["SIYU_PORT": "2", "SIYU_LOG_LEVEL": "error"]

        let configuration = try await load(arguments, variables)

        #expect(configuration.settings.port == 3)
        #expect(configuration.settings.adminPort == 1_003)
        #expect(configuration.settings.logLevel == .error)
        #expect(configuration.settings.logFormat == .json)
        #expect(configuration.settings.jobConcurrency == 9)
        let listing = configuration.listing.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
        #expect(listing.contains(["port", "3", "--port"]))
        #expect(listing.contains(["log-level", "error", "SIYU_LOG_LEVEL"]))
        #expect(listing.contains(["log-format", "json", file.path]))
        #expect(listing.contains(["env", "production", "default"]))
        #expect(listing.count == Setting.all.count)
    }

    @Test func load_fileAndVariables_coverEverySetting() async throws {
        let samples = [
            "database-url": "postgres://a@h1,h2/db", "database-direct-url": "host=h", "db-pooled": "1",
            "db-connections": "3", "keys": "/k", "sandbox-state": "/s", "env": "development", "host": "0.0.0.0",
            "port": "0",
            "admin-host": "::1", "admin-port": "7", "job-concurrency": "2", "drain-seconds": "9", "log-format": "json",
            "log-level": "trace",
        ]
        #expect(Set(samples.keys) == Set(Setting.all.map(\.name)))

        let file = try TemporaryFile(samples.map { "\($0): \"\($1)\"" }.joined(separator: "\n"))
        let byFile = try await load(["--config=\(file.path)"]).settings
        let byVariable = try await load(
            [], Dictionary(uniqueKeysWithValues: Setting.all.map { ($0.variable, samples[$0.name] ?? "") })
        ).settings
        let byFlag = try await load(samples.map { "--\($0)=\($1)" }).settings

        for setting in Setting.all {
            #expect(setting.show(byFile) == samples[setting.name])
            #expect(setting.show(byVariable) == samples[setting.name])
            #expect(setting.show(byFlag) == samples[setting.name])
        }
    }

    @Test func load_emptyVariable_countsAsNotSet() async throws {
        let configuration = try await load([], ["DATABASE_URL": "", "SIYU_PORT": "", "SIYU_ENV": ""])

        #expect(configuration.settings.port == 8101)
        #expect(configuration.listing.split(separator: "\n").allSatisfy { $0.hasSuffix("default") })
    }

    @Test(arguments: [
        (["--prot", "1"], Sysexit.usage, "--prot is not a flag of this service: see --help."),
        (["serve"], .usage, "serve is not a flag: see --help."),
        (["--port"], .usage, "--port needs a value."),
        (["--port=1", "--port=2"], .usage, "--port stands twice."),
        (["--check=1"], .usage, "--check is not a flag of this service: see --help."),
        (["--port", "65000"], .config, "--port: port must be a number from 0 to 64535."),
        (["--port", "x"], .config, "--port: port must be a number from 0 to 64535."),
        (["--env", "staging"], .config, "--env: env must be one of development, production."),
        (["--db-pooled", "yes"], .config, "--db-pooled: db-pooled must be 1 or 0."),
        (
            ["--config", "/nonexistent.yaml"], .config,
            "--config: /nonexistent.yaml is missing or not a YAML file of plain keys and values."
        ),
    ])
    func load_wrongInput_saysWhatIsWrong(arguments: [String], exit: Sysexit, sentence: String) async throws {
        let failure = await #expect(throws: StartupFailure.self) { try await load(arguments) }

        #expect(failure == StartupFailure(exit, sentence))
    }

    @Test func load_wrongValueInFile_namesTheFileAndNotTheValue() async throws {
        let file = try TemporaryFile("drain-seconds: secret\n")

        let failure = await #expect(throws: StartupFailure.self) { try await load(["--config", file.path]) }

        #expect(failure?.description == "\(file.path): drain-seconds must be a number from 1 to 3600.")
    }

    @Test(arguments: [
        ("postgres://siyu:hunter2@db/siyu?sslmode=require", "postgres://siyu:****@db/siyu?sslmode=require"),
        ("postgresql://siyu:p@ss:w@db:5432/siyu", "postgresql://siyu:****@db:5432/siyu"),
        ("postgres://siyu@db/siyu?password=hunter2&x=1", "postgres://siyu@db/siyu?password=****&x=1"),
        ("host=db password=hunter2 user=siyu", "host=db password=**** user=siyu"),
        ("host=db PASSWORD = 'a \\' b' user=siyu", "host=db PASSWORD = **** user=siyu"),
        ("host=db user=siyu", "host=db user=siyu"), ("", ""),
    ])
    func listing_ofDatabaseURL_masksPasswords(url: String, masked: String) async throws {
        let configuration = try await load([], ["DATABASE_URL": url])

        #expect(maskingPassword(url) == masked)
        #expect(!configuration.listing.contains("hunter2"))
    }

    @Test func commands_areFlags() async throws {
        #expect(try await load(["--check"]).command == .check)
        #expect(try await load(["--print-config"]).command == .printConfig)
        #expect(try await load(["--help"]).command == .help)
        #expect(try await load().command == .serve)
        let usage = ServiceConfiguration.usage(Self.defaults)
        for setting in Setting.all {
            #expect(usage.contains("--\(setting.name) "))
            #expect(usage.contains("[\(setting.variable)="))
        }
    }
}

/// A file that goes away with the test.
final class TemporaryFile {
    let path = NSTemporaryDirectory() + "siyu-\(UUID().uuidString.lowercased()).yaml"

    init(_ text: String) throws {
        try text.write(toFile: path, atomically: true, encoding: .utf8)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}
