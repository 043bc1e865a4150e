import ArgumentParser
import Kernel
import Postgres
import Reporting

struct ReportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report", abstract: "Prints a report, each figure with its identity against the ledger.")

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case table, csv, json
    }

    @Argument(help: "overview, prizes, gifts, settlement, packs, draws, funnel, returns, givers, supply or ratings.")
    var name: String
    @Option(help: "The brand.") var brand: IDArgument<Brand>
    @Option(help: "The first day, yyyy-mm-dd; the first day with an order if not given.") var from: String?
    @Option(help: "The last day; the last day with an order if not given.") var to: String?
    @Option(help: "Only this shop, by its id.") var shop: String?
    @Option(help: "table, csv or json.") var format: Format = .table
    @OptionGroup var database: DatabaseOptions

    func run() async throws {
        let query = try ReportQuery(name: name, brand: brand.id, from: from, to: to, shop: shop)
        let format = ReportFormat(rawValue: format.rawValue) ?? .table
        let (bytes, isBalanced) = try await database.withPool { pool in
            if query.name == .overview {
                let report = try await Report.load(query, from: pool)
                return (try format.bytes(of: report), report.isBalanced)
            }
            let report = try await SheetReport.load(query, from: pool)
            return (try format.bytes(of: report), report.isBalanced)
        }
        Terminal.say(String(decoding: bytes, as: UTF8.self).trimmingOneLineEnd())
        if !isBalanced { throw Failure("The report does not balance with the ledger.") }
    }
}

extension String {
    /// Without the line end that `say` adds again.
    fileprivate func trimmingOneLineEnd() -> String { hasSuffix("\n") ? String(dropLast()) : self }
}
