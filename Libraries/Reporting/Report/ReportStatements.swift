import FoundationEssentials
import Kernel
import Postgres

/// The SQL that a report reads with.
///
/// All of it runs in one snapshot.
enum ReportStatements {
    static var readClock: Statement<(now: Date, today: CalendarDate)> {
        Statement("SELECT siyu.clock(), (siyu.clock() AT TIME ZONE 'Asia/Shanghai')::date") {
            row throws(PostgresError) in
            (now: try row.next(), today: try row.next())
        }
    }

    static func brand(_ brand: ID<Brand>) -> Statement<(name: String, rolledAt: Date?)> {
        Statement(
            """
            SELECT b.name, r.rolled_at
            FROM siyu.brand b
            LEFT JOIN reporting.rollup r ON r.brand_id = b.brand_id
            WHERE b.brand_id = \(brand)
            """
        ) { row throws(PostgresError) in (name: try row.next(), rolledAt: try row.next()) }
    }

    static func shops(of brand: ID<Brand>) -> Statement<ReportShop> {
        Statement(
            """
            SELECT shop_id, code, name
            FROM orders.shop
            WHERE brand_id = \(brand)
            ORDER BY code
            """
        ) { row throws(PostgresError) in ReportShop(id: try row.next(), code: try row.next(), name: try row.next()) }
    }

    /// The first and the last day with an order, by two probes of the primary key.
    static func span(scope: ReportScope, brand: ID<Brand>) -> Statement<(first: CalendarDate?, last: CalendarDate?)> {
        Statement(
            """
            SELECT min(starts_on), max(starts_on)
            FROM reporting.period_figure
            WHERE brand_id = \(brand) AND scope_id = \(scope.id) AND grain = 'day'
            """
        ) { row throws(PostgresError) in (first: try row.next(), last: try row.next()) }
    }

    static func pendingDays(_ range: DayRun, brand: ID<Brand>) -> Statement<Int> {
        Statement(
            """
            SELECT count(DISTINCT day)
            FROM reporting.dirty_day
            WHERE brand_id = \(brand) AND day BETWEEN \(range.from) AND \(range.to)
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    /// Stored periods, ready to be read.
    static func periods(
        _ range: DayRun, grain: Grain, scope: ReportScope, brand: ID<Brand>
    ) -> Statement<(startsOn: CalendarDate, figures: Figures)> {
        Statement(
            """
            SELECT starts_on, gmv_fen, orders, zero_orders, payers, new_members, returning_members, single_members, repeat_members
            FROM reporting.period_figure
            WHERE brand_id = \(brand) AND scope_id = \(scope.id) AND grain = \(grain)
                AND starts_on BETWEEN \(range.from) AND \(range.to)
            """
        ) { row throws(PostgresError) in (startsOn: try row.next(), figures: try figures(&row)) }
    }

    /// Any stretch of days, counted from the members' days: one index-only scan, neither sorted nor made distinct,
    /// because a member's first row in the stretch has `prev_day` before it or none, and the last row `next_day` after
    /// it or none.
    static func stretch(_ range: DayRun, scope: ReportScope, brand: ID<Brand>) -> Statement<Figures> {
        Statement(
            """
            SELECT COALESCE(sum(gmv_fen), 0)::bigint, COALESCE(sum(orders), 0), COALESCE(sum(zero_orders), 0),
                count(*) FILTER (WHERE next_day IS NULL OR next_day > \(range.to)),
                count(*) FILTER (WHERE prev_day IS NULL),
                count(*) FILTER (WHERE prev_day < \(range.from)),
                count(*) FILTER (WHERE orders = 1 AND (prev_day IS NULL OR prev_day < \(range.from))
                    AND (next_day IS NULL OR next_day > \(range.to))),
                count(*) FILTER (WHERE (orders > 1 OR prev_day >= \(range.from))
                    AND (next_day IS NULL OR next_day > \(range.to)))
            FROM reporting.member_day
            WHERE brand_id = \(brand) AND scope_id = \(scope.id) AND day BETWEEN \(range.from) AND \(range.to)
            """
        ) { row throws(PostgresError) in try figures(&row) }
    }

    /// As ``stretch``, for each shop of the brand.
    static func shopStretches(_ range: DayRun, brand: ID<Brand>) -> Statement<(shop: ID<Shop>, figures: Figures)> {
        Statement(
            """
            SELECT s.shop_id, f.gmv_fen, f.orders, f.zero_orders, f.payers, f.new_members, f.returning_members, f.single_members,
                f.repeat_members
            FROM orders.shop s
            CROSS JOIN LATERAL (
                SELECT COALESCE(sum(m.gmv_fen), 0)::bigint AS gmv_fen,
                    COALESCE(sum(m.orders), 0) AS orders,
                    COALESCE(sum(m.zero_orders), 0) AS zero_orders,
                    count(*) FILTER (WHERE m.next_day IS NULL OR m.next_day > \(range.to)) AS payers,
                    count(*) FILTER (WHERE m.prev_day IS NULL) AS new_members,
                    count(*) FILTER (WHERE m.prev_day < \(range.from)) AS returning_members,
                    count(*) FILTER (WHERE m.orders = 1 AND (m.prev_day IS NULL OR m.prev_day < \(range.from))
                        AND (m.next_day IS NULL OR m.next_day > \(range.to))) AS single_members,
                    count(*) FILTER (WHERE (m.orders > 1 OR m.prev_day >= \(range.from))
                        AND (m.next_day IS NULL OR m.next_day > \(range.to))) AS repeat_members
                FROM reporting.member_day m
                WHERE m.brand_id = \(brand) AND m.scope_id = s.shop_id AND m.day BETWEEN \(range.from) AND \(range.to)
            ) f
            WHERE s.brand_id = \(brand)
            """
        ) { row throws(PostgresError) in (shop: try row.next(), figures: try figures(&row)) }
    }

    /// What the ledger itself says, by shop and day, read live: a control figure that is rolled up together with what
    /// it controls would hide exactly the posting that nobody announced.
    ///
    /// Money of an order enters and leaves through its shop's clearing account, whatever stands at the other end (sales, or the
    /// escrow of a gift).
    ///
    /// One range of an index.
    static func ledger(_ range: DayRun, scope: ReportScope, brand: ID<Brand>) -> Statement<ReportRows.LedgerRow> {
        Statement(
            """
            SELECT a.subject_id, l.day, sum(l.amount_fen)::bigint, sum(l.payments)::bigint
            FROM (
                SELECT (t.occurred_at AT TIME ZONE 'Asia/Shanghai')::date AS day,
                    CASE WHEN t.kind = 'order.paid' THEN t.debit_account_id ELSE t.credit_account_id END AS account_id,
                    sum(CASE WHEN t.kind = 'order.paid' THEN t.amount_fen ELSE -t.amount_fen END) AS amount_fen,
                    sum(CASE WHEN t.kind = 'order.paid' THEN 1 ELSE -1 END) AS payments
                FROM accounting.transfer t
                WHERE t.brand_id = \(brand) AND t.kind IN ('order.paid', 'order.reversed', 'order.refunded')
                    AND t.occurred_at >= \(range.from)::timestamp AT TIME ZONE 'Asia/Shanghai'
                    AND t.occurred_at < (\(range.to) + 1)::timestamp AT TIME ZONE 'Asia/Shanghai'
                GROUP BY 1, 2
            ) l
            JOIN accounting.account a ON a.account_id = l.account_id
            WHERE a.brand_id = \(brand) AND (\(scope == .brand) OR a.subject_id = \(scope.id))
            GROUP BY a.subject_id, l.day
            """
        ) { row throws(PostgresError) in
            ReportRows.LedgerRow(
                shop: try row.next(), day: try row.next(),
                sum: LedgerSum(amount: try row.next(), payments: try row.next()))
        }
    }

    /// A digest over the days' digests.
    static func inputHash(_ range: DayRun, scope: ReportScope, brand: ID<Brand>) -> Statement<String> {
        Statement(
            """
            SELECT encode(sha256(convert_to(COALESCE(string_agg(starts_on || ' ' || input_hash, ',' ORDER BY starts_on), ''), 'UTF8')), 'hex')
            FROM reporting.period_figure
            WHERE brand_id = \(brand) AND scope_id = \(scope.id) AND grain = 'day'
                AND starts_on BETWEEN \(range.from) AND \(range.to)
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    @Sendable
    private static func figures(_ row: inout RowReader) throws(PostgresError) -> Figures {
        Figures(
            gmv: try row.next(), orders: try row.next(), zeroOrders: try row.next(), payers: try row.next(),
            newMembers: try row.next(), returningMembers: try row.next(), singleMembers: try row.next(),
            repeatMembers: try row.next())
    }
}
