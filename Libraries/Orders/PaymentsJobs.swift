package import FoundationEssentials
import Jobs
package import Kernel

/// Money came in, says WeChat Pay; pushed by siyu-ingest in the commit that stores the notification, worked by siyu-gifts.
package struct PaymentReceived: JobParameters {
    /// Stable: jobs of an older process carry it.
    package static let jobName = "payment.received"
    /// The queue of payments and refunds.
    package static let jobQueue = "payments"

    /// Whose merchant took it.
    package let brand: ID<Brand>
    /// The payment.
    package let payment: ID<Payment>
    /// The merchant.
    package let mchid: String
    /// WeChat's number of the money.
    package let transactionID: String
    /// How much.
    package let amount: Money
    /// When, by WeChat's clock.
    package let paidAt: Date

    /// Tells of money.
    package init(
        brand: ID<Brand>, payment: ID<Payment>, mchid: String, transactionID: String, amount: Money, paidAt: Date
    ) {
        self.brand = brand
        self.payment = payment
        self.mchid = mchid
        self.transactionID = transactionID
        self.amount = amount
        self.paidAt = paidAt
    }
}

/// Asks WeChat Pay about a payment that it has not reported: notifications get lost.
struct PaymentCheck: JobParameters {
    static let jobName = "payment.check"
    static let jobQueue = PaymentReceived.jobQueue

    let brand: ID<Brand>
    let payment: ID<Payment>
    /// Which question it is, from 0.
    let check: Int
    /// How often nobody answered it.
    var faults = 0
}

/// An order is paid; pushed to the queue of whoever asked for the money, in the commit that books it.
package struct OrderPaid: JobParameters {
    /// Stable: jobs of an older process carry it.
    package static let jobName = "order.paid"
    /// Unless the intent names another.
    package static let jobQueue = "gifts"

    /// Whose order.
    package let brand: ID<Brand>
    /// What it is for, as the intent says.
    package let subject: String
    /// The payment.
    package let payment: ID<Payment>
    /// The order.
    package let order: ID<Order>
    /// How much was paid.
    package let amount: Money
    /// When, by WeChat's clock; deadlines are better counted from the business clock of whoever hears of it.
    package let paidAt: Date
}

/// What jobs of refunds share.
enum RefundJobs {
    /// Since version 2 money may go back in parts: a process that takes each refund for all of its payment must not work them.
    static let version = 2
    /// The parameters are what they were.
    static let upcasters: [Int: @Sendable ([UInt8]) throws -> [UInt8]] = [1: { $0 }]
}

/// A refund is to be sent; also what `siyu refund retry` pushes.
struct RefundRequest: JobParameters {
    static let jobName = "refund.request"
    static let jobVersion = RefundJobs.version
    static let jobQueue = PaymentReceived.jobQueue
    /// With those that are sent again WeChat Pay's 150 a second, by all processes together.
    static let jobQuota: JobQuota? = JobQuota(
        "wechat-refund", rate: JobRate(every: .microseconds(6_950), burst: 15))

    let brand: ID<Brand>
    let refund: ID<Refund>
}

/// A refund is to be sent once more, which WeChat Pay would not take before.
struct RefundAgain: JobParameters {
    static let jobName = "refund.again"
    static let jobQueue = PaymentReceived.jobQueue
    /// WeChat Pay takes 6 a second of those that it refuses.
    static let jobQuota: JobQuota? = JobQuota(
        "wechat-refund-again", rate: JobRate(every: .microseconds(166_700), burst: 1))

    let brand: ID<Brand>
    let refund: ID<Refund>
}

/// WeChat Pay is to be asked how a refund stands.
struct RefundCheck: JobParameters {
    static let jobName = "refund.check"
    static let jobVersion = RefundJobs.version
    static let jobQueue = PaymentReceived.jobQueue

    let brand: ID<Brand>
    let refund: ID<Refund>
}

/// WeChat Pay says by itself how a refund stands; pushed by siyu-ingest in the commit that stores the notification.
package struct RefundReported: JobParameters {
    /// Stable: jobs of an older process carry it.
    package static let jobName = "refund.reported"
    /// The one of all jobs of refunds.
    package static let jobVersion = RefundJobs.version
    /// The queue of payments and refunds.
    package static let jobQueue = PaymentReceived.jobQueue

    /// Whose merchant.
    package let brand: ID<Brand>
    /// Our number of the refund.
    package let outRefundNo: String
    /// WeChat's number of the refund.
    package let providerRefundID: String
    /// How it stands.
    package let standing: RefundStanding
    /// How much goes back.
    package let amount: Money

    /// Tells of a refund.
    package init(
        brand: ID<Brand>, outRefundNo: String, providerRefundID: String, standing: RefundStanding, amount: Money
    ) {
        self.brand = brand
        self.outRefundNo = outRefundNo
        self.providerRefundID = providerRefundID
        self.standing = standing
        self.amount = amount
    }
}

/// The money of an order is back with whoever paid; pushed to the queue of whoever asked for it, in the commit that books it.
package struct OrderRefunded: JobParameters {
    /// Stable: jobs of an older process carry it.
    package static let jobName = "order.refunded"
    /// Unless the intent names another.
    package static let jobQueue = "gifts"

    /// Whose order.
    package let brand: ID<Brand>
    /// What it was for, as the intent says.
    package let subject: String
    /// The payment.
    package let payment: ID<Payment>
    /// The refund.
    package let refund: ID<Refund>
    /// How much went back.
    package let amount: Money
}
