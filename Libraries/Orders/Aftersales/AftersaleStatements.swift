import FoundationEssentials
import Kernel
import Postgres

/// The SQL of after-sales.
enum AftersaleStatements {
    /// The payment of an order, locked until the transaction ends: what is left of it stays so.
    static func payment(of order: ID<Order>, brand: ID<Brand>) -> Statement<ID<Payment>> {
        Statement(
            """
            SELECT intent_id
            FROM orders.payment_intent
            WHERE brand_id = \(brand) AND order_id = \(order)
            FOR UPDATE
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    static func cases(of order: ID<Order>, brand: ID<Brand>) -> Statement<AftersaleRecord> {
        Statement(
            """
            SELECT aftersale_id, order_id, payment_id, shop_id, subject, payer_id, applicant_id, party, kind, line_no, variant_id,
                quantity, amount_fen, reason, state, refusal, decided_by, carrier, waybill, restocked, refund_id, due_at,
                requested_at, ended_at, updated_at
            FROM orders.aftersale
            WHERE brand_id = \(brand) AND order_id = \(order)
            ORDER BY requested_at, aftersale_id
            """,
            row: record)
    }

    static func aftersale(_ id: ID<Aftersale>, brand: ID<Brand>) -> Statement<AftersaleRecord> {
        Statement(
            """
            SELECT aftersale_id, order_id, payment_id, shop_id, subject, payer_id, applicant_id, party, kind, line_no, variant_id,
                quantity, amount_fen, reason, state, refusal, decided_by, carrier, waybill, restocked, refund_id, due_at,
                requested_at, ended_at, updated_at
            FROM orders.aftersale
            WHERE brand_id = \(brand) AND aftersale_id = \(id)
            """,
            row: record)
    }

    /// Locks the payment of a case until the transaction ends.
    static func lockPayment(of id: ID<Aftersale>, brand: ID<Brand>) -> Statement<ID<Payment>> {
        Statement(
            """
            SELECT intent_id
            FROM orders.payment_intent
            WHERE brand_id = \(brand)
                AND intent_id = (SELECT payment_id FROM orders.aftersale WHERE brand_id = \(brand) AND aftersale_id = \(id))
            FOR UPDATE
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    /// Locks the case until the transaction ends.
    static func lock(_ id: ID<Aftersale>, brand: ID<Brand>) -> Statement<AftersaleRecord> {
        Statement(
            """
            SELECT aftersale_id, order_id, payment_id, shop_id, subject, payer_id, applicant_id, party, kind, line_no, variant_id,
                quantity, amount_fen, reason, state, refusal, decided_by, carrier, waybill, restocked, refund_id, due_at,
                requested_at, ended_at, updated_at
            FROM orders.aftersale
            WHERE brand_id = \(brand) AND aftersale_id = \(id)
            FOR UPDATE
            """,
            row: record)
    }

    /// The cases of a brand by their ids, which grow with time.
    static func page(
        after: ID<Aftersale>?, state: AftersaleState?, shop: ID<Shop>?, limit: Int, brand: ID<Brand>
    ) -> Statement<AftersaleRecord> {
        Statement(
            """
            SELECT aftersale_id, order_id, payment_id, shop_id, subject, payer_id, applicant_id, party, kind, line_no, variant_id,
                quantity, amount_fen, reason, state, refusal, decided_by, carrier, waybill, restocked, refund_id, due_at,
                requested_at, ended_at, updated_at
            FROM orders.aftersale
            WHERE brand_id = \(brand) AND (\(after)::uuid IS NULL OR aftersale_id > \(after))
                AND (\(state)::text IS NULL OR state = \(state)) AND (\(shop)::uuid IS NULL OR shop_id = \(shop))
            ORDER BY aftersale_id
            LIMIT \(limit)
            """,
            row: record)
    }

    /// The cases of a brand that wait in a state, those first that wait longest: along the index of what is not over, which has no history.
    static func open(
        _ state: AftersaleState, after: ID<Aftersale>?, shop: ID<Shop>?, limit: Int, brand: ID<Brand>
    ) -> Statement<AftersaleRecord> {
        Statement(
            """
            SELECT aftersale_id, order_id, payment_id, shop_id, subject, payer_id, applicant_id, party, kind, line_no, variant_id,
                quantity, amount_fen, reason, state, refusal, decided_by, carrier, waybill, restocked, refund_id, due_at,
                requested_at, ended_at, updated_at
            FROM orders.aftersale
            WHERE brand_id = \(brand) AND ended_at IS NULL AND state = \(state)
                AND requested_at >= COALESCE(
                    (SELECT l.requested_at FROM orders.aftersale l WHERE l.brand_id = \(brand) AND l.aftersale_id = \(after)),
                    '-infinity')
                AND (\(after)::uuid IS NULL OR (requested_at, aftersale_id) > (
                    SELECT l.requested_at, l.aftersale_id FROM orders.aftersale l
                    WHERE l.brand_id = \(brand) AND l.aftersale_id = \(after)))
                AND (\(shop)::uuid IS NULL OR shop_id = \(shop))
            ORDER BY requested_at, aftersale_id
            LIMIT \(limit)
            """,
            row: record)
    }

    static func add(_ record: AftersaleRecord, brand: ID<Brand>) -> Statement<Void> {
        Statement(
            """
            INSERT INTO orders.aftersale (brand_id, aftersale_id, order_id, payment_id, shop_id, subject, payer_id, applicant_id, party,
                kind, line_no, variant_id, quantity, amount_fen, reason, state, due_at, requested_at, updated_at)
            SELECT b.brand_id, \(record.id), \(record.order), \(record.payment), \(record.shop), \(record.subject), \(record.payer),
                \(record.applicant), \(record.party), \(record.kind), \(record.line.map { Int32(clamping: $0) }), \(record.variant),
                \(Int32(clamping: record.quantity)), \(record.amount), \(record.reason), \(record.state), \(record.dueAt),
                \(record.requestedAt), \(record.updatedAt)
            FROM siyu.brand b
            WHERE b.brand_id = \(brand)
            """)
    }

    /// No row if it is not in the state any more in which it was locked.
    static func save(
        _ record: AftersaleRecord, from state: AftersaleState, brand: ID<Brand>
    ) -> Statement<ID<Aftersale>> {
        Statement(
            """
            UPDATE orders.aftersale
            SET state = \(record.state), refusal = \(record.refusal), decided_by = \(record.decidedBy), carrier = \(record.carrier),
                waybill = \(record.waybill), restocked = \(record.isRestocked), refund_id = \(record.refund), due_at = \(record.dueAt),
                ended_at = \(record.endedAt), updated_at = \(record.updatedAt)
            WHERE brand_id = \(brand) AND aftersale_id = \(record.id) AND state = \(state)
            RETURNING aftersale_id
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    static func addLines(_ lines: [SoldLine], of order: ID<Order>, brand: ID<Brand>, now: Date) -> Statement<Void> {
        Statement(
            """
            INSERT INTO orders.order_line (brand_id, order_id, line_no, variant_id, quantity, amount_fen, created_at)
            SELECT b.brand_id, \(order), x.line_no, x.variant_id, x.quantity, x.amount_fen, \(now)
            FROM siyu.brand b
            CROSS JOIN unnest(\(lines.map { Int32(clamping: $0.number) }), \(lines.map(\.variant)),
                \(lines.map { Int32(clamping: $0.quantity) }), \(lines.map(\.amount)))
                AS x (line_no, variant_id, quantity, amount_fen)
            WHERE b.brand_id = \(brand)
            ORDER BY x.line_no
            ON CONFLICT (brand_id, order_id, line_no) DO NOTHING
            """)
    }

    static func lines(of order: ID<Order>, brand: ID<Brand>) -> Statement<SoldLine> {
        Statement(
            """
            SELECT line_no, variant_id, quantity, amount_fen
            FROM orders.order_line
            WHERE brand_id = \(brand) AND order_id = \(order)
            ORDER BY line_no
            """
        ) { row throws(PostgresError) in
            SoldLine(
                number: Int(try row.next(Int32.self)), variant: try row.next(),
                quantity: Int(try row.next(Int32.self)), amount: try row.next())
        }
    }

    @Sendable
    private static func record(_ row: inout RowReader) throws(PostgresError) -> AftersaleRecord {
        AftersaleRecord(
            id: try row.next(), order: try row.next(), payment: try row.next(), shop: try row.next(),
            subject: try row.next(), payer: try row.next(), applicant: try row.next(), party: try row.next(),
            kind: try row.next(), line: try row.next(Int32?.self).map(Int.init), variant: try row.next(),
            quantity: Int(try row.next(Int32.self)), amount: try row.next(), reason: try row.next(),
            state: try row.next(), refusal: try row.next(), decidedBy: try row.next(), carrier: try row.next(),
            waybill: try row.next(), isRestocked: try row.next(), refund: try row.next(), dueAt: try row.next(),
            requestedAt: try row.next(), endedAt: try row.next(), updatedAt: try row.next())
    }
}
