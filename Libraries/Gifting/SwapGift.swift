import FoundationEssentials
package import Kernel
package import Postgres

extension Gifts {
    /// Exchanges what will be delivered for another variant of the same product at the same captured price.
    ///
    /// Stock of both moves in the same commit.
    package func swap(
        _ id: ID<Gift>, to variant: ID<Variant>, by shopper: Shopper, on tx: Transaction
    ) async throws -> RecipientView {
        let turn = try await turn(on: id, of: shopper, as: .recipient, tx)
        let captured = try await tx.run(GiftStatements.capturedPrices(of: id, brand: turn.brand))
        let price = captured.first { $0.variant == variant }?.price
        let gift = try await carryOut(.swap(to: variant, captured: price), turn, on: tx)
        return try await recipientView(of: gift, brand: turn.brand, now: turn.now, on: tx)
    }
}
