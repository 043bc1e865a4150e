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
}
