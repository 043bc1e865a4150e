import ArgumentParser
import Foundation
import Kernel
import Orders
import Postgres

struct ShopCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "shop", abstract: "Makes and lists the shops of a brand.", subcommands: [Create.self, List.self])

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes a shop; one that has the code already is shown instead.")
        @Argument(help: "Its code: lower-case letters, digits, hyphens.") var code: String
        @Argument(help: "Its name.") var name: String
        @Option(help: "The brand it belongs to.") var brand: IDArgument<Brand>
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let made = try await database.withPool {
                try await Catalogue.createShop(code: code, name: name, brand: brand.id, on: $0)
            }
            try output.show([made.shop])
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists the shops of a brand.")
        @Option(help: "The brand.") var brand: IDArgument<Brand>
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            try output.show(try await database.withPool { try await Catalogue.shops(of: brand.id, on: $0) })
        }
    }
}

extension OutputOptions {
    private struct Shop: Encodable {
        let shop: ID<Kernel.Shop>
        let code: String
        let name: String
        let createdAt: Date
    }

    fileprivate func show(_ shops: [ShopRecord]) throws {
        try show(
            shops.map { Shop(shop: $0.id, code: $0.code, name: $0.name, createdAt: $0.createdAt) },
            header: ["shop", "code", "name", "created"],
            rows: shops.map { ["\($0.id)", $0.code, $0.name, $0.createdAt.ISO8601Format()] })
    }
}
