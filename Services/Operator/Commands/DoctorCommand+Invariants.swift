import ArgumentParser
import Foundation
import Hosting
import Kernel
import Postgres
import UnixSignals

extension DoctorCommand {
    struct Invariants: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "What must hold of the queue's and of every brand's rows at any time; exit 70 if it does not.",
            discussion: """
                Every rule has a name, and is asked of the rows themselves. The first ten rows that are wrong are named by their \
                ids, never by anything about a person. With --continuous it looks again and again until SIGTERM, and then exits \
                70 if any round found something. A question that takes longer than --timeout is reported as not answered; exit \
                69 if that is all.
                """)
        @Flag(help: "Look again and again, until SIGTERM.") var continuous = false
        @Option(help: "From the end of a round to the next, as 30s, 5m or 1h.", transform: BusinessClock.interval)
        var interval: Duration = .seconds(60)
        @Option(help: "The longest that one question may take.", transform: BusinessClock.interval)
        var timeout: Duration = .seconds(60)
        @Option(help: "Only this rule; may be given several times.") var rule: [String] = []
        @Option(help: "Writes each round as a file of metrics, for node_exporter's textfile collector.")
        var metricsFile: String?
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func validate() throws {
            let known = Set(AllInvariants.rules.map(\.name))
            if let unknown = rule.first(where: { !known.contains($0) }) {
                throw ValidationError("There is no rule \(unknown); siyu doctor invariants names all there are.")
            }
        }

        private var wanted: Set<String>? { rule.isEmpty ? nil : Set(rule) }

        func run() async throws {
            if continuous { return try await runUntilSignalled() }
            let round = try await database.withPool(statementTimeout: timeout) { pool in
                try await InvariantRound.take(of: wanted, on: pool, books: pool)
            }
            try keep(round)
            try output.show(
                round.findings, header: ["rule", "promise", "finding", "rows"],
                rows: round.findings.map { [$0.rule, $0.promise, $0.word, $0.names] })
            try round.requireFine()
        }

        // MARK: Again and again

        private enum Ended: Sendable {
            case signalled
            case rounds(foundSomething: Bool)
        }

        private func runUntilSignalled() async throws {
            let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
            let foundSomething = try await database.withPool(statementTimeout: timeout) { pool in
                try await withThrowingTaskGroup(of: Ended.self) { group in
                    group.addTask {
                        for await _ in signals { break }
                        return .signalled
                    }
                    group.addTask { .rounds(foundSomething: await rounds(on: pool)) }
                    var found = false
                    for try await ended in group {
                        if case .rounds(true) = ended { found = true }
                        group.cancelAll()
                    }
                    return found
                }
            }
            if foundSomething { throw Failure("Some round found something wrong.", .software) }
        }

        /// Rounds until the task is cancelled; a database that is away is the next round's to find back.
        private func rounds(on pool: Pool) async -> Bool {
            var foundSomething = false
            while !Task.isCancelled {
                do {
                    let round = try await InvariantRound.take(of: wanted, on: pool, books: pool)
                    foundSomething = foundSomething || !round.broken.isEmpty
                    try keep(round)
                    try tell(round)
                } catch {
                    if !Task.isCancelled { Terminal.complain("The round could not be finished: \(error)") }
                }
                // Cancelled in its sleep, the loop ends.
                try? await Task.sleep(for: interval)
            }
            return foundSomething
        }

        private struct Line: Encodable {
            let at: Date
            let rules: Int
            let seconds: Double
            let broken: [InvariantRound.Finding]
            let unanswered: [String]
        }

        /// One line a round, and one for each rule that is broken.
        private func tell(_ round: InvariantRound) throws {
            if output.json {
                let line = Line(
                    at: Date(), rules: round.findings.count, seconds: round.seconds, broken: round.broken,
                    unanswered: round.unanswered.map(\.rule))
                return Terminal.say(try Terminal.json(line, pretty: false))
            }
            Terminal.say(
                "\(Date().ISO8601Format()) \(round.findings.count) rules, \(round.broken.count) broken, "
                    + "\(round.unanswered.count) not answered")
            for finding in round.broken { Terminal.say("  \(finding.rule) (\(finding.promise)): \(finding.names)") }
        }

        private func keep(_ round: InvariantRound) throws {
            guard let metricsFile else { return }
            do {
                try Data(round.exposition(at: Date()).utf8).write(to: URL(filePath: metricsFile), options: .atomic)
            } catch {
                throw Failure("\(metricsFile) cannot be written: \(error.localizedDescription)", .cannotCreate)
            }
        }
    }
}

extension InvariantRound {
    /// Ends the command with the code for what was found.
    func requireFine() throws(Failure) {
        if !broken.isEmpty {
            throw Failure("\(broken.count) of \(findings.count) rules do not hold.", .software)
        }
        if !unanswered.isEmpty {
            throw Failure(
                "\(unanswered.count) of \(findings.count) rules were not answered in time: try a longer --timeout.",
                .unavailable)
        }
    }
}

extension InvariantRound.Finding {
    fileprivate var word: String {
        switch isFine {
        case true: "holds"
        case false: "BROKEN"
        default: "not answered"
        }
    }

    /// The rows, for a line.
    fileprivate var names: String {
        rows.map { row in (row.brand.map { "\($0) " } ?? "") + row.key }.joined(separator: "; ")
            + (hasMore ? "; and more" : "")
    }
}
