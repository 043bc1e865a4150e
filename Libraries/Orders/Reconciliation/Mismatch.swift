package import FoundationEssentials
package import Kernel
package import Postgres
package import WeChat

/// In which way a bill, our records and the books differ.
package enum MismatchReason: String, Hashable, Sendable, Codable, CaseIterable {
    /// The bill has a payment that we do not know, or know as not paid.
    case paymentUnknown = "payment_unknown"
    /// We know a payment that the bill does not have.
    case paymentMissing = "payment_missing"
    /// Bill and record have different amounts.
    case paymentAmount = "payment_amount"
    /// The bill has one payment twice.
    case paymentTwice = "payment_twice"
    /// The books do not have a payment as it was paid.
    case paymentUnbooked = "payment_unbooked"
    /// The bill has a refund that nobody here asked for.
    case refundUnknown = "refund_unknown"
    /// We believe a refund to be through that the bill does not have.
    case refundMissing = "refund_missing"
    /// Bill and record have different amounts.
    case refundAmount = "refund_amount"
    /// The bill has one refund twice.
    case refundTwice = "refund_twice"
    /// The bill says it is through, and we do not know.
    case refundState = "refund_state"
    /// The books do not have a refund as it was paid out.
    case refundUnbooked = "refund_unbooked"
    /// The bill has a payout that nobody here asked for.
    case payoutUnknown = "payout_unknown"
    /// We believe a payout to be through that the bill does not have.
    case payoutMissing = "payout_missing"
    /// Bill and record have different amounts.
    case payoutAmount = "payout_amount"
    /// The bill has one payout twice.
    case payoutTwice = "payout_twice"
    /// The books do not have a payout as it was paid out.
    case payoutUnbooked = "payout_unbooked"

    /// What is to be done about it.
    package var advice: String {
        switch self {
        case .paymentUnknown, .refundUnknown, .payoutUnknown:
            "Somebody else uses this merchant, or a record was lost: find out who, by the number at WeChat Pay."
        case .paymentMissing, .refundMissing, .payoutMissing:
            "Ask WeChat Pay how it stands; a line may follow in the next day's bill."
        case .paymentAmount, .refundAmount, .payoutAmount:
            "The bill is right about money that moved: correct the books by a transfer, and find out who differed."
        case .paymentTwice, .refundTwice, .payoutTwice: "Ask WeChat Pay whether it moved twice."
        case .refundState: "The refund's own questions find it out: siyu refund show, retry --query-first."
        case .paymentUnbooked, .refundUnbooked, .payoutUnbooked:
            "Look at the job that books it (siyu jobs discarded), then siyu ledger check."
        }
    }
}

/// Something that differs.
struct Finding: Hashable, Sendable {
    let bill: PayBillKind
    let reason: MismatchReason
    let number: String
    var line: Int?
    var billAmount: Money?
    var ourAmount: Money?
}

/// What we know under a number.
struct KnownMoney: Hashable, Sendable {
    /// Whether it has moved, as far as we know.
    let isThrough: Bool
    let amount: Money
    /// What the books say about it; nil if they say nothing.
    let booked: Money?
}

/// Compares a line with what is known; pure, so that every way to differ can be planted.
enum Comparison {
    private struct Reasons {
        let unknown: MismatchReason
        let missing: MismatchReason
        let amount: MismatchReason
        let twice: MismatchReason
        let unbooked: MismatchReason
    }

    private static func reasons(_ kind: BillEntryKind) -> Reasons? {
        switch kind {
        case .payment:
            Reasons(
                unknown: .paymentUnknown, missing: .paymentMissing, amount: .paymentAmount, twice: .paymentTwice,
                unbooked: .paymentUnbooked)
        case .refund:
            Reasons(
                unknown: .refundUnknown, missing: .refundMissing, amount: .refundAmount, twice: .refundTwice,
                unbooked: .refundUnbooked)
        case .payout:
            Reasons(
                unknown: .payoutUnknown, missing: .payoutMissing, amount: .payoutAmount, twice: .payoutTwice,
                unbooked: .payoutUnbooked)
        case .other: nil
        }
    }

    /// What is wrong about a line of a bill.
    ///
    /// - Parameter isRepeated: Whether an earlier line of the bill has the same number.
    static func line(
        _ entry: BillEntry, of bill: PayBillKind, known: KnownMoney?, isRepeated: Bool
    ) -> Finding? {
        guard let reasons = reasons(entry.kind) else { return nil }
        func finding(_ reason: MismatchReason) -> Finding {
            Finding(
                bill: bill, reason: reason, number: entry.number, line: entry.line, billAmount: entry.amount,
                ourAmount: known?.amount)
        }
        if isRepeated { return finding(reasons.twice) }
        guard let known, known.isThrough || entry.kind != .payment else { return finding(reasons.unknown) }
        guard known.amount == entry.amount else { return finding(reasons.amount) }
        // A refund that the bill calls under way may be whatever it likes here.
        if !known.isThrough { return entry.state == "SUCCESS" ? finding(.refundState) : nil }
        return nil
    }

    /// What is wrong about money that we know moved on the day.
    ///
    /// - Parameter isBilled: Whether some bill has its number; nil where no bill could.
    static func record(
        _ kind: BillEntryKind, _ number: String, _ known: KnownMoney, isBilled: Bool?, bill: PayBillKind
    ) -> [Finding] {
        guard let reasons = reasons(kind), known.isThrough else { return [] }
        var findings: [Finding] = []
        if isBilled == false {
            findings.append(Finding(bill: bill, reason: reasons.missing, number: number, ourAmount: known.amount))
        }
        if known.booked != known.amount {
            findings.append(
                Finding(
                    bill: bill, reason: reasons.unbooked, number: number, billAmount: known.booked,
                    ourAmount: known.amount))
        }
        return findings
    }
}

/// Something that differs, as it is kept.
package struct MismatchRecord: Hashable, Sendable {
    /// Its id.
    package let id: ID<Mismatch>
    /// Whose account at WeChat Pay.
    package let mchid: String
    /// By which bill.
    package let bill: PayBillKind
    /// Of which day.
    package let day: CalendarDate
    /// In which way.
    package let reason: MismatchReason
    /// Our number of it.
    package let number: String
    /// The bill's line, if it has one.
    package let line: Int?
    /// What the bill (or, where nothing is booked right, the books) says.
    package let billAmount: Money?
    /// What we say.
    package let ourAmount: Money?
    /// When it was first found.
    package let foundAt: Date
    /// When it was last found.
    package let seenAt: Date
    /// Since when it is no more.
    package let resolvedAt: Date?

    /// The bill's name, as commands and answers have it.
    package var billName: String { bill.rawValue }
}

/// For how long something has been waiting; each bucket ends below the next.
package enum AgeBucket: String, Hashable, Sendable, Codable, CaseIterable {
    case day = "under_1_day"
    case threeDays = "1_to_3_days"
    case week = "3_to_7_days"
    case month = "7_to_30_days"
    case older = "30_days_and_more"

    /// The bucket of what began at one instant, seen from another.
    package init(since start: Date, now: Date) {
        switch now.timeIntervalSince(start) / 86_400 {
        case ..<1: self = .day
        case ..<3: self = .threeDays
        case ..<7: self = .week
        case ..<30: self = .month
        default: self = .older
        }
    }
}
