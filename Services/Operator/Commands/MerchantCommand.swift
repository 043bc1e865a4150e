import ArgumentParser
import Foundation
import Hosting
import Kernel
import Orders
import Postgres
import Schema
import WeChat

struct MerchantCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "merchant", abstract: "Adds and lists the WeChat Pay merchants of a brand.",
        subcommands: [Add.self, List.self])

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Adds a merchant with its keys, which are kept sealed; one that is known gets the new keys.")
        @Option(help: "The brand it belongs to.") var brand: IDArgument<Brand>
        @Option(help: "Its credentials: a merchant.json.") var file: String
        @Option(help: "Where siyu-ingest is reached from outside, as in https://host; in development its own port.")
        var notifyBase: String?
        @OptionGroup var keys: KeysOptions
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            guard let data = FileManager.default.contents(atPath: file) else {
                throw Failure("\(file) cannot be read.", .noInput)
            }
            guard let credentials = try? JSONDecoder().decode(MerchantCredentials.self, from: data) else {
                throw Failure("\(file) is not a merchant.json.", .noInput)
            }
            let base = try address()
            let ring = try keys.ring()
            let added = try await database.withPool { pool in
                try await pool.transaction { tx in
                    let now = try await tx.one(BusinessClock.read()).now
                    return try await Merchants.add(
                        credentials, notifyBase: base, brand: brand.id, keys: ring, now: now, on: tx)
                }
            }
            try output.show([added])
        }

        private func address() throws -> String {
            if let notifyBase { return notifyBase }
            guard try DatabaseOptions.environment() == .development else {
                throw Failure("Where is siyu-ingest reached from outside? Say --notify-base https://host.", .usage)
            }
            return "http://127.0.0.1:8101"
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists the merchants of a brand, without their keys.")
        @Option(help: "The brand.") var brand: IDArgument<Brand>
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            try output.show(try await database.withPool { try await Merchants.list(of: brand.id, on: $0) })
        }
    }
}

extension OutputOptions {
    private struct Merchant: Encodable {
        let mchid: String
        let appid: String
        let baseURL: String
        let notifyURL: String
        let createdAt: Date
        let updatedAt: Date
    }

    fileprivate func show(_ merchants: [MerchantRecord]) throws {
        try show(
            merchants.map {
                Merchant(
                    mchid: $0.mchid, appid: $0.appid, baseURL: $0.baseURL, notifyURL: $0.notifyURL,
                    createdAt: $0.createdAt, updatedAt: $0.updatedAt)
            },
            header: ["merchant", "appid", "WeChat Pay", "notifications", "updated"],
            rows: merchants.map { [$0.mchid, $0.appid, $0.baseURL, $0.notifyURL, $0.updatedAt.ISO8601Format()] })
    }
}
