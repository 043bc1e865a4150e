import Accounting
import ArgumentParser
import Kernel
import Postgres

struct LedgerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ledger", abstract: "Looks after the books.", subcommands: [Check.self])

    struct Check: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Looks through all the books; exit 0 if they balance, 1 if not.")
        @Option(help: "Only this brand's; all brands if not given.") var brand: IDArgument<Brand>?
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let books = try await database.withPool { pool in
                let brands = try await pool.run(BrandStatements.list()).filter { brand == nil || $0.brand == brand?.id }
                if brands.isEmpty, let brand { throw Failure("There is no brand \(brand.id).") }
                var books: [Books] = []
                for record in brands {
                    books.append(
                        Books(brand: record.brand, check: try await Ledger.check(brand: record.brand, on: pool)))
                }
                return books
            }
            try output.show(
                books,
                header: ["brand", "accounts", "transfers", "trial balance", "wrong balances", "legs without account"],
                rows: books.map { row in
                    [
                        "\(row.brand)", "\(row.check.accounts)", "\(row.check.transfers)", "\(row.check.trialBalance)",
                        "\(row.check.balancesWrong)", "\(row.check.legsWithoutAccount)",
                    ]
                })
            let broken = books.filter { !$0.check.isBalanced }
            if !broken.isEmpty { throw Failure("The books of \(broken.count) brands do not balance.") }
        }
    }

    private struct Books: Encodable, Sendable {
        let brand: ID<Brand>
        let check: LedgerCheck
    }
}
