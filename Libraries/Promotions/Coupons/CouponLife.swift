package import FoundationEssentials
package import Kernel

/// A promise of less to pay: its holder's, and good for one order.
package enum Coupon {}

/// A coupon being used for an order.
package enum CouponUse {}

/// How far a coupon has come.
package enum CouponState: String, Hashable, Sendable, CaseIterable {
    /// Its holder may use it.
    case granted
    /// It counts for an order.
    case used
    /// Nobody used it in time.
    case expired
}

/// A use of a coupon, as it stands.
package struct CouponUseRecord: Hashable, Sendable {
    /// Its id, under which the books have it.
    package let id: ID<CouponUse>
    /// The how many-th of its coupon, from 1.
    package let number: Int32
    /// For which order.
    package let order: ID<Order>
    /// Whose order it is.
    package let shop: ID<Shop>
    /// When.
    package let usedAt: Date
    /// When it was given back; nil while it counts.
    package var givenBackAt: Date?

    /// A use in its parts.
    package init(
        id: ID<CouponUse>, number: Int32, order: ID<Order>, shop: ID<Shop>, usedAt: Date, givenBackAt: Date? = nil
    ) {
        self.id = id
        self.number = number
        self.order = order
        self.shop = shop
        self.usedAt = usedAt
        self.givenBackAt = givenBackAt
    }
}

/// One coupon, as it stands.
package struct CouponRecord: Hashable, Sendable {
    /// Its id, which is that of what won it.
    package let id: ID<Coupon>
    /// The batch, or the draw, that it comes from.
    package let origin: UUID
    /// Who holds it.
    package let person: ID<Person>
    /// What it is called.
    package let name: String
    /// What it takes off.
    package let off: Money
    /// From what an order costs on, before anything is taken off.
    package let threshold: Money
    /// How far it has come.
    package var state: CouponState
    /// How often it was used; more than once only where that was undone.
    package var uses: Int32
    /// The last instant at which it can be used.
    package var expiresAt: Date
    /// When anything about it changed.
    package var updatedAt: Date
    /// The last use; nil for none.
    package var last: CouponUseRecord?

    /// A coupon in its parts.
    package init(
        id: ID<Coupon>, origin: UUID, person: ID<Person>, name: String, off: Money, threshold: Money,
        state: CouponState = .granted, uses: Int32 = 0, expiresAt: Date, updatedAt: Date, last: CouponUseRecord? = nil
    ) {
        self.id = id
        self.origin = origin
        self.person = person
        self.name = name
        self.off = off
        self.threshold = threshold
        self.state = state
        self.uses = uses
        self.expiresAt = expiresAt
        self.updatedAt = updatedAt
        self.last = last
    }

    /// What its holder is told of it: a coupon whose time is over is over before a job says so.
    package func shownState(now: Date) -> CouponState {
        state == .granted && now > expiresAt ? .expired : state
    }
}

/// What somebody, or the clock, wants of a coupon.
package enum CouponCommand: Hashable, Sendable {
    /// It is to count for an order of which so much is due, less than it would be by what the coupon takes off.
    case use(ID<Order>, due: Money)
    /// The money of an order moved: all of what the coupon gave for it is back, or not.
    case follow(ID<Order>, isReturned: Bool)
    /// Its time may be over.
    case expire
}

/// What becomes of a ``CouponCommand``.
package enum CouponStep: Hashable, Sendable {
    /// It counts for the order.
    case use
    /// It is its holder's again, until an instant.
    case giveBack(until: Date)
    /// It is over.
    case expire
    /// It is so already, or it is another order's affair.
    case unchanged
    /// It is not time yet.
    case notYet(Date)
    /// Refused by a rule.
    case refused(Problem)

    /// Decides about a coupon at the instant `now`.
    ///
    /// The last instant still counts. What an order costs is what is due for it and what the coupon takes off: orders come to us as they are to
    /// be paid. Whoever gets a coupon back has as long for it as was left when it was used.
    package static func decide(_ coupon: CouponRecord, _ command: CouponCommand, now: Date) -> CouponStep {
        switch (command, coupon.state) {
        case (.use(let order, _), .used):
            return coupon.last?.order == order ? .unchanged : .refused(.couponUsed)
        case (.use, .expired): return .refused(.couponExpired)
        case (.use(_, let due), .granted): return use(coupon, due: due, now: now)
        case (.follow(let order, true), .used):
            guard let use = coupon.last, use.order == order else { return .unchanged }
            let left = max(0, coupon.expiresAt.timeIntervalSince(use.usedAt))
            return .giveBack(until: max(coupon.expiresAt, now.addingTimeInterval(left)))
        case (.follow(let order, false), .granted):
            return coupon.last?.order == order ? .use : .unchanged
        case (.follow, _): return .unchanged
        case (.expire, .granted): return now > coupon.expiresAt ? .expire : .notYet(coupon.expiresAt)
        case (.expire, .used), (.expire, .expired): return .unchanged
        }
    }

    private static func use(_ coupon: CouponRecord, due: Money, now: Date) -> CouponStep {
        guard now <= coupon.expiresAt else { return .refused(.couponExpired) }
        guard due > .zero else { return .refused(.couponOrderOver) }
        // What does not fit into 64 bits is above any threshold.
        let cost = (try? due + coupon.off) ?? due
        return cost >= coupon.threshold ? .use : .refused(.couponBelowThreshold(coupon.threshold))
    }
}

extension Problem {
    /// 404: no such coupon, or another person's; the same words for all of them.
    package static let couponUnknown = Problem.notFound("This person has no such coupon.")
    /// 404: no such order, or another brand's.
    package static let couponOrderUnknown = Problem.notFound(
        "There is no such order: tell of the order first, and use the coupon then.")
    /// 409: it counts for another order.
    package static let couponUsed = Problem.conflict(
        "This coupon counts for another order: it cannot be used twice.", code: "coupon_used")
    /// 409: one coupon an order.
    package static let couponOrderTaken = Problem.conflict(
        "Another coupon counts for this order, or did: an order takes one.", code: "order_has_coupon")
    static let couponOrderOver = Problem.conflict(
        "Nothing is due for this order: it is cancelled, or its money went back.", code: "order_over")
    static let couponExpired = Problem(
        status: 410, code: "coupon_expired", title: "Gone", detail: "The time of this coupon is over.")

    static func couponBelowThreshold(_ threshold: Money) -> Problem {
        .conflict(
            "The order costs less than the \(threshold.yuanText) yuan from which this coupon counts.",
            code: "below_threshold")
    }
}
