import ArgumentParser
import Foundation
import Jobs
import Kernel

extension JobsCommand {
    struct Stats: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Depth, lateness and rates of each queue; counts are capped.",
            discussion: "late: how long the first in line has been ready. done/s and failed: of the last minute.")
        @Flag(help: "Rates of each kind instead.") var kinds = false
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let (queues, rates, names) = try await database.withQueue { queue in
                (try await queue.statistics(), try await queue.throughput(), kinds ? try await queue.kinds() : [])
            }
            if kinds { return try show(rates, idle: names) }
            let rows = queues.map { statistics in
                QueueRow(statistics, rates.filter { $0.queue == statistics.queue })
            }
            try output.show(
                rows,
                header: [
                    "queue", "ready", "late", "running", "done/s", "failed", "waiting", "retry", "paused", "gated",
                    "discarded", "pause",
                ],
                rows: rows.map(\.cells))
        }

        private func show(_ rates: [JobThroughput], idle names: [String]) throws {
            let busy = Set(rates.map(\.kind))
            let rows =
                rates.map(KindRow.init)
                + names.filter { !busy.contains($0) }.map { KindRow(idle: $0) }
            try output.show(
                rows, header: ["kind", "queue", "done", "done/s", "mean", "longest", "failed"], rows: rows.map(\.cells))
        }

        private struct QueueRow: Encodable {
            let queue: String
            let ready: Int
            let running: Int
            let waiting: Int
            let retrying: Int
            let paused: Int
            let unknownKind: Int
            let gated: Int
            let discarded: Int
            let isCapped: Bool
            let oldestReadySeconds: Int64
            let oldestReadyMilliseconds: Int64
            let completedPerSecond: Double
            let failedInLastMinute: Int
            let pauseReason: String?
            private let late: String

            private enum CodingKeys: CodingKey {
                case queue, ready, running, waiting, retrying, paused, unknownKind, gated, discarded, isCapped
                case oldestReadySeconds, oldestReadyMilliseconds, completedPerSecond, failedInLastMinute, pauseReason
            }

            init(_ statistics: JobQueueStatistics, _ rates: [JobThroughput]) {
                queue = statistics.queue
                ready = statistics.ready
                running = statistics.running
                waiting = statistics.waiting
                retrying = statistics.retrying
                paused = statistics.paused
                unknownKind = statistics.unknownKind
                gated = statistics.gated
                discarded = statistics.discarded
                isCapped = statistics.isCapped
                oldestReadySeconds = statistics.oldestReadyAge.components.seconds
                oldestReadyMilliseconds = statistics.oldestReadyAge.milliseconds
                completedPerSecond = rates.reduce(0) { $0 + $1.completedPerSecond }
                failedInLastMinute = rates.reduce(0) { $0 + $1.failed }
                pauseReason = statistics.pauseReason
                late = statistics.ready > 0 ? statistics.oldestReadyAge.short : ""
            }

            var cells: [String] {
                [
                    queue, ready.orMore(), late, running.orMore(), String(format: "%.1f", completedPerSecond),
                    "\(failedInLastMinute)", waiting.orMore(), retrying.orMore(), paused.orMore(), gated.orMore(),
                    discarded.orMore(), pauseReason ?? "",
                ]
            }
        }

        private struct KindRow: Encodable {
            let kind: String
            let queue: String?
            let completed: Int
            let completedPerSecond: Double
            let averageRunMilliseconds: Int64
            let longestRunMilliseconds: Int64
            let failedInLastMinute: Int
            let isCapped: Bool
            private let mean: String
            private let longest: String

            private enum CodingKeys: CodingKey {
                case kind, queue, completed, completedPerSecond, averageRunMilliseconds, longestRunMilliseconds
                case failedInLastMinute, isCapped
            }

            init(_ rate: JobThroughput) {
                kind = rate.kind
                queue = rate.queue
                completed = rate.completed
                completedPerSecond = rate.completedPerSecond
                averageRunMilliseconds = rate.averageRun.milliseconds
                longestRunMilliseconds = rate.longestRun.milliseconds
                failedInLastMinute = rate.failed
                isCapped = rate.isCapped
                mean = rate.averageRun.short
                longest = rate.longestRun.short
            }

            /// Nothing was heard of the kind in the last minute.
            init(idle kind: String) {
                self.kind = kind
                queue = nil
                completed = 0
                completedPerSecond = 0
                averageRunMilliseconds = 0
                longestRunMilliseconds = 0
                failedInLastMinute = 0
                isCapped = false
                mean = ""
                longest = ""
            }

            var cells: [String] {
                [
                    kind, queue ?? "", completed.orMore(isCapped), String(format: "%.1f", completedPerSecond), mean,
                    longest, "\(failedInLastMinute)",
                ]
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists jobs in the order of their pushes.",
            discussion: """
                siyu jobs list gifts --state waiting --newest
                siyu jobs list --kind gift.expire --key GIFT
                """)
        /// How many parts of a list are looked through for one answer: each looks at ten thousand rows of a table.
        private static let partsMax = 100

        @Argument(help: "Only this queue's.") var queue: String?
        @Option(help: "ready, running, waiting, completed or discarded; any if not given.") var state: StateArgument?
        @Option(help: "Only of this kind.") var kind: String?
        @Option(help: "Only those that the business calls so; with --kind.") var key: String?
        @Option(help: "Only this brand's.") var brand: IDArgument<Brand>?
        @Flag(help: "The latest first.") var newest = false
        @Option(help: "Go on after this job.", transform: JobArgument.read) var after: JobID?
        @Option(help: "How many at the most.") var limit = 50
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func validate() throws {
            if key != nil, kind == nil { throw ValidationError("A key belongs to a kind: name it with --kind.") }
        }

        func run() async throws {
            try await database.withQueue { jobs in
                if let kind, let key { return try output.show(try await jobs.jobs(kind: kind, key: key)) }
                let filter = JobFilter(state: state?.state, queue: queue, kind: kind, brand: brand?.id.rawValue)
                var found: [JobRecord] = []
                var next = after
                for _ in 1...Self.partsMax where found.count < limit {
                    let page = try await jobs.page(
                        filter, after: next, newestFirst: newest, limit: limit - found.count)
                    found += page.jobs
                    next = page.next
                    if next == nil { break }
                }
                try output.show(found)
                if let next, !output.json { Terminal.say("More: --after \(next)") }
            }
        }
    }

    struct Running: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists the jobs that workers hold, the longest held first.")
        @Argument(help: "Only this queue's.") var queue: String?
        @Option(help: "Go on after this one, as the last line of an answer says.") var after: CursorArgument?
        @Option(help: "How many at the most.") var limit = 50
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let page = try await database.withQueue {
                try await $0.running(queue: queue, after: after?.cursor, limit: limit)
            }
            let rows = page.jobs.map(RunningRow.init)
            try output.show(
                rows, header: ["job", "kind", "queue", "for", "where", "progress"], rows: rows.map(\.cells))
            if let next = page.next, !output.json { Terminal.say("More: --after \(next)") }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows a job, what it waits for, and its failed attempts.")
        @OptionGroup var job: JobArgument
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let (known, effects) = try await database.withQueue { queue in
                (try await queue.job(job.id), try await queue.effects(of: job.id))
            }
            guard let found = known else { throw job.unknown }
            let details = Details(found, effects)
            if output.json { return Terminal.say(try Terminal.json(details)) }
            try output.show([found.record])
            if let running = found.running {
                Terminal.say("It runs for \(running.runningFor.short): \(RunningRow(running).place).")
                if running.isBeingCancelled { Terminal.say("Its worker was asked to stop it.") }
            }
            if let wait = found.wait { Terminal.say(wait.sentence) }
            if let deadline = found.record.deadlineAt {
                Terminal.say("It need not start any more after \(deadline.ISO8601Format()).")
            }
            for attempt in found.attempts {
                Terminal.say("run \(attempt.runNumber), \(attempt.failedAt.ISO8601Format()): \(attempt.error)")
            }
            for effect in effects { Terminal.say(effect.sentence) }
        }

        private struct Details: Encodable {
            struct Attempt: Encodable {
                let run: Int
                let at: Date
                let error: String
            }
            struct Call: Encodable {
                let key: String
                let step: String
                let state: String
                let calls: Int
                let looks: Int
                let reason: String?
                let updatedAt: Date
            }
            let job: JobRow
            let waitsFor: String?
            let running: RunningRow?
            let attempts: [Attempt]
            let calls: [Call]

            init(_ details: JobDetails, _ effects: [JobEffect]) {
                job = JobRow(details.record)
                waitsFor = details.wait?.sentence
                running = details.running.map(RunningRow.init)
                attempts = details.attempts.map { Attempt(run: $0.runNumber, at: $0.failedAt, error: $0.error) }
                calls = effects.map {
                    Call(
                        key: "\($0.key)", step: $0.step, state: $0.state.rawValue, calls: $0.calls, looks: $0.looks,
                        reason: $0.reason,
                        updatedAt: $0.updatedAt)
                }
            }
        }
    }

    struct Workers: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists the processes that run jobs, and how long their leases hold.")
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let rows = try await database.withQueue { try await $0.workers() }.map(Row.init)
            try output.show(
                rows, header: ["program", "host", "pid", "queues", "since", "lease", "holds", "state"],
                rows: rows.map { row in
                    [
                        row.app, row.host, "\(row.processId)", row.queues.joined(separator: " "),
                        row.startedAt.ISO8601Format(), Duration.milliseconds(row.leaseMilliseconds).short,
                        "\(row.running)", row.isIdle ? "idle" : "busy",
                    ]
                })
        }

        private struct Row: Encodable {
            let worker: String
            let app: String
            let host: String
            let processId: Int
            let queues: [String]
            let startedAt: Date
            let leaseMilliseconds: Int64
            let isIdle: Bool
            let running: Int

            init(_ worker: JobWorkerStatus) {
                self.worker = worker.worker.uuidString.lowercased()
                app = worker.app
                host = worker.host
                processId = worker.processID
                queues = worker.queues
                startedAt = worker.startedAt
                leaseMilliseconds = worker.leaseLeft.milliseconds
                isIdle = worker.isIdle
                running = worker.running
            }
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

/// A job as a script reads it.
struct JobRow: Encodable {
    let job: String
    let name: String
    let queue: String
    let state: String
    let tries: Int
    let at: Date?
    let brand: String?
    let key: String?
    let reason: String?
    let error: String?

    init(_ record: JobRecord) {
        job = "\(record.id)"
        name = record.name
        queue = record.queue
        state = record.state.rawValue
        tries = record.tries
        at = record.at
        brand = record.brand?.uuidString.lowercased()
        key = record.key
        reason = record.reason
        error = record.error
    }
}

/// A running job as a script reads it.
struct RunningRow: Encodable {
    let job: String
    let name: String
    let queue: String
    let runningMilliseconds: Int64
    let app: String?
    let host: String?
    let processId: Int?
    let done: Int?
    let total: Int?
    let note: String?
    let isBeingCancelled: Bool

    init(_ job: RunningJob) {
        self.job = "\(job.record.id)"
        name = job.record.name
        queue = job.record.queue
        runningMilliseconds = job.runningFor.milliseconds
        app = job.app
        host = job.host
        processId = job.processID
        done = job.done
        total = job.total
        note = job.note
        isBeingCancelled = job.isBeingCancelled
    }

    var place: String {
        guard let app, let host, let processId else { return "its process is lost; another one takes it over" }
        return "\(app) on \(host), process \(processId)"
    }

    var cells: [String] {
        var progress = done.map { "\($0)" } ?? ""
        if let total { progress += " of \(total)" }
        if let note { progress += progress.isEmpty ? note : ", \(note)" }
        if isBeingCancelled { progress = "is being cancelled" }
        return [job, name, queue, Duration.milliseconds(runningMilliseconds).short, place, progress]
    }
}

extension OutputOptions {
    func show(_ jobs: [JobRecord]) throws {
        let rows = jobs.map(JobRow.init)
        try show(
            rows, header: ["job", "kind", "state", "tries", "at", "reason", "error"],
            rows: rows.map { row in
                [
                    row.job, row.name, row.state, "\(row.tries)", row.at?.ISO8601Format() ?? "", row.reason ?? "",
                    row.error ?? "",
                ]
            })
    }
}

extension JobWait {
    /// Why the job does not run, and what would change that.
    var sentence: String {
        switch self {
        case .turn(0): "It is the first in line: a worker of its queue takes it (siyu jobs workers shows them)."
        case .turn(let ahead): "It waits for its turn: \(ahead.orMore()) jobs of its queue go first."
        case .instant(let date): "It waits until \(date.ISO8601Format()) by the business clock."
        case .handler: "No worker of its queue knows its kind: start the release that does."
        case .jobs(let needs):
            "It waits for "
                + needs.map { "\($0.id) (\($0.state?.rawValue ?? "not known any more"))" }.joined(separator: ", ")
                + "; it waits on for those that were discarded, until they are retried."
        case .pauses(let pauses):
            pauses.isEmpty
                ? "It was set aside by a pause that has ended, and comes back within moments."
                : "It is held by "
                    + pauses.map { "pause \($0.id) (\($0.scope): \($0.reason), by \($0.author))" }
                    .joined(separator: " and ")
                    + "; siyu jobs resume --id \(pauses[0].id) lets it go."
        case .quota(let quota, let ahead):
            "It waits for room in the quota \(quota.name) (\(quota.words)): \(ahead.orMore()) jobs go first."
        case .lane(let lane, let ahead): "It waits for its place in the lane \(lane): \(ahead.orMore()) jobs go first."
        }
    }
}

extension JobEffect {
    /// What is known of the call to a provider.
    var sentence: String {
        let what: String =
            switch state {
            case .open: "did not arrive, and may be made again"
            case .intended: "is under way, or its process was lost"
            case .unknown: "was made and not answered; its outcome is asked for before anything is repeated"
            case .done: "was done"
            case .refused: "was refused"
            }
        return "call \(step) (\(key)), \(updatedAt.ISO8601Format()): \(what)\(reason.map { " (\($0))" } ?? "")"
    }
}

extension JobQuotaStatus {
    /// What it allows, and what is used of it.
    var words: String {
        var words = [runningMax.map { "\(running.orMore()) of \($0) run" } ?? "\(running.orMore()) run"]
        if let rate { words.append("one each \(rate.interval.short)") }
        if isPaused { words.append("paused") }
        return words.joined(separator: ", ")
    }
}
