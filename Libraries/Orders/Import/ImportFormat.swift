package import Kernel

/// How a file of orders is written down.
package enum ImportFormat: String, Hashable, Sendable, CaseIterable {
    /// The CDNOW purchases of Fader and Hardie: customer, date, number of CDs, amount, in columns of blanks.
    case cdnow
    /// Our own: comma-separated with a header, one order a line, told again when it changes.
    case csv
}

/// What happens to a file in which some lines are refused.
package enum ImportMode: String, Hashable, Sendable, CaseIterable {
    /// Nothing of it is loaded.
    case allOrNothing = "all_or_nothing"
    /// The other lines are loaded.
    case skipBad = "skip_bad"
}

/// The technical limits of an import.
package enum ImportLimit {
    /// The largest file.
    package static let fileBytes = Limit(
        64 * 1024 * 1024,
        reason:
            "The customers and identities of a file are held in memory while it is read; larger files are cut in two.")
    /// The most lines of a file.
    package static let lines = Limit(
        2_000_000, reason: "The shortest lines would make too many of a file that is not too large.")
    /// The longest line.
    package static let lineBytes = Limit(4_096, reason: "No order needs more; what is longer is not a file of orders.")
    /// How many files one process takes in at the same time.
    package static let atOnce = Limit(4, reason: "Each may hold the largest file in memory.")
    /// How long the sender of a file may take.
    package static let uploadTime = Limit(
        Duration.seconds(120), reason: "The largest file at five megabits a second; slower senders keep others waiting."
    )
    /// How many lines are loaded in one transaction.
    package static let chunkLines = Limit(
        10_000, reason: "Large enough that sets pay off, small enough that a kill costs a second and locks are brief.")
    /// The largest amount of one order, in yuan a billion.
    package static let amount = Limit(
        Money(fen: 100_000_000_000), reason: "Ninety million orders of it still add up within 64 bits of fen.")
    /// The most things in one order.
    package static let quantity = Limit(1_000_000, reason: "A larger number is a column that slipped.")
    /// The longest order number.
    package static let orderNumberBytes = Limit(64, reason: "It is part of an index; marketplaces use up to 32.")
    /// The longest identifier of a customer.
    package static let customerBytes = Limit(128, reason: "It is held in memory while the file is read.")
}

/// Why a line was not taken.
///
/// The raw value is what the database keeps. The sentence never quotes the line: it may hold personal data.
package enum LineRefusal: String, Error, Hashable, Sendable, CaseIterable {
    /// Longer than ``ImportLimit/lineBytes``.
    case tooLong = "too_long"
    /// A control character, among them NUL.
    case control
    /// Not UTF-8.
    case notText = "not_text"
    /// More or fewer columns than the header.
    case columns
    /// Quotes that do not pair up on the line.
    case quotes
    /// The order's number.
    case orderNumber = "order_no"
    /// The customer's identifier.
    case customer
    /// A calendar date.
    case date
    /// The instant of the order.
    case placedAt = "placed_at"
    /// The number of things.
    case quantity
    /// The amount.
    case amount
    /// The order's status.
    case status
    /// The instant of the last change.
    case updatedAt = "updated_at"
    /// The order stands on an earlier line already.
    case repeated

    /// What is wrong and what is expected, for whoever mends the file.
    package var sentence: String {
        switch self {
        case .tooLong: "the line is longer than \(ImportLimit.lineBytes.value) bytes"
        case .control: "the line holds a control character"
        case .notText: "the line is not UTF-8 text"
        case .columns: "the line has not as many columns as the format"
        case .quotes: "the quotes do not pair up on this line"
        case .orderNumber: "order_no is not 1 to \(ImportLimit.orderNumberBytes.value) bytes of text"
        case .customer: "the customer is not an identifier of this format"
        case .date: "the date is not a day of the calendar as yyyymmdd"
        case .placedAt: "placed_at is not an instant like 2026-01-31T09:30:00+08:00"
        case .quantity: "the quantity is not a whole number from 1 to \(ImportLimit.quantity.value)"
        case .amount: "the amount is not yuan from 0 to \(ImportLimit.amount.value.yuanText) with at most two decimals"
        case .status: "the status is none of \(OrderStatus.allCases.map(\.rawValue).joined(separator: ", "))"
        case .updatedAt: "updated_at is not an instant like 2026-01-31T09:30:00+08:00"
        case .repeated: "the order stands on an earlier line already"
        }
    }
}
