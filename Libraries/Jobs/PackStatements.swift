import FoundationEssentials
import Postgres

/// The statement of packs.
enum PackStatements {
    /// Makes ordinary jobs of those that leave a pack, with what they have in common with it.
    ///
    /// In the transaction that completes the pack.
    static func scatter(_ jobs: [ScatteredJob], kind: Int32, of pack: ClaimedJob) -> Statement<Void> {
        var fates: [String] = []
        var delays: [Duration] = []
        var reasons: [String?] = []
        var errors: [String?] = []
        for job in jobs {
            switch job.outcome {
            case .postponed(let reason, let delay, let error):
                fates.append("later")
                delays.append(delay)
                reasons.append(reason.rawValue)
                errors.append(error)
            case .discarded(let reason, let error):
                fates.append("discarded")
                delays.append(.zero)
                reasons.append(reason.rawValue)
                errors.append(error)
            case .completed, .completedItself, .released, .lost, nil:
                fates.append("hot")
                delays.append(.zero)
                reasons.append(nil)
                errors.append(nil)
            }
        }
        return Statement(
            """
            WITH leaving AS MATERIALIZED (
                SELECT * FROM unnest(\(jobs.map(\.id)), \(jobs.map(\.payload)), \(fates), \(delays), \(reasons),
                    \(errors)) WITH ORDINALITY AS j (id, payload, fate, delay, reason, error, n)
            ), ready AS (
                INSERT INTO jobs.hot (
                    queue_id, kind_id, id, enqueued_at, tries, priority, max_tries, brand_id, payload, version,
                    deadline_at, trace)
                SELECT \(pack.queueID), \(kind), j.id, \(pack.enqueuedAt), \(pack.tries), \(pack.priority),
                    \(pack.maxTries), \(pack.brand), j.payload, \(pack.version), \(pack.deadlineAt), \(pack.trace)
                FROM leaving j WHERE j.fate = 'hot'
                ORDER BY j.n
            ), waiting AS (
                INSERT INTO jobs.later (
                    queue_id, kind_id, id, due_at, enqueued_at, run_no, tries, priority, max_tries, brand_id, reason,
                    payload, version, deadline_at, trace)
                SELECT \(pack.queueID), \(kind), j.id, siyu.clock() + j.delay, \(pack.enqueuedAt), 1,
                    \(pack.tries) + (j.error IS NOT NULL)::integer, \(pack.priority), \(pack.maxTries), \(pack.brand),
                    j.reason, j.payload, \(pack.version), \(pack.deadlineAt), \(pack.trace)
                FROM leaving j WHERE j.fate = 'later'
            ), dropped AS (
                INSERT INTO jobs.discarded (
                    queue_id, kind_id, id, enqueued_at, run_no, tries, crashes, priority, max_tries, brand_id, reason,
                    last_error, payload, version, deadline_at, trace)
                SELECT \(pack.queueID), \(kind), j.id, \(pack.enqueuedAt), 1, \(pack.tries) + 1, 0, \(pack.priority),
                    \(pack.maxTries), \(pack.brand), j.reason, j.error, j.payload, \(pack.version),
                    \(pack.deadlineAt), \(pack.trace)
                FROM leaving j WHERE j.fate = 'discarded'
            )
            INSERT INTO jobs.attempt (id, run_no, worker, error)
            SELECT j.id, 1, \(pack.token.worker), j.error FROM leaving j WHERE j.error IS NOT NULL
            """)
    }
}
