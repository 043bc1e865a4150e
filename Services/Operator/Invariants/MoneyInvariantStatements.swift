import FoundationEssentials
import Kernel
import Postgres

/// What holds of orders, of money at WeChat Pay, and of stock.
enum MoneyInvariantStatements {
    static let looks: [InvariantLook] = [
        InvariantLook(
            [
                Invariant("orders.what_is_not_cancelled_is_paid", "B10"), Invariant("payments.are_in_the_books", "B10"),
            ], ofBrand: orders),
        InvariantLook(
            [
                Invariant("payments.what_came_is_in_the_books", "B10"),
                Invariant("refunds.what_was_paid_out_is_in_the_books", "B10"),
                Invariant("payouts.what_was_paid_out_is_in_the_books", "B10"),
                Invariant("refunds.what_was_settled_by_hand_is_in_the_books", "B10"),
            ], ofBrand: booked),
        InvariantLook(
            [
                Invariant("refunds.stay_within_what_was_paid", "B8"), Invariant("refunds.a_number_is_used_once", "B9"),
                Invariant("refunds.one_is_alive_for_a_cause", "B9"),
                Invariant("refunds.somebody_asks_what_became_of_it", "B18"),
                Invariant("refunds.wait_for_nobody", "B18"),
            ], ofBrand: refunds),
        InvariantLook(
            [
                Invariant("payouts.one_is_alive_at_a_time", "B9"),
                Invariant("payouts.somebody_asks_what_became_of_it", "B18"),
                Invariant("payouts.wait_for_nobody", "B18"),
            ], ofBrand: payouts),
        InvariantLook(
            [Invariant("stock.is_the_sum_of_its_movements", "B6"), Invariant("stock.is_not_oversold", "B6")],
            ofBrand: stock),
    ]

    /// A payment for what is left of an order, of which a part went back, has no transfer of its own: what came in less what went back is
    /// its amount.
    private static func orders(brand: ID<Brand>, now: Date) -> Statement<BrokenRow> {
        Statement(
            """
            (SELECT 'orders.what_is_not_cancelled_is_paid', o.order_id::text
            FROM orders.customer_order o
            LEFT JOIN (
                SELECT order_id, sum(amount_fen)::bigint AS paid_fen
                FROM orders.payment
                WHERE brand_id = \(brand) AND status = 'paid'
                GROUP BY order_id
            ) p ON p.order_id = o.order_id
            WHERE o.brand_id = \(brand)
                AND COALESCE(p.paid_fen, 0) <> CASE WHEN o.status = 'cancelled' THEN 0 ELSE o.amount_fen END
            ORDER BY o.order_id LIMIT 11)
            UNION ALL
            (SELECT 'payments.are_in_the_books', p.payment_id::text
            FROM orders.payment p
            WHERE p.brand_id = \(brand) AND NOT EXISTS (
                SELECT FROM accounting.transfer t
                WHERE t.brand_id = \(brand) AND t.kind = 'order.paid' AND t.subject_id = p.payment_id
                    AND t.amount_fen = p.amount_fen)
                AND NOT EXISTS (
                    SELECT FROM orders.payment_intent i
                    WHERE i.brand_id = \(brand) AND i.order_id = p.order_id AND i.intent_id <> p.payment_id
                        AND (p.status = 'reversed' OR p.amount_fen = i.paid_fen - COALESCE((
                            SELECT sum(r.amount_fen) FROM orders.refund r
                            WHERE r.brand_id = \(brand) AND r.payment_id = i.intent_id AND r.state = 'succeeded'), 0)))
            ORDER BY p.payment_id LIMIT 11)
            """, row: BookInvariantStatements.broken)
    }

    private static func booked(brand: ID<Brand>, now: Date) -> Statement<BrokenRow> {
        Statement(
            """
            (SELECT 'payments.what_came_is_in_the_books', i.intent_id::text
            FROM orders.payment_intent i
            WHERE i.brand_id = \(brand) AND i.paid_fen > 0 AND NOT EXISTS (
                SELECT FROM accounting.transfer t
                WHERE t.brand_id = \(brand) AND t.subject_id = i.intent_id AND t.amount_fen = i.paid_fen
                    AND t.kind = CASE i.state WHEN 'paid' THEN 'order.paid' ELSE 'payment.unwanted' END)
            ORDER BY i.intent_id LIMIT 11)
            UNION ALL
            (SELECT 'refunds.what_was_paid_out_is_in_the_books', r.refund_id::text
            FROM orders.refund r
            WHERE r.brand_id = \(brand) AND r.state = 'succeeded' AND NOT EXISTS (
                SELECT FROM accounting.transfer t
                WHERE t.brand_id = \(brand) AND t.subject_id = r.refund_id AND t.amount_fen = r.amount_fen
                    AND t.kind IN ('order.refunded', 'payment.returned'))
            ORDER BY r.refund_id LIMIT 11)
            UNION ALL
            (SELECT 'payouts.what_was_paid_out_is_in_the_books', p.payout_id::text
            FROM orders.payout p
            WHERE p.brand_id = \(brand) AND p.state = 'succeeded' AND NOT EXISTS (
                SELECT FROM accounting.transfer t
                WHERE t.brand_id = \(brand) AND t.subject_id = p.payout_id AND t.amount_fen = p.amount_fen
                    AND t.kind = 'payout.paid')
            ORDER BY p.payout_id LIMIT 11)
            UNION ALL
            (SELECT 'refunds.what_was_settled_by_hand_is_in_the_books', COALESCE(r.refund_id, t.subject_id)::text
            FROM (
                SELECT refund_id, amount_fen FROM orders.refund
                WHERE brand_id = \(brand) AND (state = 'succeeded' OR updated_at < \(now)::timestamptz - INTERVAL '1 hour')
                    AND settled_at IS NOT NULL
            ) r
            FULL JOIN (
                SELECT t.subject_id, t.amount_fen FROM accounting.transfer t
                JOIN accounting.account a ON a.brand_id = t.brand_id AND a.account_id = t.credit_account_id
                    AND a.kind = 'returned_by_hand'
                WHERE t.brand_id = \(brand) AND t.kind = 'refund.settled'
            ) t ON t.subject_id = r.refund_id
            WHERE r.amount_fen IS DISTINCT FROM t.amount_fen
            ORDER BY 2 LIMIT 11)
            """, row: BookInvariantStatements.broken)
    }

    /// The longest pause between two questions is a day; who has not been asked about for longer has been forgotten.
    ///
    /// What was settled by hand holds its room from the word on, also while its books wait for their job.
    private static func refunds(brand: ID<Brand>, now: Date) -> Statement<BrokenRow> {
        Statement(
            """
            (SELECT 'refunds.stay_within_what_was_paid', i.intent_id::text
            FROM orders.payment_intent i
            LEFT JOIN (
                SELECT payment_id, sum(amount_fen)::bigint AS live_fen
                FROM orders.refund
                WHERE brand_id = \(brand) AND (state <> 'closed' OR settled_at IS NOT NULL)
                GROUP BY payment_id
            ) r ON r.payment_id = i.intent_id
            WHERE i.brand_id = \(brand)
                AND (COALESCE(r.live_fen, 0) <> i.refund_reserved_fen OR i.refund_reserved_fen > i.paid_fen)
            ORDER BY i.intent_id LIMIT 11)
            UNION ALL
            (SELECT 'refunds.a_number_is_used_once', out_refund_no FROM orders.refund
            WHERE brand_id = \(brand) GROUP BY out_refund_no HAVING count(*) > 1 ORDER BY out_refund_no LIMIT 11)
            UNION ALL
            (SELECT 'refunds.one_is_alive_for_a_cause', payment_id || ' ' || COALESCE(cause_id, payment_id) FROM orders.refund
            WHERE brand_id = \(brand) AND state <> 'closed'
            GROUP BY payment_id, COALESCE(cause_id, payment_id) HAVING count(*) > 1
            ORDER BY payment_id, COALESCE(cause_id, payment_id) LIMIT 11)
            UNION ALL
            (SELECT 'refunds.somebody_asks_what_became_of_it', refund_id::text FROM orders.refund
            WHERE brand_id = \(brand) AND state NOT IN ('succeeded', 'closed', 'refused') AND attention_since IS NULL
                AND updated_at < \(now)::timestamptz - INTERVAL '26 hours'
            ORDER BY updated_at, refund_id LIMIT 11)
            UNION ALL
            (SELECT 'refunds.wait_for_nobody', refund_id::text FROM orders.refund
            WHERE brand_id = \(brand) AND attention_since IS NOT NULL ORDER BY attention_since, refund_id LIMIT 11)
            """, row: BookInvariantStatements.broken)
    }

    private static func payouts(brand: ID<Brand>, now: Date) -> Statement<BrokenRow> {
        Statement(
            """
            (SELECT 'payouts.one_is_alive_at_a_time', subject_id::text FROM orders.payout
            WHERE brand_id = \(brand) AND state <> 'failed'
            GROUP BY subject_id HAVING count(*) > 1 ORDER BY subject_id LIMIT 11)
            UNION ALL
            (SELECT 'payouts.somebody_asks_what_became_of_it', payout_id::text FROM orders.payout
            WHERE brand_id = \(brand) AND state NOT IN ('succeeded', 'failed', 'refused') AND attention_since IS NULL
                AND updated_at < \(now)::timestamptz - INTERVAL '26 hours'
            ORDER BY updated_at, payout_id LIMIT 11)
            UNION ALL
            (SELECT 'payouts.wait_for_nobody', payout_id::text FROM orders.payout
            WHERE brand_id = \(brand) AND attention_since IS NOT NULL ORDER BY attention_since, payout_id LIMIT 11)
            """, row: BookInvariantStatements.broken)
    }

    private static func stock(brand: ID<Brand>, now: Date) -> Statement<BrokenRow> {
        Statement(
            """
            (SELECT 'stock.is_the_sum_of_its_movements', s.variant_id::text
            FROM orders.stock s
            LEFT JOIN (
                SELECT variant_id, sum(quantity)::bigint AS moved
                FROM orders.stock_movement
                WHERE brand_id = \(brand)
                GROUP BY variant_id
            ) m ON m.variant_id = s.variant_id
            WHERE s.brand_id = \(brand) AND s.available <> COALESCE(m.moved, 0)
            ORDER BY s.variant_id LIMIT 11)
            UNION ALL
            (SELECT 'stock.is_not_oversold', variant_id::text FROM orders.stock
            WHERE brand_id = \(brand) AND available < 0 ORDER BY variant_id LIMIT 11)
            """, row: BookInvariantStatements.broken)
    }
}
