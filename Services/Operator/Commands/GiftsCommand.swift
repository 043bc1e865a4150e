import ArgumentParser
import Foundation
import Gifting
import Hosting
import Kernel
import Orders
import Postgres

struct GiftsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gifts",
        abstract: "The switches of shops; pages, covers, entries, who looks at greetings, and draws of group gifts.",
        discussion: """
            The numbers of gifts are policies: `siyu policy list`. The kinds of goods that may not be given are categories: \
            `siyu category`.
            """,
        subcommands: [Switch.self, Switches.self, Page.self, Cover.self, Entry.self, Screen.self, Group.self])

    enum Position: String, ExpressibleByArgument, CaseIterable {
        case on, off
    }

    struct Switch: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Switches the gifts of a whole shop on or off. Shops have them unless somebody says otherwise.",
            discussion: "Gifts that were sent run to their end. There is no switch for a product.")
        @Argument(help: "on or off.") var position: Position
        @Option(help: "The code of the shop.") var shop: String
        @Option(help: "The brand.") var brand: IDArgument<Brand>
        @Option(help: "Why.") var reason: String
        @Option(help: "Who decides; the user of this computer if not given.") var author: String = NSUserName()
        @Option(help: "From when on, RFC 3339; now if not given.") var from: InstantArgument?
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let record = try await database.withPool { pool in
                try await pool.transaction { tx in
                    try await ShopSwitch.set(
                        position == .on, shop: shop, brand: brand.id, from: from?.date, author: author, reason: reason,
                        on: tx)
                }
            }
            try output.show([record])
        }
    }

    struct Switches: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Everything that was decided about the gifts of a shop, newest first; nothing means on.")
        @Option(help: "The code of the shop.") var shop: String
        @Option(help: "The brand.") var brand: IDArgument<Brand>
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let records = try await database.withPool { pool in
                guard let known = try await Catalogue.shop(code: shop, brand: brand.id, on: pool) else {
                    throw Failure("There is no shop \(shop): `siyu shop list` names them.")
                }
                return try await ShopSwitch.history(of: known.id, brand: brand.id, on: pool)
            }
            try output.show(records)
        }
    }
}

// MARK: - The recipient's page

extension GiftsCommand {
    struct Page: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "The account at WeChat that says who opens the page of a gift.",
            subcommands: [Set.self, Show.self])

        struct Set: AsyncParsableCommand {
            static let configuration = CommandConfiguration(
                abstract: "Gives a brand its account (服务号), or another one; the secret is kept sealed.",
                discussion: """
                    The account's openids must be those by which partners name people in gifts. The host of --page-base must be \
                    registered with it as the domain of web login (网页授权域名).
                    """)
            @Option(help: "The brand.") var brand: IDArgument<Brand>
            @Option(help: "The account.") var appid: String
            @Option(help: "A file that holds its secret, or - for standard input.") var secretFile: String
            @Option(help: "Where siyu-gifts is reached from outside, as in https://host.") var pageBase: String
            @Option(help: "Where people are recognized; another than WeChat only in development.")
            var authorizeBase: String = WebApp.weChatAuthorizeBase
            @Option(help: "Where codes are exchanged; another than WeChat only in development.")
            var apiBase: String = WebApp.weChatAPIBase
            @OptionGroup var keys: KeysOptions
            @OptionGroup var database: DatabaseOptions
            @OptionGroup var output: OutputOptions

            func run() async throws {
                let app = WebApp(
                    appid: appid, secret: try secret(), pageBase: pageBase, authorizeBase: authorizeBase,
                    apiBase: apiBase)
                let ring = try keys.ring()
                try await database.withPool { pool in
                    try await pool.transaction { tx in
                        try await WebApps.set(app, brand: brand.id, keys: ring, on: tx)
                    }
                }
                try output.show(app)
            }

            private func secret() throws -> String {
                let data =
                    secretFile == "-"
                    ? FileHandle.standardInput.readDataToEndOfFile()
                    : FileManager.default.contents(atPath: secretFile)
                guard let data, let text = String(data: data, encoding: .utf8) else {
                    throw Failure("\(secretFile) cannot be read.", .noInput)
                }
                return text.trimmingCharacters(in: .whitespacesAndNewlines)
            }
        }

        struct Show: AsyncParsableCommand {
            static let configuration = CommandConfiguration(
                abstract: "Shows the account of a brand, without its secret.")
            @Option(help: "The brand.") var brand: IDArgument<Brand>
            @OptionGroup var keys: KeysOptions
            @OptionGroup var database: DatabaseOptions
            @OptionGroup var output: OutputOptions

            func run() async throws {
                let ring = try keys.ring()
                let app = try await database.withPool { try await WebApps.of(brand.id, keys: ring, on: $0) }
                guard let app else {
                    throw Failure("The brand has no account for pages: `siyu gifts page set` gives it one.")
                }
                try output.show(app)
            }
        }
    }
}

extension OutputOptions {
    private struct Account: Encodable {
        let appid: String
        let pageBase: String
        let authorizeBase: String
        let apiBase: String
    }

    fileprivate func show(_ app: WebApp) throws {
        try show(
            [
                Account(
                    appid: app.appid, pageBase: app.pageBase, authorizeBase: app.authorizeBase, apiBase: app.apiBase)
            ], header: ["account", "pages", "recognized at", "exchanged at"],
            rows: [[app.appid, app.pageBase, app.authorizeBase, app.apiBase]])
    }

    private struct Switch: Encodable {
        let shop: ID<Kernel.Shop>
        let gifts: String
        let validFrom: Date
        let author: String
        let reason: String
    }

    fileprivate func show(_ records: [ShopSwitchRecord]) throws {
        func word(_ record: ShopSwitchRecord) -> String { record.isOn ? "on" : "off" }
        try show(
            records.map {
                Switch(
                    shop: $0.shop, gifts: word($0), validFrom: $0.validFrom, author: $0.author, reason: $0.reason)
            },
            header: ["gifts", "from", "decided by", "why"],
            rows: records.map { [word($0), $0.validFrom.ISO8601Format(), $0.author, $0.reason] })
    }
}
