import FoundationEssentials
package import Kernel
package import Postgres

extension Gifts {
    /// Sends a gift back: on the shelf what was kept, to the giver the money.
    package func decline(_ id: ID<Gift>, by shopper: Shopper, on tx: Transaction) async throws -> RecipientView {
        let turn = try await turn(on: id, of: shopper, as: .recipient, tx)
        let gift = try await carryOut(.decline, turn, on: tx)
        return try await recipientView(of: gift, brand: turn.brand, now: turn.now, on: tx)
    }
}
