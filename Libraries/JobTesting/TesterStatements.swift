import FoundationEssentials
import Jobs
import Postgres

/// The statements of a test's view.
enum TesterStatements {
    struct Row: Sendable {
        let id: UUID
        let queue: String
        let delay: Duration
        let deadline: Duration?
        let priority: JobPriority
        let maxTries: Int32
        let brand: UUID?
        let lane: String?
        let key: String?
        let payload: [UInt8]
    }

    /// What waits, is ready, or runs.
    ///
    /// Jobs that wait for others have no instant: their delay is that until the end of time.
    static func pushed(_ kind: String) -> Statement<Row> {
        Statement(
            """
            SELECT j.id, q.name, make_interval(secs => least(extract(epoch FROM j.due_at - siyu.clock()), 1e9)),
                j.deadline_at - siyu.clock(), j.priority, j.max_tries, j.brand_id, j.lane, j.key, j.payload
            FROM (
                SELECT id, queue_id, kind_id, ready_at AS due_at, deadline_at, priority, max_tries, brand_id, lane, key,
                    payload
                FROM jobs.hot
                UNION ALL
                SELECT id, queue_id, kind_id, CASE WHEN due_at = 'infinity' THEN siyu.clock() + interval '30 years'
                    ELSE due_at END, deadline_at, priority, max_tries, brand_id, lane, key, payload
                FROM jobs.later
                UNION ALL
                SELECT id, queue_id, kind_id, ready_at, deadline_at, priority, max_tries, brand_id, lane, key, payload
                FROM jobs.gate
            ) j
            JOIN jobs.queue q ON q.queue_id = j.queue_id
            JOIN jobs.kind k ON k.kind_id = j.kind_id
            WHERE k.name = \(kind)
            ORDER BY j.id
            """
        ) { row throws(PostgresError) in
            Row(
                id: try row.next(), queue: try row.next(), delay: try row.next(), deadline: try row.next(),
                priority: try row.next(), maxTries: try row.next(), brand: try row.next(), lane: try row.next(),
                key: try row.next(), payload: try row.next())
        }
    }

    static func advance(by duration: Duration) -> Statement<Void> {
        Statement("UPDATE siyu.environment SET clock_offset = clock_offset + \(duration)")
    }
}
