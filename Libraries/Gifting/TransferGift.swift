import FoundationEssentials
package import Kernel
package import Postgres

extension Gifts {
    /// Passing a gift on is refused, to its recipient as to its giver; nobody else learns even that.
    ///
    /// - Throws: ``Problem/giftNotTransferable``, ``Problem/giftNotAParty``.
    package func transfer(_ id: ID<Gift>, by shopper: Shopper, on tx: Transaction) async throws {
        let turn = try await turn(on: id, of: shopper, tx)
        _ = try await carryOut(.transfer, turn, on: tx)
    }
}
