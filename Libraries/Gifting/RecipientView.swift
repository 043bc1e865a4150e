import FoundationEssentials
package import Kernel

/// A gift as its recipient sees it: what it is and until when, and nothing that a price could be told from.
///
/// Neither amount nor payment, order, refund or stock count; of the refund no more than where the money goes. It shares no field,
/// encoder or protocol with ``SenderView``.
package struct RecipientView: Encodable, Hashable, Sendable {
    let giftID: ID<Gift>
    let role: String
    let state: String
    let shopID: ID<Shop>
    let productID: ID<Product>
    let variantID: ID<Variant>
    let variantTitle: String
    /// How many pieces it is of.
    let quantity: Int
    let greeting: String?
    let cover: Cover?
    let choices: [Choice]
    let addressGiven: Bool
    let sentAt: Date?
    let acceptUntil: Date?
    let claimedAt: Date?
    let acceptedAt: Date?
    let lockedUntil: Date?
    let endedAt: Date?
    let withdrawnAt: Date?
    let money: String?

    /// What it is wrapped in; without, as all gifts are.
    struct Cover: Encodable, Hashable, Sendable {
        let code: String
        let title: String
        let imageURL: String?
    }

    /// Something that may be chosen instead.
    struct Choice: Encodable, Hashable, Sendable {
        let variantID: ID<Variant>
        let title: String
        let inStock: Bool
    }

    /// What a person who only receives may be told of a gift, without its price at hand.
    package init(
        _ gift: Received, variantTitle: String, choices: [(id: ID<Variant>, title: String, inStock: Bool)],
        cover: CoverRecord? = nil
    ) {
        giftID = gift.id
        role = GiftRole.recipient.rawValue
        state = gift.state.rawValue
        shopID = gift.shop
        productID = gift.product
        variantID = gift.variant
        self.variantTitle = variantTitle
        quantity = gift.quantity
        greeting = gift.greeting
        self.cover = cover.map { Cover(code: $0.code, title: $0.title, imageURL: $0.imageURL) }
        self.choices = choices.map { Choice(variantID: $0.id, title: $0.title, inStock: $0.inStock) }
        addressGiven = gift.isAddressGiven
        sentAt = gift.sentAt
        acceptUntil = gift.acceptUntil
        claimedAt = gift.claimedAt
        acceptedAt = gift.acceptedAt
        lockedUntil = gift.lockedUntil
        endedAt = gift.endedAt
        withdrawnAt = gift.withdrawnAt
        money = gift.goesBack ? "refunded_to_giver" : nil
    }

    /// The part of a gift that has nothing to do with money: all that a view for the recipient is made of.
    package struct Received: Hashable, Sendable {
        let id: ID<Gift>
        let shop: ID<Shop>
        let product: ID<Product>
        let variant: ID<Variant>
        let quantity: Int
        let greeting: String?
        let state: GiftState
        let isAddressGiven: Bool
        let goesBack: Bool
        let withdrawnAt: Date?
        let sentAt: Date?
        let acceptUntil: Date?
        let claimedAt: Date?
        let acceptedAt: Date?
        let lockedUntil: Date?
        let endedAt: Date?

        /// Leaves the money out.
        package init(_ gift: GiftRecord) {
            id = gift.id
            shop = gift.shop
            product = gift.product
            variant = gift.variant
            quantity = gift.quantity
            greeting = gift.greeting
            state = gift.state
            isAddressGiven = gift.address != nil
            goesBack = [.expired, .declined].contains(gift.state) || gift.withdrawnAt != nil
            withdrawnAt = gift.withdrawnAt
            sentAt = gift.sentAt
            acceptUntil = gift.acceptUntil
            claimedAt = gift.claimedAt
            acceptedAt = gift.acceptedAt
            lockedUntil = gift.lockedUntil
            endedAt = gift.endedAt
        }
    }
}
