import FoundationEssentials
package import Kernel
package import Postgres
package import Vault

extension Gifts {
    /// Keeps where a gift goes, sealed in the vault; the gift knows an id.
    package func keepAddress(
        _ address: PostalAddress, for id: ID<Gift>, by shopper: Shopper, on tx: Transaction
    ) async throws -> RecipientView {
        let turn = try await turn(on: id, of: shopper, as: .recipient, tx)
        // Sealed before it is decided: a refusal rolls the address back with everything else.
        let kept = try await vault.keepAddress(
            address, of: turn.gift.recipient, brand: turn.brand, now: turn.now, on: tx)
        let gift = try await carryOut(.address(kept), turn, on: tx)
        return try await recipientView(of: gift, brand: turn.brand, now: turn.now, on: tx)
    }
}
