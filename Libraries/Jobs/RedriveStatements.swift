import FoundationEssentials
import Postgres

/// The statements that bring discarded jobs back.
enum RedriveStatements {
    /// A discarded job that was looked at.
    struct Seen: Sendable {
        let cursor: JobCursor
        let kind: String
        let reason: String
        let brand: UUID?
        let fits: Bool

        var id: UUID { cursor.id.rawValue }
    }

    /// The next discarded jobs of a queue, oldest first, each with whether it fits the filter.
    static func bite(
        queue: Int32, _ filter: JobRedriveFilter, kind: Int32?, after: JobCursor?, limit: Int32
    ) -> Statement<Seen> {
        Statement(
            """
            SELECT s.discarded_at, s.id, (SELECT k.name FROM jobs.kind k WHERE k.kind_id = s.kind_id), s.reason, s.brand_id,
                (\(kind)::integer IS NULL OR s.kind_id = \(kind))
                    AND (\(filter.reason?.rawValue)::text IS NULL OR s.reason = \(filter.reason?.rawValue))
                    AND (\(filter.brand)::uuid IS NULL OR coalesce(s.brand_id = \(filter.brand), false))
                    AND (\(filter.errorPrefix)::text IS NULL OR starts_with(s.last_error, \(filter.errorPrefix)))
            FROM jobs.discarded s
            WHERE s.queue_id = \(queue) AND s.discarded_at < coalesce(\(filter.to), 'infinity')
                AND (s.discarded_at, s.id)
                    > (coalesce(\(after?.at), \(filter.from), '-infinity'), \(after?.id.rawValue ?? AdminStatements.zero))
            ORDER BY s.discarded_at, s.id
            LIMIT \(limit)
            """
        ) { row throws(PostgresError) in
            Seen(
                cursor: JobCursor(at: try row.next(), id: try row.next()), kind: try row.next(),
                reason: try row.next(), brand: try row.next(), fits: try row.next())
        }
    }

    /// A discarded job begins anew: its tries and crashes are forgiven, its run number goes on.
    ///
    /// The first is due after `start`, each further one `spacing` later.
    static func revive(_ ids: [UUID], spacing: Duration, after start: Duration) -> Statement<UUID> {
        Statement("SELECT r FROM jobs.revive(\(ids), \(spacing), \(start)) r") { row throws(PostgresError) in
            try row.next()
        }
    }

    static func queues() -> Statement<Int32> {
        Statement("SELECT queue_id FROM jobs.queue ORDER BY name") { row throws(PostgresError) in try row.next() }
    }

    static func queue(of id: UUID) -> Statement<String> {
        Statement(
            "SELECT q.name FROM jobs.later l JOIN jobs.queue q ON q.queue_id = l.queue_id WHERE l.id = \(id)"
        ) { row throws(PostgresError) in try row.next() }
    }
}
