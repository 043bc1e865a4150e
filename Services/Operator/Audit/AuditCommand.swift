import Accounting
import ArgumentParser
import Audit
import Foundation
import Kernel
import Postgres

struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "What people did by hand: lists it, and tells whether anybody changed it.",
        subcommands: [List.self, Check.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "What was done by hand, newest first.",
            discussion: "Without --brand, what was done for no brand: keys, the queue, new brands.")
        @Option(help: "The brand.") var brand: IDArgument<Brand>?
        @Option(help: "How many; 200 at most.") var limit = 50
        @Option(help: "Entries before this number.") var before: Int64?
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func validate() throws {
            guard (1...AuditTrail.listMax.value).contains(limit) else {
                throw ValidationError("--limit is 1 to \(AuditTrail.listMax.value).")
            }
        }

        func run() async throws {
            let entries = try await database.withPool {
                try await AuditTrail.list(
                    before: before, limit: limit, brand: brand?.id ?? AuditTrail.installation, on: $0)
            }
            let rows = entries.map(Row.init)
            try output.show(
                rows, header: ["number", "when", "who", "what", "details", "why"],
                rows: rows.map {
                    [
                        "\($0.number)", $0.actedAt.ISO8601Format(), $0.author, $0.act,
                        [$0.subject, $0.details].filter { !$0.isEmpty }.joined(separator: " "), $0.reason,
                    ]
                })
        }

        private struct Row: Encodable {
            let number: Int64
            let actedAt: Date
            let author: String
            let act: String
            let subject: String
            let reason: String
            let details: String
            let head: SealHead

            init(_ entry: AuditEntry) {
                number = entry.number
                actedAt = entry.actedAt
                author = entry.act.author
                act = entry.act.act
                subject = entry.act.subject
                reason = entry.act.reason
                details = entry.act.details
                head = SealHead(number: entry.number, hash: entry.hash)
            }
        }
    }

    struct Check: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Computes every entry's hash again; exits 1 with the first one that is not as it was written.",
            discussion: """
                All trails, or that of one brand. Note down the heads that it shows, daily and where whoever runs the database cannot \
                write: with --noted a trail that was written anew as a whole is found.
                """)
        @Option(help: "The brand; all trails if not given.") var brand: IDArgument<Brand>?
        @Option(help: "A head that was noted down, NUMBER:HASH; needs --brand.") var noted: String?
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func validate() throws {
            if noted != nil, brand == nil { throw ValidationError("--noted is a brand's: name it with --brand.") }
            if let noted, SealHead(noted) == nil {
                throw ValidationError(
                    "A head is its number, a colon and 64 hex digits, as `siyu audit check` shows it.")
            }
        }

        func run() async throws {
            let head = noted.flatMap { SealHead($0) }
            let rows = try await database.withPool { pool in
                var brands: [ID<Brand>] = []
                if let brand {
                    brands.append(brand.id)
                } else {
                    brands = try await pool.run(AuditCommandStatements.trails)
                }
                var rows: [Row] = []
                for brand in brands {
                    rows.append(
                        Row(brand: brand, check: try await AuditTrail.check(brand: brand, noted: head, on: pool)))
                }
                return rows
            }
            try output.show(
                rows, header: ["brand", "entries", "head", "fault"],
                rows: rows.map { row in
                    [
                        row.brand == AuditTrail.installation ? "installation" : "\(row.brand)", "\(row.check.entries)",
                        row.check.head.map { "\($0)" } ?? "", row.check.fault.map { "\($0)" } ?? "",
                    ]
                })
            if let fault = rows.compactMap(\.check.fault).first { throw Failure("\(fault)") }
        }

        private struct Row: Encodable {
            let brand: ID<Brand>
            let check: AuditCheck
        }
    }
}
