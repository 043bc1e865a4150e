package import FoundationEssentials
import Hooks
package import Kernel
import Orders
package import Postgres

/// What one commit did of a sweep.
package struct GiftSweepStep: Hashable, Sendable {
    /// How many gifts it found due and free.
    package let found: Int
    /// How many of them it ended.
    package let ended: Int
    /// The deadline of the last one: the next step begins there.
    package let reached: Date?
}

extension Gifts {
    /// Ends the gifts of a brand whose time to accept is over, as many as one commit takes: stock released, refunds requested, outcomes
    /// written, jobs pushed, all of it or nothing.
    ///
    /// Gifts that somebody else holds at this moment are passed over: either they end by that, or the next sweep finds them. So any
    /// number of processes sweep side by side, and one that is killed leaves what it had taken to the others.
    ///
    /// - Parameters:
    ///   - deadline: Only gifts that were to be accepted before this instant; `siyu.clock()` of a moment ago.
    ///   - start: Where the step before ended.
    ///   - spared: Gifts that are left alone, since they cannot be ended.
    package func expire(
        dueBefore deadline: Date, from start: Date?, sparing spared: [ID<Gift>], limit: Int, brand: ID<Brand>,
        on tx: Transaction
    ) async throws -> GiftSweepStep {
        // Two statements: the clock is read after the gifts are locked.
        let (gifts, clock) = try await tx.pipeline(
            DeadlineStatements.lockDue(
                before: deadline, from: start ?? .distantPast, sparing: spared, limit: limit, brand: brand),
            GiftStatements.clock())
        guard let last = gifts.last, let now = clock.first else {
            return GiftSweepStep(found: 0, ended: 0, reached: nil)
        }
        var set = GiftSet()
        var ended = 0
        for gift in gifts {
            // The instants of a gift never go back, even where the server's clock does.
            guard case .changed(let next, let effects) = GiftLife.decide(gift, .expire, now: max(now, gift.updatedAt))
            else { continue }
            ended += 1
            if !set.add(next, effects) {
                _ = try await carryOut(effects, to: next, from: gift.state, brand: brand, on: tx)
            }
        }
        if !set.isEmpty { try await carryOut(set, brand: brand, now: now, on: tx) }
        return GiftSweepStep(found: gifts.count, ended: ended, reached: last.acceptUntil)
    }

    /// Locks are taken in the order of everything about gifts: the gifts, their payments, and last the shelves.
    private func carryOut(_ set: GiftSet, brand: ID<Brand>, now: Date, on tx: Transaction) async throws {
        let refunds = try await Refunds.request(set.refunds, brand: brand, now: now, queue: queue, on: tx)
        let (saved, _) = try await tx.pipeline(
            DeadlineStatements.save(set.members.map(\.gift), refunds: refunds, brand: brand),
            GiftStatements.addOutcomes(set.members.map { ($0.gift, $0.end) }, brand: brand))
        guard saved.count == set.members.count else { throw GiftingError.stateMoved }
        if case .soldOut = try await Stock.move(set.releases, brand: brand, now: now, on: tx) {
            throw Problem.giftSoldOut
        }
        if let hooks {
            // All of them were sent or claimed: the end is what is new.
            let events = set.members.compactMap { GiftEvents.event(of: $0.gift, from: .sent) }
            _ = try await hooks.emit(events, brand: brand, now: now, on: tx)
        }
    }

    /// The gifts of a brand that are due, by id, those that wait longest first.
    func due(
        before deadline: Date, from start: Date?, sparing spared: [ID<Gift>], limit: Int, brand: ID<Brand>,
        on executor: some Executor
    ) async throws -> [ID<Gift>] {
        try await executor.run(
            DeadlineStatements.due(
                before: deadline, from: start ?? .distantPast, sparing: spared, limit: limit, brand: brand))
    }
}
