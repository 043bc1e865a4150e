import ArgumentParser
import Foundation
import Hooks
import Kernel
import Orders
import Postgres

struct HooksCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hooks", abstract: "Looks after the hooks that come in, and those that go out.",
        subcommands: [Source.self, Endpoint.self])

    struct Source: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Whoever sends hooks to a brand: each has a name in the path and secrets of its own.",
            discussion: """
                A source may do what its purposes say and nothing else; a source of one shop, with that shop's things alone.

                A mini program and its tills:   siyu hooks source create shop --brand B
                A till that scans:              siyu hooks source create till --brand B --purpose scans
                A shop's desk for after-sales:  siyu hooks source create desk --brand B --shop S --purpose aftersales
                It was told 403 purpose_missing: siyu hooks source change NAME --brand B --purpose P …
                """,
            subcommands: [Create.self, Change.self, Rotate.self, List.self])

        /// A shop of the brand; one that it has not is a slip of the pen, and would shut the source out of everything.
        static func require(_ shop: ID<Shop>?, of brand: ID<Brand>, on pool: Pool) async throws {
            guard let shop else { return }
            guard try await Catalogue.shops(of: brand, on: pool).contains(where: { $0.id == shop }) else {
                throw Failure("The brand has no shop \(shop).")
            }
        }

        static func missing(_ name: String) -> Failure { Failure("The brand has no source \(name).") }
    }
}

extension HooksCommand.Source {
    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes a source. Its secret is shown this once; it is kept sealed.")
        @Argument(help: "Its name in the path: lower-case letters, digits, hyphens.") var name: String
        @Option(help: "The brand it sends to.") var brand: IDArgument<Brand>
        @Option(help: "What its secret is for; several times for several. If not given: scans, handovers, draws.")
        var purpose: [HookPurpose] = []
        @Option(help: "The only shop whose things it may touch; all shops if not given.") var shop: IDArgument<Shop>?
        @OptionGroup var keys: KeysOptions
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func validate() throws {
            guard shop == nil || !purpose.isEmpty else {
                throw ValidationError("Name --purpose: not all that is usual belongs to one shop.")
            }
        }

        func run() async throws {
            let ring = try keys.ring()
            let purposes = purpose.isEmpty ? HookPurpose.usual : Set(purpose)
            let made = try await database.withPool { pool in
                try await HooksCommand.Source.require(shop?.id, of: brand.id, on: pool)
                return try await HookSources.create(
                    name, brand: brand.id, shop: shop?.id, purposes: purposes, keys: ring, on: pool)
            }
            guard let made else { throw Failure("There is no brand \(brand.id).") }
            try output.show([made.record], secret: made.secret)
        }
    }

    struct Change: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Changes what a source is for; services know it after two seconds. Its secrets stay.")
        @Argument(help: "Its name in the path.") var name: String
        @Option(help: "The brand it sends to.") var brand: IDArgument<Brand>
        @Option(help: "All that its secret is for from now on; several times for several.")
        var purpose: [HookPurpose] = []
        @Flag(help: "It is for nothing any more, until it is changed again.") var noPurpose = false
        @Option(help: "The only shop whose things it may touch from now on.") var shop: IDArgument<Shop>?
        @Flag(help: "It may touch the things of all shops.") var allShops = false
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func validate() throws {
            guard !noPurpose || purpose.isEmpty else { throw ValidationError("Name --purpose or --no-purpose.") }
            guard !allShops || shop == nil else { throw ValidationError("Name --shop or --all-shops.") }
            guard noPurpose || allShops || shop != nil || !purpose.isEmpty else {
                throw ValidationError("Name --purpose or --no-purpose, --shop or --all-shops, or one of each.")
            }
        }

        func run() async throws {
            let purposes = noPurpose || !purpose.isEmpty ? Set(purpose) : nil
            let shops: HookSourceShop = allShops ? .of(nil) : shop.map { .of($0.id) } ?? .asItIs
            let records = try await database.withPool { pool in
                try await HooksCommand.Source.require(shop?.id, of: brand.id, on: pool)
                guard
                    try await HookSources.change(name, shop: shops, purposes: purposes, brand: brand.id, on: pool)
                else { throw HooksCommand.Source.missing(name) }
                return try await HookSources.list(brand: brand.id, on: pool)
            }
            try output.show(records.filter { $0.name == name })
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
                guard let made else { throw HooksCommand.Source.missing(name) }
                return (made.secret, try await HookSources.list(brand: brand.id, on: pool))
            }
            try output.show(records.filter { $0.name == name }, secret: secret)
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists the sources of a brand, and what they are for.")
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
        let shop: ID<Shop>?
        let purposes: [String]
        let createdAt: Date
        let secrets: Int
        let oldSecretValidUntil: Date?
        let secret: String?
    }

    fileprivate func show(_ records: [HookSourceRecord], secret: HookSecret? = nil) throws {
        let values = records.map { record in
            Source(
                name: record.name, source: record.id, brand: record.brand, shop: record.shop,
                purposes: record.purposes.map(\.rawValue).sorted(), createdAt: record.createdAt,
                secrets: record.secretCount, oldSecretValidUntil: record.olderValidUntil, secret: secret?.revealed)
        }
        try show(
            values,
            header: [
                "name", "source", "for", "shop", "created", "secrets", "old one valid until", "secret, shown once",
            ],
            rows: values.map { value in
                [
                    value.name, "\(value.source)", value.purposes.joined(separator: ", "),
                    value.shop.map { "\($0)" } ?? "", value.createdAt.ISO8601Format(), "\(value.secrets)",
                    value.oldSecretValidUntil.map { $0.ISO8601Format() } ?? "", value.secret ?? "",
                ]
            })
    }
}

extension HookPurpose: ExpressibleByArgument {}
