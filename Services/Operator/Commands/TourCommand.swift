import ArgumentParser
import Foundation
import Hosting
import Kernel
import Postgres
import Schema

struct TourCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tour", abstract: "Walks through Siyu on real data; needs the services running.",
        discussion: "The last line of the output is one JSON object with the counts.")

    @Option(help: "The CDNOW purchases.") var file = "Tests/Data/cdnow_master.txt"
    @Option(help: "Where siyu-ingest answers.") var ingest = "http://127.0.0.1:8101"
    @Option(help: "Where siyu-redeem answers.") var redeem = "http://127.0.0.1:8102"
    @Option(help: "Where siyu-gifts answers.") var gifts = "http://127.0.0.1:8103"
    @Option(help: "Where siyu-reports answers.") var reports = "http://127.0.0.1:8104"
    @Option(help: "Where siyu-sandbox answers.") var sandbox = "http://127.0.0.1:8110"
    @Option(help: "What siyu-sandbox gave the merchant: its merchant.json.") var merchant: String
    @OptionGroup var keys: KeysOptions
    @OptionGroup var database: DatabaseOptions

    func run() async throws {
        guard try DatabaseOptions.environment() != .production else {
            throw Failure("The tour makes a brand of its own and is not for production: set SIYU_ENV=development.")
        }
        guard let data = FileManager.default.contents(atPath: file) else {
            throw Failure(
                "\(file) cannot be read: run the tour in the repository, or name the file with --file.", .usage)
        }
        guard let credentials = FileManager.default.contents(atPath: merchant) else {
            throw Failure(
                "\(merchant) cannot be read: it stands in the folder SIYU_SANDBOX_STATE of siyu-sandbox.", .noInput)
        }
        let ring = try keys.ring()
        let addresses = TourAddresses(
            ingest: ingest, redeem: redeem, gifts: gifts, reports: reports, sandbox: sandbox)
        let outcome = try await database.withPool { pool in
            try await Tour(pool: pool, keys: ring, file: data, merchant: credentials, addresses: addresses).run()
        }
        Terminal.say()
        let summary = outcome.summary
        Terminal.say(
            Terminal.table(
                ["what", "count"],
                [
                    ["orders", "\(summary.orders)"], ["members", "\(summary.members)"],
                    ["members with two orders or more", "\(summary.repeatMembers)"],
                    ["GMV", "\(Money(fen: summary.gmvFen))"], ["orders of ¥0.00", "\(summary.zeroOrders)"],
                    ["ledger transfers", "\(summary.ledgerTransfers)"],
                    ["ledger total", "\(Money(fen: summary.ledgerFen))"], ["codes", "\(summary.codes)"],
                    ["redemptions", "\(summary.redemptions)"], ["gifts", "\(summary.gifts)"],
                    ["accepted", "\(summary.accepted)"], ["of these after a swap", "\(summary.swapped)"],
                    ["expired", "\(summary.expired)"], ["refunds", "\(summary.refunds)"],
                    ["refunded", "\(Money(fen: summary.refundedFen))"],
                ]))
        Terminal.say()
        Terminal.say("The brand's board: \(reports)/  (API key for this database: \(outcome.token))")
        Terminal.say(try Terminal.json(summary, pretty: false))
    }
}
