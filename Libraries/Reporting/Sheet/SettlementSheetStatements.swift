import FoundationEssentials
import Kernel
import Postgres

/// The SQL of the settlement with stores.
///
/// All of it runs in one snapshot and looks back from an instant.
enum SettlementSheetStatements {
    static func firstDay(brand: ID<Brand>, asOf: Date) -> Statement<CalendarDate?> {
        Statement(
            """
            SELECT (min(handed_over_at) AT TIME ZONE 'Asia/Shanghai')::date
            FROM codes.handover
            WHERE brand_id = \(brand) AND handed_over_at <= \(asOf)
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    /// What stores handed over and took back: all of it, by store, and by day.
    ///
    /// A reversal counts on its own day, so that a settled day stays as it was.
    static func lines(
        _ range: DayRun, scope: ReportScope, brand: ID<Brand>, asOf: Date
    ) -> Statement<SettlementRow> {
        Statement(
            """
            SELECT s.shop_id, s.name, l.day, count(*) FILTER (WHERE l.is_handover),
                COALESCE(sum(l.cost_fen) FILTER (WHERE l.is_handover), 0)::bigint, count(*) FILTER (WHERE NOT l.is_handover),
                COALESCE(-sum(l.cost_fen) FILTER (WHERE NOT l.is_handover), 0)::bigint
            FROM (
                SELECT h.shop_id, (h.handed_over_at AT TIME ZONE 'Asia/Shanghai')::date AS day, true AS is_handover, h.cost_fen
                FROM codes.handover h
                WHERE h.brand_id = \(brand) AND h.handed_over_at <= \(asOf)
                    AND h.handed_over_at >= \(range.from)::timestamp AT TIME ZONE 'Asia/Shanghai'
                    AND h.handed_over_at < (\(range.to) + 1)::timestamp AT TIME ZONE 'Asia/Shanghai'
                    AND (\(scope == .brand) OR h.shop_id = \(scope.id))
                UNION ALL
                SELECT r.shop_id, (r.reversed_at AT TIME ZONE 'Asia/Shanghai')::date, false, r.cost_fen
                FROM codes.handover_reversal r
                WHERE r.brand_id = \(brand) AND r.reversed_at <= \(asOf)
                    AND r.reversed_at >= \(range.from)::timestamp AT TIME ZONE 'Asia/Shanghai'
                    AND r.reversed_at < (\(range.to) + 1)::timestamp AT TIME ZONE 'Asia/Shanghai'
                    AND (\(scope == .brand) OR r.shop_id = \(scope.id))
            ) l
            JOIN orders.shop s ON s.brand_id = \(brand) AND s.shop_id = l.shop_id
            GROUP BY GROUPING SETS ((s.shop_id, s.name), (l.day), ())
            ORDER BY s.name, s.shop_id, l.day
            """
        ) { row throws(PostgresError) in
            SettlementRow(
                shop: try row.next(ID<Shop>?.self), name: try row.next(String?.self),
                day: try row.next(CalendarDate?.self),
                values: [
                    .handedOver: try row.next(), .handedOverValue: try row.next(), .reversed: try row.next(),
                    .reversedValue: try row.next(),
                ])
        }
    }

    /// What the ledger says that the stores' accounts moved by, for handovers and their reversals.
    static func due(
        _ range: DayRun, scope: ReportScope, brand: ID<Brand>, asOf: Date
    ) -> Statement<Int64> {
        Statement(
            """
            SELECT COALESCE(sum(CASE WHEN t.credit_account_id = a.account_id THEN t.amount_fen ELSE -t.amount_fen END), 0)::bigint
            FROM accounting.transfer t
            JOIN accounting.account a ON a.brand_id = t.brand_id AND a.kind = 'store_due' AND a.account_id
                = CASE t.kind WHEN 'prize.handed_over' THEN t.credit_account_id ELSE t.debit_account_id END
            WHERE t.brand_id = \(brand) AND t.kind IN ('prize.handed_over', 'prize.handover_reversed')
                AND t.occurred_at <= \(asOf) AND t.occurred_at >= \(range.from)::timestamp AT TIME ZONE 'Asia/Shanghai'
                AND t.occurred_at < (\(range.to) + 1)::timestamp AT TIME ZONE 'Asia/Shanghai'
                AND (\(scope == .brand) OR a.subject_id = \(scope.id))
            """
        ) { row throws(PostgresError) in try row.next() }
    }
}
