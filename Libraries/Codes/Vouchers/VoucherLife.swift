package import FoundationEssentials
package import Kernel

/// Where a voucher is in its life.
package enum VoucherState: String, Sendable, CaseIterable {
    /// Its winner may fetch what was won.
    case open
    /// A store handed it over.
    case handedOver = "handed_over"
    /// Nobody came in time.
    case expired
}

/// What won a thing.
package enum VoucherOrigin: Hashable, Sendable {
    /// A code of a pack, by its place in its batch.
    case pack(ID<CodeBatch>, index: Int64)
    /// An entry in a draw.
    case draw(ID<Campaign>)

    /// What it belongs to in the books.
    var subject: UUID {
        switch self {
        case .pack(let batch, _): batch.rawValue
        case .draw(let campaign): campaign.rawValue
        }
    }

    /// The code; nil for a draw.
    var code: CodeKey? {
        if case .pack(let batch, let index) = self { CodeKey(batch: batch, index: index) } else { nil }
    }
}

/// A won thing, waiting for its winner.
package struct VoucherRecord: Hashable, Sendable {
    /// Its id, which is that of the redemption, or of the entry in a draw.
    package let id: ID<Voucher>
    /// What won it.
    package let origin: VoucherOrigin
    /// What was won.
    package let tier: Int32
    /// What it costs the brand, and what a store is owed for it.
    package let cost: Money
    /// Where it is in its life.
    package let state: VoucherState
    /// How often it was handed over; more than once only where that was taken back.
    package let handovers: Int32
    /// The last instant at which a store hands over.
    package let expiresAt: Date
    /// When it last changed.
    package let updatedAt: Date

    /// A voucher as it was stored.
    package init(
        id: ID<Voucher>, origin: VoucherOrigin, tier: Int32, cost: Money, state: VoucherState, handovers: Int32,
        expiresAt: Date, updatedAt: Date
    ) {
        self.id = id
        self.origin = origin
        self.tier = tier
        self.cost = cost
        self.state = state
        self.handovers = handovers
        self.expiresAt = expiresAt
        self.updatedAt = updatedAt
    }
}

/// A handover as it stands in the books.
package struct HandoverRecord: Hashable, Sendable {
    /// Its id.
    package let id: ID<Handover>
    /// What was handed over.
    package let voucher: ID<Voucher>
    /// The how many-th of its voucher, from 1.
    package let number: Int32
    /// Who handed over.
    package let shop: ID<Shop>
    /// What the store is owed.
    package let cost: Money
    /// When.
    package let handedOverAt: Date
    /// Whether it was taken back.
    package let isReversed: Bool

    /// A handover as it was stored, or is about to be.
    package init(
        id: ID<Handover>, voucher: ID<Voucher>, number: Int32, shop: ID<Shop>, cost: Money, handedOverAt: Date,
        isReversed: Bool
    ) {
        self.id = id
        self.voucher = voucher
        self.number = number
        self.shop = shop
        self.cost = cost
        self.handedOverAt = handedOverAt
        self.isReversed = isReversed
    }
}

/// What somebody, or the clock, wants of a voucher.
package enum VoucherCommand: Hashable, Sendable {
    /// A store hands it over.
    case handOver
    /// A store takes a handover back, within a time after it.
    case reverse(HandoverRecord, window: TimeInterval)
    /// Its time may be over.
    case expire
}

/// What becomes of a ``VoucherCommand``.
package enum VoucherStep: Hashable, Sendable {
    /// The voucher is from now on this.
    case changed(VoucherState)
    /// It is over already: nothing happens.
    case unchanged
    /// It is too early: it may be after this instant.
    case notYet(Date)
    /// It is refused.
    case refused(Problem)

    /// Decides about a wish.
    ///
    /// A store may hand over iff `now ≤ expires_at`, the voucher is over iff `now > expires_at`: one comparison.
    package static func decide(_ voucher: VoucherRecord, _ command: VoucherCommand, now: Date) -> VoucherStep {
        let isOver = now > voucher.expiresAt
        switch (command, voucher.state) {
        case (.handOver, .handedOver): return .refused(.alreadyHandedOver)
        case (.handOver, .expired): return .refused(.voucherExpired)
        case (.handOver, .open): return isOver ? .refused(.voucherExpired) : .changed(.handedOver)
        case (.reverse(let handover, let window), .handedOver)
        where !handover.isReversed && handover.number == voucher.handovers:
            return now <= handover.handedOverAt.addingTimeInterval(window)
                ? .changed(.open) : .refused(.reversalWindowOver)
        case (.reverse, _): return .refused(.alreadyReversed)
        case (.expire, .open): return isOver ? .changed(.expired) : .notYet(voucher.expiresAt)
        case (.expire, .handedOver), (.expire, .expired): return .unchanged
        }
    }
}

extension Problem {
    /// 404: no such voucher, or none that this caller may know of; the same words for all of them.
    package static let voucherUnknown = Problem.notFound("There is no such voucher.")

    /// 404: no such handover, or another brand's.
    package static let handoverUnknown = Problem.notFound("There is no such handover.")

    static let alreadyHandedOver = Problem.conflict(
        "This voucher was used: a store handed the prize over before. Do not hand it over again.",
        code: "already_handed_over")

    static let voucherHeldBack = Problem.conflict(
        "The code behind this voucher is held back: do not hand the prize over, and ask the brand.", code: "not_active")

    static let voucherExpired = Problem(
        status: 410, code: "voucher_expired", title: "Gone",
        detail: "The time to fetch this prize is over: do not hand it over.")

    static let alreadyReversed = Problem.conflict("This handover was taken back before.", code: "already_reversed")

    static let reversalWindowOver = Problem.conflict(
        "A handover can be taken back for some days only, and they are over: ask the brand.",
        code: "reversal_window_over")

    static let storeUnknown = Problem.invalid(
        "`store` is not the code of a shop of this brand: `siyu shop list` names them.", code: "store_unknown")
}
