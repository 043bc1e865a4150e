import Codes
import Hooks
package import Jobs
package import Kernel
package import Logging
import Orders
package import Postgres
import ServiceLifecycle

/// Forgets what a brand's inbox, idempotent requests and tickets of scans kept for a time only.
package struct SweepHooks: JobParameters {
    package static let jobName = "hooks.sweep"
    package static let jobQueue = ImportLoad.jobQueue
    /// The tenant.
    package var brand: ID<Brand>

    /// The sweep of a brand.
    package init(brand: ID<Brand>) { self.brand = brand }
}

/// Sees to it that every brand is swept once a day.
///
/// It looks every hour and pushes the job in the commit that takes the day's sweep. A job that fails for good is followed by tomorrow's;
/// several processes share one sweep a day; nothing is pushed by a job, so nothing can multiply.
package struct Sweeps: Service {
    /// How often somebody looks; a sweep is late by this much at most.
    private static let pause: Duration = .seconds(3_600)

    private let pool: Pool
    private let queue: JobQueue
    private let logger: Logger

    package init(pool: Pool, queue: JobQueue, logger: Logger) {
        self.pool = pool
        self.queue = queue
        self.logger = logger
    }

    /// Says how sweeps are executed in this process.
    package static func register(on queue: JobQueue) {
        queue.registerJob(parameters: SweepHooks.self, timeout: .seconds(600)) { job, context in
            // Every slice is a commit of its own and leaves less for the next one, so this ends.
            var isMore = true
            while isMore {
                isMore = try await context.transaction { tx in
                    let areMoreHooks = try await HookSweep.forget(brand: job.brand, on: tx)
                    let areMoreTickets = try await MarketcodeTickets.forget(brand: job.brand, on: tx)
                    return areMoreHooks || areMoreTickets
                }
            }
        }
    }

    package func run() async throws {
        await Rounds(pause: Self.pause, name: "sweeps", logger: logger).run { _ = try await pushDue() }
    }

    /// Pushes the sweeps that are due.
    ///
    /// - Returns: How many this process pushed.
    @discardableResult
    package func pushDue() async throws -> Int {
        var pushed = 0
        for brand in try await HookSweep.dueBrands(on: pool) {
            pushed += try await pool.transaction { tx in
                guard try await HookSweep.take(brand: brand, on: tx) else { return 0 }
                try await queue.push(
                    SweepHooks(brand: brand), options: JobOptions(priority: .lowest, brand: brand.rawValue), on: tx)
                return 1
            }
        }
        return pushed
    }
}
