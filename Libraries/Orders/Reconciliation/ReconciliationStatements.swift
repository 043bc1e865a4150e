import FoundationEssentials
import Kernel
import Postgres
import WeChat

/// The SQL of comparing bills.
enum ReconciliationStatements {
    // MARK: Bills

    /// The rows go with their bill.
    static func forget(_ kind: PayBillKind, mchid: String, day: CalendarDate, brand: ID<Brand>) -> Statement<Void> {
        Statement(
            """
            DELETE FROM orders.bill
            WHERE brand_id = \(brand) AND mchid = \(mchid) AND kind = \(kind) AND bill_date = \(day)
            """)
    }

    static func addBill(
        _ id: ID<Bill>, _ kind: PayBillKind, mchid: String, day: CalendarDate, sha1: String, brand: ID<Brand>,
        now: Date
    ) -> Statement<Void> {
        Statement(
            """
            INSERT INTO orders.bill (brand_id, bill_id, mchid, kind, bill_date, sha1, row_count, taken_at)
            SELECT b.brand_id, \(id), \(mchid), \(kind), \(day), \(sha1), 0, \(now)
            FROM siyu.brand b
            WHERE b.brand_id = \(brand)
            """)
    }

    static func setCount(_ rows: Int, of bill: ID<Bill>, brand: ID<Brand>) -> Statement<Void> {
        Statement(
            """
            UPDATE orders.bill
            SET row_count = \(Int32(clamping: rows))
            WHERE brand_id = \(brand) AND bill_id = \(bill)
            """)
    }

    static func addRows(_ rows: [BillEntry], of bill: ID<Bill>, brand: ID<Brand>) -> Statement<Void> {
        Statement(
            """
            INSERT INTO orders.bill_row (brand_id, bill_id, line_no, kind, our_no, amount_fen, state)
            SELECT b.brand_id, \(bill), x.line_no, x.kind, x.our_no, x.amount_fen, x.state
            FROM siyu.brand b
            CROSS JOIN unnest(\(rows.map { Int32(clamping: $0.line) }), \(rows.map(\.kind)), \(rows.map(\.number)),
                \(rows.map(\.amount)), \(rows.map(\.state))) AS x (line_no, kind, our_no, amount_fen, state)
            WHERE b.brand_id = \(brand)
            ORDER BY x.line_no
            """)
    }

    /// The next lines of a bill, and whether an earlier one has the same number.
    static func lines(
        of bill: ID<Bill>, after line: Int, limit: Int, brand: ID<Brand>
    ) -> Statement<(entry: BillEntry, isRepeated: Bool)> {
        Statement(
            """
            SELECT r.line_no, r.kind, r.our_no, r.amount_fen, r.state, EXISTS (
                SELECT 1
                FROM orders.bill_row e
                WHERE e.brand_id = \(brand) AND e.our_no = r.our_no AND e.bill_id = r.bill_id AND e.kind = r.kind
                    AND e.line_no < r.line_no)
            FROM orders.bill_row r
            WHERE r.brand_id = \(brand) AND r.bill_id = \(bill) AND r.line_no > \(Int32(clamping: line))
            ORDER BY r.line_no
            LIMIT \(limit)
            """
        ) { row throws(PostgresError) in
            let entry = BillEntry(
                line: Int(try row.next(Int32.self)), kind: try row.next(), number: try row.next(),
                amount: try row.next(), state: try row.next())
            return (entry: entry, isRepeated: try row.next())
        }
    }

    static func bills(limit: Int, brand: ID<Brand>) -> Statement<BillRecord> {
        Statement(
            """
            SELECT mchid, kind, bill_date, row_count, taken_at
            FROM orders.bill
            WHERE brand_id = \(brand)
            ORDER BY bill_date DESC, mchid, kind
            LIMIT \(limit)
            """
        ) { row throws(PostgresError) in
            BillRecord(
                mchid: try row.next(), kind: try row.next(), day: try row.next(),
                lines: Int(try row.next(Int32.self)), takenAt: try row.next())
        }
    }

    // MARK: What we know

    /// Money under a number of ours.
    struct Moved: Sendable {
        let number: String
        let isThrough: Bool
        let amount: Money
    }

    static func payments(_ ids: [ID<Payment>], mchid: String, brand: ID<Brand>) -> Statement<Moved> {
        Statement(
            """
            SELECT replace(x.intent_id::text, '-', ''), p.state IN ('paid', 'unwanted'),
                CASE WHEN p.state IN ('paid', 'unwanted') THEN p.paid_fen ELSE p.amount_fen END
            FROM unnest(\(ids)) AS x (intent_id)
            CROSS JOIN LATERAL (
                SELECT state, paid_fen, amount_fen
                FROM orders.payment_intent
                WHERE brand_id = \(brand) AND intent_id = x.intent_id AND mchid = \(mchid)
                LIMIT 1
            ) p
            """,
            row: moved)
    }

    /// What went back outside of WeChat Pay is not through there: a bill that has it all the same has it a second time.
    static func refunds(_ numbers: [String], mchid: String, brand: ID<Brand>) -> Statement<Moved> {
        Statement(
            """
            SELECT x.out_refund_no, r.state = 'succeeded' AND r.settled_at IS NULL, r.amount_fen
            FROM unnest(\(numbers)) AS x (out_refund_no)
            CROSS JOIN LATERAL (
                SELECT r.state, r.settled_at, r.amount_fen
                FROM orders.refund r
                JOIN orders.payment_intent p ON p.brand_id = r.brand_id AND p.intent_id = r.payment_id AND p.mchid = \(mchid)
                WHERE r.brand_id = \(brand) AND r.out_refund_no = x.out_refund_no
                LIMIT 1
            ) r
            """,
            row: moved)
    }

    static func payouts(_ ids: [ID<Payout>], mchid: String, brand: ID<Brand>) -> Statement<Moved> {
        Statement(
            """
            SELECT replace(x.payout_id::text, '-', ''), p.state = 'succeeded', p.amount_fen
            FROM unnest(\(ids)) AS x (payout_id)
            CROSS JOIN LATERAL (
                SELECT state, amount_fen
                FROM orders.payout
                WHERE brand_id = \(brand) AND payout_id = x.payout_id AND mchid = \(mchid)
                LIMIT 1
            ) p
            """,
            row: moved)
    }

    @Sendable
    private static func moved(_ row: inout RowReader) throws(PostgresError) -> Moved {
        Moved(number: try row.next(), isThrough: try row.next(), amount: try row.next())
    }

    /// Money that moved on a day, as we know it, and whether a bill of that kind has it.
    struct OurMoney: Sendable {
        let id: UUID
        let number: String
        let amount: Money
        let isBilled: Bool
    }

    /// What moved on a day, in pages.
    ///
    /// The instant of a payment is WeChat Pay's own. Refunds and payouts count for when they were sent, the last minutes before midnight
    /// with the day after: on which day WeChat Pay has them, nobody tells us.
    static func moved(
        _ kind: BillEntryKind, on day: CalendarDate, bill: PayBillKind, after: UUID?, limit: Int, mchid: String,
        brand: ID<Brand>
    ) -> Statement<OurMoney> {
        switch kind {
        case .payment: paymentsMoved(day, bill, after, limit, mchid, brand)
        case .refund: refundsMoved(day, bill, after, limit, mchid, brand)
        case .payout, .other: payoutsMoved(day, bill, after, limit, mchid, brand)
        }
    }

    private static func paymentsMoved(
        _ day: CalendarDate, _ bill: PayBillKind, _ after: UUID?, _ limit: Int, _ mchid: String, _ brand: ID<Brand>
    ) -> Statement<OurMoney> {
        Statement(
            """
            SELECT m.intent_id, m.number, m.paid_fen, EXISTS (
                SELECT 1
                FROM orders.bill_row l
                JOIN orders.bill b ON b.brand_id = l.brand_id AND b.bill_id = l.bill_id AND b.kind = \(bill) AND b.mchid = \(mchid)
                WHERE l.brand_id = \(brand) AND l.our_no = m.number AND l.kind = 'payment')
            FROM (
                SELECT intent_id, replace(intent_id::text, '-', '') AS number, paid_fen
                FROM orders.payment_intent
                WHERE brand_id = \(brand) AND mchid = \(mchid) AND state IN ('paid', 'unwanted')
                    AND paid_at >= \(day)::timestamp AT TIME ZONE 'Asia/Shanghai'
                    AND paid_at < (\(day) + 1)::timestamp AT TIME ZONE 'Asia/Shanghai'
                    AND (\(after)::uuid IS NULL OR intent_id > \(after))
                ORDER BY intent_id
                LIMIT \(limit)
            ) m
            ORDER BY m.intent_id
            """,
            row: ours)
    }

    private static func refundsMoved(
        _ day: CalendarDate, _ bill: PayBillKind, _ after: UUID?, _ limit: Int, _ mchid: String, _ brand: ID<Brand>
    ) -> Statement<OurMoney> {
        Statement(
            """
            SELECT m.refund_id, m.out_refund_no, m.amount_fen, EXISTS (
                SELECT 1
                FROM orders.bill_row l
                JOIN orders.bill b ON b.brand_id = l.brand_id AND b.bill_id = l.bill_id AND b.kind = \(bill) AND b.mchid = \(mchid)
                WHERE l.brand_id = \(brand) AND l.our_no = m.out_refund_no AND l.kind = 'refund')
            FROM (
                SELECT r.refund_id, r.out_refund_no, r.amount_fen
                FROM orders.refund r
                JOIN orders.payment_intent p ON p.brand_id = r.brand_id AND p.intent_id = r.payment_id AND p.mchid = \(mchid)
                WHERE r.brand_id = \(brand) AND r.state = 'succeeded' AND r.settled_at IS NULL
                    AND r.sent_at >= \(day)::timestamp AT TIME ZONE 'Asia/Shanghai' - INTERVAL '10 minutes'
                    AND r.sent_at < (\(day) + 1)::timestamp AT TIME ZONE 'Asia/Shanghai' - INTERVAL '10 minutes'
                    AND (\(after)::uuid IS NULL OR r.refund_id > \(after))
                ORDER BY r.refund_id
                LIMIT \(limit)
            ) m
            ORDER BY m.refund_id
            """,
            row: ours)
    }

    private static func payoutsMoved(
        _ day: CalendarDate, _ bill: PayBillKind, _ after: UUID?, _ limit: Int, _ mchid: String, _ brand: ID<Brand>
    ) -> Statement<OurMoney> {
        Statement(
            """
            SELECT m.payout_id, m.number, m.amount_fen, EXISTS (
                SELECT 1
                FROM orders.bill_row l
                JOIN orders.bill b ON b.brand_id = l.brand_id AND b.bill_id = l.bill_id AND b.kind = \(bill) AND b.mchid = \(mchid)
                WHERE l.brand_id = \(brand) AND l.our_no = m.number AND l.kind = 'payout')
            FROM (
                SELECT payout_id, replace(payout_id::text, '-', '') AS number, amount_fen
                FROM orders.payout
                WHERE brand_id = \(brand) AND mchid = \(mchid) AND state = 'succeeded'
                    AND sent_at >= \(day)::timestamp AT TIME ZONE 'Asia/Shanghai' - INTERVAL '10 minutes'
                    AND sent_at < (\(day) + 1)::timestamp AT TIME ZONE 'Asia/Shanghai' - INTERVAL '10 minutes'
                    AND (\(after)::uuid IS NULL OR payout_id > \(after))
                ORDER BY payout_id
                LIMIT \(limit)
            ) m
            ORDER BY m.payout_id
            """,
            row: ours)
    }

    @Sendable
    private static func ours(_ row: inout RowReader) throws(PostgresError) -> OurMoney {
        OurMoney(id: try row.next(), number: try row.next(), amount: try row.next(), isBilled: try row.next())
    }

    // MARK: What differs

    /// Once for each; what was resolved and is found again is open again.
    static func keep(
        _ findings: [Finding], mchid: String, day: CalendarDate, brand: ID<Brand>, now: Date
    ) -> Statement<Void> {
        let ids = findings.map { _ in ID<Mismatch>.mint() }
        return Statement(
            """
            INSERT INTO orders.mismatch (brand_id, mismatch_id, mchid, bill_kind, bill_date, reason, our_no, line_no, bill_fen, our_fen,
                found_at, seen_at)
            SELECT b.brand_id, x.mismatch_id, \(mchid), x.bill_kind, \(day), x.reason, x.our_no, NULLIF(x.line_no, 0),
                NULLIF(x.bill_fen, -1), NULLIF(x.our_fen, -1), \(now), \(now)
            FROM siyu.brand b
            CROSS JOIN (
                SELECT DISTINCT ON (bill_kind, reason, our_no) mismatch_id, bill_kind, reason, our_no, line_no, bill_fen, our_fen
                FROM unnest(\(ids), \(findings.map(\.bill)), \(findings.map(\.reason)), \(findings.map(\.number)),
                    \(findings.map { Int32(clamping: $0.line ?? 0) }), \(findings.map { $0.billAmount?.fen ?? -1 }),
                    \(findings.map { $0.ourAmount?.fen ?? -1 }))
                    AS u (mismatch_id, bill_kind, reason, our_no, line_no, bill_fen, our_fen)
                ORDER BY bill_kind, reason, our_no, line_no
            ) x
            WHERE b.brand_id = \(brand)
            ORDER BY x.bill_kind, x.reason, x.our_no
            ON CONFLICT (brand_id, mchid, bill_kind, bill_date, reason, our_no)
            DO UPDATE SET line_no = excluded.line_no, bill_fen = excluded.bill_fen, our_fen = excluded.our_fen,
                seen_at = excluded.seen_at, resolved_at = NULL
            """)
    }

    /// What this run did not see any more.
    static func resolve(
        _ kinds: [PayBillKind], mchid: String, day: CalendarDate, brand: ID<Brand>, now: Date
    ) -> Statement<ID<Mismatch>> {
        Statement(
            """
            UPDATE orders.mismatch
            SET resolved_at = \(now)
            WHERE brand_id = \(brand) AND mchid = \(mchid) AND bill_date = \(day) AND bill_kind = ANY(\(kinds))
                AND resolved_at IS NULL AND seen_at < \(now)
            RETURNING mismatch_id
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    static func mismatches(of day: CalendarDate, mchid: String, brand: ID<Brand>) -> Statement<MismatchRecord> {
        Statement(
            """
            SELECT mismatch_id, mchid, bill_kind, bill_date, reason, our_no, line_no, bill_fen, our_fen, found_at, seen_at, resolved_at
            FROM orders.mismatch
            WHERE brand_id = \(brand) AND mchid = \(mchid) AND bill_date = \(day) AND resolved_at IS NULL
            ORDER BY bill_kind, reason, our_no
            """,
            row: mismatch)
    }

    /// What was resolved since still says where a page ended.
    static func open(after: ID<Mismatch>?, limit: Int, brand: ID<Brand>) -> Statement<MismatchRecord> {
        Statement(
            """
            SELECT mismatch_id, mchid, bill_kind, bill_date, reason, our_no, line_no, bill_fen, our_fen, found_at, seen_at, resolved_at
            FROM orders.mismatch
            WHERE brand_id = \(brand) AND resolved_at IS NULL AND (\(after)::uuid IS NULL OR (found_at, mismatch_id) > (
                SELECT a.found_at, a.mismatch_id
                FROM orders.mismatch a
                WHERE a.brand_id = \(brand) AND a.mismatch_id = \(after)))
            ORDER BY found_at, mismatch_id
            LIMIT \(limit)
            """,
            row: mismatch)
    }

    static func openCount(brand: ID<Brand>) -> Statement<Int> {
        Statement("SELECT count(*) FROM orders.mismatch WHERE brand_id = \(brand) AND resolved_at IS NULL") {
            row throws(PostgresError) in try row.next(Int.self)
        }
    }

    @Sendable
    private static func mismatch(_ row: inout RowReader) throws(PostgresError) -> MismatchRecord {
        MismatchRecord(
            id: try row.next(), mchid: try row.next(), bill: try row.next(), day: try row.next(),
            reason: try row.next(), number: try row.next(), line: try row.next(Int32?.self).map(Int.init),
            billAmount: try row.next(), ourAmount: try row.next(), foundAt: try row.next(), seenAt: try row.next(),
            resolvedAt: try row.next())
    }

    /// Refunds that are on their way, by how far they came and for how long.
    static func refundAges(brand: ID<Brand>, now: Date) -> Statement<RefundAge> {
        Statement(
            """
            SELECT state, age, count(*), sum(amount_fen)::bigint
            FROM (
                SELECT state, amount_fen, CASE
                    WHEN requested_at > \(now) - INTERVAL '1 day' THEN 'under_1_day'
                    WHEN requested_at > \(now) - INTERVAL '3 days' THEN '1_to_3_days'
                    WHEN requested_at > \(now) - INTERVAL '7 days' THEN '3_to_7_days'
                    WHEN requested_at > \(now) - INTERVAL '30 days' THEN '7_to_30_days'
                    ELSE '30_days_and_more' END AS age
                FROM orders.refund
                WHERE brand_id = \(brand) AND finished_at IS NULL
            ) r
            GROUP BY state, age
            ORDER BY state, age
            """
        ) { row throws(PostgresError) in
            RefundAge(
                stage: try row.next(), age: try row.next(), count: try row.next(Int.self), amount: try row.next())
        }
    }
}
