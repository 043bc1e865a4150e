import ArgumentParser
import Foundation
import Postgres

struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measures this machine: each figure beside a raw one taken in turn with it.",
        discussion: """
            Needs a cluster in which --database-url may make databases; each benchmark makes one and drops it. Use a \
            release build, and read the ratios: absolute figures are the machine's.
            """)

    enum Subject: String, ExpressibleByArgument, CaseIterable {
        case postgres, jobs, ingest, services, scans, mint, ledger, gifts
    }

    @Argument(help: "postgres, jobs, ingest, services, scans, mint, ledger, gifts; all if none is named.") var subjects:
        [Subject] = []
    @Option(help: "Pairs of ours and raw.") var pairs = 5
    @Option(help: "Of jobs, this part alone; may be given again.")
    var only: [JobsBench.Part] = []
    @Option(help: "Of scans, this part alone; may be given again.")
    var scansOnly: [ScansBench.Part] = []
    @Option(help: "Of gifts, this part alone; may be given again.")
    var giftsOnly: [GiftsBench.Part] = []
    @Option(help: "Gifts that are due at once, for gifts.") var gifts = 100_000
    @Option(help: "The CDNOW purchases, for ingest.") var file = "Tests/Data/cdnow_master.txt"
    @Option(help: "Codes of the batch, for scans.") var codes: Int64 = 20_000_000
    @Option(help: "Connections at once, for scans and gifts.") var connections = 64
    @Option(help: "Transfers to look through, for ledger.") var transfers = 1_000_000
    @Option(help: "Of ledger, this part alone; may be given again.")
    var ledgerOnly: [LedgerBench.Part] = []
    @OptionGroup var database: DatabaseOptions
    @Flag(help: "Answer with JSON.") var json = false

    private struct Answer: Encodable {
        let isReleaseBuild: Bool
        let server: String
        let figures: [Measurement]
    }

    func run() async throws {
        guard (1...100).contains(pairs) else { throw ValidationError("--pairs is 1 to 100") }
        guard codes >= 1_000_000 else { throw ValidationError("--codes is 1000000 at least: each is scanned once") }
        guard (1...1_000).contains(connections) else { throw ValidationError("--connections is 1 to 1000") }
        guard (10_000...100_000_000).contains(transfers) else {
            throw ValidationError("--transfers is 10000 to 100000000")
        }
        guard (1_000...10_000_000).contains(gifts) else { throw ValidationError("--gifts is 1000 to 10000000") }
        var figures: [Measurement] = []
        for subject in subjects.isEmpty ? Subject.allCases : subjects {
            figures += try await measure(subject)
        }
        let server = try await database.withPool { try await $0.one(BenchStatements.server()) }
        if json {
            Terminal.say(
                try Terminal.json(Answer(isReleaseBuild: Self.isReleaseBuild, server: server, figures: figures)))
        } else {
            Terminal.say(Measurement.table(figures))
            Terminal.say()
            Terminal.say("\(server); \(Self.isReleaseBuild ? "release" : "DEBUG") build")
        }
    }

    private func measure(_ subject: Subject) async throws -> [Measurement] {
        switch subject {
        case .postgres: try await PostgresBench.run(url: database.url, pairs: pairs)
        case .jobs: try await JobsBench.run(url: database.url, pairs: pairs, only: only)
        case .ingest: try await IngestBench.run(url: database.url, file: file, pairs: pairs)
        case .scans:
            try await ScansBench.run(
                url: database.url, pairs: pairs, only: scansOnly, count: codes, connections: connections)
        case .mint: try await MintBench.run(url: database.url, pairs: pairs)
        case .ledger:
            try await LedgerBench.run(url: database.url, pairs: pairs, transfers: transfers, only: ledgerOnly)
        case .gifts:
            try await GiftsBench.run(
                url: database.url, pairs: pairs, only: giftsOnly, connections: connections, gifts: gifts)
        case .services: try await ServicesBench.run(url: database.url, samples: pairs)
        }
    }

    /// Assertions are checked in debug builds only.
    private static var isReleaseBuild: Bool {
        var isDebug = false
        assert(
            {
                isDebug = true
                return true
            }())
        return !isDebug
    }
}

extension JobsBench.Part: ExpressibleByArgument {}
extension GiftsBench.Part: ExpressibleByArgument {}
extension ScansBench.Part: ExpressibleByArgument {}
extension LedgerBench.Part: ExpressibleByArgument {}
