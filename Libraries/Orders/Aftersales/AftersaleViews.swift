import FoundationEssentials
package import Kernel

// Three types that share no field, encoder or protocol, so that nothing can be added to two at once.

/// A case as whoever paid sees it: everything about the money; of what a recipient asks no more than that.
package struct AftersalePayerView: Encodable, Hashable, Sendable {
    let aftersaleID: ID<Aftersale>
    let role: String
    let orderID: ID<Order>
    let shopID: ID<Shop>
    let openedBy: String
    let kind: String
    let line: Int?
    let quantity: Int
    let amountFen: Int64
    let reason: String?
    let state: String
    let refusal: String?
    let carrier: String?
    let waybill: String?
    let refundID: ID<Refund>?
    let dueAt: Date?
    let requestedAt: Date
    let endedAt: Date?

    /// What whoever paid may see: not by which parcel a recipient sends something back, nor why.
    package init(_ record: AftersaleRecord) {
        let isOwn = record.party == .payer
        aftersaleID = record.id
        role = AftersaleParty.payer.rawValue
        orderID = record.order
        shopID = record.shop
        openedBy = record.party.rawValue
        kind = record.kind.rawValue
        line = record.line
        quantity = record.quantity
        amountFen = record.amount.fen
        reason = isOwn ? record.reason.rawValue : nil
        state = record.state.rawValue
        refusal = isOwn ? record.refusal?.rawValue : nil
        carrier = isOwn ? record.carrier : nil
        waybill = isOwn ? record.waybill : nil
        refundID = record.refund
        dueAt = record.dueAt
        requestedAt = record.requestedAt
        endedAt = record.endedAt
    }
}

/// A case as somebody sees it who sends back what another paid for: neither amount nor order, payment or refund.
package struct AftersaleRecipientView: Encodable, Hashable, Sendable {
    let aftersaleID: ID<Aftersale>
    let role: String
    let shopID: ID<Shop>
    let kind: String
    let quantity: Int
    let reason: String
    let state: String
    let refusal: String?
    let carrier: String?
    let waybill: String?
    let money: String?
    let dueAt: Date?
    let requestedAt: Date
    let endedAt: Date?

    /// What a recipient may see of a case of their own.
    package init(_ asked: Asked) {
        aftersaleID = asked.id
        role = AftersaleParty.recipient.rawValue
        shopID = asked.shop
        kind = asked.kind.rawValue
        quantity = asked.quantity
        reason = asked.reason.rawValue
        state = asked.state.rawValue
        refusal = asked.refusal?.rawValue
        carrier = asked.carrier
        waybill = asked.waybill
        money = asked.goesBack ? "refunded_to_giver" : nil
        dueAt = asked.dueAt
        requestedAt = asked.requestedAt
        endedAt = asked.endedAt
    }

    /// The part of a case that has nothing to do with money.
    package struct Asked: Hashable, Sendable {
        let id: ID<Aftersale>
        let shop: ID<Shop>
        let kind: AftersaleKind
        let quantity: Int
        let reason: AftersaleReason
        let state: AftersaleState
        let refusal: AftersaleRefusal?
        let carrier: String?
        let waybill: String?
        let goesBack: Bool
        let dueAt: Date?
        let requestedAt: Date
        let endedAt: Date?

        /// Leaves the money out.
        package init(_ record: AftersaleRecord) {
            id = record.id
            shop = record.shop
            kind = record.kind
            quantity = record.quantity
            reason = record.reason
            state = record.state
            refusal = record.refusal
            carrier = record.carrier
            waybill = record.waybill
            goesBack = [.refunding, .refunded].contains(record.state)
            dueAt = record.dueAt
            requestedAt = record.requestedAt
            endedAt = record.endedAt
        }
    }
}

/// A case as the shop sees it: what is asked, for how much, and by which parcel it comes; no people.
package struct AftersaleShopView: Encodable, Hashable, Sendable {
    let aftersaleID: ID<Aftersale>
    let orderID: ID<Order>
    let shopID: ID<Shop>
    let openedBy: String
    let kind: String
    let line: Int?
    let variantID: ID<Variant>?
    let quantity: Int
    let amountFen: Int64
    let reason: String
    let state: String
    let refusal: String?
    let decidedBy: String?
    let carrier: String?
    let waybill: String?
    let restocked: Bool
    let refundID: ID<Refund>?
    let dueAt: Date?
    let requestedAt: Date
    let endedAt: Date?

    /// What the shop may see.
    package init(_ record: AftersaleRecord) {
        aftersaleID = record.id
        orderID = record.order
        shopID = record.shop
        openedBy = record.party.rawValue
        kind = record.kind.rawValue
        line = record.line
        variantID = record.variant
        quantity = record.quantity
        amountFen = record.amount.fen
        reason = record.reason.rawValue
        state = record.state.rawValue
        refusal = record.refusal?.rawValue
        decidedBy = record.decidedBy?.rawValue
        carrier = record.carrier
        waybill = record.waybill
        restocked = record.isRestocked
        refundID = record.refund
        dueAt = record.dueAt
        requestedAt = record.requestedAt
        endedAt = record.endedAt
    }
}

/// A case as the person who asks may see it.
package enum AftersaleView: Hashable, Sendable {
    /// For whoever paid.
    case payer(AftersalePayerView)
    /// For somebody who sends back what another paid for.
    case recipient(AftersaleRecipientView)

    /// What `person` may see of a case; nil for everybody without a part in it.
    package init?(_ record: AftersaleRecord, to person: ID<Person>) {
        switch person {
        case record.payer: self = .payer(AftersalePayerView(record))
        case record.applicant: self = .recipient(AftersaleRecipientView(.init(record)))
        default: return nil
        }
    }
}
