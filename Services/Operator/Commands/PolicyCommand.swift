import ArgumentParser
import Foundation
import Kernel
import Policies
import Postgres

struct PolicyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "policy", abstract: "Shows and decides the numbers of the business, brand by brand.",
        subcommands: [List.self, Set.self, History.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "What counts for a brand, now or as of an instant.")
        @Option(help: "The brand.") var brand: IDArgument<Brand>
        @Option(help: "The instant, RFC 3339; now if not given.") var at: InstantArgument?
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            try output.show(
                try await database.withPool { try await Policies.list(brand: brand.id, at: at?.date, on: $0) })
        }
    }

    struct Set: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Decides a value for a brand, from now or a later instant on. The past stays as it was decided.")
        @Argument(help: "The policy, for instance gift.accept_window.") var name: String
        @Argument(help: "The value as JSON, in the shape of the standard's, for instance '{\"seconds\": 86400}'.")
        var value: String
        @Option(help: "The brand.") var brand: IDArgument<Brand>
        @Option(help: "Why.") var reason: String
        @Option(help: "Who decides; the user of this computer if not given.") var author: String = NSUserName()
        @Option(help: "From when on, RFC 3339; now if not given.") var from: InstantArgument?
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let record = try await database.withPool { pool in
                try await pool.transaction { tx in
                    try await Policies.set(
                        name, to: value, brand: brand.id, validFrom: from?.date, author: author, reason: reason,
                        on: tx)
                }
            }
            try output.show([record])
        }
    }

    struct History: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Everything that was ever decided about a policy, newest first.")
        @Argument(help: "The policy.") var name: String
        @Option(help: "The brand.") var brand: IDArgument<Brand>
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let records = try await database.withPool {
                try await Policies.history(name, brand: brand.id, on: $0)
            }
            guard !records.isEmpty else {
                throw Failure("There is no policy \(name): `siyu policy list` names them.")
            }
            try output.show(records)
        }
    }
}

extension OutputOptions {
    private struct Policy: Encodable {
        let name: String
        let value: JSONValue
        let validFrom: Date
        let own: Bool
        let author: String
        let reason: String
        let createdAt: Date?
    }

    fileprivate func show(_ records: [PolicyRecord]) throws {
        let values = try records.map { record in
            Policy(
                name: record.name, value: try JSONDecoder().decode(JSONValue.self, from: Data(record.value.utf8)),
                validFrom: record.validFrom, own: record.isOwn, author: record.author, reason: record.reason,
                createdAt: record.createdAt)
        }
        try show(
            values, header: ["policy", "value", "from", "decided by", "why"],
            rows: records.map { record in
                [record.name, record.value, record.validFrom.ISO8601Format(), record.author, record.reason]
            })
    }
}

/// Any JSON, to be shown inside other JSON.
private enum JSONValue: Codable {
    case flag(Bool)
    case number(Int64)
    case text(String)
    case list([JSONValue])
    case object([String: JSONValue])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        // The decoder tells a sort of JSON only by trying; what fits none is an error.
        if let value = try? container.decode(Bool.self) {
            self = .flag(value)
        } else if let value = try? container.decode(Int64.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .text(value)
        } else if let value = try? container.decode([JSONValue].self) {
            self = .list(value)
        } else {
            self = .object(try container.decode([String: JSONValue].self))
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .flag(let value): try container.encode(value)
        case .number(let value): try container.encode(value)
        case .text(let value): try container.encode(value)
        case .list(let value): try container.encode(value)
        case .object(let value): try container.encode(value)
        }
    }
}
