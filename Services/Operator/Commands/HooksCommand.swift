import ArgumentParser
import Foundation
import Hooks
import Kernel
import Postgres

struct HooksCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hooks", abstract: "Looks after the hooks that come in, and those that go out.",
        subcommands: [Source.self, Endpoint.self])

    struct Source: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Whoever sends hooks to a brand: each has a name in the path and secrets of its own.",
            subcommands: [Create.self, Rotate.self, List.self])
    }
}

extension HooksCommand.Source {
    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes a source. Its secret is shown this once; it is kept sealed.")
        @Argument(help: "Its name in the path: lower-case letters, digits, hyphens.") var name: String
        @Option(help: "The brand it sends to.") var brand: IDArgument<Brand>
        @OptionGroup var keys: KeysOptions
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let ring = try keys.ring()
            let made = try await database.withPool {
                try await HookSources.create(name, brand: brand.id, keys: ring, on: $0)
            }
            guard let made else { throw Failure("There is no brand \(brand.id).") }
            try output.show([made.record], secret: made.secret)
        }
    }

    struct Rotate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Gives a source a new secret, shown this once; the old one stays valid for a while.")
        @Argument(help: "Its name in the path.") var name: String
        @Option(help: "The brand it sends to.") var brand: IDArgument<Brand>
        @Option(
            help: "How long the old secret stays valid: a number with s, m, h or d.", transform: BusinessClock.interval)
        var overlap: Duration = HookSources.overlapUsual
        @Flag(help: "End the old secret at once: for a secret that others know.") var endOld = false
        @OptionGroup var keys: KeysOptions
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let ring = try keys.ring()
            let (secret, records) = try await database.withPool { pool in
                let overlap = endOld ? .zero : overlap
                let made = try await HookSources.rotate(name, brand: brand.id, overlap: overlap, keys: ring, on: pool)
                guard let made else { throw Failure("The brand has no source \(name).") }
                return (made.secret, try await HookSources.list(brand: brand.id, on: pool))
            }
            try output.show(records.filter { $0.name == name }, secret: secret)
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists the sources of a brand.")
        @Option(help: "The brand.") var brand: IDArgument<Brand>
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            try output.show(try await database.withPool { try await HookSources.list(brand: brand.id, on: $0) })
        }
    }
}

extension OutputOptions {
    private struct Source: Encodable {
        let name: String
        let source: ID<HookSource>
        let brand: ID<Brand>
        let createdAt: Date
        let secrets: Int
        let oldSecretValidUntil: Date?
        let secret: String?
    }

    fileprivate func show(_ records: [HookSourceRecord], secret: HookSecret? = nil) throws {
        let values = records.map { record in
            Source(
                name: record.name, source: record.id, brand: record.brand, createdAt: record.createdAt,
                secrets: record.secretCount, oldSecretValidUntil: record.olderValidUntil, secret: secret?.revealed)
        }
        try show(
            values, header: ["name", "source", "created", "secrets", "old one valid until", "secret, shown once"],
            rows: values.map { value in
                [
                    value.name, "\(value.source)", value.createdAt.ISO8601Format(), "\(value.secrets)",
                    value.oldSecretValidUntil.map { $0.ISO8601Format() } ?? "", value.secret ?? "",
                ]
            })
    }
}
