import FoundationEssentials
package import Kernel
import Orders
package import Postgres

extension Gifts {
    /// Calls a gift off before it is sent; what was kept in stock goes back.
    package func cancel(_ id: ID<Gift>, by shopper: Shopper, on tx: Transaction) async throws -> SenderView {
        let turn = try await turn(on: id, of: shopper, as: .sender, tx)
        let gift = try await carryOut(.cancel, turn, on: tx)
        return try await senderView(of: gift, brand: turn.brand, on: tx)
    }
}
