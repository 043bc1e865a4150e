package import Accounting
import FoundationEssentials
package import Hooks
package import Jobs
package import Kernel
package import Keys
import Orders
import Policies
package import Postgres

/// Answers stores: they hand over what was won, once, and may take a handover back for some days.
package struct Handovers: Sendable {
    /// What an unknown voucher is answered after, counted from its arrival: as long as ``Scans/floor``.
    private static var floor: Duration { Scans.floor.value }
    /// How often a lost connection, or a commit that was not answered, is followed by another try.
    ///
    /// The inbox makes it safe: what was committed answers for itself.
    private static let attemptsMax = 3

    private let pool: Pool
    private let queue: JobQueue
    private let inbox: Inbox
    private let limits: LimitBook
    private let hooks: OutgoingHooks?

    /// Answers from the database of `pool`, as far as `limits` allow.
    ///
    /// - Parameter hooks: Tells those who listen.
    package init(pool: Pool, queue: JobQueue, keys: KeyRing, limits: LimitBook, hooks: OutgoingHooks? = nil) {
        self.pool = pool
        self.queue = queue
        self.limits = limits
        self.hooks = hooks
        inbox = Inbox(keys: keys)
    }

    /// Hands over what a voucher is for.
    ///
    /// Wrong vouchers count for the store that shows them.
    ///
    /// - Parameter arrived: When the request came.
    /// - Throws: ``Problem``; `LimitRefusal`; what the transaction threw.
    package func handOver(_ delivery: Delivery, arrived: ContinuousClock.Instant) async throws -> StoredAnswer {
        let body = try HandoverBody.read(delivery.body)
        let store = LimitSubject(.store, body.store, brand: delivery.brand)
        try limits.requireNoPause(of: store, at: arrived)
        try limits.requireFresh(at: arrived)
        do {
            let stored = try await answer(delivery) { tx in try await handOver(body, delivery, on: tx) }
            guard HandoverAnswer(stored) != nil else { throw Problem.answeredElsewhere }
            limits.right(store, at: arrived)
            return stored
        } catch let problem as Problem where problem == .voucherUnknown {
            limits.wrong(store, delivery: delivery, at: arrived)
            try await Task.sleep(until: arrived + Self.floor, clock: .continuous)
            throw problem
        }
    }

    /// Takes a handover back: the voucher is open again until the same instant as before.
    ///
    /// - Throws: ``Problem``; what the transaction threw.
    package func reverse(_ handover: ID<Handover>, _ delivery: Delivery) async throws -> StoredAnswer {
        let body = try ReversalBody.read(delivery.body)
        let stored = try await answer(delivery) { tx in try await reverse(handover, body, delivery, on: tx) }
        guard ReversalAnswer(stored)?.handoverID == handover else { throw Problem.answeredElsewhere }
        return stored
    }

    private func answer(
        _ delivery: Delivery, effect: @Sendable (Transaction) async throws -> StoredAnswer
    ) async throws -> StoredAnswer {
        for attempt in 1... {
            do {
                return try await pool.transaction { tx in
                    let now = try await tx.one(BatchStatements.clock())
                    return try await inbox.answer(delivery, now: now, on: tx, effect: effect)
                }
            } catch let error as PostgresError where error.endsConnection && attempt < Self.attemptsMax {
                continue
            }
        }
        preconditionFailure("the loop ends by returning or throwing")
    }
}

// MARK: - Effects

extension Handovers {
    private func handOver(_ body: HandoverBody, _ delivery: Delivery, on tx: Transaction) async throws -> StoredAnswer {
        let brand = delivery.brand
        // First: what is wrong with the store says nothing about the voucher.
        guard let shop = try await Catalogue.shop(code: body.store, brand: brand, on: tx),
            delivery.shop == nil || delivery.shop == shop.id
        else { throw Problem.storeUnknown }
        guard let token = VoucherToken(body.voucher),
            let voucher = try await tx.first(VoucherStatements.lock(token: token.hash, brand: brand))
        else { throw Problem.voucherUnknown }
        // After the lock: whoever waited decides by the later clock.
        let code = voucher.origin.code
        let (clock, ranges, prizes) = try await tx.pipeline(
            VoucherStatements.clock(), BatchStatements.ranges(holding: code.map { [$0] } ?? [], brand: brand),
            VoucherStatements.prize(voucher.tier, of: voucher.origin, brand: brand))
        guard let read = clock.first, let prize = prizes.first else { throw CodesError.voucherMoved(voucher.id) }
        let now = max(read, voucher.updatedAt)
        switch code.map({ CodeStanding.of($0.index, in: ranges.map(\.range), at: now) }) {
        case .void: throw Problem.voucherUnknown
        case .frozen: throw Problem.voucherHeldBack
        case .active, .notActive, nil: break
        }
        let number = try await move(voucher, .handOver, brand: brand, now: now, on: tx)
        let handover = HandoverRecord(
            id: .mint(), voucher: voucher.id, number: number, shop: shop.id, cost: voucher.cost, handedOverAt: now,
            isReversed: false)
        try await tx.execute(VoucherStatements.insertHandover(handover, source: delivery.source, brand: brand))
        let due = try await Ledger.account(.storeDue(of: shop.id), brand: brand, now: now, on: tx)
        try await post(handover, .prizeHandedOver, from: prize.owed, to: due, brand: brand, now: now, on: tx)
        let event = voucher.event(CodesEvents.handoverMade, handover, at: now)
        _ = try await hooks?.emit([event], brand: brand, now: now, on: tx)
        let answer = HandoverAnswer(
            handoverID: handover.id,
            prize: HandoverAnswer.Prize(tier: voucher.tier, name: prize.name, kind: prize.kind), store: shop.code,
            handedOverAt: now)
        return StoredAnswer(status: 200, body: try answer.handoverJSON)
    }

    private func reverse(
        _ id: ID<Handover>, _ body: ReversalBody, _ delivery: Delivery, on tx: Transaction
    ) async throws -> StoredAnswer {
        let brand = delivery.brand
        guard let named = try await tx.first(VoucherStatements.handover(id, brand: brand)),
            delivery.shop == nil || delivery.shop == named.shop,
            let voucher = try await tx.first(VoucherStatements.lock(named.voucher, brand: brand))
        else { throw Problem.handoverUnknown }
        // Read again after the lock: somebody may have taken it back meanwhile.
        let (clock, handovers, prizes) = try await tx.pipeline(
            VoucherStatements.clock(), VoucherStatements.handover(id, brand: brand),
            VoucherStatements.prize(voucher.tier, of: voucher.origin, brand: brand))
        guard let read = clock.first, let handover = handovers.first, let prize = prizes.first else {
            throw CodesError.voucherMoved(voucher.id)
        }
        let now = max(read, voucher.updatedAt)
        let window = try await Policies.value(.reversalWindow, brand: brand, at: handover.handedOverAt, on: tx)
        _ = try await move(
            voucher, .reverse(handover, window: window.interval), brand: brand, now: now, on: tx)
        try await tx.execute(
            VoucherStatements.insertReversal(
                of: handover, source: delivery.source, reason: body.reason, brand: brand, now: now))
        let due = try await Ledger.account(.storeDue(of: handover.shop), brand: brand, now: now, on: tx)
        try await post(handover, .handoverReversed, from: due, to: prize.owed, brand: brand, now: now, on: tx)
        let event = voucher.event(CodesEvents.handoverReversed, handover, at: now)
        _ = try await hooks?.emit([event], brand: brand, now: now, on: tx)
        // The job that was to end it may have found it handed over, and be gone.
        try await queue.push(
            VoucherExpire(brand: brand, voucher: voucher.id),
            options: JobOptions(
                delay: Vouchers.delay(until: voucher.expiresAt, from: now), brand: brand.rawValue,
                key: "\(voucher.id)"),
            on: tx)
        return StoredAnswer(
            status: 200, body: try ReversalAnswer(handoverID: id, reversedAt: now).handoverJSON)
    }

    /// Decides, and moves the voucher on.
    ///
    /// - Returns: How often the voucher was handed over by now.
    private func move(
        _ voucher: VoucherRecord, _ command: VoucherCommand, brand: ID<Brand>, now: Date, on tx: Transaction
    ) async throws -> Int32 {
        switch VoucherStep.decide(voucher, command, now: now) {
        case .refused(let problem): throw problem
        case .unchanged, .notYet: return voucher.handovers
        case .changed(let next):
            let moved = try await tx.first(
                VoucherStatements.move(voucher.id, from: voucher.state, to: next, brand: brand, now: now))
            guard let moved else { throw CodesError.voucherMoved(voucher.id) }
            return moved
        }
    }

    private func post(
        _ handover: HandoverRecord, _ kind: TransferKind, from debit: ID<Account>, to credit: ID<Account>,
        brand: ID<Brand>, now: Date, on tx: Transaction
    ) async throws {
        // The books move no zero.
        guard handover.cost > .zero else { return }
        let posting = Posting(
            debit: debit, credit: credit, amount: handover.cost, kind: kind, subject: handover.id.rawValue,
            occurredAt: now)
        try await Ledger.post([posting], brand: brand, now: now, on: tx)
    }
}

extension AccountKey {
    /// What a shop is owed for what it handed over.
    package static func storeDue(of shop: ID<Shop>) -> AccountKey { AccountKey(.storeDue, of: shop.rawValue) }
}
