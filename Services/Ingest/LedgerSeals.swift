import Accounting
package import Jobs
import Kernel
package import Logging
import Orders
package import Postgres
import ServiceLifecycle

/// Sees to it that what is posted is sealed soon and technical fees are charged for it, and that holds whose time is over end.
///
/// It looks every few seconds, and pushes jobs for each brand that posted something since its last seal, or has such a hold; several
/// processes push one each. A brand that has neither costs a look at three indexes.
package struct LedgerSeals: Service {
    /// How often somebody looks: so long a transfer may stand without a seal.
    private static let pause: Duration = .seconds(10)

    private let pool: Pool
    private let queue: JobQueue
    private let logger: Logger

    package init(pool: Pool, queue: JobQueue, logger: Logger) {
        self.pool = pool
        self.queue = queue
        self.logger = logger
    }

    package func run() async throws {
        await Rounds(pause: Self.pause, name: "seals", logger: logger).run { _ = try await pushDue() }
    }

    /// Pushes what is due.
    ///
    /// - Returns: How many brands have something to be done.
    @discardableResult
    package func pushDue() async throws -> Int {
        let (unsealed, lapsed) = try await pool.pipeline(LedgerSealsStatements.due(), LedgerSealsStatements.lapsed())
        for brand in unsealed {
            try await LedgerJobs.push(brand: brand, to: queue)
            try await TechnicalFees.push(brand: brand, to: queue)
        }
        for brand in lapsed { try await LedgerJobs.pushExpiry(brand: brand, to: queue) }
        return unsealed.count + lapsed.count
    }
}
