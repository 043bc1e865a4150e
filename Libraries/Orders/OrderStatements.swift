import FoundationEssentials
import Kernel
import Postgres

/// The SQL of order lists.
enum OrderStatements {
    /// One index each, read backwards from the cursor: customer_order_shop_idx, customer_order_person_idx.
    static func page(
        _ filter: OrderFilter, after cursor: OrderCursor, limit: Int, brand: ID<Brand>
    ) -> Statement<CustomerOrder> {
        switch filter {
        case .shop(let shop):
            Statement(
                """
                SELECT order_id, shop_id, person_id, source, external_key, version, status, placed_at, quantity, amount_fen, changed_at
                FROM orders.customer_order
                WHERE brand_id = \(brand) AND shop_id = \(shop)
                    AND (placed_at, order_id) < (\(cursor.placedAt), \(cursor.order))
                ORDER BY placed_at DESC, order_id DESC
                LIMIT \(limit)
                """,
                row: order)
        case .person(let person, let shop):
            Statement(
                """
                SELECT order_id, shop_id, person_id, source, external_key, version, status, placed_at, quantity, amount_fen, changed_at
                FROM orders.customer_order
                WHERE brand_id = \(brand) AND person_id = \(person) AND (\(shop) IS NULL OR shop_id = \(shop))
                    AND (placed_at, order_id) < (\(cursor.placedAt), \(cursor.order))
                ORDER BY placed_at DESC, order_id DESC
                LIMIT \(limit)
                """,
                row: order)
        }
    }

    @Sendable
    private static func order(_ row: inout RowReader) throws(PostgresError) -> CustomerOrder {
        let id = try row.next(ID<Order>.self)
        let shop = try row.next(ID<Shop>.self)
        let person = try row.next(ID<Person>.self)
        let source = try row.next(String.self)
        let key = try row.next([UInt8].self)
        return CustomerOrder(
            id: id, shop: shop, person: person, source: source,
            orderNumber: source == ImportFormat.csv.rawValue ? String(validating: key, as: UTF8.self) : nil,
            version: try row.next(), status: try row.next(), placedAt: try row.next(), quantity: try row.next(),
            amount: try row.next(), changedAt: try row.next())
    }
}
