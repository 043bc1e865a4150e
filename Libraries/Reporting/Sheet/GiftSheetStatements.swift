import FoundationEssentials
import Kernel
import Postgres

/// The SQL of the report on gifts.
///
/// All of it runs in one snapshot and looks back from an instant: what a gift was then follows from the instants in its row.
enum GiftSheetStatements {
    static func firstDay(brand: ID<Brand>, asOf: Date) -> Statement<CalendarDate?> {
        Statement(
            """
            SELECT (min(sent_at) AT TIME ZONE 'Asia/Shanghai')::date
            FROM gifting.gift
            WHERE brand_id = \(brand) AND sent_at <= \(asOf)
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    /// Counted four times in one pass: all together, by day, by product and by entry.
    ///
    /// Each end is counted by itself, so that the sum says something. What a shop took back stays accepted, and its refund is none of an end. A refund counts from its posting on: it occurred, for the books
    /// of the orders, when its order was placed.
    static func counts(_ range: DayRun, scope: ReportScope, brand: ID<Brand>, asOf: Date) -> Statement<GiftCountRow> {
        Statement(
            """
            WITH gift AS (
                SELECT g.product_id, (g.sent_at AT TIME ZONE 'Asia/Shanghai')::date AS day, g.captured_price_fen * g.quantity AS price,
                    COALESCE(g.entry_code, 'unknown') AS entry,
                    g.claimed_at <= \(asOf) AS is_claimed,
                    g.state = 'accepted' AND g.ended_at <= \(asOf) AS is_accepted, g.withdrawn_at <= \(asOf) AS is_withdrawn,
                    g.state = 'declined' AND g.ended_at <= \(asOf) AS is_declined,
                    g.state = 'expired' AND g.ended_at <= \(asOf) AS is_expired,
                    g.ended_at IS NULL OR g.ended_at > \(asOf) AS is_open,
                    extract(epoch FROM g.accepted_at - g.sent_at) AS seconds,
                    EXISTS (SELECT FROM gifting.swap s
                        WHERE s.brand_id = g.brand_id AND s.gift_id = g.gift_id AND s.swapped_at <= \(asOf)) AS is_swapped,
                    g.state <> 'accepted' AND EXISTS (SELECT FROM accounting.transfer t
                        WHERE t.brand_id = g.brand_id AND t.kind = 'order.refunded' AND t.subject_id = COALESCE(g.refund_id,
                            (SELECT x.refund_id FROM gifting.gift_group x WHERE x.brand_id = g.brand_id AND x.group_id = g.group_id))
                            AND t.posted_at <= \(asOf)) AS is_refunded
                FROM gifting.gift g
                WHERE g.brand_id = \(brand) AND g.sent_at <= \(asOf)
                    AND g.sent_at >= \(range.from)::timestamp AT TIME ZONE 'Asia/Shanghai'
                    AND g.sent_at < (\(range.to) + 1)::timestamp AT TIME ZONE 'Asia/Shanghai'
                    AND (\(scope == .brand) OR g.shop_id = \(scope.id))
            ), counted AS (
                SELECT day, product_id, entry, count(*) AS sent, count(*) FILTER (WHERE is_claimed) AS claimed,
                    count(*) FILTER (WHERE is_accepted) AS accepted, count(*) FILTER (WHERE is_declined) AS declined,
                    count(*) FILTER (WHERE is_expired) AS expired, count(*) FILTER (WHERE is_open) AS open,
                    count(*) FILTER (WHERE is_swapped) AS swapped, count(*) FILTER (WHERE is_refunded) AS refunded,
                    sum(price)::bigint AS value, COALESCE(sum(price) FILTER (WHERE is_accepted), 0)::bigint AS accepted_value,
                    round(percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) FILTER (WHERE is_accepted))::bigint AS median,
                    count(*) FILTER (WHERE is_withdrawn) AS withdrawn
                FROM gift
                GROUP BY GROUPING SETS ((), (day), (product_id), (entry))
            )
            SELECT c.day, c.product_id, c.entry, COALESCE(p.title, e.title), c.sent, c.claimed, c.accepted, c.declined, c.expired, c.open, c.swapped, c.refunded,
                c.value, c.accepted_value, c.median, c.withdrawn
            FROM counted c
            LEFT JOIN orders.product p ON p.brand_id = \(brand) AND p.product_id = c.product_id
            LEFT JOIN gifting.entry e ON e.brand_id = \(brand) AND e.code = c.entry
            WHERE c.sent > 0
            """
        ) { row throws(PostgresError) in
            let (day, product): (CalendarDate?, ID<Product>?) = (try row.next(), try row.next())
            let entry: String? = try row.next()
            let title: String? = try row.next()
            var values: [SheetMetric: Int64] = [:]
            for metric in [
                SheetMetric.sent, .claimed, .accepted, .declined, .expired, .open, .swapped, .refunded, .value,
                .acceptedValue, .acceptMedian, .withdrawn,
            ] { values[metric] = try row.next(Int64?.self) }
            return GiftCountRow(day: day, product: product, entry: entry, title: title, values: values)
        }
    }

    /// The ends that were recorded, which is another table than the state of a gift.
    static func outcomes(_ range: DayRun, scope: ReportScope, brand: ID<Brand>, asOf: Date) -> Statement<Int64> {
        Statement(
            """
            SELECT count(*)
            FROM gifting.gift g
            JOIN gifting.outcome o ON o.brand_id = g.brand_id AND o.gift_id = g.gift_id
            WHERE g.brand_id = \(brand) AND o.outcome IN ('accepted', 'declined', 'expired') AND o.decided_at <= \(asOf)
                AND g.sent_at >= \(range.from)::timestamp AT TIME ZONE 'Asia/Shanghai'
                AND g.sent_at < (\(range.to) + 1)::timestamp AT TIME ZONE 'Asia/Shanghai'
                AND (\(scope == .brand) OR g.shop_id = \(scope.id))
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    /// What the ledger says that shops earned by these gifts.
    static func earned(_ range: DayRun, scope: ReportScope, brand: ID<Brand>, asOf: Date) -> Statement<Int64> {
        Statement(
            """
            SELECT COALESCE(sum(t.amount_fen), 0)::bigint
            FROM gifting.gift g
            JOIN accounting.transfer t ON t.brand_id = g.brand_id AND t.kind = 'gift.accepted' AND t.subject_id = g.gift_id
            WHERE g.brand_id = \(brand) AND t.occurred_at <= \(asOf)
                AND g.sent_at >= \(range.from)::timestamp AT TIME ZONE 'Asia/Shanghai'
                AND g.sent_at < (\(range.to) + 1)::timestamp AT TIME ZONE 'Asia/Shanghai'
                AND (\(scope == .brand) OR g.shop_id = \(scope.id))
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    static func repeatGivers(_ range: DayRun, scope: ReportScope, brand: ID<Brand>, asOf: Date) -> Statement<Int64> {
        Statement(
            """
            SELECT count(*)
            FROM (
                SELECT g.sender_id
                FROM gifting.gift g
                WHERE g.brand_id = \(brand) AND g.sent_at <= \(asOf)
                    AND g.sent_at >= \(range.from)::timestamp AT TIME ZONE 'Asia/Shanghai'
                    AND g.sent_at < (\(range.to) + 1)::timestamp AT TIME ZONE 'Asia/Shanghai'
                    AND (\(scope == .brand) OR g.shop_id = \(scope.id))
                GROUP BY g.sender_id
                HAVING count(*) > 1
            ) giver
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    /// Recipients who placed an order of their own after they were sent a gift, each once, for whatever shop of the brand.
    static func laterBuyers(_ range: DayRun, scope: ReportScope, brand: ID<Brand>, asOf: Date) -> Statement<Int64> {
        Statement(
            """
            SELECT count(DISTINCT g.recipient_id)
            FROM gifting.gift g
            WHERE g.brand_id = \(brand) AND g.sent_at <= \(asOf)
                AND g.sent_at >= \(range.from)::timestamp AT TIME ZONE 'Asia/Shanghai'
                AND g.sent_at < (\(range.to) + 1)::timestamp AT TIME ZONE 'Asia/Shanghai'
                AND (\(scope == .brand) OR g.shop_id = \(scope.id))
                AND EXISTS (SELECT FROM orders.customer_order o
                    WHERE o.brand_id = g.brand_id AND o.person_id = g.recipient_id AND o.placed_at > g.sent_at
                        AND o.placed_at <= \(asOf) AND (o.status <> 'cancelled' OR o.changed_at > \(asOf)))
            """
        ) { row throws(PostgresError) in try row.next() }
    }
}
