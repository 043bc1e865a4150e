import ArgumentParser
import Foundation
import Jobs
import Kernel
import Logging
import Postgres

struct JobsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jobs", abstract: "Looks into the job queue and steers it.",
        discussion: """
            What is wrong:     siyu jobs stats, then siyu jobs discarded or siyu jobs show ID
            A provider is down: siyu jobs pause --quota wechatpay --reason "down since 9" --for 2h
            It is back:        siyu jobs resume --quota wechatpay
            What had failed:   siyu jobs redrive --error "WeChat Pay" --dry-run, then without --dry-run
            Who did what:      siyu jobs audit
            """,
        subcommands: [
            Stats.self, List.self, Running.self, Show.self, Workers.self, Schedules.self, Retry.self, Cancel.self,
            Pause.self, Resume.self, Pauses.self, Discarded.self, Redrive.self, Quotas.self, Quota.self, Audit.self,
        ])

    struct Retry: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Puts a job that was given up back into its queue, with its tries forgiven.",
            discussion: "For many at once: siyu jobs redrive.")
        @OptionGroup var job: JobArgument
        @OptionGroup var act: ActOptions
        @OptionGroup var database: DatabaseOptions

        func run() async throws {
            let isBack = try await database.withQueue { queue in
                try await queue.retry(job.id, author: act.author, reason: act.words)
            }
            guard isBack else {
                throw Failure(
                    "Job \(job.id) is not given up, or another one has its unique key: siyu jobs show tells its state.")
            }
            Terminal.say("Job \(job.id) is back in its queue.")
        }
    }

    struct Cancel: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Gives up jobs, by their ids or by the business's name for them; those that run are stopped.",
            discussion: """
                siyu jobs cancel 0199… 0199… --reason "pushed twice"
                siyu jobs cancel --kind gift.expire --key GIFT --reason "redeemed by hand"
                """)
        @Argument(help: "The jobs' ids.", transform: JobArgument.read) var ids: [JobID] = []
        @Option(help: "Instead of ids: the kind.") var kind: String?
        @Option(help: "The business's key of the kind's jobs.") var key: String?
        @OptionGroup var act: ActOptions
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func validate() throws {
            guard (kind == nil) == (key == nil), ids.isEmpty == (kind != nil) else {
                throw ValidationError("Name jobs by their ids, or by --kind and --key together.")
            }
        }

        func run() async throws {
            let ended = try await database.withQueue { queue in
                if let kind, let key {
                    return try await queue.cancel(kind: kind, key: key, author: act.author, reason: act.words)
                }
                return try await queue.cancel(ids, author: act.author, reason: act.words)
            }
            let rows =
                ended.cancelled.map { Row(job: "\($0)", outcome: "cancelled") }
                + ended.stopping.map { Row(job: "\($0)", outcome: "stopping") }
                + ended.ended.map { Row(job: "\($0)", outcome: "over") }
            guard !rows.isEmpty else { throw Failure("No job of \(kind ?? "") is called \(key ?? "").") }
            try output.show(rows, header: ["job", "outcome"], rows: rows.map { [$0.job, $0.outcome] })
            guard !ended.cancelled.isEmpty || !ended.stopping.isEmpty else {
                throw Failure("Nothing was cancelled: these jobs are over, or do not exist.")
            }
            if !output.json, !ended.stopping.isEmpty {
                Terminal.say("Those that run stop with their worker's next heartbeat; siyu jobs retry brings any back.")
            }
        }

        private struct Row: Encodable {
            let job: String
            let outcome: String
        }
    }

    struct Audit: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "What people did to the queue, the latest first.")
        @Option(help: "How many at the most.") var limit = 50
        @Option(help: "Go on after this number.") var after: Int64?
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let entries = try await database.withQueue { try await $0.audit(limit: limit, after: after) }
            let rows = entries.map(Row.init)
            try output.show(
                rows, header: ["no.", "at", "who", "did", "to", "jobs", "why"],
                rows: rows.map {
                    ["\($0.id)", $0.at.ISO8601Format(), $0.author, $0.action, $0.target, "\($0.jobs)", $0.reason]
                })
        }

        private struct Row: Encodable {
            let id: Int64
            let at: Date
            let author: String
            let action: String
            let target: String
            let jobs: Int
            let reason: String

            init(_ entry: JobAuditEntry) {
                id = entry.id
                at = entry.at
                author = entry.author
                action = entry.action
                target = entry.target
                jobs = entry.jobs
                reason = entry.reason
            }
        }
    }
}

/// Who acts upon the queue, and why.
struct ActOptions: ParsableArguments {
    @Option(help: "Why; it is written down.") var reason: String?
    @Option(help: "Who does it; the user of this computer if not given.") var author: String = NSUserName()

    var words: String { reason ?? "no reason given" }
}

/// A job by its id.
struct JobArgument: ParsableArguments {
    @Argument(help: "The job's id.", transform: Self.read) var id: JobID

    @Sendable static func read(_ text: String) throws -> JobID {
        guard let id = UUID(uuidString: text) else { throw ValidationError("\(text) is not the id of a job") }
        return JobID(rawValue: id)
    }

    var unknown: Failure { Failure("There is no job \(id): completed ones are forgotten after some days.") }
}

/// A place in a list that is ordered by time.
struct CursorArgument: ExpressibleByArgument {
    let cursor: JobCursor

    init?(argument: String) {
        guard let cursor = JobCursor(argument) else { return nil }
        self.cursor = cursor
    }
}

extension DatabaseOptions {
    /// Lends a queue to `body`.
    func withQueue<Value>(_ body: (JobQueue) async throws -> Value) async throws -> Value {
        try await withPool { pool in
            do {
                return try await body(JobQueue(pool: pool, logger: Logger(label: "siyu.jobs")))
            } catch let error as JobError {
                throw Failure(error.sentence)
            }
        }
    }
}

extension JobError {
    /// What is wrong, and what would help.
    var sentence: String {
        switch self {
        case .unknownQueue(let name): "There is no queue \(name): siyu jobs stats names them."
        case .unknownKind(let name): "There is no kind \(name): siyu jobs stats --kinds names them."
        case .unknownQuota(let name):
            "There is no quota \(name): siyu jobs quotas names them; one appears with the first job that counts in it."
        case .refused(let sentence): sentence
        default: "\(self)"
        }
    }
}

extension Int {
    /// The count, or that there are more.
    func orMore(_ isCapped: Bool = false) -> String { isCapped || self >= 10_001 ? "\(self)+" : "\(self)" }
}

extension Duration {
    /// `3d 4h`, `12m 5s` or `0.25 s`: the two units that matter.
    var short: String {
        let seconds = Double(components.seconds) + Double(components.attoseconds) * 1e-18
        guard seconds >= 60 else {
            return seconds < 0 ? "over" : String(format: seconds < 10 ? "%.2f s" : "%.0f s", seconds)
        }
        let whole = Int(seconds)
        switch whole {
        case ..<3_600: return "\(whole / 60)m \(whole % 60)s"
        case ..<86_400: return "\(whole / 3_600)h \(whole / 60 % 60)m"
        default: return "\(whole / 86_400)d \(whole / 3_600 % 24)h"
        }
    }

    /// For scripts.
    var milliseconds: Int64 { components.seconds * 1_000 + components.attoseconds / 1_000_000_000_000_000 }
}
