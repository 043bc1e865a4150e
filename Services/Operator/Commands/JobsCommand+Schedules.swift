import ArgumentParser
import Foundation
import Jobs

extension JobsCommand {
    struct Schedules: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Jobs that are pushed by the calendar: when they fire next, what they fired, and who paused them.",
            discussion: """
                siyu jobs schedules
                siyu jobs schedules fires nightly.report
                siyu jobs schedules pause nightly.report --reason "the books are being closed"
                """,
            subcommands: [List.self, Fires.self, Pause.self, Resume.self], defaultSubcommand: List.self)

        struct List: AsyncParsableCommand {
            static let configuration = CommandConfiguration(abstract: "Lists the schedules.")
            @OptionGroup var database: DatabaseOptions
            @OptionGroup var output: OutputOptions

            func run() async throws {
                let rows = try await database.withQueue { try await $0.schedules() }.map(Row.init)
                try output.show(
                    rows, header: ["schedule", "rule", "kind", "queue", "last", "next", "missed", "pause"],
                    rows: rows.map { row in
                        [
                            row.name, row.rule, row.kind, row.queue, row.lastFire?.ISO8601Format() ?? "",
                            row.nextFire?.ISO8601Format() ?? "never", row.catchUp,
                            row.pauseReason.map { "\($0), by \(row.pauseAuthor ?? "nobody")" } ?? "",
                        ]
                    })
            }

            private struct Row: Encodable {
                let name: String
                let rule: String
                let kind: String
                let queue: String
                let catchUp: String
                let lastFire: Date?
                let nextFire: Date?
                let registeredAt: Date
                let pausedAt: Date?
                let pauseReason: String?
                let pauseAuthor: String?

                init(_ schedule: JobScheduleRecord) {
                    name = schedule.name
                    rule = schedule.rule
                    kind = schedule.job
                    queue = schedule.queue
                    catchUp = schedule.catchUp
                    lastFire = schedule.lastFire
                    nextFire = schedule.nextFire
                    registeredAt = schedule.registeredAt
                    pausedAt = schedule.pausedAt
                    pauseReason = schedule.pauseReason
                    pauseAuthor = schedule.pauseAuthor
                }
            }
        }

        struct Fires: AsyncParsableCommand {
            static let configuration = CommandConfiguration(
                abstract: "What a schedule fired, the latest first: for which instant, when, and the job.")
            @Argument(help: "The schedule.") var name: String
            @Option(help: "How many at the most.") var limit = 50
            @OptionGroup var database: DatabaseOptions
            @OptionGroup var output: OutputOptions

            func run() async throws {
                let rows = try await database.withQueue { queue in
                    guard try await queue.schedule(name) != nil else { throw Schedules.unknown(name) }
                    return try await queue.fires(of: name, limit: limit)
                }.map { Row(fireAt: $0.fireAt, firedAt: $0.firedAt, job: $0.job.map { "\($0)" }) }
                try output.show(
                    rows, header: ["for", "fired", "job"],
                    rows: rows.map { [$0.fireAt.ISO8601Format(), $0.firedAt.ISO8601Format(), $0.job ?? ""] })
            }

            private struct Row: Encodable {
                let fireAt: Date
                let firedAt: Date
                let job: String?
            }
        }

        struct Pause: AsyncParsableCommand {
            static let configuration = CommandConfiguration(abstract: "A schedule fires no more until it is resumed.")
            @Argument(help: "The schedule.") var name: String
            @Option(help: "Why; whoever looks at the schedules reads it.") var reason: String
            @Option(help: "Who does it; the user of this computer if not given.") var author: String = NSUserName()
            @OptionGroup var database: DatabaseOptions

            func run() async throws {
                let isPaused = try await database.withQueue {
                    try await $0.pauseSchedule(name, reason: reason, author: author)
                }
                guard isPaused else { throw Schedules.unknown(name) }
                Terminal.say("\(name) does not fire until siyu jobs schedules resume \(name).")
            }
        }

        struct Resume: AsyncParsableCommand {
            static let configuration = CommandConfiguration(
                abstract: "A schedule fires again; what it would have fired meanwhile is left out.")
            @Argument(help: "The schedule.") var name: String
            @OptionGroup var act: ActOptions
            @OptionGroup var database: DatabaseOptions

            func run() async throws {
                let goesOn = try await database.withQueue {
                    try await $0.resumeSchedule(name, author: act.author, reason: act.words)
                }
                guard goesOn else { throw Failure("No schedule \(name) is paused: siyu jobs schedules shows them.") }
                Terminal.say("\(name) fires again.")
            }
        }

        static func unknown(_ name: String) -> Failure {
            Failure("There is no schedule \(name): siyu jobs schedules names those that some process registered.")
        }
    }
}
