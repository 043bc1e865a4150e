import ArgumentParser
import Foundation
import Jobs
import Kernel
import Postgres

extension JobsCommand {
    struct Pause: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Jobs that fit do not start until they are resumed; those that run go on.",
            discussion: """
                siyu jobs pause payments --reason "the books are being closed"
                siyu jobs pause --quota wechatpay --reason "down since 9" --for 2h
                siyu jobs pause gifts --kind gift.notify --brand BRAND --reason "wrong text"
                """)
        @OptionGroup var scope: ScopeOptions
        @Option(help: "Why; whoever looks at the queue reads it.") var reason: String
        @Option(help: "Who does it; the user of this computer if not given.") var author: String = NSUserName()
        @Option(help: "When it ends by itself, RFC 3339, by the business clock.") var until: InstantArgument?
        @Option(name: .customLong("for"), help: "The same as a time from now: 2h.", transform: BusinessClock.interval)
        var lasting: Duration?
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let scope = scope.scope
            let pauses = try await database.withQueue { queue in
                if let brand = self.scope.brand,
                    try await queue.pool.first(BrandStatements.brand(brand.id)) == nil
                {
                    throw Failure("There is no brand \(brand.id): siyu brand list names them.")
                }
                let id = try await queue.pause(
                    scope, reason: reason, author: author, until: until?.date, lasting: lasting)
                return try await queue.pauses().filter { $0.id == id }
            }
            try output.show(pauses)
        }
    }

    struct Resume: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Ends a pause by its number, or all pauses of exactly these jobs.",
            discussion: """
                siyu jobs resume payments
                siyu jobs resume --quota wechatpay --reason "they are back"
                siyu jobs resume --id 7
                """)
        @OptionGroup var scope: ScopeOptions
        @Option(help: "The pause's number, as siyu jobs pauses shows it.") var id: Int64?
        @OptionGroup var act: ActOptions
        @OptionGroup var database: DatabaseOptions

        func validate() throws {
            guard (id == nil) != (scope.scope == JobPauseScope()) else {
                throw ValidationError("Name a queue, --kind, --brand or --quota; or a pause by --id.")
            }
        }

        func run() async throws {
            let scope = scope.scope
            let freed: Int = try await database.withQueue { queue in
                if let id {
                    guard let freed = try await queue.resume(pause: id, author: act.author, reason: act.words) else {
                        throw Failure(
                            "There is no pause \(id), or it is over: siyu jobs pauses shows those that count.")
                    }
                    return freed
                }
                let (pauses, jobs) = try await queue.resume(scope, author: act.author, reason: act.words)
                guard pauses > 0 else {
                    throw Failure("No pause says exactly \(scope): siyu jobs pauses shows those that count.")
                }
                return jobs
            }
            Terminal.say("They go on; \(freed) jobs had been set aside.")
        }
    }

    struct Pauses: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists what does not run at present: who said so, why, until when, and how much waits.")
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func run() async throws { try output.show(try await database.withQueue { try await $0.pauses() }) }
    }
}

/// Which jobs a pause holds.
struct ScopeOptions: ParsableArguments {
    @Argument(help: "Jobs of this queue.") var queue: String?
    @Option(help: "Jobs of this kind.") var kind: String?
    @Option(help: "Jobs of this brand.") var brand: IDArgument<Brand>?
    @Option(help: "Jobs of this quota: all that calls one provider.") var quota: String?

    var scope: JobPauseScope { JobPauseScope(queue: queue, kind: kind, brand: brand?.id.rawValue, quota: quota) }
}

extension OutputOptions {
    private struct PauseRow: Encodable {
        let id: Int64
        let queue: String?
        let kind: String?
        let brand: String?
        let quota: String?
        let held: Int
        let isCapped: Bool
        let reason: String
        let author: String
        let pausedAt: Date
        let until: Date?
    }

    fileprivate func show(_ pauses: [JobPause]) throws {
        try show(
            pauses.map { pause in
                PauseRow(
                    id: pause.id, queue: pause.scope.queue, kind: pause.scope.kind,
                    brand: pause.scope.brand?.uuidString.lowercased(), quota: pause.scope.quota, held: pause.held,
                    isCapped: pause.isCapped, reason: pause.reason, author: pause.author, pausedAt: pause.pausedAt,
                    until: pause.until)
            },
            header: ["no.", "holds", "jobs", "since", "until", "who", "why"],
            rows: pauses.map { pause in
                [
                    "\(pause.id)", "\(pause.scope)", pause.held.orMore(pause.isCapped),
                    pause.pausedAt.ISO8601Format(), pause.until?.ISO8601Format() ?? "resumed", pause.author,
                    pause.reason,
                ]
            })
    }
}
