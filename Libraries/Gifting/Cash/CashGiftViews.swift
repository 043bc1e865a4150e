import FoundationEssentials
package import Kernel

/// A gift of money as its giver sees it; nothing of the account to which it goes.
package struct CashSenderView: Encodable, Hashable, Sendable {
    let cashGiftID: ID<CashGift>
    let role = GiftRole.sender.rawValue
    let state: String
    let shopID: ID<Shop>
    let amountFen: Int64
    let paymentID: ID<Payment>
    let payUntil: Date
    let sentAt: Date?
    let acceptUntil: Date?
    let acceptedAt: Date?
    let endedAt: Date?
    let refundID: ID<Refund>?
    let refundedAt: Date?
    let createdAt: Date

    init(_ gift: CashGiftRecord) {
        cashGiftID = gift.id
        state = gift.state.rawValue
        shopID = gift.shop
        amountFen = gift.amount.fen
        paymentID = gift.payment
        payUntil = gift.payUntil
        sentAt = gift.sentAt
        acceptUntil = gift.acceptUntil
        acceptedAt = gift.acceptedAt
        endedAt = gift.endedAt
        refundID = gift.refund
        refundedAt = gift.refundedAt
        createdAt = gift.createdAt
    }
}

/// A gift of money as its recipient sees it, once it is sent: what it is and until when, and nothing of the giver's payment.
package struct CashRecipientView: Encodable, Hashable, Sendable {
    let cashGiftID: ID<CashGift>
    let role = GiftRole.recipient.rawValue
    let state: String
    let shopID: ID<Shop>
    let amountFen: Int64
    let sentAt: Date?
    let acceptUntil: Date?
    let acceptedAt: Date?
    let endedAt: Date?

    init(_ gift: CashGiftRecord) {
        cashGiftID = gift.id
        state = gift.state.rawValue
        shopID = gift.shop
        amountFen = gift.amount.fen
        sentAt = gift.sentAt
        acceptUntil = gift.acceptUntil
        acceptedAt = gift.acceptedAt
        endedAt = gift.endedAt
    }
}

/// A gift of money as the person who asks may see it.
package enum CashGiftView: Hashable, Sendable {
    /// For its giver.
    case sender(CashSenderView)
    /// For its recipient.
    case recipient(CashRecipientView)
}

/// A gift of money that its giver may pay for now.
package struct PayableCash: Hashable, Sendable {
    /// The gift.
    package let gift: ID<CashGift>
    /// The payment that the provider is to be asked about.
    package let payment: ID<Payment>
}
