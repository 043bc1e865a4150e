package import FoundationEssentials
package import Kernel
package import Postgres

/// When a minute of a batch stands out.
package enum BatchBurstRule {
    /// How often the usual a minute must be.
    package static let factor = Limit<Int64>(
        10, reason: "lunch time is three times a morning; ten is somebody with a list")
    /// How far back the usual is looked for.
    package static let window = Limit<TimeInterval>(7 * 86_400, reason: "a week has its Saturday")
    /// So many minutes must be known before anything is unusual.
    package static let minutesMin = Limit<Int64>(
        60, reason: "the first hour of a campaign has nothing to be compared with")
    /// Fewer redemptions than this in a minute are never a burst.
    package static let redeemedMin = Limit<Int64>(100, reason: "a school class with a case of bottles is no burst")

    /// Whether a minute stands out.
    ///
    /// - Parameters:
    ///   - redeemed: Codes redeemed in it.
    ///   - usual: The 99th percentile of the minutes before it in which any code was redeemed.
    ///   - minutes: How many those are.
    package static func isBurst(redeemed: Int64, usual: Int64, minutes: Int64) -> Bool {
        minutes >= minutesMin.value && redeemed >= redeemedMin.value && usual > 0
            && (redeemed - 1) / factor.value >= usual
    }
}

/// A minute in which a batch was redeemed much faster than usual.
package struct BatchBurst: Hashable, Sendable {
    /// The batch.
    package let batch: BatchHandle
    /// The beginning of the minute.
    package let minute: Date
    /// Codes redeemed in it.
    package let redeemed: Int64
    /// What was much for a minute in the seven days before.
    package let usual: Int64

    /// The bursts of a brand's batches, newest first.
    package static func list(
        since: Date? = nil, brand: ID<Brand>, limit: Int, on db: some Executor
    ) async throws(PostgresError) -> [BatchBurst] {
        try await db.run(BurstStatements.list(since: since, limit: limit, brand: brand))
    }
}
