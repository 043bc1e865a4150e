import FoundationEssentials
import Kernel
import Postgres

/// The SQL of the report on packs.
///
/// All of it runs in one snapshot and looks back from an instant.
enum PackSheetStatements {
    struct Scans: Sendable {
        let line: PackLine
        let redeemed: Int64
        let scanners: Int64
    }

    /// Redemptions and those who made them: all of it, by batch, by product, and by day.
    static func scans(_ range: DayRun, scope: ReportScope, brand: ID<Brand>, asOf: Date) -> Statement<Scans> {
        Statement(
            """
            SELECT GROUPING(l.batch_id, l.product_id, l.day), l.batch_id, l.product_id,
                COALESCE(l.label, l.title), l.day, count(*), count(DISTINCT l.person_id)
            FROM (
                SELECT r.batch_id, b.label, p.product_id, p.title, r.person_id,
                    (r.redeemed_at AT TIME ZONE 'Asia/Shanghai')::date AS day
                FROM codes.redemption r
                JOIN codes.batch b ON b.brand_id = r.brand_id AND b.batch_id = r.batch_id
                LEFT JOIN orders.product p ON p.brand_id = b.brand_id AND p.product_id = b.product_id
                WHERE r.brand_id = \(brand) AND r.redeemed_at <= \(asOf)
                    AND r.redeemed_at >= \(range.from)::timestamp AT TIME ZONE 'Asia/Shanghai'
                    AND r.redeemed_at < (\(range.to) + 1)::timestamp AT TIME ZONE 'Asia/Shanghai'
                    AND (\(scope == .brand) OR b.shop_id = \(scope.id))
            ) l
            GROUP BY GROUPING SETS ((l.batch_id, l.label), (l.product_id, l.title), (l.day), ())
            ORDER BY 1, l.day, 4, l.batch_id, l.product_id
            """
        ) { row throws(PostgresError) in
            Scans(line: try line(&row), redeemed: try row.next(), scanners: try row.next())
        }
    }

    /// Members whom a pack brought, by the batch of their first contact, cut like ``scans(_:scope:brand:asOf:)``.
    static func newMembers(
        _ range: DayRun, scope: ReportScope, brand: ID<Brand>, asOf: Date
    ) -> Statement<(line: PackLine, count: Int64)> {
        Statement(
            """
            SELECT GROUPING(l.batch_id, l.product_id, l.day), l.batch_id, l.product_id, NULL::text, l.day, count(*)
            FROM (
                SELECT b.batch_id, b.product_id, (m.joined_at AT TIME ZONE 'Asia/Shanghai')::date AS day
                FROM members.member m
                JOIN codes.batch b ON b.brand_id = m.brand_id AND b.batch_id = m.source_id
                WHERE m.brand_id = \(brand) AND m.source_kind = 'pack' AND m.joined_at <= \(asOf)
                    AND m.joined_at >= \(range.from)::timestamp AT TIME ZONE 'Asia/Shanghai'
                    AND m.joined_at < (\(range.to) + 1)::timestamp AT TIME ZONE 'Asia/Shanghai'
                    AND (\(scope == .brand) OR b.shop_id = \(scope.id))
            ) l
            GROUP BY GROUPING SETS ((l.batch_id), (l.product_id), (l.day), ())
            """
        ) { row throws(PostgresError) in (line: try line(&row), count: try row.next()) }
    }

    struct Region: Sendable {
        /// The dealer's code; nil for packs that no dealer had.
        let dealer: String?
        let name: String?
        let redeemed: Int64
        let scanners: Int64
    }

    /// Redemptions by the dealer who had the pack then; nothing for a brand that never shipped a case.
    ///
    /// Cases of a batch do not overlap, so the last that begins before a code holds it, or none does.
    static func regions(_ range: DayRun, scope: ReportScope, brand: ID<Brand>, asOf: Date) -> Statement<Region> {
        Statement(
            """
            SELECT d.code, d.name, count(*), count(DISTINCT r.person_id)
            FROM codes.redemption r
            JOIN codes.batch b ON b.brand_id = r.brand_id AND b.batch_id = r.batch_id
            LEFT JOIN LATERAL (
                SELECT p.from_index, p.to_index
                FROM codes.pack_case p
                WHERE p.brand_id = r.brand_id AND p.batch_id = r.batch_id AND p.from_index <= r.code_index
                ORDER BY p.from_index DESC
                LIMIT 1
            ) c ON r.code_index < c.to_index
            LEFT JOIN LATERAL (
                SELECT s.dealer_id
                FROM codes.case_route s
                WHERE s.brand_id = r.brand_id AND s.batch_id = r.batch_id AND s.from_index = c.from_index
                  AND s.shipped_at <= r.redeemed_at
                ORDER BY s.shipped_at DESC
                LIMIT 1
            ) s ON true
            LEFT JOIN codes.dealer d ON d.brand_id = r.brand_id AND d.dealer_id = s.dealer_id
            WHERE r.brand_id = \(brand) AND r.redeemed_at <= \(asOf)
                AND r.redeemed_at >= \(range.from)::timestamp AT TIME ZONE 'Asia/Shanghai'
                AND r.redeemed_at < (\(range.to) + 1)::timestamp AT TIME ZONE 'Asia/Shanghai'
                AND (\(scope == .brand) OR b.shop_id = \(scope.id))
                AND EXISTS (SELECT FROM codes.case_route e WHERE e.brand_id = \(brand))
            GROUP BY d.dealer_id, d.code, d.name
            ORDER BY d.code NULLS LAST
            """
        ) { row throws(PostgresError) in
            Region(
                dealer: try row.next(String?.self), name: try row.next(String?.self), redeemed: try row.next(),
                scanners: try row.next())
        }
    }

    /// Members whom a pack brought, by the dealer who had it then; by their first contact with the batch that their row names.
    static func newMembersByRegion(
        _ range: DayRun, scope: ReportScope, brand: ID<Brand>, asOf: Date
    ) -> Statement<(dealer: String?, count: Int64)> {
        Statement(
            """
            SELECT d.code, count(*)
            FROM members.member m
            JOIN codes.batch b ON b.brand_id = m.brand_id AND b.batch_id = m.source_id
            LEFT JOIN LATERAL (
                SELECT t.subject_id
                FROM touch.touch t
                WHERE t.brand_id = m.brand_id AND t.member_id = m.member_id AND t.source_id = m.source_id
                  AND t.kind = 'pack.redeemed'
                ORDER BY t.touched_at, t.subject_id
                LIMIT 1
            ) t ON true
            LEFT JOIN codes.redemption r ON r.brand_id = m.brand_id AND r.redemption_id = t.subject_id
            LEFT JOIN LATERAL (
                SELECT p.from_index, p.to_index
                FROM codes.pack_case p
                WHERE p.brand_id = r.brand_id AND p.batch_id = r.batch_id AND p.from_index <= r.code_index
                ORDER BY p.from_index DESC
                LIMIT 1
            ) c ON r.code_index < c.to_index
            LEFT JOIN LATERAL (
                SELECT s.dealer_id
                FROM codes.case_route s
                WHERE s.brand_id = r.brand_id AND s.batch_id = r.batch_id AND s.from_index = c.from_index
                  AND s.shipped_at <= r.redeemed_at
                ORDER BY s.shipped_at DESC
                LIMIT 1
            ) s ON true
            LEFT JOIN codes.dealer d ON d.brand_id = m.brand_id AND d.dealer_id = s.dealer_id
            WHERE m.brand_id = \(brand) AND m.source_kind = 'pack' AND m.joined_at <= \(asOf)
                AND m.joined_at >= \(range.from)::timestamp AT TIME ZONE 'Asia/Shanghai'
                AND m.joined_at < (\(range.to) + 1)::timestamp AT TIME ZONE 'Asia/Shanghai'
                AND (\(scope == .brand) OR b.shop_id = \(scope.id))
                AND EXISTS (SELECT FROM codes.case_route e WHERE e.brand_id = \(brand))
            GROUP BY d.dealer_id, d.code
            """
        ) { row throws(PostgresError) in (dealer: try row.next(String?.self), count: try row.next()) }
    }

    /// Contacts with packs that were written down; their job may still be on its way.
    static func contacts(
        _ range: DayRun, scope: ReportScope, brand: ID<Brand>, asOf: Date
    ) -> Statement<Int64> {
        Statement(
            """
            SELECT count(*)
            FROM touch.touch t
            JOIN codes.batch b ON b.brand_id = t.brand_id AND b.batch_id = t.source_id
            WHERE t.brand_id = \(brand) AND t.kind = 'pack.redeemed' AND t.touched_at <= \(asOf)
                AND t.touched_at >= \(range.from)::timestamp AT TIME ZONE 'Asia/Shanghai'
                AND t.touched_at < (\(range.to) + 1)::timestamp AT TIME ZONE 'Asia/Shanghai'
                AND (\(scope == .brand) OR b.shop_id = \(scope.id))
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    /// Members who had their first contact with a pack, counted from the contacts themselves.
    ///
    /// Somebody who scanned packs of two batches at one instant counts by the batch that their row names.
    static func firstContacts(
        _ range: DayRun, scope: ReportScope, brand: ID<Brand>, asOf: Date
    ) -> Statement<Int64> {
        Statement(
            """
            SELECT count(DISTINCT t.member_id)
            FROM touch.touch t
            JOIN codes.batch b ON b.brand_id = t.brand_id AND b.batch_id = t.source_id
            JOIN members.member m ON m.brand_id = t.brand_id AND m.member_id = t.member_id AND m.source_id = t.source_id
            WHERE t.brand_id = \(brand) AND t.kind = 'pack.redeemed' AND t.touched_at <= \(asOf)
                AND t.touched_at >= \(range.from)::timestamp AT TIME ZONE 'Asia/Shanghai'
                AND t.touched_at < (\(range.to) + 1)::timestamp AT TIME ZONE 'Asia/Shanghai'
                AND (\(scope == .brand) OR b.shop_id = \(scope.id))
                AND NOT EXISTS (SELECT FROM touch.touch e
                    WHERE e.brand_id = t.brand_id AND e.member_id = t.member_id AND e.touched_at < t.touched_at)
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    /// What GROUPING says of the three columns that a line may be of.
    private static func line(_ row: inout RowReader) throws(PostgresError) -> PackLine {
        let grouping = try row.next(Int32.self)
        let kind: SheetGroup.Kind? =
            switch grouping {
            case 0b011: .batch
            case 0b101: .product
            case 0b110: .day
            default: nil
            }
        return PackLine(
            kind: kind, batch: try row.next(), product: try row.next(), name: try row.next(), day: try row.next())
    }
}
