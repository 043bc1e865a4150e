import Foundation
import Kernel
import Postgres

/// The SQL of limits; real time, so that moving the business clock lifts no pause.
enum LimitStatements {
    /// A row of the table, by the database's now.
    struct Row: Sendable {
        let subject: BlindSubject
        let record: LimitRecord
    }

    static func now() -> Statement<Date> {
        Statement("SELECT now()") { row throws(PostgresError) in try row.next() }
    }

    /// Blank rows for those who have none; sorted, so that two exchanges cannot deadlock.
    static func open(_ subjects: [BlindSubject], brand: ID<Brand>) -> Statement<Void> {
        Statement(
            """
            INSERT INTO hooks.limit_count
                (brand_id, scope, subject, wrong, since, in_a_row, pauses, used, used_since, updated_at)
            SELECT b.brand_id, x.scope, x.subject, 0, now(), 0, 0, 0, now(), now()
            FROM siyu.brand b
            CROSS JOIN unnest(\(subjects.map(\.scope.rawValue)), \(subjects.map(\.bytes))) AS x (scope, subject)
            WHERE b.brand_id = \(brand)
            ORDER BY x.scope, x.subject
            ON CONFLICT (brand_id, scope, subject) DO NOTHING
            """)
    }

    /// Rows that stay as they are until the transaction ends.
    static func lock(_ subjects: [BlindSubject], brand: ID<Brand>) -> Statement<Row> {
        Statement(
            """
            SELECT l.scope, l.subject, l.wrong, now() - l.since, l.in_a_row, l.pauses, l.paused_until - now(), l.used,
                now() - l.used_since
            FROM hooks.limit_count l
            JOIN unnest(\(subjects.map(\.scope.rawValue)), \(subjects.map(\.bytes))) AS x (scope, subject)
                ON l.scope = x.scope AND l.subject = x.subject
            WHERE l.brand_id = \(brand)
            ORDER BY l.scope, l.subject
            FOR UPDATE OF l
            """
        ) { row throws(PostgresError) in
            let subject = BlindSubject(scope: try row.next(), brand: brand, bytes: try row.next())
            var record = LimitRecord(at: .zero)
            record.wrong = try row.next()
            record.since = .zero - (try row.next(Duration.self))
            record.inARow = try row.next()
            record.pauses = try row.next()
            record.pausedUntil = try row.next(Duration?.self)
            record.used = try row.next()
            record.usedSince = .zero - (try row.next(Duration.self))
            return Row(subject: subject, record: record)
        }
    }

    /// What rows that are locked become.
    static func write(_ rows: [Row], now: Date, brand: ID<Brand>) -> Statement<Void> {
        let records = rows.map(\.record)
        let since = records.map { now + $0.since }
        let usedSince = records.map { now + $0.usedSince }
        let pausedUntil = records.map { record in record.pausedUntil.map { now + $0 } }
        return Statement(
            """
            UPDATE hooks.limit_count l
            SET wrong = x.wrong, since = x.since, in_a_row = x.in_a_row, pauses = x.pauses,
                paused_until = x.paused_until, used = x.used, used_since = x.used_since, updated_at = \(now)
            FROM unnest(\(rows.map(\.subject.scope.rawValue)), \(rows.map(\.subject.bytes)), \(records.map(\.wrong)),
                \(since), \(records.map(\.inARow)), \(records.map(\.pauses)), \(pausedUntil), \(records.map(\.used)),
                \(usedSince))
                AS x (scope, subject, wrong, since, in_a_row, pauses, paused_until, used, used_since)
            WHERE l.brand_id = \(brand) AND l.scope = x.scope AND l.subject = x.subject
            """)
    }

    /// The pauses in force of rows that changed after an instant; all of them without one.
    ///
    /// Newest first: where there is no room for all, those matter most.
    static func pauses(since instant: Date?, limit: Int) -> Statement<(subject: BlindSubject, pause: Duration)> {
        Statement(
            """
            SELECT brand_id, scope, subject, paused_until - now()
            FROM hooks.limit_count
            WHERE updated_at > coalesce(\(instant), '-infinity') AND paused_until > now()
            ORDER BY updated_at DESC
            LIMIT \(limit)
            """
        ) { row throws(PostgresError) in
            let brand: ID<Brand> = try row.next()
            let subject = BlindSubject(scope: try row.next(), brand: brand, bytes: try row.next())
            return (subject: subject, pause: try row.next())
        }
    }

    /// Oldest first; one row for each that was forgotten.
    static func forget(brand: ID<Brand>, limit: Int) -> Statement<Bool> {
        Statement(
            """
            DELETE FROM hooks.limit_count
            WHERE brand_id = \(brand) AND (scope, subject) IN (
                SELECT l.scope, l.subject
                FROM hooks.limit_count l
                WHERE l.brand_id = \(brand) AND l.updated_at <= now() - interval '2 days'
                  AND (l.paused_until IS NULL OR l.paused_until <= now())
                ORDER BY l.updated_at
                LIMIT \(limit)
            )
            RETURNING true
            """
        ) { row throws(PostgresError) in try row.next() }
    }
}

extension Date {
    fileprivate static func + (date: Date, duration: Duration) -> Date {
        let (seconds, attoseconds) = duration.components
        return date.addingTimeInterval(TimeInterval(seconds) + TimeInterval(attoseconds) / 1e18)
    }
}
