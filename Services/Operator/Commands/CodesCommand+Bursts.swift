import ArgumentParser
import Codes
import Foundation
import Kernel
import Postgres

extension CodesCommand {
    struct Bursts: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists minutes in which a batch was redeemed much faster than usual.",
            discussion: """
                More than ten times as many codes as what was much for a minute of this batch in the seven days before, and a hundred at least; \
                a batch whose codes were redeemed in fewer than sixty minutes has no usual yet. Nobody was held up for it: look into it, and \
                freeze the range if the codes were leaked.
                """)
        @Option(help: "The brand.") var brand: IDArgument<Brand>
        @Option(help: "Not before, as 2026-11-22T08:00:00+08:00; all that there are if not given.")
        var since: InstantArgument?
        @Option(help: "How many, newest first; 10,000 at most.") var limit = 100
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func validate() throws {
            guard (1...10_000).contains(limit) else { throw ValidationError("--limit is from 1 to 10,000") }
        }

        func run() async throws {
            let bursts = try await database.withPool {
                try await BatchBurst.list(since: since?.date, brand: brand.id, limit: limit, on: $0)
            }
            try output.show(bursts)
        }
    }
}

extension OutputOptions {
    private struct Line: Encodable {
        let batch: String
        let minute: Date
        let redeemed: Int64
        let usual: Int64
    }

    fileprivate func show(_ bursts: [BatchBurst]) throws {
        let lines = bursts.map {
            Line(batch: "\($0.batch)", minute: $0.minute, redeemed: $0.redeemed, usual: $0.usual)
        }
        try show(
            lines, header: ["minute", "batch", "redeemed", "much until then"],
            rows: lines.map { [$0.minute.ISO8601Format(), $0.batch, "\($0.redeemed)", "\($0.usual)"] })
    }
}
