package import Accounting
package import Kernel

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
