import Accounting
package import FoundationEssentials
package import Kernel
package import Postgres
package import WeChat

/// A bill that is to be compared: its lines are read from a file or the network.
package struct BillSource: Sendable {
    /// Which one.
    package let kind: PayBillKind
    /// The file, unpacked.
    package let csv: [UInt8]

    /// A bill by its file; packed ones are unpacked.
    package init(_ kind: PayBillKind, file: [UInt8]) throws(Gunzip.Failure) {
        self.kind = kind
        csv = Gunzip.isGzip(file) ? try Gunzip.unpack(file, max: WeChatPayClient.billBytesMax.value) : file
    }

    /// The bill of a day on which nothing happened.
    package init(empty kind: PayBillKind) {
        self.kind = kind
        csv = []
    }
}

/// Why a bill is not compared; nothing of it was kept.
package enum ReconciliationError: Error, Hashable, Sendable {
    /// It is not a bill.
    case notABill(PayBillKind, PayBillError)
    /// Lines of it cannot be compared: the first of them.
    case refused(PayBillKind, [BillRefusal])
    /// Its summary is not that of its lines: it was cut, or something was slipped in.
    case summaryDiffers(PayBillKind)
}

/// What a comparison came to.
package struct ReconciliationOutcome: Hashable, Sendable {
    /// Lines that were compared, by bill.
    package let lines: [PayBillKind: Int]
    /// Records of ours that were compared.
    package let records: Int
    /// What differs.
    package let open: [MismatchRecord]
    /// What differed in an earlier run of this day and no longer does.
    package let resolved: Int
}

/// Holds WeChat Pay's bills of a day against our records and the books.
///
/// Three ways: what the bill has is looked up here; what moved here on the day is looked up in all bills; and what moved is looked up in
/// the books. A run may be repeated: it keeps what it finds once, and says of what it no longer finds that it is resolved.
package struct Reconciliation: Sendable {
    private let brand: ID<Brand>
    private let mchid: String
    private let day: CalendarDate

    /// The comparison of a merchant's day.
    package init(brand: ID<Brand>, mchid: String, day: CalendarDate) {
        self.brand = brand
        self.mchid = mchid
        self.day = day
    }

    private static let page = Limit(1_000, reason: "Lines and records that are held in memory at a time.")
    private static let refusalsMax = Limit(20, reason: "Whoever reads them sees by then what is wrong with the file.")

    /// Compares; everything is kept in one transaction, or nothing.
    ///
    /// - Throws: ``ReconciliationError`` for a file that is no bill.
    package func run(_ bills: [BillSource], on tx: Transaction) async throws -> ReconciliationOutcome {
        let now = try await tx.one(CatalogueStatements.clock())
        var findings: [Finding] = []
        var lines: [PayBillKind: Int] = [:]
        for bill in bills {
            let id = try await load(bill, now: now, on: tx)
            let (found, count) = try await compareLines(of: id, bill.kind, on: tx)
            findings += found
            lines[bill.kind] = count
        }
        var records = 0
        for bill in bills.map(\.kind) {
            for kind in bill == .trade ? [BillEntryKind.payment, .refund] : [.payment, .refund, .payout] {
                let (found, count) = try await compareRecords(
                    kind, bill, isBooksOwn: kind == .payout || bill == .trade, tx)
                findings += found
                records += count
            }
        }
        let kinds = bills.map(\.kind)
        try await tx.execute(
            ReconciliationStatements.keep(findings, mchid: mchid, day: day, brand: brand, now: now))
        let resolved = try await tx.run(
            ReconciliationStatements.resolve(kinds, mchid: mchid, day: day, brand: brand, now: now))
        let open = try await tx.run(
            ReconciliationStatements.mismatches(of: day, mchid: mchid, brand: brand))
        return ReconciliationOutcome(lines: lines, records: records, open: open, resolved: resolved.count)
    }

    // MARK: Reading

    private func load(_ bill: BillSource, now: Date, on tx: Transaction) async throws -> ID<Bill> {
        let id = ID<Bill>.mint()
        try await tx.execute(
            ReconciliationStatements.forget(bill.kind, mchid: mchid, day: day, brand: brand))
        try await tx.execute(
            ReconciliationStatements.addBill(
                id, bill.kind, mchid: mchid, day: day, sha1: PayBill.digest(of: bill.csv), brand: brand, now: now))
        if bill.csv.isEmpty { return id }
        var reader = PayBillReader()
        var (entries, refusals): ([BillEntry], [BillRefusal]) = ([], [])
        var sum = BillSum()
        var start = bill.csv.startIndex
        while start < bill.csv.endIndex {
            let end = min(start + 64 * 1_024, bill.csv.endIndex)
            let rows: [PayBill.Row]
            do throws(PayBillError) {
                rows = try reader.read(Array(bill.csv[start..<end]))
                if end == bill.csv.endIndex { try reader.end() }
            } catch {
                throw ReconciliationError.notABill(bill.kind, error)
            }
            start = end
            for row in rows {
                do throws(BillRefusal) {
                    let entry = try BillEntry(row, of: bill.kind, mchid: mchid)
                    sum.count(entry)
                    entries.append(entry)
                } catch {
                    refusals.append(error)
                }
                guard refusals.count < Self.refusalsMax.value else {
                    throw ReconciliationError.refused(bill.kind, refusals)
                }
            }
            if entries.count >= Self.page.value {
                try await tx.execute(ReconciliationStatements.addRows(entries, of: id, brand: brand))
                entries.removeAll(keepingCapacity: true)
            }
        }
        guard refusals.isEmpty else { throw ReconciliationError.refused(bill.kind, refusals) }
        guard sum.agrees(with: reader.summary ?? [:], bill.kind) else {
            throw ReconciliationError.summaryDiffers(bill.kind)
        }
        try await tx.execute(ReconciliationStatements.addRows(entries, of: id, brand: brand))
        try await tx.execute(ReconciliationStatements.setCount(sum.lines, of: id, brand: brand))
        return id
    }

    // MARK: Comparing

    private func compareLines(
        of bill: ID<Bill>, _ kind: PayBillKind, on tx: Transaction
    ) async throws -> (findings: [Finding], count: Int) {
        var (findings, count, after): ([Finding], Int, Int) = ([], 0, 0)
        while true {
            let lines = try await tx.run(
                ReconciliationStatements.lines(of: bill, after: after, limit: Self.page.value, brand: brand))
            guard let last = lines.last else { return (findings, count) }
            count += lines.count
            after = last.entry.line
            var known: [BillEntryKind: [String: KnownMoney]] = [:]
            for (what, some) in Dictionary(grouping: lines, by: { $0.entry.kind }) where what != .other {
                known[what] = try await self.known(what, some.map { $0.entry.number }, on: tx)
            }
            findings += lines.compactMap { line in
                Comparison.line(
                    line.entry, of: kind, known: known[line.entry.kind]?[line.entry.number], isRepeated: line.isRepeated
                )
            }
        }
    }

    private func known(
        _ kind: BillEntryKind, _ numbers: [String], on tx: Transaction
    ) async throws -> [String: KnownMoney] {
        let statement =
            switch kind {
            case .payment:
                ReconciliationStatements.payments(numbers.compactMap { ID(outTradeNo: $0) }, mchid: mchid, brand: brand)
            case .refund: ReconciliationStatements.refunds(numbers, mchid: mchid, brand: brand)
            case .payout, .other:
                ReconciliationStatements.payouts(numbers.compactMap { ID(outBillNo: $0) }, mchid: mchid, brand: brand)
            }
        let moved = try await tx.run(statement)
        return Dictionary(
            moved.map { ($0.number, KnownMoney(isThrough: $0.isThrough, amount: $0.amount, booked: nil)) }
        ) { first, _ in first }
    }

    private func compareRecords(
        _ kind: BillEntryKind, _ bill: PayBillKind, isBooksOwn: Bool, _ tx: Transaction
    ) async throws -> (findings: [Finding], count: Int) {
        var (findings, count): ([Finding], Int) = ([], 0)
        var after: UUID?
        while true {
            let page = try await tx.run(
                ReconciliationStatements.moved(
                    kind, on: day, bill: bill, after: after, limit: Self.page.value, mchid: mchid, brand: brand))
            guard let last = page.last else { return (findings, count) }
            after = last.id
            count += page.count
            let books = isBooksOwn ? try await booked(kind, page.map(\.id), on: tx) : [:]
            for record in page {
                let known = KnownMoney(
                    isThrough: true, amount: record.amount, booked: isBooksOwn ? books[record.id] : record.amount)
                findings += Comparison.record(kind, record.number, known, isBilled: record.isBilled, bill: bill)
            }
        }
    }

    /// What the books have under the subjects of some records.
    private func booked(_ kind: BillEntryKind, _ ids: [UUID], on tx: Transaction) async throws -> [UUID: Money] {
        let kinds: [TransferKind] =
            switch kind {
            case .payment: [.orderPaid, .paymentUnwanted]
            case .refund: [.orderRefunded, .paymentReturned]
            case .payout, .other: [.payoutPaid]
            }
        var booked: [UUID: Money] = [:]
        for kind in kinds {
            booked.merge(try await Ledger.posted(kind, of: ids, brand: brand, on: tx)) { first, _ in first }
        }
        return booked
    }
}

/// What the lines of a bill come to, to be held against its summary.
private struct BillSum {
    private(set) var lines = 0
    private var totals: [String: Int64] = [:]

    mutating func count(_ entry: BillEntry) {
        lines += 1
        totals[entry.kind.rawValue, default: 0] &+= entry.amount.fen
    }

    /// The fund flow's other lines are income or expense by a word that is not kept: there, the lines alone are counted.
    func agrees(with summary: [String: String], _ kind: PayBillKind) -> Bool {
        func fen(_ column: String) -> Int64? { summary[column].flatMap { Money(yuan: $0) }?.fen }
        switch kind {
        case .trade:
            return summary["总交易单数"] == "\(lines)" && fen("订单总金额") == totals["payment", default: 0]
                && fen("申请退款总金额") == totals["refund", default: 0]
        case .fundFlow: return summary["资金流水总笔数"] == "\(lines)"
        }
    }
}

// MARK: - What is kept

extension Reconciliation {
    /// What differs and is not resolved, the oldest first.
    ///
    /// - Parameter after: The last one of the page before.
    package static func open(
        after: ID<Mismatch>? = nil, limit: Int = 500, brand: ID<Brand>, on executor: some Executor
    ) async throws -> [MismatchRecord] {
        try await executor.run(ReconciliationStatements.open(after: after, limit: limit, brand: brand))
    }

    /// How much of it there is.
    package static func openCount(brand: ID<Brand>, on executor: some Executor) async throws -> Int {
        try await executor.one(ReconciliationStatements.openCount(brand: brand))
    }

    /// Refunds that are not through, by their stage and for how long they wait; those whose outcome is unknown among them.
    package static func refundAges(
        brand: ID<Brand>, now: Date, on executor: some Executor
    ) async throws -> [RefundAge] {
        try await executor.run(ReconciliationStatements.refundAges(brand: brand, now: now))
    }

    /// The last days for which a bill was read.
    package static func bills(
        limit: Int = 30, brand: ID<Brand>, on executor: some Executor
    ) async throws -> [BillRecord] {
        try await executor.run(ReconciliationStatements.bills(limit: limit, brand: brand))
    }
}

/// Refunds that are not through and wait for about as long.
package struct RefundAge: Hashable, Sendable {
    /// How far they came.
    package let stage: RefundStage
    /// For how long they wait.
    package let age: AgeBucket
    /// How many.
    package let count: Int
    /// How much money.
    package let amount: Money
}

/// A bill that was read.
package struct BillRecord: Hashable, Sendable {
    /// Whose account at WeChat Pay.
    package let mchid: String
    /// Which one.
    package let kind: PayBillKind
    /// Of which day.
    package let day: CalendarDate
    /// How many lines it has.
    package let lines: Int
    /// When it was last read.
    package let takenAt: Date

    /// The bill's name, as commands and answers have it.
    package var billName: String { kind.rawValue }
}
