package import FoundationEssentials
import Jobs
package import Kernel
package import Logging
import Orders
package import Postgres
import Synchronization

/// Ends what is due of a brand, set by set, and works around what cannot be ended.
///
/// A set that fails is taken apart: its gifts are ended one by one, and the one that cannot be is reported and left alone for a while, so
/// that it holds up no other. A gift whose shelf or payment somebody else holds is such a one, for a shorter while.
package final class GiftDeadlines: Sendable {
    private let gifts: Gifts
    private let pool: Pool
    private let logger: Logger
    /// Gifts that could not be ended, with the instant from which they are tried again.
    private let stuck = Mutex<[ID<Gift>: Date]>([:])

    /// Deadlines of gifts whose refunds go to the queue of `gifts`.
    package init(gifts: Gifts, pool: Pool, logger: Logger) {
        self.gifts = gifts
        self.pool = pool
        self.logger = logger
    }

    /// Ends the gifts of a brand that were to be accepted before an instant.
    ///
    /// - Parameter now: `siyu.clock()` of a moment ago.
    /// - Returns: How many were ended, and whether there may be more: other brands come first then.
    /// - Throws: Errors of a database that is away; whoever calls tries again later.
    @discardableResult
    package func sweep(_ brand: ID<Brand>, now: Date) async throws -> (ended: Int, isMore: Bool) {
        let spared = stuck.withLock { stuck in
            stuck = stuck.filter { $0.value > now && $0.value.timeIntervalSince(now) <= Self.rest }
            return Array(stuck.keys)
        }
        var ended = 0
        var place: Date?
        for _ in 0..<Self.setsMax.value where !Task.isCancelled {
            do {
                let (start, limit) = (place, Self.setSize.value)
                let step = try await pool.transaction { tx in
                    try await gifts.expire(
                        dueBefore: now, from: start, sparing: spared, limit: limit, brand: brand, on: tx)
                }
                ended += step.ended
                place = step.reached
                if step.ended > 0 { gifts.queue.ring(PaymentReceived.jobQueue) }
                if step.found < Self.setSize.value { return (ended, false) }
            } catch let error where Self.isOfTheGifts(error) {
                logger.warning("A set of gifts could not be ended: they are ended one by one.")
                return (ended + (try await endSingly(brand, from: place, sparing: spared, now: now)), true)
            }
        }
        return (ended, true)
    }

    /// Whether an error says something of the gifts, rather than of the database or of our own end.
    private static func isOfTheGifts(_ error: any Error) -> Bool {
        if error is CancellationError { return false }
        guard let error = error as? PostgresError else { return true }
        return !error.isAway
    }

    /// Ends some gifts one by one; the rest is left to the next sweep.
    ///
    /// None waits long for a lock: it would keep all those waiting that want another shelf.
    private func endSingly(
        _ brand: ID<Brand>, from place: Date?, sparing spared: [ID<Gift>], now: Date
    ) async throws -> Int {
        var ended = 0
        let due = try await gifts.due(
            before: now, from: place, sparing: spared, limit: Self.setSize.value, brand: brand, on: pool)
        for gift in due {
            do {
                try await pool.transaction { tx in
                    try await tx.execute(DeadlineStatements.waitShortly())
                    try await gifts.expire(gift, brand: brand, on: tx)
                }
                ended += 1
            } catch let error as PostgresError where error.sqlState == .lockNotAvailable {
                logger.warning(
                    "A gift whose time is over waits for what somebody else holds: it is tried again soon.",
                    metadata: ["gift": "\(gift)"])
                stuck.withLock { $0[gift] = now.addingTimeInterval(Self.restOfLocked) }
            } catch let error where Self.isOfTheGifts(error) {
                logger.error(
                    "A gift whose time is over cannot be ended: it is tried again in a while.",
                    metadata: ["gift": "\(gift)", "error": "\(error)"])
                stuck.withLock { $0[gift] = now.addingTimeInterval(Self.rest) }
            }
        }
        gifts.queue.ring(PaymentReceived.jobQueue)
        return ended
    }

    private static let setSize = Limit(
        250, reason: "A commit of some 20 ms, for which others wait who want the same shelves.")
    private static let setsMax = Limit(8, reason: "A brand with many due gifts holds up others for less than a second.")
    /// How long a gift that cannot be ended is left alone, in seconds.
    private static let rest = 300.0
    /// The same where it was only held by somebody else: a deadline is to be kept within a minute.
    private static let restOfLocked = 15.0
}
