import FoundationEssentials
import Kernel

/// Money that a friend gives to a friend.
package enum CashGift {}

/// How far a gift of money has come.
package enum CashGiftState: String, Hashable, Sendable, CaseIterable {
    /// Waits for the giver's money.
    case created
    /// Waits for its recipient.
    case sent
    /// Taken: the money is on its way to the recipient.
    case accepted
    /// The recipient has it. An end.
    case paidOut = "paid_out"
    /// The recipient did not want it: it goes back. An end.
    case declined
    /// Nobody took it in time: it goes back. An end.
    case expired
    /// It could not be paid out: it goes back. An end.
    case failed
    /// Nobody paid in time. An end.
    case cancelled

    /// Whether the money goes back to the giver, or is back.
    var isGivenBack: Bool { [.declined, .expired, .failed].contains(self) }
}

/// A gift of money as it stands.
struct CashGiftRecord: Hashable, Sendable {
    let id: ID<CashGift>
    let shop: ID<Shop>
    let sender: ID<Person>
    let recipient: ID<Person>
    let amount: Money
    let payment: ID<Payment>
    var state: CashGiftState
    let payUntil: Date
    var sentAt: Date?
    var acceptUntil: Date?
    var acceptedAt: Date?
    var endedAt: Date?
    var refund: ID<Refund>?
    var refundedAt: Date?
    let createdAt: Date
    var updatedAt: Date

    func role(of person: ID<Person>) -> GiftRole? {
        person == sender ? .sender : person == recipient ? .recipient : nil
    }
}

/// What somebody, or the clock, wants of a gift of money.
enum CashGiftCommand: Hashable, Sendable {
    /// The giver's money is here.
    case paid(window: Seconds)
    /// The recipient takes it.
    case accept
    /// The recipient does not.
    case decline
    /// A time to wait may be over.
    case look
    /// The payout has come to its end.
    case payoutEnded(isPaid: Bool)
    /// The giver has the money back.
    case refunded(ID<Refund>)
}

/// What follows from a decision, to be done in the same commit.
enum CashGiftEffect: Hashable, Sendable {
    /// Look again after this instant.
    case scheduleLook(after: Date)
    /// Nobody waits for the giver's money any more.
    case closePayment
    /// The recipient is to be paid.
    case payOut
    /// What came in has gone out: nothing was sold.
    case passOn
    /// The giver gets the money back.
    case refund
}

/// A decision about a gift of money.
enum CashGiftOutcome: Hashable, Sendable {
    case changed(CashGiftRecord, [CashGiftEffect])
    case unchanged
    /// It is not time yet: look again after this instant.
    case notYet(Date)
    case refused(Problem)
}

/// The life of a gift of money, as far as it needs neither database nor clock.
///
/// Its money leaves by one door: to the recipient from `accepted`, or back to the giver from an end, and no end leads to another.
enum CashGiftLife {
    static func decide(_ gift: CashGiftRecord, _ command: CashGiftCommand, now: Date) -> CashGiftOutcome {
        switch command {
        case .paid(let window): paid(gift, window, now)
        case .accept: accept(gift, now)
        case .decline: decline(gift, now)
        case .look: look(gift, now)
        case .payoutEnded(let isPaid): payoutEnded(gift, isPaid, now)
        case .refunded(let refund): refunded(gift, refund, now)
        }
    }

    private static func paid(_ gift: CashGiftRecord, _ window: Seconds, _ now: Date) -> CashGiftOutcome {
        guard gift.state == .created else { return .unchanged }
        let until = window.after(now)
        return .changed(
            gift.changed(to: .sent, at: now) {
                $0.sentAt = now
                $0.acceptUntil = until
            }, [.scheduleLook(after: until)])
    }

    /// The last instant is in time.
    private static func accept(_ gift: CashGiftRecord, _ now: Date) -> CashGiftOutcome {
        switch gift.state {
        case .created, .cancelled: return .refused(.giftNotAParty)
        case .sent:
            guard gift.isInTime(now) else { return .refused(.giftGone) }
            return .changed(gift.changed(to: .accepted, at: now) { $0.acceptedAt = now }, [.payOut])
        case .accepted, .paidOut: return .unchanged
        case .expired: return .refused(.giftGone)
        case .declined, .failed: return .refused(.giftEnded)
        }
    }

    private static func decline(_ gift: CashGiftRecord, _ now: Date) -> CashGiftOutcome {
        switch gift.state {
        case .created, .cancelled: return .refused(.giftNotAParty)
        case .sent:
            guard gift.isInTime(now) else { return .refused(.giftGone) }
            return .changed(gift.changed(to: .declined, at: now), [.refund])
        case .declined: return .unchanged
        case .expired: return .refused(.giftGone)
        case .accepted, .paidOut, .failed: return .refused(.giftEnded)
        }
    }

    private static func look(_ gift: CashGiftRecord, _ now: Date) -> CashGiftOutcome {
        switch gift.state {
        case .created:
            guard now > gift.payUntil else { return .notYet(gift.payUntil) }
            return .changed(gift.changed(to: .cancelled, at: now), [.closePayment])
        case .sent:
            guard !gift.isInTime(now) else { return gift.acceptUntil.map { .notYet($0) } ?? .unchanged }
            return .changed(gift.changed(to: .expired, at: now), [.refund])
        case .accepted, .paidOut, .declined, .expired, .failed, .cancelled: return .unchanged
        }
    }

    private static func payoutEnded(_ gift: CashGiftRecord, _ isPaid: Bool, _ now: Date) -> CashGiftOutcome {
        guard gift.state == .accepted else { return .unchanged }
        return isPaid
            ? .changed(gift.changed(to: .paidOut, at: now), [.passOn])
            : .changed(gift.changed(to: .failed, at: now), [.refund])
    }

    private static func refunded(_ gift: CashGiftRecord, _ refund: ID<Refund>, _ now: Date) -> CashGiftOutcome {
        guard gift.state.isGivenBack, gift.refundedAt == nil else { return .unchanged }
        var next = gift
        // Whichever number paid out is the one to keep: WeChat Pay may have closed the first.
        next.refund = refund
        next.refundedAt = now
        next.updatedAt = now
        return .changed(next, [])
    }
}

extension CashGiftRecord {
    fileprivate func isInTime(_ now: Date) -> Bool { acceptUntil.map { now <= $0 } ?? false }

    fileprivate func changed(
        to state: CashGiftState, at now: Date, _ change: (inout CashGiftRecord) -> Void = { _ in }
    ) -> CashGiftRecord {
        var next = self
        next.state = state
        next.updatedAt = now
        next.endedAt = [.created, .sent, .accepted].contains(state) ? nil : now
        change(&next)
        return next
    }
}
