import FoundationEssentials
import Kernel
import Postgres

/// What holds of codes, of prizes and of draws.
enum CodeInvariantStatements {
    static let looks: [InvariantLook] = [
        InvariantLook(
            [
                Invariant("codes.are_redeemed_once", "B4"), Invariant("codes.redeemed_were_issued", "B5"),
                Invariant("codes.redeemed_were_active", "B5"),
                Invariant("codes.nothing_is_redeemed_in_the_future", "B17"),
            ], ofBrand: redemptions),
        InvariantLook(
            [
                Invariant("codes.no_more_prizes_than_there_are", "B5"), Invariant("codes.what_was_won_is_owed", "B11"),
                Invariant("codes.imports_are_whole", "B13"),
            ], ofBrand: prizes),
        InvariantLook([Invariant("vouchers.are_handed_over_once", "B4")], ofBrand: vouchers),
        InvariantLook(
            [
                Invariant("draws.entries_follow_one_another", "B11"),
                Invariant("draws.no_more_prizes_than_in_stock", "B5"),
            ], ofBrand: draws),
    ]

    /// A scan that began before a void or a freeze was written may end after it: a minute is more than a transaction may take.
    private static func redemptions(brand: ID<Brand>, now: Date) -> Statement<BrokenRow> {
        Statement(
            """
            (SELECT 'codes.are_redeemed_once', batch_id || ' ' || code_index FROM codes.redemption
            WHERE brand_id = \(brand)
            GROUP BY batch_id, code_index HAVING count(*) > 1 ORDER BY batch_id, code_index LIMIT 11)
            UNION ALL
            (SELECT 'codes.redeemed_were_issued', r.redemption_id::text
            FROM codes.redemption r
            LEFT JOIN codes.batch b ON b.brand_id = \(brand) AND b.batch_id = r.batch_id
            WHERE r.brand_id = \(brand) AND (b.count IS NULL OR r.code_index < 0 OR r.code_index >= b.count)
            ORDER BY r.redemption_id LIMIT 11)
            UNION ALL
            (SELECT 'codes.redeemed_were_active', r.redemption_id::text
            FROM codes.redemption r
            WHERE r.brand_id = \(brand) AND (
                NOT EXISTS (
                    SELECT FROM codes.code_range a
                    WHERE a.brand_id = \(brand) AND a.batch_id = r.batch_id AND a.kind = 'activate'
                        AND r.code_index >= a.from_index AND r.code_index < a.to_index
                        AND a.valid_from <= r.redeemed_at AND (a.valid_to > r.redeemed_at) IS NOT FALSE)
                OR EXISTS (
                    SELECT FROM codes.code_range v
                    WHERE v.brand_id = \(brand) AND v.batch_id = r.batch_id AND v.kind IN ('void', 'freeze')
                        AND r.code_index >= v.from_index AND r.code_index < v.to_index
                        AND greatest(v.valid_from, v.created_at) < r.redeemed_at - INTERVAL '1 minute'
                        AND (v.valid_to > r.redeemed_at) IS NOT FALSE))
            ORDER BY r.redemption_id LIMIT 11)
            UNION ALL
            (SELECT 'codes.nothing_is_redeemed_in_the_future', redemption_id::text FROM codes.redemption
            WHERE brand_id = \(brand) AND redeemed_at > \(now)::timestamptz + INTERVAL '1 minute'
            ORDER BY redemption_id LIMIT 11)
            """, row: BookInvariantStatements.broken)
    }

    private static func prizes(brand: ID<Brand>, now: Date) -> Statement<BrokenRow> {
        Statement(
            """
            (SELECT 'codes.no_more_prizes_than_there_are', w.batch_id || ' ' || w.tier
            FROM (
                SELECT batch_id, tier, count(*) AS won FROM codes.redemption
                WHERE brand_id = \(brand) AND tier IS NOT NULL GROUP BY batch_id, tier
            ) w
            LEFT JOIN codes.prize p ON p.brand_id = \(brand) AND p.batch_id = w.batch_id AND p.tier = w.tier
            WHERE w.won > COALESCE(p.count, 0)
            ORDER BY w.batch_id, w.tier LIMIT 11)
            UNION ALL
            (SELECT 'codes.what_was_won_is_owed', r.redemption_id::text
            FROM codes.redemption r
            JOIN codes.prize p ON p.brand_id = \(brand) AND p.batch_id = r.batch_id AND p.tier = r.tier
            WHERE r.brand_id = \(brand) AND p.cost_fen > 0 AND NOT EXISTS (
                SELECT FROM accounting.transfer t
                WHERE t.brand_id = \(brand) AND t.kind = 'prize.owed' AND t.subject_id = r.redemption_id
                    AND t.amount_fen = p.cost_fen)
            ORDER BY r.redemption_id LIMIT 11)
            UNION ALL
            (SELECT 'codes.imports_are_whole', i.import_id::text
            FROM codes.import i
            WHERE i.brand_id = \(brand) AND i.state = 'loaded' AND i.codes <> (
                SELECT count(*) FROM codes.imported_code c WHERE c.brand_id = \(brand) AND c.batch_id = i.batch_id)
            ORDER BY i.import_id LIMIT 11)
            """, row: BookInvariantStatements.broken)
    }

    private static func vouchers(brand: ID<Brand>, now: Date) -> Statement<BrokenRow> {
        Statement(
            """
            SELECT 'vouchers.are_handed_over_once', v.voucher_id::text
            FROM codes.voucher v
            LEFT JOIN (
                SELECT h.voucher_id, count(*) AS made, count(*) - count(b.handover_id) AS standing
                FROM codes.handover h
                LEFT JOIN codes.handover_reversal b ON b.brand_id = \(brand) AND b.handover_id = h.handover_id
                WHERE h.brand_id = \(brand)
                GROUP BY h.voucher_id
            ) h ON h.voucher_id = v.voucher_id
            WHERE v.brand_id = \(brand) AND (COALESCE(h.made, 0) <> v.handovers
                OR COALESCE(h.standing, 0) <> CASE WHEN v.state = 'handed_over' THEN 1 ELSE 0 END)
            ORDER BY v.voucher_id
            LIMIT 11
            """, row: BookInvariantStatements.broken)
    }

    private static func draws(brand: ID<Brand>, now: Date) -> Statement<BrokenRow> {
        Statement(
            """
            (SELECT 'draws.entries_follow_one_another', c.campaign_id::text
            FROM codes.campaign c
            LEFT JOIN (
                SELECT campaign_id, count(*) AS entries, max(ordinal) AS last FROM codes.draw_entry
                WHERE brand_id = \(brand) GROUP BY campaign_id
            ) e ON e.campaign_id = c.campaign_id
            WHERE c.brand_id = \(brand)
                AND (c.entries <> COALESCE(e.entries, 0) OR c.entries <> COALESCE(e.last + 1, 0))
            ORDER BY c.campaign_id LIMIT 11)
            UNION ALL
            (SELECT 'draws.no_more_prizes_than_in_stock', w.campaign_id || ' ' || w.tier
            FROM (
                SELECT campaign_id, tier, count(*) AS won FROM codes.draw_entry
                WHERE brand_id = \(brand) AND tier IS NOT NULL GROUP BY campaign_id, tier
            ) w
            LEFT JOIN codes.campaign_prize p
                ON p.brand_id = \(brand) AND p.campaign_id = w.campaign_id AND p.tier = w.tier
            WHERE w.won > COALESCE(p.stock, 0)
            ORDER BY w.campaign_id, w.tier LIMIT 11)
            """, row: BookInvariantStatements.broken)
    }
}
