import Gifting
import Logging
import Postgres
import ServiceLifecycle

/// Sees to it that addresses are looked through every hour; several processes push one job a brand.
struct RetentionRounds: Service {
    /// How often somebody looks; an address is kept too long by this much at most.
    private static let pause: Duration = .seconds(3_600)

    private let pool: Pool
    private let retention: AddressRetention
    private let logger: Logger

    init(pool: Pool, retention: AddressRetention, logger: Logger) {
        self.pool = pool
        self.retention = retention
        self.logger = logger
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do {
                    for brand in try await pool.run(RetentionRoundsStatements.brands) {
                        try await retention.push(brand: brand)
                    }
                } catch {
                    // The next round finds the same.
                    logger.warning("Addresses could not be looked through.", metadata: ["error": "\(type(of: error))"])
                }
                do { try await Task.sleep(for: Self.pause) } catch { return }
            }
        }
    }
}
