package import FoundationEssentials
package import Kernel

/// What a shop guarantees for an order, in numbers.
package struct GuaranteeTerms: Hashable, Sendable, Codable {
    /// How long it may take to ship, from the payment.
    package let shipSeconds: Int
    /// How long it may take to give the money back, from the wish.
    package let refundSeconds: Int
    /// The part of the order's amount that a shopper is compensated with, in millionths.
    package let compensationPPM: Int64
    /// The least that a shopper is compensated with.
    package let minFen: Int64
    /// The most.
    package let maxFen: Int64

    private enum CodingKeys: String, CodingKey {
        case shipSeconds = "ship_seconds"
        case refundSeconds = "refund_seconds"
        case compensationPPM = "compensation_ppm"
        case minFen = "min_fen"
        case maxFen = "max_fen"
    }

    /// What is due for an order of an amount: fractions of a fen are the shop's.
    package func compensation(for amount: Money) -> Money {
        // Split, so that no product exceeds 64 bits.
        let part = amount.fen / 1_000_000 * compensationPPM + amount.fen % 1_000_000 * compensationPPM / 1_000_000
        return Money(fen: min(max(part, minFen), maxFen))
    }
}

/// The guarantee of one order, as it stands.
package struct GuaranteeRecord: Hashable, Sendable {
    /// The order.
    package let order: ID<Order>
    /// Who guarantees.
    package let shop: ID<Shop>
    /// To whom.
    package let payer: ID<Person>
    /// What was paid.
    package let amount: Money
    /// What a breach costs.
    package let compensation: Money
    /// The last instant to ship.
    package let shipBy: Date
    /// When it was shipped.
    package var shippedAt: Date?
    /// When the money was asked back.
    package var refundAskedAt: Date?
    /// The last instant to give it back.
    package var refundBy: Date?
    /// When it was back.
    package var refundedAt: Date?
    /// When the shopper was compensated.
    package var compensatedAt: Date?
    /// When anything about it changed.
    package var updatedAt: Date
}

/// What happened, as the trail of evidence keeps it.
package enum GuaranteeFact: String, Hashable, Sendable, CaseIterable {
    /// The clock began.
    case opened
    /// The shop has shipped.
    case shipped
    /// It had not when it should have.
    case shipLate = "ship_late"
    /// The shopper wants the money back.
    case refundAsked = "refund_asked"
    /// It is back.
    case refunded
    /// It was not when it should have been.
    case refundLate = "refund_late"
    /// The shopper is owed a compensation.
    case compensated
}

/// What somebody, or the clock, says of a guarantee.
package enum GuaranteeCommand: Hashable, Sendable {
    /// The shop has shipped at an instant.
    case shipped(Date)
    /// The shopper wants the money back; the shop has so long.
    case refundAsked(within: Int)
    /// The money is back.
    case refunded
    /// Some time may be over.
    case look
}

/// What becomes of a ``GuaranteeCommand``.
package enum GuaranteeStep: Hashable, Sendable {
    /// The guarantee is from now on this; these facts go into the trail; look again after an instant, if any.
    case changed(GuaranteeRecord, [GuaranteeFact], lookAfter: Date?)
    /// It is so already.
    case unchanged
    /// It is not time yet: look again after this instant.
    case notYet(Date)
    /// Refused by a rule.
    case refused(Problem)

    /// Decides about a guarantee at the instant `now`.
    ///
    /// The last instant is in time, a moment later is not. Whatever is late, and however often, a shopper is compensated once. Who wants the
    /// money back before the time to ship is over waits for no shipment any more.
    package static func decide(_ record: GuaranteeRecord, _ command: GuaranteeCommand, now: Date) -> GuaranteeStep {
        var next = record
        next.updatedAt = now
        switch command {
        case .shipped(let instant):
            guard record.shippedAt == nil else { return .unchanged }
            guard instant <= now else { return .refused(.shippedInTheFuture) }
            next.shippedAt = instant
            // What came too late is told, also where nobody has looked yet.
            let isLate = instant > record.shipBy && record.waitsForShipment
            return .changed(next, [.shipped], lookAfter: nil).with(isLate ? .shipLate : nil, now)
        case .refundAsked(let seconds):
            guard record.refundAskedAt == nil else { return .unchanged }
            let until = now.addingTimeInterval(TimeInterval(seconds))
            next.refundAskedAt = now
            next.refundBy = until
            let isLate = now > record.shipBy && record.waitsForShipment
            return .changed(next, [.refundAsked], lookAfter: until).with(isLate ? .shipLate : nil, now)
        case .refunded:
            guard record.refundedAt == nil else { return .unchanged }
            next.refundedAt = now
            let isLate = record.refundBy.map { now > $0 } ?? false
            return .changed(next, [.refunded], lookAfter: nil).with(isLate ? .refundLate : nil, now)
        case .look: return look(record, next, now)
        }
    }

    private static func look(_ record: GuaranteeRecord, _ next: GuaranteeRecord, _ now: Date) -> GuaranteeStep {
        guard record.compensatedAt == nil else { return .unchanged }
        if record.waitsForShipment {
            guard now > record.shipBy else { return .notYet(record.shipBy) }
            return .changed(next, [], lookAfter: nil).with(.shipLate, now)
        }
        guard let until = record.refundBy, record.refundedAt == nil else { return .unchanged }
        guard now > until else { return .notYet(until) }
        return .changed(next, [], lookAfter: nil).with(.refundLate, now)
    }

    /// Adds a breach, and the compensation where there was none.
    private func with(_ breach: GuaranteeFact?, _ now: Date) -> GuaranteeStep {
        guard let breach, case .changed(var next, let facts, let instant) = self, next.compensatedAt == nil else {
            return self
        }
        next.compensatedAt = now
        return .changed(next, facts + [breach, .compensated], lookAfter: instant)
    }
}

extension GuaranteeRecord {
    fileprivate var waitsForShipment: Bool { shippedAt == nil && refundAskedAt == nil && refundedAt == nil }
}

extension Problem {
    /// 404: no such guarantee, or another brand's.
    package static let guaranteeUnknown = Problem.notFound("There is no guarantee for this order.")
    static let shippedInTheFuture = Problem.invalid(
        "An order cannot have been shipped in the future: give the instant at which the carrier took it.",
        code: "shipped_in_the_future")
    static let evidenceMalformed = Problem.invalid(
        "The evidence is a number of the carrier's or of your own, of 1 to 64 characters.", code: "evidence_malformed")
}
