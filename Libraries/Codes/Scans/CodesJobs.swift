import Accounting
import FoundationEssentials
package import Hooks
package import Jobs
package import Kernel
import Orders
import Postgres

/// The job that gives a won prize to its winner; siyu-redeem works it.
package struct PrizePay: JobParameters {
    /// Stable: jobs of an older process carry it.
    package static let jobName = "prize.pay"
    /// The queue of this room.
    package static let jobQueue = "prizes"

    /// The tenant.
    package let brand: ID<Brand>
    /// What won.
    package let redemption: ID<Redemption>

    /// Asks for a prize to be given.
    package init(brand: ID<Brand>, redemption: ID<Redemption>) {
        self.brand = brand
        self.redemption = redemption
    }
}

/// Gives prizes of points (Dr prizes owed, Cr the person's points) and has prizes of cash paid out, once for each redemption.
package enum PrizePayments {
    /// Tells `queue` how the jobs of this room are done.
    ///
    /// The process must work the queue `prizes`.
    ///
    /// - Parameter hooks: Tells those who listen that a prize is paid.
    package static func register(on queue: JobQueue, hooks: OutgoingHooks? = nil) {
        queue.registerJob(parameters: PrizePay.self) { parameters, context in
            let isCash = try await context.complete { tx in try await pay(parameters, hooks, queue, on: tx) }
            if isCash { await queue.wake(PayoutRequest.jobQueue) }
        }
        queue.registerJob(parameters: PayoutEnded.self) { ended, context in
            try await context.complete { tx in try await tell(ended, hooks, on: tx) }
        }
    }

    /// - Returns: Whether it is a payout now.
    private static func pay(
        _ job: PrizePay, _ hooks: OutgoingHooks?, _ queue: JobQueue, on tx: Transaction
    ) async throws -> Bool {
        let (clock, owed) = try await tx.pipeline(
            BatchStatements.clock(), ScanStatements.owed(job.redemption, brand: job.brand))
        guard let now = clock.first, let prize = owed.first else {
            throw JobFailure.permanent("there is no such redemption, or it won nothing")
        }
        guard prize.kind.isPaid, prize.cost > .zero else { return false }
        if prize.kind == .cash {
            let payout = NewPayout(
                subject: job.redemption.rawValue, person: prize.person, amount: prize.cost, owedAccount: prize.account,
                activity: prize.label, reward: prize.name, ownerQueue: PrizePay.jobQueue)
            try await Payouts.request([payout], brand: job.brand, now: now, queue: queue, on: tx)
            return true
        }
        let points = try await Ledger.account(
            AccountKey(.points, of: prize.person.rawValue), brand: job.brand, now: now, on: tx)
        let posting = Posting(
            debit: prize.account, credit: points, amount: prize.cost, kind: .prizePaid,
            subject: job.redemption.rawValue, occurredAt: now)
        try await Ledger.post([posting], brand: job.brand, now: now, on: tx)
        // The redemption's lane: whoever listens has heard of the scan before.
        let event = OutgoingEvent(
            CodesEvents.prizePaid, subject: job.redemption.rawValue, lane: job.redemption.description, at: now,
            data: [
                "redemption_id": .string(job.redemption.description), "person_id": .string(prize.person.description),
                "prize_kind": .string(prize.kind.rawValue), "cost_fen": .int(prize.cost.fen),
            ])
        _ = try await hooks?.emit([event], brand: job.brand, now: now, on: tx)
        return false
    }

    /// Tells those who listen that cash arrived, or that it will not without a person.
    private static func tell(_ ended: PayoutEnded, _ hooks: OutgoingHooks?, on tx: Transaction) async throws {
        guard let hooks, let now = try await tx.run(BatchStatements.clock()).first else { return }
        let redemption = ID<Redemption>(rawValue: ended.subject)
        let event = OutgoingEvent(
            ended.isPaid ? CodesEvents.prizePaid : CodesEvents.payoutFailed,
            subject: ended.isPaid ? ended.subject : ended.payout.rawValue, lane: redemption.description, at: now,
            data: [
                "redemption_id": .string(redemption.description), "person_id": .string(ended.person.description),
                "prize_kind": .string(PrizeKind.cash.rawValue), "cost_fen": .int(ended.amount.fen),
                "payout_id": .string(ended.payout.description),
            ])
        _ = try await hooks.emit([event], brand: ended.brand, now: now, on: tx)
    }
}
