import FoundationEssentials
import Postgres

/// The statements of checkpoints and progress.
enum CheckpointStatements {
    /// What is written down about how far a job has come.
    struct Checkpoint: Sendable {
        /// Nil leaves the stored state as it is.
        let state: [UInt8]?
        let done: Int
        let total: Int?
        let note: String?
        /// Whether the job has come further than any run before: then earlier crashes are forgiven but for the suspicion.
        var advances = false
    }

    /// Locks the job until the end of the transaction and writes its checkpoint; no row if it is not ours any more.
    ///
    /// The mark makes the end of the job clear the checkpoint away; it is set once, so that the job's row is not written
    /// again with every chunk. A run of a suspect counts as a crash from its start, so one crash stays on the account.
    static func write(_ checkpoint: Checkpoint, of token: ClaimToken) -> Statement<Int32> {
        Statement(
            """
            WITH ours AS MATERIALIZED (
                SELECT id, run_no, marks, crashes FROM jobs.hot
                WHERE id = \(token.id) AND worker = \(token.worker) AND claim_no = \(token.claimNumber)
                FOR UPDATE
            ), marked AS (
                UPDATE jobs.hot h
                SET marks = h.marks | 2::smallint,
                    crashes = CASE WHEN \(checkpoint.advances) THEN least(h.crashes, 1) ELSE h.crashes END
                FROM ours o
                WHERE h.id = o.id AND (o.marks & 2 = 0 OR (\(checkpoint.advances) AND o.crashes > 1))
            )
            INSERT INTO jobs.checkpoint AS c (job_id, run_no, state, done, total, note)
            SELECT o.id, o.run_no, \(checkpoint.state), \(checkpoint.done), \(checkpoint.total), \(checkpoint.note)
            FROM ours o
            ON CONFLICT (job_id) DO UPDATE
            SET run_no = excluded.run_no, state = coalesce(excluded.state, c.state), done = excluded.done,
                total = excluded.total, note = excluded.note, updated_at = clock_timestamp()
            RETURNING run_no
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    static func read(_ job: UUID) -> Statement<Checkpoint> {
        Statement("SELECT state, done, total, note FROM jobs.checkpoint WHERE job_id = \(job)") {
            row throws(PostgresError) in
            Checkpoint(state: try row.next(), done: try row.next(), total: try row.next(), note: try row.next())
        }
    }

    static func progress(of job: UUID) -> Statement<JobProgress> {
        Statement("SELECT run_no, done, total, note, updated_at FROM jobs.checkpoint WHERE job_id = \(job)") {
            row throws(PostgresError) in
            JobProgress(
                runNumber: try row.next(), done: try row.next(), total: try row.next(), note: try row.next(),
                updatedAt: try row.next())
        }
    }

    /// One bite of the checkpoints whose jobs are gone without having been completed.
    static func deleteOrphans(olderThan age: Duration, limit: Int32) -> Statement<Void> {
        Statement(
            """
            DELETE FROM jobs.checkpoint WHERE ctid = ANY (ARRAY (
                SELECT c.ctid FROM jobs.checkpoint c
                WHERE c.updated_at < clock_timestamp() - \(age)
                    AND NOT EXISTS (SELECT FROM jobs.hot WHERE id = c.job_id)
                    AND NOT EXISTS (SELECT FROM jobs.gate WHERE id = c.job_id)
                    AND NOT EXISTS (SELECT FROM jobs.later WHERE id = c.job_id)
                    AND NOT EXISTS (SELECT FROM jobs.discarded WHERE id = c.job_id)
                LIMIT \(limit)))
            """)
    }
}
