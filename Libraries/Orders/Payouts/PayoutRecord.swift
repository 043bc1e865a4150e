package import FoundationEssentials
package import Kernel

/// An attempt to give somebody money, as it stands.
package struct PayoutRecord: Hashable, Sendable {
    /// Its id.
    package let id: ID<Payout>
    /// What it is for: a redemption.
    package let subject: UUID
    /// Which attempt for the subject it is, from 1.
    package let number: Int
    /// Who gets it.
    package let person: ID<Person>
    /// How much.
    package let amount: Money
    /// Where it is owed.
    package let owedAccount: ID<Account>
    /// The occasion, as the winner reads it.
    package let activity: String
    /// What they get it for, as they read it.
    package let reward: String
    /// The queue that is told of the end.
    package let ownerQueue: String
    /// The merchant that pays; nil before the first call.
    package let mchid: String?
    /// How far it has come.
    package let stage: PayoutStage
    /// WeChat's number of it.
    package let providerBillNo: String?
    /// What WeChat Pay last answered, in a few words.
    package let providerWord: String?
    /// What the winner's mini program needs to take the money, sealed.
    let sealedPackage: [UInt8]?
    /// Until when the winner may take it.
    package let confirmUntil: Date?
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

    /// Its number towards WeChat Pay: its id as 32 hex digits, which were there before the first call.
    package var outBillNo: String { id.outBillNo }

    var sight: PayoutSight {
        PayoutSight(
            stage: stage, number: number, attempts: attempts, sentAt: sentAt, confirmUntil: confirmUntil,
            hasPackage: sealedPackage != nil)
    }
}

/// Money that somebody is to be given.
package struct NewPayout: Hashable, Sendable {
    /// What it is for; the same subject is paid once.
    package var subject: UUID
    /// Who gets it.
    package var person: ID<Person>
    /// How much.
    package var amount: Money
    /// Where it is owed.
    package var owedAccount: ID<Account>
    /// The occasion, as the winner reads it.
    package var activity: String
    /// What they get it for, as they read it.
    package var reward: String
    /// The queue that is told of the end.
    package var ownerQueue: String

    /// A payout in its parts.
    package init(
        subject: UUID, person: ID<Person>, amount: Money, owedAccount: ID<Account>, activity: String, reward: String,
        ownerQueue: String
    ) {
        self.subject = subject
        self.person = person
        self.amount = amount
        self.owedAccount = owedAccount
        self.activity = activity
        self.reward = reward
        self.ownerQueue = ownerQueue
    }
}

extension ID where Entity == Payout {
    /// 32 hex digits.
    var outBillNo: String { description.filter { $0 != "-" } }

    /// The payout of a number; nil for one that is not ours.
    init?(outBillNo: String) {
        guard outBillNo.utf8.count == 32 else { return nil }
        var text = outBillNo
        for place in [20, 16, 12, 8] { text.insert("-", at: text.index(text.startIndex, offsetBy: place)) }
        self.init(text)
        guard self.outBillNo == outBillNo else { return nil }
    }
}
