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
    package static func register(on queue: JobQueue) {
        queue.registerJob(parameters: TouchRecord.self) { job, context in
            // Its statements are sent and answered on that thread: no other has to wake for each of them.
            try await withTaskExecutorPreference(Pool.taskExecutor) { try await record(job, context) }
        }
    }

    private static func record(_ job: TouchRecord, _ context: JobContext) async throws {
        for attempt in 1... {
            do {
                // A job's touches are its own; persons may be linked by another job in this instant, and then are looked up again.
                let onConflict: OnConflict = attempt == 1 ? .fail : .doNothing
                // Nobody is told of a touch: one that a crash of the server forgets is recorded by the job's next run.
                return try await context.complete(isDurable: false) { tx in
                    try await record(job, onConflict, on: tx)
                }
            } catch is MemberLinks.LinkedMeanwhile where attempt < attemptsMax {
                continue
            } catch let error as PostgresError where error.isUniqueViolation && attempt < attemptsMax {
                continue
            }
        }
    }

    /// Makes members and touches of a job's redemptions; a second time it changes nothing.
    private static func record(_ job: TouchRecord, _ onConflict: OnConflict, on tx: Transaction) async throws {
        let contacts = job.packs.map {
            Contact(openid: $0.person, unionid: $0.unionPerson, source: .pack($0.batch), at: job.at)
        }
        let members = try await MemberLinks.link(contacts, onConflict, brand: job.brand, on: tx)
        let touches = zip(job.packs, members).map { pack, member in
            TouchStatements.NewTouch(
                member: member, subject: pack.redemption.rawValue, source: pack.batch.rawValue,
                product: pack.product, shop: pack.shop)
        }
        if touches.isEmpty { return }
        try await tx.execute(
            TouchStatements.insert(touches, onConflict, kind: packRedeemed, at: job.at, brand: job.brand))
    }
}
