package import FoundationEssentials
package import Kernel

/// Money that shall go back, and what for.
package struct RefundWish: Hashable, Sendable {
    /// Whose money.
    package let payment: ID<Payment>
    /// How much of it.
    package let amount: Money
    /// What it goes back for: a second wish for the same cause is the first one.
    package let cause: UUID
    /// Words that the shopper reads at WeChat.
    package let reason: String

    /// A wish in its parts.
    ///
    /// - Parameter cause: nil where all of the payment goes back.
    package init(payment: ID<Payment>, amount: Money, cause: UUID? = nil, reason: String) {
        self.payment = payment
        self.amount = amount
        self.cause = cause ?? payment.rawValue
        self.reason = reason
    }
}

/// A number towards WeChat Pay that is about to come into being.
struct NewRefund: Hashable, Sendable {
    let id = ID<Refund>.mint()
    let intent: PaymentIntent
    let amount: Money
    let cause: UUID
    let reason: String
    /// Which number of the payment it is.
    let number: Int
    /// Which number of its cause it is.
    let round: Int

    init(intent: PaymentIntent, amount: Money, cause: UUID, reason: String, number: Int, round: Int) {
        self.intent = intent
        self.amount = amount
        self.cause = cause
        self.reason = reason.cut(toBytes: Self.reasonBytes.value)
        self.number = number
        self.round = round
    }

    private static let reasonBytes = Limit(80, reason: "What WeChat Pay takes.")

    var outRefundNo: String { RefundRecord.outRefundNo(intent.id, number) }
}

/// What is to be written for some wishes, given the payments and all their numbers so far: the pure part.
struct RefundPlan {
    /// The newest number for each wish, in their order.
    let ids: [ID<Refund>]
    /// What has to come into being.
    let fresh: [NewRefund]
    /// How much more of each payment is spoken for, in the order of the payments.
    let reserved: [(payment: ID<Payment>, amount: Money)]

    init(
        _ wishes: [RefundWish], intents: [PaymentIntent], attempts: [RefundRecord], now: Date
    ) throws {
        let intents = Dictionary(intents.map { ($0.id, $0) }) { first, _ in first }
        var newest: [Cause: (id: ID<Refund>, amount: Money, isClosed: Bool)] = [:]
        var numbers: [ID<Payment>: Int] = [:]
        for attempt in attempts {
            newest[Cause(payment: attempt.payment, cause: attempt.cause)] = (
                attempt.id, attempt.amount, attempt.stage == .closed
            )
            numbers[attempt.payment] = max(attempt.number, numbers[attempt.payment, default: 0])
        }
        var ids: [ID<Refund>] = []
        var fresh: [NewRefund] = []
        var sums: [ID<Payment>: Money] = [:]
        for wish in wishes {
            guard let intent = intents[wish.payment] else { throw Problem.notFound("There is no such payment.") }
            let cause = Cause(payment: wish.payment, cause: wish.cause)
            if let standing = newest[cause] {
                guard standing.amount == wish.amount else { throw Problem.refundDiffers }
                // A newest number that is closed was closed for good: nothing is under way, and whoever asks must not think so.
                guard !standing.isClosed else { throw Problem.refundClosed }
                ids.append(standing.id)
                continue
            }
            let number = numbers[wish.payment, default: 0] + 1
            let sum = try sums[wish.payment, default: .zero] + wish.amount
            try Self.check(wish, of: intent, reserved: try intent.refundReserved + sum, number: number, now: now)
            let refund = NewRefund(
                intent: intent, amount: wish.amount, cause: wish.cause, reason: wish.reason, number: number, round: 1)
            sums[wish.payment] = sum
            numbers[wish.payment] = number
            newest[cause] = (refund.id, refund.amount, false)
            ids.append(refund.id)
            fresh.append(refund)
        }
        self.ids = ids
        self.fresh = fresh
        reserved = sums.keys.sorted().map { ($0, sums[$0, default: .zero]) }
    }

    /// What WeChat Pay and the payment allow of one more number; `reserved` counts it in.
    static func check(
        _ wish: RefundWish, of intent: PaymentIntent, reserved: Money, number: Int, now: Date
    ) throws(Problem) {
        guard intent.state == .paid || intent.state == .unwanted else {
            throw .conflict("What has not been paid cannot be given back.", code: "not_paid")
        }
        guard wish.amount > .zero else {
            throw .invalid("Give back a fen at least.", code: "refund_of_nothing")
        }
        guard reserved <= intent.paid else { throw .refundTooLarge }
        guard number <= numbersMax.value else {
            throw .conflict(
                "WeChat Pay takes \(numbersMax.value) refunds of a payment: give the rest back another way.",
                code: "refund_too_many")
        }
        if let paidAt = intent.paidAt, now.timeIntervalSince(paidAt) > yearSeconds {
            throw .conflict(
                "WeChat Pay gives nothing back after 365 days: give it back another way.", code: "refund_too_late")
        }
    }

    /// What makes two wishes one.
    private struct Cause: Hashable {
        let payment: ID<Payment>
        let cause: UUID
    }

    /// Numbers of one payment; the column's own limit.
    static let numbersMax = Limit(50, reason: "WeChat Pay takes fifty refunds of a payment.")
    private static let yearSeconds = 365 * 86_400.0
}

extension Problem {
    static var refundTooLarge: Problem {
        .conflict(
            "Refunds of this payment would exceed what was paid: ask for what is left at most.",
            code: "refund_too_large")
    }

    static var refundClosed: Problem {
        .conflict(
            "WeChat Pay closed this refund for good and nothing is under way: try it again with siyu refund retry.",
            code: "refund_closed")
    }

    static var refundDiffers: Problem {
        .conflict(
            "Another amount goes back for this already: ask for the rest under a cause of its own.",
            code: "refund_differs")
    }
}

extension String {
    /// As many whole characters as fit.
    fileprivate func cut(toBytes limit: Int) -> String {
        var cut = self
        while cut.utf8.count > limit { cut.removeLast() }
        return cut.isEmpty ? "refund" : cut
    }
}
