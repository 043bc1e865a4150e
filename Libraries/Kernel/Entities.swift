// The nouns that ids point at. They have no values: `ID<Order>` and `ID<Payment>` only differ for the compiler.

/// The tenant: every business row belongs to exactly one brand.
package enum Brand {}
/// A place of sale of a brand.
package enum Shop {}
/// Something a shop sells.
package enum Product {}
/// One purchase in one shop.
package enum Order {}
/// Money taken for an order.
package enum Payment {}
/// A human being, known to every room but the vault by id alone.
package enum Person {}
/// A pot of money in the ledger.
package enum Account {}
/// One movement of money between two accounts.
package enum Transfer {}
/// One file of orders on its way in.
package enum Import {}
/// A partner's credential.
package enum APIKey {}
