import FoundationEssentials
package import Kernel
package import Postgres

extension Gifts {
    /// Opens a gift: from here on its recipient may choose, fill in an address and accept.
    package func claim(_ id: ID<Gift>, by shopper: Shopper, on tx: Transaction) async throws -> RecipientView {
        let turn = try await asOpened(try await turn(on: id, of: shopper, as: .recipient, tx), on: tx)
        let gift = try await carryOut(.claim, turn, on: tx)
        return try await recipientView(of: gift, brand: turn.brand, now: turn.now, on: tx)
    }
}
