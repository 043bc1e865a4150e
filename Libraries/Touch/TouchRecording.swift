import FoundationEssentials
package import Jobs
import Kernel
import Members
import Postgres

/// Records contacts of people with a brand, and makes them members.
package enum TouchRecording {
    /// The kind of a redeemed pack.
    static let packRedeemed = "pack.redeemed"
    /// How often somebody who was linked meanwhile is looked up again within one run; afterwards the job tries again later.
    private static let attemptsMax = 5

    /// Tells `queue` how the jobs of this room are done; the process must work the queue `touch`.
    ///
    /// - Parameter patience: How long a job waits for others, to share a transaction with them.
    package static func register(on queue: JobQueue, patience: Duration = TouchDesk.patience.value) {
        let pool = queue.pool
        let desk = TouchDesk(patience: patience) { jobs in try await record(jobs, on: pool) }
        queue.registerJob(parameters: TouchRecord.self) { job, _ in try await desk.record(job) }
    }

    /// Without the jobs' fences, since a second time changes nothing; they are completed afterwards, by the worker's next exchange.
    private static func record(_ jobs: [TouchRecord], on pool: Pool) async throws {
        for attempt in 1... {
            do {
                // A job's touches are its own; persons may be linked by another process in this instant, and then are looked up again.
                let onConflict: OnConflict = attempt == 1 ? .fail : .doNothing
                // Nobody is told of a touch. One that a crash of the server forgets is recorded by the job's next run: the end of the job
                // is written after it, and forgotten with it.
                return try await pool.transaction(.init(isDurable: false)) { tx in
                    try await record(jobs, onConflict, on: tx)
                }
            } catch is MemberLinks.LinkedMeanwhile where attempt < attemptsMax {
                continue
            } catch let error as PostgresError where error.isUniqueViolation && attempt < attemptsMax {
                continue
            }
        }
    }

    /// Makes members and touches of the redemptions of jobs of one brand; a second time it changes nothing.
    private static func record(_ jobs: [TouchRecord], _ onConflict: OnConflict, on tx: Transaction) async throws {
        guard let brand = jobs.first?.brand else { return }
        let told = jobs.flatMap { job in job.packs.map { (pack: $0, at: job.at) } }
        let contacts = told.map { pack, at in
            Contact(openid: pack.person, unionid: pack.unionPerson, source: .pack(pack.batch), at: at)
        }
        let members = try await MemberLinks.link(contacts, onConflict, brand: brand, on: tx)
        let touches = zip(told, members).map { told, member in
            TouchStatements.NewTouch(
                member: member, subject: told.pack.redemption.rawValue, source: told.pack.batch.rawValue,
                product: told.pack.product, shop: told.pack.shop, at: told.at)
        }
        if touches.isEmpty { return }
        try await tx.execute(TouchStatements.insert(touches, onConflict, kind: packRedeemed, brand: brand))
    }
}
