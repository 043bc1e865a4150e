import FoundationEssentials
import Kernel

/// A gift as its giver sees it: everything about the money, and nothing that the recipient filled in.
///
/// There is no address here and nothing that follows from one, and what the recipient chose instead is theirs to tell. It shares no
/// field, encoder or protocol with ``RecipientView``, so that nothing can be added to both at once.
package struct SenderView: Encodable, Hashable, Sendable {
    let giftID: ID<Gift>
    let role: String
    let state: String
    let shopID: ID<Shop>
    let productID: ID<Product>
    let variantID: ID<Variant>
    let variantTitle: String
    /// How many pieces; the price is that of one.
    let quantity: Int
    /// The group gift in which it was won, if it was.
    let groupID: ID<GiftGroup>?
    let greeting: String?
    let cover: String?
    let entry: String?
    let sendAt: Date?
    let priceFen: Int64?
    let payUntil: Date?
    let paymentID: ID<Payment>?
    let orderID: ID<Order>?
    let sentAt: Date?
    let acceptUntil: Date?
    let claimedAt: Date?
    let acceptedAt: Date?
    let lockedUntil: Date?
    let endedAt: Date?
    let withdrawnAt: Date?
    let refund: SentBack?
    let createdAt: Date
    /// Where the recipient can open it: for the giver to pass on.
    let page: String?

    /// The giver's money on its way back.
    struct SentBack: Encodable, Hashable, Sendable {
        let refundID: ID<Refund>
        let amountFen: Int64
        let refundedAt: Date?
    }

    /// What the giver of `gift` may see; the title is that of what they bought.
    package init(_ gift: GiftRecord, variantTitle: String, page: String? = nil) {
        giftID = gift.id
        role = GiftRole.sender.rawValue
        state = gift.state.rawValue
        shopID = gift.shop
        productID = gift.product
        variantID = gift.bought
        self.variantTitle = variantTitle
        quantity = gift.quantity
        groupID = gift.group
        greeting = gift.greeting
        cover = gift.cover
        entry = gift.entry
        sendAt = gift.sendAt
        priceFen = gift.price?.fen
        payUntil = [.draft, .quoted, .paying].contains(gift.state) ? gift.payUntil : nil
        paymentID = gift.payment
        orderID = gift.order
        sentAt = gift.sentAt
        acceptUntil = gift.acceptUntil
        claimedAt = gift.claimedAt
        acceptedAt = gift.acceptedAt
        lockedUntil = gift.lockedUntil
        endedAt = gift.endedAt
        withdrawnAt = gift.withdrawnAt
        refund = gift.refund.flatMap { id in
            gift.price.map { SentBack(refundID: id, amountFen: $0.fen, refundedAt: gift.refundedAt) }
        }
        createdAt = gift.createdAt
        self.page = page
    }
}
