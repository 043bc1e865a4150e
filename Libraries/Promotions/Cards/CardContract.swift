package import FoundationEssentials
package import Kernel

/// Benefits first, goals later: what a shopper and a shop have agreed upon.
package enum BenefitCard {}

/// Something that the holder of a card promised to do so often.
package struct CardGoal: Hashable, Sendable {
    /// Its name.
    package let name: String
    /// How often.
    package let wanted: Int
    /// How often it was done, less what was undone; below zero while an undoing is known before the doing.
    package var reached: Int

    /// A goal as it stands.
    package init(name: String, wanted: Int, reached: Int = 0) {
        self.name = name
        self.wanted = wanted
        self.reached = reached
    }
}

/// How far a card has come.
package enum CardState: String, Hashable, Sendable, CaseIterable {
    /// Benefits may be used, and goals are counted.
    case active
    /// All goals were met: the benefits are the holder's.
    case kept
    /// Some goal was missed: what was used is charged back, up to the cap.
    case missed
}

/// One card, as it stands.
package struct CardRecord: Hashable, Sendable {
    /// Its id.
    package let id: ID<BenefitCard>
    /// Whose benefits they are.
    package let shop: ID<Shop>
    /// Who holds it.
    package let person: ID<Person>
    /// What was promised, by name.
    package var goals: [CardGoal]
    /// The most that is ever charged back.
    package let cap: Money
    /// The last instant that counts.
    package let endsAt: Date
    /// How far it has come.
    package var state: CardState
    /// What was used so far.
    package var used: Money
    /// What was charged back.
    package var charged: Money
    /// When anything about it changed.
    package var updatedAt: Date

    /// A card in its parts.
    package init(
        id: ID<BenefitCard>, shop: ID<Shop>, person: ID<Person>, goals: [CardGoal], cap: Money, endsAt: Date,
        state: CardState, used: Money, charged: Money, updatedAt: Date
    ) {
        self.id = id
        self.shop = shop
        self.person = person
        self.goals = goals
        self.cap = cap
        self.endsAt = endsAt
        self.state = state
        self.used = used
        self.charged = charged
        self.updatedAt = updatedAt
    }

    /// Whether every goal is met.
    package var isMet: Bool { goals.allSatisfy { $0.reached >= $0.wanted } }
}

/// Something that happened to a card, named by whoever tells it; the same name is the same thing.
package struct CardEvent: Hashable, Sendable {
    /// What happened.
    package enum What: Hashable, Sendable {
        /// A goal was done so often, or undone where the number is below zero.
        case progress(goal: String, by: Int)
        /// A benefit of this worth was used.
        case benefit(Money)
    }

    /// The serial number, unique for the card.
    package let serial: String
    /// What happened.
    package let what: What
    /// The order that it happened with, if any.
    package let order: ID<Order>?

    /// Something that happened.
    package init(serial: String, what: What, order: ID<Order>? = nil) {
        self.serial = serial
        self.what = what
        self.order = order
    }

    /// What the refund of the order makes of it; nil for what a refund does not undo.
    package var undone: CardEvent? {
        guard case .progress(let goal, let count) = what, count > 0, let order else { return nil }
        return CardEvent(serial: "refund:\(serial)", what: .progress(goal: goal, by: -count), order: order)
    }
}

/// What somebody, or the clock, wants of a card.
package enum CardCommand: Hashable, Sendable {
    /// Something happened; `known` is what was told before under its serial number.
    case tell(CardEvent, known: CardEvent?)
    /// The time may be over.
    case settle
}

/// What becomes of a ``CardCommand``.
package enum CardStep: Hashable, Sendable {
    /// The card is from now on this; so much is charged back.
    case changed(CardRecord, charge: Money)
    /// It was told before, or is over already.
    case unchanged
    /// It is not time yet.
    case notYet(Date)
    /// Refused by a rule.
    case refused(Problem)

    /// Decides about a card at the instant `now`.
    ///
    /// The last instant still counts; a moment later nothing does, and the card is settled: met goals keep the benefits, missed ones
    /// charge back what was used, up to the cap. What is told of an order's refund after that changes nothing.
    package static func decide(_ card: CardRecord, _ command: CardCommand, now: Date) -> CardStep {
        switch command {
        case .tell(let event, .some(let known)): return known == event ? .unchanged : .refused(.cardSerialUsed)
        case .tell(let event, nil): return tell(event, card, now)
        case .settle:
            guard card.state == .active else { return .unchanged }
            guard now > card.endsAt else { return .notYet(card.endsAt) }
            var next = card
            next.state = card.isMet ? .kept : .missed
            next.charged = card.isMet ? .zero : min(card.used, card.cap)
            next.updatedAt = now
            return .changed(next, charge: next.charged)
        }
    }

    private static func tell(_ event: CardEvent, _ card: CardRecord, _ now: Date) -> CardStep {
        guard card.state == .active, now <= card.endsAt else { return .refused(.cardOver) }
        var next = card
        next.updatedAt = now
        switch event.what {
        case .progress(let goal, let count):
            guard count != 0, abs(count) <= countMax.value else { return .refused(.cardCountMalformed) }
            guard let place = card.goals.firstIndex(where: { $0.name == goal }) else {
                return .refused(.cardGoalUnknown)
            }
            next.goals[place].reached += count
        case .benefit(let amount):
            // What does not fit into 64 bits is no amount.
            guard amount > .zero, let used = try? card.used + amount else { return .refused(.cardAmountMalformed) }
            next.used = used
        }
        return .changed(next, charge: .zero)
    }

    /// The most that one piece of news may count.
    static let countMax = Limit(10_000, reason: "nobody does anything more often at once, and sums stay small")
}

extension Problem {
    /// 404: no such card, or another brand's.
    package static let cardUnknown = Problem.notFound("There is no such card.")
    /// 409: the serial number told something else before.
    package static let cardSerialUsed = Problem.conflict(
        "This serial number told something else of the card before: each piece of news needs its own.",
        code: "serial_used")
    /// 409: its time is over.
    package static let cardOver = Problem.conflict(
        "The card is over: nothing that happens now counts for it.", code: "card_over")
    static let cardGoalUnknown = Problem.invalid(
        "The card has no goal of this name: name one of those it was opened with.", code: "goal_unknown")
    static let cardCountMalformed = Problem.invalid(
        "A count is a whole number other than 0, of 10,000 at most in either direction.", code: "count_malformed")
    static let cardAmountMalformed = Problem.invalid(
        "A benefit is worth one fen or more.", code: "amount_malformed")
    static let cardTermsMalformed = Problem.invalid(
        "A card has one to ten goals of different names, each wanted at least once, a cap that is not below 0, and an end that is yet to come.",
        code: "card_malformed")
}
