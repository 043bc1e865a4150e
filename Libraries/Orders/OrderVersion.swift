import FoundationEssentials
import Kernel

/// What a version says of an order.
struct OrderContent: Equatable {
    var person: ID<Person>
    var status: OrderStatus
    var placedAt: Date
    var quantity: Int32
    var amount: Money
    var changedAt: Date

    /// What the customer owes for it.
    var due: Money { status == .cancelled ? .zero : amount }
}

/// An order that is new.
struct AddedOrder {
    let id: ID<Order>
    let status: OrderStatus
    let placedAt: Date
    let amount: Money

    /// Its payment, unless nothing is due.
    var payment: NewPayment? {
        guard status != .cancelled, amount > .zero else { return nil }
        return NewPayment(order: id, version: 1, amount: amount, paidAt: placedAt)
    }
}

/// An order as it is known.
struct KnownOrder {
    let key: [UInt8]
    let id: ID<Order>
    let version: Int32
    let content: OrderContent
}

/// Later news of an order that is known.
struct OrderNews {
    let order: ID<Order>
    /// The version that is known.
    let version: Int32
    let before: OrderContent
    let after: OrderContent

    /// Whether anything but the instant is different.
    var isChange: Bool {
        var same = before
        same.changedAt = after.changedAt
        return same != after
    }

    /// Whether its payment is to be reversed and made anew: another amount, or another day for the same.
    var movesMoney: Bool {
        before.due != after.due || (after.due > .zero && before.placedAt != after.placedAt)
    }

    /// The payment of the new version, where money moves and something is due.
    var payment: NewPayment? {
        guard movesMoney, after.due > .zero else { return nil }
        return NewPayment(order: order, version: version + 1, amount: after.due, paidAt: after.placedAt)
    }
}

/// A payment that is to be recorded.
struct NewPayment {
    let id = ID<Payment>.mint()
    let order: ID<Order>
    let version: Int32
    let amount: Money
    let paidAt: Date
}

/// A payment as it stands.
struct PaymentRow {
    let id: ID<Payment>
    let amount: Money
    let paidAt: Date
}
