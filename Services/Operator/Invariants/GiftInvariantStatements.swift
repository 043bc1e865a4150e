import FoundationEssentials
import Kernel
import Postgres

/// What holds of gifts.
enum GiftInvariantStatements {
    static let looks: [InvariantLook] = [
        InvariantLook(
            [
                Invariant("gifts.have_one_end", "B6"), Invariant("gifts.end_on_the_right_side_of_their_deadline", "B6"),
                Invariant("gifts.do_not_outlive_their_deadline", "B7"),
                Invariant("gifts.nothing_happens_in_the_future", "B17"),
            ], ofBrand: ends),
        InvariantLook(
            [
                Invariant("gifts.are_refunded_by_a_refund_of_their_payment", "B9"),
                Invariant("gifts.what_was_accepted_is_earned", "B1"),
                Invariant("gifts.what_was_refunded_leaves_no_escrow", "B1"),
                Invariant("gifts.take_one_piece_or_none", "B6"),
            ], ofBrand: money),
        InvariantLook(
            [
                Invariant("cash_gifts.leave_by_one_door", "B9"),
                Invariant("cash_gifts.what_is_over_leaves_no_escrow", "B1"),
                Invariant("cash_gifts.do_not_outlive_their_deadline", "B7"),
            ], ofBrand: cash),
    ]

    /// Money that people give each other is paid out, or goes back.
    private static func cash(brand: ID<Brand>, now: Date) -> Statement<BrokenRow> {
        Statement(
            """
            (SELECT 'cash_gifts.leave_by_one_door', c.cash_gift_id::text
            FROM gifting.cash_gift c
            WHERE c.brand_id = \(brand) AND EXISTS (
                SELECT FROM orders.payout p
                WHERE p.brand_id = \(brand) AND p.subject_id = c.cash_gift_id AND p.state <> 'failed')
                AND EXISTS (
                    SELECT FROM orders.refund r
                    WHERE r.brand_id = \(brand) AND r.payment_id = c.payment_id AND r.state <> 'closed')
            ORDER BY c.cash_gift_id LIMIT 11)
            UNION ALL
            (SELECT 'cash_gifts.what_is_over_leaves_no_escrow', c.cash_gift_id::text
            FROM gifting.cash_gift c
            JOIN accounting.account a ON a.brand_id = \(brand) AND a.kind = 'escrow' AND a.subject_id = c.payment_id
            JOIN accounting.balance b ON b.brand_id = \(brand) AND b.account_id = a.account_id
            WHERE c.brand_id = \(brand) AND (c.state = 'paid_out' OR c.refunded_at IS NOT NULL) AND b.balance_fen <> 0
            ORDER BY c.cash_gift_id LIMIT 11)
            UNION ALL
            (SELECT 'cash_gifts.do_not_outlive_their_deadline', cash_gift_id::text
            FROM gifting.cash_gift
            WHERE brand_id = \(brand) AND \(now)::timestamptz - INTERVAL '5 minutes' > CASE state
                WHEN 'created' THEN pay_until WHEN 'sent' THEN accept_until END
            ORDER BY cash_gift_id LIMIT 11)
            """, row: BookInvariantStatements.broken)
    }

    /// Five minutes are the time that services may need to come back; everybody else is in time.
    private static func ends(brand: ID<Brand>, now: Date) -> Statement<BrokenRow> {
        Statement(
            """
            (SELECT 'gifts.have_one_end', COALESCE(g.gift_id, o.gift_id)::text
            FROM (SELECT * FROM gifting.outcome WHERE brand_id = \(brand)) o
            FULL JOIN (
                SELECT gift_id, state FROM gifting.gift
                WHERE brand_id = \(brand) AND state IN ('accepted', 'expired', 'declined', 'cancelled')
            ) g ON g.gift_id = o.gift_id
            WHERE g.state IS DISTINCT FROM o.outcome
            ORDER BY 2 LIMIT 11)
            UNION ALL
            (SELECT 'gifts.end_on_the_right_side_of_their_deadline', gift_id::text FROM gifting.gift
            WHERE brand_id = \(brand) AND (accepted_at > accept_until OR (state = 'declined' AND ended_at > accept_until)
                OR (state = 'expired' AND ended_at <= accept_until))
            ORDER BY gift_id LIMIT 11)
            UNION ALL
            (SELECT 'gifts.do_not_outlive_their_deadline', gift_id::text FROM gifting.gift
            WHERE brand_id = \(brand) AND \(now)::timestamptz - INTERVAL '5 minutes' > CASE
                WHEN state IN ('sent', 'claimed') THEN accept_until
                WHEN state = 'scheduled' THEN send_at
                WHEN state IN ('draft', 'quoted') THEN pay_until END
            ORDER BY gift_id LIMIT 11)
            UNION ALL
            (SELECT 'gifts.nothing_happens_in_the_future', gift_id::text FROM gifting.gift
            WHERE brand_id = \(brand) AND updated_at > \(now)::timestamptz + INTERVAL '1 minute'
            ORDER BY gift_id LIMIT 11)
            """, row: BookInvariantStatements.broken)
    }

    private static func money(brand: ID<Brand>, now: Date) -> Statement<BrokenRow> {
        Statement(
            """
            (SELECT 'gifts.are_refunded_by_a_refund_of_their_payment', g.gift_id::text
            FROM gifting.gift g
            WHERE g.brand_id = \(brand) AND g.refund_id IS NOT NULL AND NOT EXISTS (
                SELECT FROM orders.refund r
                WHERE r.brand_id = \(brand) AND r.refund_id = g.refund_id AND r.payment_id = g.payment_id
                    AND (g.refunded_at IS NULL OR r.state = 'succeeded'))
            ORDER BY g.gift_id LIMIT 11)
            UNION ALL
            (SELECT 'gifts.what_was_accepted_is_earned', g.gift_id::text
            FROM gifting.gift g
            WHERE g.brand_id = \(brand) AND g.state = 'accepted' AND (
                NOT EXISTS (
                    SELECT FROM accounting.transfer t
                    WHERE t.brand_id = \(brand) AND t.kind = 'gift.accepted' AND t.subject_id = g.gift_id
                        AND t.amount_fen = g.captured_price_fen * g.quantity)
                OR (g.withdrawn_at IS NULL AND EXISTS (
                    SELECT FROM accounting.transfer t
                    WHERE t.brand_id = \(brand) AND t.kind = 'gift.withdrawn' AND t.subject_id = g.gift_id))
                -- What a shop takes back, it gives up once: by the withdrawal, and what went before by cases.
                OR (g.withdrawn_at IS NOT NULL AND g.captured_price_fen * g.quantity <> (
                    SELECT COALESCE(sum(t.amount_fen), 0)
                    FROM accounting.transfer t
                    WHERE t.brand_id = \(brand) AND t.kind = 'gift.withdrawn' AND t.subject_id = g.gift_id
                ) + (
                    SELECT COALESCE(sum(t.amount_fen), 0)
                    FROM (SELECT a.aftersale_id AS subject_id FROM orders.aftersale a
                        WHERE a.brand_id = \(brand) AND a.order_id = g.order_id
                        UNION ALL
                        SELECT r.refund_id FROM orders.refund r WHERE r.brand_id = \(brand) AND r.payment_id = g.payment_id) s
                    JOIN accounting.transfer t ON t.brand_id = \(brand) AND t.kind = 'aftersale.returned'
                        AND t.subject_id = s.subject_id
                    WHERE g.group_id IS NULL)))
            ORDER BY g.gift_id LIMIT 11)
            UNION ALL
            (SELECT 'gifts.what_was_refunded_leaves_no_escrow', g.gift_id::text
            FROM gifting.gift g
            JOIN accounting.account a
                ON a.brand_id = \(brand) AND a.kind = 'escrow' AND a.subject_id = g.payment_id
            JOIN accounting.balance b ON b.brand_id = \(brand) AND b.account_id = a.account_id
            JOIN orders.payment_intent i ON i.brand_id = \(brand) AND i.intent_id = g.payment_id
            -- What an after-sales case gives back may still be on its way.
            WHERE g.brand_id = \(brand) AND g.refunded_at IS NOT NULL AND b.balance_fen NOT IN (0, i.paid_fen - (
                SELECT COALESCE(sum(r.amount_fen), 0) FROM orders.refund r
                WHERE r.brand_id = \(brand) AND r.payment_id = g.payment_id AND r.state = 'succeeded'))
            ORDER BY g.gift_id LIMIT 11)
            UNION ALL
            (SELECT 'gifts.take_one_piece_or_none', g.gift_id::text
            FROM gifting.gift g
            LEFT JOIN (
                SELECT subject_id, sum(quantity)::bigint AS pieces
                FROM orders.stock_movement
                WHERE brand_id = \(brand) AND kind IN ('gift.reserve', 'gift.release')
                GROUP BY subject_id
            ) m ON m.subject_id = g.gift_id
            WHERE g.brand_id = \(brand) AND COALESCE(m.pieces, 0) <> CASE
                -- What was won was kept by its group; only what is not taken moves by itself.
                WHEN g.group_id IS NOT NULL THEN CASE
                    WHEN g.state IN ('sent', 'claimed') OR (g.state = 'accepted' AND g.withdrawn_at IS NULL) THEN 0
                    ELSE g.quantity END
                WHEN g.state IN ('paying', 'scheduled', 'sent', 'claimed') THEN -1
                WHEN g.state = 'accepted' AND g.withdrawn_at IS NULL THEN -1
                ELSE 0 END
            ORDER BY g.gift_id LIMIT 11)
            """, row: BookInvariantStatements.broken)
    }
}
