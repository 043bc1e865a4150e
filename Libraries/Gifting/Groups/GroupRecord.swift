package import FoundationEssentials
package import Kernel

/// How far a group gift has come; the picture is in this room's README.
package enum GroupState: String, Hashable, Sendable, CaseIterable {
    /// The giver has seen the price.
    case quoted
    /// Kept in stock, and waiting for the giver's money.
    case paying
    /// Paid for: people may enter.
    case open
    /// Lots are drawn: whoever won has a gift, and may take it until its deadline.
    case drawn
    /// All gifts have ended, and what was not taken is refunded. An end.
    case settled
    /// Not full in time, or nobody entered: refunded whole. An end.
    case failed
    /// Called off by the giver, or not paid for in time. An end.
    case cancelled
}

/// One group gift: from one giver to whoever wins.
package struct GroupRecord: Hashable, Sendable {
    /// Its id.
    package let id: ID<GiftGroup>
    /// Who sells it.
    package let shop: ID<Shop>
    /// What it is, in whatever size or colour.
    package let product: ID<Product>
    /// What is bought.
    package let variant: ID<Variant>
    /// Who gives.
    package let sender: ID<Person>
    /// What the giver has to say.
    package let greeting: String?
    /// What the gifts are wrapped in, by its code.
    package let cover: String?
    /// Where it was begun, by its code.
    package let entryCode: String?
    /// What it is about.
    package let terms: GroupTerms
    /// What is published before anybody enters.
    package let commitment: [UInt8]
    /// The seed, wrapped.
    package let wrappedSeed: [UInt8]
    /// How far it has come.
    package var state: GroupState
    /// The list price of one piece, at which it was quoted and paid.
    package let price: Money
    /// Until when it waits for the giver's money.
    package var payUntil: Date
    /// The giver's payment, once there is one.
    package var payment: ID<Payment>?
    /// The order, once it is paid.
    package var order: ID<Order>?
    /// Since when people may enter.
    package var openedAt: Date?
    /// The last instant to enter; where the draw has a set time, that.
    package var enterUntil: Date?
    /// How many have entered.
    package var entries: Int
    /// When lots were drawn.
    package var drawnAt: Date?
    /// The last instant at which what was won may be accepted.
    package var acceptUntil: Date?
    /// The seed, once lots are drawn.
    package var revealedSeed: [UInt8]?
    /// When it ended.
    package var endedAt: Date?
    /// The money on its way back.
    package var refund: ID<Refund>?
    /// How much of it.
    package var refundAmount: Money?
    /// When it was back.
    package var refundedAt: Date?
    /// When it was begun.
    package let createdAt: Date
    /// When anything about it changed.
    package var updatedAt: Date

    /// The group gift as it is after a change.
    func changed(at now: Date, _ change: (inout GroupRecord) -> Void) -> GroupRecord {
        var next = self
        change(&next)
        next.updatedAt = now
        return next
    }

    /// Whether all have entered who may.
    package var isFull: Bool { entries >= terms.entriesMax }
}

extension GroupRecord {
    /// A group gift of which nothing has happened yet.
    package init(
        id: ID<GiftGroup>, shop: ID<Shop>, product: ID<Product>, variant: ID<Variant>, sender: ID<Person>,
        greeting: String?, cover: String? = nil, entryCode: String? = nil, terms: GroupTerms, commitment: [UInt8],
        wrappedSeed: [UInt8], price: Money, payUntil: Date, createdAt: Date
    ) {
        self.init(
            id: id, shop: shop, product: product, variant: variant, sender: sender, greeting: greeting, cover: cover,
            entryCode: entryCode, terms: terms, commitment: commitment, wrappedSeed: wrappedSeed, state: .quoted,
            price: price, payUntil: payUntil, payment: nil, order: nil, openedAt: nil, enterUntil: nil, entries: 0,
            drawnAt: nil, acceptUntil: nil, revealedSeed: nil, endedAt: nil, refund: nil, refundAmount: nil,
            refundedAt: nil, createdAt: createdAt, updatedAt: createdAt)
    }
}
