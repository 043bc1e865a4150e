package import FoundationEssentials
package import Kernel

/// What somebody, or the clock, wants of a gift, with the facts that the decision needs.
package enum GiftCommand: Hashable, Sendable {
    /// The giver asks for the price: the list price of now, and the most that may be given.
    case quote(listPrice: Money, ceiling: PriceCeiling)
    /// The giver pays: the list price of now, the payment this would be, and how long it is waited for.
    case pay(listPrice: Money, as: ID<Payment>, window: Seconds)
    /// The giver calls it off.
    case cancel
    /// The giver says where it goes, as the recipient lets them.
    case prefill(ID<Address>)
    /// The recipient opens it.
    case claim
    /// The recipient says where it goes.
    case address(ID<Address>)
    /// The recipient chooses something else, whose captured price is nil unless it is of the same product.
    case swap(to: ID<Variant>, captured: Money?)
    /// The recipient takes it, and nothing may be changed for a while.
    case accept(lock: Seconds)
    /// The recipient does not want it.
    case decline
    /// Its shop takes back what was accepted.
    case withdraw
    /// Somebody passes it on.
    case transfer
    /// The giver's money has arrived.
    case paid(ID<Payment>, order: ID<Order>, window: Seconds)
    /// The time to send it may have come.
    case deliver(window: Seconds)
    /// The giver's money is back: by which refund, and of which payment.
    case refunded(ID<Refund>, of: ID<Payment>)
    /// The time to accept may be over.
    case expire
    /// The time to pay may be over.
    case lapse
}

/// A number of seconds, as policies have it.
package struct Seconds: RawRepresentable, Hashable, Sendable {
    /// The number.
    package let rawValue: Int

    /// A number of seconds.
    package init(rawValue: Int) { self.rawValue = rawValue }

    /// The instant so long after another.
    func after(_ instant: Date) -> Date { instant.addingTimeInterval(TimeInterval(rawValue)) }
}

/// The most that may be given, judged on list prices.
package struct PriceCeiling: Hashable, Sendable, Codable {
    /// The ceiling.
    package let max: Money
    /// Whether the ceiling itself may be given.
    package let isInclusive: Bool

    /// A ceiling in its two parts.
    package init(max: Money, isInclusive: Bool) {
        self.max = max
        self.isInclusive = isInclusive
    }

    private enum CodingKeys: String, CodingKey {
        case max = "max_fen"
        case isInclusive = "inclusive"
    }

    /// Whether something of this price may be given.
    package func admits(_ price: Money) -> Bool { isInclusive ? price <= max : price < max }
}

/// What follows from a decision, to be done in the same commit.
package enum GiftEffect: Hashable, Sendable {
    /// One piece leaves the stock.
    case reserve(ID<Variant>)
    /// One piece goes back into the stock.
    case release(ID<Variant>)
    /// One piece goes back, another leaves, and it is written down.
    case exchange(ID<Variant>, for: ID<Variant>)
    /// The giver may pay this amount up to this instant.
    case openPayment(ID<Payment>, Money, until: Date)
    /// Nobody waits for this payment any more.
    case closePayment(ID<Payment>)
    /// Look again after this instant whether it was paid.
    case scheduleLapse(after: Date)
    /// Send it at this instant.
    case scheduleDelivery(at: Date)
    /// The giver's money becomes the shop's.
    case earn(ID<Payment>, Money)
    /// What the shop earned is the giver's again.
    case unearn(ID<Payment>, Money)
    /// The giver's money goes back.
    case refund(ID<Payment>, Money)
    /// What is left of the giver's money goes back, and with it what the shop earned of it.
    case giveBackRest(ID<Payment>)
    /// This is the end.
    case end(GiftEnd)
}

/// A decision about a gift.
package enum GiftOutcome: Hashable, Sendable {
    /// The gift as it is from now on, and what follows.
    case changed(GiftRecord, [GiftEffect])
    /// It is so already.
    case unchanged
    /// It is not time yet: look again after this instant.
    case notYet(Date)
    /// Refused by a rule.
    case refused(Problem)
}

/// The life of a gift: every rule about who may do what and when, as one function without a database or a clock.
package enum GiftLife {
    /// Decides what becomes of `gift` at the instant `now`.
    package static func decide(_ gift: GiftRecord, _ command: GiftCommand, now: Date) -> GiftOutcome {
        switch command {
        case .quote(let listPrice, let ceiling): quote(gift, at: listPrice, ceiling, now)
        case .pay(let listPrice, let payment, let window): pay(gift, at: listPrice, payment, window, now)
        case .cancel: cancel(gift, now)
        case .prefill(let address): prefill(address, for: gift, now)
        case .claim: claim(gift, now)
        case .address(let address): keep(address, for: gift, now)
        case .swap(let variant, let captured): swap(gift, to: variant, captured, now)
        case .accept(let lock): accept(gift, lock, now)
        case .decline: decline(gift, now)
        case .withdraw: withdraw(gift, now)
        case .transfer: .refused(.giftNotTransferable)
        case .paid(let payment, let order, let window): send(gift, payment, order, window, now)
        case .deliver(let window): deliver(gift, window, now)
        case .refunded(let refund, let payment): note(refund, of: payment, for: gift, now)
        case .expire: expire(gift, now)
        case .lapse: lapse(gift, now)
        }
    }

    /// Who may give this command; nil for those of the clock and of the payments.
    package static func role(for command: GiftCommand) -> GiftRole? {
        switch command {
        case .quote, .pay, .cancel, .prefill: .sender
        case .claim, .address, .swap, .accept, .decline: .recipient
        case .withdraw, .transfer, .paid, .deliver, .refunded, .expire, .lapse: nil
        }
    }
}

// MARK: - The giver

extension GiftLife {
    private static func quote(_ gift: GiftRecord, at price: Money, _ ceiling: PriceCeiling, _ now: Date) -> GiftOutcome
    {
        switch gift.state {
        case .draft, .quoted:
            guard now <= gift.payUntil else { return .refused(.giftLapsed) }
            if let problem = refusal(of: price, ceiling) { return .refused(problem) }
            return .changed(
                gift.changed(at: now) {
                    $0.state = .quoted; $0.price = price
                }, [])
        case .paying: return .refused(.giftPaying)
        case .scheduled: return .refused(.giftScheduled)
        case .cancelled: return .refused(.giftCancelled)
        case .sent, .claimed, .accepted, .expired, .declined: return .refused(.giftSent)
        }
    }

    /// Why nothing of this price may be given; nil if it may.
    package static func refusal(of price: Money, _ ceiling: PriceCeiling) -> Problem? {
        if price <= .zero { return .giftCostsNothing }
        return ceiling.admits(price) ? nil : .giftAboveCeiling
    }

    private static func pay(
        _ gift: GiftRecord, at price: Money, _ payment: ID<Payment>, _ window: Seconds, _ now: Date
    ) -> GiftOutcome {
        switch gift.state {
        case .draft: return .refused(.giftNotQuoted)
        case .quoted:
            guard now <= gift.payUntil else { return .refused(.giftLapsed) }
            guard gift.price == price else { return .refused(.giftQuoteOutdated) }
            let until = window.after(now)
            let next = gift.changed(at: now) {
                $0.state = .paying
                $0.payment = payment
                $0.payUntil = until
            }
            return .changed(
                next,
                [.reserve(gift.variant), .openPayment(payment, price, until: until), .scheduleLapse(after: until)])
        case .paying: return now <= gift.payUntil ? .unchanged : .refused(.giftLapsed)
        case .scheduled: return .refused(.giftScheduled)
        case .cancelled: return .refused(.giftCancelled)
        case .sent, .claimed, .accepted, .expired, .declined: return .refused(.giftSent)
        }
    }

    private static func cancel(_ gift: GiftRecord, _ now: Date) -> GiftOutcome {
        switch gift.state {
        case .draft, .quoted, .paying:
            return .changed(gift.ended(.cancelled, at: now), withdrawal(of: gift) + [.end(.cancelledBySender)])
        case .scheduled:
            guard let payment = gift.payment, let price = gift.price else { return .refused(.giftEnded) }
            return .changed(
                gift.ended(.cancelled, at: now),
                [.release(gift.variant), .refund(payment, price), .end(.cancelledBySender)])
        case .cancelled: return .unchanged
        case .sent, .claimed: return .refused(.giftSent)
        case .accepted: return .refused(isLocked(gift, now) ? .giftLocked : .giftFollowsOrderRules)
        case .expired, .declined: return .refused(.giftEnded)
        }
    }

    /// Until the recipient opens it; from then on where it goes is theirs alone.
    private static func prefill(_ address: ID<Address>, for gift: GiftRecord, _ now: Date) -> GiftOutcome {
        switch gift.state {
        case .draft, .quoted, .paying, .scheduled, .sent:
            return .changed(gift.changed(at: now) { $0.prefilledAddress = address }, [])
        case .cancelled: return .refused(.giftCancelled)
        case .claimed: return .refused(.giftSent)
        case .accepted, .expired, .declined: return .refused(.giftEnded)
        }
    }

    /// What was kept for a gift that nobody has paid for.
    private static func withdrawal(of gift: GiftRecord) -> [GiftEffect] {
        gift.payment.map { [.release(gift.variant), .closePayment($0)] } ?? []
    }

    /// The money arrived: the clock of the recipient begins now, not when the provider says that it was paid, so that news that come
    /// late take nothing of the recipient's time.
    private static func send(
        _ gift: GiftRecord, _ payment: ID<Payment>, _ order: ID<Order>, _ window: Seconds, _ now: Date
    ) -> GiftOutcome {
        guard gift.payment == payment, let price = gift.price else { return .refused(.giftPaymentUnknown) }
        switch gift.state {
        case .paying:
            if let sendAt = gift.sendAt, now < sendAt {
                let next = gift.changed(at: now) {
                    $0.state = .scheduled
                    $0.order = order
                }
                return .changed(next, [.scheduleDelivery(at: sendAt)])
            }
            return sent(gift, order, window, now)
        case .cancelled where gift.refund == nil:
            // Called off while the giver was paying: what came too late goes back at once.
            return .changed(gift.changed(at: now) { _ in }, [.refund(payment, price)])
        case .cancelled, .scheduled, .sent, .claimed, .accepted, .expired, .declined: return .unchanged
        case .draft, .quoted: return .refused(.giftPaymentUnknown)
        }
    }

    private static func sent(
        _ gift: GiftRecord, _ order: ID<Order>, _ window: Seconds, _ now: Date
    ) -> GiftOutcome {
        let until = window.after(now)
        let next = gift.changed(at: now) {
            $0.state = .sent
            $0.order = order
            $0.sentAt = now
            $0.acceptUntil = until
        }
        return .changed(next, [])
    }

    /// Whoever comes too late finds it sent or called off, and does nothing.
    private static func deliver(_ gift: GiftRecord, _ window: Seconds, _ now: Date) -> GiftOutcome {
        guard gift.state == .scheduled, let order = gift.order, let sendAt = gift.sendAt else { return .unchanged }
        return now < sendAt ? .notYet(sendAt) : sent(gift, order, window, now)
    }

    /// The refund that paid out is the one to keep: WeChat Pay may have closed the one that was asked for, and then another followed.
    ///
    /// Refunds of other kinds (after-sales) are not the gift's to note.
    private static func note(
        _ refund: ID<Refund>, of payment: ID<Payment>, for gift: GiftRecord, _ now: Date
    ) -> GiftOutcome {
        guard gift.payment == payment, gift.refund != nil, gift.refundedAt == nil else { return .unchanged }
        return .changed(
            gift.changed(at: now) {
                $0.refund = refund
                $0.refundedAt = now
            }, [])
    }
}

// MARK: - The recipient

extension GiftLife {
    private static func claim(_ gift: GiftRecord, _ now: Date) -> GiftOutcome {
        switch gift.state {
        case .sent:
            guard isInTime(gift, now) else { return .refused(.giftGone) }
            return .changed(
                gift.changed(at: now) {
                    $0.state = .claimed
                    $0.claimedAt = now
                    $0.address = gift.prefilledAddress
                }, [])
        case .claimed: return isInTime(gift, now) ? .unchanged : .refused(.giftGone)
        case .accepted: return .unchanged
        case .draft, .quoted, .paying, .scheduled, .cancelled, .expired, .declined:
            return .refused(notOpen(gift, now))
        }
    }

    private static func keep(_ address: ID<Address>, for gift: GiftRecord, _ now: Date) -> GiftOutcome {
        guard gift.state == .claimed, isInTime(gift, now) else { return .refused(notOpen(gift, now)) }
        return .changed(gift.changed(at: now) { $0.address = address }, [])
    }

    /// One refusal for whatever may not be chosen: another price, another product and no variant at all read the same, so that
    /// nobody finds out a price by trying.
    private static func swap(
        _ gift: GiftRecord, to variant: ID<Variant>, _ captured: Money?, _ now: Date
    ) -> GiftOutcome {
        guard gift.state == .claimed, isInTime(gift, now) else { return .refused(notOpen(gift, now)) }
        guard let captured, captured == gift.price else { return .refused(.giftVariantNotOffered) }
        guard variant != gift.variant else { return .unchanged }
        let next = gift.changed(at: now) {
            $0.variant = variant
            $0.swappedFrom = variant == gift.bought ? nil : gift.bought
        }
        return .changed(next, [.exchange(gift.variant, for: variant)])
    }

    private static func accept(_ gift: GiftRecord, _ lock: Seconds, _ now: Date) -> GiftOutcome {
        if gift.state == .accepted { return .unchanged }
        guard gift.state == .claimed, isInTime(gift, now), let payment = gift.payment, let price = gift.price else {
            return .refused(notOpen(gift, now))
        }
        guard gift.address != nil else { return .refused(.giftNeedsAddress) }
        let next = gift.ended(.accepted, at: now) {
            $0.acceptedAt = now
            $0.lockedUntil = lock.after(now)
        }
        return .changed(next, [.earn(payment, price), .end(.accepted)])
    }

    private static func decline(_ gift: GiftRecord, _ now: Date) -> GiftOutcome {
        switch gift.state {
        case .sent, .claimed:
            guard isInTime(gift, now), let payment = gift.payment, let price = gift.price else {
                return .refused(.giftGone)
            }
            return .changed(
                gift.ended(.declined, at: now), [.release(gift.variant), .refund(payment, price), .end(.declined)])
        case .declined: return .unchanged
        case .draft, .quoted, .paying, .scheduled, .accepted, .expired, .cancelled:
            return .refused(notOpen(gift, now))
        }
    }

    /// Why the recipient cannot do now what needs a claimed gift in its time.
    private static func notOpen(_ gift: GiftRecord, _ now: Date) -> Problem {
        switch gift.state {
        case .draft, .quoted, .paying, .scheduled, .cancelled: .giftNotSent
        case .sent: isInTime(gift, now) ? .giftNotClaimed : .giftGone
        case .claimed, .expired: .giftGone
        case .accepted: isLocked(gift, now) ? .giftLocked : .giftFollowsOrderRules
        case .declined: .giftEnded
        }
    }
}

// MARK: - The shop

extension GiftLife {
    /// The lock binds giver and recipient alone: the shop may find on the very first day that it has nothing to deliver.
    ///
    /// Until the gift is accepted, the recipient and the clock decide what becomes of it.
    private static func withdraw(_ gift: GiftRecord, _ now: Date) -> GiftOutcome {
        guard gift.state == .accepted, let payment = gift.payment, let price = gift.price else {
            return .refused(.giftNotAccepted)
        }
        guard gift.withdrawnAt == nil else { return .unchanged }
        // What was won in a group shares its payment with others; of any other gift, a part may be back by after-sales already.
        let money: [GiftEffect] =
            gift.group == nil ? [.giveBackRest(payment)] : [.refund(payment, price), .unearn(payment, price)]
        return .changed(gift.changed(at: now) { $0.withdrawnAt = now }, [.release(gift.variant)] + money)
    }
}

// MARK: - The clock

extension GiftLife {
    private static func expire(_ gift: GiftRecord, _ now: Date) -> GiftOutcome {
        switch gift.state {
        case .sent, .claimed:
            guard let until = gift.acceptUntil, let payment = gift.payment, let price = gift.price else {
                return .unchanged
            }
            guard now > until else { return .notYet(until) }
            return .changed(
                gift.ended(.expired, at: now), [.release(gift.variant), .refund(payment, price), .end(.expired)])
        case .draft, .quoted, .paying, .scheduled, .accepted, .expired, .declined, .cancelled: return .unchanged
        }
    }

    private static func lapse(_ gift: GiftRecord, _ now: Date) -> GiftOutcome {
        switch gift.state {
        case .draft, .quoted, .paying:
            guard now > gift.payUntil else { return .notYet(gift.payUntil) }
            return .changed(gift.ended(.cancelled, at: now), withdrawal(of: gift) + [.end(.cancelledByDeadline)])
        case .scheduled, .sent, .claimed, .accepted, .expired, .declined, .cancelled: return .unchanged
        }
    }

    /// The one comparison with the deadline: accepting at the very last instant is in time, a microsecond later is not.
    private static func isInTime(_ gift: GiftRecord, _ now: Date) -> Bool {
        gift.acceptUntil.map { now <= $0 } ?? false
    }

    private static func isLocked(_ gift: GiftRecord, _ now: Date) -> Bool {
        gift.lockedUntil.map { now <= $0 } ?? false
    }
}

extension GiftRecord {
    /// The gift as it is after a change.
    fileprivate func changed(at now: Date, _ change: (inout GiftRecord) -> Void) -> GiftRecord {
        var next = self
        change(&next)
        next.updatedAt = now
        return next
    }

    /// The gift as it is after its end.
    fileprivate func ended(
        _ state: GiftState, at now: Date, _ change: (inout GiftRecord) -> Void = { _ in }
    ) -> GiftRecord {
        changed(at: now) {
            $0.state = state
            $0.endedAt = now
            change(&$0)
        }
    }
}
