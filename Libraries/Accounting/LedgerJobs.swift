package import Jobs
package import Kernel
import Postgres

/// The job that seals what a brand posted; siyu-ingest works it.
package struct SealTransfers: JobParameters {
    /// Stable: jobs of an older process carry it.
    package static let jobName = "ledger.seal"
    /// The queue of this room.
    package static let jobQueue = "ledger"

    /// The tenant.
    package let brand: ID<Brand>

    /// Asks for a brand's transfers to be sealed.
    package init(brand: ID<Brand>) { self.brand = brand }
}

/// The job that ends holds of a brand whose time is over; siyu-ingest works it.
package struct ExpireHolds: JobParameters {
    /// Stable: jobs of an older process carry it.
    package static let jobName = "ledger.expire_holds"
    /// The queue of this room.
    package static let jobQueue = SealTransfers.jobQueue

    /// The tenant.
    package let brand: ID<Brand>

    /// Asks for a brand's holds to be ended.
    package init(brand: ID<Brand>) { self.brand = brand }
}

/// The jobs of the books.
package enum LedgerJobs {
    /// Tells `queue` how the jobs of this room are done.
    ///
    /// The process must work the queue `ledger`.
    package static func register(on queue: JobQueue) {
        queue.registerJob(parameters: SealTransfers.self, timeout: .seconds(600)) { job, context in
            try await Ledger.sealAll(brand: job.brand) { body in try await context.transaction(body) }
        }
        queue.registerJob(parameters: ExpireHolds.self, timeout: .seconds(600)) { job, context in
            try await expire(job, context)
        }
    }

    /// Holds that one transaction ends: short enough to be in nobody's way.
    private static let slice = 500

    private static func expire(_ job: ExpireHolds, _ context: JobContext) async throws {
        // Every slice is a commit of its own and leaves less for the next one, so this ends.
        var isMore = true
        while isMore {
            isMore = try await context.transaction { tx in
                let now = try await tx.one(SealStatements.clock())
                return try await Ledger.expireHolds(brand: job.brand, now: now, limit: slice, on: tx) == slice
            }
        }
    }

    /// Pushes the end of a brand's holds whose time is over, unless that is about already: one that fails is tried again, more and more slowly.
    package static func pushExpiry(brand: ID<Brand>, to queue: JobQueue) async throws {
        try await queue.push(
            ExpireHolds(brand: brand),
            options: JobOptions(
                priority: .lowest, brand: brand.rawValue, unique: .untilDone("ledger.expire_holds:\(brand)")))
    }

    /// Pushes the sealing of a brand's transfers, unless that is about already: one that fails is tried again, more and more slowly.
    package static func push(brand: ID<Brand>, to queue: JobQueue) async throws {
        try await queue.push(
            SealTransfers(brand: brand),
            options: JobOptions(
                priority: .lowest, brand: brand.rawValue, unique: .untilDone("ledger.seal:\(brand)")))
    }
}
