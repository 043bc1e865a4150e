package import Accounting
import FoundationEssentials
import Hooks
import Jobs
import Kernel
import Orders
import Postgres

/// Why a gift could not be carried on: faults of a program, not of business.
package enum GiftingError: Error, Hashable, Sendable {
    /// The gift is not in the state it was locked in.
    case stateMoved
    /// The database did not say how late it is.
    case clockMissing
}

extension StockMoveKind {
    /// Kept for a gift while its giver pays.
    static let giftReserve: StockMoveKind = "gift.reserve"
    /// Back on the shelf: not paid for, not taken, or not wanted.
    static let giftRelease: StockMoveKind = "gift.release"
    /// Off the shelf, since a recipient chose it.
    static let giftSwapOut: StockMoveKind = "gift.swap_out"
    /// Back on the shelf, since a recipient chose another.
    static let giftSwapIn: StockMoveKind = "gift.swap_in"
}

extension TransferKind {
    /// A gift was accepted: the giver's money becomes the shop's.
    package static let giftAccepted: TransferKind = "gift.accepted"
    /// An accepted gift was taken back by its shop: the money is the giver's again, and on its way to them.
    package static let giftWithdrawn: TransferKind = "gift.withdrawn"
}

/// The noun of an exchange of variants.
enum GiftSwap {}

extension Gifts {
    /// Decides, and carries out what follows in the same transaction.
    ///
    /// - Returns: The gift as it is now.
    /// - Throws: The refusal as a `Problem`, before anything was written.
    func carryOut(_ command: GiftCommand, _ turn: Turn, on tx: Transaction) async throws -> GiftRecord {
        switch GiftLife.decide(turn.gift, command, now: turn.now) {
        case .refused(let problem): throw problem
        case .unchanged, .notYet: return turn.gift
        case .changed(let next, let effects):
            return try await carryOut(effects, to: next, from: turn.gift.state, brand: turn.brand, on: tx)
        }
    }

    /// Writes a changed gift with everything that follows.
    ///
    /// Locks are taken in one order everywhere: the gift, its payment, the accounts, and last the shelves, which all gifts of a variant
    /// share: they are held for no longer than a commit takes.
    func carryOut(
        _ effects: [GiftEffect], to changed: GiftRecord, from state: GiftState, brand: ID<Brand>, on tx: Transaction
    ) async throws -> GiftRecord {
        var gift = changed
        var flight = Flight()
        for effect in effects where !effect.movesStock {
            try await carryOut(effect, on: &gift, brand: brand, tx)
            if case .end(let end) = effect {
                _ = flight.add(GiftStatements.addOutcome(end, of: gift.id, brand: brand, now: gift.updatedAt))
            }
        }
        let saved = flight.add(GiftStatements.save(gift, from: state, brand: brand))
        guard try await tx.run(flight).rows(saved).count == 1 else { throw GiftingError.stateMoved }
        for effect in effects where effect.movesStock { try await carryOut(effect, on: &gift, brand: brand, tx) }
        if let hooks, let event = GiftEvents.event(of: gift, from: state) {
            _ = try await hooks.emit([event], brand: brand, now: gift.updatedAt, on: tx)
        }
        return gift
    }

    private func carryOut(
        _ effect: GiftEffect, on gift: inout GiftRecord, brand: ID<Brand>, _ tx: Transaction
    ) async throws {
        let now = gift.updatedAt
        switch effect {
        case .reserve(let variant):
            try await move(
                [(variant, -gift.quantity, .giftReserve)], subject: gift.id.rawValue, brand: brand, now: now, on: tx)
        case .release(let variant):
            try await move(
                [(variant, gift.quantity, .giftRelease)], subject: gift.id.rawValue, brand: brand, now: now, on: tx)
        case .exchange(let old, let new):
            let swap = ID<GiftSwap>.mint()
            try await move(
                [(old, gift.quantity, .giftSwapIn), (new, -gift.quantity, .giftSwapOut)], subject: swap.rawValue,
                brand: brand, now: now, on: tx
            )
            try await tx.execute(GiftStatements.addSwap(swap, of: gift.id, from: old, to: new, brand: brand, now: now))
        case .openPayment(let payment, let amount, let until):
            try await open(payment, of: gift, amount, until: until, brand: brand, on: tx)
        case .closePayment(let payment): try await close(payment, brand: brand, now: now, on: tx)
        case .scheduleLapse(let instant):
            try await schedule(GiftLapse(brand: brand, gift: gift.id), after: instant, brand: brand, now: now, on: tx)
        case .scheduleDelivery(let instant):
            try await schedule(GiftSend(brand: brand, gift: gift.id), after: instant, brand: brand, now: now, on: tx)
        case .earn(let payment, let amount):
            try await earn(amount, of: payment, for: gift, brand: brand, on: tx)
        case .unearn(let payment, let amount):
            try await unearn(amount * gift.quantity, of: payment, for: gift, brand: brand, on: tx)
        case .refund(let payment, let amount) where gift.group != nil:
            try await refundWithGroup(amount * gift.quantity, of: payment, for: gift, brand: brand, on: tx)
        case .refund(let payment, let amount):
            gift.refund = try await Refunds.request(
                payment: payment, amount: amount, reason: gift.refundReason, brand: brand, now: now,
                queue: queue, on: tx)
        case .giveBackRest(let payment):
            gift.refund = try await Aftersales(queue: queue, hooks: hooks).callOff(
                payment, for: gift.id.rawValue, as: .giftWithdrawn, reason: gift.refundReason, brand: brand, now: now,
                on: tx)
        // The end itself is written down with the gift. What is not taken goes back with the group's one refund, once the last
        // gift has ended.
        case .end: if let group = gift.group { try await tell(group: group, brand: brand, on: tx) }
        }
    }

    // MARK: Effects

    /// What was not taken goes back with the group's one refund; what a shop takes back after that, by itself.
    private func refundWithGroup(
        _ amount: Money, of payment: ID<Payment>, for gift: GiftRecord, brand: ID<Brand>, on tx: Transaction
    ) async throws {
        guard gift.state == .accepted, let id = gift.group,
            let group = try await tx.first(GroupStatements.lock(id, brand: brand)), group.state == .settled
        else { return }
        _ = try await Refunds.request(
            payment: payment, amount: amount, cause: gift.id.rawValue, reason: gift.refundReason, brand: brand,
            now: gift.updatedAt, queue: queue, on: tx)
    }

    private func move(
        _ moves: [(variant: ID<Variant>, quantity: Int, kind: StockMoveKind)], subject: UUID, brand: ID<Brand>,
        now: Date, on tx: Transaction
    ) async throws {
        let moves = moves.map { StockMove(variant: $0.variant, quantity: $0.quantity, kind: $0.kind, subject: subject) }
        if case .soldOut = try await Stock.move(moves, brand: brand, now: now, on: tx) {
            throw Problem.giftSoldOut
        }
    }

    private func open(
        _ payment: ID<Payment>, of gift: GiftRecord, _ amount: Money, until: Date, brand: ID<Brand>, on tx: Transaction
    ) async throws {
        let product = try await Catalogue.product(gift.product, brand: brand, on: tx)
        let intent = NewIntent(
            id: payment, shop: gift.shop, payer: gift.sender, amount: amount,
            description: String((product?.title ?? "").prefix(Self.descriptionMax.value)),
            subject: Self.subjectWord + gift.id.description, ownerQueue: GiftLapse.jobQueue, expiresAt: until)
        _ = try await Payments.create(intent, brand: brand, now: gift.updatedAt, on: tx)
    }

    private static let descriptionMax = Limit(100, reason: "WeChat Pay shows a line; it takes 127 characters.")

    /// Says that nobody waits for the money any more: what still comes goes back by itself.
    ///
    /// - Throws: ``Problem/giftSent`` if the money is here already: the gift is on its way.
    private func close(_ payment: ID<Payment>, brand: ID<Brand>, now: Date, on tx: Transaction) async throws {
        guard try await Payments.close(payment, brand: brand, now: now, on: tx) != .paid else { throw Problem.giftSent }
    }

    /// The giver's money was held for this gift alone; now the shop has sold something.
    private func earn(
        _ price: Money, of payment: ID<Payment>, for gift: GiftRecord, brand: ID<Brand>, on tx: Transaction
    ) async throws {
        let now = gift.updatedAt
        let accounts = try await Ledger.accounts(
            [(.escrow(of: payment), floor: .zero), (.sales(of: gift.shop), floor: nil)], brand: brand, now: now, on: tx)
        try await Ledger.post(
            [try Self.earning(price, of: gift, from: accounts[0], to: accounts[1])], brand: brand, now: now, on: tx)
    }

    /// The posting of a gift that was accepted, at the price of one piece.
    static func earning(
        _ price: Money, of gift: GiftRecord, from escrow: ID<Account>, to sales: ID<Account>
    ) throws -> Posting {
        Posting(
            debit: escrow, credit: sales, amount: try price * gift.quantity, kind: .giftAccepted,
            subject: gift.id.rawValue, occurredAt: gift.updatedAt)
    }

    /// The other way round for one gift of a group, so that every account is as it was before it was accepted.
    private func unearn(
        _ amount: Money, of payment: ID<Payment>, for gift: GiftRecord, brand: ID<Brand>, on tx: Transaction
    ) async throws {
        let now = gift.updatedAt
        let accounts = try await Ledger.accounts(
            [(.escrow(of: payment), floor: .zero), (.sales(of: gift.shop), floor: nil)], brand: brand, now: now, on: tx)
        let (escrow, sales) = (accounts[0], accounts[1])
        try await Ledger.post(
            [
                Posting(
                    debit: sales, credit: escrow, amount: amount, kind: .giftWithdrawn, subject: gift.id.rawValue,
                    occurredAt: now)
            ], brand: brand, now: now, on: tx)
    }

    /// A job that is due just after an instant.
    ///
    /// Delays count from the beginning of the transaction, which is a little earlier than `now`: the job may find that it is not time
    /// yet, and then waits again. So it does after a year, should a policy say ages.
    func schedule(
        _ job: some JobParameters, after instant: Date, brand: ID<Brand>, now: Date, on tx: Transaction
    ) async throws {
        let seconds = min(max(0, instant.timeIntervalSince(now)), 366 * 86_400)
        let delay = Duration.microseconds(Int64((seconds * 1_000_000).rounded(.up)) + 1)
        try await queue.push(job, options: JobOptions(delay: delay, brand: brand.rawValue), on: tx)
    }
}

extension GiftEffect {
    /// Whether it waits for a shelf that others wait for, too.
    fileprivate var movesStock: Bool {
        switch self {
        case .reserve, .release, .exchange: true
        case .openPayment, .closePayment, .scheduleLapse, .scheduleDelivery, .earn, .unearn, .refund,
            .giveBackRest, .end:
            false
        }
    }
}

extension GiftRecord {
    /// What the giver reads at WeChat about the money that comes back.
    var refundReason: String {
        switch state {
        case .accepted: "商家无法发货"
        case .expired: "礼物超过时限未收下"
        case .declined: "对方未收下礼物"
        case .draft, .quoted, .paying, .sent, .claimed, .cancelled, .scheduled: "礼物已取消"
        }
    }
}
