import FoundationEssentials
import Kernel
import Postgres
import Vault

/// The SQL of loading a file.
///
/// All of it works on sets of staged lines, found by the key of orders.import_line.
enum ImportLoadStatements {
    // MARK: The file

    static func save(_ progress: ImportProgress, of record: ImportRecord, now: Date) -> Statement<Void> {
        Statement(
            """
            UPDATE orders.import
            SET state = \(progress.state), checkpoint_line = \(progress.checkpointLine), added = \(progress.added),
                changed = \(progress.changed), unchanged = \(progress.unchanged), updated_at = \(now)
            WHERE brand_id = \(record.request.brand) AND import_id = \(record.id)
            """)
    }

    /// What loading would come to, for a dry run; the persons of known customers have been set.
    static func preview(_ record: ImportRecord) -> Statement<(added: Int, changed: Int, unchanged: Int)> {
        Statement(
            """
            WITH known AS (
                SELECT o.order_id IS NOT NULL AS is_known,
                    l.changed_at > o.changed_at
                        AND (o.person_id, o.status, o.placed_at, o.quantity, o.amount_fen)
                            IS DISTINCT FROM (c.person_id, l.status, l.placed_at, l.quantity, l.amount_fen) AS is_change
                FROM orders.import_line l
                JOIN orders.import_customer c
                    ON c.brand_id = l.brand_id AND c.import_id = l.import_id AND c.customer = l.customer
                LEFT JOIN orders.customer_order o
                    ON o.brand_id = l.brand_id AND o.shop_id = \(record.request.shop)
                    AND o.source = \(record.request.format) AND o.external_key = l.external_key
                WHERE l.brand_id = \(record.request.brand) AND l.import_id = \(record.id)
            )
            SELECT
                count(*) FILTER (WHERE NOT is_known),
                count(*) FILTER (WHERE is_known AND is_change),
                count(*) FILTER (WHERE is_known AND NOT is_change)
            FROM known
            """
        ) { row throws(PostgresError) in
            (added: try row.next(), changed: try row.next(), unchanged: try row.next())
        }
    }

    // MARK: Staged lines

    static func count(of lines: ClosedRange<Int32>, in record: ImportRecord) -> Statement<Int> {
        Statement(
            """
            SELECT count(*)
            FROM orders.import_line
            WHERE brand_id = \(record.request.brand) AND import_id = \(record.id)
                AND line BETWEEN \(lines.lowerBound) AND \(lines.upperBound)
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    static func forget(_ lines: ClosedRange<Int32>, of record: ImportRecord) -> Statement<Void> {
        Statement(
            """
            DELETE FROM orders.import_line
            WHERE brand_id = \(record.request.brand) AND import_id = \(record.id)
                AND line BETWEEN \(lines.lowerBound) AND \(lines.upperBound)
            """)
    }

    static func forgetCustomers(of record: ImportRecord) -> Statement<Void> {
        Statement(
            """
            DELETE FROM orders.import_customer
            WHERE brand_id = \(record.request.brand) AND import_id = \(record.id)
            """)
    }

    // MARK: Persons

    /// Relies on import_customer_first_line_idx.
    static func customers(
        firstIn lines: ClosedRange<Int32>, of record: ImportRecord
    ) -> Statement<(number: Int32, person: SealedPerson)> {
        Statement(
            """
            SELECT customer, person_id, blind_index, sealed_value, wrapped_key
            FROM orders.import_customer
            WHERE brand_id = \(record.request.brand) AND import_id = \(record.id)
                AND first_line BETWEEN \(lines.lowerBound) AND \(lines.upperBound)
            """
        ) { row throws(PostgresError) in
            (
                number: try row.next(),
                person: SealedPerson(
                    id: try row.next(), blindIndex: try row.next(), sealedValue: try row.next(),
                    wrappedKey: try row.next())
            )
        }
    }

    static func setPersons(_ persons: [(Int32, ID<Person>)], of record: ImportRecord) -> Statement<Void> {
        Statement(
            """
            UPDATE orders.import_customer c
            SET person_id = x.person_id
            FROM unnest(\(persons.map(\.0)), \(persons.map(\.1))) AS x (customer, person_id)
            WHERE c.brand_id = \(record.request.brand) AND c.import_id = \(record.id) AND c.customer = x.customer
            """)
    }

    // MARK: Orders

    /// Adds the orders that are not known yet; sorted by the unique key, so that two imports cannot deadlock.
    static func addOrders(_ lines: ClosedRange<Int32>, of record: ImportRecord, now: Date) -> Statement<Date> {
        Statement(
            """
            INSERT INTO orders.customer_order (brand_id, order_id, shop_id, person_id, source, external_key, version, status,
                placed_at, quantity, amount_fen, changed_at, created_at, updated_at)
            SELECT l.brand_id, l.order_id, \(record.request.shop), c.person_id, \(record.request.format), l.external_key, 1, l.status,
                l.placed_at, l.quantity, l.amount_fen, l.changed_at, \(now), \(now)
            FROM orders.import_line l
            JOIN orders.import_customer c
                ON c.brand_id = l.brand_id AND c.import_id = l.import_id AND c.customer = l.customer
            WHERE l.brand_id = \(record.request.brand) AND l.import_id = \(record.id)
                AND l.line BETWEEN \(lines.lowerBound) AND \(lines.upperBound)
            ORDER BY l.external_key
            ON CONFLICT (brand_id, shop_id, source, external_key) DO NOTHING
            RETURNING placed_at
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    /// Known orders that the file has later news of.
    ///
    /// Locks them in key order.
    static func laterNews(of lines: ClosedRange<Int32>, in record: ImportRecord) -> Statement<OrderNews> {
        Statement(
            """
            SELECT o.order_id, o.status, o.placed_at, o.amount_fen, l.status, l.placed_at, l.amount_fen,
                (o.person_id, o.status, o.placed_at, o.quantity, o.amount_fen)
                    IS DISTINCT FROM (c.person_id, l.status, l.placed_at, l.quantity, l.amount_fen)
            FROM orders.import_line l
            JOIN orders.import_customer c
                ON c.brand_id = l.brand_id AND c.import_id = l.import_id AND c.customer = l.customer
            JOIN orders.customer_order o
                ON o.brand_id = l.brand_id AND o.shop_id = \(record.request.shop) AND o.source = \(record.request.format)
                AND o.external_key = l.external_key
            WHERE l.brand_id = \(record.request.brand) AND l.import_id = \(record.id)
                AND l.line BETWEEN \(lines.lowerBound) AND \(lines.upperBound)
                AND l.changed_at > o.changed_at
            ORDER BY o.order_id
            FOR UPDATE OF o
            """
        ) { row throws(PostgresError) in
            OrderNews(
                order: try row.next(),
                before: OrderVersion(status: try row.next(), placedAt: try row.next(), amount: try row.next()),
                after: OrderVersion(status: try row.next(), placedAt: try row.next(), amount: try row.next()),
                isChange: try row.next())
        }
    }

    /// Puts the present version of orders aside before it is replaced.
    static func keepVersions(of orders: [ID<Order>], brand: ID<Brand>, now: Date) -> Statement<Void> {
        Statement(
            """
            INSERT INTO orders.order_version (brand_id, order_id, version, person_id, status, placed_at, quantity, amount_fen,
                changed_at, updated_at, superseded_at)
            SELECT brand_id, order_id, version, person_id, status, placed_at, quantity, amount_fen, changed_at, updated_at, \(now)
            FROM orders.customer_order
            WHERE brand_id = \(brand) AND order_id = ANY(\(orders))
            """)
    }

    /// Replaces orders by what the file says; the rows are locked.
    static func applyVersions(
        of orders: [ID<Order>], _ lines: ClosedRange<Int32>, of record: ImportRecord, now: Date
    ) -> Statement<Void> {
        Statement(
            """
            UPDATE orders.customer_order o
            SET person_id = c.person_id, version = o.version + 1, status = l.status, placed_at = l.placed_at,
                quantity = l.quantity, amount_fen = l.amount_fen, changed_at = l.changed_at, updated_at = \(now)
            FROM orders.import_line l
            JOIN orders.import_customer c
                ON c.brand_id = l.brand_id AND c.import_id = l.import_id AND c.customer = l.customer
            WHERE o.brand_id = \(record.request.brand) AND l.brand_id = \(record.request.brand)
                AND l.import_id = \(record.id) AND l.line BETWEEN \(lines.lowerBound) AND \(lines.upperBound)
                AND o.shop_id = \(record.request.shop) AND o.source = \(record.request.format)
                AND o.external_key = l.external_key AND o.order_id = ANY(\(orders))
            """)
    }

    /// Remembers that orders were still the same at a later instant, so that older news about them stays older; the rows are locked.
    static func confirmVersions(
        of orders: [ID<Order>], _ lines: ClosedRange<Int32>, of record: ImportRecord
    ) -> Statement<Void> {
        Statement(
            """
            UPDATE orders.customer_order o
            SET changed_at = l.changed_at
            FROM orders.import_line l
            WHERE o.brand_id = \(record.request.brand) AND l.brand_id = \(record.request.brand)
                AND l.import_id = \(record.id) AND l.line BETWEEN \(lines.lowerBound) AND \(lines.upperBound)
                AND o.shop_id = \(record.request.shop) AND o.source = \(record.request.format)
                AND o.external_key = l.external_key AND o.order_id = ANY(\(orders))
            """)
    }

    /// The days of some instants, as the business counts them.
    static func days(of instants: [Date]) -> Statement<CalendarDate> {
        Statement(
            """
            SELECT DISTINCT (x.instant AT TIME ZONE 'Asia/Shanghai')::date AS day
            FROM unnest(\(instants)) AS x (instant)
            ORDER BY day
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    // MARK: Payments

    /// Payments of the orders that this chunk added; none for orders of zero or called off.
    static func addPayments(
        _ lines: ClosedRange<Int32>, of record: ImportRecord, now: Date
    ) -> Statement<PaymentRow> {
        Statement(
            """
            INSERT INTO orders.payment (brand_id, payment_id, order_id, order_version, amount_fen, status, paid_at, created_at, updated_at)
            SELECT o.brand_id, l.payment_id, o.order_id, 1, l.amount_fen, 'paid', l.placed_at, \(now), \(now)
            FROM orders.import_line l
            JOIN orders.customer_order o ON o.brand_id = l.brand_id AND o.order_id = l.order_id
            WHERE l.brand_id = \(record.request.brand) AND l.import_id = \(record.id)
                AND l.line BETWEEN \(lines.lowerBound) AND \(lines.upperBound)
                AND l.amount_fen > 0 AND l.status <> 'cancelled'
            ON CONFLICT DO NOTHING
            RETURNING payment_id, amount_fen, paid_at
            """,
            row: payment)
    }

    /// Payments of the new versions of orders, whose earlier ones are reversed.
    static func renewPayments(
        of orders: [ID<Order>], _ lines: ClosedRange<Int32>, of record: ImportRecord, now: Date
    ) -> Statement<PaymentRow> {
        Statement(
            """
            INSERT INTO orders.payment (brand_id, payment_id, order_id, order_version, amount_fen, status, paid_at, created_at, updated_at)
            SELECT o.brand_id, l.payment_id, o.order_id, o.version, l.amount_fen, 'paid', l.placed_at, \(now), \(now)
            FROM orders.import_line l
            JOIN orders.customer_order o
                ON o.brand_id = l.brand_id AND o.shop_id = \(record.request.shop) AND o.source = \(record.request.format)
                AND o.external_key = l.external_key
            WHERE l.brand_id = \(record.request.brand) AND l.import_id = \(record.id)
                AND l.line BETWEEN \(lines.lowerBound) AND \(lines.upperBound)
                AND l.amount_fen > 0 AND l.status <> 'cancelled' AND o.order_id = ANY(\(orders))
            ON CONFLICT DO NOTHING
            RETURNING payment_id, amount_fen, paid_at
            """,
            row: payment)
    }

    static func reversePayments(of orders: [ID<Order>], brand: ID<Brand>, now: Date) -> Statement<PaymentRow> {
        Statement(
            """
            UPDATE orders.payment
            SET status = 'reversed', updated_at = \(now)
            WHERE brand_id = \(brand) AND order_id = ANY(\(orders)) AND status = 'paid'
            RETURNING payment_id, amount_fen, paid_at
            """,
            row: payment)
    }

    @Sendable
    private static func payment(_ row: inout RowReader) throws(PostgresError) -> PaymentRow {
        PaymentRow(id: try row.next(), amount: try row.next(), paidAt: try row.next())
    }
}
