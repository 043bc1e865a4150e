import FoundationEssentials
import Postgres

/// The statements of calls to providers.
enum EffectStatements {
    /// What is known about a step.
    struct Known: Sendable {
        let state: JobEffect.State
        let answer: [UInt8]?
        let reason: String?
        let looks: Int
    }

    /// Answers only if the step is new: then its call may be made once this is committed.
    static func intend(_ job: UUID, step: String, run: Int32) -> Statement<Bool> {
        Statement(
            """
            INSERT INTO jobs.effect (job_id, step, state, run_no, calls) VALUES (\(job), \(step), 'intended', \(run), 1)
            ON CONFLICT (job_id, step) DO NOTHING
            RETURNING true
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    static func known(_ job: UUID, step: String) -> Statement<Known> {
        Statement("SELECT state, answer, reason, looks FROM jobs.effect WHERE job_id = \(job) AND step = \(step)") {
            row throws(PostgresError) in
            Known(state: try row.next(), answer: try row.next(), reason: try row.next(), looks: try row.next())
        }
    }

    static func intendAgain(_ job: UUID, step: String, run: Int32) -> Statement<Void> {
        Statement(
            """
            UPDATE jobs.effect
            SET state = 'intended', run_no = \(run), calls = calls + 1, updated_at = clock_timestamp()
            WHERE job_id = \(job) AND step = \(step)
            """)
    }

    /// What a run learned; `looked` if it asked and got no answer to go by.
    static func note(
        _ job: UUID, step: String, run: Int32, state: JobEffect.State, answer: [UInt8]? = nil, reason: String? = nil,
        looked: Bool = false
    ) -> Statement<Void> {
        Statement(
            """
            UPDATE jobs.effect
            SET state = \(state), answer = \(answer), reason = \(reason), run_no = \(run),
                looks = looks + \(Int32(looked ? 1 : 0)), updated_at = clock_timestamp()
            WHERE job_id = \(job) AND step = \(step)
            """)
    }

    // MARK: Operators

    private static func read(_ row: inout RowReader) throws(PostgresError) -> JobEffect {
        JobEffect(
            job: JobID(rawValue: try row.next()), step: try row.next(), runNumber: try row.next(),
            state: try row.next(), calls: try row.next(),
            looks: try row.next(), reason: try row.next(), createdAt: try row.next(), updatedAt: try row.next())
    }

    static func effects(of job: UUID) -> Statement<JobEffect> {
        Statement(
            """
            SELECT job_id, step, run_no, state, calls, looks, reason, created_at, updated_at
            FROM jobs.effect WHERE job_id = \(job) ORDER BY created_at, step
            """, row: read)
    }

    static func unsettled(for age: Duration, limit: Int32) -> Statement<JobEffect> {
        Statement(
            """
            SELECT job_id, step, run_no, state, calls, looks, reason, created_at, updated_at
            FROM jobs.effect
            WHERE state IN ('intended', 'unknown') AND created_at < clock_timestamp() - \(age)
            ORDER BY updated_at LIMIT \(limit)
            """, row: read)
    }

    // MARK: Retention

    /// One bite of the steps that were settled long ago, of jobs that have ended; what is unknown stays.
    static func deleteSettled(olderThan age: Duration, limit: Int32) -> Statement<Void> {
        Statement(
            """
            DELETE FROM jobs.effect WHERE ctid = ANY (ARRAY (
                SELECT e.ctid FROM jobs.effect e
                WHERE e.updated_at < clock_timestamp() - \(age) AND e.state IN ('ok', 'refused', 'open')
                    AND NOT EXISTS (SELECT FROM jobs.hot WHERE id = e.job_id)
                    AND NOT EXISTS (SELECT FROM jobs.gate WHERE id = e.job_id)
                    AND NOT EXISTS (SELECT FROM jobs.later WHERE id = e.job_id)
                    AND NOT EXISTS (SELECT FROM jobs.discarded WHERE id = e.job_id)
                LIMIT \(limit)))
            """)
    }
}
