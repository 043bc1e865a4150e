import FoundationEssentials
import Kernel
import Postgres

/// The SQL of what was given and what went back.
///
/// All of it runs in one snapshot and looks back from an instant. A gift that was won in a group is worth its pieces, and goes back with the
/// group's refund.
enum ReturnsSheetStatements {
    /// What was sent in a range, and what of it was kept, given up or is open: all together and by day.
    static func sent(
        _ range: DayRun, scope: ReportScope, brand: ID<Brand>, asOf: Date
    ) -> Statement<ReturnsRow> {
        Statement(
            """
            WITH gift AS (
                SELECT g.gift_id, (g.sent_at AT TIME ZONE 'Asia/Shanghai')::date AS day, g.captured_price_fen * g.quantity AS value,
                    CASE
                        WHEN g.ended_at IS NULL OR g.ended_at > \(asOf) THEN 'open'
                        WHEN g.state <> 'accepted' THEN g.state
                        WHEN g.withdrawn_at <= \(asOf) THEN 'withdrawn'
                        ELSE 'kept' END AS fate,
                    CASE
                        WHEN g.group_id IS NULL THEN
                            (SELECT COALESCE(sum(t.amount_fen), 0) FROM orders.refund r
                            JOIN accounting.transfer t ON t.brand_id = r.brand_id AND t.kind = 'order.refunded'
                                AND t.subject_id = r.refund_id AND t.posted_at <= \(asOf)
                            WHERE r.brand_id = g.brand_id AND r.payment_id = g.payment_id)
                        WHEN (g.state IN ('declined', 'expired') OR g.withdrawn_at IS NOT NULL)
                            AND EXISTS (SELECT FROM orders.refund r
                                JOIN accounting.transfer t ON t.brand_id = r.brand_id AND t.kind = 'order.refunded'
                                    AND t.subject_id = r.refund_id AND t.posted_at <= \(asOf)
                                WHERE r.brand_id = g.brand_id AND r.payment_id = g.payment_id AND r.cause_id = CASE
                                    WHEN g.withdrawn_at > (SELECT x.ended_at FROM gifting.gift_group x
                                        WHERE x.brand_id = g.brand_id AND x.group_id = g.group_id) THEN g.gift_id
                                    ELSE g.group_id END)
                            THEN g.captured_price_fen * g.quantity
                        ELSE 0 END AS back
                FROM gifting.gift g
                WHERE g.brand_id = \(brand) AND g.sent_at <= \(asOf)
                    AND g.sent_at >= \(range.from)::timestamp AT TIME ZONE 'Asia/Shanghai'
                    AND g.sent_at < (\(range.to) + 1)::timestamp AT TIME ZONE 'Asia/Shanghai'
                    AND (\(scope == .brand) OR g.shop_id = \(scope.id))
            )
            SELECT day, count(*), sum(value)::bigint, count(*) FILTER (WHERE fate = 'kept'), count(*) FILTER (WHERE fate = 'declined'),
                count(*) FILTER (WHERE fate = 'expired'), count(*) FILTER (WHERE fate = 'withdrawn'),
                count(*) FILTER (WHERE fate = 'open'), count(*) FILTER (WHERE back > 0), COALESCE(sum(back), 0)::bigint,
                COALESCE(sum(value) FILTER (WHERE fate = 'kept'), 0)::bigint,
                COALESCE(sum(value) FILTER (WHERE fate IN ('declined', 'expired', 'withdrawn')), 0)::bigint,
                COALESCE(sum(value) FILTER (WHERE fate = 'open'), 0)::bigint
            FROM gift
            GROUP BY GROUPING SETS ((), (day))
            HAVING count(*) > 0
            ORDER BY day NULLS FIRST
            """
        ) { row throws(PostgresError) in
            let day: CalendarDate? = try row.next()
            var values: [SheetMetric: Int64] = [:]
            for metric in ReturnsRow.sentMetrics { values[metric] = try row.next(Int64.self) }
            let fates = (kept: try row.next(Int64.self), gone: try row.next(Int64.self), open: try row.next(Int64.self))
            return ReturnsRow(day: day, values: values, worth: fates.kept + fates.gone + fates.open)
        }
    }

    /// What went back on the days of a range, as the books have it, whenever it was sent; of a group, what was sent of it.
    static func refunded(
        _ range: DayRun, scope: ReportScope, brand: ID<Brand>, asOf: Date
    ) -> Statement<(day: CalendarDate, amount: Int64)> {
        Statement(
            """
            SELECT (t.posted_at AT TIME ZONE 'Asia/Shanghai')::date AS day, sum(t.amount_fen - \(unsafeRaw: unwon))::bigint
            FROM accounting.transfer t
            JOIN orders.refund r ON r.brand_id = t.brand_id AND r.refund_id = t.subject_id AND r.subject LIKE 'gift:%'
            JOIN orders.payment_intent i ON i.brand_id = r.brand_id AND i.intent_id = r.payment_id
            LEFT JOIN gifting.gift_group x ON x.brand_id = r.brand_id AND x.group_id = r.cause_id
            WHERE t.brand_id = \(brand) AND t.kind = 'order.refunded' AND t.posted_at <= \(asOf)
                AND t.posted_at >= \(range.from)::timestamp AT TIME ZONE 'Asia/Shanghai'
                AND t.posted_at < (\(range.to) + 1)::timestamp AT TIME ZONE 'Asia/Shanghai'
                AND (\(scope == .brand) OR i.shop_id = \(scope.id))
            GROUP BY 1
            ORDER BY 1
            """
        ) { row throws(PostgresError) in (day: try row.next(), amount: try row.next()) }
    }

    /// What WeChat Pay paid out for gifts that were sent in a range: another table than the ledger.
    static func paidOut(_ range: DayRun, scope: ReportScope, brand: ID<Brand>, asOf: Date) -> Statement<Int64> {
        Statement(
            """
            SELECT COALESCE(sum(r.amount_fen - \(unsafeRaw: unwon)), 0)::bigint
            FROM (
                SELECT DISTINCT g.payment_id
                FROM gifting.gift g
                WHERE g.brand_id = \(brand) AND g.sent_at <= \(asOf)
                    AND g.sent_at >= \(range.from)::timestamp AT TIME ZONE 'Asia/Shanghai'
                    AND g.sent_at < (\(range.to) + 1)::timestamp AT TIME ZONE 'Asia/Shanghai'
                    AND (\(scope == .brand) OR g.shop_id = \(scope.id))
            ) p
            JOIN orders.refund r ON r.brand_id = \(brand) AND r.payment_id = p.payment_id AND r.state = 'succeeded'
                AND r.finished_at <= \(asOf)
            LEFT JOIN gifting.gift_group x ON x.brand_id = r.brand_id AND x.group_id = r.cause_id
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    /// What of a group's refund `x` was never sent to anybody: pieces that nobody won.
    private static let unwon = """
        COALESCE(x.captured_price_fen * (x.units - (SELECT COALESCE(sum(w.units), 0) FROM gifting.group_win w
            WHERE w.brand_id = x.brand_id AND w.group_id = x.group_id)), 0)
        """
}
