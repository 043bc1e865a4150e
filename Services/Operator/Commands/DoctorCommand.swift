import Accounting
import ArgumentParser
import Foundation
import Hosting
import Jobs
import Keys
import Kernel
import Logging
import Postgres
import Schema

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Examines a deployment; exit 0 only if nothing is wrong.",
        subcommands: [Deployment.self, Invariants.self], defaultSubcommand: Deployment.self)

    /// What was looked at, and what was found.
    struct Finding: Encodable {
        let check: String
        let isFine: Bool
        let detail: String
    }

    struct Deployment: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Database, schema, clock, keys, queue.")
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var keys: KeysOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let environment = try DatabaseOptions.environment()
            var findings = [keysFinding()]
            try await database.withPool { pool in
                let state = try await Migrator(pool: pool, logger: Logger(label: "siyu.doctor")).check()
                findings.append(Finding(check: "schema", isFine: state == .fits, detail: state.sentence))
                guard state == .fits else { return }
                let clock = try await pool.one(BusinessClock.read())
                findings.append(
                    Finding(
                        check: "environment", isFine: clock.environment == environment.rawValue,
                        detail:
                            "The database was made for \(clock.environment), this command runs for \(environment.rawValue)."
                    ))
                findings.append(
                    Finding(
                        check: "clock", isFine: environment != .production || clock.offsetSeconds == 0,
                        detail: "The business clock is \(clock.offsetSeconds) s ahead of the server's."))
                findings += try await QueueDoctor.findings(on: pool)
            }
            try DoctorCommand.report(findings, output)
        }

        private func keysFinding() -> Finding {
            do {
                let ring = try keys.ring()
                return Finding(check: "keys", isFine: true, detail: "Master key \(ring.masterKeyIDs.first ?? 0) seals.")
            } catch {
                return Finding(check: "keys", isFine: false, detail: (error as? Failure)?.sentence ?? "\(error)")
            }
        }
    }

    struct Invariants: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "What must hold of the queue's and of every brand's rows at any time.")
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            var findings: [Finding] = []
            try await database.withPool { pool in
                findings.append(QueueDoctor.invariants(try await JobInvariants.broken(on: pool)))
                for brand in try await pool.run(BrandStatements.list()) {
                    let books = try await Ledger.check(brand: brand.brand, on: pool)
                    findings.append(
                        Finding(
                            check: "ledger of \(brand.name)", isFine: books.isBalanced,
                            detail: "\(books.transfers) transfers, trial balance \(books.trialBalance)."))
                    let chain = try await Ledger.checkChain(brand: brand.brand, on: pool)
                    findings.append(
                        Finding(
                            check: "seals of \(brand.name)", isFine: chain.fault == nil,
                            detail: chain.fault?.description
                                ?? "\(chain.sealed) transfers under \(chain.seals) seals, \(chain.unsealed) without."))
                    let unpaid = try await pool.one(DoctorStatements.ordersThatDisagreeWithPayments(brand: brand.brand))
                    findings.append(
                        Finding(
                            check: "orders of \(brand.name)", isFine: unpaid == 0,
                            detail: "\(unpaid) orders differ from their payments."))
                    let unposted = try await pool.one(DoctorStatements.paymentsWithoutTransfer(brand: brand.brand))
                    findings.append(
                        Finding(
                            check: "payments of \(brand.name)", isFine: unposted == 0,
                            detail: "\(unposted) payments have no transfer of their amount."))
                    findings += try await money(of: brand.brand, name: brand.name, on: pool)
                }
            }
            try DoctorCommand.report(findings, output)
        }

        /// Stock, and money at WeChat Pay.
        private func money(of brand: ID<Brand>, name: String, on pool: Pool) async throws -> [Finding] {
            let moved = try await pool.one(DoctorStatements.stockThatDisagreesWithMovements(brand: brand))
            let unbooked = try await pool.one(DoctorStatements.moneyWithoutTransfer(brand: brand))
            let waiting = try await pool.one(DoctorStatements.refundsNeedingAttention(brand: brand))
            let unpaid = try await pool.one(DoctorStatements.payoutsNeedingAttention(brand: brand))
            return [
                Finding(
                    check: "stock of \(name)", isFine: moved == 0,
                    detail: "\(moved) variants differ from the sum of their movements."),
                Finding(
                    check: "WeChat Pay of \(name)", isFine: unbooked == 0,
                    detail: "\(unbooked) payments, refunds and payouts have no transfer of their amount."),
                Finding(
                    check: "refunds of \(name)", isFine: waiting == 0,
                    detail: "\(waiting) refunds wait for a person (siyu refund show)."),
                Finding(
                    check: "payouts of \(name)", isFine: unpaid == 0,
                    detail: "\(unpaid) payouts wait for a person (siyu payout show)."),
            ]
        }
    }

    fileprivate static func report(_ findings: [Finding], _ output: OutputOptions) throws {
        try output.show(
            findings, header: ["check", "finding", "detail"],
            rows: findings.map { [$0.check, $0.isFine ? "fine" : "WRONG", $0.detail] })
        let wrong = findings.filter { !$0.isFine }
        if !wrong.isEmpty { throw Failure("\(wrong.count) of \(findings.count) checks found something wrong.") }
    }
}
