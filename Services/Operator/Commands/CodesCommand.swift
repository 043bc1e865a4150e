import ArgumentParser
import Codes
import Foundation
import Hosting
import Kernel
import Keys
import Orders
import Postgres

struct CodesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "codes", abstract: "Mints codes, brings them to life, and checks them.",
        subcommands: [
            Mint.self, Import.self, Imports.self, Marketcode.self, Label.self, Rules.self, Activate.self, Void.self,
            Freeze.self,
            Verify.self, Audit.self, Signals.self, Bursts.self,
            Cases.self, Dealers.self,
        ])

    struct Mint: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Mints a batch of codes and writes them to a file.",
            discussion: """
                The file of prizes is CSV with the header \(PrizeFile.header), costs in yuan; a sixth column, campaign, names the \
                draw that a prize of kind redraw is a right to; a seventh and an eighth, threshold and days, say from how \
                many yuan on a coupon takes its cost off an order, and for how many days. The same request id gives the same \
                batch and the same file again; one that was killed goes on where its file ends. Who has the file has the codes: \
                it is readable by its owner alone.
                """)
        @Option(help: "The brand.") var brand: IDArgument<Brand>
        @Option(help: "How many codes.") var count: Int64
        @Option(help: "The file of prizes; no prizes if not given.") var prizes: String?
        @Option(help: "The file that the codes are written to.") var out: String
        @Option(help: "The code or the id of the shop they are for; all shops if not given.") var shop: String?
        @Option(help: "The id of the product they are printed on; any product if not given.")
        var product: IDArgument<Kernel.Product>?
        @Option(help: "A name for this wish, so that it can be repeated; a new one if not given.") var requestID:
            String?
        @Option(help: "What people call the batch.") var label: String = "Codes"
        @OptionGroup var facts: FactsOptions
        @OptionGroup var sheet: SheetOptions
        @OptionGroup var keys: KeysOptions
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let ring = try keys.ring()
            try sheet.check(against: facts)
            let wanted =
                try prizes.map { try PrizeFile.prizes(String(decoding: CodesCommand.read($0), as: UTF8.self)) } ?? []
            let wish = requestID ?? "\(ID<CodeBatch>.mint())"
            let (batch, isNew) = try await database.withPool { pool in
                let request = MintRequest(
                    brand: brand.id, requestID: wish, count: count, prizes: wanted, label: label,
                    shop: try await CodesCommand.shop(shop, brand: brand.id, on: pool), product: product?.id,
                    facts: facts.facts)
                return try await Minting.mint(request, author: CodesCommand.author, keys: ring, on: pool)
            }
            do {
                try await write(OpenBatch(batch, keys: ring))
            } catch {
                // The batch stands: only its request gets its file.
                Terminal.complain(
                    "Batch \(batch.handle) is minted, its file is not: repeat the command with --request-id \(wish).")
                throw error
            }
            try output.show([batch], isNew: isNew)
        }

        private func write(_ batch: OpenBatch) async throws {
            let codes = try CodeSheet(batch, columns: sheet.columns, links: sheet.gs1 ? .gs1 : .short)
            do {
                try await SheetFile(out).write(codes, workers: CodesCommand.cores) {
                    Terminal.progress("\($0) of \(batch.record.count) codes")
                }
                Terminal.endProgress()
            } catch let error as SheetFileError {
                throw Failure("\(error)", .cannotCreate)
            }
        }
    }

    /// Who stands in the records: the user of the machine.
    static var author: String { NSUserName() }

    static var cores: Int { ProcessInfo.processInfo.activeProcessorCount }

    static func read(_ path: String) throws -> Data {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw Failure("\(path) cannot be read.", .noInput)
        }
        return data
    }

    /// The shop that an option names by its code or its id.
    static func shop(_ text: String?, brand: ID<Brand>, on pool: Pool) async throws -> ID<Kernel.Shop>? {
        guard let text else { return nil }
        let found =
            if let id = ID<Kernel.Shop>(text) {
                try await Catalogue.shop(id, brand: brand, on: pool)
            } else {
                try await Catalogue.shop(code: text, brand: brand, on: pool)
            }
        guard let found else { throw Failure("The brand has no shop \(text).") }
        return found.id
    }

    /// The codes that an argument names.
    static func indexes(_ text: String, count: Int64) throws -> Range<Int64> {
        if text == "all" { return 0..<count }
        let parts = text.split(separator: "..", omittingEmptySubsequences: false)
        guard parts.count == 2, let from = Int64(parts[0]), let to = parts[1].isEmpty ? count : Int64(parts[1]),
            from < to
        else { throw Failure("\(text) is no range: write from..to, from.. or all.", .usage) }
        return from..<to
    }

    /// The batch that an argument names.
    static func batch(_ text: String, on pool: Pool) async throws -> CodeBatchRecord {
        guard let handle = BatchHandle(text) else {
            throw Failure("\(text) is no batch: it is the first four characters of its codes.", .usage)
        }
        guard let batch = try await CodeBatchRecord.find(handle, on: pool) else {
            throw Failure("There is no batch \(handle).")
        }
        return batch
    }
}

/// What the packs of a batch tell beside their codes.
struct FactsOptions: ParsableArguments {
    @Option(help: "The GTIN of what the codes are printed on: 8, 12, 13 or 14 digits.") var gtin: String?
    @Option(help: "The lot.") var lot: String?
    @Option(help: "When it was made, as 2026-11-22.") var madeOn: DateArgument?
    @Option(help: "Until when it keeps, as 2027-11-22.") var bestBefore: DateArgument?
    @Option(help: "What the address of a code begins with, as HTTPS://ID.EXAMPLE.CN.") var linkBase: String?

    var facts: BatchFacts {
        BatchFacts(
            gtin: gtin, lot: lot, madeOn: madeOn?.date, bestBefore: bestBefore?.date, linkBase: linkBase)
    }
}

/// What a line of the file of codes holds.
struct SheetOptions: ParsableArguments {
    @Option(help: "The columns of the file: \(SheetColumns.allCases.map(\.rawValue).joined(separator: ", or ")).")
    var columns = SheetColumns.indexCode
    @Flag(help: "Addresses are GS1 Digital Links: with the GTIN, the code as serial number.") var gs1 = false

    /// Before anything is minted: what is missing in the facts can never be added.
    func check(against facts: FactsOptions) throws {
        guard columns == .indexCode || facts.linkBase != nil else {
            throw ValidationError("--columns \(columns.rawValue) needs --link-base")
        }
        guard !gs1 || (columns != .indexCode && facts.gtin != nil) else {
            throw ValidationError("--gs1 needs --gtin, and --columns with addresses")
        }
    }
}

extension SheetColumns: ExpressibleByArgument {}

/// A day of the calendar.
struct DateArgument: ExpressibleByArgument {
    let date: CalendarDate

    init?(argument: String) {
        guard let date = CalendarDate(argument) else { return nil }
        self.date = date
    }
}

/// An instant in RFC 3339.
struct InstantArgument: ExpressibleByArgument {
    let date: Date

    init?(argument: String) {
        guard let date = try? Date(argument, strategy: .iso8601) else { return nil }
        self.date = date
    }
}

// MARK: - Looking

extension CodesCommand {
    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Says whether a code was minted, what it is worth and what became of it.",
            discussion: "The exit code is 1 for a code that was never minted nor imported. Each look is written down.")
        @Argument(help: "The code.") var code: String
        @Option(help: "The brand, for a code that it imported: only a minted code names its batch itself.")
        var brand: IDArgument<Brand>?
        @OptionGroup var keys: KeysOptions
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let ring = try keys.ring()
            let fate = try await database.withPool { pool in
                try await CodeFate.find(code, brand: brand?.id, author: CodesCommand.author, keys: ring, on: pool)
            }
            guard let fate else {
                throw Failure(
                    "The code was never minted\(brand == nil ? "; for an imported one name its --brand" : " nor imported")."
                )
            }
            try output.show(fate)
        }
    }

    struct Audit: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Counts what all codes of a batch win, and compares with what was promised and redeemed.",
            discussion: "The exit code is 1 where they differ. Each audit is written down.")
        @Argument(help: "The batch: the first four characters of its codes.") var batch: String
        @OptionGroup var keys: KeysOptions
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let ring = try keys.ring()
            let audit = try await database.withPool { pool in
                let record = try await CodesCommand.batch(batch, on: pool)
                return try await BatchAudit.run(
                    record, author: CodesCommand.author, keys: ring, workers: CodesCommand.cores, on: pool
                ) { Terminal.progress("\($0) of \(record.count) codes") }
            }
            Terminal.endProgress()
            try output.show(audit)
            guard audit.isRight else { throw Failure("The batch does not hold what was promised.") }
        }
    }
}

// MARK: - Answers

extension OutputOptions {
    private struct Batch: Encodable {
        let batch: String
        let batchID: ID<CodeBatch>
        let codes: Int64
        let prizes: Int64
        let label: String
        let rulesHash: String
        let isNew: Bool
    }

    func show(_ batches: [CodeBatchRecord], isNew: Bool) throws {
        let values = batches.map { batch in
            Batch(
                batch: batch.handle.description, batchID: batch.id, codes: batch.count,
                prizes: batch.prizes.tiers.reduce(0) { $0 + $1.count }, label: batch.label,
                rulesHash: batch.rulesHash.hex,
                isNew: isNew)
        }
        if json, let only = values.first { return Terminal.say(try Terminal.json(only)) }
        try show(
            values, header: ["batch", "codes", "prizes", "label", "rules", "new"],
            rows: values.map {
                [$0.batch, "\($0.codes)", "\($0.prizes)", $0.label, $0.rulesHash, $0.isNew ? "yes" : "no"]
            })
    }

    private struct Fate: Encodable {
        let code: String
        let batch: String
        let index: Int64
        let standing: String
        let prize: String?
        let redeemedAt: Date?
        let redemption: ID<Redemption>?
    }

    fileprivate func show(_ fate: CodeFate) throws {
        let value = Fate(
            code: fate.code, batch: fate.batch.handle.description, index: fate.index,
            standing: fate.standing.word, prize: fate.prize?.name, redeemedAt: fate.redeemedAt,
            redemption: fate.redemption)
        if json { return Terminal.say(try Terminal.json(value)) }
        try show(
            [value], header: ["code", "batch", "index", "standing", "prize", "redeemed"],
            rows: [
                [
                    value.code, value.batch, "\(value.index)", value.standing, value.prize ?? "",
                    value.redeemedAt.map { $0.ISO8601Format() } ?? "no",
                ]
            ])
    }

    private struct Tier: Encodable {
        let tier: Int32
        let name: String
        let promised: Int64
        let found: Int64
        let won: Int64
    }

    private struct Audit: Encodable {
        let batch: String
        let codes: Int64
        let rulesHash: String
        let rulesHold: Bool
        let wrongRedemptions: Int64
        let missingCodes: Int64
        let tiers: [Tier]
    }

    fileprivate func show(_ audit: BatchAudit) throws {
        let value = Audit(
            batch: audit.batch.handle.description, codes: audit.batch.count, rulesHash: audit.batch.rulesHash.hex,
            rulesHold: audit.isRulesHashRight, wrongRedemptions: audit.wrongRedemptions,
            missingCodes: audit.missingCodes,
            tiers: audit.batch.prizes.tiers.map {
                Tier(
                    tier: $0.tier, name: $0.name, promised: $0.count, found: audit.found[$0.tier] ?? 0,
                    won: audit.won[$0.tier] ?? 0)
            })
        if json { return Terminal.say(try Terminal.json(value)) }
        try show(
            value.tiers, header: ["tier", "prize", "promised", "found", "won"],
            rows: value.tiers.map { ["\($0.tier)", $0.name, "\($0.promised)", "\($0.found)", "\($0.won)"] })
        Terminal.say("The rules \(value.rulesHold ? "are" : "ARE NOT") the ones of \(value.rulesHash).")
    }
}

extension CodeStanding {
    fileprivate var word: String {
        switch self {
        case .active: "active"
        case .notActive: "not active"
        case .void: "void"
        case .frozen: "frozen"
        }
    }
}

extension [UInt8] {
    fileprivate var hex: String { map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }
}
