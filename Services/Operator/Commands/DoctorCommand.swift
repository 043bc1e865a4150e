import ArgumentParser
import Foundation
import Hosting
import Jobs
import Keys
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

    fileprivate static func report(_ findings: [Finding], _ output: OutputOptions) throws {
        try output.show(
            findings, header: ["check", "finding", "detail"],
            rows: findings.map { [$0.check, $0.isFine ? "fine" : "WRONG", $0.detail] })
        let wrong = findings.filter { !$0.isFine }
        if !wrong.isEmpty { throw Failure("\(wrong.count) of \(findings.count) checks found something wrong.") }
    }
}
