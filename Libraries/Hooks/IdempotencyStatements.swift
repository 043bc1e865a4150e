import Foundation
import Kernel
import Postgres

/// The SQL of idempotency.
enum IdempotencyStatements {
    /// Takes the lock of a request until the end of the transaction; false if somebody else works on it.
    ///
    /// An advisory lock, because the row does not exist yet; requests that share the 64-bit hash by chance only wait for
    /// nothing: the second is told to try again.
    static func lock(_ request: IdempotentRequest) -> Statement<Bool> {
        Statement(
            """
            SELECT pg_try_advisory_xact_lock(hashtextextended(\(name(of: request)), 0))
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    private static func name(of request: IdempotentRequest) -> String {
        "\(request.brand) \(request.caller) \(request.route) \(request.key)"
    }

    /// The same for several, with their places from 1.
    static func lock(_ requests: [IdempotentRequest]) -> Statement<(place: Int, isLocked: Bool)> {
        Statement(
            """
            SELECT x.place, pg_try_advisory_xact_lock(hashtextextended(x.name, 0))
            FROM unnest(\(requests.map(name(of:)))) WITH ORDINALITY AS x (name, place)
            """
        ) { row throws(PostgresError) in (place: try row.next(), isLocked: try row.next()) }
    }

    /// The stored answer, unless it has expired.
    static func select(_ request: IdempotentRequest) -> Statement<(bodyHash: [UInt8], answer: StoredAnswer)> {
        Statement(
            """
            SELECT body_hash, status, content_type, response
            FROM hooks.idempotency
            WHERE brand_id = \(request.brand) AND caller = \(request.caller)
              AND route = \(request.route) AND key = \(request.key)
              AND created_at > siyu.clock() - make_interval(days => \(Idempotency.days))
            """
        ) { row throws(PostgresError) in
            (try row.next(), StoredAnswer(status: try row.next(), contentType: try row.next(), body: try row.next()))
        }
    }

    /// The same for several, with their places from 1; each looked up by itself (Postgres/Decisions/0002).
    static func select(
        _ requests: [IdempotentRequest], brand: ID<Brand>
    ) -> Statement<(place: Int, bodyHash: [UInt8], answer: StoredAnswer)> {
        Statement(
            """
            SELECT x.place, i.body_hash, i.status, i.content_type, i.response
            FROM unnest(\(requests.map(\.caller)), \(requests.map(\.route)), \(requests.map(\.key)))
                WITH ORDINALITY AS x (caller, route, key, place)
            CROSS JOIN LATERAL (
                SELECT body_hash, status, content_type, response
                FROM hooks.idempotency
                WHERE brand_id = \(brand) AND caller = x.caller AND route = x.route AND key = x.key
                  AND created_at > siyu.clock() - make_interval(days => \(Idempotency.days))
                LIMIT 1
            ) i
            """
        ) { row throws(PostgresError) in
            (
                place: try row.next(), bodyHash: try row.next(),
                answer: StoredAnswer(status: try row.next(), contentType: try row.next(), body: try row.next())
            )
        }
    }

    /// Stores an answer; replaces an expired one.
    static func insert(_ request: IdempotentRequest, bodyHash: [UInt8], _ answer: StoredAnswer) -> Statement<Void> {
        Statement(
            """
            INSERT INTO hooks.idempotency
                (brand_id, caller, route, key, body_hash, status, content_type, response, created_at)
            SELECT b.brand_id, \(request.caller), \(request.route), \(request.key), \(bodyHash),
                \(answer.status), \(answer.contentType), \(answer.body), siyu.clock()
            FROM siyu.brand b
            WHERE b.brand_id = \(request.brand)
            ON CONFLICT (brand_id, caller, route, key) DO UPDATE
            SET body_hash = excluded.body_hash, status = excluded.status, content_type = excluded.content_type,
                response = excluded.response, created_at = excluded.created_at
            """)
    }

    /// The same for several, sorted by the key, so that two batches cannot deadlock.
    static func insert(_ answered: [AnsweredRequest], brand: ID<Brand>) -> Statement<Void> {
        let (requests, answers) = (answered.map(\.request), answered.map(\.answer))
        return Statement(
            """
            INSERT INTO hooks.idempotency
                (brand_id, caller, route, key, body_hash, status, content_type, response, created_at)
            SELECT b.brand_id, x.caller, x.route, x.key, x.body_hash, x.status, x.content_type, x.response, siyu.clock()
            FROM siyu.brand b
            CROSS JOIN unnest(\(requests.map(\.caller)), \(requests.map(\.route)), \(requests.map(\.key)),
                \(answered.map(\.bodyHash)), \(answers.map { Int32($0.status) }), \(answers.map(\.contentType)),
                \(answers.map(\.body))) AS x (caller, route, key, body_hash, status, content_type, response)
            WHERE b.brand_id = \(brand)
            ORDER BY x.caller, x.route, x.key
            ON CONFLICT (brand_id, caller, route, key) DO UPDATE
            SET body_hash = excluded.body_hash, status = excluded.status, content_type = excluded.content_type,
                response = excluded.response, created_at = excluded.created_at
            """)
    }

    /// Removes expired answers of a brand, at most `limit`; one row for each.
    static func purge(brand: ID<Brand>, limit: Int) -> Statement<Bool> {
        Statement(
            """
            DELETE FROM hooks.idempotency
            WHERE brand_id = \(brand) AND (brand_id, caller, route, key) IN (
                SELECT i.brand_id, i.caller, i.route, i.key
                FROM hooks.idempotency i
                WHERE i.brand_id = \(brand)
                  AND i.created_at <= siyu.clock() - make_interval(days => \(Idempotency.days))
                LIMIT \(limit)
            )
            RETURNING true
            """
        ) { row throws(PostgresError) in try row.next() }
    }
}
