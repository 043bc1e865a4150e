import Foundation
package import Kernel

/// Money that a merchant gives somebody: 商家转账.
package struct TransferOrder: Hashable, Sendable {
    /// What a scene asks to be told, as WeChat Pay shows it to whoever gets the money.
    package struct Report: Hashable, Sendable {
        /// The line's name, which the scene decides.
        package var type: String
        /// The line; at most 32 characters.
        package var content: String

        /// A line of a report.
        package init(type: String, content: String) {
            self.type = type
            self.content = content
        }
    }

    /// Our number of the transfer, at most 32 letters and digits: whatever is sent under one number is paid out once.
    package var outBillNo: String
    /// What the money is given for: `1000` is cash for marketing.
    package var sceneID: String
    /// Who gets it, by the openid of ``MerchantCredentials/appid``.
    package var openID: String
    /// How much; a name must be told from 2,000 yuan on, so there it ends.
    package var amount: Money
    /// What whoever gets it reads; at most 32 characters.
    package var remark: String
    /// Where the end is to be reported; no query string.
    package var notifyURL: String?
    /// What the scene asks for.
    package var report: [Report]

    /// A transfer in its parts.
    package init(
        outBillNo: String, sceneID: String, openID: String, amount: Money, remark: String, notifyURL: String?,
        report: [Report]
    ) {
        self.outBillNo = outBillNo
        self.sceneID = sceneID
        self.openID = openID
        self.amount = amount
        self.remark = remark
        self.notifyURL = notifyURL
        self.report = report
    }

    /// A transfer of cash for marketing, with the two lines that scene asks for.
    package init(
        cash amount: Money, to openID: String, outBillNo: String, activity: String, reward: String, notifyURL: String?
    ) {
        self.init(
            outBillNo: outBillNo, sceneID: "1000", openID: openID, amount: amount, remark: reward.first32,
            notifyURL: notifyURL,
            report: [
                Report(type: "活动名称", content: activity.first32), Report(type: "奖励说明", content: reward.first32),
            ])
    }
}

extension String {
    fileprivate var first32: String { String(prefix(32)) }
}

/// How a transfer stands.
package enum TransferState: Hashable, Sendable {
    /// Accepted, and on its way to somewhere: `ACCEPTED`, `PROCESSING`, `TRANSFERING`, `CANCELING`.
    case processing
    /// It waits for whoever is to get the money to take it, for a day.
    case waitUserConfirm
    /// They have it.
    case success
    /// It was not paid out, and never will be under this number: `FAIL`, `CANCELLED`.
    case failed
    /// A word that did not exist when this was written: not final.
    case other(String)

    private static let words: [String: TransferState] = [
        "ACCEPTED": .processing, "PROCESSING": .processing, "WAIT_USER_CONFIRM": .waitUserConfirm,
        "TRANSFERING": .processing, "CANCELING": .processing, "SUCCESS": .success, "FAIL": .failed,
        "CANCELLED": .failed,
    ]

    init(word: String) { self = Self.words[word] ?? .other(word) }
}

/// A transfer as WeChat Pay answers it.
package struct TransferResult: Hashable, Sendable {
    /// Our number.
    package let outBillNo: String
    /// WeChat's number.
    package let transferBillNo: String
    /// How it stands.
    package let state: TransferState
    /// Why it failed, in WeChat Pay's word.
    package let failReason: String?
    /// What the mini program hands to `wx.requestMerchantTransfer`; only while the transfer waits for that.
    package let packageInfo: String?
    /// How much; the answer to a question says so, the answer to an order does not.
    package let amount: Money?
    /// The merchant; as ``amount``.
    package let mchid: String?
}

extension TransferResult: Decodable {
    private enum Keys: String, CodingKey {
        case state
        case outBillNo = "out_bill_no"
        case transferBillNo = "transfer_bill_no"
        case failReason = "fail_reason"
        case packageInfo = "package_info"
        case amount = "transfer_amount"
        case mchid = "mch_id"
    }

    /// Reads JSON.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Keys.self)
        outBillNo = try container.decode(String.self, forKey: .outBillNo)
        transferBillNo = try container.decode(String.self, forKey: .transferBillNo)
        state = TransferState(word: try container.decode(String.self, forKey: .state))
        failReason = try container.decodeIfPresent(String.self, forKey: .failReason)
        packageInfo = try container.decodeIfPresent(String.self, forKey: .packageInfo)
        amount = try container.decodeIfPresent(Money.self, forKey: .amount)
        mchid = try container.decodeIfPresent(String.self, forKey: .mchid)
    }
}

/// The end of a transfer as WeChat Pay notifies it: the same thing by other names.
package struct TransferNotice: Hashable, Sendable {
    /// The merchant.
    package let mchid: String
    /// Our number.
    package let outBillNo: String
    /// WeChat's number.
    package let transferBillNo: String
    /// How it stands.
    package let state: TransferState
    /// How much.
    package let amount: Money
    /// Why it failed, in WeChat Pay's word.
    package let failReason: String?
}

extension TransferNotice: Decodable {
    private enum Keys: String, CodingKey {
        case mchid, state
        case outBillNo = "out_bill_no"
        case transferBillNo = "transfer_bill_no"
        case amount = "transfer_amount"
        case failReason = "fail_reason"
    }

    /// Reads JSON.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Keys.self)
        mchid = try container.decode(String.self, forKey: .mchid)
        outBillNo = try container.decode(String.self, forKey: .outBillNo)
        transferBillNo = try container.decode(String.self, forKey: .transferBillNo)
        state = TransferState(word: try container.decode(String.self, forKey: .state))
        amount = try container.decode(Money.self, forKey: .amount)
        failReason = try container.decodeIfPresent(String.self, forKey: .failReason)
    }
}
