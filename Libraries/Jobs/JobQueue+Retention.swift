import Postgres

extension JobQueue {
    /// Deletes what is of no further use: old fires, settled calls of jobs that have ended, checkpoints of jobs that are gone.
    ///
    /// What is unknown about a provider stays, however old it is.
    ///
    /// - Parameter bite: How many rows of each a call deletes at most; the next one goes on.
    package func forget(olderThan age: Duration, bite: Int32) async throws {
        try await pool.execute(ScheduleStatements.deleteFires(olderThan: age, limit: bite))
        try await pool.execute(EffectStatements.deleteSettled(olderThan: age, limit: bite))
        try await pool.execute(CheckpointStatements.deleteOrphans(olderThan: age, limit: bite))
    }
}
