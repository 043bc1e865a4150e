package import FoundationEssentials
package import Kernel
package import Postgres

/// Grants a right to draw for each prize that is one, in the transaction of the redemption that won it.
package struct DrawFollower: RedemptionFollower {
    /// None: a right waits for its owner.
    package var queues: [String] { [] }

    /// Nothing is needed to grant a right.
    package init() {}

    /// Grants the rights; each redemption grants one, however often it is told.
    package func follow(_ new: [NewlyRedeemed], brand: ID<Brand>, now: Date, on tx: Transaction) async throws {
        let rights = new.compactMap { redeemed in
            redeemed.prize?.draw?.campaign.map { campaign in
                DrawStatements.NewRight(
                    id: ID(rawValue: redeemed.redemption.rawValue), campaign: campaign, person: redeemed.person,
                    depth: 1)
            }
        }
        if rights.isEmpty { return }
        try await tx.execute(DrawStatements.grant(rights, brand: brand, now: now))
    }
}
