import FoundationEssentials
import Kernel
import Postgres

/// The SQL of the report on draws.
///
/// All of it runs in one snapshot and looks back from an instant.
enum DrawSheetStatements {
    static func campaigns(
        brand: ID<Brand>, asOf: Date
    ) -> Statement<(id: ID<Campaign>, code: String, name: String)> {
        Statement(
            """
            SELECT campaign_id, code, name
            FROM codes.campaign
            WHERE brand_id = \(brand) AND published_at <= \(asOf)
            ORDER BY starts_at DESC, code
            """
        ) { row throws(PostgresError) in (id: try row.next(), code: try row.next(), name: try row.next()) }
    }

    /// Every tier with what was won of it, and what the books have left.
    ///
    /// Its stock's account and those of its days count together, so that what moves between them does not. What went back when the draw was
    /// over was not won.
    static func tiers(brand: ID<Brand>, asOf: Date) -> Statement<DrawTierRow> {
        Statement(
            """
            SELECT p.campaign_id, p.stock, p.cost_fen, COALESCE(w.won, 0), COALESCE(m.left_fen, 0)
            FROM codes.campaign c
            JOIN codes.campaign_prize p ON p.brand_id = c.brand_id AND p.campaign_id = c.campaign_id
            LEFT JOIN (
                SELECT e.campaign_id, e.tier, count(*) AS won
                FROM codes.draw_entry e
                WHERE e.brand_id = \(brand) AND e.drawn_at <= \(asOf) AND e.tier IS NOT NULL
                GROUP BY e.campaign_id, e.tier
            ) w ON w.campaign_id = p.campaign_id AND w.tier = p.tier
            LEFT JOIN (
                SELECT a.campaign_id, a.tier, sum(t.amount_fen)::bigint AS left_fen
                FROM (
                    SELECT s.campaign_id, s.tier, s.stock_account_id AS account_id
                    FROM codes.campaign_prize s
                    WHERE s.brand_id = \(brand)
                    UNION ALL
                    SELECT d.campaign_id, d.tier, d.account_id
                    FROM codes.draw_day d
                    WHERE d.brand_id = \(brand)
                ) a
                JOIN (
                    SELECT i.credit_account_id AS account_id, i.amount_fen
                    FROM accounting.transfer i
                    WHERE i.brand_id = \(brand) AND i.kind IN ('draw.stocked', 'draw.day', 'draw.day_returned')
                        AND i.occurred_at <= \(asOf)
                    UNION ALL
                    SELECT o.debit_account_id, -o.amount_fen
                    FROM accounting.transfer o
                    WHERE o.brand_id = \(brand) AND o.kind IN ('draw.day', 'draw.day_returned', 'draw.won', 'draw.right_granted')
                        AND o.occurred_at <= \(asOf)
                ) t ON t.account_id = a.account_id
                GROUP BY a.campaign_id, a.tier
            ) m ON m.campaign_id = p.campaign_id AND m.tier = p.tier
            WHERE c.brand_id = \(brand) AND c.published_at <= \(asOf)
            ORDER BY p.campaign_id, p.tier
            """
        ) { row throws(PostgresError) in
            DrawTierRow(
                campaign: try row.next(), stock: try row.next(), costFen: try row.next(), won: try row.next(),
                leftFen: try row.next())
        }
    }

    /// Entries by draw, and all together.
    static func entries(brand: ID<Brand>, asOf: Date) -> Statement<DrawEntriesRow> {
        Statement(
            """
            SELECT e.campaign_id, NULL::date, count(*), count(DISTINCT e.person_id),
                count(DISTINCT e.person_id) FILTER (WHERE e.tier IS NOT NULL), count(e.tier), COALESCE(sum(p.cost_fen), 0)::bigint
            FROM codes.draw_entry e
            LEFT JOIN codes.campaign_prize p
                ON p.brand_id = e.brand_id AND p.campaign_id = e.campaign_id AND p.tier = e.tier
            WHERE e.brand_id = \(brand) AND e.drawn_at <= \(asOf)
            GROUP BY GROUPING SETS ((e.campaign_id), ())
            """, row: entriesRow)
    }

    static func days(_ range: DayRun, brand: ID<Brand>, asOf: Date) -> Statement<DrawEntriesRow> {
        Statement(
            """
            SELECT NULL::uuid, (e.drawn_at AT TIME ZONE 'Asia/Shanghai')::date, count(*), count(DISTINCT e.person_id),
                count(DISTINCT e.person_id) FILTER (WHERE e.tier IS NOT NULL), count(e.tier), COALESCE(sum(p.cost_fen), 0)::bigint
            FROM codes.draw_entry e
            LEFT JOIN codes.campaign_prize p
                ON p.brand_id = e.brand_id AND p.campaign_id = e.campaign_id AND p.tier = e.tier
            WHERE e.brand_id = \(brand) AND e.drawn_at <= \(asOf)
                AND e.drawn_at >= \(range.from)::timestamp AT TIME ZONE 'Asia/Shanghai'
                AND e.drawn_at < (\(range.to) + 1)::timestamp AT TIME ZONE 'Asia/Shanghai'
            GROUP BY 2
            ORDER BY 2
            """, row: entriesRow)
    }

    static func firstDay(brand: ID<Brand>, asOf: Date) -> Statement<CalendarDate?> {
        Statement(
            """
            SELECT (min(drawn_at) AT TIME ZONE 'Asia/Shanghai')::date
            FROM codes.draw_entry
            WHERE brand_id = \(brand) AND drawn_at <= \(asOf)
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    @Sendable
    private static func entriesRow(_ row: inout RowReader) throws(PostgresError) -> DrawEntriesRow {
        DrawEntriesRow(
            campaign: try row.next(), day: try row.next(), entries: try row.next(), entrants: try row.next(),
            winners: try row.next(), won: try row.next(), costFen: try row.next())
    }
}
