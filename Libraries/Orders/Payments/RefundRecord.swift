package import FoundationEssentials
package import Kernel

/// An attempt to give money back, as it stands.
package struct RefundRecord: Hashable, Sendable {
    /// Its id.
    package let id: ID<Refund>
    /// The payment whose money goes back.
    package let payment: ID<Payment>
    /// What the money goes back for: the payment itself where all of it does, or a case.
    package let cause: UUID
    /// Which attempt for the payment it is, from 1.
    package let number: Int
    /// Which attempt for its cause it is, from 1.
    package let round: Int
    /// Its number towards WeChat Pay.
    package let outRefundNo: String
    /// How much goes back.
    package let amount: Money
    /// Why, in words that the shopper reads.
    package let reason: String
    /// What the payment was for.
    package let subject: String
    /// The queue that is told.
    package let ownerQueue: String
    /// How far it has come.
    package let stage: RefundStage
    /// WeChat's number of it.
    package let providerRefundID: String?
    /// What WeChat Pay last answered, in a few words.
    package let providerWord: String?
    /// How often WeChat Pay was called about it.
    package let attempts: Int
    /// When it was asked for.
    package let requestedAt: Date
    /// When it was first sent.
    package let sentAt: Date?
    /// When it ended.
    package let finishedAt: Date?
    /// Since when a person should look.
    package let attentionSince: Date?
    /// When somebody said that the money went back outside of WeChat Pay; nil if nobody did.
    package let settledAt: Date?
    /// By what it did.
    package let settledWith: String?

    /// Whether WeChat Pay says of a closed number that it was paid out.
    var mayBePaid: Bool { stage == .closed && providerWord == RefundStanding.success.rawValue }

    /// The number of an attempt towards WeChat Pay; nothing but payment and attempt decides it.
    static func outRefundNo(_ payment: ID<Payment>, _ number: Int) -> String { "RF-\(payment.outTradeNo)-\(number)" }
}
