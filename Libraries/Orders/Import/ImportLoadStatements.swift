import FoundationEssentials
import Kernel
import Postgres
import Vault

/// The SQL of loading a file.
///
/// All of it works on sets. The planner knows nothing of a file that just came in and expects one line of it; a join of two such
/// sets may become a loop over both. Hence: a line's customer is a scalar look-up by key, and what was computed here comes
/// back through `unnest` against a key of a large table.
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
                        AND (o.status, o.placed_at, o.quantity, o.amount_fen, o.person_id)
                            IS DISTINCT FROM (l.status, l.placed_at, l.quantity, l.amount_fen, (
                                SELECT c.person_id
                                FROM orders.import_customer c
                                WHERE c.brand_id = l.brand_id AND c.import_id = l.import_id AND c.first_line = l.customer_line
                            )) AS is_change
                FROM orders.import_line l
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

    static func customers(firstIn lines: ClosedRange<Int32>, of record: ImportRecord) -> Statement<StagedCustomer> {
        Statement(
            """
            SELECT first_line, person_id, blind_index, sealed_value, wrapped_key
            FROM orders.import_customer
            WHERE brand_id = \(record.request.brand) AND import_id = \(record.id)
                AND first_line BETWEEN \(lines.lowerBound) AND \(lines.upperBound)
            """
        ) { row throws(PostgresError) in
            StagedCustomer(
                firstLine: try row.next(),
                person: SealedPerson(
                    id: try row.next(), blindIndex: try row.next(), sealedValue: try row.next(),
                    wrappedKey: try row.next()))
        }
    }

    /// Gives customers the persons they are; an upsert, which finds its rows by key whatever the planner believes.
    static func setPersons(_ customers: [StagedCustomer], of record: ImportRecord) -> Statement<Void> {
        Statement(
            """
            INSERT INTO orders.import_customer (brand_id, import_id, first_line, person_id, blind_index, sealed_value, wrapped_key)
            SELECT b.brand_id, \(record.id), x.first_line, x.person_id, x.blind_index, x.sealed_value, x.wrapped_key
            FROM siyu.brand b
            CROSS JOIN unnest(\(customers.map(\.firstLine)), \(customers.map(\.person.id)), \(customers.map(\.person.blindIndex)),
                \(customers.map(\.person.sealedValue)), \(customers.map(\.person.wrappedKey)))
                AS x (first_line, person_id, blind_index, sealed_value, wrapped_key)
            WHERE b.brand_id = \(record.request.brand)
            ON CONFLICT (brand_id, import_id, first_line) DO UPDATE
            SET person_id = excluded.person_id
            """)
    }

    // MARK: Orders

    /// Adds the orders that are not known yet; sorted by the unique key, so that two imports cannot deadlock.
    static func addOrders(_ lines: ClosedRange<Int32>, of record: ImportRecord, now: Date) -> Statement<Date> {
        Statement(
            """
            INSERT INTO orders.customer_order (brand_id, order_id, shop_id, person_id, source, external_key, version, status,
                placed_at, quantity, amount_fen, changed_at, created_at, updated_at)
            SELECT l.brand_id, l.order_id, \(record.request.shop), (
                    SELECT c.person_id
                    FROM orders.import_customer c
                    WHERE c.brand_id = l.brand_id AND c.import_id = l.import_id AND c.first_line = l.customer_line
                ), \(record.request.format), l.external_key, 1, l.status, l.placed_at, l.quantity, l.amount_fen, l.changed_at,
                \(now), \(now)
            FROM orders.import_line l
            WHERE l.brand_id = \(record.request.brand) AND l.import_id = \(record.id)
                AND l.line BETWEEN \(lines.lowerBound) AND \(lines.upperBound)
            ORDER BY l.external_key
            ON CONFLICT (brand_id, shop_id, source, external_key) DO NOTHING
            RETURNING placed_at
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    /// Payments of the orders that this chunk added, told by their ids; none for orders of zero or called off.
    static func addPayments(
        _ lines: ClosedRange<Int32>, of record: ImportRecord, now: Date
    ) -> Statement<PaymentRow> {
        Statement(
            """
            INSERT INTO orders.payment (brand_id, payment_id, order_id, order_version, amount_fen, status, paid_at, created_at, updated_at)
            SELECT o.brand_id, l.payment_id, o.order_id, o.version, o.amount_fen, 'paid', o.placed_at, \(now), \(now)
            FROM orders.import_line l
            JOIN orders.customer_order o ON o.brand_id = l.brand_id AND o.order_id = l.order_id
            WHERE l.brand_id = \(record.request.brand) AND l.import_id = \(record.id)
                AND l.line BETWEEN \(lines.lowerBound) AND \(lines.upperBound)
                AND l.amount_fen > 0 AND l.status <> 'cancelled'
            RETURNING payment_id, amount_fen, paid_at
            """
        ) { row throws(PostgresError) in
            PaymentRow(id: try row.next(), amount: try row.next(), paidAt: try row.next())
        }
    }

    /// Known orders that the file has later news of.
    ///
    /// Locks them in key order.
    static func laterNews(of lines: ClosedRange<Int32>, in record: ImportRecord) -> Statement<OrderNews> {
        Statement(
            """
            SELECT o.order_id, o.version, o.person_id, o.status, o.placed_at, o.quantity, o.amount_fen, o.changed_at, (
                    SELECT c.person_id
                    FROM orders.import_customer c
                    WHERE c.brand_id = l.brand_id AND c.import_id = l.import_id AND c.first_line = l.customer_line
                ), l.status, l.placed_at, l.quantity, l.amount_fen, l.changed_at
            FROM orders.import_line l
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
            let (order, version) = (try row.next(ID<Order>.self), try row.next(Int32.self))
            return OrderNews(
                order: order, version: version, before: try content(&row), after: try content(&row))
        }
    }

    private static func content(_ row: inout RowReader) throws(PostgresError) -> OrderContent {
        OrderContent(
            person: try row.next(), status: try row.next(), placedAt: try row.next(), quantity: try row.next(),
            amount: try row.next(), changedAt: try row.next())
    }

    /// The days of some instants, as the business counts them.
    static func days(of instants: [Date], brand: ID<Brand>) -> Statement<CalendarDate> {
        Statement(
            """
            SELECT DISTINCT (x.instant AT TIME ZONE 'Asia/Shanghai')::date AS day
            FROM siyu.brand b
            CROSS JOIN unnest(\(instants)) AS x (instant)
            WHERE b.brand_id = \(brand)
            ORDER BY day
            """
        ) { row throws(PostgresError) in try row.next() }
    }
}
