import Kernel
import Postgres

/// Questions that have the answer 0 as long as nothing is wrong.
enum DoctorStatements {
    static func ordersThatDisagreeWithPayments(brand: ID<Brand>) -> Statement<Int> {
        Statement(
            """
            SELECT count(*)
            FROM orders.customer_order o
            LEFT JOIN (
                SELECT order_id, sum(amount_fen)::bigint AS paid_fen
                FROM orders.payment
                WHERE brand_id = \(brand) AND status = 'paid'
                GROUP BY order_id
            ) p ON p.order_id = o.order_id
            WHERE o.brand_id = \(brand)
              AND COALESCE(p.paid_fen, 0) <> CASE WHEN o.status = 'cancelled' THEN 0 ELSE o.amount_fen END
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    static func paymentsWithoutTransfer(brand: ID<Brand>) -> Statement<Int> {
        Statement(
            """
            SELECT count(*)
            FROM orders.payment p
            WHERE p.brand_id = \(brand)
              AND NOT EXISTS (
                SELECT FROM accounting.transfer t
                WHERE t.brand_id = p.brand_id AND t.kind = 'order.paid' AND t.subject_id = p.payment_id
                  AND t.amount_fen = p.amount_fen
              )
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    /// Variants whose movements do not add up to what is said to be available.
    static func stockThatDisagreesWithMovements(brand: ID<Brand>) -> Statement<Int> {
        Statement(
            """
            SELECT count(*)
            FROM orders.stock s
            LEFT JOIN (
                SELECT variant_id, sum(quantity)::bigint AS moved
                FROM orders.stock_movement
                WHERE brand_id = \(brand)
                GROUP BY variant_id
            ) m ON m.variant_id = s.variant_id
            WHERE s.brand_id = \(brand) AND s.available <> COALESCE(m.moved, 0)
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    /// Money that came or went at WeChat Pay and is not in the ledger with its amount.
    static func moneyWithoutTransfer(brand: ID<Brand>) -> Statement<Int> {
        Statement(
            """
            SELECT (
                SELECT count(*)
                FROM orders.payment_intent i
                WHERE i.brand_id = \(brand) AND i.paid_fen > 0
                  AND NOT EXISTS (
                    SELECT FROM accounting.transfer t
                    WHERE t.brand_id = i.brand_id AND t.subject_id = i.intent_id AND t.amount_fen = i.paid_fen
                      AND t.kind = CASE i.state WHEN 'paid' THEN 'order.paid' ELSE 'payment.unwanted' END
                  )
            ) + (
                SELECT count(*)
                FROM orders.refund r
                WHERE r.brand_id = \(brand) AND r.state = 'succeeded'
                  AND NOT EXISTS (
                    SELECT FROM accounting.transfer t
                    WHERE t.brand_id = r.brand_id AND t.subject_id = r.refund_id AND t.amount_fen = r.amount_fen
                      AND t.kind IN ('order.refunded', 'payment.returned')
                  )
            ) + (
                SELECT count(*)
                FROM orders.payout p
                WHERE p.brand_id = \(brand) AND p.state = 'succeeded'
                  AND NOT EXISTS (
                    SELECT FROM accounting.transfer t
                    WHERE t.brand_id = p.brand_id AND t.subject_id = p.payout_id AND t.amount_fen = p.amount_fen
                      AND t.kind = 'payout.paid'
                  )
            )
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    static func refundsNeedingAttention(brand: ID<Brand>) -> Statement<Int> {
        Statement("SELECT count(*) FROM orders.refund WHERE brand_id = \(brand) AND attention_since IS NOT NULL") {
            row throws(PostgresError) in try row.next()
        }
    }

    static func payoutsNeedingAttention(brand: ID<Brand>) -> Statement<Int> {
        Statement("SELECT count(*) FROM orders.payout WHERE brand_id = \(brand) AND attention_since IS NOT NULL") {
            row throws(PostgresError) in try row.next()
        }
    }
}
