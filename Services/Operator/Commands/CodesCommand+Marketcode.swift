import ArgumentParser
import Codes
import Foundation
import Hosting
import Jobs
import Kernel
import Keys
import Logging
import Postgres
import WeChat

extension CodesCommand {
    struct Marketcode: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Codes that WeChat makes (一物一碼): asks for them, and activates them.",
            discussion: """
                siyu-ingest does what is asked for here: it applies, asks until the codes are made, fetches and loads them, and has them \
                activated. `show` says how far it is. Whoever repeats a command with the same request changes nothing.
                """,
            subcommands: [Account.self, Apply.self, Show.self, Activate.self, Retry.self])
    }
}

extension CodesCommand.Marketcode {
    struct Account: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Gives a brand its service account, which is kept sealed; without a file, shows which it has.",
            discussion: """
                The file is JSON: `appid` and `secret` of the service account, `package_key`, the 16 characters that WeChat sent for its \
                packages, and perhaps `base_url`.
                """)
        @Option(help: "The brand.") var brand: IDArgument<Brand>
        @Option(help: "The credentials: a marketcode.json.") var file: String?
        @OptionGroup var keys: KeysOptions
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            guard let file else {
                let known = try await database.withPool { try await MarketcodeAccounts.record(of: brand.id, on: $0) }
                guard let known else { throw Failure("The brand has no service account: say --file marketcode.json.") }
                return try output.show(known)
            }
            let data = try CodesCommand.read(file)
            guard let credentials = try? JSONDecoder().decode(MarketcodeCredentials.self, from: data) else {
                throw Failure(
                    "\(file) is not a marketcode.json: appid, secret and package_key are needed.", .noInput)
            }
            let ring = try keys.ring()
            try output.show(
                try await database.withPool { pool in
                    try await pool.transaction { tx in
                        try await MarketcodeAccounts.set(credentials, brand: brand.id, keys: ring, on: tx)
                    }
                })
        }
    }

    struct Apply: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Asks WeChat for codes, which become a batch when all of them are here.",
            discussion:
                "WeChat makes 10,000 to 20,000,000 codes, in multiples of 10,000. The file of prizes is that of `siyu codes mint`."
        )
        @Option(help: "The brand.") var brand: IDArgument<Brand>
        @Option(help: "How many codes.") var count: Int64
        @Option(help: "The file of prizes; no prizes if not given.") var prizes: String?
        @Option(help: "The code or the id of the shop they are for; all shops if not given.") var shop: String?
        @Option(help: "The id of the product they are printed on; any product if not given.")
        var product: IDArgument<Kernel.Product>?
        @Option(help: "A name for this wish, so that it can be repeated; a new one if not given.")
        var requestID: String?
        @Option(help: "What people call the batch.") var label: String = "Codes"
        @OptionGroup var facts: FactsOptions
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let wanted =
                try prizes.map { try PrizeFile.prizes(String(decoding: CodesCommand.read($0), as: UTF8.self)) } ?? []
            let name = requestID ?? "\(ID<CodeBatch>.mint())"
            let view = try await database.withPool { pool in
                let batch = MintRequest(
                    brand: brand.id, requestID: name, count: count, prizes: wanted, label: label,
                    shop: try await CodesCommand.shop(shop, brand: brand.id, on: pool), product: product?.id,
                    facts: facts.facts)
                let made = try await Marketcodes.apply(
                    CodeApplicationRequest(batch: batch), author: CodesCommand.author, queue: .ofMarketcodes(pool))
                return try await CodesCommand.Marketcode.view(made.application.requestID, brand: brand.id, on: pool)
            }
            try output.show([view])
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows how far a wish for codes is, with what was activated; without a name, all of a brand.")
        @Argument(help: "The wish's name.") var request: String?
        @Option(help: "The brand.") var brand: IDArgument<Brand>
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let views = try await database.withPool { pool in
                guard let request else { return try await Marketcodes.views(brand: brand.id, on: pool) }
                return [try await CodesCommand.Marketcode.view(request, brand: brand.id, on: pool)]
            }
            try output.show(views)
        }
    }

    struct Activate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Has codes activated at WeChat, and activates them here.",
            discussion: """
                From then on whoever scans one with WeChat is led to the mini program, and may redeem it from --from on. WeChat knows no \
                second activation of a code, and none for a time: --from and --until count here alone.
                """)
        @Argument(help: "The wish's name.") var request: String
        @Argument(help: "The codes by index: from..to, the end not included; from.. up to the last; all.")
        var range = "all"
        @Option(help: "The brand.") var brand: IDArgument<Brand>
        @Option(help: "The campaign, as shoppers read it.") var activity: String
        @Option(help: "The product's brand, as shoppers read it.") var productBrand: String
        @Option(help: "The product, as shoppers read it.") var productTitle: String
        @Option(help: "The product's EAN.") var ean: String
        @Option(help: "The appid of the mini program that opens.") var wxaAppid: String
        @Option(help: "Its page.") var wxaPath: String
        @Option(help: "Which version of it: release, develop or trial.") var wxaVersion = WxaVersion.release
        @Option(name: .customLong("from"), help: "From when on they may be redeemed; now if not given.")
        var validFrom: InstantArgument?
        @Option(name: .customLong("until"), help: "Until when, and no longer; for ever if not given.")
        var validTo: InstantArgument?
        @Flag(help: "Leave it to `siyu codes activate` from when on they may be redeemed.") var wechatOnly = false
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func validate() throws {
            guard !wechatOnly || (validFrom == nil && validTo == nil) else {
                throw ValidationError("--wechat-only goes without --from and --until")
            }
        }

        func run() async throws {
            let activity = MarketcodeActivity(
                name: activity, brand: productBrand, title: productTitle, ean: ean, appid: wxaAppid, path: wxaPath,
                version: wxaVersion.version)
            let view = try await database.withPool { pool in
                let count = try await CodesCommand.Marketcode.view(request, brand: brand.id, on: pool)
                    .application.count
                _ = try await Marketcodes.activate(
                    try CodesCommand.indexes(range, count: count), of: request, for: activity,
                    within: wechatOnly ? nil : (validFrom?.date, validTo?.date), brand: brand.id,
                    author: CodesCommand.author, queue: .ofMarketcodes(pool))
                return try await CodesCommand.Marketcode.view(request, brand: brand.id, on: pool)
            }
            try output.show([view])
        }
    }

    struct Retry: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Starts another round of calls to WeChat for whatever of a wish waits for a person.",
            discussion:
                "What may have been activated is asked about first; what WeChat refused is sent again, so see to the reason before."
        )
        @Argument(help: "The wish's name.") var request: String
        @Option(help: "The brand.") var brand: IDArgument<Brand>
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let view = try await database.withPool { pool in
                try await Marketcodes.retry(request, brand: brand.id, queue: .ofMarketcodes(pool))
                return try await CodesCommand.Marketcode.view(request, brand: brand.id, on: pool)
            }
            try output.show([view])
        }
    }

    /// The wish of a name.
    fileprivate static func view(
        _ request: String, brand: ID<Brand>, on pool: Pool
    ) async throws -> Marketcodes.View {
        guard let view = try await Marketcodes.view(request, brand: brand, on: pool) else {
            throw Failure("The brand has not asked WeChat for codes under the name \(request).")
        }
        return view
    }
}

/// Which version of a mini program opens.
enum WxaVersion: String, ExpressibleByArgument, CaseIterable {
    case release, develop, trial

    var version: MarketcodeActivity.Version {
        switch self {
        case .release: .release
        case .develop: .develop
        case .trial: .trial
        }
    }
}

extension JobQueue {
    fileprivate static func ofMarketcodes(_ pool: Pool) -> JobQueue {
        JobQueue(pool: pool, logger: Logger(label: "siyu.marketcodes"))
    }
}

// MARK: - Answers

extension OutputOptions {
    private struct Account: Encodable {
        let appid: String
        let baseURL: String
        let createdAt: Date
        let updatedAt: Date
    }

    fileprivate func show(_ account: MarketcodeAccountRecord) throws {
        let value = Account(
            appid: account.appid, baseURL: account.baseURL, createdAt: account.createdAt,
            updatedAt: account.updatedAt)
        if json { return Terminal.say(try Terminal.json(value)) }
        try show(
            [value], header: ["service account", "WeChat", "updated"],
            rows: [[value.appid, value.baseURL, value.updatedAt.ISO8601Format()]])
    }

    private struct Activation: Encodable {
        let activation: ID<CodeActivation>
        let from: Int64
        let to: Int64
        let state: String
        let attempts: Int
        let answer: String?
        let createdAt: Date
        let finishedAt: Date?
        let attentionSince: Date?

        var row: [String] {
            let since = attentionSince ?? finishedAt ?? createdAt
            return ["", "", "\(from)..\(to)", state, answer ?? "", since.ISO8601Format()]
        }
    }

    private struct Wish: Encodable {
        let request: String
        let application: ID<CodeApplication>
        let appid: String
        let wechatApplication: String?
        let codes: Int64
        let loaded: Int64
        let state: String
        let attempts: Int
        let answer: String?
        let batch: String?
        let author: String
        let createdAt: Date
        let finishedAt: Date?
        let attentionSince: Date?
        let activations: [Activation]

        var row: [String] {
            let since = attentionSince ?? finishedAt ?? createdAt
            return [request, batch ?? "", "\(loaded) of \(codes)", state, answer ?? "", since.ISO8601Format()]
        }

        init(_ view: Marketcodes.View) {
            let wish = view.application
            request = wish.requestID
            application = wish.id
            appid = wish.appid
            wechatApplication = wish.wechatID
            codes = wish.count
            loaded = view.loaded
            state = wish.stage.rawValue
            attempts = wish.attempts
            answer = wish.word
            batch = view.batch?.handle.description
            author = wish.author
            createdAt = wish.createdAt
            finishedAt = wish.finishedAt
            attentionSince = wish.attentionSince
            activations = view.activations.map {
                Activation(
                    activation: $0.id, from: $0.indexes.lowerBound, to: $0.indexes.upperBound, state: $0.stage.rawValue,
                    attempts: $0.attempts, answer: $0.word, createdAt: $0.createdAt, finishedAt: $0.finishedAt,
                    attentionSince: $0.attentionSince)
            }
        }
    }

    fileprivate func show(_ views: [Marketcodes.View]) throws {
        let values = views.map(Wish.init)
        // One line for the wish, and one for each activation below it.
        let rows: [[String]] = values.flatMap { [$0.row] + $0.activations.map(\.row) }
        try show(values, header: ["request", "batch", "codes", "state", "WeChat says", "since"], rows: rows)
    }
}
