import FoundationEssentials
import Kernel

/// When lots are drawn, as both sides read it.
struct GroupMomentView: Encodable, Hashable, Sendable {
    let when: String
    let at: Date?

    init(_ moment: GroupMoment) {
        when = moment.word
        at = moment.instant
    }
}

/// A group gift as its giver sees it: everything about the money, and nothing of who entered or won.
package struct GroupSenderView: Encodable, Hashable, Sendable {
    let groupID: ID<GiftGroup>
    let role: String
    let state: String
    let shopID: ID<Shop>
    let productID: ID<Product>
    let variantID: ID<Variant>
    let variantTitle: String
    let units: Int
    let places: Int
    let split: String
    let draw: GroupMomentView
    let entriesMax: Int
    let greeting: String?
    let cover: String?
    let entry: String?
    let priceFen: Int64
    let amountFen: Int64
    let payUntil: Date?
    let paymentID: ID<Payment>?
    let orderID: ID<Order>?
    let openedAt: Date?
    let enterUntil: Date?
    let entries: Int
    let commitment: String
    let drawnAt: Date?
    let seed: String?
    let acceptUntil: Date?
    /// How many gifts are neither taken nor given up; nil before the draw.
    let giftsWaiting: Int?
    /// How many pieces were taken; nil before the draw.
    let unitsAccepted: Int?
    let endedAt: Date?
    let refund: SentBack?
    let createdAt: Date
    /// Where people can enter: for the giver to pass on.
    let page: String?

    /// The giver's money on its way back.
    struct SentBack: Encodable, Hashable, Sendable {
        let refundID: ID<Refund>
        let amountFen: Int64
        let refundedAt: Date?
    }

    init(
        _ group: GroupRecord, amount: Money, variantTitle: String, standing: GroupStanding?, page: String?
    ) {
        groupID = group.id
        role = GiftRole.sender.rawValue
        state = group.state.rawValue
        shopID = group.shop
        productID = group.product
        variantID = group.variant
        self.variantTitle = variantTitle
        units = group.terms.units
        places = group.terms.places
        split = group.terms.split.rawValue
        draw = GroupMomentView(group.terms.moment)
        entriesMax = group.terms.entriesMax
        greeting = group.greeting
        cover = group.cover
        entry = group.entryCode
        priceFen = group.price.fen
        amountFen = amount.fen
        payUntil = [.quoted, .paying].contains(group.state) ? group.payUntil : nil
        paymentID = group.payment
        orderID = group.order
        openedAt = group.openedAt
        enterUntil = group.enterUntil
        entries = group.entries
        commitment = group.commitment.groupHex
        drawnAt = group.drawnAt
        seed = group.revealedSeed?.groupHex
        acceptUntil = group.acceptUntil
        giftsWaiting = standing?.waiting
        unitsAccepted = standing?.kept
        endedAt = group.endedAt
        refund = group.refund.flatMap { id in
            group.refundAmount.map { SentBack(refundID: id, amountFen: $0.fen, refundedAt: group.refundedAt) }
        }
        createdAt = group.createdAt
        self.page = page
    }
}

/// A group gift as somebody sees it who may enter: what it is and until when, and nothing that a price could be told from.
///
/// It shares no field, encoder or protocol with ``GroupSenderView``.
package struct GroupGuestView: Encodable, Hashable, Sendable {
    let groupID: ID<GiftGroup>
    let role: String
    let state: String
    let shopID: ID<Shop>
    let productID: ID<Product>
    let variantTitle: String
    let units: Int
    let places: Int
    let split: String
    let draw: GroupMomentView
    let greeting: String?
    let entries: Int
    let entriesMax: Int
    let enterUntil: Date?
    let commitment: String
    let drawnAt: Date?
    let seed: String?
    let entry: Entry?
    /// `waiting`, `won` or `not_won`; nil for somebody who has not entered.
    let result: String?
    let gift: Won?

    /// The reader's own place.
    struct Entry: Encodable, Hashable, Sendable {
        let entryID: ID<GroupEntry>
        let ordinal: Int
    }

    /// What the reader won: a gift like any other from here on.
    struct Won: Encodable, Hashable, Sendable {
        let giftID: ID<Gift>
        let units: Int
        let page: String?
    }

    init(_ group: Seen, variantTitle: String, own: OwnEntry?, giftPage: String?) {
        groupID = group.id
        role = "guest"
        state = group.state.rawValue
        shopID = group.shop
        productID = group.product
        self.variantTitle = variantTitle
        units = group.terms.units
        places = group.terms.places
        split = group.terms.split.rawValue
        draw = GroupMomentView(group.terms.moment)
        greeting = group.greeting
        entries = group.entries
        entriesMax = group.terms.entriesMax
        enterUntil = group.enterUntil
        commitment = group.commitment.groupHex
        drawnAt = group.drawnAt
        seed = group.revealedSeed?.groupHex
        entry = own.map { Entry(entryID: $0.id, ordinal: $0.ordinal) }
        let isDrawn = group.drawnAt != nil || group.state == .failed
        result = own.map { $0.gift != nil ? "won" : isDrawn ? "not_won" : "waiting" }
        gift = own.flatMap { own in
            own.gift.map { Won(giftID: $0, units: own.units ?? 1, page: giftPage) }
        }
    }

    /// The part of a group gift that has nothing to do with money: all that a view for guests is made of.
    struct Seen: Hashable, Sendable {
        let id: ID<GiftGroup>
        let shop: ID<Shop>
        let product: ID<Product>
        let greeting: String?
        let terms: GroupTerms
        let commitment: [UInt8]
        let state: GroupState
        let enterUntil: Date?
        let entries: Int
        let drawnAt: Date?
        let revealedSeed: [UInt8]?

        /// Leaves the money out.
        init(_ group: GroupRecord) {
            id = group.id
            shop = group.shop
            product = group.product
            greeting = group.greeting
            terms = group.terms
            commitment = group.commitment
            state = group.state
            enterUntil = group.enterUntil
            entries = group.entries
            drawnAt = group.drawnAt
            revealedSeed = group.revealedSeed
        }
    }
}
