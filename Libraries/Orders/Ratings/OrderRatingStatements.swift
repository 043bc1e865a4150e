import FoundationEssentials
import Kernel
import Postgres

/// The SQL of what people think of their orders.
enum OrderRatingStatements {
    static func order(
        _ id: ID<Order>, brand: ID<Brand>
    ) -> Statement<(shop: ID<Shop>, person: ID<Person>, status: OrderStatus)> {
        Statement(
            """
            SELECT shop_id, person_id, status
            FROM orders.customer_order
            WHERE brand_id = \(brand) AND order_id = \(id)
            """
        ) { row throws(PostgresError) in (shop: try row.next(), person: try row.next(), status: try row.next()) }
    }

    static func products(of order: ID<Order>, brand: ID<Brand>) -> Statement<(line: Int, product: ID<Product>)> {
        Statement(
            """
            SELECT l.line_no, v.product_id
            FROM orders.order_line l
            JOIN orders.variant v ON v.brand_id = l.brand_id AND v.variant_id = l.variant_id
            WHERE l.brand_id = \(brand) AND l.order_id = \(order)
            """
        ) { row throws(PostgresError) in (line: Int(try row.next(Int32.self)), product: try row.next()) }
    }

    static func add(_ rating: OrderRating, shop: ID<Shop>, brand: ID<Brand>) -> Statement<ID<Order>> {
        Statement(
            """
            INSERT INTO orders.rating (brand_id, order_id, line_no, shop_id, product_id, person_id, stars, rated_at)
            VALUES (\(brand), \(rating.key.order), \(Int32(clamping: rating.key.line)), \(shop), \(rating.product), \(rating.rater),
                \(Int32(clamping: rating.stars)), \(rating.ratedAt))
            ON CONFLICT (brand_id, order_id, line_no) DO NOTHING
            RETURNING order_id
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    static func rating(of key: OrderLineKey, brand: ID<Brand>) -> Statement<OrderRating> {
        Statement(
            """
            SELECT order_id, line_no, product_id, person_id, stars, rated_at
            FROM orders.rating
            WHERE brand_id = \(brand) AND order_id = \(key.order) AND line_no = \(Int32(clamping: key.line))
            """
        ) { row throws(PostgresError) in
            OrderRating(
                key: OrderLineKey(order: try row.next(), line: Int(try row.next(Int32.self))), product: try row.next(),
                rater: try row.next(), stars: Int(try row.next(Int32.self)), ratedAt: try row.next())
        }
    }

    static func visit(_ key: OrderLineKey, by person: ID<Person>, brand: ID<Brand>, now: Date) -> Statement<Void> {
        Statement(
            """
            INSERT INTO orders.rating_visit (brand_id, order_id, line_no, person_id, visited_at)
            VALUES (\(brand), \(key.order), \(Int32(clamping: key.line)), \(person), \(now))
            ON CONFLICT (brand_id, order_id, line_no, person_id) DO NOTHING
            """)
    }
}
