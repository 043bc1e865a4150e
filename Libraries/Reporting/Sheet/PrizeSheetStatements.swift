import FoundationEssentials
import Kernel
import Postgres

/// The SQL of the report on prizes.
///
/// All of it runs in one snapshot and looks back from an instant.
enum PrizeSheetStatements {
    /// Every batch with its codes; void ranges that count at the same instant never overlap.
    static func batches(scope: ReportScope, brand: ID<Brand>, asOf: Date) -> Statement<PrizeBatchRow> {
        Statement(
            """
            SELECT b.batch_id, b.label, p.product_id, p.title, b.count,
                (SELECT count(*) FROM codes.redemption r
                    WHERE r.brand_id = b.brand_id AND r.batch_id = b.batch_id AND r.redeemed_at <= \(asOf)),
                COALESCE((SELECT sum(v.to_index - v.from_index - (SELECT count(*) FROM codes.redemption r
                        WHERE r.brand_id = v.brand_id AND r.batch_id = v.batch_id AND r.code_index >= v.from_index
                            AND r.code_index < v.to_index AND r.redeemed_at <= \(asOf)))
                    FROM codes.code_range v
                    WHERE v.brand_id = b.brand_id AND v.batch_id = b.batch_id AND v.kind = 'void' AND v.valid_from <= \(asOf)
                        AND (v.valid_to IS NULL OR v.valid_to > \(asOf))), 0)::bigint
            FROM codes.batch b
            LEFT JOIN orders.product p ON p.brand_id = b.brand_id AND p.product_id = b.product_id
            WHERE b.brand_id = \(brand) AND b.created_at <= \(asOf) AND (\(scope == .brand) OR b.shop_id = \(scope.id))
            ORDER BY b.created_at DESC, b.batch_id
            """
        ) { row throws(PostgresError) in
            let (id, label): (ID<CodeBatch>, String) = (try row.next(), try row.next())
            let (product, title): (ID<Product>?, String?) = (try row.next(), try row.next())
            return PrizeBatchRow(
                id: id, label: label, product: product.map { ($0, title ?? "") }, codes: try row.next(),
                redeemed: try row.next(), voided: try row.next())
        }
    }

    static func tiers(scope: ReportScope, brand: ID<Brand>, asOf: Date) -> Statement<PrizeTierRow> {
        Statement(
            """
            SELECT t.batch_id, t.count, t.cost_fen,
                (SELECT count(*) FROM codes.redemption r
                    WHERE r.brand_id = t.brand_id AND r.batch_id = t.batch_id AND r.tier = t.tier AND r.redeemed_at <= \(asOf))
            FROM codes.batch b
            JOIN codes.prize t ON t.brand_id = b.brand_id AND t.batch_id = b.batch_id
            WHERE b.brand_id = \(brand) AND b.created_at <= \(asOf) AND (\(scope == .brand) OR b.shop_id = \(scope.id))
            """
        ) { row throws(PostgresError) in
            PrizeTierRow(batch: try row.next(), count: try row.next(), costFen: try row.next(), won: try row.next())
        }
    }

    /// What became of things that were won: handed over and not taken back, or over, by the instant that is looked back from.
    static func fates(scope: ReportScope, brand: ID<Brand>, asOf: Date) -> Statement<PrizeFateRow> {
        Statement(
            """
            SELECT v.batch_id,
                count(*) FILTER (WHERE EXISTS (
                    SELECT FROM codes.handover h
                    WHERE h.brand_id = v.brand_id AND h.voucher_id = v.voucher_id AND h.handed_over_at <= \(asOf)
                        AND NOT EXISTS (SELECT FROM codes.handover_reversal r
                            WHERE r.brand_id = h.brand_id AND r.handover_id = h.handover_id AND r.reversed_at <= \(asOf)))),
                count(*) FILTER (WHERE v.state = 'expired' AND v.updated_at <= \(asOf))
            FROM codes.voucher v
            JOIN codes.batch b ON b.brand_id = v.brand_id AND b.batch_id = v.batch_id
            WHERE v.brand_id = \(brand) AND v.issued_at <= \(asOf) AND (\(scope == .brand) OR b.shop_id = \(scope.id))
            GROUP BY v.batch_id
            """
        ) { row throws(PostgresError) in
            PrizeFateRow(batch: try row.next(), claimed: try row.next(), expired: try row.next())
        }
    }

    /// What the ledger says that was owed for prizes of these batches.
    static func owed(scope: ReportScope, brand: ID<Brand>, asOf: Date) -> Statement<Int64> {
        Statement(
            """
            SELECT COALESCE(sum(t.amount_fen), 0)::bigint
            FROM accounting.transfer t
            JOIN accounting.account a ON a.brand_id = t.brand_id AND a.account_id = t.debit_account_id
            JOIN codes.batch b ON b.brand_id = a.brand_id AND b.batch_id = a.subject_id
            WHERE t.brand_id = \(brand) AND t.kind = 'prize.owed' AND t.occurred_at <= \(asOf)
                AND (\(scope == .brand) OR b.shop_id = \(scope.id))
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    static func firstDay(brand: ID<Brand>, asOf: Date) -> Statement<CalendarDate?> {
        Statement(
            """
            SELECT (min(redeemed_at) AT TIME ZONE 'Asia/Shanghai')::date
            FROM codes.redemption
            WHERE brand_id = \(brand) AND redeemed_at <= \(asOf)
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    static func days(
        _ range: DayRun, scope: ReportScope, brand: ID<Brand>, asOf: Date
    ) -> Statement<(day: CalendarDate, redeemed: Int64, won: Int64)> {
        Statement(
            """
            SELECT (r.redeemed_at AT TIME ZONE 'Asia/Shanghai')::date, count(*), count(r.tier)
            FROM codes.redemption r
            JOIN codes.batch b ON b.brand_id = r.brand_id AND b.batch_id = r.batch_id
            WHERE r.brand_id = \(brand) AND r.redeemed_at <= \(asOf)
                AND r.redeemed_at >= \(range.from)::timestamp AT TIME ZONE 'Asia/Shanghai'
                AND r.redeemed_at < (\(range.to) + 1)::timestamp AT TIME ZONE 'Asia/Shanghai'
                AND (\(scope == .brand) OR b.shop_id = \(scope.id))
            GROUP BY 1
            ORDER BY 1
            """
        ) { row throws(PostgresError) in (day: try row.next(), redeemed: try row.next(), won: try row.next()) }
    }
}
