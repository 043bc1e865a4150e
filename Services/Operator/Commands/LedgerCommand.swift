import Accounting
import ArgumentParser
import Foundation
import Hosting
import Kernel
import Postgres

struct LedgerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ledger", abstract: "Looks after the books.",
        subcommands: [Check.self, Seal.self, Balance.self])

    struct Check: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Looks through all the books; exit 0 if they balance and are as they were sealed, 1 if not.",
            discussion: """
                Every seal is computed again from its transfers, and the first transfer that was changed, removed or slipped in \
                is named. Whoever could change the seals too cannot change one that was noted down elsewhere: give such a seal \
                with --noted.
                """)
        @Option(help: "Only this brand's; all brands if not given.") var brand: IDArgument<Brand>?
        @Option(help: "A seal that was noted down earlier, NUMBER:HASH, to be found again; needs --brand.")
        var noted: SealHeadArgument?
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func validate() throws {
            if noted != nil, brand == nil {
                throw ValidationError("--noted is a seal of one brand: name it with --brand.")
            }
        }

        func run() async throws {
            let books = try await database.withPool(connectionsMax: LedgerCommand.lanes + 2) { pool in
                var books: [Books] = []
                for brand in try await LedgerCommand.brands(brand?.id, on: pool) {
                    books.append(
                        try await LedgerCommand.examine(brand, noted: noted?.head, on: pool) {
                            Terminal.progress("\(brand): \($0) transfers looked through")
                        })
                }
                Terminal.endProgress()
                return books
            }
            try show(books)
            for fault in books.compactMap(\.chain.fault) { Terminal.complain(fault.description) }
            let broken = books.filter { !$0.isInOrder }
            if !broken.isEmpty {
                throw Failure("The books of \(broken.count) brands do not balance, or are not as they were sealed.")
            }
        }

        private func show(_ books: [Books]) throws {
            try output.show(
                books,
                header: [
                    "brand", "accounts", "transfers", "trial balance", "wrong balances", "legs without account",
                    "seals",
                    "unsealed",
                ],
                rows: books.map { row in
                    [
                        "\(row.brand)", "\(row.check.accounts)", "\(row.check.transfers)", "\(row.check.trialBalance)",
                        "\(row.check.balancesWrong)", "\(row.check.legsWithoutAccount)", "\(row.chain.seals)",
                        "\(row.chain.unsealed)",
                    ]
                })
            if !output.json { LedgerCommand.show(heads: books.map { ($0.brand, $0.chain.head) }) }
        }
    }

    struct Seal: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Seals what was posted, now, and shows the last seals, to be noted down elsewhere.",
            discussion:
                "siyu-ingest does it every few seconds; a transaction that still runs holds back what came after it.")
        @Option(help: "Only this brand's; all brands if not given.") var brand: IDArgument<Brand>?
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        private struct Sealed: Encodable {
            let brand: ID<Brand>
            let transfers: Int
            let head: SealHead?
        }

        func run() async throws {
            let sealed = try await database.withPool { pool in
                var sealed: [Sealed] = []
                for brand in try await LedgerCommand.brands(brand?.id, on: pool) {
                    let transfers: Int
                    do {
                        transfers = try await Ledger.sealAll(brand: brand, on: pool)
                    } catch let error as SealError {
                        throw Failure(error.description, .config)
                    }
                    sealed.append(
                        Sealed(brand: brand, transfers: transfers, head: try await Ledger.head(brand: brand, on: pool)))
                }
                return sealed
            }
            try output.show(
                sealed, header: ["brand", "sealed now"], rows: sealed.map { ["\($0.brand)", "\($0.transfers)"] })
            if !output.json { LedgerCommand.show(heads: sealed.map { ($0.brand, $0.head) }) }
        }
    }

    struct Balance: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Balances (credits less debits) of a brand by kind of account, or of one account, as of an instant.",
            discussion: "What is posted later for an earlier instant counts, too: an instant is when money counts.")
        @Option(help: "The brand.") var brand: IDArgument<Brand>
        @Option(help: "Only this account.") var account: IDArgument<Account>?
        @Option(help: "The instant, RFC 3339; everything that is posted if not given.") var asOf: InstantArgument?
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        private struct Line: Encodable {
            let kind: String?
            let account: ID<Account>?
            let accounts: Int
            let balanceFen: Int64
        }

        func run() async throws {
            let instant = asOf?.date ?? .distantFuture
            let lines = try await database.withPool { pool -> [Line] in
                guard let account else {
                    return try await Ledger.balances(asOf: instant, brand: brand.id, on: pool).map {
                        Line(
                            kind: $0.kind.rawValue, account: nil, accounts: $0.accounts, balanceFen: $0.balance.fen)
                    }
                }
                guard
                    let balance = try await Ledger.balance(
                        of: account.id, asOf: instant, brand: brand.id, on: pool)
                else { throw Failure("The brand has no account \(account.id).") }
                return [Line(kind: nil, account: account.id, accounts: 1, balanceFen: balance.fen)]
            }
            try output.show(
                lines, header: ["account", "accounts", "balance"],
                rows: lines.map {
                    [$0.kind ?? "\(account?.id.description ?? "")", "\($0.accounts)", "\(Money(fen: $0.balanceFen))"]
                })
        }
    }

    /// Seals that are looked through at once: one is computed while the next is read.
    private static let lanes = 3

    private static func brands(_ brand: ID<Brand>?, on pool: Pool) async throws -> [ID<Brand>] {
        let brands = try await pool.run(BrandStatements.list()).map(\.brand).filter { brand == nil || $0 == brand }
        if brands.isEmpty, let brand { throw Failure("There is no brand \(brand).") }
        return brands
    }

    private static func show(heads: [(brand: ID<Brand>, head: SealHead?)]) {
        for (brand, head) in heads {
            if let head { Terminal.say("last seal of \(brand): \(head)") }
        }
    }

    /// What a look through all the books of a brand found.
    struct Books: Encodable, Sendable {
        let brand: ID<Brand>
        let check: LedgerCheck
        let chain: ChainCheck

        /// Whether nothing is wrong.
        var isInOrder: Bool { check.isBalanced && chain.fault == nil }
    }

    /// Folds a brand's transfers and computes its seals again, side by side.
    static func examine(
        _ brand: ID<Brand>, noted: SealHead? = nil, on pool: Pool, progress: (Int) -> Void = { _ in }
    ) async throws -> Books {
        async let check = Ledger.check(brand: brand, on: pool)
        let chain = try await Ledger.checkChain(
            brand: brand, noted: noted, lanes: lanes, on: pool, progress: progress)
        return Books(brand: brand, check: try await check, chain: chain)
    }
}

/// A seal as it was noted down: NUMBER:HASH.
struct SealHeadArgument: ExpressibleByArgument {
    let head: SealHead

    init?(argument: String) {
        guard let head = SealHead(argument) else { return nil }
        self.head = head
    }
}
