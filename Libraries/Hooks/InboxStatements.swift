import Foundation
import Kernel
import Postgres

/// The SQL of the inbox.
enum InboxStatements {
    /// Waits for whoever works on the same delivery; the row does not exist yet, hence an advisory lock.
    ///
    /// Deliveries that share the 64-bit hash by chance only wait for each other.
    static func lock(_ delivery: Delivery) -> Statement<Void> {
        let name = "inbox \(delivery.brand) \(delivery.key)"
        return Statement(
            """
            SELECT pg_advisory_xact_lock(hashtextextended(\(name), 0))
            """)
    }

    /// One look at the primary key for each; see Postgres/Decisions/0002.
    static func find(_ deliveries: [Delivery], brand: ID<Brand>) -> Statement<AnsweredDelivery> {
        Statement(
            """
            SELECT x.source_id, x.delivery_id, i.body_hash, i.status, i.content_type, i.response
            FROM unnest(\(deliveries.map(\.source)), \(deliveries.map(\.id))) AS x (source_id, delivery_id)
            CROSS JOIN LATERAL (
                SELECT body_hash, status, content_type, response
                FROM hooks.inbox
                WHERE brand_id = \(brand) AND source_id = x.source_id AND delivery_id = x.delivery_id
                LIMIT 1
            ) i
            """
        ) { row throws(PostgresError) in
            AnsweredDelivery(
                key: Delivery.key(try row.next(), try row.next()), bodyHash: try row.next(),
                answer: StoredAnswer(status: try row.next(), contentType: try row.next(), body: try row.next()))
        }
    }

    /// Sorted by the key, so that two batches cannot deadlock.
    ///
    /// Rows that conflict are not returned.
    static func store(
        _ answered: [(Delivery, StoredAnswer)], _ onConflict: OnConflict, bodies: [[UInt8]], brand: ID<Brand>, now: Date
    ) -> Statement<String> {
        let deliveries = answered.map(\.0)
        let answers = answered.map(\.1)
        return Statement(
            """
            INSERT INTO hooks.inbox
                (brand_id, source_id, delivery_id, body_hash, status, content_type, response, sealed_body, received_at)
            SELECT b.brand_id, x.source_id, x.delivery_id, x.body_hash, x.status, x.content_type, x.response,
                x.sealed_body, \(now)
            FROM siyu.brand b
            CROSS JOIN unnest(\(deliveries.map(\.source)), \(deliveries.map(\.id)), \(deliveries.map(\.bodyHash)),
                \(answers.map { Int32($0.status) }), \(answers.map(\.contentType)), \(answers.map(\.body)), \(bodies))
                AS x (source_id, delivery_id, body_hash, status, content_type, response, sealed_body)
            WHERE b.brand_id = \(brand)
            ORDER BY x.source_id, x.delivery_id
            \(onConflict)
            RETURNING source_id, delivery_id
            """
        ) { row throws(PostgresError) in Delivery.key(try row.next(), try row.next()) }
    }

    static func body(_ id: String, source: ID<HookSource>, brand: ID<Brand>) -> Statement<[UInt8]> {
        Statement(
            """
            SELECT sealed_body
            FROM hooks.inbox
            WHERE brand_id = \(brand) AND source_id = \(source) AND delivery_id = \(id) AND sealed_body IS NOT NULL
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    /// Oldest first; one row for each body that was dropped.
    static func dropExpiredBodies(brand: ID<Brand>, limit: Int) -> Statement<Bool> {
        Statement(
            """
            UPDATE hooks.inbox
            SET sealed_body = NULL
            WHERE brand_id = \(brand) AND (source_id, delivery_id) IN (
                SELECT i.source_id, i.delivery_id
                FROM hooks.inbox i
                WHERE i.brand_id = \(brand) AND i.sealed_body IS NOT NULL
                  AND i.received_at <= siyu.clock() - make_interval(days => \(Inbox.bodyDays))
                ORDER BY i.received_at
                LIMIT \(limit)
            )
            RETURNING true
            """
        ) { row throws(PostgresError) in try row.next() }
    }
}
