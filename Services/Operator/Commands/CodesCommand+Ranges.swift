import ArgumentParser
import Codes
import Foundation
import Hosting
import Kernel
import Postgres

extension CodesCommand {
    struct Activate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Brings codes to life, from now or from an instant on.")
        @OptionGroup var range: RangeOptions
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func run() async throws { try await range.decide(.activate, database, output) }
    }

    struct Void: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Ends codes for good: nothing tells them from codes that never were.")
        @OptionGroup var range: RangeOptions
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func run() async throws { try await range.decide(.void, database, output) }
    }

    struct Freeze: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Holds codes back; --until ends it, and so does --lift.",
            discussion:
                "A freeze is lifted whole, with the range that it was decided for; what was decided stays readable.")
        @OptionGroup var range: RangeOptions
        @Flag(help: "Ends the freeze of exactly this range now.") var lift = false
        @Option(help: "Why it is lifted.") var reason: String?
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func validate() throws {
            guard lift == (reason != nil) else { throw ValidationError("--lift and --reason go together") }
        }

        func run() async throws {
            if let reason { return try await range.lift(reason, database, output) }
            try await range.decide(.freeze, database, output)
        }
    }
}

/// A batch and some of its codes.
struct RangeOptions: ParsableArguments {
    @Argument(help: "The batch: the first four characters of its codes.") var batch: String
    @Argument(help: "The codes by index: from..to, the end not included; from.. up to the last; all.") var range: String
    @Option(name: .customLong("from"), help: "From when on, as 2026-11-22T08:00:00+08:00; now if not given.")
    var validFrom: InstantArgument?
    @Option(name: .customLong("until"), help: "Until when, and no longer; for ever if not given.")
    var validTo: InstantArgument?

    @Flag(help: "Say what would become of it, and change nothing.") var dryRun = false

    /// How long a process may take to learn of a new batch: it looks every second, a look may just have been missed, and takes time.
    private static let learning: TimeInterval = 3

    /// Decides, and says what became of it.
    func decide(_ kind: RangeKind, _ database: DatabaseOptions, _ output: OutputOptions) async throws {
        if dryRun { return try await preview(kind, database, output) }
        let outcome = try await database.withPool { pool in
            let record = try await CodesCommand.batch(batch, on: pool)
            let outcome = try await Ranges.decide(
                try command(kind, of: record), batch: record.id, brand: record.brand, author: CodesCommand.author,
                on: pool)
            if case .added(let range) = outcome { try await awaitLearning(of: record, from: range.validFrom) }
            return (record, outcome)
        }
        switch outcome.1 {
        case .added(let range): try output.show(range, of: outcome.0, isNew: true)
        case .unchanged(let range): try output.show(range, of: outcome.0, isNew: false)
        case .refused(let problem): throw problem
        }
    }

    /// Says what the decision would be.
    private func preview(_ kind: RangeKind, _ database: DatabaseOptions, _ output: OutputOptions) async throws {
        let (record, preview) = try await database.withPool { pool in
            let record = try await CodesCommand.batch(batch, on: pool)
            return (
                record,
                try await Ranges.preview(
                    try command(kind, of: record), batch: record.id, brand: record.brand, on: pool)
            )
        }
        switch preview.outcome {
        case .added(let range): try output.show(range, of: record, isNew: true, would: preview.counts)
        case .unchanged(let range): try output.show(range, of: record, isNew: false, would: preview.counts)
        case .refused(let problem): throw problem
        }
    }

    /// Ends the freeze of exactly these codes.
    func lift(_ reason: String, _ database: DatabaseOptions, _ output: OutputOptions) async throws {
        guard validFrom == nil, validTo == nil, !dryRun else {
            throw ValidationError("--lift ends a freeze now: it goes without --from, --until and --dry-run")
        }
        let (record, outcome) = try await database.withPool { pool in
            let record = try await CodesCommand.batch(batch, on: pool)
            return (
                record,
                try await Ranges.lift(
                    try indexes(count: record.count), batch: record.id, brand: record.brand,
                    author: CodesCommand.author, reason: reason, on: pool)
            )
        }
        switch outcome {
        case .added(let range): try output.show(range, of: record, isNew: true)
        case .unchanged(let range): try output.show(range, of: record, isNew: false)
        case .refused(let problem): throw problem
        }
    }

    private func command(_ kind: RangeKind, of record: CodeBatchRecord) throws -> RangeCommand {
        RangeCommand(
            kind: kind, indexes: try indexes(count: record.count), validFrom: validFrom?.date, validTo: validTo?.date)
    }

    /// When the command returns, every running service knows the batch: one just minted is waited for.
    private func awaitLearning(of batch: CodeBatchRecord, from now: Date) async throws {
        let age = now.timeIntervalSince(batch.createdAt)
        guard age < Self.learning else { return }
        try await Task.sleep(for: .seconds(Self.learning - age))
    }

    private func indexes(count: Int64) throws -> Range<Int64> { try CodesCommand.indexes(range, count: count) }
}

// MARK: - Answers

extension OutputOptions {
    private struct Counts: Encodable {
        let codes: Int64
        let redeemed: Int64
        let activeBefore: Int64
        let activeAfter: Int64
    }

    private struct Range: Encodable {
        let batch: String
        let kind: RangeKind
        let from: Int64
        let to: Int64
        let validFrom: Date
        let validTo: Date?
        let isNew: Bool
        /// Of a dry run alone: how many codes it would concern.
        let would: Counts?
    }

    fileprivate func show(
        _ range: CodeRange, of batch: CodeBatchRecord, isNew: Bool, would counts: RangeCounts? = nil
    ) throws {
        let value = Range(
            batch: batch.handle.description, kind: range.kind, from: range.indexes.lowerBound,
            to: range.indexes.upperBound, validFrom: range.validFrom, validTo: range.validTo, isNew: isNew,
            would: counts.map {
                Counts(
                    codes: $0.codes, redeemed: $0.redeemed, activeBefore: $0.activeBefore, activeAfter: $0.activeAfter)
            })
        if json { return Terminal.say(try Terminal.json(value)) }
        try show(
            [value], header: ["batch", "decided", "from", "to", "valid from", "until", "new"],
            rows: [
                [
                    value.batch, value.kind.rawValue, "\(value.from)", "\(value.to)", value.validFrom.ISO8601Format(),
                    value.validTo.map { $0.ISO8601Format() } ?? "", isNew ? "yes" : "no",
                ]
            ])
        if let counts {
            Terminal.say(
                "This would concern \(counts.codes) codes, of which \(counts.redeemed) are redeemed: \(counts.activeBefore) are active without it, \(counts.activeAfter) with it. Nothing was changed."
            )
        }
    }
}
