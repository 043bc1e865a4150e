import ArgumentParser
import Codes
import Foundation
import Kernel
import Postgres

extension CodesCommand {
    struct Rules: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows what is published about a batch's prizes, or publishes other terms.",
            discussion: """
                Until the first code lives, the terms may change; afterwards in the consumer's favour alone: a later end or none, \
                more days to fetch what was won. The prizes themselves are fixed with the minting: their hash is in every answer.
                """)
        @Argument(help: "The batch: the first four characters of its codes.") var batch: String
        @Option(help: "From when on codes may live, as 2026-11-22T08:00:00+08:00.") var starts: InstantArgument?
        @Option(help: "Until when codes may live, and no longer.") var ends: InstantArgument?
        @Flag(help: "Codes may live for ever.") var noEnd = false
        @Option(help: "For how many days a thing that was won is kept for its winner.") var claimDays: Int32?
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func validate() throws {
            if noEnd, ends != nil { throw ValidationError("Give --ends or --no-end, not both.") }
        }

        func run() async throws {
            let change = RulesChange(
                startsAt: starts?.date, end: noEnd ? .never : ends.map { .at($0.date) }, claimDays: claimDays)
            let (record, history) = try await database.withPool { pool in
                let record = try await CodesCommand.batch(batch, on: pool)
                if change != RulesChange() {
                    let outcome = try await Codes.Rules.publish(
                        change, batch: record.id, brand: record.brand, author: CodesCommand.author, on: pool)
                    if case .refused(let problem) = outcome { throw problem }
                }
                return (record, try await Codes.Rules.history(of: record.id, brand: record.brand, on: pool))
            }
            try output.show(history, of: record)
        }
    }
}

extension OutputOptions {
    private struct Version: Encodable {
        let version: Int32
        let startsAt: Date
        let endsAt: Date?
        let claimDays: Int32
        let documentHash: String
        let author: String
        let publishedAt: Date
    }

    private struct Document: Encodable {
        let batch: String
        let rulesHash: String
        let document: String?
        let versions: [Version]
    }

    fileprivate func show(_ history: [PublishedRules], of batch: CodeBatchRecord) throws {
        let versions = history.map { rules in
            Version(
                version: rules.version, startsAt: rules.terms.startsAt, endsAt: rules.terms.endsAt,
                claimDays: rules.terms.claimDays, documentHash: hex(rules.documentHash), author: rules.author,
                publishedAt: rules.publishedAt)
        }
        if json {
            let document = Document(
                batch: batch.handle.description, rulesHash: hex(batch.rulesHash),
                document: history.first?.terms.document(rulesHash: batch.rulesHash), versions: versions)
            return Terminal.say(try Terminal.json(document))
        }
        try show(
            versions, header: ["version", "from", "until", "days to fetch", "published", "by", "hash"],
            rows: versions.map {
                [
                    "\($0.version)", $0.startsAt.ISO8601Format(), $0.endsAt.map { $0.ISO8601Format() } ?? "for ever",
                    "\($0.claimDays)", $0.publishedAt.ISO8601Format(), $0.author, $0.documentHash,
                ]
            })
    }

    private func hex(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
