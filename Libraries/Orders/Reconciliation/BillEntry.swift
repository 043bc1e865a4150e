import FoundationEssentials
import Kernel
import WeChat

/// What a line of a bill is about.
enum BillEntryKind: String, Hashable, Sendable {
    case payment
    case refund
    case payout
    /// Fees, withdrawals, what was revoked: nothing of ours answers for it.
    case other
}

/// One line of a bill, as far as it is compared: our own number, and how much.
struct BillEntry: Hashable, Sendable {
    let line: Int
    let kind: BillEntryKind
    let number: String
    let amount: Money
    /// What the bill says of it, frozen when it was made.
    let state: String
}

/// A line of a bill that cannot be compared, by its number; never quoted.
package struct BillRefusal: Error, Hashable, Sendable, Encodable {
    /// The line, from 1.
    package let line: Int
    /// What is wrong with it.
    package let reason: String
}

extension BillEntry {
    /// Reads a line of a merchant's bill.
    init(_ row: PayBill.Row, of kind: PayBillKind, mchid: String) throws(BillRefusal) {
        func text(_ column: String) throws(BillRefusal) -> String {
            guard let text = row[column] else {
                throw BillRefusal(line: row.line, reason: "the bill has no column \(column)")
            }
            return text
        }
        func amount(_ column: String) throws(BillRefusal) -> Money {
            guard let money = Money(yuan: try text(column)), money >= .zero else {
                throw BillRefusal(line: row.line, reason: "\(column) is no amount in yuan")
            }
            return money
        }
        switch kind {
        case .trade:
            guard try text("商户号") == mchid else {
                throw BillRefusal(line: row.line, reason: "the line is another merchant's")
            }
            switch try text("交易状态") {
            case "SUCCESS":
                self.init(
                    line: row.line, kind: .payment, number: try text("商户订单号"), amount: try amount("订单金额"),
                    state: "SUCCESS")
            case "REFUND":
                self.init(
                    line: row.line, kind: .refund, number: try text("商户退款单号"), amount: try amount("申请退款金额"),
                    state: try text("退款状态"))
            case let state:
                self.init(line: row.line, kind: .other, number: try text("商户订单号"), amount: .zero, state: state)
            }
        case .fundFlow:
            let isIncome = try text("收支类型") == "收入"
            let type = try text("业务类型")
            let what: BillEntryKind =
                switch (type, isIncome) {
                case ("交易", true): .payment
                case ("退款", false): .refund
                case ("商家转账", false), ("企业付款", false): .payout
                default: .other
                }
            self.init(
                line: row.line, kind: what, number: try text("业务凭证号"), amount: try amount("收支金额(元)"),
                state: "SUCCESS")
        }
        guard (1...64).contains(number.utf8.count) || self.kind == .other else {
            throw BillRefusal(line: row.line, reason: "the line has no number of the merchant's")
        }
    }
}
