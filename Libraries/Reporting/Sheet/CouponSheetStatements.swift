import FoundationEssentials
import Kernel
import Postgres

/// The SQL of figures on coupons.
enum CouponSheetStatements {
    /// How many coupons the books have granted, by the batch or the draw.
    static func issued(brand: ID<Brand>, asOf: Date) -> Statement<(origin: UUID, count: Int64)> {
        Statement(
            """
            SELECT a.subject_id, count(*)
            FROM accounting.transfer t
            JOIN accounting.account a ON a.brand_id = t.brand_id AND a.account_id = t.credit_account_id
            WHERE t.brand_id = \(brand) AND t.kind = 'coupon.granted' AND t.occurred_at <= \(asOf)
            GROUP BY a.subject_id
            """
        ) { row throws(PostgresError) in (origin: try row.next(), count: try row.next()) }
    }

    /// What became of coupons by the instant that is looked back from.
    static func fates(brand: ID<Brand>, asOf: Date) -> Statement<CouponFatesRow> {
        Statement(
            """
            SELECT c.origin_id, count(*) FILTER (WHERE c.is_used), count(*) FILTER (WHERE NOT c.is_used AND NOT c.is_over),
                count(*) FILTER (WHERE NOT c.is_used AND c.is_over)
            FROM (
                SELECT origin_id, state = 'expired' AND updated_at <= \(asOf) AS is_over, EXISTS (
                    SELECT FROM promotions.coupon_use u
                    WHERE u.brand_id = p.brand_id AND u.coupon_id = p.coupon_id AND u.used_at <= \(asOf)
                        AND (u.given_back_at IS NULL OR u.given_back_at > \(asOf))) AS is_used
                FROM promotions.coupon p
                WHERE p.brand_id = \(brand) AND p.granted_at <= \(asOf)
            ) c
            GROUP BY c.origin_id
            """
        ) { row throws(PostgresError) in
            CouponFatesRow(
                origin: try row.next(), used: try row.next(), open: try row.next(), expired: try row.next())
        }
    }
}
