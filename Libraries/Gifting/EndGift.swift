import FoundationEssentials
import Jobs
package import Kernel
import Orders
package import Postgres

extension Gifts {
    /// Ends a gift whose time to accept is over: stock released, refund requested, outcome written, in one commit.
    ///
    /// Whoever comes too early, or too late, does nothing: sweeps find what is due (``GiftDeadlines``).
    package func expire(_ id: ID<Gift>, brand: ID<Brand>, on tx: Transaction) async throws {
        guard let (gift, now) = try await lock(id, brand: brand, on: tx) else { throw JobFailure.giftUnknown }
        guard case .changed(let next, let effects) = GiftLife.decide(gift, .expire, now: now) else { return }
        _ = try await carryOut(effects, to: next, from: gift.state, brand: brand, on: tx)
    }

    /// Cancels a gift whose time to pay is over; what was kept in stock goes back.
    ///
    /// Whoever comes too early asks again later; whoever comes too late finds an end, and does nothing. A gift whose money is here is left
    /// alone: it will be sent as soon as the news arrives.
    package func lapse(_ id: ID<Gift>, brand: ID<Brand>, on tx: Transaction) async throws {
        guard let (gift, now) = try await lock(id, brand: brand, on: tx) else { throw JobFailure.giftUnknown }
        switch GiftLife.decide(gift, .lapse, now: now) {
        case .unchanged, .refused: break
        case .notYet(let instant):
            try await schedule(GiftLapse(brand: brand, gift: id), after: instant, brand: brand, now: now, on: tx)
        case .changed(let next, let effects):
            if let payment = gift.payment,
                try await Payments.close(payment, brand: brand, now: now, on: tx) == .paid
            {
                return
            }
            _ = try await carryOut(effects, to: next, from: gift.state, brand: brand, on: tx)
        }
    }
}
