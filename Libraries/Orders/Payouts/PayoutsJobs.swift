package import FoundationEssentials
package import Jobs
package import Kernel

/// A payout is to be sent; pushed in the commit that asks for it, and by operators who try again.
///
/// Worked by siyu-gifts.
package struct PayoutRequest: JobParameters {
    /// Stable: jobs of an older process carry it.
    package static let jobName = "payout.send"
    /// The queue of payouts.
    package static let jobQueue = "payouts"
    /// WeChat Pay takes 1,800 a minute.
    package static let jobQuota: JobQuota? = JobQuota(
        "wechat-transfer", rate: JobRate(every: .microseconds(33_400), burst: 3))

    /// Whose payout.
    package let brand: ID<Brand>
    /// Which.
    package let payout: ID<Payout>
}

/// WeChat Pay is to be asked how a payout stands.
struct PayoutCheck: JobParameters {
    static let jobName = "payout.check"
    static let jobQueue = PayoutRequest.jobQueue

    let brand: ID<Brand>
    let payout: ID<Payout>
}

/// WeChat Pay says by itself how a payout ended; pushed by siyu-ingest in the commit that stores the notification.
package struct PayoutReported: JobParameters {
    /// Stable: jobs of an older process carry it.
    package static let jobName = "payout.reported"
    /// The queue of payouts.
    package static let jobQueue = PayoutRequest.jobQueue

    /// Whose merchant.
    package let brand: ID<Brand>
    /// The merchant.
    package let mchid: String
    /// Our number of the payout.
    package let outBillNo: String
    /// WeChat's number of the payout.
    package let providerBillNo: String
    /// How it stands.
    package let standing: PayoutStanding
    /// How much.
    package let amount: Money
    /// Why it failed, in WeChat Pay's word.
    package let word: String?

    /// Tells of a payout.
    package init(
        brand: ID<Brand>, mchid: String, outBillNo: String, providerBillNo: String, standing: PayoutStanding,
        amount: Money, word: String?
    ) {
        self.brand = brand
        self.mchid = mchid
        self.outBillNo = outBillNo
        self.providerBillNo = providerBillNo
        self.standing = standing
        self.amount = amount
        self.word = word
    }
}

/// A payout has ended, one way or the other; pushed to the queue of whoever asked for it, in the commit that books it.
package struct PayoutEnded: JobParameters {
    /// Stable: jobs of an older process carry it.
    package static let jobName = "payout.ended"
    /// Unless whoever asked names another.
    package static let jobQueue = "prizes"

    /// Whose payout.
    package let brand: ID<Brand>
    /// The payout.
    package let payout: ID<Payout>
    /// What it was for.
    package let subject: UUID
    /// Who was to get it.
    package let person: ID<Person>
    /// How much.
    package let amount: Money
    /// Whether they have it; if not, no number is left to try, and a person must look.
    package let isPaid: Bool

    /// Tells of an end.
    package init(
        brand: ID<Brand>, payout: ID<Payout>, subject: UUID, person: ID<Person>, amount: Money, isPaid: Bool
    ) {
        self.brand = brand
        self.payout = payout
        self.subject = subject
        self.person = person
        self.amount = amount
        self.isPaid = isPaid
    }
}
