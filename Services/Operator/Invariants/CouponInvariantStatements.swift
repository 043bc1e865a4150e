import FoundationEssentials
import Kernel
import Postgres

/// What holds of coupons.
enum CouponInvariantStatements {
    static let looks: [InvariantLook] = [
        InvariantLook(
            [
                Invariant("coupons.issued_are_used_open_or_expired", "B11"),
                Invariant("coupons.what_can_be_used_is_owed", "B10"),
                Invariant("coupons.count_for_one_order", "B4"),
                Invariant("coupons.of_refunded_orders_are_given_back", "B7"),
                Invariant("coupons.are_over_in_time", "B7"),
            ], ofBrand: coupons),
        InvariantLook([Invariant("coupons.that_were_won_are_granted", "B11")], ofBrand: wins),
    ]

    private static func coupons(brand: ID<Brand>, now: Date) -> Statement<BrokenRow> {
        Statement(
            """
            (SELECT 'coupons.issued_are_used_open_or_expired', COALESCE(c.origin_id, t.origin_id)::text
            FROM (
                SELECT origin_id, sum(off_fen) AS fen FROM promotions.coupon
                WHERE brand_id = \(brand) AND state IN ('used', 'granted', 'expired') GROUP BY origin_id
            ) c
            FULL JOIN (
                SELECT a.subject_id AS origin_id, sum(t.amount_fen) AS fen
                FROM accounting.transfer t
                JOIN accounting.account a ON a.brand_id = \(brand) AND a.account_id = t.credit_account_id
                WHERE t.brand_id = \(brand) AND t.kind = 'coupon.granted' GROUP BY a.subject_id
            ) t ON t.origin_id = c.origin_id
            WHERE COALESCE(c.fen, 0) <> COALESCE(t.fen, 0)
            ORDER BY 2 LIMIT 11)
            UNION ALL
            (SELECT 'coupons.what_can_be_used_is_owed', a.subject_id::text
            FROM accounting.account a
            WHERE a.brand_id = \(brand) AND a.kind = 'coupon_owed' AND COALESCE((
                    SELECT sum(CASE WHEN t.credit_account_id = a.account_id THEN t.amount_fen ELSE -t.amount_fen END)
                    FROM accounting.transfer t
                    WHERE t.brand_id = \(brand) AND a.account_id IN (t.credit_account_id, t.debit_account_id)), 0)
                <> COALESCE((SELECT sum(c.off_fen) FROM promotions.coupon c
                    WHERE c.brand_id = \(brand) AND c.origin_id = a.subject_id AND c.state = 'granted'), 0)
            ORDER BY a.subject_id LIMIT 11)
            UNION ALL
            (SELECT 'coupons.count_for_one_order', c.coupon_id::text
            FROM promotions.coupon c
            LEFT JOIN (
                SELECT coupon_id, count(*) AS made, count(*) FILTER (WHERE given_back_at IS NULL) AS standing
                FROM promotions.coupon_use WHERE brand_id = \(brand) GROUP BY coupon_id
            ) u ON u.coupon_id = c.coupon_id
            WHERE c.brand_id = \(brand) AND (COALESCE(u.made, 0) <> c.uses
                OR COALESCE(u.standing, 0) <> CASE WHEN c.state = 'used' THEN 1 ELSE 0 END)
            ORDER BY c.coupon_id LIMIT 11)
            UNION ALL
            (SELECT 'coupons.of_refunded_orders_are_given_back', u.coupon_id::text
            FROM promotions.coupon_use u
            JOIN orders.sale_effect e ON e.brand_id = \(brand) AND e.order_id = u.order_id AND e.kind = 'coupon.borne'
            WHERE u.brand_id = \(brand) AND u.given_back_at IS NULL AND e.returned_fen = e.sale_fen
                AND e.updated_at < \(now)::timestamptz - INTERVAL '5 minutes'
            ORDER BY u.coupon_id LIMIT 11)
            UNION ALL
            (SELECT 'coupons.are_over_in_time', coupon_id::text FROM promotions.coupon
            WHERE brand_id = \(brand) AND state = 'granted' AND expires_at < \(now)::timestamptz - INTERVAL '5 minutes'
            ORDER BY coupon_id LIMIT 11)
            """, row: BookInvariantStatements.broken)
    }

    /// Coupons that were published without terms promise nothing that could be granted.
    private static func wins(brand: ID<Brand>, now: Date) -> Statement<BrokenRow> {
        Statement(
            """
            (SELECT 'coupons.that_were_won_are_granted', r.redemption_id::text
            FROM codes.redemption r
            JOIN codes.prize p ON p.brand_id = \(brand) AND p.batch_id = r.batch_id AND p.tier = r.tier
            WHERE r.brand_id = \(brand) AND p.coupon_days IS NOT NULL
                AND r.redeemed_at < \(now)::timestamptz - INTERVAL '5 minutes'
                AND NOT EXISTS (SELECT FROM promotions.coupon c
                    WHERE c.brand_id = \(brand) AND c.coupon_id = r.redemption_id AND c.off_fen = p.cost_fen
                        AND c.threshold_fen = p.coupon_threshold_fen)
            ORDER BY r.redemption_id LIMIT 11)
            UNION ALL
            (SELECT 'coupons.that_were_won_are_granted', e.entry_id::text
            FROM codes.draw_entry e
            JOIN codes.campaign_prize p ON p.brand_id = \(brand) AND p.campaign_id = e.campaign_id AND p.tier = e.tier
            WHERE e.brand_id = \(brand) AND p.coupon_days IS NOT NULL
                AND e.drawn_at < \(now)::timestamptz - INTERVAL '5 minutes'
                AND NOT EXISTS (SELECT FROM promotions.coupon c
                    WHERE c.brand_id = \(brand) AND c.coupon_id = e.entry_id AND c.off_fen = p.cost_fen
                        AND c.threshold_fen = p.coupon_threshold_fen)
            ORDER BY e.entry_id LIMIT 11)
            """, row: BookInvariantStatements.broken)
    }
}
