import Foundation
import Kernel
import Postgres

/// The SQL of endpoints and their secrets; instants of secrets are real time.
enum EndpointStatements {
    /// Those of a brand who are told, with what they want to hear.
    static func active(brand: ID<Brand>) -> Statement<HookEndpoints.Listener> {
        Statement(
            """
            SELECT endpoint_id, events
            FROM hooks.endpoint
            WHERE brand_id = \(brand) AND state = 'active'
            ORDER BY endpoint_id
            """
        ) { row throws(PostgresError) in
            HookEndpoints.Listener(id: try row.next(), events: Set(try row.next([String].self)))
        }
    }

    /// Adds an endpoint to an existing brand; no row if there is no such brand, or the name is taken.
    static func insert(
        _ name: String, url: String, events: [String], id: ID<HookEndpoint>, brand: ID<Brand>
    ) -> Statement<ID<HookEndpoint>> {
        Statement(
            """
            INSERT INTO hooks.endpoint (brand_id, endpoint_id, name, url, events, state, created_at, updated_at)
            SELECT b.brand_id, \(id), \(name), \(url), \(events), 'active', now(), now()
            FROM siyu.brand b
            WHERE b.brand_id = \(brand)
            ON CONFLICT (brand_id, name) DO NOTHING
            RETURNING endpoint_id
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    /// An endpoint, locked, with the number of its newest secret: two rotations at once come one after another.
    static func lock(_ name: String, brand: ID<Brand>) -> Statement<ID<HookEndpoint>> {
        Statement(
            """
            SELECT endpoint_id FROM hooks.endpoint WHERE brand_id = \(brand) AND name = \(name) FOR UPDATE
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    static func newestNumber(_ id: ID<HookEndpoint>, brand: ID<Brand>) -> Statement<Int32> {
        Statement(
            """
            SELECT COALESCE(max(number), 0) FROM hooks.endpoint_secret
            WHERE brand_id = \(brand) AND endpoint_id = \(id)
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    static func insertSecret(
        _ sealed: [UInt8], number: Int32, endpoint: ID<HookEndpoint>, brand: ID<Brand>
    ) -> Statement<Void> {
        Statement(
            """
            INSERT INTO hooks.endpoint_secret (brand_id, endpoint_id, number, sealed_secret, created_at)
            SELECT b.brand_id, \(endpoint), \(number), \(sealed), now()
            FROM siyu.brand b
            WHERE b.brand_id = \(brand)
            """)
    }

    /// Ends the secrets before `number`: the last one after `overlap` seconds, older ones now.
    static func endSecrets(
        before number: Int32, overlap: Int, endpoint: ID<HookEndpoint>, brand: ID<Brand>
    ) -> Statement<Void> {
        Statement(
            """
            UPDATE hooks.endpoint_secret
            SET valid_until = CASE
                WHEN number = \(number - 1) THEN now() + make_interval(secs => \(Double(overlap)))
                ELSE now()
            END
            WHERE brand_id = \(brand) AND endpoint_id = \(endpoint) AND number < \(number)
              AND (valid_until IS NULL OR valid_until > now())
            """)
    }

    /// Changes where hooks go, or what is told; nil leaves it.
    static func change(
        _ name: String, url: String?, events: [String]?, brand: ID<Brand>
    ) -> Statement<ID<HookEndpoint>> {
        Statement(
            """
            UPDATE hooks.endpoint
            SET url = COALESCE(\(url), url), events = COALESCE(\(events), events), updated_at = now()
            WHERE brand_id = \(brand) AND name = \(name)
            RETURNING endpoint_id
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    /// Switches an endpoint; its breaker begins anew.
    static func switchTo(
        _ state: String, reason: String?, name: String, brand: ID<Brand>
    ) -> Statement<ID<HookEndpoint>> {
        Statement(
            """
            UPDATE hooks.endpoint
            SET state = \(state), state_reason = \(reason), failures_in_a_row = 0, open_until = NULL, updated_at = now()
            WHERE brand_id = \(brand) AND name = \(name)
            RETURNING endpoint_id
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    /// The endpoints of a brand with how many secrets count now, and how many messages have not been taken.
    ///
    /// Counts stop at 10,001.
    static func list(brand: ID<Brand>) -> Statement<HookEndpointRecord> {
        Statement(
            """
            SELECT e.name, e.endpoint_id, e.url, e.events, e.state, e.state_reason, e.failures_in_a_row, e.open_until,
                e.created_at,
                (SELECT count(*) FROM hooks.endpoint_secret k
                    WHERE k.brand_id = e.brand_id AND k.endpoint_id = e.endpoint_id
                      AND (k.valid_until IS NULL OR k.valid_until > now())),
                (SELECT count(*) FROM (SELECT FROM hooks.outgoing_delivery d
                    WHERE d.brand_id = e.brand_id AND d.endpoint_id = e.endpoint_id AND d.state <> 'delivered'
                      AND d.state = 'pending' LIMIT 10001) x),
                (SELECT count(*) FROM (SELECT FROM hooks.outgoing_delivery d
                    WHERE d.brand_id = e.brand_id AND d.endpoint_id = e.endpoint_id AND d.state <> 'delivered'
                      AND d.state <> 'pending' LIMIT 10001) x)
            FROM hooks.endpoint e
            WHERE e.brand_id = \(brand)
            ORDER BY e.name
            """
        ) { row throws(PostgresError) in
            HookEndpointRecord(
                name: try row.next(), id: try row.next(), url: try row.next(), events: try row.next(),
                isActive: try row.next(String.self) == "active", reason: try row.next(String?.self),
                breaker: HookBreaker(failures: try row.next(Int.self), openUntil: try row.next(Date?.self)),
                createdAt: try row.next(), secretCount: try row.next(), pending: try row.next(), dead: try row.next())
        }
    }
}
