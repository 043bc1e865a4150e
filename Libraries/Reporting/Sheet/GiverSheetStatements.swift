import FoundationEssentials
import Kernel
import Postgres

/// The SQL of who gives how much.
enum GiverSheetStatements {
    /// All givers and those of each segment: by what they gave in the range, those who gave most first.
    ///
    /// Where a share of the givers is no whole number, the segment has one more. Equal givers are told apart by their ids, so that each
    /// question has one answer.
    static func segments(
        _ range: DayRun, scope: ReportScope, brand: ID<Brand>, asOf: Date
    ) -> Statement<GiverRow> {
        Statement(
            """
            WITH share AS (
                SELECT (s.value ->> 'top_ppm')::bigint AS top, (s.value ->> 'high_ppm')::bigint AS high
                FROM (
                    SELECT value, valid_from, 1 AS rank FROM policies.setting
                    WHERE brand_id = \(brand) AND name = 'gift.segments' AND valid_from <= \(asOf)
                    UNION ALL
                    SELECT value, valid_from, 2 FROM policies.standard WHERE name = 'gift.segments' AND valid_from <= \(asOf)
                    ORDER BY rank, valid_from DESC
                    LIMIT 1
                ) s
            ), giver AS (
                SELECT g.sender_id, count(*) AS sent, count(DISTINCT g.order_id) AS orders,
                    sum(g.captured_price_fen * g.quantity)::bigint AS value
                FROM gifting.gift g
                WHERE g.brand_id = \(brand) AND g.sent_at <= \(asOf)
                    AND g.sent_at >= \(range.from)::timestamp AT TIME ZONE 'Asia/Shanghai'
                    AND g.sent_at < (\(range.to) + 1)::timestamp AT TIME ZONE 'Asia/Shanghai'
                    AND (\(scope == .brand) OR g.shop_id = \(scope.id))
                GROUP BY g.sender_id
            ), placed AS (
                SELECT sent, orders, value, row_number() OVER (ORDER BY value DESC, sender_id) AS place, count(*) OVER () AS people
                FROM giver
            ), parted AS (
                SELECT p.sent, p.orders, p.value, CASE
                    WHEN p.place <= (p.people * s.top + 999999) / 1000000 THEN 'top'
                    WHEN p.place <= (p.people * s.high + 999999) / 1000000 THEN 'high'
                    ELSE 'mass' END AS segment
                FROM placed p
                CROSS JOIN share s
            )
            SELECT segment, count(*), sum(orders)::bigint, sum(sent)::bigint, sum(value)::bigint, min(value)
            FROM parted
            GROUP BY GROUPING SETS ((), (segment))
            HAVING count(*) > 0
            """
        ) { row throws(PostgresError) in
            let segment: String? = try row.next()
            var values: [SheetMetric: Int64] = [:]
            for metric in [SheetMetric.givers, .giftOrders, .sent, .value, .leastGiven] {
                values[metric] = try row.next(Int64.self)
            }
            return GiverRow(segment: segment, values: values)
        }
    }

    /// The people themselves, each once.
    static func givers(_ range: DayRun, scope: ReportScope, brand: ID<Brand>, asOf: Date) -> Statement<Int64> {
        Statement(
            """
            SELECT count(DISTINCT g.sender_id)
            FROM gifting.gift g
            WHERE g.brand_id = \(brand) AND g.sent_at <= \(asOf)
                AND g.sent_at >= \(range.from)::timestamp AT TIME ZONE 'Asia/Shanghai'
                AND g.sent_at < (\(range.to) + 1)::timestamp AT TIME ZONE 'Asia/Shanghai'
                AND (\(scope == .brand) OR g.shop_id = \(scope.id))
            """
        ) { row throws(PostgresError) in try row.next() }
    }
}
