import FoundationEssentials
package import Gifting
import Kernel
package import Logging
import Metrics
package import Postgres
import ServiceLifecycle

/// Sees to it that gifts end when their time to accept is over.
///
/// It sleeps until the earliest deadline of all brands, a second at most, since the clock of the business may be moved. Several processes
/// sweep side by side and pass over what another one holds; there is no leader, and nothing waits for a process that was killed but the
/// end of its transaction.
package struct DeadlineWatch: Service {
    /// How often somebody looks where no deadline is near.
    private static let pauseMax = Duration.seconds(1)
    /// How soon somebody looks again after the database was away.
    private static let pauseAfterFault = Duration.seconds(5)

    private let pool: Pool
    private let deadlines: GiftDeadlines
    private let logger: Logger
    private let overdue = Gauge(label: "siyu.gifts.overdue.seconds")
    private let expired = Counter(label: "siyu.gifts.expired")

    package init(pool: Pool, deadlines: GiftDeadlines, logger: Logger) {
        self.pool = pool
        self.deadlines = deadlines
        self.logger = logger
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                let pause: Duration
                do {
                    pause = try await look()
                } catch {
                    logger.warning("Gifts that are due could not be ended.", metadata: ["error": "\(error)"])
                    pause = Self.pauseAfterFault
                }
                do { try await Task.sleep(for: pause) } catch { return }
            }
        }
    }

    /// Ends what is due.
    ///
    /// - Returns: How long nothing will be.
    package func look() async throws -> Duration {
        let open = try await pool.run(DeadlineWatchStatements.earliest())
        overdue.record(open.first.map { max(0, $0.now.timeIntervalSince($0.deadline)) } ?? 0)
        var isMore = false
        var fault: (any Error)?
        for brand in open where brand.deadline < brand.now && !Task.isCancelled {
            do {
                let swept = try await deadlines.sweep(brand.brand, now: brand.now)
                expired.increment(by: swept.ended)
                isMore = isMore || swept.isMore
            } catch let error where (error as? PostgresError)?.isAway != true {
                // One brand's trouble, as a shelf that somebody holds: the others are not to wait for it.
                fault = error
            }
        }
        if let fault { throw fault }
        if isMore { return .zero }
        guard let next = open.first(where: { $0.deadline >= $0.now }) else { return Self.pauseMax }
        // A gift may still be accepted at the very instant of its deadline.
        let wait = Duration.milliseconds(Int64((next.deadline.timeIntervalSince(next.now) * 1_000).rounded(.up)) + 1)
        return min(wait, Self.pauseMax)
    }
}
