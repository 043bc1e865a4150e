import FoundationEssentials
import Kernel

/// Money that came in, as WeChat Pay tells it: in a notification, or asked.
struct PaymentFact: Hashable, Sendable {
    let mchid: String
    let transactionID: String
    let amount: Money
    let paidAt: Date
}

/// What is to be done about money that came in.
enum PaymentOutcome: Hashable, Sendable {
    /// It is what was asked for: the order is paid.
    case accept
    /// It is known already.
    case repeated
    /// It is real and cannot be used: it is recorded, and goes back.
    case giveBack(UnwantedReason)
    /// It contradicts what is known; a person must look.
    case contradiction(String)
}

/// Why money goes back that nobody asked us to refund; the words stand on the refund.
enum UnwantedReason: String, Hashable, Sendable {
    case late = "paid after the order was closed"
    case amountDiffers = "paid another amount than asked"
}

/// Decides about money that came in.
///
/// Money is never turned away by forgetting it: WeChat Pay has taken it from somebody. What is not wanted is booked and refunded.
enum PaymentLife {
    static func decide(_ intent: PaymentIntent, _ fact: PaymentFact) -> PaymentOutcome {
        guard fact.mchid == intent.mchid else { return .contradiction("another merchant took the money") }
        switch intent.state {
        case .paid, .unwanted:
            return intent.transactionID == fact.transactionID && intent.paid == fact.amount
                ? .repeated : .contradiction("a second, different payment came for one number")
        case .closed: return .giveBack(.late)
        // Past its time and not closed yet: whoever waits for the money still does.
        case .created, .prepaid: return fact.amount == intent.amount ? .accept : .giveBack(.amountDiffers)
        }
    }

    /// When WeChat Pay is asked about a payment that it does not report by itself.
    ///
    /// Thickest around the minutes in which shoppers pay, and reaching past the day in which WeChat Pay repeats its notifications.
    static let checks: [Duration] = [
        .seconds(60), .seconds(300), .seconds(600), .seconds(1_800), .seconds(7_200), .seconds(21_600),
        .seconds(86_400),
    ]

    /// How long a question that nobody answered waits before it is asked again.
    static let faults: [Duration] = [
        .seconds(1), .seconds(5), .seconds(15), .seconds(60), .seconds(60), .seconds(300), .seconds(900),
        .seconds(3_600), .seconds(3_600), .seconds(21_600),
    ]
}
