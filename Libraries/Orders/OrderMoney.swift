package import Accounting
import FoundationEssentials
package import Kernel
import Postgres

extension TransferKind {
    /// A payment came in: from the shop's clearing account to its sales.
    package static let orderPaid: TransferKind = "order.paid"
    /// A later version took its payment back.
    package static let orderReversed: TransferKind = "order.reversed"
}

extension AccountKey {
    /// Where the money of a shop's customers comes from.
    package static func clearing(of shop: ID<Shop>) -> AccountKey { AccountKey("clearing", of: shop.rawValue) }
    /// What a shop has sold.
    package static func sales(of shop: ID<Shop>) -> AccountKey { AccountKey("sales", of: shop.rawValue) }
}

/// The two accounts between which the money of a shop's orders moves.
struct OrderAccounts {
    let clearing: ID<Account>
    let sales: ID<Account>

    /// Finds them, or opens them.
    static func open(of shop: ID<Shop>, brand: ID<Brand>, now: Date, on tx: Transaction) async throws -> OrderAccounts {
        OrderAccounts(
            clearing: try await Ledger.account(.clearing(of: shop), brand: brand, now: now, on: tx),
            sales: try await Ledger.account(.sales(of: shop), brand: brand, now: now, on: tx))
    }
}
