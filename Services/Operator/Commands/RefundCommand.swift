import ArgumentParser
import Foundation
import Hosting
import Jobs
import Kernel
import Logging
import Orders
import Postgres

struct RefundCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "refund", abstract: "Looks after money that is to go back.",
        subcommands: [Show.self, Retry.self, Settle.self, Dismiss.self])

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows a refund, or all attempts of a payment; without either, those that wait for a person.")
        @Argument(help: "The id of a refund or of a payment.") var id: IDArgument<Refund>?
        @Option(help: "The brand.") var brand: IDArgument<Brand>
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            try output.show(try await database.withPool { try await find(on: $0) })
        }

        private func find(on pool: Pool) async throws -> [RefundRecord] {
            guard let id else { return try await Refunds.needingAttention(brand: brand.id, on: pool) }
            if let refund = try await Refunds.refund(id.id, brand: brand.id, on: pool) { return [refund] }
            let attempts = try await Refunds.of(ID<Payment>(rawValue: id.id.rawValue), brand: brand.id, on: pool)
            guard !attempts.isEmpty else { throw Failure("There is no refund and no refunded payment \(id.id).") }
            return attempts
        }
    }

    struct Retry: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Starts another round of calls to WeChat Pay for a refund that waits for a person.",
            discussion: """
                WeChat Pay is asked first what became of it; it is sent again only if it never arrived. A number that WeChat Pay has closed
                for good gets the next one, which is shown, as long as the payment has so much left. Above the limit of the policy
                refunds.two_persons a second person must give the same command: until then the first one's word is kept.
                """)
        @Argument(help: "The refund's id.") var id: IDArgument<Refund>
        @Option(help: "The brand.") var brand: IDArgument<Brand>
        @Flag(help: "Must be given: there is no other way to retry a refund safely.") var queryFirst = false
        @Option(help: "Who does it; the user of this computer if not given.") var author: String = NSUserName()
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            guard queryFirst else {
                throw Failure(
                    "A refund may have been paid out: say --query-first, so that it is asked about first.", .usage)
            }
            let retry = try await database.withPool { pool in
                let queue = JobQueue(pool: pool, logger: Logger(label: "siyu.refund"))
                let retry = try await pool.transaction { tx in
                    try await Refunds.retry(id.id, author: author, brand: brand.id, queue: queue, on: tx)
                }
                await queue.wake(PaymentReceived.jobQueue)
                return retry
            }
            try output.show([retry.refund])
            if case .needsSecondPerson(_, let until) = retry {
                throw Failure(
                    "Nothing was sent: \(retry.refund.amount.yuanText) yuan need a second person, who gives the same command as"
                        + " another --author before \(until.ISO8601Format()).", .noPermission)
            }
        }
    }

    struct Settle: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Says that the money of a refund went back outside of WeChat Pay.",
            discussion: """
                For what WeChat Pay certainly will not pay out any more: closed for good, refused, or not taken. The money must have left by then:
                the books say so from now on, and the payment has so much less left. Above the limit of the policy refunds.two_persons a second
                person must give the same command: until then the first one's word is kept.
                """)
        @Argument(help: "The refund's id; of several numbers the newest.") var id: IDArgument<Refund>
        @Option(help: "The brand.") var brand: IDArgument<Brand>
        @Option(help: "By what the money went back: the number of the bank transfer.") var by: String
        @Option(help: "Who says so; the user of this computer if not given.") var author: String = NSUserName()
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let settling = try await database.withPool { pool in
                let queue = JobQueue(pool: pool, logger: Logger(label: "siyu.refund"))
                let settling = try await pool.transaction { tx in
                    try await Refunds.settle(
                        id.id, with: by, author: author, brand: brand.id, queue: queue, on: tx)
                }
                await queue.wake(PaymentReceived.jobQueue)
                return settling
            }
            try output.show([settling.refund])
            if case .needsSecondPerson(_, let until) = settling {
                throw Failure(
                    "Nothing is settled: \(settling.refund.amount.yuanText) yuan need a second person, who gives the same command"
                        + " as another --author before \(until.ISO8601Format()).", .noPermission)
            }
        }
    }

    struct Dismiss: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Takes a refund off the list of those that wait for a person, where nothing is left to give back.",
            discussion: """
                For a closed one whose payment went back for other causes, and for one that was settled and that WeChat Pay reports all the same,
                once the second payment has been seen to. What may still be owed stays on the list.
                """)
        @Argument(help: "The refund's id.") var id: IDArgument<Refund>
        @Option(help: "The brand.") var brand: IDArgument<Brand>
        @Option(help: "Why; it is kept in the audit trail.") var reason: String
        @Option(help: "Who does it; the user of this computer if not given.") var author: String = NSUserName()
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let refund = try await database.withPool { pool in
                let queue = JobQueue(pool: pool, logger: Logger(label: "siyu.refund"))
                let refund = try await pool.transaction { tx in
                    try await Refunds.dismiss(id.id, brand: brand.id, queue: queue, on: tx)
                }
                await queue.wake(PaymentReceived.jobQueue)
                return refund
            }
            try output.show([refund])
        }
    }
}

extension OutputOptions {
    private struct Row: Encodable {
        let refund: ID<Refund>
        let payment: ID<Payment>
        let outRefundNo: String
        let amountFen: Int64
        let state: String
        let attempts: Int
        let answer: String?
        let requestedAt: Date
        let finishedAt: Date?
        let attentionSince: Date?
        let settledAt: Date?
        let settledBy: String?

        init(_ refund: RefundRecord) {
            self.refund = refund.id
            payment = refund.payment
            outRefundNo = refund.outRefundNo
            amountFen = refund.amount.fen
            state = refund.stage.rawValue
            attempts = refund.attempts
            answer = refund.providerWord
            requestedAt = refund.requestedAt
            finishedAt = refund.finishedAt
            attentionSince = refund.attentionSince
            settledAt = refund.settledAt
            settledBy = refund.settledWith
        }
    }

    fileprivate func show(_ refunds: [RefundRecord]) throws {
        try show(
            refunds.map(Row.init), header: ["refund", "number", "yuan", "state", "calls", "WeChat Pay says", "since"],
            rows: refunds.map { refund in
                [
                    "\(refund.id)", refund.outRefundNo, refund.amount.yuanText, refund.stage.rawValue,
                    "\(refund.attempts)", refund.settledWith.map { "settled by \($0)" } ?? refund.providerWord ?? "",
                    (refund.attentionSince ?? refund.finishedAt ?? refund.requestedAt).ISO8601Format(),
                ]
            })
    }
}
