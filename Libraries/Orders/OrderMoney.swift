package import Accounting
import FoundationEssentials
package import Kernel
import Postgres

extension TransferKind {
    /// A payment came in: from the shop's clearing account to its sales.
    package static let orderPaid: TransferKind = "order.paid"
    /// A later version took its payment back.
    package static let orderReversed: TransferKind = "order.reversed"
    /// The money of an order went back to whoever paid: from the payment's escrow to the shop's clearing account.
    package static let orderRefunded: TransferKind = "order.refunded"
    /// Money came that belongs to no order.
    package static let paymentUnwanted: TransferKind = "payment.unwanted"
    /// It went back.
    package static let paymentReturned: TransferKind = "payment.returned"
}

extension AccountKey {
    /// Where the money of a shop's customers comes from.
    package static func clearing(of shop: ID<Shop>) -> AccountKey { AccountKey("clearing", of: shop.rawValue) }
    /// What a shop has sold.
    package static func sales(of shop: ID<Shop>) -> AccountKey { AccountKey("sales", of: shop.rawValue) }
    /// Money of a payment that is neither earned nor given back yet; never below zero.
    package static func escrow(of payment: ID<Payment>) -> AccountKey { AccountKey("escrow", of: payment.rawValue) }
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
