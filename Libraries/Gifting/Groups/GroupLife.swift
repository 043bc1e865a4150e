package import FoundationEssentials
package import Kernel

/// What somebody, or the clock, wants of a group gift, with the facts that the decision needs.
package enum GroupCommand: Hashable, Sendable {
    /// The giver pays: the list price of now, the payment this would be, and how long it is waited for.
    case pay(listPrice: Money, as: ID<Payment>, window: Seconds)
    /// The giver calls it off.
    case cancel
    /// The giver's money has arrived; from here on it waits so long to be full.
    case paid(ID<Payment>, order: ID<Order>, fill: Seconds)
    /// Somebody wants to be among those who may win.
    case enter(ID<Person>)
    /// Something may be due; after the draw, so many of its gifts are neither taken nor given up.
    case due(waiting: Int)
    /// The giver's money is back: by which refund, of which payment.
    case refunded(ID<Refund>, of: ID<Payment>)
}

/// What follows from a decision, to be done in the same commit.
package enum GroupEffect: Hashable, Sendable {
    /// All pieces leave the stock.
    case reserve
    /// All pieces go back into the stock.
    case release
    /// The giver may pay for all pieces up to this instant.
    case openPayment(ID<Payment>, until: Date)
    /// Nobody waits for this payment any more.
    case closePayment(ID<Payment>)
    /// Look again after this instant what is due.
    case schedule(after: Date)
    /// All of the giver's money goes back.
    case refundAll(ID<Payment>)
}

/// A decision about a group gift.
package enum GroupOutcome: Hashable, Sendable {
    /// The group gift as it is from now on, and what follows.
    case changed(GroupRecord, [GroupEffect])
    /// It is so already.
    case unchanged
    /// It is not time yet: look again after this instant.
    case notYet(Date)
    /// Lots are to be drawn now.
    case draw
    /// What is still waiting expires now, and what was not taken goes back to the giver.
    case settle
    /// Refused by a rule.
    case refused(Problem)
}

/// The life of a group gift: every rule about who may do what and when, as one function without a database or a clock.
package enum GroupLife {
    /// Decides what becomes of `group` at the instant `now`.
    package static func decide(_ group: GroupRecord, _ command: GroupCommand, now: Date) -> GroupOutcome {
        switch command {
        case .pay(let listPrice, let payment, let window): pay(group, at: listPrice, payment, window, now)
        case .cancel: cancel(group, now)
        case .paid(let payment, let order, let fill): open(group, payment, order, fill, now)
        case .enter(let person): enter(group, person, now)
        case .due(let waiting): due(group, waiting: waiting, now)
        case .refunded(let refund, let payment): note(refund, of: payment, for: group, now)
        }
    }

    // MARK: The giver

    private static func pay(
        _ group: GroupRecord, at price: Money, _ payment: ID<Payment>, _ window: Seconds, _ now: Date
    ) -> GroupOutcome {
        switch group.state {
        case .quoted:
            guard now <= group.payUntil else { return .refused(.giftLapsed) }
            if let instant = group.terms.moment.instant, now >= instant { return .refused(.groupDrawTimeOver) }
            guard group.price == price else { return .refused(.groupQuoteOutdated) }
            // Not longer than until the draw: money that comes later would find nobody.
            let until = min(window.after(now), group.terms.moment.instant ?? .distantFuture)
            return .changed(
                group.changed(at: now) {
                    $0.state = .paying
                    $0.payment = payment
                    $0.payUntil = until
                }, [.reserve, .openPayment(payment, until: until), .schedule(after: until)])
        case .paying: return now <= group.payUntil ? .unchanged : .refused(.giftLapsed)
        case .cancelled: return .refused(.giftCancelled)
        case .open, .drawn, .settled, .failed: return .refused(.groupPaid)
        }
    }

    /// As with a gift: what is paid for cannot be called off, because people count on it.
    private static func cancel(_ group: GroupRecord, _ now: Date) -> GroupOutcome {
        switch group.state {
        case .quoted, .paying: .changed(ended(group, .cancelled, now), giveUp(group))
        case .cancelled: .unchanged
        case .open, .drawn, .settled, .failed: .refused(.groupPaid)
        }
    }

    /// What was kept for a group gift that nobody has paid for.
    private static func giveUp(_ group: GroupRecord) -> [GroupEffect] {
        group.payment.map { [.closePayment($0), .release] } ?? []
    }

    private static func open(
        _ group: GroupRecord, _ payment: ID<Payment>, _ order: ID<Order>, _ fill: Seconds, _ now: Date
    ) -> GroupOutcome {
        guard group.payment == payment else { return .refused(.giftPaymentUnknown) }
        switch group.state {
        case .paying:
            let until = group.terms.moment.instant ?? fill.after(now)
            return .changed(
                group.changed(at: now) {
                    $0.state = .open
                    $0.order = order
                    $0.openedAt = now
                    $0.enterUntil = until
                }, [.schedule(after: until)])
        case .quoted: return .refused(.giftPaymentUnknown)
        case .open, .drawn, .settled, .failed, .cancelled: return .unchanged
        }
    }

    private static func note(
        _ refund: ID<Refund>, of payment: ID<Payment>, for group: GroupRecord, _ now: Date
    ) -> GroupOutcome {
        guard group.payment == payment, group.refund != nil, group.refundedAt == nil else { return .unchanged }
        return .changed(
            group.changed(at: now) {
                $0.refund = refund
                $0.refundedAt = now
            }, [])
    }

    // MARK: Those who want to be given it

    /// Who has entered already is not asked here: their entry stands.
    private static func enter(_ group: GroupRecord, _ person: ID<Person>, _ now: Date) -> GroupOutcome {
        guard person != group.sender else { return .refused(.groupOwn) }
        switch group.state {
        case .quoted, .paying, .cancelled: return .refused(.groupUnknown)
        case .drawn, .settled, .failed: return .refused(.groupOver)
        case .open: break
        }
        guard let until = group.enterUntil else { return .refused(.groupUnknown) }
        let isInTime = group.terms.moment == .whenFull ? now <= until : now < until
        guard isInTime else { return .refused(.groupOver) }
        guard !group.isFull else { return .refused(.groupFull) }
        let next = group.changed(at: now) { $0.entries += 1 }
        let drawsNow = next.isFull && group.terms.moment == .whenFull
        return .changed(next, drawsNow ? [.schedule(after: now)] : [])
    }

    // MARK: The clock

    /// Whoever comes too early asks again later; whoever comes too late finds it done, and does nothing.
    private static func due(_ group: GroupRecord, waiting: Int, _ now: Date) -> GroupOutcome {
        switch group.state {
        case .quoted, .paying:
            guard now > group.payUntil else { return .notYet(group.payUntil) }
            return .changed(ended(group, .cancelled, now), giveUp(group))
        case .open: return dueOfOpen(group, now)
        case .drawn:
            guard let until = group.acceptUntil else { return .unchanged }
            return now > until || waiting == 0 ? .settle : .notYet(until)
        case .settled, .failed, .cancelled: return .unchanged
        }
    }

    private static func dueOfOpen(_ group: GroupRecord, _ now: Date) -> GroupOutcome {
        guard let until = group.enterUntil, let payment = group.payment else { return .unchanged }
        switch group.terms.moment {
        case .whenFull:
            if group.isFull { return .draw }
            guard now > until else { return .notYet(until) }
        case .atTime:
            guard now >= until else { return .notYet(until) }
            if group.entries > 0 { return .draw }
        }
        return .changed(ended(group, .failed, now), [.refundAll(payment), .release])
    }

    private static func ended(_ group: GroupRecord, _ state: GroupState, _ now: Date) -> GroupRecord {
        group.changed(at: now) {
            $0.state = state
            $0.endedAt = now
        }
    }
}
