package import FoundationEssentials
package import Kernel

/// What somebody wants.
package enum AftersaleKind: String, Hashable, Sendable, Codable, CaseIterable {
    /// The money back; there are no goods to send.
    case refund
    /// The goods go back, and then the money does.
    case `return`
}

/// How far a case has come.
package enum AftersaleState: String, Hashable, Sendable, Codable, CaseIterable {
    /// Asked for: the shop must answer.
    case requested
    /// Agreed: the goods are to be sent back.
    case returning
    /// The goods are on their way: the shop must receive them.
    case returned
    /// The money is on its way to whoever paid.
    case refunding
    /// The money is back. An end.
    case refunded
    /// The shop did not agree, or not with what came back. An end.
    case refused
    /// Whoever asked does not want it any more. An end.
    case withdrawn
    /// The goods were not sent in time. An end.
    case timedOut = "timed_out"

    /// Whether nothing more happens.
    var isOver: Bool { [.refunded, .refused, .withdrawn, .timedOut].contains(self) }
}

/// Who asks: what they see follows from it, what they get does not.
package enum AftersaleParty: String, Hashable, Sendable, Codable {
    /// Who paid, and is refunded in every case.
    case payer
    /// Who has the goods without having paid, and never learns what they cost.
    case recipient
}

/// Why somebody asks; words of a list, so that nobody writes an address or a price into them.
package enum AftersaleReason: String, Hashable, Sendable, Codable, CaseIterable {
    case notWanted = "not_wanted"
    case notDelivered = "not_delivered"
    case damaged
    case incomplete
    case notAsDescribed = "not_as_described"
    case wrongGoods = "wrong_goods"
    case other
}

/// Why a shop refuses; words of a list for the same reason.
package enum AftersaleRefusal: String, Hashable, Sendable, Codable, CaseIterable {
    case notInRules = "not_in_rules"
    case goodsUsed = "goods_used"
    case goodsIncomplete = "goods_incomplete"
    case goodsNotReceived = "goods_not_received"
    case nothingWrong = "nothing_wrong"
    case settledOtherwise = "settled_otherwise"
    case other
}

/// Whose doing a decision was.
package enum AftersaleDecider: String, Hashable, Sendable, Codable {
    /// The shop's.
    case merchant
    /// Nobody's in time.
    case deadline
}

/// A parcel by which goods go back.
package struct AftersaleParcel: Hashable, Sendable {
    /// Who carries it, as a short code.
    package let carrier: String
    /// Its number there.
    package let waybill: String

    /// A parcel in its two parts.
    ///
    /// - Throws: ``Problem`` 422 for what is no code.
    package init(carrier: String, waybill: String) throws(Problem) {
        func isCode(_ text: String, _ length: ClosedRange<Int>) -> Bool {
            length.contains(text.utf8.count)
                && text.utf8.allSatisfy {
                    (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
                        || $0 == 0x2D || $0 == 0x5F
                }
        }
        guard isCode(carrier, 2...20), isCode(waybill, 5...40) else { throw .aftersaleParcelMalformed }
        self.carrier = carrier
        self.waybill = waybill
    }
}

/// What somebody asks for.
package struct AftersaleWish: Hashable, Sendable {
    /// What.
    package var kind: AftersaleKind
    /// Of which line; nil for the order as a whole.
    package var line: Int?
    /// How many of it; nil for all.
    package var quantity: Int?
    /// How much; nil for as much as there is.
    ///
    /// Only whoever paid may say.
    package var amount: Money?
    /// Why.
    package var reason: AftersaleReason

    /// A wish in its parts.
    package init(
        _ kind: AftersaleKind, line: Int? = nil, quantity: Int? = nil, amount: Money? = nil,
        reason: AftersaleReason = .other
    ) {
        self.kind = kind
        self.line = line
        self.quantity = quantity
        self.amount = amount
        self.reason = reason
    }
}

/// Who asks for an order, and from when on it is theirs to ask.
package struct AftersaleApplicant: Hashable, Sendable {
    /// Who.
    package let person: ID<Person>
    /// As whom.
    package let party: AftersaleParty
    /// When the goods became theirs; nil for when the order was paid.
    package let since: Date?
    /// What they have, where the order does not say.
    package let variant: ID<Variant>?

    /// Somebody who asks.
    package init(
        _ person: ID<Person>, as party: AftersaleParty = .payer, since: Date? = nil, variant: ID<Variant>? = nil
    ) {
        self.person = person
        self.party = party
        self.since = since
        self.variant = variant
    }
}

/// One case, as it stands.
package struct AftersaleRecord: Hashable, Sendable {
    /// Its id.
    package let id: ID<Aftersale>
    /// Of which order.
    package let order: ID<Order>
    /// Whose money goes back.
    package let payment: ID<Payment>
    /// Who sold it.
    package let shop: ID<Shop>
    /// What was paid for, as the payment says.
    package let subject: String
    /// Who paid, and is refunded.
    package let payer: ID<Person>
    /// Who asks.
    package let applicant: ID<Person>
    /// As whom.
    package let party: AftersaleParty
    /// For what.
    package let kind: AftersaleKind
    /// Of which line; nil for the whole order.
    package let line: Int?
    /// What would go back into the stock.
    package let variant: ID<Variant>?
    /// How many.
    package let quantity: Int
    /// How much money.
    package let amount: Money
    /// Why.
    package let reason: AftersaleReason
    /// How far it has come.
    package var state: AftersaleState
    /// Why the shop refused.
    package var refusal: AftersaleRefusal?
    /// Whose doing the last decision was.
    package var decidedBy: AftersaleDecider?
    /// By which parcel the goods go back.
    package var carrier: String?
    /// Its number.
    package var waybill: String?
    /// Whether the goods are back in the stock.
    package var isRestocked: Bool
    /// The money on its way.
    package var refund: ID<Refund>?
    /// Until when it waits for somebody.
    package var dueAt: Date?
    /// When it was asked for.
    package let requestedAt: Date
    /// When it ended.
    package var endedAt: Date?
    /// When anything about it changed.
    package var updatedAt: Date
}
