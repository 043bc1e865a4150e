import ArgumentParser
import Foundation
import Hosting
import Jobs
import Kernel
import Logging
import Orders
import Postgres

struct PayoutCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "payout", abstract: "Looks after cash that people won.", subcommands: [Show.self, Retry.self])

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows a payout, or all attempts for a redemption; without either, those that wait for a person.")
        @Argument(help: "The id of a payout or of a redemption.") var id: IDArgument<Payout>?
        @Option(help: "The brand.") var brand: IDArgument<Brand>
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            try output.show(try await database.withPool { try await find(on: $0) })
        }

        private func find(on pool: Pool) async throws -> [PayoutRecord] {
            guard let id else { return try await Payouts.needingAttention(brand: brand.id, on: pool) }
            if let payout = try await Payouts.payout(id.id, brand: brand.id, on: pool) { return [payout] }
            let attempts = try await Payouts.of(id.id.rawValue, brand: brand.id, on: pool)
            guard !attempts.isEmpty else { throw Failure("There is no payout and no paid redemption \(id.id).") }
            return attempts
        }
    }

    struct Retry: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Starts another round of calls to WeChat Pay for a payout that waits for a person.",
            discussion:
                "WeChat Pay is asked first what became of it; it is sent again only if it never arrived, and under another number only if it failed."
        )
        @Argument(help: "The payout's id.") var id: IDArgument<Payout>
        @Option(help: "The brand.") var brand: IDArgument<Brand>
        @Flag(help: "Must be given: there is no other way to retry a payout safely.") var queryFirst = false
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            guard queryFirst else {
                throw Failure(
                    "A payout may have been paid: say --query-first, so that it is asked about first.", .usage)
            }
            let payout = try await database.withPool { pool in
                let queue = JobQueue(pool: pool, logger: Logger(label: "siyu.payout"))
                let payout = try await pool.transaction { tx in
                    try await Payouts.retry(id.id, brand: brand.id, queue: queue, on: tx)
                }
                await queue.wake(PayoutRequest.jobQueue)
                return payout
            }
            try output.show([payout])
        }
    }
}

extension OutputOptions {
    private struct Row: Encodable {
        let payout: ID<Payout>
        let redemption: ID<Redemption>
        let number: Int
        let outBillNo: String
        let amountFen: Int64
        let state: String
        let attempts: Int
        let answer: String?
        let requestedAt: Date
        let confirmUntil: Date?
        let finishedAt: Date?
        let attentionSince: Date?

        init(_ payout: PayoutRecord) {
            self.payout = payout.id
            redemption = ID(rawValue: payout.subject)
            number = payout.number
            outBillNo = payout.outBillNo
            amountFen = payout.amount.fen
            state = payout.stage.rawValue
            attempts = payout.attempts
            answer = payout.providerWord
            requestedAt = payout.requestedAt
            confirmUntil = payout.confirmUntil
            finishedAt = payout.finishedAt
            attentionSince = payout.attentionSince
        }
    }

    fileprivate func show(_ payouts: [PayoutRecord]) throws {
        try show(
            payouts.map(Row.init),
            header: ["payout", "redemption", "attempt", "yuan", "state", "calls", "WeChat Pay says", "since"],
            rows: payouts.map { payout in
                [
                    "\(payout.id)", "\(ID<Redemption>(rawValue: payout.subject))", "\(payout.number)",
                    payout.amount.yuanText, payout.stage.rawValue, "\(payout.attempts)", payout.providerWord ?? "",
                    (payout.attentionSince ?? payout.finishedAt ?? payout.requestedAt).ISO8601Format(),
                ]
            })
    }
}
