import Glibc
import Jobs
import Postgres

/// A job over a range of rows, slow enough to be killed in the middle.
package struct CrashSweep: JobParameters {
    package static let jobName = "crash.sweep"
    package static let jobQueue = CrashEffect.jobQueue

    /// The last row.
    package var through: Int

    package init(through: Int) { self.through = through }
}

/// A job that calls a provider, and whose first process dies before or after the call.
package struct CrashRefund: JobParameters {
    package static let jobName = "crash.refund"
    package static let jobQueue = CrashEffect.jobQueue

    /// Names the refund.
    package var number: Int
    /// Whether the provider gets the call before the process dies.
    package var arrives: Bool

    package init(number: Int, arrives: Bool) {
        self.number = number
        self.arrives = arrives
    }
}

extension JobQueue {
    /// Says how the long jobs are executed.
    func registerLongJobs() {
        registerJob(parameters: CrashSweep.self) { sweep, context in
            try await context.forEachChunk(from: 0) { transaction, cursor in
                let last = try await transaction.first(LongJobStatements.work(after: cursor, through: sweep.through))
                try await ContinuousClock().sleep(for: .milliseconds(5))
                return last
            }
        }
        registerJob(parameters: CrashRefund.self) { [pool] refund, context in
            // The provider is a table that is written outside of the job's transactions, and counts every call.
            let _: Int = try await context.effect(step: "refund") { key in
                if key.runNumber == 1, !refund.arrives { kill(getpid(), SIGKILL) }
                try await pool.execute(CrashStatements.effect(refund.number, run: key.runNumber))
                if key.runNumber == 1 { kill(getpid(), SIGKILL) }
                return refund.number
            } query: { _ in
                try await pool.one(LongJobStatements.wasRefunded(refund.number)) ? .done(refund.number) : .neverArrived
            }
        }
    }
}

private enum LongJobStatements {
    static func work(after cursor: Int, through end: Int) -> Statement<Int> {
        Statement(
            """
            WITH chunk AS (
                SELECT id FROM public.thing WHERE id > \(cursor) AND id <= \(end) ORDER BY id LIMIT 50
            ), worked AS (
                UPDATE public.thing t SET times = times + 1 FROM chunk c WHERE t.id = c.id
            )
            SELECT id FROM chunk ORDER BY id DESC LIMIT 1
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    static func wasRefunded(_ number: Int) -> Statement<Bool> {
        Statement("SELECT EXISTS (SELECT FROM public.effect WHERE number = \(Int32(number)))") {
            row throws(PostgresError) in try row.next()
        }
    }
}
