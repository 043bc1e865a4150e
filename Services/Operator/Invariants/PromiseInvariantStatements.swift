import FoundationEssentials
import Kernel
import Postgres

/// What holds of what shops promise: after-sales, guarantees, cards; and of what people think of it.
enum PromiseInvariantStatements {
    static let looks: [InvariantLook] = [
        InvariantLook(
            [
                Invariant("aftersales.what_is_refunded_was_paid_out", "B10"),
                Invariant("aftersales.do_not_outlive_their_deadline", "B7"),
            ], ofBrand: aftersales),
        InvariantLook(
            [
                Invariant("guarantees.what_is_owed_is_in_the_books", "B10"),
                Invariant("guarantees.are_looked_at_in_time", "B7"),
            ], ofBrand: guarantees),
        InvariantLook(
            [
                Invariant("cards.goals_are_the_sum_of_their_news", "B13"),
                Invariant("cards.benefits_are_the_sum_of_their_news", "B13"),
                Invariant("cards.what_is_charged_is_in_the_books", "B10"),
                Invariant("cards.are_settled_in_time", "B7"),
            ], ofBrand: cards),
        InvariantLook([Invariant("ratings.are_whoever_paid_for_it", "B13")], ofBrand: ratings),
    ]

    private static func ratings(brand: ID<Brand>, now: Date) -> Statement<BrokenRow> {
        Statement(
            """
            SELECT 'ratings.are_whoever_paid_for_it', r.order_id || ' ' || r.line_no
            FROM orders.rating r
            LEFT JOIN orders.customer_order o ON o.brand_id = \(brand) AND o.order_id = r.order_id
            LEFT JOIN orders.order_line l ON l.brand_id = \(brand) AND l.order_id = r.order_id AND l.line_no = r.line_no
            WHERE r.brand_id = \(brand) AND (o.person_id IS DISTINCT FROM r.person_id OR o.shop_id IS DISTINCT FROM r.shop_id
                OR (r.product_id IS NULL) <> (l.line_no IS NULL))
            ORDER BY r.order_id, r.line_no LIMIT 11
            """, row: BookInvariantStatements.broken)
    }

    private static func aftersales(brand: ID<Brand>, now: Date) -> Statement<BrokenRow> {
        Statement(
            """
            (SELECT 'aftersales.what_is_refunded_was_paid_out', a.aftersale_id::text
            FROM orders.aftersale a
            WHERE a.brand_id = \(brand) AND a.state = 'refunded' AND NOT EXISTS (
                SELECT FROM orders.refund r
                WHERE r.brand_id = \(brand) AND r.payment_id = a.payment_id AND r.amount_fen = a.amount_fen
                    AND r.state = 'succeeded')
            ORDER BY a.aftersale_id LIMIT 11)
            UNION ALL
            (SELECT 'aftersales.do_not_outlive_their_deadline', aftersale_id::text FROM orders.aftersale
            WHERE brand_id = \(brand) AND due_at < \(now)::timestamptz - INTERVAL '5 minutes'
            ORDER BY aftersale_id LIMIT 11)
            """, row: BookInvariantStatements.broken)
    }

    private static func guarantees(brand: ID<Brand>, now: Date) -> Statement<BrokenRow> {
        Statement(
            """
            (SELECT 'guarantees.what_is_owed_is_in_the_books', g.order_id::text
            FROM orders.guarantee g
            WHERE g.brand_id = \(brand) AND g.compensated_at IS NOT NULL AND g.compensation_fen > 0 AND NOT EXISTS (
                SELECT FROM accounting.transfer t
                WHERE t.brand_id = \(brand) AND t.kind = 'guarantee.compensated' AND t.subject_id = g.order_id
                    AND t.amount_fen = g.compensation_fen)
            ORDER BY g.order_id LIMIT 11)
            UNION ALL
            (SELECT 'guarantees.are_looked_at_in_time', order_id::text FROM orders.guarantee
            WHERE brand_id = \(brand) AND compensated_at IS NULL AND refunded_at IS NULL
                AND \(now)::timestamptz - INTERVAL '5 minutes' > CASE
                    WHEN refund_by IS NOT NULL THEN refund_by WHEN shipped_at IS NULL THEN ship_by END
            ORDER BY order_id LIMIT 11)
            """, row: BookInvariantStatements.broken)
    }

    private static func cards(brand: ID<Brand>, now: Date) -> Statement<BrokenRow> {
        Statement(
            """
            (SELECT 'cards.goals_are_the_sum_of_their_news', g.card_id || ' ' || md5(g.goal)
            FROM promotions.card_goal g
            LEFT JOIN (
                SELECT card_id, goal, sum(count) AS told FROM promotions.card_event
                WHERE brand_id = \(brand) AND goal IS NOT NULL GROUP BY card_id, goal
            ) e ON e.card_id = g.card_id AND e.goal = g.goal
            WHERE g.brand_id = \(brand) AND g.reached <> COALESCE(e.told, 0)
            ORDER BY g.card_id, g.goal LIMIT 11)
            UNION ALL
            (SELECT 'cards.benefits_are_the_sum_of_their_news', c.card_id::text
            FROM promotions.card c
            LEFT JOIN (
                SELECT card_id, sum(amount_fen) AS fen FROM promotions.card_event
                WHERE brand_id = \(brand) GROUP BY card_id
            ) e ON e.card_id = c.card_id
            WHERE c.brand_id = \(brand) AND c.used_fen <> COALESCE(e.fen, 0)
            ORDER BY c.card_id LIMIT 11)
            UNION ALL
            (SELECT 'cards.what_is_charged_is_in_the_books', c.card_id::text
            FROM promotions.card c
            WHERE c.brand_id = \(brand) AND c.charged_fen > 0 AND NOT EXISTS (
                SELECT FROM accounting.transfer t
                WHERE t.brand_id = \(brand) AND t.kind = 'card.charged' AND t.subject_id = c.card_id
                    AND t.amount_fen = c.charged_fen)
            ORDER BY c.card_id LIMIT 11)
            UNION ALL
            (SELECT 'cards.are_settled_in_time', card_id::text FROM promotions.card
            WHERE brand_id = \(brand) AND state = 'active' AND ends_at < \(now)::timestamptz - INTERVAL '5 minutes'
            ORDER BY card_id LIMIT 11)
            """, row: BookInvariantStatements.broken)
    }
}
