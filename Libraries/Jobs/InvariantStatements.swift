package import Postgres

/// Something in the queue's tables that must not be.
package struct BrokenInvariant: Sendable {
    /// What must hold.
    package let rule: String
    /// The job, lane, quota or key of which it does not.
    package let subject: String
}

/// What must hold of the queue's tables in every snapshot, whatever process died when.
package enum JobInvariants {
    /// What does not hold at present; empty as long as nothing is wrong.
    ///
    /// Reads every job that is about, and the history: a question for tests and for operators in doubt, not for a monitor.
    package static func broken(on executor: some Executor) async throws(PostgresError) -> [BrokenInvariant] {
        try await executor.run(InvariantStatements.broken)
    }

    /// Every rule there is, as ``BrokenInvariant/rule`` names it.
    package static let rules = [
        "a job is in one place", "a job that is done is nowhere else", "a job is done once",
        "a claimed job has a worker", "a lane is not wider than its jobs allow", "a quota is not exceeded",
        "a job that waits for its lane waits for somebody", "a dependent waits for somebody",
        "every wait for another job belongs to a dependent", "every need is about, done and told, or discarded",
        "a unique key belongs to a job that is about", "a key that counts while queued is released at the start",
        "a job is paused by a pause", "a checkpoint belongs to a job that has not completed",
    ]
}

/// The statement behind ``JobInvariants``.
enum InvariantStatements {
    /// One statement, so that all rules are asked of one snapshot.
    static var broken: Statement<BrokenInvariant> {
        Statement(
            """
            WITH live AS (
                SELECT id, 'hot' AS place FROM jobs.hot
                UNION ALL SELECT id, 'later' FROM jobs.later
                UNION ALL SELECT id, 'gate' FROM jobs.gate
                UNION ALL SELECT id, 'discarded' FROM jobs.discarded
            ), lanes AS (
                SELECT lane, lane_max, true AS inside FROM jobs.hot WHERE lane IS NOT NULL
                UNION ALL SELECT lane, lane_max, true FROM jobs.later WHERE in_lane
                UNION ALL SELECT lane, lane_max, true FROM jobs.gate WHERE in_lane
            )
            SELECT 'a job is in one place' AS rule, id::text AS what FROM live GROUP BY id HAVING count(*) > 1
            UNION ALL
            SELECT 'a job that is done is nowhere else', d.id::text FROM jobs.done d JOIN live l ON l.id = d.id
            UNION ALL
            SELECT 'a job is done once', id::text FROM jobs.done GROUP BY id HAVING count(*) > 1
            UNION ALL
            SELECT 'a claimed job has a worker', h.id::text FROM jobs.hot h
            WHERE h.worker <> '00000000-0000-0000-0000-000000000000'
                AND NOT EXISTS (SELECT FROM jobs.worker w WHERE w.worker_id = h.worker)
            UNION ALL
            SELECT 'a lane is not wider than its jobs allow', lane FROM lanes GROUP BY lane HAVING count(*) > max(lane_max)
            UNION ALL
            SELECT 'a quota is not exceeded', q.name FROM jobs.quota q
            WHERE q.running_max < (SELECT count(*) FROM jobs.hot h WHERE h.quota_id = q.quota_id)
            UNION ALL
            SELECT DISTINCT 'a job that waits for its lane waits for somebody', g.lane FROM jobs.gate g
            WHERE g.blocked
                AND NOT EXISTS (SELECT FROM jobs.hot h WHERE h.lane = g.lane)
                AND NOT EXISTS (SELECT FROM jobs.later l WHERE l.lane = g.lane AND l.in_lane)
                AND NOT EXISTS (SELECT FROM jobs.gate o WHERE o.lane = g.lane AND (o.in_lane OR NOT o.blocked))
                AND NOT EXISTS (SELECT FROM jobs.signal s WHERE s.lane = g.lane)
            UNION ALL
            SELECT 'a dependent waits for somebody', l.id::text FROM jobs.later l
            WHERE l.reason = 'dependent' AND l.due_at = 'infinity' AND NOT EXISTS (
                SELECT FROM jobs.dependency d
                WHERE d.job_id = l.id AND (
                    EXISTS (SELECT FROM jobs.signal s WHERE s.job_id = d.needs)
                    OR EXISTS (SELECT FROM jobs.hot n WHERE n.id = d.needs AND n.marks & 1 = 1)
                    OR EXISTS (SELECT FROM jobs.later n WHERE n.id = d.needs AND n.marks & 1 = 1)
                    OR EXISTS (SELECT FROM jobs.gate n WHERE n.id = d.needs AND n.marks & 1 = 1)
                    OR EXISTS (SELECT FROM jobs.discarded n WHERE n.id = d.needs AND n.marks & 1 = 1)))
            UNION ALL
            SELECT 'every wait for another job belongs to a dependent', d.job_id::text FROM jobs.dependency d
            WHERE NOT EXISTS (SELECT FROM jobs.later l WHERE l.id = d.job_id AND l.reason = 'dependent')
            UNION ALL
            SELECT 'every need is about, done and told, or discarded', d.needs::text FROM jobs.dependency d
            WHERE NOT EXISTS (SELECT FROM live l WHERE l.id = d.needs)
                AND NOT EXISTS (SELECT FROM jobs.signal s WHERE s.job_id = d.needs)
            UNION ALL
            SELECT 'a unique key belongs to a job that is about', u.key FROM jobs.uniq u
            WHERE u.scope <> 'window' AND NOT EXISTS (
                SELECT FROM live l WHERE l.id = u.job_id AND l.place <> 'discarded')
            UNION ALL
            SELECT 'a key that counts while queued is released at the start', u.key FROM jobs.uniq u
            JOIN jobs.hot h ON h.id = u.job_id
            WHERE u.scope = 'queued' AND h.worker <> '00000000-0000-0000-0000-000000000000'
            UNION ALL
            SELECT 'a job is paused by a pause', l.id::text FROM jobs.later l
            WHERE l.reason = 'paused' AND l.due_at = 'infinity' AND NOT EXISTS (
                SELECT FROM jobs.pause p
                WHERE (p.queue_id IS NULL OR p.queue_id = l.queue_id) AND (p.kind_id IS NULL OR p.kind_id = l.kind_id)
                    AND (p.brand_id IS NULL OR p.brand_id = l.brand_id) AND (p.quota_id IS NULL OR p.quota_id = l.quota_id))
            UNION ALL
            SELECT 'a checkpoint belongs to a job that has not completed', c.job_id::text FROM jobs.checkpoint c
            WHERE NOT EXISTS (SELECT FROM live l WHERE l.id = c.job_id)
            """
        ) { row throws(PostgresError) in BrokenInvariant(rule: try row.next(), subject: try row.next()) }
    }
}
