import ArgumentParser
import Foundation
import Kernel
import Postgres

/// A brand as the operator sees it.
struct BrandRecord: Encodable, Sendable {
    let brand: ID<Brand>
    let name: String
    let createdAt: Date
}

struct BrandCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "brand", abstract: "Makes and shows brands, the tenants.",
        subcommands: [Create.self, List.self, Show.self])

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Makes a brand.")
        @Argument(help: "Its name.") var name: String
        @Option(help: "The id it is to have; making the same brand twice changes nothing.") var id: IDArgument<Brand>?
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let brand = id?.id ?? .mint()
            let record = try await database.withPool { try await Brands.create(brand, name: name, on: $0) }
            try output.show([record])
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists the brands.")
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            try output.show(try await database.withPool { try await $0.run(BrandStatements.list()) })
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Shows a brand.")
        @Argument(help: "Its id.") var brand: IDArgument<Brand>
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            guard let record = try await database.withPool({ try await $0.first(BrandStatements.brand(brand.id)) })
            else {
                throw Failure("There is no brand \(brand.id).")
            }
            try output.show([record])
        }
    }
}

/// What the operator does with brands.
enum Brands {
    /// The longest name of a brand; people read it in a heading.
    static let nameLengthMax = 80

    /// Makes a brand, or finds the one that has the id already.
    static func create(_ brand: ID<Brand>, name: String, on pool: Pool) async throws -> BrandRecord {
        guard (1...nameLengthMax).contains(name.unicodeScalars.count) else {
            throw Failure("A brand's name has 1 to \(nameLengthMax) characters.")
        }
        return try await pool.transaction { tx in
            try await tx.execute(BrandStatements.create(brand, name: name))
            return try await tx.one(BrandStatements.brand(brand))
        }
    }
}

extension OutputOptions {
    fileprivate func show(_ brands: [BrandRecord]) throws {
        try show(
            brands, header: ["brand", "name", "created"],
            rows: brands.map { ["\($0.brand)", $0.name, $0.createdAt.ISO8601Format()] })
    }
}
