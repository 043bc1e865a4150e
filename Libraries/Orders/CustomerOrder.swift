package import FoundationEssentials
package import Kernel

/// How far an order has come.
package enum OrderStatus: String, Hashable, Sendable, Codable, CaseIterable {
    /// Paid for.
    case paid
    /// Delivered, too.
    case completed
    /// Called off: it counts for nothing and its money goes back.
    case cancelled
}

/// The newest version of an order.
package struct CustomerOrder: Hashable, Sendable {
    /// Its id.
    package let id: ID<Order>
    /// Where it was placed.
    package let shop: ID<Shop>
    /// By whom.
    package let person: ID<Person>
    /// Where we heard of it, as in `csv`.
    package let source: String
    /// Its number at the source, if it has one.
    package let orderNumber: String?
    /// 1, and one more for each change that we were told of.
    package let version: Int
    /// How far it has come.
    package let status: OrderStatus
    /// When it was placed.
    package let placedAt: Date
    /// How many things were bought.
    package let quantity: Int
    /// What they cost together.
    package let amount: Money
    /// When the source last changed it.
    package let changedAt: Date
}
