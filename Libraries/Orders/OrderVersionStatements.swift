import FoundationEssentials
import Kernel
import Postgres

/// The SQL of versions and their payments.
enum OrderVersionStatements {
    /// The orders of a shop that have one of some keys.
    ///
    /// Locks them in the order of their keys until the transaction ends: what is decided about them stays true. One look at the unique
    /// key for each; see Postgres/Decisions/0002.
    static func lock(
        _ keys: [[UInt8]], source: String, shop: ID<Shop>, brand: ID<Brand>
    ) -> Statement<KnownOrder> {
        let keys = keys.sorted { $0.lexicographicallyPrecedes($1) }
        return Statement(
            """
            SELECT x.external_key, o.order_id, o.version, o.person_id, o.status, o.placed_at, o.quantity, o.amount_fen,
                o.changed_at
            FROM unnest(\(keys)) AS x (external_key)
            CROSS JOIN LATERAL (
                SELECT order_id, version, person_id, status, placed_at, quantity, amount_fen, changed_at
                FROM orders.customer_order
                WHERE brand_id = \(brand) AND shop_id = \(shop) AND source = \(source) AND external_key = x.external_key
                LIMIT 1
                FOR UPDATE
            ) o
            """,
            row: knownOrder)
    }

    /// The same without locking anybody: for whoever only counts.
    static func look(
        at keys: [[UInt8]], source: String, shop: ID<Shop>, brand: ID<Brand>
    ) -> Statement<KnownOrder> {
        Statement(
            """
            SELECT x.external_key, o.order_id, o.version, o.person_id, o.status, o.placed_at, o.quantity, o.amount_fen,
                o.changed_at
            FROM unnest(\(keys)) AS x (external_key)
            CROSS JOIN LATERAL (
                SELECT order_id, version, person_id, status, placed_at, quantity, amount_fen, changed_at
                FROM orders.customer_order
                WHERE brand_id = \(brand) AND shop_id = \(shop) AND source = \(source) AND external_key = x.external_key
                LIMIT 1
            ) o
            """,
            row: knownOrder)
    }

    @Sendable
    private static func knownOrder(_ row: inout RowReader) throws(PostgresError) -> KnownOrder {
        KnownOrder(key: try row.next(), id: try row.next(), version: try row.next(), content: try OrderContent(&row))
    }

    /// Puts the present version of orders aside before it is replaced.
    static func keep(_ orders: [ID<Order>], brand: ID<Brand>, now: Date) -> Statement<Void> {
        Statement(
            """
            INSERT INTO orders.order_version (brand_id, order_id, version, person_id, status, placed_at, quantity, amount_fen,
                changed_at, updated_at, superseded_at)
            SELECT brand_id, order_id, version, person_id, status, placed_at, quantity, amount_fen, changed_at, updated_at, \(now)
            FROM orders.customer_order
            WHERE brand_id = \(brand) AND order_id = ANY(\(orders))
            """)
    }

    static func replace(_ news: [OrderNews], brand: ID<Brand>, now: Date) -> Statement<Void> {
        Statement(
            """
            UPDATE orders.customer_order o
            SET version = x.version, person_id = x.person_id, status = x.status, placed_at = x.placed_at, quantity = x.quantity,
                amount_fen = x.amount_fen, changed_at = x.changed_at, updated_at = \(now)
            FROM unnest(\(news.map(\.order)), \(news.map { $0.version + 1 }), \(news.map(\.after.person)), \(news.map(\.after.status)),
                \(news.map(\.after.placedAt)), \(news.map(\.after.quantity)), \(news.map(\.after.amount)),
                \(news.map(\.after.changedAt)))
                AS x (order_id, version, person_id, status, placed_at, quantity, amount_fen, changed_at)
            WHERE o.brand_id = \(brand) AND o.order_id = x.order_id
            """)
    }

    /// Remembers that orders were still the same at a later instant, so that older news about them stays older.
    static func confirm(_ news: [OrderNews], brand: ID<Brand>) -> Statement<Void> {
        Statement(
            """
            UPDATE orders.customer_order o
            SET changed_at = x.changed_at
            FROM unnest(\(news.map(\.order)), \(news.map(\.after.changedAt))) AS x (order_id, changed_at)
            WHERE o.brand_id = \(brand) AND o.order_id = x.order_id
            """)
    }

    static func reversePayments(of orders: [ID<Order>], brand: ID<Brand>, now: Date) -> Statement<PaymentRow> {
        Statement(
            """
            UPDATE orders.payment
            SET status = 'reversed', updated_at = \(now)
            WHERE brand_id = \(brand) AND order_id = ANY(\(orders)) AND status = 'paid'
            RETURNING payment_id, amount_fen, paid_at
            """
        ) { row throws(PostgresError) in
            PaymentRow(id: try row.next(), amount: try row.next(), paidAt: try row.next())
        }
    }

    static func addPayments(_ payments: [NewPayment], brand: ID<Brand>, now: Date) -> Statement<Void> {
        Statement(
            """
            INSERT INTO orders.payment (brand_id, payment_id, order_id, order_version, amount_fen, status, paid_at, created_at,
                updated_at)
            SELECT b.brand_id, x.payment_id, x.order_id, x.order_version, x.amount_fen, 'paid', x.paid_at, \(now), \(now)
            FROM siyu.brand b
            CROSS JOIN unnest(\(payments.map(\.id)), \(payments.map(\.order)), \(payments.map(\.version)),
                \(payments.map(\.amount)), \(payments.map(\.paidAt)))
                AS x (payment_id, order_id, order_version, amount_fen, paid_at)
            WHERE b.brand_id = \(brand)
            """)
    }
}

extension OrderContent {
    /// Reads the columns person_id, status, placed_at, quantity, amount_fen, changed_at.
    init(_ row: inout RowReader) throws(PostgresError) {
        self.init(
            person: try row.next(), status: try row.next(), placedAt: try row.next(), quantity: try row.next(),
            amount: try row.next(), changedAt: try row.next())
    }
}
