import FoundationEssentials
package import Kernel
package import Postgres

/// Whose orders are listed.
package enum OrderFilter: Hashable, Sendable {
    /// Those of a shop.
    case shop(ID<Shop>)
    /// Those of a person, in one shop or in all of the brand.
    case person(ID<Person>, shop: ID<Shop>?)
}

/// A place between two orders of a list, which stays where it is whatever is added before or after.
package struct OrderCursor: Hashable, Sendable, LosslessStringConvertible {
    let placedAt: Date
    let order: ID<Order>

    init(placedAt: Date, order: ID<Order>) {
        self.placedAt = placedAt
        self.order = order
    }

    /// Before everything: lists begin with what was placed last.
    static let start = OrderCursor(
        placedAt: Date(timeIntervalSince1970: 253_402_300_799),
        order: ID(
            rawValue: UUID(
                uuid: (255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255))))

    /// Reads what `description` wrote; nil for anything else.
    package init?(_ description: String) {
        let parts = description.split(separator: "_", omittingEmptySubsequences: false)
        guard parts.count == 2, let micros = Int64(parts[0]), let order = ID<Order>(parts[1]) else { return nil }
        // A cursor comes from outside: an instant no order can have is not worth asking the database for.
        guard (0...253_402_300_799_000_000).contains(micros) else { return nil }
        self.init(placedAt: Date(timeIntervalSince1970: Double(micros) / 1_000_000), order: order)
    }

    /// Microseconds since 1970 and the order's id.
    package var description: String { "\(Int64((placedAt.timeIntervalSince1970 * 1_000_000).rounded()))_\(order)" }
}

/// A stretch of a list.
package struct OrderPage: Sendable {
    /// The orders, newest first.
    package let orders: [CustomerOrder]
    /// Where the next page begins; nil at the end.
    package let next: OrderCursor?
}

/// Lists of orders, newest first.
package enum OrderList {
    /// How many orders a page may hold.
    package static let pageMax = Limit(500, reason: "A page is one response in memory; more orders are more pages.")

    /// The page after `cursor`; the first one without it.
    ///
    /// Pages are cut by key, not counted: orders that arrive meanwhile neither repeat nor hide a line of later pages.
    package static func page(
        _ filter: OrderFilter, after cursor: OrderCursor? = nil, limit: Int = 50, brand: ID<Brand>,
        on executor: some Executor
    ) async throws -> OrderPage {
        guard (1...pageMax.value).contains(limit) else {
            throw Problem.invalid("`limit` must be a number from 1 to \(pageMax.value).")
        }
        // One more than asked for tells whether there is a next page.
        let statement = OrderStatements.page(filter, after: cursor ?? .start, limit: limit + 1, brand: brand)
        let orders = try await executor.run(statement)
        guard orders.count > limit, let last = orders.prefix(limit).last else {
            return OrderPage(orders: orders, next: nil)
        }
        return OrderPage(
            orders: Array(orders.prefix(limit)), next: OrderCursor(placedAt: last.placedAt, order: last.id))
    }
}
