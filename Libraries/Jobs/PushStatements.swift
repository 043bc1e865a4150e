import FoundationEssentials
import Postgres

extension JobStatements.Push {
    /// Adds the jobs of another push of the same variety.
    mutating func append(_ other: Self) {
        ids += other.ids
        payloads += other.payloads
        lanes += other.lanes
        keys += other.keys
        uniques += other.uniques
    }

    /// Whether another push is of the same variety for certain.
    func isAlike(_ other: Self) -> Bool {
        queue == other.queue && kind == other.kind && version == other.version && quota == other.quota
            && trace == other.trace && options == other.options
    }
}

extension JobStatements {
    /// Those of the ids that are or were jobs.
    static func known(_ ids: [UUID]) -> Statement<UUID> {
        Statement(
            """
            SELECT i.id FROM unnest(\(ids)) AS i (id)
            WHERE EXISTS (SELECT FROM jobs.hot h WHERE h.id = i.id)
                OR EXISTS (SELECT FROM jobs.later l WHERE l.id = i.id)
                OR EXISTS (SELECT FROM jobs.gate g WHERE g.id = i.id)
                OR EXISTS (SELECT FROM jobs.done d WHERE d.id = i.id)
                OR EXISTS (SELECT FROM jobs.discarded d WHERE d.id = i.id)
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    /// When a job that is pushed now is due, if it waits, and when it is too late for it, by the business clock.
    static func instants(delay: Duration?, deadline: Duration?) -> Statement<(due: Date?, deadline: Date?)> {
        Statement(
            """
            SELECT siyu.clock() + \(delay), siyu.clock() + coalesce(\(delay), INTERVAL '0') + \(deadline)
            """
        ) { row throws(PostgresError) in (due: try row.next(), deadline: try row.next()) }
    }

    /// Where a COPY of jobs goes that may run at once and have none of the rest.
    static let plainCopy = CopyTarget(
        schema: "jobs", table: "hot",
        columns: ["queue_id", "kind_id", "id", "priority", "max_tries", "payload", "version"])

    /// Where a COPY of other jobs that may run at once goes.
    static let hotCopy = CopyTarget(
        schema: "jobs", table: "hot",
        columns: [
            "queue_id", "kind_id", "id", "priority", "max_tries", "brand_id", "payload", "version", "key",
            "deadline_at", "trace",
        ])

    /// Where a COPY of jobs that wait goes.
    static let laterCopy = CopyTarget(
        schema: "jobs", table: "later",
        columns: [
            "queue_id", "kind_id", "id", "priority", "max_tries", "brand_id", "payload", "version", "key",
            "deadline_at", "trace", "due_at", "reason",
        ])
}
