package import Jobs
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

/// The same, as a job that asks for something: a place in a quota, and by its number a lane, a unique key, other jobs first.
package struct GatedEffect: JobParameters {
    package static let jobName = "crash.gated"
    package static let jobQueue = CrashEffect.jobQueue
    package static let jobQuota: JobQuota? = JobQuota("crash", runningMax: 3)

    /// What it does.
    package var effect: CrashEffect

    package init(_ effect: CrashEffect) { self.effect = effect }
}

extension CrashEffect {
    /// Whether the job is pushed as a ``GatedEffect``: half of them are, in every way.
    package var isGated: Bool { number >= 0 && number / 4 % 2 == 1 }

    /// What a job asks for; `earlier` were pushed in the same transaction.
    package func options(after earlier: [JobID]) -> JobOptions {
        var options = JobOptions()
        if way == .urgent { options.priority = .highest }
        guard isGated else {
            if number % 8 == 1 { options.delay = .milliseconds(400) }
            return options
        }
        let turn = number / 8 % 4
        if turn == 0 || turn == 3 { options.lane = JobLane("lane \(number % 2)", width: 1 + number % 2) }
        if turn == 1 { options.unique = .untilDone("key \(number)") }
        if turn == 3 { options.unique = .whileQueued("key \(number)") }
        if turn == 2 { options.dependsOn = earlier.suffix(8).striding(by: 3) }
        return options
    }
}

extension ArraySlice {
    fileprivate func striding(by step: Int) -> [Element] {
        stride(from: startIndex, to: endIndex, by: step).map { self[$0] }
    }
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
