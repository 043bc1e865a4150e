import ArgumentParser
import Foundation
import Jobs
import Kernel

extension JobsCommand {
    struct Quotas: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists what bounds jobs: how many at once, how fast, and how much of it is used.")
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let (quotas, weights) = try await database.withQueue { queue in
                (try await queue.quotas(), try await queue.quotaWeights())
            }
            try output.show(quotas, weights)
        }
    }

    struct Quota: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Changes what bounds jobs.", subcommands: [Set.self])

        struct Set: AsyncParsableCommand {
            static let configuration = CommandConfiguration(
                abstract:
                    "Changes a quota from the next job on that is let in; what programs declare does not count then.",
                discussion: """
                    siyu jobs quota set wechatpay --running-max 5 --reason "they asked for it"
                    siyu jobs quota set wechatpay --per-second 20 --burst 5 --reason "their new limit"
                    siyu jobs quota set wechatpay --per-second none --reason "no limit any more"
                    siyu jobs quota set mailing --brand BRAND --weight 3 --reason "contract 17"
                    """)
            @Argument(help: "The quota, as siyu jobs quotas names it.") var name: String
            @Option(help: "How many at once: a number, or none for any.") var runningMax: BoundArgument<Int>?
            @Option(help: "How many are let in each second: a number, or none for as fast as they come.")
            var perSecond: BoundArgument<Double>?
            @Option(help: "With --per-second: how many at once after a rest.") var burst = 1
            @Flag(inversion: .prefixedNo, help: "Brands take turns, or the oldest goes first.") var fair: Bool?
            @Option(help: "With --weight: the brand.") var brand: IDArgument<Brand>?
            @Option(help: "How many turns the brand gets where others get one.") var weight: Double?
            @Option(help: "Why; it is written down.") var reason: String
            @Option(help: "Who does it; the user of this computer if not given.") var author: String = NSUserName()
            @OptionGroup var database: DatabaseOptions
            @OptionGroup var output: OutputOptions

            func validate() throws {
                guard (brand == nil) == (weight == nil) else {
                    throw ValidationError("--brand and --weight belong together.")
                }
                if case .set(let rate) = perSecond, !(rate >= 0.001 && rate <= 1_000_000) {
                    throw ValidationError("--per-second lies between 0.001 and 1000000, or is none.")
                }
                guard burst >= 1 else { throw ValidationError("--burst is 1 or more.") }
            }

            func run() async throws {
                var change = JobQuotaChange(isFair: fair)
                switch runningMax {
                case nil: break
                case .lifted: change.runningMax = .lifted
                case .set(let most): change.runningMax = .set(most)
                }
                switch perSecond {
                case nil: break
                case .lifted: change.rate = .lifted
                case .set(let rate): change.rate = .set(JobRate(every: .seconds(1 / rate), burst: burst))
                }
                if let brand, let weight { change.weights = [brand.id.rawValue: weight] }
                let wanted = change
                let (quota, weights) = try await database.withQueue { queue in
                    (
                        try await queue.setQuota(name, wanted, author: author, reason: reason),
                        try await queue.quotaWeights().filter { $0.quota == name }
                    )
                }
                try output.show([quota], weights)
            }
        }
    }
}

/// A bound, or that there is none.
enum BoundArgument<Value: LosslessStringConvertible & Sendable>: ExpressibleByArgument, Sendable {
    case lifted
    case set(Value)

    init?(argument: String) {
        if argument == "none" {
            self = .lifted
        } else if let value = Value(argument) {
            self = .set(value)
        } else {
            return nil
        }
    }
}

extension OutputOptions {
    private struct QuotaRow: Encodable {
        struct Weight: Encodable {
            let brand: String
            let weight: Double
        }
        let name: String
        let runningMax: Int?
        let running: Int
        let waiting: Int
        let intervalMilliseconds: Double?
        let burst: Int?
        let isFair: Bool
        let isPaused: Bool
        let weights: [Weight]
    }

    fileprivate func show(_ quotas: [JobQuotaStatus], _ weights: [JobQuotaWeight]) throws {
        let rows = quotas.map { quota in
            QuotaRow(
                name: quota.name, runningMax: quota.runningMax, running: quota.running, waiting: quota.waiting,
                intervalMilliseconds: quota.rate.map { $0.interval / .milliseconds(1) }, burst: quota.rate?.burst,
                isFair: quota.isFair, isPaused: quota.isPaused,
                weights: weights.filter { $0.quota == quota.name }.map {
                    QuotaRow.Weight(brand: $0.brand.uuidString.lowercased(), weight: $0.weight)
                })
        }
        try show(
            rows, header: ["quota", "running", "at once", "waiting", "per second", "burst", "turns", "weights"],
            rows: rows.map { row in
                [
                    row.name, row.running.orMore(), row.runningMax.map { "\($0)" } ?? "any", row.waiting.orMore(),
                    row.intervalMilliseconds.map { String(format: "%.3g", 1_000 / $0) } ?? "any",
                    row.burst.map { "\($0)" } ?? "", row.isPaused ? "paused" : row.isFair ? "by brand" : "by age",
                    row.weights.map { "\($0.brand): \($0.weight)" }.joined(separator: " "),
                ]
            })
    }
}
