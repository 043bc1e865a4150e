package import Jobs
package import Kernel
import Postgres

/// The job that charges technical fees for what a brand sold; siyu-ingest works it.
package struct ChargeFees: JobParameters {
    /// Stable: jobs of an older process carry it.
    package static let jobName = "fees.charge"
    /// The queue of this room.
    package static let jobQueue = "orders"

    /// The tenant.
    package let brand: ID<Brand>

    /// Asks for fees to be charged.
    package init(brand: ID<Brand>) { self.brand = brand }
}

extension TechnicalFees {
    /// Tells `queue` how fees are charged.
    package static func register(on queue: JobQueue) {
        queue.registerJob(parameters: ChargeFees.self, timeout: .seconds(600)) { job, context in
            // Every page is a commit of its own and leaves less for the next one, so this ends.
            var isMore = true
            while isMore {
                isMore = try await context.transaction { tx in
                    try await charge(brand: job.brand, now: try await tx.one(FeeStatements.clock()), on: tx)
                }
            }
        }
    }

    /// Pushes the charging of a brand's fees, unless that is about already.
    package static func push(brand: ID<Brand>, to queue: JobQueue) async throws {
        try await queue.push(
            ChargeFees(brand: brand),
            options: JobOptions(priority: .lowest, brand: brand.rawValue, unique: .untilDone("fees.charge:\(brand)")))
    }
}
