import ArgumentParser
import Foundation
import Kernel
import Orders
import Postgres

struct CategoryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "category", abstract: "The kinds of goods of a brand, as a tree that changes with time.",
        discussion: """
            Rules about kinds of goods name categories by their codes and hold for everything below them: the policy \
            gift.excluded_categories, for instance.
            """,
        subcommands: [List.self, Create.self, Move.self, Put.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists the categories, now or as of an instant.")
        @Option(help: "The brand.") var brand: IDArgument<Brand>
        @Option(help: "The instant, RFC 3339; now if not given.") var at: InstantArgument?
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            try output.show(
                try await database.withPool { try await Catalogue.categories(of: brand.id, at: at?.date, on: $0) })
        }
    }

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes a category; one that has the code already is shown instead.")
        @Argument(help: "Its code: lower-case letters, digits, hyphens.") var code: String
        @Argument(help: "Its name.") var title: String
        @Option(help: "The code of the category it stands below; none at the top.") var below: String?
        @Option(help: "The brand.") var brand: IDArgument<Brand>
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let made = try await database.withPool {
                try await Catalogue.addCategory(code: code, title: title, below: below, brand: brand.id, on: $0)
            }
            try output.show([made])
        }
    }

    struct Move: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Moves a category with all below it, from now or a later instant on.")
        @Argument(help: "Its code.") var code: String
        @Option(help: "The code of the category it shall stand below; the top if not given.") var below: String?
        @Option(help: "From when on, RFC 3339; now if not given.") var from: InstantArgument?
        @Option(help: "The brand.") var brand: IDArgument<Brand>
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let moved = try await database.withPool {
                try await Catalogue.moveCategory(code, below: below, from: from?.date, brand: brand.id, on: $0)
            }
            try output.show([moved])
        }
    }

    struct Put: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Puts a product into a category, from now or a later instant on, instead of where it was.")
        @Argument(help: "The product's number in its shop.") var sku: String
        @Option(help: "The code of the shop.") var shop: String
        @Option(help: "The code of the category; none takes the product out of all.") var category: String?
        @Option(help: "From when on, RFC 3339; now if not given.") var from: InstantArgument?
        @Option(help: "The brand.") var brand: IDArgument<Brand>
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let start = try await database.withPool {
                try await Catalogue.categorize(
                    sku: sku, shop: shop, as: category, from: from?.date, brand: brand.id, on: $0)
            }
            struct Row: Encodable {
                let sku: String
                let category: String?
                let validFrom: Date
            }
            let row = Row(sku: sku, category: category, validFrom: start)
            try output.show(
                [row], header: ["sku", "category", "from"],
                rows: [[sku, category ?? "", start.ISO8601Format()]])
        }
    }
}

extension OutputOptions {
    private struct Row: Encodable {
        let code: String
        let title: String
        let below: String?
        let validFrom: Date
    }

    fileprivate func show(_ categories: [CategoryRecord]) throws {
        try show(
            categories.map { Row(code: $0.code, title: $0.title, below: $0.parent, validFrom: $0.validFrom) },
            header: ["category", "title", "below", "from"],
            rows: categories.map { [$0.code, $0.title, $0.parent ?? "", $0.validFrom.ISO8601Format()] })
    }
}
