import Foundation
import WeChat

// What the stand-in says, by WeChat Pay's names.

enum Wire {
    static func json(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(value))
    }

    /// A payment, in answers and notifications.
    struct Payment: Encodable {
        struct Payer: Encodable { let openid: String }
        struct Amount: Encodable {
            let total: Int64
            let payer_total: Int64?
            let currency = "CNY"
            let payer_currency = "CNY"

            private enum CodingKeys: String, CodingKey { case total, payer_total, currency, payer_currency }
        }

        let appid: String
        let mchid: String
        let out_trade_no: String
        let transaction_id: String?
        let trade_type: String?
        let trade_state: String
        let trade_state_desc: String
        let bank_type: String?
        let attach: String?
        let success_time: String?
        let payer: Payer?
        let amount: Amount

        init(_ payment: Book.Payment, merchant: MerchantCredentials, now: Date) {
            appid = merchant.appid
            mchid = merchant.mchid
            out_trade_no = payment.order.outTradeNo
            transaction_id = payment.transactionID
            let isPaid = payment.paidAt != nil
            trade_type = isPaid ? "JSAPI" : nil
            (trade_state, trade_state_desc) =
                if !payment.refunds.isEmpty { ("REFUND", "订单发生过退款") } else if isPaid {
                    ("SUCCESS", "支付成功")
                } else if payment.isClosed(at: now) { ("CLOSED", "订单已关闭") } else { ("NOTPAY", "订单未支付") }
            bank_type = isPaid ? "OTHERS" : nil
            attach = payment.order.attach
            success_time = payment.paidAt.map(PayInstant.write)
            payer = isPaid ? Payer(openid: payment.order.openID) : nil
            amount = Amount(total: payment.order.total, payer_total: isPaid ? payment.order.total : nil)
        }
    }

    /// A refund, in answers.
    struct Refund: Encodable {
        struct Amount: Encodable {
            let total: Int64
            let refund: Int64
            let payer_total: Int64
            let payer_refund: Int64
            let settlement_refund: Int64
            let settlement_total: Int64
            let discount_refund = 0
            let currency = "CNY"

            init(_ asked: AcceptedRefund) {
                total = asked.total
                refund = asked.refund
                payer_total = asked.total
                payer_refund = asked.refund
                settlement_refund = asked.refund
                settlement_total = asked.total
            }

            private enum CodingKeys: String, CodingKey {
                case total, refund, payer_total, payer_refund, settlement_refund, settlement_total, discount_refund
                case currency
            }
        }

        let refund_id: String
        let out_refund_no: String
        let transaction_id: String
        let out_trade_no: String
        let channel = "ORIGINAL"
        let user_received_account = "支付用户零钱"
        let success_time: String?
        let create_time: String
        let status: String
        let funds_account = "AVAILABLE"
        let amount: Amount

        init(_ refund: Book.Refund) {
            refund_id = refund.asked.refundID
            out_refund_no = refund.asked.outRefundNo
            transaction_id = refund.transactionID
            out_trade_no = refund.asked.outTradeNo
            success_time = refund.succeededAt.map(PayInstant.write)
            create_time = PayInstant.write(refund.acceptedAt)
            status = refund.state
            amount = Amount(refund.asked)
        }

        private enum CodingKeys: String, CodingKey {
            case refund_id, out_refund_no, transaction_id, out_trade_no, channel, user_received_account, success_time
            case create_time, status, funds_account, amount
        }
    }

    /// A refund, in notifications.
    struct RefundNotice: Encodable {
        struct Amount: Encodable {
            let total: Int64
            let refund: Int64
            let payer_total: Int64
            let payer_refund: Int64
        }

        let mchid: String
        let out_trade_no: String
        let transaction_id: String
        let out_refund_no: String
        let refund_id: String
        let refund_status: String
        let success_time: String?
        let user_received_account = "支付用户零钱"
        let amount: Amount

        init(_ refund: Book.Refund, merchant: MerchantCredentials) {
            mchid = merchant.mchid
            refund_status = refund.state
            out_trade_no = refund.asked.outTradeNo
            transaction_id = refund.transactionID
            out_refund_no = refund.asked.outRefundNo
            refund_id = refund.asked.refundID
            success_time = refund.succeededAt.map(PayInstant.write)
            amount = Amount(
                total: refund.asked.total, refund: refund.asked.refund, payer_total: refund.asked.total,
                payer_refund: refund.asked.refund)
        }

        private enum CodingKeys: String, CodingKey {
            case mchid, out_trade_no, transaction_id, out_refund_no, refund_id, refund_status, success_time
            case user_received_account, amount
        }
    }
}

extension Wire {
    /// A transfer, in the answer to its order.
    struct TransferAnswer: Encodable {
        let out_bill_no: String
        let transfer_bill_no: String
        let create_time: String
        let state: String
        let fail_reason: String?
        let package_info: String?

        init(_ transfer: Book.Transfer) {
            out_bill_no = transfer.asked.outBillNo
            transfer_bill_no = transfer.asked.transferBillNo
            create_time = PayInstant.write(transfer.acceptedAt)
            state = transfer.state
            fail_reason = transfer.end == .failed ? "OVERDUE_CLOSE" : nil
            package_info =
                transfer.end == nil ? "affffddafdfafddffda==" + Draw.digits(16, transfer.asked.outBillNo) : nil
        }
    }

    /// A transfer, in the answer to a question.
    struct Transfer: Encodable {
        let mch_id: String
        let appid: String
        let out_bill_no: String
        let transfer_bill_no: String
        let transfer_amount: Int64
        let transfer_remark: String
        let openid: String
        let state: String
        let fail_reason: String?
        let create_time: String
        let update_time: String

        init(_ transfer: Book.Transfer, merchant: MerchantCredentials) {
            mch_id = merchant.mchid
            appid = merchant.appid
            out_bill_no = transfer.asked.outBillNo
            transfer_bill_no = transfer.asked.transferBillNo
            transfer_amount = transfer.asked.amount
            transfer_remark = transfer.asked.remark
            openid = transfer.asked.openID
            state = transfer.state
            fail_reason = transfer.end == .failed ? "OVERDUE_CLOSE" : nil
            create_time = PayInstant.write(transfer.acceptedAt)
            update_time = PayInstant.write(transfer.endedAt ?? transfer.acceptedAt)
        }
    }

    /// The end of a transfer, in notifications.
    struct TransferNotice: Encodable {
        let mchid: String
        let out_bill_no: String
        let transfer_bill_no: String
        let transfer_amount: Int64
        let openid: String
        let state: String
        let fail_reason: String?
        let create_time: String
        let update_time: String

        init(_ transfer: Book.Transfer, merchant: MerchantCredentials) {
            let told = Transfer(transfer, merchant: merchant)
            mchid = merchant.mchid
            out_bill_no = told.out_bill_no
            transfer_bill_no = told.transfer_bill_no
            transfer_amount = told.transfer_amount
            openid = told.openid
            state = told.state
            fail_reason = told.fail_reason
            create_time = told.create_time
            update_time = told.update_time
        }
    }
}

/// What a notice says, before it is encrypted.
struct NoticeBody: Sendable {
    private enum Content {
        case payment(Book.Payment)
        case refund(Book.Refund)
        case transfer(Book.Transfer)
    }

    private let content: Content
    private let since: Date

    init(_ book: Book, _ notice: Notice) throws {
        since = notice.since
        switch notice.subject {
        case .payment(let number):
            guard let payment = book.payments[number] else { throw BookDamage() }
            // It tells what had happened then: a payment, whatever was refunded since.
            var paid = payment
            paid.refunds = []
            content = .payment(paid)
        case .refund(let number):
            guard let refund = book.refunds[number] else { throw BookDamage() }
            content = .refund(refund)
        case .refundEnd(let number, let end):
            guard var refund = book.refunds[number] else { throw BookDamage() }
            // What had happened then, whatever somebody did since.
            (refund.succeededAt, refund.end) = (nil, end)
            content = .refund(refund)
        case .transfer(let number):
            guard let transfer = book.transfers[number] else { throw BookDamage() }
            content = .transfer(transfer)
        }
    }

    private struct Envelope: Encodable {
        let id: String
        let create_time: String
        let resource_type = "encrypt-resource"
        let event_type: String
        let summary: String
        let resource: EncryptedResource

        private enum CodingKeys: String, CodingKey {
            case id, create_time, resource_type, event_type, summary, resource
        }
    }

    /// The body of a delivery: encrypted anew each time, under the same id.
    func encrypted(id: String, for platform: Platform) throws -> [UInt8] {
        let (event, summary, type, plaintext): (String, String, String, [UInt8]) =
            switch content {
            case .payment(let payment):
                (
                    "TRANSACTION.SUCCESS", "支付成功", "transaction",
                    try Wire.json(Wire.Payment(payment, merchant: platform.merchant, now: since))
                )
            case .refund(let refund):
                (
                    "REFUND.\(refund.state)", refund.succeededAt == nil ? "退款未成功" : "退款成功", "refund",
                    try Wire.json(Wire.RefundNotice(refund, merchant: platform.merchant))
                )
            case .transfer(let transfer):
                (
                    "MCHTRANSFER.BILL.FINISHED", "商家转账单据终态通知", "mch_payment",
                    try Wire.json(Wire.TransferNotice(transfer, merchant: platform.merchant))
                )
            }
        guard
            let resource = platform.apiV3Key.seal(
                plaintext, nonce: String(PaySignature.nonce().prefix(12)), associatedData: type, originalType: type)
        else { throw BookDamage() }
        return try Wire.json(
            Envelope(
                id: id, create_time: PayInstant.write(since), event_type: event, summary: summary, resource: resource))
    }
}
