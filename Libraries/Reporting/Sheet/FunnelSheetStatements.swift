import FoundationEssentials
import Kernel
import Postgres

/// The SQL of how far people go from seeing that they may give.
///
/// All of it runs in one snapshot and looks back from an instant.
enum FunnelSheetStatements {
    static func firstDay(brand: ID<Brand>, asOf: Date) -> Statement<CalendarDate?> {
        Statement(
            """
            SELECT (LEAST(
                (SELECT min(created_at) FROM gifting.gift WHERE brand_id = \(brand) AND created_at <= \(asOf)),
                (SELECT min(looked_at) FROM gifting.look WHERE brand_id = \(brand) AND looked_at <= \(asOf)))
                AT TIME ZONE 'Asia/Shanghai')::date
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    /// Counted four times in one pass: all together, by entry, by cohort and by day.
    ///
    /// Whoever began a gift was shown the entry, whether a look was kept or not; other looks count where nothing came of them. So each
    /// step is one of the step before. A cohort is the least share of `gift.rollout` that ever let its hundredth in.
    static func counts(
        _ range: DayRun, scope: ReportScope, brand: ID<Brand>, asOf: Date
    ) -> Statement<FunnelRow> {
        Statement(
            """
            WITH step AS (
                SELECT (value ->> 'share_ppm')::bigint AS share FROM policies.standard
                WHERE name = 'gift.rollout' AND valid_from <= \(asOf)
                UNION
                SELECT (value ->> 'share_ppm')::bigint FROM policies.setting
                WHERE brand_id = \(brand) AND name = 'gift.rollout' AND valid_from <= \(asOf)
            ), journey AS (
                SELECT g.entry_code, g.cohort, g.created_at AS began_at, true AS is_pick, LEAST(o.created_at, g.sent_at) AS paid_at,
                    g.sent_at, g.claimed_at, g.accepted_at,
                    (SELECT count(*) FROM gifting.look l
                        WHERE l.brand_id = g.brand_id AND l.person_id = g.sender_id AND l.entry_code IS NOT DISTINCT FROM g.entry_code
                            AND l.looked_at <= g.created_at AND l.looked_at > g.created_at - interval '1 day') AS looks
                FROM gifting.gift g
                LEFT JOIN orders.customer_order o ON o.brand_id = g.brand_id AND o.order_id = g.order_id
                WHERE g.brand_id = \(brand) AND g.created_at <= \(asOf)
                    AND g.created_at >= \(range.from)::timestamp AT TIME ZONE 'Asia/Shanghai'
                    AND g.created_at < (\(range.to) + 1)::timestamp AT TIME ZONE 'Asia/Shanghai'
                    AND (\(scope == .brand) OR g.shop_id = \(scope.id))
                UNION ALL
                SELECT l.entry_code, l.cohort, min(l.looked_at), false, NULL, NULL, NULL, NULL, NULL
                FROM gifting.look l
                WHERE l.brand_id = \(brand) AND l.looked_at <= \(asOf)
                    AND l.looked_at >= \(range.from)::timestamp AT TIME ZONE 'Asia/Shanghai'
                    AND l.looked_at < (\(range.to) + 1)::timestamp AT TIME ZONE 'Asia/Shanghai'
                    AND (\(scope == .brand) OR l.shop_id = \(scope.id))
                    AND NOT EXISTS (SELECT FROM gifting.gift g
                        WHERE g.brand_id = l.brand_id AND g.sender_id = l.person_id AND g.created_at >= l.looked_at
                            AND g.created_at < l.looked_at + interval '1 day' AND g.created_at <= \(asOf)
                            AND g.entry_code IS NOT DISTINCT FROM l.entry_code)
                GROUP BY l.entry_code, l.cohort, l.person_id, (l.looked_at AT TIME ZONE 'Asia/Shanghai')::date
            ), seen AS (
                SELECT COALESCE(j.entry_code, 'unknown') AS entry, (j.began_at AT TIME ZONE 'Asia/Shanghai')::date AS day,
                    COALESCE((SELECT min(s.share)::text FROM step s WHERE s.share > j.cohort * 10000::bigint), 'unknown') AS cohort,
                    j.is_pick, j.is_pick AND j.paid_at <= \(asOf) AS is_paid, j.is_pick AND j.sent_at <= \(asOf) AS is_sent,
                    j.claimed_at <= \(asOf) AS is_opened, j.accepted_at <= \(asOf) AS is_accepted, GREATEST(j.looks, 1) + 2 AS steps,
                    extract(epoch FROM j.paid_at - j.began_at) AS to_pay, extract(epoch FROM j.sent_at - j.paid_at) AS to_send,
                    extract(epoch FROM j.claimed_at - j.sent_at) AS to_open, extract(epoch FROM j.accepted_at - j.claimed_at) AS to_take
                FROM journey j
            )
            SELECT c.entry, e.title, c.cohort, c.day, c.viewed, c.picked, c.paid, c.sent, c.opened, c.accepted, c.steps, c.to_pay,
                c.to_send, c.to_open, c.to_take
            FROM (
                SELECT entry, cohort, day, count(*) AS viewed, count(*) FILTER (WHERE is_pick) AS picked,
                    count(*) FILTER (WHERE is_paid) AS paid, count(*) FILTER (WHERE is_sent) AS sent,
                    count(*) FILTER (WHERE is_opened) AS opened, count(*) FILTER (WHERE is_accepted) AS accepted,
                    round(percentile_cont(0.5) WITHIN GROUP (ORDER BY steps) FILTER (WHERE is_paid))::bigint AS steps,
                    round(percentile_cont(0.5) WITHIN GROUP (ORDER BY to_pay) FILTER (WHERE is_paid))::bigint AS to_pay,
                    round(percentile_cont(0.5) WITHIN GROUP (ORDER BY to_send) FILTER (WHERE is_sent))::bigint AS to_send,
                    round(percentile_cont(0.5) WITHIN GROUP (ORDER BY to_open) FILTER (WHERE is_opened))::bigint AS to_open,
                    round(percentile_cont(0.5) WITHIN GROUP (ORDER BY to_take) FILTER (WHERE is_accepted))::bigint AS to_take
                FROM seen
                GROUP BY GROUPING SETS ((), (entry), (cohort), (day))
            ) c
            LEFT JOIN gifting.entry e ON e.brand_id = \(brand) AND e.code = c.entry
            WHERE c.viewed > 0
            """
        ) { row throws(PostgresError) in
            let (entry, title): (String?, String?) = (try row.next(), try row.next())
            let (cohort, day): (String?, CalendarDate?) = (try row.next(), try row.next())
            var values: [SheetMetric: Int64] = [:]
            for metric in FunnelRow.metrics { values[metric] = try row.next(Int64?.self) }
            return FunnelRow(entry: entry, title: title, cohort: cohort, day: day, values: values)
        }
    }
}
