import ArgumentParser
import Foundation
import Jobs
import Kernel
import Logging
import Postgres

struct JobsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jobs", abstract: "Looks into the job queue and steers it.",
        subcommands: [
            Stats.self, List.self, Discarded.self, Show.self, Retry.self, Cancel.self, Pause.self, Resume.self,
        ])

    struct Stats: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Depth and age of each queue; counts are capped.")
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let queues = try await database.withQueue { try await $0.statistics() }.map(QueueRow.init)
            try output.show(
                queues, header: ["queue", "ready", "running", "waiting", "discarded", "oldest", "paused"],
                rows: queues.map { row in
                    let more = row.isCapped ? "+" : ""
                    return [
                        row.queue, "\(row.ready)\(more)", "\(row.running)\(more)", "\(row.waiting)\(more)",
                        "\(row.discarded)\(more)", "\(row.oldestReadySeconds) s", row.pauseReason ?? "",
                    ]
                })
        }

        private struct QueueRow: Encodable {
            let queue: String
            let ready: Int
            let running: Int
            let waiting: Int
            let discarded: Int
            let isCapped: Bool
            let oldestReadySeconds: Int64
            let pauseReason: String?

            init(_ statistics: JobQueueStatistics) {
                queue = statistics.queue
                ready = statistics.ready
                running = statistics.running
                waiting = statistics.waiting
                discarded = statistics.discarded
                isCapped = statistics.isCapped
                oldestReadySeconds = statistics.oldestReadyAge.components.seconds
                pauseReason = statistics.pauseReason
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists jobs in the order of their ids.")
        @Argument(help: "Only this queue's.") var queue: String?
        @Option(help: "ready, running, waiting, completed or discarded; any if not given.") var state: StateArgument?
        @Option(help: "How many at the most.") var limit = 50
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            try output.show(
                try await database.withQueue { try await $0.jobs(queue: queue, state: state?.state, limit: limit) })
        }
    }

    struct Discarded: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists jobs that were given up, and why.")
        @Argument(help: "Only this queue's.") var queue: String?
        @Option(help: "How many at the most.") var limit = 50
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            try output.show(
                try await database.withQueue { try await $0.jobs(queue: queue, state: .discarded, limit: limit) })
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Shows a job and its failed attempts.")
        @OptionGroup var job: JobArgument
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            guard let found = try await database.withQueue({ try await $0.job(job.id) }) else { throw job.unknown }
            try output.show([found.record])
            for attempt in found.attempts where !output.json {
                Terminal.say("run \(attempt.runNumber), \(attempt.failedAt.ISO8601Format()): \(attempt.error)")
            }
        }
    }

    struct Retry: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Puts a job that was given up back into its queue.")
        @OptionGroup var job: JobArgument
        @OptionGroup var database: DatabaseOptions

        func run() async throws {
            guard try await database.withQueue({ try await $0.retry(job.id) }) else {
                throw Failure("No job \(job.id) was given up: siyu jobs show tells its state.")
            }
            Terminal.say("Job \(job.id) is back in its queue.")
        }
    }

    struct Cancel: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Gives up a job that is not running.")
        @OptionGroup var job: JobArgument
        @OptionGroup var database: DatabaseOptions

        func run() async throws {
            guard try await database.withQueue({ try await $0.cancel(job.id) }) else {
                throw Failure("Job \(job.id) cannot be cancelled: it runs, is over, or does not exist.")
            }
            Terminal.say("Job \(job.id) is cancelled; siyu jobs retry brings it back.")
        }
    }

    struct Pause: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "No job of the queue starts until it is resumed.")
        @Argument(help: "The queue.") var queue: String
        @Option(help: "Why; whoever looks at the queue reads it.") var reason: String
        @OptionGroup var database: DatabaseOptions

        func run() async throws {
            try await database.withQueue { try await $0.pause(queue, reason: reason) }
            Terminal.say("Queue \(queue) is paused.")
        }
    }

    struct Resume: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Jobs of the queue start again.")
        @Argument(help: "The queue.") var queue: String
        @OptionGroup var database: DatabaseOptions

        func run() async throws {
            try await database.withQueue { try await $0.resume(queue) }
            Terminal.say("Queue \(queue) goes on.")
        }
    }
}

/// A state of jobs by its name.
struct StateArgument: ExpressibleByArgument {
    let state: JobState

    init?(argument: String) {
        guard let state = JobState(rawValue: argument) else { return nil }
        self.state = state
    }

    static var allValueStrings: [String] { JobState.allCases.map(\.rawValue) }
}

/// A job by its id.
struct JobArgument: ParsableArguments {
    @Argument(help: "The job's id.", transform: Self.read) var id: JobID

    @Sendable private static func read(_ text: String) throws -> JobID {
        guard let id = UUID(uuidString: text) else { throw ValidationError("\(text) is not the id of a job") }
        return JobID(rawValue: id)
    }

    var unknown: Failure { Failure("There is no job \(id).") }
}

extension DatabaseOptions {
    /// Lends a queue to `body`.
    func withQueue<Value>(_ body: (JobQueue) async throws -> Value) async throws -> Value {
        try await withPool { pool in
            do {
                return try await body(JobQueue(pool: pool, logger: Logger(label: "siyu.jobs")))
            } catch let error as JobError {
                throw Failure("\(error)")
            }
        }
    }
}

extension OutputOptions {
    private struct JobRow: Encodable {
        let job: String
        let name: String
        let state: String
        let tries: Int
        let at: Date
        let reason: String?
        let error: String?
    }

    fileprivate func show(_ jobs: [JobRecord]) throws {
        let rows = jobs.map { job in
            JobRow(
                job: "\(job.id)", name: job.name, state: job.state.rawValue, tries: job.tries, at: job.at,
                reason: job.reason, error: job.error)
        }
        try show(
            rows, header: ["job", "kind", "state", "tries", "at", "reason", "error"],
            rows: rows.map { row in
                [
                    row.job, row.name, row.state, "\(row.tries)", row.at.ISO8601Format(), row.reason ?? "",
                    row.error ?? "",
                ]
            })
    }
}
