import Foundation
import Kernel
import Postgres

/// The SQL of messages and their deliveries; instants are those of the business.
enum OutgoingStatements {
    /// A message to be written.
    struct NewMessage: Sendable {
        let id: ID<OutgoingMessage>
        let event: OutgoingEvent
        let payload: [UInt8]
    }

    static func clock() -> Statement<Date> {
        Statement("SELECT siyu.clock()") { row throws(PostgresError) in try row.next() }
    }

    /// Writes messages, sorted by their unique key; what was told before returns no row.
    static func insert(_ messages: [NewMessage], brand: ID<Brand>) -> Statement<ID<OutgoingMessage>> {
        Statement(
            """
            INSERT INTO hooks.outgoing (brand_id, message_id, event, subject_id, lane, payload, occurred_at)
            SELECT b.brand_id, x.message_id, x.event, x.subject_id, x.lane, x.payload, x.occurred_at
            FROM siyu.brand b
            CROSS JOIN unnest(\(messages.map(\.id)), \(messages.map(\.event.type)), \(messages.map(\.event.subject)),
                \(messages.map(\.event.lane)), \(messages.map(\.payload)), \(messages.map(\.event.occurredAt)))
                AS x (message_id, event, subject_id, lane, payload, occurred_at)
            WHERE b.brand_id = \(brand)
            ORDER BY x.event, x.subject_id
            ON CONFLICT DO NOTHING
            RETURNING message_id
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    static func insertDeliveries(
        _ deliveries: [(message: ID<OutgoingMessage>, endpoint: ID<HookEndpoint>)], brand: ID<Brand>, now: Date
    ) -> Statement<Void> {
        Statement(
            """
            INSERT INTO hooks.outgoing_delivery (brand_id, message_id, endpoint_id, state, since, updated_at)
            SELECT b.brand_id, x.message_id, x.endpoint_id, 'pending', \(now), \(now)
            FROM siyu.brand b
            CROSS JOIN unnest(\(deliveries.map(\.message)), \(deliveries.map(\.endpoint)))
                AS x (message_id, endpoint_id)
            WHERE b.brand_id = \(brand)
            ORDER BY x.message_id, x.endpoint_id
            """)
    }

    /// A delivery with its message and its endpoint.
    struct Telling: Sendable {
        let state: String
        let attempts: Int32
        let strikes: Int32
        let since: Date
        let dueAt: Date?
        let payload: [UInt8]
        let url: String
        let isActive: Bool
        let breaker: HookBreaker
        let now: Date
    }

    static func telling(
        _ message: ID<OutgoingMessage>, to endpoint: ID<HookEndpoint>, brand: ID<Brand>
    ) -> Statement<Telling> {
        Statement(
            """
            SELECT d.state, d.attempts, d.strikes, d.since, d.due_at, o.payload, e.url, e.state = 'active',
                e.failures_in_a_row, e.open_until, siyu.clock()
            FROM hooks.outgoing_delivery d
            JOIN hooks.outgoing o ON o.brand_id = d.brand_id AND o.message_id = d.message_id
            JOIN hooks.endpoint e ON e.brand_id = d.brand_id AND e.endpoint_id = d.endpoint_id
            WHERE d.brand_id = \(brand) AND d.message_id = \(message) AND d.endpoint_id = \(endpoint)
            """
        ) { row throws(PostgresError) in
            Telling(
                state: try row.next(), attempts: try row.next(), strikes: try row.next(), since: try row.next(),
                dueAt: try row.next(Date?.self), payload: try row.next(), url: try row.next(), isActive: try row.next(),
                breaker: HookBreaker(failures: try row.next(Int.self), openUntil: try row.next(Date?.self)),
                now: try row.next())
        }
    }

    /// The secrets that count now, newest first; real time.
    static func secrets(
        of endpoint: ID<HookEndpoint>, brand: ID<Brand>
    ) -> Statement<(number: Int32, sealed: [UInt8])> {
        Statement(
            """
            SELECT number, sealed_secret
            FROM hooks.endpoint_secret
            WHERE brand_id = \(brand) AND endpoint_id = \(endpoint) AND (valid_until IS NULL OR valid_until > now())
            ORDER BY number DESC
            """
        ) { row throws(PostgresError) in (number: try row.next(), sealed: try row.next()) }
    }

    /// A row for the first one that moves an open breaker's instant on; none for the others.
    static func takeProbe(
        of endpoint: ID<HookEndpoint>, seen: Date?, until lease: Date, brand: ID<Brand>
    ) -> Statement<Bool> {
        Statement(
            """
            UPDATE hooks.endpoint SET open_until = \(lease)
            WHERE brand_id = \(brand) AND endpoint_id = \(endpoint) AND open_until = \(seen)
            RETURNING true
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    /// The breaker, held until the end of the transaction.
    static func lockBreaker(
        of endpoint: ID<HookEndpoint>, brand: ID<Brand>
    ) -> Statement<HookBreaker> {
        Statement(
            """
            SELECT failures_in_a_row, open_until FROM hooks.endpoint
            WHERE brand_id = \(brand) AND endpoint_id = \(endpoint)
            FOR UPDATE
            """
        ) { row throws(PostgresError) in
            HookBreaker(failures: try row.next(Int.self), openUntil: try row.next(Date?.self))
        }
    }

    static func setBreaker(
        _ breaker: HookBreaker, of endpoint: ID<HookEndpoint>, brand: ID<Brand>, now: Date
    ) -> Statement<Void> {
        Statement(
            """
            UPDATE hooks.endpoint
            SET failures_in_a_row = \(breaker.failures), open_until = \(breaker.openUntil), updated_at = \(now)
            WHERE brand_id = \(brand) AND endpoint_id = \(endpoint)
            """)
    }

    /// Touches the row only where there is something to forget: usually this is a look and no more.
    static func closeBreaker(of endpoint: ID<HookEndpoint>, brand: ID<Brand>, now: Date) -> Statement<Void> {
        Statement(
            """
            UPDATE hooks.endpoint SET failures_in_a_row = 0, open_until = NULL, updated_at = \(now)
            WHERE brand_id = \(brand) AND endpoint_id = \(endpoint) AND (failures_in_a_row > 0 OR open_until IS NOT NULL)
            """)
    }

    /// By the endpoint's own word, unless somebody has given it another state or place meanwhile.
    static func disable(
        _ endpoint: ID<HookEndpoint>, at url: String, reason: String, brand: ID<Brand>, now: Date
    ) -> Statement<Void> {
        Statement(
            """
            UPDATE hooks.endpoint
            SET state = 'disabled', state_reason = \(reason), failures_in_a_row = 0, open_until = NULL,
                updated_at = \(now)
            WHERE brand_id = \(brand) AND endpoint_id = \(endpoint) AND state = 'active' AND url = \(url)
            """)
    }

    /// What became of a try.
    struct Note: Sendable {
        var state = "pending"
        var hasCalled = true
        var strikes: Int32
        var status: Int?
        var error: String?
        var dueAt: Date?
    }

    static func note(
        _ note: Note, _ message: ID<OutgoingMessage>, to endpoint: ID<HookEndpoint>, brand: ID<Brand>, now: Date
    ) -> Statement<Void> {
        Statement(
            """
            UPDATE hooks.outgoing_delivery
            SET state = \(note.state), attempts = attempts + \(note.hasCalled ? 1 : 0), strikes = \(note.strikes),
                last_status = \(note.status), last_error = \(note.error), due_at = \(note.dueAt), updated_at = \(now)
            WHERE brand_id = \(brand) AND message_id = \(message) AND endpoint_id = \(endpoint) AND state = 'pending'
            """)
    }
}

// MARK: - Looking, delivering again, forgetting

extension OutgoingStatements {
    static func list(
        _ filter: HookRedelivery.Filter, endpoint: ID<HookEndpoint>, after message: ID<OutgoingMessage>?, limit: Int,
        brand: ID<Brand>
    ) -> Statement<HookDeliveryRecord> {
        Statement(
            """
            SELECT d.message_id, o.event, o.subject_id, o.occurred_at, d.state, d.attempts, d.redeliveries, d.last_status,
                d.last_error, d.updated_at
            FROM hooks.outgoing_delivery d
            JOIN hooks.outgoing o ON o.brand_id = d.brand_id AND o.message_id = d.message_id
            WHERE d.brand_id = \(brand) AND d.endpoint_id = \(endpoint) AND d.state = ANY (\(filter.states.map(\.rawValue)))
              AND (\(message)::uuid IS NULL OR d.message_id > \(message))
              AND (\(filter.event)::text IS NULL OR o.event = \(filter.event))
              AND (\(filter.from)::timestamptz IS NULL OR o.occurred_at >= \(filter.from))
              AND (\(filter.to)::timestamptz IS NULL OR o.occurred_at < \(filter.to))
            ORDER BY d.message_id
            LIMIT \(limit)
            """
        ) { row throws(PostgresError) in
            HookDeliveryRecord(
                message: try row.next(), event: try row.next(), subject: try row.next(), occurredAt: try row.next(),
                state: try row.next(), attempts: try row.next(), redeliveries: try row.next(),
                lastStatus: try row.next(Int?.self), lastError: try row.next(String?.self), updatedAt: try row.next())
        }
    }

    /// Puts back into `pending` what the filter finds after a message, in the order of the messages.
    static func redeliver(
        _ filter: HookRedelivery.Filter, endpoint: ID<HookEndpoint>, after message: ID<OutgoingMessage>?, limit: Int,
        brand: ID<Brand>
    ) -> Statement<(message: ID<OutgoingMessage>, lane: String)> {
        Statement(
            """
            WITH found AS MATERIALIZED (
                SELECT d.message_id, o.lane
                FROM hooks.outgoing_delivery d
                JOIN hooks.outgoing o ON o.brand_id = d.brand_id AND o.message_id = d.message_id
                WHERE d.brand_id = \(brand) AND d.endpoint_id = \(endpoint)
                  AND d.state = ANY (\(filter.states.map(\.rawValue)))
                  AND (\(message)::uuid IS NULL OR d.message_id > \(message))
                  AND (\(filter.event)::text IS NULL OR o.event = \(filter.event))
                  AND (\(filter.from)::timestamptz IS NULL OR o.occurred_at >= \(filter.from))
                  AND (\(filter.to)::timestamptz IS NULL OR o.occurred_at < \(filter.to))
                ORDER BY d.message_id
                LIMIT \(limit)
                FOR UPDATE OF d
            ),
            changed AS (
                UPDATE hooks.outgoing_delivery d
                SET state = 'pending', attempts = 0, strikes = 0, redeliveries = d.redeliveries + 1,
                    since = siyu.clock(), due_at = NULL, updated_at = siyu.clock()
                FROM found f
                WHERE d.brand_id = \(brand) AND d.endpoint_id = \(endpoint) AND d.message_id = f.message_id
                RETURNING d.message_id
            )
            SELECT f.message_id, f.lane FROM found f JOIN changed c ON c.message_id = f.message_id ORDER BY f.message_id
            """
        ) { row throws(PostgresError) in (message: try row.next(), lane: try row.next()) }
    }

    /// Forgets messages that are older than 30 days and on their way to nobody, with their deliveries.
    static func forget(brand: ID<Brand>, limit: Int) -> Statement<Bool> {
        Statement(
            """
            WITH old AS MATERIALIZED (
                SELECT o.message_id
                FROM hooks.outgoing o
                WHERE o.brand_id = \(brand) AND o.occurred_at < siyu.clock() - interval '30 days'
                  AND NOT EXISTS (
                    SELECT FROM hooks.outgoing_delivery d
                    WHERE d.brand_id = \(brand) AND d.message_id = o.message_id AND d.state = 'pending')
                ORDER BY o.occurred_at
                LIMIT \(limit)
            ),
            told AS (
                DELETE FROM hooks.outgoing_delivery d USING old
                WHERE d.brand_id = \(brand) AND d.message_id = old.message_id
            )
            DELETE FROM hooks.outgoing o USING old
            WHERE o.brand_id = \(brand) AND o.message_id = old.message_id
            RETURNING true
            """
        ) { row throws(PostgresError) in try row.next() }
    }
}
