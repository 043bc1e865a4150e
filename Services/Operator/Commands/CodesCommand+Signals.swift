import ArgumentParser
import Codes
import Foundation
import Kernel
import Postgres

extension CodesCommand {
    struct Signals: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists what looked odd about scans.",
            discussion: """
                Nobody is refused for a signal: it is for people to look into. travel: the code, or the person, was somewhere else too shortly \
                before. many_people: three showed the code within a day. shared_device: five showed codes with one device. burst: \
                somebody showed more than twenty codes within a day. region: a pack was outside of its dealer's region, see `siyu codes dealers \
                strays`. Only scans whose sender tells a place or a device are looked at.
                """)
        @Option(help: "The brand.") var brand: IDArgument<Brand>
        @Option(help: "Of this rule alone: \(SignalRule.allCases.map(\.rawValue).joined(separator: ", ")).")
        var rule: SignalRule?
        @Option(help: "Not before, as 2026-11-22T08:00:00+08:00; the last seven days if not given.")
        var since: InstantArgument?
        @Option(help: "Not below this score, from 1 to 100.") var score: Int32 = 1
        @Option(help: "How many, newest first; 10,000 at most.") var limit = 100
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        private static let week: TimeInterval = 7 * 86_400

        func validate() throws {
            guard (1...100).contains(score) else { throw ValidationError("--score is from 1 to 100") }
            guard (1...10_000).contains(limit) else { throw ValidationError("--limit is from 1 to 10,000") }
        }

        func run() async throws {
            let signals = try await database.withPool { pool in
                let now = try await pool.one(ClockStatements.read { now, _, _ in now })
                let filter = ScanSignals.Filter(
                    rule: rule, since: since?.date ?? now.addingTimeInterval(-Self.week), scoreMin: score)
                return try await ScanSignals.list(filter, brand: brand.id, limit: limit, on: pool)
            }
            try output.show(signals)
        }
    }
}

extension SignalRule: ExpressibleByArgument {}

extension OutputOptions {
    private struct Line: Encodable {
        let id: String
        let rule: String
        let batch: String
        let index: Int64
        let personID: String
        let score: Int32
        let km: Int32?
        let minutes: Int32?
        let others: Int32?
        let seenAt: Date
    }

    fileprivate func show(_ signals: [ListedSignal]) throws {
        let lines = signals.map {
            Line(
                id: "\($0.id)", rule: $0.rule.rawValue, batch: "\($0.batch)", index: $0.index, personID: "\($0.person)",
                score: $0.score, km: $0.km, minutes: $0.minutes, others: $0.others, seenAt: $0.seenAt)
        }
        try show(
            lines, header: ["seen", "rule", "score", "batch", "index", "km", "minutes", "others", "person"],
            rows: lines.map {
                [
                    $0.seenAt.ISO8601Format(), $0.rule, "\($0.score)", $0.batch, "\($0.index)",
                    $0.km.map { "\($0)" } ?? "", $0.minutes.map { "\($0)" } ?? "", $0.others.map { "\($0)" } ?? "",
                    $0.personID,
                ]
            })
    }
}
