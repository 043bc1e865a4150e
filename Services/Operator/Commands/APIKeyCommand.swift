import ArgumentParser
import Foundation
import Hooks
import Kernel
import Postgres

struct APIKeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apikey", abstract: "Makes, lists and ends the API keys of a brand.",
        subcommands: [Create.self, Revoke.self, List.self])

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes an API key. The token is shown this once; only its hash is kept.")
        @Argument(help: "What the key is for; of an operations key, who holds it: what they do is written down by it.")
        var label: String
        @Option(help: "The brand it speaks for; an operations key speaks for none.") var brand: IDArgument<Brand>?
        @Option(help: "The only shop it may see; all shops if not given.") var shop: IDArgument<Shop>?
        @Option(
            help: """
                partner: systems that send and read; staff: people of the brand, or with --shop of a shop; finance: prices and \
                never an address; store: what is handed over, and no price; provider: where parcels go, and no price; auditor: \
                reads and changes nothing; operations: who runs the installation, at the queue's console.
                """) var role: KeyRole = .partner
        @Option(
            help: "How long it is valid: a number with s, m, h or d; until it is revoked if not given.",
            transform: BusinessClock.interval) var expiresIn: Duration?
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func validate() throws {
            if role == .operations, brand != nil || shop != nil {
                throw ValidationError("An operations key goes across brands: it takes neither --brand nor --shop.")
            }
            if role == .operations, expiresIn != nil {
                throw ValidationError("An operations key is valid until it is revoked: it takes no --expires-in.")
            }
            if role != .operations, brand == nil {
                throw ValidationError("--brand is missing: whom does it speak for?")
            }
        }

        func run() async throws {
            guard let role = role.ofBrand, let brand else {
                let made = try await database.withPool { try await OperationsKeys.create(label: label, on: $0) }
                return try output.show([made.record], token: made.token)
            }
            let made = try await database.withPool {
                try await APIKeys.create(
                    brand: brand.id, role: role, shop: shop?.id, label: label, lifetime: expiresIn, on: $0)
            }
            guard let made else { throw Failure("There is no brand \(brand.id).") }
            try output.show([made.record], token: made.token)
        }
    }

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Ends an API key at once.")
        @Argument(help: "The key's id.") var key: IDArgument<APIKey>
        @Option(help: "The brand it speaks for; none for an operations key.") var brand: IDArgument<Brand>?
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            guard let brand else {
                let ended = try await database.withPool { try await OperationsKeys.revoke(key.id, on: $0) }
                guard let ended else { throw Failure("There is no operations key \(key.id); a brand's needs --brand.") }
                return try output.show([ended])
            }
            let ended = try await database.withPool { try await APIKeys.revoke(key.id, brand: brand.id, on: $0) }
            guard let ended else { throw Failure("The brand has no API key \(key.id).") }
            try output.show([ended])
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists the API keys of a brand, or the operations keys; ended ones too.")
        @Option(help: "The brand; the operations keys if not given.") var brand: IDArgument<Brand>?
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            if let brand {
                try output.show(try await database.withPool { try await APIKeys.list(brand: brand.id, on: $0) })
            } else {
                try output.show(try await database.withPool { try await OperationsKeys.list(on: $0) })
            }
        }
    }
}

/// What a key is made for: a role at a brand, or the installation.
enum KeyRole: String, ExpressibleByArgument, CaseIterable {
    case partner, staff, finance, store, provider, auditor, operations

    /// The role at a brand; nil for the installation.
    var ofBrand: Role? { Role(rawValue: rawValue) }
}

extension OutputOptions {
    private struct Key: Encodable {
        let key: ID<APIKey>
        let role: String
        let shop: ID<Kernel.Shop>?
        let label: String
        let createdAt: Date
        let revokedAt: Date?
        let expiresAt: Date?
        let token: String?
    }

    fileprivate func show(_ keys: [APIKeyRecord], token: APIKeyToken? = nil) throws {
        try show(
            keys.map { key in
                Key(
                    key: key.id, role: key.role.rawValue, shop: key.shop, label: key.label, createdAt: key.createdAt,
                    revokedAt: key.revokedAt, expiresAt: key.expiresAt, token: token?.revealed)
            })
    }

    fileprivate func show(_ keys: [OperationsKeyRecord], token: APIKeyToken? = nil) throws {
        try show(
            keys.map { key in
                Key(
                    key: key.id, role: KeyRole.operations.rawValue, shop: nil, label: key.label,
                    createdAt: key.createdAt, revokedAt: key.revokedAt, expiresAt: nil, token: token?.revealed)
            })
    }

    private func show(_ values: [Key]) throws {
        try show(
            values, header: ["key", "role", "shop", "label", "created", "ends", "ended", "token, shown once"],
            rows: values.map { key in
                [
                    "\(key.key)", key.role, key.shop.map { "\($0)" } ?? "all", key.label, key.createdAt.ISO8601Format(),
                    key.expiresAt.map { $0.ISO8601Format() } ?? "never", key.revokedAt.map { $0.ISO8601Format() } ?? "",
                    key.token ?? "",
                ]
            })
    }
}
