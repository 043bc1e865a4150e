import FoundationEssentials
import Jobs
package import Kernel
import Orders
import Policies
package import Postgres

extension StockMoveKind {
    /// Kept for a group gift while its giver pays.
    static let groupReserve: StockMoveKind = "gift_group.reserve"
    /// Back on the shelf: not paid for, not full, or not won.
    static let groupRelease: StockMoveKind = "gift_group.release"
}

/// The job that looks at a group gift whenever something of it may be due: its payment, its draw, or its end.
package struct GiftGroupDue: JobParameters {
    /// Stable: jobs of an older process carry it.
    package static let jobName = "gift_group.due"
    /// The queue of siyu-gifts.
    package static let jobQueue = "gifts"

    /// Whose group gift.
    package let brand: ID<Brand>
    /// Which one.
    package let group: ID<GiftGroup>

    /// Asks for a look at a group gift.
    package init(brand: ID<Brand>, group: ID<GiftGroup>) {
        self.brand = brand
        self.group = group
    }
}

extension GiftGroups {
    /// Says how the jobs of group gifts are done, and those of gifts, payments and refunds that may be theirs.
    package func register() {
        gifts.queue.registerJob(
            parameters: GiftGroupDue.self, retryStrategy: .ofGifts, timeout: .ofOneGift
        ) { job, context in
            try await context.complete { tx in try await due(job.group, brand: job.brand, on: tx) }
            await gifts.queue.wake(PaymentReceived.jobQueue)
        }
    }

    // MARK: Due

    /// Does what is due of a group gift: gives up what nobody paid for, draws, or settles.
    ///
    /// Whoever comes too early asks again later; whoever comes too late, or second, finds it done and does nothing.
    package func due(_ id: ID<GiftGroup>, brand: ID<Brand>, on tx: Transaction) async throws {
        guard let (group, now) = try await lock(id, brand: brand, on: tx) else { throw JobFailure.groupUnknown }
        let waiting =
            group.state == .drawn ? try await tx.one(GroupStatements.standing(of: id, brand: brand)).waiting : 0
        switch GroupLife.decide(group, .due(waiting: waiting), now: now) {
        case .refused, .unchanged: break
        case .notYet(let instant): try await scheduleDue(group, after: instant, brand: brand, now: now, on: tx)
        case .draw: try await draw(group, brand: brand, now: now, on: tx)
        case .settle: try await settle(group, brand: brand, now: now, on: tx)
        case .changed(let next, let effects):
            // Money that was first wins: the news of it is on its way.
            if group.state == .paying, let payment = group.payment,
                try await Payments.close(payment, brand: brand, now: now, on: tx) == .paid
            {
                return
            }
            _ = try await carryOut(effects, to: next, from: group.state, brand: brand, tx)
        }
    }

    /// Draws lots: whoever wins has a gift in this instant, the seed is shown, and what nobody won goes back on the shelf.
    ///
    /// Under the group's lock, in one commit: whoever races finds it drawn, and whoever is killed leaves nothing behind.
    private func draw(_ group: GroupRecord, brand: ID<Brand>, now: Date, on tx: Transaction) async throws {
        let entries = try await tx.run(GroupStatements.entries(of: group.id, brand: brand))
        let window = try await Policies.value(.acceptWindow, brand: brand, at: now, on: tx)
        let seed = try seed(of: group)
        let people = Dictionary(uniqueKeysWithValues: entries.map { ($0.entry, $0.person) })
        let wins = GroupDraw(group.terms, seed: seed, entries: entries.map(\.entry)).wins()
        let won = wins.compactMap { win in
            people[win.entry].map { GroupStatements.Won(win: win, person: $0, gift: .mint()) }
        }
        let until = window.asSeconds.after(now)
        let next = group.changed(at: now) {
            $0.state = .drawn
            $0.drawnAt = now
            $0.acceptUntil = until
            $0.revealedSeed = seed
        }
        guard try await tx.first(GroupStatements.save(next, from: group.state, brand: brand)) != nil else {
            throw GiftingError.stateMoved
        }
        _ = try await tx.pipeline(
            GroupStatements.addGifts(won, of: next, brand: brand, now: now),
            GroupStatements.capturePrices(of: group.id, for: won.map(\.gift), brand: brand),
            GroupStatements.addWins(won, of: group.id, brand: brand))
        try await scheduleDue(next, after: until, brand: brand, now: now, on: tx)
        let left = group.terms.units - wins.reduce(0) { $0 + $1.units }
        try await release(left, of: next, brand: brand, on: tx)
    }

    /// Ends what nobody took in time, and gives the giver back what was not taken, to the fen and in one refund.
    private func settle(_ group: GroupRecord, brand: ID<Brand>, now: Date, on tx: Transaction) async throws {
        let waiting = try await tx.run(GroupStatements.lockWaiting(of: group.id, brand: brand))
        // After the locks: whoever accepted before this instant has, and nobody does afterwards.
        let expired = try await tx.run(GroupStatements.expire(waiting, brand: brand, now: now))
        let standing = try await tx.one(GroupStatements.standing(of: group.id, brand: brand))
        guard standing.waiting == 0 else {
            // Somebody's time is not over yet, by a clock that went back.
            return try await scheduleDue(
                group, after: group.acceptUntil ?? now, brand: brand, now: now, on: tx)
        }
        try await tx.execute(
            GroupStatements.addExpiries(of: expired.map(\.gift).sorted(), brand: brand, now: now))
        let refundable = try group.price * (group.terms.units - standing.kept)
        var next = group.changed(at: now) {
            $0.state = .settled
            $0.endedAt = now
        }
        if refundable > .zero, let payment = group.payment {
            next.refund = try await refund(refundable, of: payment, for: group, brand: brand, now: now, on: tx)
            next.refundAmount = refundable
        }
        guard try await tx.first(GroupStatements.save(next, from: group.state, brand: brand)) != nil else {
            throw GiftingError.stateMoved
        }
        let moves = expired.map {
            StockMove(variant: $0.variant, quantity: $0.quantity, kind: .giftRelease, subject: $0.gift.rawValue)
        }
        if !moves.isEmpty { _ = try await Stock.move(moves, brand: brand, now: now, on: tx) }
    }

    // MARK: Carrying out

    /// Decides, and carries out what follows in the same transaction.
    ///
    /// - Throws: The refusal as a `Problem`, before anything was written.
    func carryOut(
        _ command: GroupCommand, _ group: GroupRecord, brand: ID<Brand>, now: Date, _ tx: Transaction
    ) async throws -> GroupRecord {
        switch GroupLife.decide(group, command, now: now) {
        case .refused(let problem): throw problem
        case .unchanged, .notYet, .draw, .settle: return group
        case .changed(let next, let effects):
            return try await carryOut(effects, to: next, from: group.state, brand: brand, tx)
        }
    }

    private func carryOut(
        _ effects: [GroupEffect], to changed: GroupRecord, from state: GroupState, brand: ID<Brand>, _ tx: Transaction
    ) async throws -> GroupRecord {
        var group = changed
        let now = group.updatedAt
        for effect in effects {
            switch effect {
            case .openPayment(let payment, let until):
                try await open(payment, of: group, until: until, brand: brand, on: tx)
            case .closePayment(let payment):
                guard try await Payments.close(payment, brand: brand, now: now, on: tx) != .paid else {
                    throw Problem.groupPaid
                }
            case .schedule(let instant):
                try await scheduleDue(group, after: instant, brand: brand, now: now, on: tx)
            case .refundAll(let payment):
                let amount = try group.price * group.terms.units
                group.refund = try await refund(amount, of: payment, for: group, brand: brand, now: now, on: tx)
                group.refundAmount = amount
            case .reserve, .release: break
            }
        }
        guard try await tx.first(GroupStatements.save(group, from: state, brand: brand)) != nil else {
            throw GiftingError.stateMoved
        }
        // Last the shelves, which all gifts of a variant share.
        for effect in effects {
            switch effect {
            case .reserve:
                let kept = StockMove(
                    variant: group.variant, quantity: -group.terms.units, kind: .groupReserve,
                    subject: group.id.rawValue)
                if case .soldOut = try await Stock.move([kept], brand: brand, now: now, on: tx) {
                    throw Problem.giftSoldOut
                }
            case .release: try await release(group.terms.units, of: group, brand: brand, on: tx)
            case .openPayment, .closePayment, .schedule, .refundAll: break
            }
        }
        return group
    }

    private func release(_ units: Int, of group: GroupRecord, brand: ID<Brand>, on tx: Transaction) async throws {
        guard units > 0 else { return }
        let back = StockMove(
            variant: group.variant, quantity: units, kind: .groupRelease, subject: group.id.rawValue)
        _ = try await Stock.move([back], brand: brand, now: group.updatedAt, on: tx)
    }

    private func open(
        _ payment: ID<Payment>, of group: GroupRecord, until: Date, brand: ID<Brand>, on tx: Transaction
    ) async throws {
        let product = try await Catalogue.product(group.product, brand: brand, on: tx)
        let intent = NewIntent(
            id: payment, shop: group.shop, payer: group.sender, amount: try group.price * group.terms.units,
            quantity: group.terms.units, description: String((product?.title ?? "").prefix(100)),
            subject: Gifts.groupWord + group.id.description, ownerQueue: GiftGroupDue.jobQueue, expiresAt: until)
        _ = try await Payments.create(intent, brand: brand, now: group.updatedAt, on: tx)
    }

    private func refund(
        _ amount: Money, of payment: ID<Payment>, for group: GroupRecord, brand: ID<Brand>, now: Date,
        on tx: Transaction
    ) async throws -> ID<Refund> {
        try await Refunds.request(
            payment: payment, amount: amount, cause: group.id.rawValue, reason: "未领取的礼物已退款", brand: brand, now: now,
            queue: gifts.queue, on: tx)
    }

    func scheduleDue(
        _ group: GroupRecord, after instant: Date, brand: ID<Brand>, now: Date, on tx: Transaction
    ) async throws {
        try await gifts.schedule(
            GiftGroupDue(brand: brand, group: group.id), after: instant, brand: brand, now: now, on: tx)
    }
}

// MARK: - News

extension Gifts {
    /// The words before a group gift's id in the subject of its payment: orders of both kinds have one source.
    static let groupWord = "gift:group:"

    /// The group gift that a payment is for; nil for payments of other things.
    static func group(ofSubject subject: String) -> ID<GiftGroup>? {
        guard subject.hasPrefix(groupWord) else { return nil }
        return ID<GiftGroup>(subject.dropFirst(groupWord.count))
    }

    /// The giver's money is here: from now on people may enter.
    ///
    /// Heard again, it changes nothing.
    func open(_ id: ID<GiftGroup>, _ paid: OrderPaid, on tx: Transaction) async throws {
        let limits: GroupLimits
        guard let group = try await tx.first(GroupStatements.lock(id, brand: paid.brand)) else {
            throw JobFailure.groupUnknown
        }
        let now = max(try await tx.one(GiftStatements.clock()), group.updatedAt)
        limits = try await Policies.value(.group, brand: paid.brand, at: now, on: tx)
        let command = GroupCommand.paid(
            paid.payment, order: paid.order, fill: Seconds(rawValue: limits.fillSeconds))
        switch GroupLife.decide(group, command, now: now) {
        case .refused(let problem): throw JobFailure.permanent(problem.detail)
        case .changed(let next, let effects): try await note(next, effects, from: group, brand: paid.brand, on: tx)
        case .unchanged, .notYet, .draw, .settle: break
        }
    }

    /// The giver has the money back.
    ///
    /// Heard again, it changes nothing.
    func noteRefund(of id: ID<GiftGroup>, _ refunded: OrderRefunded, on tx: Transaction) async throws {
        guard let group = try await tx.first(GroupStatements.lock(id, brand: refunded.brand)) else {
            throw JobFailure.groupUnknown
        }
        // Of other causes: what a shop took back later, or after-sales.
        guard try await Refunds.refund(refunded.refund, brand: refunded.brand, on: tx)?.cause == id.rawValue else {
            return
        }
        let now = max(try await tx.one(GiftStatements.clock()), group.updatedAt)
        if case .changed(let next, let effects) = GroupLife.decide(
            group, .refunded(refunded.refund, of: refunded.payment), now: now)
        {
            try await note(next, effects, from: group, brand: refunded.brand, on: tx)
        }
    }

    private func note(
        _ next: GroupRecord, _ effects: [GroupEffect], from group: GroupRecord, brand: ID<Brand>, on tx: Transaction
    ) async throws {
        guard try await tx.first(GroupStatements.save(next, from: group.state, brand: brand)) != nil else {
            throw GiftingError.stateMoved
        }
        for case .schedule(let instant) in effects {
            try await schedule(
                GiftGroupDue(brand: brand, group: next.id), after: instant, brand: brand, now: next.updatedAt, on: tx)
        }
    }

    /// Something became of a gift of a group: perhaps it was the last.
    func tell(group: ID<GiftGroup>, brand: ID<Brand>, on tx: Transaction) async throws {
        try await tell(groups: [group], brand: brand, on: tx)
    }

    /// The same of several groups, each of which is told once.
    func tell(groups: Set<ID<GiftGroup>>, brand: ID<Brand>, on tx: Transaction) async throws {
        if groups.isEmpty { return }
        try await queue.push(
            contentsOf: groups.sorted().map { GiftGroupDue(brand: brand, group: $0) },
            options: JobOptions(brand: brand.rawValue), on: tx)
    }
}

extension JobFailure {
    /// A job about a group gift that does not exist; it stays visible until somebody looks.
    static var groupUnknown: JobFailure { .permanent("there is no such group gift") }
}
