import Jobs
import Postgres

/// A job of the crash matrix: what it does follows from its number.
package struct CrashEffect: JobParameters {
    package static let jobName = "crash.effect"
    package static let jobQueue = "crash"

    /// The ways in which jobs of the matrix end.
    package enum Way: Int, CaseIterable, Sendable {
        /// Writes nothing; the ack completes it.
        case acked
        /// Writes its effect and completes in one commit.
        case completed
        /// Fails at its first try, then as `completed`.
        case failsFirst
        /// As `completed`, but more urgent.
        case urgent
    }

    /// Names the effect; negative numbers kill their process.
    package var number: Int

    package init(number: Int) { self.number = number }

    /// What this job does.
    package var way: Way { Way.allCases[abs(number) % Way.allCases.count] }
    /// Whether it leaves a row in the table of effects.
    package var hasEffect: Bool { number >= 0 && way != .acked }
}

/// The statements of the crash worker.
enum CrashStatements {
    static func effect(_ number: Int, run: Int) -> Statement<Void> {
        Statement("INSERT INTO public.effect (number, run_no) VALUES (\(Int32(number)), \(Int32(run)))")
    }

    static var ownBackend: Statement<Int32> {
        Statement("SELECT pg_backend_pid()") { row throws(PostgresError) in try row.next() }
    }

    /// Ends a server process, or those of all connections of an application name, and waits until they are gone.
    static func terminate(_ backend: Int32?, application: String) -> Statement<Int> {
        Statement(
            """
            SELECT count(pg_terminate_backend(pid, 5000))
            FROM pg_stat_activity
            WHERE pid <> pg_backend_pid() AND application_name = \(application)
                AND (\(backend)::integer IS NULL OR pid = \(backend))
            """
        ) { row throws(PostgresError) in try row.next() }
    }
}
