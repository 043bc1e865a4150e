import FoundationEssentials
import Kernel
import Postgres

/// The SQL of payments.
enum PaymentStatements {
    static func create(_ intent: NewIntent, mchid: String, brand: ID<Brand>, now: Date) -> Statement<Void> {
        Statement(
            """
            INSERT INTO orders.payment_intent (brand_id, intent_id, order_id, shop_id, person_id, mchid, amount_fen, quantity,
                description, subject, owner_queue, state, expires_at, created_at, updated_at)
            SELECT s.brand_id, \(intent.id), \(intent.order), s.shop_id, \(intent.payer), \(mchid), \(intent.amount),
                \(Int32(clamping: intent.quantity)), \(intent.description), \(intent.subject), \(intent.ownerQueue), 'created',
                \(intent.expiresAt), \(now), \(now)
            FROM orders.shop s
            WHERE s.brand_id = \(brand) AND s.shop_id = \(intent.shop)
            ON CONFLICT (brand_id, intent_id) DO NOTHING
            """)
    }

    static func intent(_ id: ID<Payment>, brand: ID<Brand>) -> Statement<PaymentIntent> {
        Statement(
            """
            SELECT intent_id, order_id, shop_id, person_id, mchid, amount_fen, quantity, description, subject, owner_queue, state,
                prepay_id, transaction_id, paid_fen, refund_reserved_fen, expires_at, paid_at
            FROM orders.payment_intent
            WHERE brand_id = \(brand) AND intent_id = \(id)
            """,
            row: intent)
    }

    static func id(of order: ID<Order>, brand: ID<Brand>) -> Statement<ID<Payment>> {
        Statement(
            """
            SELECT intent_id
            FROM orders.payment_intent
            WHERE brand_id = \(brand) AND order_id = \(order)
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    /// Locks the payment until the transaction ends: what is decided about it stays true.
    static func lock(_ id: ID<Payment>, brand: ID<Brand>) -> Statement<PaymentIntent> {
        Statement(
            """
            SELECT intent_id, order_id, shop_id, person_id, mchid, amount_fen, quantity, description, subject, owner_queue, state,
                prepay_id, transaction_id, paid_fen, refund_reserved_fen, expires_at, paid_at
            FROM orders.payment_intent
            WHERE brand_id = \(brand) AND intent_id = \(id)
            FOR UPDATE
            """,
            row: intent)
    }

    /// Locks some payments, in the order of `ids`, which must be that of their keys.
    static func lock(_ ids: [ID<Payment>], brand: ID<Brand>) -> Statement<PaymentIntent> {
        Statement(
            """
            SELECT p.*
            FROM unnest(\(ids)) AS x (intent_id)
            CROSS JOIN LATERAL (
                SELECT intent_id, order_id, shop_id, person_id, mchid, amount_fen, quantity, description, subject, owner_queue, state,
                    prepay_id, transaction_id, paid_fen, refund_reserved_fen, expires_at, paid_at
                FROM orders.payment_intent
                WHERE brand_id = \(brand) AND intent_id = x.intent_id
                LIMIT 1
                FOR UPDATE
            ) p
            """,
            row: intent)
    }

    /// Only while it may still be paid; the state before tells whether this was the first time.
    static func setPrepaid(
        _ id: ID<Payment>, prepayID: String, brand: ID<Brand>, now: Date
    ) -> Statement<Void> {
        Statement(
            """
            UPDATE orders.payment_intent
            SET state = 'prepaid', prepay_id = \(prepayID), updated_at = \(now)
            WHERE brand_id = \(brand) AND intent_id = \(id) AND state IN ('created', 'prepaid')
            """)
    }

    static func close(_ id: ID<Payment>, brand: ID<Brand>, now: Date) -> Statement<Void> {
        Statement(
            """
            UPDATE orders.payment_intent
            SET state = 'closed', updated_at = \(now)
            WHERE brand_id = \(brand) AND intent_id = \(id) AND state IN ('created', 'prepaid')
            """)
    }

    static func setPaid(
        _ id: ID<Payment>, as state: PaymentState, _ fact: PaymentFact, brand: ID<Brand>, now: Date
    ) -> Statement<Void> {
        Statement(
            """
            UPDATE orders.payment_intent
            SET state = \(state), transaction_id = \(fact.transactionID), paid_fen = \(fact.amount), paid_at = \(fact.paidAt),
                updated_at = \(now)
            WHERE brand_id = \(brand) AND intent_id = \(id)
            """)
    }

    /// The order exists from the moment its money is here; its own id is its key at its source.
    static func addOrder(
        of intent: PaymentIntent, source: String, key: [UInt8], paidAt: Date, brand: ID<Brand>, now: Date
    ) -> Statement<Void> {
        Statement(
            """
            INSERT INTO orders.customer_order (brand_id, order_id, shop_id, person_id, source, external_key, version, status,
                placed_at, quantity, amount_fen, changed_at, created_at, updated_at)
            SELECT b.brand_id, \(intent.order), \(intent.shop), \(intent.payer), \(source), \(key), 1, 'paid', \(paidAt),
                \(Int32(clamping: intent.quantity)), \(intent.amount), \(paidAt), \(now), \(now)
            FROM siyu.brand b
            WHERE b.brand_id = \(brand)
            """)
    }

    static func addPayment(of intent: PaymentIntent, paidAt: Date, brand: ID<Brand>, now: Date) -> Statement<Void> {
        Statement(
            """
            INSERT INTO orders.payment (brand_id, payment_id, order_id, order_version, amount_fen, status, paid_at, created_at,
                updated_at)
            SELECT b.brand_id, \(intent.id), \(intent.order), 1, \(intent.amount), 'paid', \(paidAt), \(now), \(now)
            FROM siyu.brand b
            WHERE b.brand_id = \(brand)
            """)
    }

    /// The version before stands among the old ones by then.
    static func cancelOrder(_ id: ID<Order>, brand: ID<Brand>, now: Date) -> Statement<Void> {
        Statement(
            """
            UPDATE orders.customer_order
            SET version = version + 1, status = 'cancelled', changed_at = \(now), updated_at = \(now)
            WHERE brand_id = \(brand) AND order_id = \(id)
            """)
    }

    /// An order of which a part went back is worth less; the version before stands among the old ones by then.
    static func reduceOrder(
        _ id: ID<Order>, by amount: Money, brand: ID<Brand>, now: Date
    ) -> Statement<(version: Int32, amount: Money)> {
        Statement(
            """
            UPDATE orders.customer_order
            SET version = version + 1, amount_fen = amount_fen - \(amount), changed_at = \(now), updated_at = \(now)
            WHERE brand_id = \(brand) AND order_id = \(id)
            RETURNING version, amount_fen
            """
        ) { row throws(PostgresError) in (version: try row.next(), amount: try row.next()) }
    }

    /// Takes room for refunds, and answers which payments had it.
    static func reserve(
        _ amounts: [(payment: ID<Payment>, amount: Money)], brand: ID<Brand>, now: Date
    ) -> Statement<ID<Payment>> {
        Statement(
            """
            UPDATE orders.payment_intent p
            SET refund_reserved_fen = p.refund_reserved_fen + x.amount_fen, updated_at = \(now)
            FROM unnest(\(amounts.map(\.payment)), \(amounts.map(\.amount))) AS x (intent_id, amount_fen)
            WHERE p.brand_id = \(brand) AND p.intent_id = x.intent_id AND p.refund_reserved_fen + x.amount_fen <= p.paid_fen
            RETURNING p.intent_id
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    /// Gives room back: a refund ended without paying out.
    static func release(_ amount: Money, of payment: ID<Payment>, brand: ID<Brand>, now: Date) -> Statement<Void> {
        Statement(
            """
            UPDATE orders.payment_intent
            SET refund_reserved_fen = refund_reserved_fen - \(amount), updated_at = \(now)
            WHERE brand_id = \(brand) AND intent_id = \(payment)
            """)
    }

    @Sendable
    private static func intent(_ row: inout RowReader) throws(PostgresError) -> PaymentIntent {
        PaymentIntent(
            id: try row.next(), order: try row.next(), shop: try row.next(), payer: try row.next(),
            mchid: try row.next(), amount: try row.next(), quantity: Int(try row.next(Int32.self)),
            description: try row.next(), subject: try row.next(), ownerQueue: try row.next(), state: try row.next(),
            prepayID: try row.next(), transactionID: try row.next(), paid: try row.next(),
            refundReserved: try row.next(), expiresAt: try row.next(), paidAt: try row.next())
    }
}
