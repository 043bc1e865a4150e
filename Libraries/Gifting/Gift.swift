package import FoundationEssentials
package import Kernel

/// How far a gift has come; the picture is in this folder's README.
package enum GiftState: String, Hashable, Sendable, Codable, CaseIterable {
    /// Named: who gives what to whom.
    case draft
    /// The giver has seen the price.
    case quoted
    /// Kept in stock, and waiting for the giver's money.
    case paying
    /// Paid for: the recipient may take it until its deadline.
    case sent
    /// The recipient has opened it, and may choose, fill in an address, and accept.
    case claimed
    /// Taken. An end.
    case accepted
    /// Not taken in time, and refunded to the giver. An end.
    case expired
    /// Not wanted by the recipient, and refunded to the giver. An end.
    case declined
    /// Called off by the giver, or not paid for in time. An end before it was sent.
    case cancelled
    /// Paid for, and not sent before its time.
    case scheduled
}

/// Who a person is in a gift; what they see and may do follows from this alone.
package enum GiftRole: String, Hashable, Sendable {
    /// Who gives, pays, and is refunded. Sees the price, and nothing of the address.
    case sender
    /// Who receives. Fills in the address, and sees nothing of the price.
    case recipient
}

/// How a gift ended, and whose doing it was: written down once a gift.
package enum GiftEnd: Hashable, Sendable, CaseIterable {
    /// The recipient took it.
    case accepted
    /// The recipient did not want it.
    case declined
    /// Nobody took it in time.
    case expired
    /// The giver called it off before it was sent.
    case cancelledBySender
    /// Nobody paid for it in time.
    case cancelledByDeadline

    /// The word in the database.
    var outcome: String {
        switch self {
        case .accepted: "accepted"
        case .declined: "declined"
        case .expired: "expired"
        case .cancelledBySender, .cancelledByDeadline: "cancelled"
        }
    }

    /// Whose doing it was, as the database has it.
    var decidedBy: String {
        switch self {
        case .accepted, .declined: "recipient"
        case .expired, .cancelledByDeadline: "deadline"
        case .cancelledBySender: "sender"
        }
    }
}

/// One gift: from one giver to one recipient, with exactly one end.
package struct GiftRecord: Hashable, Sendable {
    /// Its id.
    package let id: ID<Gift>
    /// Who sells it.
    package let shop: ID<Shop>
    /// What it is, in whatever size or colour.
    package let product: ID<Product>
    /// What will be delivered.
    package var variant: ID<Variant>
    /// What was bought, if that is something else.
    package var swappedFrom: ID<Variant>?
    /// Who gives.
    package let sender: ID<Person>
    /// Who receives; nobody can change it, the database included.
    package let recipient: ID<Person>
    /// What the giver has to say.
    package let greeting: String?
    /// What it is wrapped in, by its code; whether its licence lasts is looked at when it is shown.
    package let cover: String?
    /// Where it was begun, by its code; nil where nobody said.
    package let entry: String?
    /// Not to be sent before then.
    package let sendAt: Date?
    /// How far it has come.
    package var state: GiftState
    /// The list price at which it was quoted and paid.
    package var price: Money?
    /// Until when it waits for the giver.
    package var payUntil: Date
    /// The giver's payment, once there is one.
    package var payment: ID<Payment>?
    /// The order, once it is paid.
    package var order: ID<Order>?
    /// When it was sent.
    package var sentAt: Date?
    /// The last instant at which it may be accepted.
    package var acceptUntil: Date?
    /// When the recipient opened it.
    package var claimedAt: Date?
    /// Where it goes: an address in the vault.
    package var address: ID<Address>?
    /// Where the giver says it goes: an address in the vault, of use once the gift is opened.
    package var prefilledAddress: ID<Address>?
    /// When it was accepted.
    package var acceptedAt: Date?
    /// The last instant at which neither side may change anything.
    package var lockedUntil: Date?
    /// When it ended.
    package var endedAt: Date?
    /// The money on its way back.
    package var refund: ID<Refund>?
    /// When the money was back.
    package var refundedAt: Date?
    /// When its shop took it back, though it was accepted.
    package var withdrawnAt: Date?
    /// When it was begun.
    package let createdAt: Date
    /// When anything about it changed.
    package var updatedAt: Date
    /// How many pieces it is of; more than one only where it was won in a group gift.
    package var quantity = 1
    /// The group gift in which it was won; its money is the group's.
    package var group: ID<GiftGroup>?

    /// Who `person` is in this gift; nil for everybody else.
    package func role(of person: ID<Person>) -> GiftRole? {
        switch person {
        case sender: .sender
        case recipient: .recipient
        default: nil
        }
    }

    /// What the giver chose.
    package var bought: ID<Variant> { swappedFrom ?? variant }
}

extension GiftRecord {
    /// A gift of which nothing has happened yet.
    package init(
        id: ID<Gift>, shop: ID<Shop>, product: ID<Product>, variant: ID<Variant>, sender: ID<Person>,
        recipient: ID<Person>, greeting: String?, cover: String? = nil, entry: String? = nil, sendAt: Date? = nil,
        state: GiftState, payUntil: Date, createdAt: Date, updatedAt: Date
    ) {
        self.init(
            id: id, shop: shop, product: product, variant: variant, swappedFrom: nil, sender: sender,
            recipient: recipient, greeting: greeting, cover: cover, entry: entry, sendAt: sendAt, state: state,
            price: nil, payUntil: payUntil, payment: nil,
            order: nil, sentAt: nil, acceptUntil: nil, claimedAt: nil, address: nil, prefilledAddress: nil,
            acceptedAt: nil, lockedUntil: nil,
            endedAt: nil, refund: nil, refundedAt: nil, withdrawnAt: nil, createdAt: createdAt, updatedAt: updatedAt)
    }
}
