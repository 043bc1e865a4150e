import Accounting
import Foundation
import Kernel
import Postgres
import TestSupport
import Testing
import WeChat

@testable import Orders

/// Bills against records and books: a clean day finds nothing, and each way to differ is found as what it is.
struct ReconciliationTests {
    /// A day with payments, refunds and a payout, and the bills that say so.
    private struct Day {
        let bundle: PaymentsBundle
        let day = CalendarDate("2026-01-01") ?? CalendarDate(daysSinceEpoch: 0)
        var trades: [[String]] = []
        var funds: [[String]] = []

        static let tradeColumns = ["交易时间", "商户号", "商户订单号", "交易状态", "商户退款单号", "退款状态", "订单金额", "申请退款金额"]
        static let fundColumns = ["记账时间", "业务类型", "收支类型", "收支金额(元)", "业务凭证号"]

        mutating func payment(_ number: String, _ yuan: String) {
            trades.append(["2026-01-01 08:00:00", PaymentsBundle.mchid, number, "SUCCESS", "0", "", yuan, "0.00"])
            funds.append(["2026-01-01 08:00:00", "交易", "收入", yuan, number])
        }

        mutating func refund(_ number: String, of payment: String, _ yuan: String, state: String = "SUCCESS") {
            trades.append(["2026-01-01 09:00:00", PaymentsBundle.mchid, payment, "REFUND", number, state, "0.00", yuan])
            if state == "SUCCESS" { funds.append(["2026-01-01 09:00:00", "退款", "支出", yuan, number]) }
        }

        mutating func payout(_ number: String, _ yuan: String) {
            funds.append(["2026-01-01 10:00:00", "商家转账", "支出", yuan, number])
        }

        private func csv(_ columns: [String], _ rows: [[String]], _ names: [String], _ sums: [String]) -> [UInt8] {
            func line(_ cells: [String]) -> String { cells.map { "`\($0)" }.joined(separator: ",") }
            let text = [columns.joined(separator: ",")] + rows.map(line) + [names.joined(separator: ","), line(sums)]
            return Array((text.joined(separator: "\r\n") + "\r\n").utf8)
        }

        private func sum(_ rows: [[String]], _ column: Int) -> String {
            Money(fen: rows.compactMap { $0.dropFirst(column).first.flatMap { Money(yuan: $0) }?.fen }.reduce(0, +))
                .yuanText
        }

        var tradeBill: [UInt8] {
            csv(
                Self.tradeColumns, trades, ["总交易单数", "订单总金额", "申请退款总金额"],
                ["\(trades.count)", sum(trades, 6), sum(trades, 7)])
        }

        var fundBill: [UInt8] { csv(Self.fundColumns, funds, ["资金流水总笔数"], ["\(funds.count)"]) }

        func run(_ kinds: [PayBillKind] = [.trade, .fundFlow]) async throws -> ReconciliationOutcome {
            let sources = try kinds.map { try BillSource($0, file: $0 == .trade ? tradeBill : fundBill) }
            return try await bundle.db.pool(as: .operator).transaction { tx in
                try await Reconciliation(brand: bundle.brand, mchid: PaymentsBundle.mchid, day: day).run(
                    sources, on: tx)
            }
        }

        /// The reasons of what differs, as the trade bill (or the fund flow, for payouts) has it.
        func reasons(_ outcome: ReconciliationOutcome) -> [String] {
            outcome.open.map { "\($0.reason.rawValue) \($0.bill.rawValue)" }.sorted()
        }
    }

    /// Three payments of 128 yuan, the last of them refunded; and a payout of 5 yuan.
    private func makeDay(_ db: TestDatabase) async throws -> (day: Day, paid: [PaymentIntent], refund: RefundRecord) {
        let bundle = try await PaymentsBundle(db)
        var day = Day(bundle: bundle)
        var paid: [PaymentIntent] = []
        for _ in 0..<3 {
            let intent = try await bundle.paid()
            day.payment(intent.outTradeNo, "128.00")
            paid.append(intent)
        }
        let id = try await bundle.request(paid[2])
        while try await bundle.lead(id) != nil {}
        // It was sent on the day that is compared.
        try await db.owner.execute(
            Statement("UPDATE orders.refund SET sent_at = '2026-01-01 09:00:00+08' WHERE refund_id = \(id)"))
        let refund = try await bundle.refund(id)
        day.refund(refund.outRefundNo, of: paid[2].outTradeNo, "128.00")
        let payout = ID<Payout>.mint()
        try await addPayout(payout, bundle)
        day.payout(payout.outBillNo, "5.00")
        return (day, paid, refund)
    }

    private func addPayout(_ id: ID<Payout>, _ bundle: PaymentsBundle) async throws {
        let (brand, mchid) = (bundle.brand, PaymentsBundle.mchid)
        let owed = try await bundle.pool.transaction { tx in
            let owed = try await Ledger.account(
                AccountKey("prize_owed", of: id.rawValue), brand: brand, now: .now, on: tx)
            let cash = try await Ledger.account(AccountKey(ofBrand: .merchantCash), brand: brand, now: .now, on: tx)
            try await Ledger.post(
                [
                    Posting(
                        debit: owed, credit: cash, amount: Money(fen: 500), kind: .payoutPaid, subject: id.rawValue,
                        occurredAt: .now)
                ], brand: brand, now: .now, on: tx)
            return owed
        }
        try await bundle.db.owner.execute(
            Statement(
                """
                INSERT INTO orders.payout (brand_id, payout_id, subject_id, number, person_id, amount_fen, owed_account_id, activity,
                    reward, owner_queue, mchid, state, attempts, requested_at, sent_at, finished_at, updated_at)
                VALUES (\(brand), \(id), \(ID<Gift>.mint()), 1, \(ID<Person>.mint()), 500, \(owed), 'a', 'r', 'codes', \(mchid),
                    'succeeded', 1, '2026-01-01 10:00:00+08', '2026-01-01 10:00:00+08', '2026-01-01 10:00:01+08',
                    '2026-01-01 10:00:01+08')
                """))
    }

    @Test func r24_cleanDay_findsNothing_howeverOftenItIsCompared() async throws {
        try await withTestDatabase { db in
            let (day, _, _) = try await makeDay(db)
            for _ in 0..<2 {
                let outcome = try await day.run()
                #expect(day.reasons(outcome) == [])
                #expect(outcome.lines == [.trade: 4, .fundFlow: 5] && outcome.records == 9)
            }
        }
    }

    /// An error in the bill, in our records or in the books; what must be found, once for each bill that can tell.
    enum Planted: CaseIterable, Sendable {
        case strangersPayment, paymentLost, paymentAmount, paymentTwice, strangersRefund, refundLost, refundAmount
        case refundUnheardOf, paymentUnbooked, refundUnbooked, payoutLost, payoutAmount, strangersPayout, unpaidHere

        var reasons: [String] {
            switch self {
            case .strangersPayment, .unpaidHere: ["payment_unknown fund_flow", "payment_unknown trade"]
            case .paymentLost: ["payment_missing fund_flow", "payment_missing trade"]
            case .paymentAmount: ["payment_amount trade"]
            case .paymentTwice: ["payment_twice fund_flow", "payment_twice trade"]
            case .strangersRefund: ["refund_unknown fund_flow", "refund_unknown trade"]
            case .refundLost: ["refund_missing fund_flow", "refund_missing trade"]
            case .refundAmount: ["refund_amount trade"]
            case .refundUnheardOf: ["refund_state fund_flow", "refund_state trade"]
            case .paymentUnbooked: ["payment_unbooked trade"]
            case .refundUnbooked: ["refund_unbooked trade"]
            case .payoutLost: ["payout_missing fund_flow"]
            case .payoutAmount: ["payout_amount fund_flow"]
            case .strangersPayout: ["payout_unknown fund_flow"]
            }
        }
    }

    @Test(arguments: Planted.allCases)
    func r24_plantedError_isFoundAsWhatItIs_andResolvedWhenItIsGone(_ planted: Planted) async throws {
        try await withTestDatabase { db in
            let (clean, paid, refund) = try await makeDay(db)
            var day = clean
            switch planted {
            case .strangersPayment: day.payment("GIFT20250101000001", "1.00")
            case .unpaidHere:
                let open = try await day.bundle.create(day.bundle.intent())
                day.payment(open.outTradeNo, "128.00")
            case .paymentLost:
                day.trades.removeFirst()
                day.funds.removeFirst()
            case .paymentAmount: day.trades[0][6] = "128.01"
            case .paymentTwice: day.payment(paid[0].outTradeNo, "128.00")
            case .strangersRefund: day.refund("RF-g_01-1", of: paid[0].outTradeNo, "1.00")
            case .refundLost:
                day.trades.removeLast()
                day.funds.remove(at: 3)
            case .refundAmount: day.trades[3][7] = "127.99"
            case .refundUnheardOf:
                try await db.owner.execute(
                    Statement(
                        "UPDATE orders.refund SET state = 'unknown', finished_at = NULL WHERE refund_id = \(refund.id)")
                )
            case .paymentUnbooked: try await forget("order.paid", paid[0].id.rawValue, db)
            case .refundUnbooked: try await forget("order.refunded", refund.id.rawValue, db)
            case .payoutLost: day.funds.removeLast()
            case .payoutAmount: day.funds[4][3] = "5.01"
            case .strangersPayout: day.payout(ID<Payout>.mint().outBillNo, "3.00")
            }
            let found = try await day.run()
            #expect(day.reasons(found) == planted.reasons)
            #expect(found.open.allSatisfy { !$0.reason.advice.isEmpty })
            let again = try await day.run()
            #expect(again.open.map(\.id) == found.open.map(\.id), "found once, however often it is seen")

            // What stood in the bill alone is gone with a right one.
            guard ![.refundUnheardOf, .paymentUnbooked, .refundUnbooked].contains(planted) else { return }
            let right = try await clean.run()
            #expect(right.open == [] && right.resolved == planted.reasons.count)
            #expect(try await Reconciliation.open(brand: day.bundle.brand, on: day.bundle.db.pool(as: .reports)) == [])
        }
    }

    @Test func r24_refundThatWentBackByHand_isMissedInNoBill_andFoundWhereOneHasItAllTheSame() async throws {
        try await withTestDatabase { db in
            let (clean, _, refund) = try await makeDay(db)
            try await db.owner.execute(
                Statement(
                    """
                    UPDATE orders.refund SET settled_at = now(), settled_by = 'ann', settled_with = 'B-1'
                    WHERE refund_id = \(refund.id)
                    """))
            #expect(clean.reasons(try await clean.run()) == ["refund_state fund_flow", "refund_state trade"])
            var day = clean
            day.trades.removeLast()
            day.funds.remove(at: 3)
            let outcome = try await day.run()
            #expect(day.reasons(outcome) == [] && outcome.resolved == 2)
        }
    }

    /// As somebody with too much power would.
    private func forget(_ kind: String, _ subject: UUID, _ db: TestDatabase) async throws {
        try await db.owner.execute(
            Statement("DELETE FROM accounting.transfer WHERE kind = \(kind) AND subject_id = \(subject)"))
    }

    @Test func r24_fileThatIsNoBill_isRefusedByLine_andNothingIsKept() async throws {
        try await withTestDatabase { db in
            let (clean, _, _) = try await makeDay(db)
            func refusal(_ change: (inout Day) -> Void) async throws -> ReconciliationError? {
                var day = clean
                change(&day)
                do {
                    _ = try await day.run([.trade])
                    return nil
                } catch let error as ReconciliationError {
                    return error
                }
            }
            let lines = try await refusal {
                $0.trades[1][6] = "many"
                $0.trades[2][1] = "1900000110"
            }
            guard case .refused(.trade, let refusals) = lines else { return #expect(Bool(false), "taken") }
            #expect(refusals.map(\.line) == [3, 4])
            let short = try await refusal { $0.trades[1].removeLast() }
            #expect(short == .notABill(.trade, .malformed(line: 3)))
            #expect(try await clean.bundle.number("SELECT count(*) FROM orders.bill") == 0)
            // A line that was taken out, with a summary that still counts it.
            let cut = String(decoding: clean.tradeBill, as: UTF8.self).split(separator: "\r\n")
            let without = Array((cut[0..<2] + cut[3...]).joined(separator: "\r\n").utf8)
            await #expect(throws: ReconciliationError.summaryDiffers(.trade)) {
                try await clean.bundle.db.pool(as: .operator).transaction { tx in
                    _ = try await Reconciliation(
                        brand: clean.bundle.brand, mchid: PaymentsBundle.mchid, day: clean.day
                    ).run([try BillSource(.trade, file: without)], on: tx)
                }
            }
            #expect(try await clean.bundle.number("SELECT count(*) FROM orders.bill_row") == 0)
        }
    }

    @Test func r24_refundsOnTheirWay_areCountedByStageAndAge() async throws {
        try await withTestDatabase { db in
            let bundle = try await PaymentsBundle(db)
            for days in [0, 2, 2, 40] {
                let id = try await bundle.request(try await bundle.paid())
                try await db.owner.execute(
                    Statement(
                        """
                        UPDATE orders.refund SET requested_at = now() - make_interval(days => \(Int32(days))), state = 'unknown', sent_at = now()
                        WHERE refund_id = \(id)
                        """))
            }
            let ages = try await Reconciliation.refundAges(brand: bundle.brand, now: .now, on: db.pool(as: .reports))
            #expect(
                ages.map { "\($0.stage.rawValue) \($0.age.rawValue) \($0.count) \($0.amount.fen)" }.sorted() == [
                    "unknown 1_to_3_days 2 25600", "unknown 30_days_and_more 1 12800", "unknown under_1_day 1 12800",
                ])
            #expect(
                AgeBucket(since: Date(timeIntervalSince1970: 0), now: Date(timeIntervalSince1970: 86_400)) == .threeDays
            )
        }
    }
}
