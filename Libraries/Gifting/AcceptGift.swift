import FoundationEssentials
package import Kernel
import Policies
package import Postgres

extension Gifts {
    /// Takes a gift: the giver's money becomes the shop's, and nothing may be changed for a while.
    package func accept(_ id: ID<Gift>, by shopper: Shopper, on tx: Transaction) async throws -> RecipientView {
        let turn = try await turn(on: id, of: shopper, as: .recipient, tx)
        let lock = try await Policies.value(.lockWindow, brand: turn.brand, at: turn.now, on: tx)
        let gift = try await carryOut(.accept(lock: lock.asSeconds), turn, on: tx)
        return try await recipientView(of: gift, brand: turn.brand, now: turn.now, on: tx)
    }
}
