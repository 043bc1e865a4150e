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
            Mint.self, Rules.self, Activate.self, Void.self, Freeze.self, Verify.self, Audit.self,
        ])

    struct Mint: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Mints a batch of codes and writes them to a file.",
            discussion: """
                The file of prizes is CSV with the header \(PrizeFile.header), costs in yuan. The same request id gives the same \
                batch and the same file again. Who has the file has the codes: it is readable by its owner alone.
                """)
        @Option(help: "The brand.") var brand: IDArgument<Brand>
        @Option(help: "How many codes.") var count: Int64
        @Option(help: "The file of prizes; no prizes if not given.") var prizes: String?
        @Option(help: "The file that the codes are written to.") var out: String
        @Option(help: "The code or the id of the shop they are for; all shops if not given.") var shop: String?
        @Option(help: "A name for this wish, so that it can be repeated; a new one if not given.") var requestID:
            String?
        @Option(help: "What people call the batch.") var label: String = "Codes"
        @OptionGroup var keys: KeysOptions
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let ring = try keys.ring()
            let wanted = try prizes.map { try PrizeFile.prizes(String(decoding: read($0), as: UTF8.self)) } ?? []
            let wish = requestID ?? "\(ID<CodeBatch>.mint())"
            let (batch, isNew) = try await database.withPool { pool in
                let request = MintRequest(
                    brand: brand.id, requestID: wish, count: count, prizes: wanted, label: label,
                    shop: try await shopID(on: pool))
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

        private func read(_ path: String) throws -> Data {
            guard let data = FileManager.default.contents(atPath: path) else {
                throw Failure("\(path) cannot be read.", .noInput)
            }
            return data
        }

        private func shopID(on pool: Pool) async throws -> ID<Kernel.Shop>? {
            guard let shop else { return nil }
            let found =
                if let id = ID<Kernel.Shop>(shop) {
                    try await Catalogue.shop(id, brand: brand.id, on: pool)
                } else {
                    try await Catalogue.shop(code: shop, brand: brand.id, on: pool)
                }
            guard let found else { throw Failure("The brand has no shop \(shop).") }
            return found.id
        }

        /// Under another name first: whoever finds the file under its own finds all of it.
        private func write(_ batch: OpenBatch) async throws {
            let partial = out + ".partial"
            guard
                FileManager.default.createFile(
                    atPath: partial, contents: nil, attributes: [.posixPermissions: 0o600]),
                let file = FileHandle(forWritingAtPath: partial)
            else { throw Failure("\(partial) cannot be written.", .cannotCreate) }
            do {
                try await CodeSheet(batch).write(workers: CodesCommand.cores) { piece, written in
                    try file.write(contentsOf: Data(piece))
                    Terminal.progress("\(written) of \(batch.record.count) codes")
                }
                Terminal.endProgress()
                try file.synchronize()
                try file.close()
                guard rename(partial, out) == 0 else { throw Failure("\(out) cannot be written.", .cannotCreate) }
            } catch let error as CocoaError {
                throw Failure("\(partial) cannot be written: \(error.localizedDescription)", .cannotCreate)
            }
        }
    }

    struct Activate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Brings codes to life, from now or from an instant on.")
        @OptionGroup var range: RangeOptions
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func run() async throws { try await range.decide(.activate, database, output) }
    }

    struct Void: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Ends codes for good: nothing tells them from codes that never were.")
        @OptionGroup var range: RangeOptions
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func run() async throws { try await range.decide(.void, database, output) }
    }

    struct Freeze: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Holds codes back; --until ends it.")
        @OptionGroup var range: RangeOptions
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func run() async throws { try await range.decide(.freeze, database, output) }
    }

    /// Who stands in the records: the user of the machine.
    static var author: String { NSUserName() }

    static var cores: Int { ProcessInfo.processInfo.activeProcessorCount }

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

/// A batch and some of its codes.
struct RangeOptions: ParsableArguments {
    @Argument(help: "The batch: the first four characters of its codes.") var batch: String
    @Argument(help: "The codes by index: from..to, the end not included; from.. up to the last; all.") var range: String
    @Option(name: .customLong("from"), help: "From when on, as 2026-11-22T08:00:00+08:00; now if not given.")
    var validFrom: InstantArgument?
    @Option(name: .customLong("until"), help: "Until when, and no longer; for ever if not given.")
    var validTo: InstantArgument?

    /// How long a process may take to learn of a new batch: it looks every second, a look may just have been missed, and takes time.
    private static let learning: TimeInterval = 3

    /// Decides, and says what became of it.
    func decide(_ kind: RangeKind, _ database: DatabaseOptions, _ output: OutputOptions) async throws {
        let outcome = try await database.withPool { pool in
            let record = try await CodesCommand.batch(batch, on: pool)
            let command = RangeCommand(
                kind: kind, indexes: try indexes(count: record.count), validFrom: validFrom?.date,
                validTo: validTo?.date)
            let outcome = try await Ranges.decide(
                command, batch: record.id, brand: record.brand, author: CodesCommand.author, on: pool)
            if case .added(let range) = outcome { try await awaitLearning(of: record, from: range.validFrom) }
            return (record, outcome)
        }
        switch outcome.1 {
        case .added(let range): try output.show(range, of: outcome.0, isNew: true)
        case .unchanged(let range): try output.show(range, of: outcome.0, isNew: false)
        case .refused(let problem): throw problem
        }
    }

    /// When the command returns, every running service knows the batch: one just minted is waited for.
    private func awaitLearning(of batch: CodeBatchRecord, from now: Date) async throws {
        let age = now.timeIntervalSince(batch.createdAt)
        guard age < Self.learning else { return }
        try await Task.sleep(for: .seconds(Self.learning - age))
    }

    private func indexes(count: Int64) throws -> Range<Int64> {
        if range == "all" { return 0..<count }
        let parts = range.split(separator: "..", omittingEmptySubsequences: false)
        guard parts.count == 2, let from = Int64(parts[0]), let to = parts[1].isEmpty ? count : Int64(parts[1]),
            from < to
        else { throw Failure("\(range) is no range: write from..to, from.. or all.", .usage) }
        return from..<to
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
            discussion: "The exit code is 1 for a code that was never minted. Each look is written down.")
        @Argument(help: "The code.") var code: String
        @OptionGroup var keys: KeysOptions
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let ring = try keys.ring()
            let fate = try await database.withPool { pool in
                try await CodeFate.find(code, author: CodesCommand.author, keys: ring, on: pool)
            }
            guard let fate else { throw Failure("The code was never minted.") }
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

    private struct Range: Encodable {
        let batch: String
        let kind: RangeKind
        let from: Int64
        let to: Int64
        let validFrom: Date
        let validTo: Date?
        let isNew: Bool
    }

    fileprivate func show(_ batches: [CodeBatchRecord], isNew: Bool) throws {
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

    fileprivate func show(_ range: CodeRange, of batch: CodeBatchRecord, isNew: Bool) throws {
        let value = Range(
            batch: batch.handle.description, kind: range.kind, from: range.indexes.lowerBound,
            to: range.indexes.upperBound, validFrom: range.validFrom, validTo: range.validTo, isNew: isNew)
        if json { return Terminal.say(try Terminal.json(value)) }
        try show(
            [value], header: ["batch", "decided", "from", "to", "valid from", "until", "new"],
            rows: [
                [
                    value.batch, value.kind.rawValue, "\(value.from)", "\(value.to)", value.validFrom.ISO8601Format(),
                    value.validTo.map { $0.ISO8601Format() } ?? "", isNew ? "yes" : "no",
                ]
            ])
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
            code: fate.code.description, batch: fate.batch.handle.description, index: fate.index,
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
        let tiers: [Tier]
    }

    fileprivate func show(_ audit: BatchAudit) throws {
        let value = Audit(
            batch: audit.batch.handle.description, codes: audit.batch.count, rulesHash: audit.batch.rulesHash.hex,
            rulesHold: audit.isRulesHashRight, wrongRedemptions: audit.wrongRedemptions,
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
