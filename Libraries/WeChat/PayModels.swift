package import Foundation
package import Kernel

// MARK: - Orders

/// An order that a shopper pays in a mini program or in WeChat's browser.
package struct JSAPIOrder: Hashable, Sendable {
    /// What the shopper reads; at most 127 characters.
    package var description: String
    /// Our number of the payment, 6 to 32 characters, unique per merchant.
    package var outTradeNo: String
    /// Where the payment is to be reported; no query string.
    package var notifyURL: String
    /// What is to be paid.
    package var amount: Money
    /// Who pays, by the openid of ``MerchantCredentials/appid``.
    package var payerOpenID: String
    /// After this nobody can pay any more.
    package var expiresAt: Date?
    /// Comes back with the payment; at most 128 characters.
    package var attach: String?

    /// An order in its parts.
    package init(
        description: String, outTradeNo: String, notifyURL: String, amount: Money, payerOpenID: String,
        expiresAt: Date? = nil, attach: String? = nil
    ) {
        self.description = description
        self.outTradeNo = outTradeNo
        self.notifyURL = notifyURL
        self.amount = amount
        self.payerOpenID = payerOpenID
        self.expiresAt = expiresAt
        self.attach = attach
    }
}

/// How a payment stands.
package enum TradeState: Hashable, Sendable {
    /// Paid.
    case success
    /// Paid, and some or all of it went back.
    case refund
    /// Not paid yet.
    case notPaid
    /// Closed: it can no longer be paid.
    case closed
    /// Revoked (card payments).
    case revoked
    /// The shopper is typing.
    case userPaying
    /// The payment failed.
    case payError
    /// A word that did not exist when this was written: neither paid nor not.
    case other(String)

    private static let words: [String: TradeState] = [
        "SUCCESS": .success, "REFUND": .refund, "NOTPAY": .notPaid, "CLOSED": .closed, "REVOKED": .revoked,
        "USERPAYING": .userPaying, "PAYERROR": .payError,
    ]

    init(word: String) { self = Self.words[word] ?? .other(word) }
}

/// A payment as WeChat Pay tells it, in an answer or in a notification.
package struct PaymentResult: Hashable, Sendable {
    /// The mini program or official account.
    package let appid: String
    /// The merchant.
    package let mchid: String
    /// Our number.
    package let outTradeNo: String
    /// WeChat's number; nil before anybody has paid.
    package let transactionID: String?
    /// How it stands.
    package let state: TradeState
    /// What we attached to the order.
    package let attach: String?
    /// When it was paid.
    package let paidAt: Date?
    /// Who paid, by the openid of ``appid``.
    package let payerOpenID: String?
    /// The order's amount: what refunds count against.
    package let total: Money?
    /// What the shopper paid after coupons.
    package let payerTotal: Money?
    /// `CNY`.
    package let currency: String?

    /// The money that came in: WeChat's number, the amount and the instant; nil unless all of it was paid for sure.
    package var paid: (transactionID: String, amount: Money, at: Date)? {
        guard state == .success || state == .refund, let transactionID, let total, let paidAt, total > .zero,
            currency == nil || currency == "CNY"
        else { return nil }
        return (transactionID, total, paidAt)
    }
}

extension PaymentResult: Decodable {
    private enum Keys: String, CodingKey {
        case appid, mchid, attach, payer, amount
        case outTradeNo = "out_trade_no"
        case transactionID = "transaction_id"
        case state = "trade_state"
        case paidAt = "success_time"
    }
    private struct Payer: Decodable { let openid: String? }
    private struct Amount: Decodable {
        let total: Money?
        let payerTotal: Money?
        let currency: String?

        private enum CodingKeys: String, CodingKey {
            case total, currency
            case payerTotal = "payer_total"
        }
    }

    /// Reads JSON.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Keys.self)
        appid = try container.decode(String.self, forKey: .appid)
        mchid = try container.decode(String.self, forKey: .mchid)
        outTradeNo = try container.decode(String.self, forKey: .outTradeNo)
        transactionID = try container.decodeIfPresent(String.self, forKey: .transactionID)
        state = TradeState(word: try container.decode(String.self, forKey: .state))
        attach = try container.decodeIfPresent(String.self, forKey: .attach)
        paidAt = try container.decodeInstantIfPresent(forKey: .paidAt)
        payerOpenID = try container.decodeIfPresent(Payer.self, forKey: .payer)?.openid
        let amount = try container.decodeIfPresent(Amount.self, forKey: .amount)
        total = amount?.total
        payerTotal = amount?.payerTotal
        currency = amount?.currency
    }
}

// MARK: - Refunds

/// Money to be given back.
package struct RefundOrder: Hashable, Sendable {
    /// Our number of the payment.
    package var outTradeNo: String
    /// Our number of the refund, at most 64 characters: whatever is sent under one number is paid out once.
    package var outRefundNo: String
    /// What the shopper reads; at most 80 bytes.
    package var reason: String?
    /// Where the refund is to be reported; no query string.
    package var notifyURL: String?
    /// What goes back.
    package var refund: Money
    /// What was paid.
    package var total: Money

    /// A refund in its parts.
    package init(
        outTradeNo: String, outRefundNo: String, reason: String? = nil, notifyURL: String? = nil, refund: Money,
        total: Money
    ) {
        self.outTradeNo = outTradeNo
        self.outRefundNo = outRefundNo
        self.reason = reason
        self.notifyURL = notifyURL
        self.refund = refund
        self.total = total
    }
}

/// How a refund stands.
package enum RefundState: Hashable, Sendable {
    /// The money has gone back.
    case success
    /// Closed without paying out: only a new number can give the money back.
    case closed
    /// Accepted, and not yet paid out.
    case processing
    /// The money could not be delivered; not final, somebody must see to it.
    case abnormal
    /// A word that did not exist when this was written: not final.
    case other(String)

    private static let words: [String: RefundState] = [
        "SUCCESS": .success, "CLOSED": .closed, "PROCESSING": .processing, "ABNORMAL": .abnormal,
    ]

    init(word: String) { self = Self.words[word] ?? .other(word) }
}

/// A refund as WeChat Pay answers it.
package struct RefundResult: Hashable, Sendable {
    /// WeChat's number.
    package let refundID: String
    /// Our number.
    package let outRefundNo: String
    /// WeChat's number of the payment.
    package let transactionID: String
    /// Our number of the payment.
    package let outTradeNo: String
    /// How it stands.
    package let state: RefundState
    /// When the money had gone back.
    package let finishedAt: Date?
    /// When WeChat Pay accepted it.
    package let createdAt: Date?
    /// What goes back.
    package let refund: Money
    /// What was paid.
    package let total: Money
}

extension RefundResult: Decodable {
    private enum Keys: String, CodingKey {
        case amount, status
        case refundID = "refund_id"
        case outRefundNo = "out_refund_no"
        case transactionID = "transaction_id"
        case outTradeNo = "out_trade_no"
        case finishedAt = "success_time"
        case createdAt = "create_time"
    }

    /// Reads JSON.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Keys.self)
        refundID = try container.decode(String.self, forKey: .refundID)
        outRefundNo = try container.decode(String.self, forKey: .outRefundNo)
        transactionID = try container.decode(String.self, forKey: .transactionID)
        outTradeNo = try container.decode(String.self, forKey: .outTradeNo)
        state = RefundState(word: try container.decode(String.self, forKey: .status))
        finishedAt = try container.decodeInstantIfPresent(forKey: .finishedAt)
        createdAt = try container.decodeInstantIfPresent(forKey: .createdAt)
        let amount = try container.decode(RefundAmount.self, forKey: .amount)
        refund = amount.refund
        total = amount.total
    }
}

/// A refund as WeChat Pay notifies it: the same thing by other names.
package struct RefundNotice: Hashable, Sendable {
    /// The merchant.
    package let mchid: String
    /// WeChat's number.
    package let refundID: String
    /// Our number.
    package let outRefundNo: String
    /// WeChat's number of the payment.
    package let transactionID: String
    /// Our number of the payment.
    package let outTradeNo: String
    /// How it stands.
    package let state: RefundState
    /// When the money had gone back.
    package let finishedAt: Date?
    /// What goes back.
    package let refund: Money
    /// What was paid.
    package let total: Money
}

extension RefundNotice: Decodable {
    private enum Keys: String, CodingKey {
        case mchid, amount
        case refundID = "refund_id"
        case outRefundNo = "out_refund_no"
        case transactionID = "transaction_id"
        case outTradeNo = "out_trade_no"
        case state = "refund_status"
        case finishedAt = "success_time"
    }

    /// Reads JSON.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Keys.self)
        mchid = try container.decode(String.self, forKey: .mchid)
        refundID = try container.decode(String.self, forKey: .refundID)
        outRefundNo = try container.decode(String.self, forKey: .outRefundNo)
        transactionID = try container.decode(String.self, forKey: .transactionID)
        outTradeNo = try container.decode(String.self, forKey: .outTradeNo)
        state = RefundState(word: try container.decode(String.self, forKey: .state))
        finishedAt = try container.decodeInstantIfPresent(forKey: .finishedAt)
        let amount = try container.decode(RefundAmount.self, forKey: .amount)
        refund = amount.refund
        total = amount.total
    }
}

private struct RefundAmount: Decodable {
    let refund: Money
    let total: Money
}
