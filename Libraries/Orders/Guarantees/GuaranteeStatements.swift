import FoundationEssentials
import Kernel
import Postgres

/// The SQL of guarantees.
enum GuaranteeStatements {
    /// The clock of the business as it is now, not when the transaction began: it is read after the lock.
    static func clock() -> Statement<Date> {
        Statement("SELECT siyu.clock() + (clock_timestamp() - transaction_timestamp())") { row throws(PostgresError) in
            try row.next()
        }
    }

    static func add(_ record: GuaranteeRecord, brand: ID<Brand>) -> Statement<ID<Order>> {
        Statement(
            """
            INSERT INTO orders.guarantee (brand_id, order_id, shop_id, payer_id, amount_fen, compensation_fen, ship_by, created_at,
                updated_at)
            SELECT b.brand_id, \(record.order), \(record.shop), \(record.payer), \(record.amount), \(record.compensation),
                \(record.shipBy), \(record.updatedAt), \(record.updatedAt)
            FROM siyu.brand b
            WHERE b.brand_id = \(brand)
            ON CONFLICT (brand_id, order_id) DO NOTHING
            RETURNING order_id
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    /// Locks the guarantee until the transaction ends.
    static func lock(_ order: ID<Order>, brand: ID<Brand>) -> Statement<GuaranteeRecord> {
        Statement(
            """
            SELECT order_id, shop_id, payer_id, amount_fen, compensation_fen, ship_by, shipped_at, refund_asked_at, refund_by,
                refunded_at, compensated_at, updated_at
            FROM orders.guarantee
            WHERE brand_id = \(brand) AND order_id = \(order)
            FOR UPDATE
            """, row: record)
    }

    /// The guarantee as it stands, for whoever looks on.
    static func guarantee(of order: ID<Order>, brand: ID<Brand>) -> Statement<GuaranteeRecord> {
        Statement(
            """
            SELECT order_id, shop_id, payer_id, amount_fen, compensation_fen, ship_by, shipped_at, refund_asked_at, refund_by,
                refunded_at, compensated_at, updated_at
            FROM orders.guarantee
            WHERE brand_id = \(brand) AND order_id = \(order)
            """, row: record)
    }

    @Sendable
    private static func record(_ row: inout RowReader) throws(PostgresError) -> GuaranteeRecord {
        GuaranteeRecord(
            order: try row.next(), shop: try row.next(), payer: try row.next(), amount: try row.next(),
            compensation: try row.next(), shipBy: try row.next(), shippedAt: try row.next(),
            refundAskedAt: try row.next(), refundBy: try row.next(), refundedAt: try row.next(),
            compensatedAt: try row.next(), updatedAt: try row.next())
    }

    static func save(_ record: GuaranteeRecord, brand: ID<Brand>) -> Statement<Void> {
        Statement(
            """
            UPDATE orders.guarantee
            SET shipped_at = \(record.shippedAt), refund_asked_at = \(record.refundAskedAt), refund_by = \(record.refundBy),
                refunded_at = \(record.refundedAt), compensated_at = \(record.compensatedAt), updated_at = \(record.updatedAt)
            WHERE brand_id = \(brand) AND order_id = \(record.order)
            """)
    }

    static func note(
        _ fact: GuaranteeFact, of order: ID<Order>, at instant: Date, evidence: String?, brand: ID<Brand>, now: Date
    ) -> Statement<Void> {
        Statement(
            """
            INSERT INTO orders.guarantee_fact (brand_id, order_id, fact, happened_at, evidence, recorded_at)
            SELECT b.brand_id, \(order), \(fact), \(instant), \(evidence), \(now)
            FROM siyu.brand b
            WHERE b.brand_id = \(brand)
            """)
    }

    static func trail(of order: ID<Order>, brand: ID<Brand>) -> Statement<GuaranteeEntry> {
        Statement(
            """
            SELECT fact, happened_at, evidence, recorded_at
            FROM orders.guarantee_fact
            WHERE brand_id = \(brand) AND order_id = \(order)
            ORDER BY recorded_at, happened_at, fact
            """
        ) { row throws(PostgresError) in
            GuaranteeEntry(
                fact: try row.next(), happenedAt: try row.next(), evidence: try row.next(), recordedAt: try row.next())
        }
    }
}
