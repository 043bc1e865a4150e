import ArgumentParser
import Foundation
import Jobs
import Kernel

extension JobsCommand {
    struct Discarded: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists jobs that were given up, and why; the latest first.",
            discussion: "How many there are, by kind and reason: siyu jobs redrive --dry-run with the same options.")
        @OptionGroup var filter: DiscardedOptions
        @Option(help: "Go on after this one, as the last line of an answer says.") var after: CursorArgument?
        @Option(help: "How many at the most.") var limit = 50
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let filter = filter.filter
            let (found, next) = try await database.withQueue { queue in
                var found: [JobRecord] = []
                var next = after?.cursor
                for _ in 1...100 where found.count < limit {
                    let page = try await queue.discarded(filter, after: next, limit: limit - found.count)
                    found += page.jobs
                    next = page.next
                    if next == nil { break }
                }
                return (found, next)
            }
            try output.show(found)
            if let next, !output.json { Terminal.say("More: --after \(next)") }
        }
    }

    struct Redrive: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lets jobs that were given up run again: all that fit, at a bounded rate.",
            discussion: """
                First look:  siyu jobs redrive payments --discarded-for exhausted --error "WeChat Pay" --dry-run
                Then act:    siyu jobs redrive payments --discarded-for exhausted --error "WeChat Pay" \
                --per-second 20 --reason "they are back"
                Interrupted, it has done a part; the same command again does the rest.
                """)
        @OptionGroup var filter: DiscardedOptions
        @Option(help: "How many at the most, those given up first.") var limit: Int?
        @Option(help: "How many become due in each second; all at once if not given.") var perSecond: Double?
        @Flag(help: "Only count them.") var dryRun = false
        @OptionGroup var act: ActOptions
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func validate() throws {
            if act.reason == nil, !dryRun {
                throw ValidationError("Say why with --reason, or look first with --dry-run.")
            }
            if let limit, limit < 1 { throw ValidationError("--limit is 1 or more.") }
        }

        func run() async throws {
            var filter = filter.filter
            filter.limit = limit
            let wanted = filter
            let report = try await database.withQueue { queue in
                try await queue.redrive(
                    wanted, dryRun: dryRun, perSecond: perSecond, author: act.author, reason: act.words
                ) { Terminal.progress("\($0) jobs …") }
            }
            Terminal.endProgress()
            try show(report)
        }

        private func show(_ report: JobRedriveReport) throws {
            if output.json { return Terminal.say(try Terminal.json(Answer(report))) }
            if report.found > 0 {
                Terminal.say(
                    Terminal.table(
                        ["kind", "given up", "jobs"], report.groups.map { [$0.kind, $0.reason, "\($0.jobs)"] }))
                Terminal.say()
                Terminal.say(
                    Terminal.table(
                        ["brand", "jobs"],
                        report.brands.prefix(20).map { [$0.brand?.uuidString.lowercased() ?? "nobody", "\($0.jobs)"] }))
                Terminal.say()
            }
            let span = [report.oldest, report.newest].compactMap { $0?.ISO8601Format() }.joined(separator: " to ")
            switch (report.found, report.isDryRun) {
            case (0, _): Terminal.say("No job fits.")
            case (_, true):
                Terminal.say(
                    "\(report.found) jobs fit, given up \(span); without --dry-run they would be due within "
                        + "\(report.spread.short).")
            case (_, false):
                let kept = report.found - report.redriven
                let rest = kept > 0 ? "; \(kept) stayed, because others have their unique keys" : ""
                Terminal.say("\(report.redriven) jobs are due within \(report.spread.short)\(rest).")
            }
        }

        private struct Answer: Encodable {
            struct Group: Encodable {
                let kind: String
                let reason: String
                let jobs: Int
            }
            struct BrandGroup: Encodable {
                let brand: String?
                let jobs: Int
            }
            let isDryRun: Bool
            let found: Int
            let redriven: Int
            let oldest: Date?
            let newest: Date?
            let spreadMilliseconds: Int64
            let groups: [Group]
            let brands: [BrandGroup]

            init(_ report: JobRedriveReport) {
                isDryRun = report.isDryRun
                found = report.found
                redriven = report.redriven
                oldest = report.oldest
                newest = report.newest
                spreadMilliseconds = report.spread.milliseconds
                groups = report.groups.map { Group(kind: $0.kind, reason: $0.reason, jobs: $0.jobs) }
                brands = report.brands.map { BrandGroup(brand: $0.brand?.uuidString.lowercased(), jobs: $0.jobs) }
            }
        }
    }
}

/// Which of the jobs that were given up.
struct DiscardedOptions: ParsableArguments {
    @Argument(help: "Only this queue's.") var queue: String?
    @Option(help: "Only of this kind.") var kind: String?
    @Option(help: "Only those given up for this reason: permanent, exhausted, poison, cancelled or late.")
    var discardedFor: ReasonArgument?
    @Option(help: "Only this brand's.") var brand: IDArgument<Brand>?
    @Option(help: "Only those whose last error begins so.") var error: String?
    @Option(help: "Only those given up at this instant or later, RFC 3339.") var from: InstantArgument?
    @Option(help: "Only those given up before this instant, RFC 3339.") var to: InstantArgument?

    var filter: JobRedriveFilter {
        JobRedriveFilter(
            queue: queue, kind: kind, reason: discardedFor?.reason, brand: brand?.id.rawValue, errorPrefix: error,
            from: from?.date, to: to?.date)
    }
}

/// Why a job was given up, by its name.
struct ReasonArgument: ExpressibleByArgument {
    let reason: DiscardReason

    init?(argument: String) {
        guard let reason = DiscardReason(rawValue: argument) else { return nil }
        self.reason = reason
    }

    static var allValueStrings: [String] { DiscardReason.allCases.map(\.rawValue) }
}
