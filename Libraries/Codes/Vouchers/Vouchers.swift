package import Accounting
package import FoundationEssentials
package import Hooks
package import Jobs
package import Kernel
package import Keys
import Policies
package import Postgres

extension AccountKind {
    /// What a shop is owed for what it handed over; subject: the shop.
    package static let storeDue: AccountKind = "store_due"
    /// Prizes that nobody fetched in time; subject: the batch, or the draw.
    package static let prizeBreakage: AccountKind = "prize_breakage"
}

extension TransferKind {
    /// A store handed a prize over; subject: the handover.
    package static let prizeHandedOver: TransferKind = "prize.handed_over"
    /// A handover was taken back; subject: the handover.
    package static let handoverReversed: TransferKind = "prize.handover_reversed"
    /// Nobody fetched a prize in time; subject: the voucher.
    package static let prizeExpired: TransferKind = "prize.expired"
}

extension PolicyKey where Value == VoucherBreakage {
    /// How a prize is booked that nobody fetched.
    static var voucherBreakage: Self { Self("codes.voucher_breakage") }
}

extension PolicyKey where Value == PolicyDuration {
    /// How long after it a handover may be taken back.
    static var reversalWindow: Self { Self("codes.reversal_window") }
}

/// How a prize is booked that nobody fetched, as policies write it.
struct VoucherBreakage: Codable, Hashable, Sendable {
    /// Whether its cost is taken back, so that the prize never cost anything; else it is breakage.
    let reducesCost: Bool

    private enum CodingKeys: String, CodingKey {
        case reducesCost = "reduces_cost"
    }
}

/// The job that ends a voucher which nobody used, due when its time is over; siyu-redeem works it.
package struct VoucherExpire: JobParameters {
    /// Stable: jobs of an older process carry it.
    package static let jobName = "voucher.expire"
    /// The queue of this room.
    package static let jobQueue = "prizes"

    /// The tenant.
    package let brand: ID<Brand>
    /// Which one.
    package let voucher: ID<Voucher>

    /// Asks for the end of a voucher.
    package init(brand: ID<Brand>, voucher: ID<Voucher>) {
        self.brand = brand
        self.voucher = voucher
    }
}

/// A thing that was won just now.
package struct WonItem: Sendable {
    /// The redemption that won it.
    package let redemption: ID<Redemption>
    /// Who won.
    package let person: ID<Person>
    /// The batch of the code.
    package let batch: ID<CodeBatch>
    /// The place of the code in its batch.
    package let index: Int64
    /// What was won.
    package let prize: PrizeTier

    /// A win in its parts.
    package init(
        redemption: ID<Redemption>, person: ID<Person>, batch: ID<CodeBatch>, index: Int64, prize: PrizeTier
    ) {
        self.redemption = redemption
        self.person = person
        self.batch = batch
        self.index = index
        self.prize = prize
    }

    var voucher: ID<Voucher> { ID(rawValue: redemption.rawValue) }
}

/// Issues a voucher for each thing that is won, and ends those that nobody uses.
package struct Vouchers: Sendable {
    private static let daySeconds: TimeInterval = 86_400
    /// A job sleeps no longer than this at a time, whatever the rules say.
    private static let longestSleep: TimeInterval = 366 * daySeconds

    private let keys: KeyRing
    let queue: JobQueue
    private let hooks: OutgoingHooks?

    /// Vouchers whose tokens come from `keys` and whose ends come by `queue`.
    ///
    /// - Parameter hooks: Tells those who listen of ends.
    package init(keys: KeyRing, queue: JobQueue, hooks: OutgoingHooks? = nil) {
        self.keys = keys
        self.queue = queue
        self.hooks = hooks
    }

    /// What the winner shows at a store.
    package func token(of voucher: ID<Voucher>, brand: ID<Brand>) -> VoucherToken {
        VoucherToken(of: voucher, brand: brand, keys: keys)
    }

    /// Issues vouchers in the transaction of the redemptions that won; kept for as many days as the batch's published rules say.
    ///
    /// - Parameter now: The instant of the redemptions.
    /// - Throws: ``CodesError/rulesMissing(_:)`` for a batch without rules.
    package func issue(_ won: [WonItem], brand: ID<Brand>, now: Date, on tx: Transaction) async throws {
        if won.isEmpty { return }
        let new = won.map { item in
            VoucherStatements.New(
                id: item.voucher, batch: item.batch, index: item.index, tier: item.prize.tier, person: item.person,
                tokenHash: token(of: item.voucher, brand: brand).hash, cost: item.prize.cost)
        }
        let issued = try await tx.run(VoucherStatements.issue(new, brand: brand, now: now))
        if issued.count < won.count {
            // Issued before, which is no harm; or there are no rules, and nobody would know until when.
            let batches = Set(won.map(\.batch))
            let ruled = try await tx.run(RulesStatements.current(of: batches.sorted(), brand: brand))
            if let bare = batches.subtracting(ruled.map(\.batch)).first { throw CodesError.rulesMissing(bare) }
        }
        try await pushEnds(issued, brand: brand, now: now, on: tx)
    }

    /// Issues the voucher of an entry in a draw, in its transaction; kept for as many days as the draw's terms say.
    func issue(_ entry: DrawnEntry, of campaign: CampaignRecord, on tx: Transaction) async throws -> ScanVoucher? {
        guard let won = entry.won else { return nil }
        let (brand, token) = (campaign.brand, self.token(of: entry.voucher, brand: campaign.brand))
        let end = Self.end(from: entry.drawnAt, days: campaign.terms.claimDays)
        try await tx.execute(
            VoucherStatements.issue(
                entry, of: campaign.id, prize: won, tokenHash: token.hash, until: end, brand: brand))
        try await pushEnds([(entry.voucher, end)], brand: brand, now: entry.drawnAt, on: tx)
        return ScanVoucher(token: token.text, expiresAt: end)
    }

    private func pushEnds(
        _ issued: [(id: ID<Voucher>, expiresAt: Date)], brand: ID<Brand>, now: Date, on tx: Transaction
    ) async throws {
        let ends = Dictionary(issued.map { ($0.id, $0.expiresAt) }) { first, _ in first }
        try await queue.push(
            contentsOf: ends.keys.sorted().map { VoucherExpire(brand: brand, voucher: $0) }, on: tx
        ) { job in
            JobOptions(
                delay: Self.delay(until: ends[job.voucher] ?? now, from: now), brand: brand.rawValue,
                key: "\(job.voucher)")
        }
    }

    /// The last instant at which what was won at an instant may be fetched.
    static func end(from instant: Date, days: Int32) -> Date {
        instant.addingTimeInterval(TimeInterval(days) * daySeconds)
    }

    /// How long until just after an instant.
    static func delay(until instant: Date, from now: Date) -> Duration {
        let seconds = min(max(0, instant.timeIntervalSince(now)), longestSleep)
        return .microseconds(Int64((seconds * 1_000_000).rounded(.up)) + 1)
    }
}

// MARK: - Jobs

extension Vouchers {
    /// Says how the jobs of vouchers are done.
    ///
    /// The process must work the queue `prizes`.
    package func register() {
        queue.registerJob(
            parameters: VoucherExpire.self,
            retryStrategy: .exponentialJitter(maxAttempts: 100, minBackoff: .seconds(1), maxBackoff: .seconds(600)),
            timeout: .seconds(60)
        ) { job, context in
            try await context.complete { tx in try await expire(job.voucher, brand: job.brand, on: tx) }
        }
    }

    /// Ends a voucher whose time is over.
    ///
    /// Whoever comes too early sleeps on; whoever comes too late finds an end, or a handover, and does nothing.
    func expire(_ id: ID<Voucher>, brand: ID<Brand>, on tx: Transaction) async throws {
        guard let voucher = try await tx.first(VoucherStatements.lock(id, brand: brand)) else {
            throw JobFailure.permanent("there is no such voucher")
        }
        let now = max(try await tx.one(VoucherStatements.clock()), voucher.updatedAt)
        switch VoucherStep.decide(voucher, .expire, now: now) {
        case .unchanged, .refused: return
        case .notYet(let instant): throw JobSleep(for: Self.delay(until: instant, from: now))
        case .changed(let next):
            guard
                try await tx.first(VoucherStatements.move(id, from: voucher.state, to: next, brand: brand, now: now))
                    != nil
            else { throw CodesError.voucherMoved(id) }
            try await book(voucher, brand: brand, now: now, on: tx)
            let event = voucher.event(CodesEvents.voucherExpired, subject: id.rawValue, at: now)
            _ = try await hooks?.emit([event], brand: brand, now: now, on: tx)
        }
    }

    private func book(_ voucher: VoucherRecord, brand: ID<Brand>, now: Date, on tx: Transaction) async throws {
        guard voucher.cost > .zero else { return }
        let prize = try await tx.one(VoucherStatements.prize(voucher.tier, of: voucher.origin, brand: brand))
        let policy = try await Policies.value(.voucherBreakage, brand: brand, at: voucher.expiresAt, on: tx)
        let credit =
            policy.reducesCost
            ? prize.cost
            : try await Ledger.account(
                AccountKey(.prizeBreakage, of: voucher.origin.subject), brand: brand, now: now, on: tx)
        let posting = Posting(
            debit: prize.owed, credit: credit, amount: voucher.cost, kind: .prizeExpired, subject: voucher.id.rawValue,
            occurredAt: now)
        try await Ledger.post([posting], brand: brand, now: now, on: tx)
    }
}
