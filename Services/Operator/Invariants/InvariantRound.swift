import Accounting
import Foundation
import Jobs
import Kernel
import Postgres

/// What one look at everything found.
struct InvariantRound: Sendable {
    /// One rule, and the rows of which it does not hold.
    struct Finding: Encodable, Sendable {
        /// A row that is wrong.
        struct Row: Encodable, Sendable, Equatable {
            /// The tenant; nil for what belongs to none.
            let brand: ID<Brand>?
            let key: String
        }

        let rule: String
        let promise: String
        /// Whether it holds of every row; nil where the database did not answer in time.
        var isFine: Bool? = true
        var rows: [Row] = []
        /// Whether there are more rows than are named.
        var hasMore = false
    }

    let findings: [Finding]
    let seconds: Double

    var broken: [Finding] { findings.filter { $0.isFine == false } }
    var unanswered: [Finding] { findings.filter { $0.isFine == nil } }

    /// Asks about every rule, or about those that are named.
    ///
    /// - Parameters:
    ///   - pool: What looks through the sealed books; they are not looked through without.
    static func take(
        of wanted: Set<String>? = nil, on executor: some Executor, books pool: Pool?
    ) async throws -> InvariantRound {
        let clock = ContinuousClock()
        let start = clock.now
        let now = try await executor.one(BusinessClock.read()).now
        let brands = try await executor.run(BrandStatements.list()).map(\.brand)
        var notes = Notes(of: AllInvariants.rules.filter { wanted?.contains($0.name) ?? true })
        for look in AllInvariants.looks where notes.want(look.rules) {
            if let question = look.ofAll {
                try await notes.ask(look.rules, of: nil) { try await executor.run(question(now)) }
            }
            guard let question = look.ofBrand else { continue }
            for brand in brands {
                try await notes.ask(look.rules, of: brand) { try await executor.run(question(brand, now)) }
            }
        }
        if notes.want(AllInvariants.ofQueue) {
            try await notes.ask(AllInvariants.ofQueue, of: nil) {
                try await JobInvariants.broken(on: executor).map {
                    BrokenRow(rule: Invariant(ofQueue: $0.rule).name, key: $0.subject)
                }
            }
        }
        if let pool, notes.want([AllInvariants.seals]) {
            for brand in brands {
                try await notes.ask([AllInvariants.seals], of: brand) {
                    try await Ledger.checkChain(brand: brand, on: pool).fault.map {
                        [BrokenRow(rule: AllInvariants.seals.name, key: "seal \($0.seal): \($0.description)")]
                    } ?? []
                }
            }
        }
        return InvariantRound(findings: notes.findings, seconds: (clock.now - start) / .seconds(1))
    }
}

/// What is known of each rule so far.
private struct Notes {
    private var places: [String: Int] = [:]
    private(set) var findings: [InvariantRound.Finding] = []

    init(of rules: [Invariant]) {
        for rule in rules {
            places[rule.name] = findings.count
            findings.append(InvariantRound.Finding(rule: rule.name, promise: rule.promise))
        }
    }

    func want(_ rules: [Invariant]) -> Bool { rules.contains { places[$0.name] != nil } }

    /// Asks, and writes down what is wrong; a question that takes too long is a finding, not the end of the round.
    mutating func ask(
        _ rules: [Invariant], of brand: ID<Brand>?, _ question: () async throws -> [BrokenRow]
    ) async throws {
        let rows: [BrokenRow]
        do {
            rows = try await question()
        } catch let error as PostgresError where error.code == .timedOut {
            for place in rules.compactMap({ places[$0.name] }) where findings[place].isFine == true {
                findings[place].isFine = nil
            }
            return
        }
        for row in rows {
            guard let place = places[row.rule] else { continue }
            findings[place].isFine = false
            if findings[place].rows.count < InvariantLook.keysMax.value {
                findings[place].rows.append(InvariantRound.Finding.Row(brand: brand, key: row.key))
            } else {
                findings[place].hasMore = true
            }
        }
    }
}

// MARK: - Metrics

extension InvariantRound {
    /// The round in the text format of Prometheus, for the textfile collector of node_exporter.
    func exposition(at instant: Date) -> String {
        var text = """
            # HELP siyu_invariant_violations Rows of which an invariant does not hold, eleven at most.
            # TYPE siyu_invariant_violations gauge

            """
        func line(_ name: String, _ finding: Finding, _ value: Int) -> String {
            "\(name){rule=\"\(finding.rule)\",promise=\"\(finding.promise)\"} \(value)\n"
        }
        for finding in findings where finding.isFine != nil {
            text += line("siyu_invariant_violations", finding, finding.rows.count + (finding.hasMore ? 1 : 0))
        }
        text += "# TYPE siyu_invariant_unanswered gauge\n"
        for finding in findings { text += line("siyu_invariant_unanswered", finding, finding.isFine == nil ? 1 : 0) }
        return text + """
            # TYPE siyu_invariant_round_seconds gauge
            siyu_invariant_round_seconds \(seconds)
            # TYPE siyu_invariant_round_timestamp_seconds gauge
            siyu_invariant_round_timestamp_seconds \(Int(instant.timeIntervalSince1970))

            """
    }
}
