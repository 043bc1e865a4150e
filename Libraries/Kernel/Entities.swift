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
/// One size, colour or taste of a product: what is kept in stock and has a price.
package enum Variant {}
/// Money on its way back.
package enum Refund {}
/// What a friend gives to a friend.
package enum Gift {}
/// Where a gift is to be delivered.
package enum Address {}
/// Codes that were minted together.
package enum CodeBatch {}
/// One file of codes that somebody else made, on its way in.
package enum CodeImport {}
/// A wish for codes of WeChat's 一物一碼.
package enum CodeApplication {}
/// Some of those codes, on their way to being activated at WeChat.
package enum CodeActivation {}
/// A code that was used, once and for all.
package enum Redemption {}
/// Whoever signs hooks with secrets of their own.
package enum HookSource {}
/// A thing that was won, to be handed over by a store.
package enum Voucher {}
/// One handing over of what was won.
package enum Handover {}
/// Whoever is told what happens here.
package enum HookEndpoint {}
/// Something that happened, as it is told.
package enum OutgoingMessage {}
/// A code that was shown somewhere, with something.
package enum ScanTrace {}
/// Something odd about how a code was shown.
package enum ScanSignal {}
/// A draw apart from packs.
package enum Campaign {}
/// What a draw wins.
package enum CampaignPrize {}
/// A day's share of what a draw wins.
package enum DrawDay {}
/// One try in a draw.
package enum DrawEntry {}
/// A right to one more try.
package enum DrawRight {}
/// A human being whom a brand knows, by whichever identifiers.
package enum Member {}
/// Somebody who sells packs in a region.
package enum Dealer {}
/// Money on its way to somebody who won it.
package enum Payout {}
/// A kind of goods.
package enum Category {}
/// A pause of somebody who tried too much, ended before its time.
package enum LimitLift {}
/// A wish for money back, and what comes of it.
package enum Aftersale {}
/// A day's bill of WeChat Pay.
package enum Bill {}
/// Something in which a bill, our records and the books differ.
package enum Mismatch {}
