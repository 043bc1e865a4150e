package import FoundationEssentials
package import Hooks
package import Kernel
package import Postgres

/// Tells those who listen of new redemptions, in their transaction.
package struct ScanTeller: RedemptionFollower {
    private let hooks: OutgoingHooks

    /// Tells over `hooks`.
    package init(hooks: OutgoingHooks) { self.hooks = hooks }

    /// None: a hook may be a second late, and waking somebody with each commit of scans costs them all.
    package var queues: [String] { [] }

    /// Looks up the kind of the job that sends hooks.
    package func prepare() async throws { try await hooks.prepare() }

    /// Tells of redemptions; what a redemption leads to later shares its lane, so that it is heard of afterwards.
    package func follow(_ new: [NewlyRedeemed], brand: ID<Brand>, now: Date, on tx: Transaction) async throws {
        let events = new.map { new in
            OutgoingEvent(
                CodesEvents.scanRedeemed, subject: new.redemption.rawValue, lane: new.redemption.description, at: now,
                data: [
                    "redemption_id": .string(new.redemption.description), "person_id": .string(new.person.description),
                    "batch_id": .string(new.batch.id.description),
                    "product_id": new.batch.product.map { .string($0.description) } ?? .null,
                    "shop_id": new.batch.shop.map { .string($0.description) } ?? .null,
                    "outcome": .string(new.prize == nil ? "no_prize" : "won"),
                    "tier": new.prize.map { .int(Int64($0.tier)) } ?? .null,
                    "prize_kind": new.prize.map { .string($0.kind.rawValue) } ?? .null,
                ])
        }
        _ = try await hooks.emit(events, brand: brand, now: now, on: tx)
    }
}
