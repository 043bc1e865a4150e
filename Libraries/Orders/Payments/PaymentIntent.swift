package import FoundationEssentials
package import Kernel

/// How far a payment has come.
package enum PaymentState: String, Hashable, Sendable, CaseIterable {
    /// Asked for by us.
    case created
    /// Known to WeChat Pay: the shopper may pay.
    case prepaid
    /// The money is here, and the order with it.
    case paid
    /// Nobody waits for the money any more.
    case closed
    /// Money came that nobody waits for, or not as much as was asked: it goes back.
    case unwanted
}

/// Money that somebody wishes to be paid.
package struct NewIntent: Hashable, Sendable {
    /// The payment's id, which is its number towards WeChat Pay as well.
    package var id: ID<Payment>
    /// The id that the order will have once it is paid.
    package var order: ID<Order>
    /// Where it is bought.
    package var shop: ID<Shop>
    /// Who pays.
    package var payer: ID<Person>
    /// How much.
    package var amount: Money
    /// How many things are bought.
    package var quantity: Int
    /// What the shopper reads at WeChat, at most 127 characters.
    package var description: String
    /// What it is for, as in `gift:<id>`: the word before the colon becomes the order's source.
    package var subject: String
    /// The queue that is told of the payment and of refunds.
    package var ownerQueue: String
    /// After this nobody can pay any more.
    package var expiresAt: Date

    /// A wish in its parts.
    package init(
        id: ID<Payment> = .mint(), order: ID<Order> = .mint(), shop: ID<Shop>, payer: ID<Person>, amount: Money,
        quantity: Int = 1, description: String, subject: String, ownerQueue: String, expiresAt: Date
    ) {
        self.id = id
        self.order = order
        self.shop = shop
        self.payer = payer
        self.amount = amount
        self.quantity = quantity
        self.description = description
        self.subject = subject
        self.ownerQueue = ownerQueue
        self.expiresAt = expiresAt
    }
}

/// A payment as it stands.
package struct PaymentIntent: Hashable, Sendable {
    /// The payment's id.
    package let id: ID<Payment>
    /// The order that is paid by it.
    package let order: ID<Order>
    /// Where it is bought.
    package let shop: ID<Shop>
    /// Who pays.
    package let payer: ID<Person>
    /// The merchant that takes the money.
    package let mchid: String
    /// How much is asked.
    package let amount: Money
    /// How many things are bought.
    package let quantity: Int
    /// What the shopper reads.
    package let description: String
    /// What it is for.
    package let subject: String
    /// The queue that is told.
    package let ownerQueue: String
    /// How far it has come.
    package let state: PaymentState
    /// WeChat's name of it until it is paid.
    package let prepayID: String?
    /// WeChat's number of the money that came.
    package let transactionID: String?
    /// How much came.
    package let paid: Money
    /// How much of it refunds may take, or have taken.
    package let refundReserved: Money
    /// After this nobody can pay any more.
    package let expiresAt: Date
    /// When the money came, by WeChat's clock.
    package let paidAt: Date?

    /// Its number towards WeChat Pay.
    package var outTradeNo: String { id.outTradeNo }
}

extension ID where Entity == Payment {
    /// The payment's number towards WeChat Pay: its id as 32 hex digits.
    package var outTradeNo: String { description.filter { $0 != "-" } }

    /// Reads a number back; nil for a number that is not one of ours.
    package init?(outTradeNo: String) {
        guard outTradeNo.utf8.count == 32 else { return nil }
        var text = outTradeNo
        for offset in [20, 16, 12, 8] { text.insert("-", at: text.index(text.startIndex, offsetBy: offset)) }
        self.init(text)
        guard self.outTradeNo == outTradeNo else { return nil }
    }
}
