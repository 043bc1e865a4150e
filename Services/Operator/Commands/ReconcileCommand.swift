import ArgumentParser
import AsyncHTTPClient
import Foundation
import Hosting
import Kernel
import Keys
import Orders
import Postgres
import WeChat

struct ReconcileCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reconcile",
        abstract: "Holds a day's bills of WeChat Pay against orders, refunds, payouts and the books.",
        discussion: """
            Without a file both bills are downloaded; they are there from ten o'clock of the next day in Beijing. Exit 0 if nothing \
            differs, 1 if something does, 65 if a file is no bill (nothing of it is kept), 69 if WeChat Pay is away or not ready yet. \
            A day may be compared as often as one likes: what no longer differs is marked as resolved.
            """)
    @Option(help: "The day in Beijing, yyyy-mm-dd.") var date: String
    @Option(help: "The brand.") var brand: IDArgument<Brand>
    @Option(help: "Only this merchant's; all of the brand if not given.") var merchant: String?
    @Option(help: "The trade bill as a file, packed with gzip or not, instead of downloading.") var bill: String?
    @Option(help: "The fund flow as a file, packed with gzip or not.") var fundFlow: String?
    @OptionGroup var keys: KeysOptions
    @OptionGroup var database: DatabaseOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        guard let day = CalendarDate(date) else {
            throw Failure("--date must be a day of the calendar, as in 2026-11-22.", .usage)
        }
        let days = try await database.withPool { pool in
            let merchants = try await Merchants.list(of: brand.id, on: pool).map(\.mchid).filter {
                merchant == nil || $0 == merchant
            }
            guard !merchants.isEmpty else { throw Failure("The brand has no such merchant.") }
            let isFile = bill != nil || fundFlow != nil
            guard !isFile || merchants.count == 1 else {
                throw Failure("A file is one merchant's bill: name it with --merchant.", .usage)
            }
            var days: [Day] = []
            for mchid in merchants {
                let sources =
                    isFile
                    ? try files() : try await Self.download(mchid, date, keys: keys.ring(), brand: brand.id, pool)
                days.append(try await Self.compare(mchid, day, sources, brand: brand.id, on: pool))
            }
            return days
        }
        try show(days)
        let open = days.reduce(0) { $0 + $1.mismatches.count }
        if open > 0 { throw Failure("\(open) things differ from WeChat Pay's bills of \(day).") }
    }

    // MARK: Bills

    private func files() throws -> [BillSource] {
        var sources: [BillSource] = []
        for (kind, path) in [(PayBillKind.trade, bill), (.fundFlow, fundFlow)] {
            guard let path else { continue }
            guard let data = FileManager.default.contents(atPath: path) else {
                throw Failure("\(path) cannot be read.", .noInput)
            }
            do {
                sources.append(try BillSource(kind, file: Array(data)))
            } catch {
                throw Failure("\(path): \(error).", .dataError)
            }
        }
        return sources
    }

    /// Both bills of a merchant's day, unpacked and held against their hashes.
    static func download(
        _ mchid: String, _ day: String, keys: KeyRing, brand: ID<Brand>, _ pool: Pool
    ) async throws -> [BillSource] {
        let http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: WeChatPayClient.httpConfiguration)
        do {
            guard let known = try await Merchants(pool: pool, keys: keys, http: http).merchant(mchid) else {
                throw Failure("There is no merchant \(mchid).")
            }
            let client = WeChatPayClient(merchant: known.merchant, http: http)
            var sources: [BillSource] = []
            for kind in PayBillKind.allCases {
                guard let ticket = try await client.bill(kind, of: day) else {
                    sources.append(BillSource(empty: kind))
                    continue
                }
                sources.append(try BillSource(kind, file: try await client.download(ticket)))
            }
            try await http.shutdown()
            return sources
        } catch {
            try? await http.shutdown()  // the first error is the one to tell
            guard let error = error as? WeChatPayError else { throw error }
            if case .refused(_, "STATEMENT_CREATING", _) = error {
                throw Failure(
                    "WeChat Pay is still making the bill of \(day): come again in half an hour.", .unavailable)
            }
            throw Failure("The bill of \(day) could not be fetched: \(error).", .unavailable)
        }
    }

    static func compare(
        _ mchid: String, _ day: CalendarDate, _ sources: [BillSource], brand: ID<Brand>, on pool: Pool
    ) async throws -> Day {
        do {
            let outcome = try await pool.transaction { tx in
                try await Reconciliation(brand: brand, mchid: mchid, day: day).run(sources, on: tx)
            }
            return Day(mchid: mchid, date: "\(day)", outcome)
        } catch let error as ReconciliationError {
            throw Failure(sentence(for: error), .dataError)
        }
    }

    private static func sentence(for error: ReconciliationError) -> String {
        switch error {
        case .notABill(let kind, let error): return "The \(kind.rawValue) bill: \(error); nothing was kept."
        case .summaryDiffers(let kind):
            return
                "The \(kind.rawValue) bill's summary is not that of its lines: it was cut or changed; nothing was kept."
        case .refused(let kind, let refusals):
            let lines = refusals.map { "line \($0.line): \($0.reason)" }.joined(separator: "\n")
            return "Lines of the \(kind.rawValue) bill cannot be compared; nothing was kept.\n\(lines)"
        }
    }

    // MARK: Showing

    /// What a merchant's day came to.
    struct Day: Encodable, Sendable {
        let mchid: String
        let date: String
        let tradeLines: Int
        let fundFlowLines: Int
        let records: Int
        let resolved: Int
        let mismatches: [Row]

        init(mchid: String, date: String, _ outcome: ReconciliationOutcome) {
            (self.mchid, self.date) = (mchid, date)
            tradeLines = outcome.lines[.trade] ?? 0
            fundFlowLines = outcome.lines[.fundFlow] ?? 0
            records = outcome.records
            resolved = outcome.resolved
            mismatches = outcome.open.map(Row.init)
        }
    }

    /// One thing that differs.
    struct Row: Encodable, Sendable {
        let reason: String
        let bill: String
        let line: Int?
        let number: String
        let billFen: Int64?
        let ourFen: Int64?
        let foundAt: Date
        let advice: String

        init(_ record: MismatchRecord) {
            reason = record.reason.rawValue
            bill = record.bill.rawValue
            line = record.line
            number = record.number
            billFen = record.billAmount?.fen
            ourFen = record.ourAmount?.fen
            foundAt = record.foundAt
            advice = record.reason.advice
        }
    }

    private func show(_ days: [Day]) throws {
        try output.show(
            days, header: ["merchant", "reason", "bill", "line", "number", "bill yuan", "our yuan", "what to do"],
            rows: days.flatMap { day in
                day.mismatches.map { row in
                    [
                        day.mchid, row.reason, row.bill, row.line.map(String.init) ?? "", row.number,
                        row.billFen.map { Money(fen: $0).yuanText } ?? "",
                        row.ourFen.map { Money(fen: $0).yuanText } ?? "", row.advice,
                    ]
                }
            })
        guard !output.json else { return }
        for day in days {
            Terminal.say(
                "\(day.mchid) on \(day.date): \(day.tradeLines) + \(day.fundFlowLines) lines and \(day.records) records compared, "
                    + "\(day.mismatches.count) differ, \(day.resolved) no longer do")
        }
    }
}
