package import FoundationEssentials
package import Kernel
package import Orders
package import Postgres

/// What of a brand's money is on its way or not as it should be: refunds by how long they wait, those whose outcome nobody knows, and
/// everything in which WeChat Pay's bills, our records and the books differ.
package struct MoneyWatch: Hashable, Sendable {
    /// Whose money.
    package let brand: ID<Brand>
    /// The brand's name.
    package let brandName: String
    /// The database's instant at which everything was read, in one snapshot.
    package let asOf: Date
    /// The bills that were compared last.
    package let bills: [BillRecord]
    /// A page of what differs and is not resolved, the oldest first.
    package let mismatches: [MismatchRecord]
    /// How much differs, on all pages.
    package let differences: Int
    /// The last one of the page, where there may be more.
    package let next: ID<Mismatch>?
    /// Refunds that are not through.
    package let refunds: [RefundAge]

    /// Technical fees by month, the newest first.
    package let fees: [FeeMonth]

    /// What differs, on one page.
    package static let listMax = Limit(500, reason: "A page that people still read; the next one is asked for.")

    /// Reads everything in one snapshot.
    ///
    /// - Parameters:
    ///   - after: The last difference of the page before.
    ///   - limit: How many differences a page has; ``listMax`` at most.
    /// - Throws: A ``Kernel/Problem`` 404 if there is no such brand; errors of the database untouched.
    package static func load(
        brand: ID<Brand>, after: ID<Mismatch>? = nil, limit: Int = listMax.value, from pool: Pool
    ) async throws -> MoneyWatch {
        let limit = min(max(1, limit), listMax.value)
        return try await pool.transaction(TransactionOptions(isolation: .repeatableRead, isReadOnly: true)) { tx in
            let (clocks, brands) = try await tx.pipeline(ReportStatements.readClock, ReportStatements.brand(brand))
            guard let (now, _) = clocks.first, let (name, _) = brands.first else {
                throw Problem.notFound("There is no such brand.")
            }
            let mismatches = try await Reconciliation.open(after: after, limit: limit, brand: brand, on: tx)
            return MoneyWatch(
                brand: brand, brandName: name, asOf: now,
                bills: try await Reconciliation.bills(brand: brand, on: tx), mismatches: mismatches,
                differences: try await Reconciliation.openCount(brand: brand, on: tx),
                next: mismatches.count == limit ? mismatches.last?.id : nil,
                refunds: try await Reconciliation.refundAges(brand: brand, now: now, on: tx),
                fees: try await tx.run(MoneyWatchStatements.fees(brand: brand)))
        }
    }

    /// Refunds of which nobody knows whether they were paid out.
    package var unknown: (count: Int, amount: Int64) {
        refunds.filter { $0.stage == .unknown || $0.stage == .sent }
            .reduce((0, 0)) { ($0.0 + $1.count, $0.1 + $1.amount.fen) }
    }

    /// Whether nothing is to be done: no difference, and no refund that waits for a day.
    package var isInOrder: Bool { differences == 0 && refunds.allSatisfy { $0.age == .day } }

    /// As JSON: `snake_case`, money in integer fen.
    ///
    /// - Throws: `EncodingError`, which nothing leads to.
    package func json() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        return try [UInt8](encoder.encode(MoneyWatchDocument(self)))
    }
}

/// The technical fees of a month, as they were posted in it.
package struct FeeMonth: Hashable, Sendable {
    /// Its first day.
    package let month: CalendarDate
    /// What the platform took.
    package let charged: Money
    /// What it gave back, for sales of whatever month.
    package let returned: Money
}

/// The shape of the answer; names become `snake_case` on the way out.
private struct MoneyWatchDocument: Encodable {
    struct Bill: Encodable {
        let mchid, bill, date: String
        let lines: Int
        let takenAt: String
    }
    struct Difference: Encodable {
        let reason, bill, date, mchid, number, age, foundAt, advice: String
        let line: Int?
        let billFen, ourFen: Int64?
    }
    struct Waiting: Encodable {
        let state, age: String
        let refunds: Int
        let amountFen: Int64
    }

    struct Fees: Encodable {
        let month: String
        let chargedFen, returnedFen, netFen: Int64
    }

    let brandId, brandName, asOf, timeZone: String
    let inOrder: Bool
    let refundsUnknown: Int
    let refundsUnknownFen: Int64
    let differences: Int
    /// Missing on the last page.
    let next: String?
    let bills: [Bill]
    let mismatches: [Difference]
    let refunds: [Waiting]
    let fees: [Fees]

    init(_ watch: MoneyWatch) {
        brandId = "\(watch.brand)"
        brandName = watch.brandName
        asOf = watch.asOf.businessText
        timeZone = Report.timeZone
        inOrder = watch.isInOrder
        (refundsUnknown, refundsUnknownFen) = watch.unknown
        differences = watch.differences
        next = watch.next?.description
        bills = watch.bills.map {
            Bill(
                mchid: $0.mchid, bill: $0.billName, date: "\($0.day)", lines: $0.lines,
                takenAt: $0.takenAt.businessText)
        }
        mismatches = watch.mismatches.map {
            Difference(
                reason: $0.reason.rawValue, bill: $0.billName, date: "\($0.day)", mchid: $0.mchid,
                number: $0.number, age: AgeBucket(since: $0.foundAt, now: watch.asOf).rawValue,
                foundAt: $0.foundAt.businessText, advice: $0.reason.advice, line: $0.line,
                billFen: $0.billAmount?.fen, ourFen: $0.ourAmount?.fen)
        }
        refunds = watch.refunds.map {
            Waiting(
                state: $0.stage.rawValue, age: $0.age.rawValue, refunds: $0.count, amountFen: $0.amount.fen)
        }
        fees = watch.fees.map {
            Fees(
                month: String("\($0.month)".prefix(7)), chargedFen: $0.charged.fen, returnedFen: $0.returned.fen,
                netFen: $0.charged.fen - $0.returned.fen)
        }
    }
}
