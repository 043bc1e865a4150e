import FoundationEssentials
import Kernel
import Postgres
import Vault

/// The SQL of loading a file.
///
/// All of it works on sets. The planner knows nothing of a file that just came in and expects one line of it; a join of it with another
/// set may become a loop over both. Hence nothing is joined with staged lines: a line's customer is a scalar look-up by key.
enum ImportLoadStatements {
    // MARK: The file

    /// Takes an accepted file to a state of its own accord.
    static func end(
        _ record: ImportRecord, as state: ImportState, counting counts: ImportMerge.Outcome, now: Date
    ) -> Statement<Void> {
        Statement(
            """
            UPDATE orders.import
            SET state = \(state), added = \(counts.added), changed = \(counts.changed), unchanged = \(counts.unchanged),
                updated_at = \(now)
            WHERE brand_id = \(record.request.brand) AND import_id = \(record.id) AND state = 'accepted'
            """)
    }

    /// Counts a chunk as done; the file is loaded when all of its lines are.
    static func advance(
        _ record: ImportRecord, by lines: Int, counting counts: ImportMerge.Outcome, now: Date
    ) -> Statement<ImportState> {
        Statement(
            """
            UPDATE orders.import
            SET checkpoint_line = checkpoint_line + \(lines), added = added + \(counts.added),
                changed = changed + \(counts.changed), unchanged = unchanged + \(counts.unchanged),
                state = CASE WHEN checkpoint_line + \(lines) >= last_line THEN 'loaded' ELSE 'loading' END,
                updated_at = GREATEST(updated_at, \(now))
            WHERE brand_id = \(record.request.brand) AND import_id = \(record.id) AND state = 'loading'
            RETURNING state
            """
        ) { row throws(PostgresError) in try row.next() }
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
            """,
            row: customerRow)
    }

    /// The next customers of a file.
    static func customers(after line: Int32, limit: Int, of record: ImportRecord) -> Statement<StagedCustomer> {
        Statement(
            """
            SELECT first_line, person_id, blind_index, sealed_value, wrapped_key
            FROM orders.import_customer
            WHERE brand_id = \(record.request.brand) AND import_id = \(record.id) AND first_line > \(line)
            ORDER BY first_line
            LIMIT \(limit)
            """,
            row: customerRow)
    }

    @Sendable
    private static func customerRow(_ row: inout RowReader) throws(PostgresError) -> StagedCustomer {
        StagedCustomer(
            firstLine: try row.next(),
            person: SealedPerson(
                id: try row.next(), blindIndex: try row.next(), sealedValue: try row.next(), wrappedKey: try row.next())
        )
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
    static func addOrders(_ lines: ClosedRange<Int32>, of record: ImportRecord, now: Date) -> Statement<AddedOrder> {
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
            RETURNING order_id, status, placed_at, amount_fen
            """
        ) { row throws(PostgresError) in
            AddedOrder(
                id: try row.next(), status: try row.next(), placedAt: try row.next(), amount: try row.next())
        }
    }

    /// What the lines say, with the persons their customers are.
    static func contents(
        of lines: ClosedRange<Int32>, in record: ImportRecord
    ) -> Statement<(key: [UInt8], content: OrderContent)> {
        Statement(
            """
            SELECT l.external_key, (
                    SELECT c.person_id
                    FROM orders.import_customer c
                    WHERE c.brand_id = l.brand_id AND c.import_id = l.import_id AND c.first_line = l.customer_line
                ), l.status, l.placed_at, l.quantity, l.amount_fen, l.changed_at
            FROM orders.import_line l
            WHERE l.brand_id = \(record.request.brand) AND l.import_id = \(record.id)
                AND l.line BETWEEN \(lines.lowerBound) AND \(lines.upperBound)
            """
        ) { row throws(PostgresError) in (key: try row.next(), content: try OrderContent(&row)) }
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
