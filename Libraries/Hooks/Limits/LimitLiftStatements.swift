import Foundation
import Kernel
import Postgres

/// The SQL of pauses that are ended by hand; real time, as all of limits.
enum LimitLiftStatements {
    /// One row, or none where there is no pause: whoever waited for another lift sees the row as that one left it.
    static func lift(
        _ subject: BlindSubject, id: ID<LimitLift>, author: String, reason: String
    ) -> Statement<LiftedPause> {
        Statement(
            """
            WITH before AS (
                SELECT l.brand_id, l.scope, l.subject, l.paused_until, l.in_a_row, l.pauses
                FROM hooks.limit_count l
                WHERE l.brand_id = \(subject.brand) AND l.scope = \(subject.scope) AND l.subject = \(subject.bytes)
                  AND l.paused_until > now()
                FOR UPDATE
            ), lifted AS (
                UPDATE hooks.limit_count l
                SET wrong = 0, since = now(), in_a_row = 0, pauses = 0, paused_until = NULL, used = 0, used_since = now(),
                    updated_at = now()
                FROM before b
                WHERE l.brand_id = b.brand_id AND l.scope = b.scope AND l.subject = b.subject
                RETURNING b.brand_id, b.scope, b.subject, b.paused_until, b.in_a_row, b.pauses
            )
            INSERT INTO hooks.limit_lift
                (brand_id, lift_id, scope, subject, paused_until, in_a_row, pauses, author, reason, lifted_at)
            SELECT x.brand_id, \(id), x.scope, x.subject, x.paused_until, x.in_a_row, x.pauses, \(author), \(reason), now()
            FROM lifted x
            RETURNING lift_id, scope, subject, paused_until, in_a_row, pauses, author, reason, lifted_at
            """, row: lifted)
    }

    static func history(brand: ID<Brand>, limit: Int) -> Statement<LiftedPause> {
        Statement(
            """
            SELECT lift_id, scope, subject, paused_until, in_a_row, pauses, author, reason, lifted_at
            FROM hooks.limit_lift
            WHERE brand_id = \(brand)
            ORDER BY lifted_at DESC, lift_id DESC
            LIMIT \(limit)
            """, row: lifted)
    }

    static func pauses(of scope: LimitScope?, brand: ID<Brand>, limit: Int) -> Statement<ListedPause> {
        Statement(
            """
            SELECT scope, subject, paused_until, pauses, in_a_row
            FROM hooks.limit_count
            WHERE brand_id = \(brand) AND paused_until > now()
              AND (\(scope?.rawValue)::text IS NULL OR scope = \(scope?.rawValue))
            ORDER BY paused_until DESC, scope, subject
            LIMIT \(limit)
            """
        ) { row throws(PostgresError) in
            ListedPause(
                scope: try row.next(), digest: LimitDigest(bytes: try row.next()), until: try row.next(),
                pauses: try row.next(), inARow: try row.next())
        }
    }

    /// What was lifted after an instant, at any brand; nothing without one.
    static func lifts(since instant: Date?) -> Statement<(id: ID<LimitLift>, subject: BlindSubject)> {
        Statement(
            """
            SELECT brand_id, scope, subject, lift_id
            FROM hooks.limit_lift
            WHERE lifted_at > coalesce(\(instant), 'infinity')
            """
        ) { row throws(PostgresError) in
            let brand: ID<Brand> = try row.next()
            let subject = BlindSubject(scope: try row.next(), brand: brand, bytes: try row.next())
            return (id: try row.next(), subject: subject)
        }
    }

    private static func lifted(_ row: inout RowReader) throws(PostgresError) -> LiftedPause {
        LiftedPause(
            id: try row.next(), scope: try row.next(), digest: LimitDigest(bytes: try row.next()),
            until: try row.next(),
            inARow: try row.next(), pauses: try row.next(), author: try row.next(), reason: try row.next(),
            liftedAt: try row.next())
    }
}
