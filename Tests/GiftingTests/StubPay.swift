import Foundation
import Kernel
import Orders
import Synchronization
import WeChat

/// The other side of payments and refunds, with a book of its own and faults of every kind.
///
/// It behaves as WeChat Pay says it does: a refund number pays out once however often it is sent, whatever the caller hears of it.
final class StubPay: PaymentProvider, PaymentProviders {
    private struct Book {
        var payouts: [String: [String: Int64]] = [:]
        var calls = 0
        var failed = 0
    }

    private let book = Mutex(Book())
    /// Every how many-th call fails; 0 for none.
    private let failsEvery: Int
    /// Up to which number the refunds of every payment end CLOSED.
    private let closes: Int

    init(failsEvery: Int = 0, closes: Int = 0) {
        self.failsEvery = failsEvery
        self.closes = closes
    }

    /// Refund numbers that were paid out, with what they paid, by payment.
    var payouts: [String: [String: Int64]] { book.withLock(\.payouts) }
    /// Calls that failed.
    var failed: Int { book.withLock(\.failed) }

    func provider(
        of mchid: String, brand: ID<Brand>
    ) async throws -> (provider: any PaymentProvider, notifyURL: String)? {
        (self, "https://pay.example/notify")
    }

    func prepay(_ order: JSAPIOrder) async throws(WeChatPayError) -> String { "wx\(order.outTradeNo)" }

    func paymentParameters(prepayID: String) throws(CredentialsError) -> PaymentParameters {
        PaymentParameters(
            appID: "wx1", timeStamp: "1", nonce: "n", package: "prepay_id=\(prepayID)", paySign: "s")
    }

    func payment(outTradeNo: String) async throws(WeChatPayError) -> PaymentResult { throw .notSent(reason: "stub") }

    /// A third of the calls fail in turn: before the work, after the work, and by being sent away.
    func refund(_ order: RefundOrder) async throws(WeChatPayError) -> RefundResult {
        let fault = strike()
        if fault == 1 { throw .throttled(code: "FREQUENCY_LIMITED") }
        if fault == 2 { throw .outcomeUnknown(reason: "it never arrived") }
        if let number = order.outRefundNo.split(separator: "-").last.flatMap({ Int($0) }), number <= closes {
            return try result(order.outRefundNo, of: order.outTradeNo, order.refund, status: "CLOSED")
        }
        book.withLock { $0.payouts[order.outTradeNo, default: [:]][order.outRefundNo] = order.refund.fen }
        if fault == 0 { throw .outcomeUnknown(reason: "the answer was lost") }
        return try result(order.outRefundNo, of: order.outTradeNo, order.refund)
    }

    func refund(outRefundNo: String) async throws(WeChatPayError) -> RefundResult {
        if strike() != nil { throw .outcomeUnknown(reason: "no answer") }
        let found = book.withLock { book in
            book.payouts.first { $0.value[outRefundNo] != nil }.map { ($0.key, $0.value[outRefundNo] ?? 0) }
        }
        guard let (payment, fen) = found else { throw .notFound(code: "RESOURCE_NOT_EXISTS") }
        return try result(outRefundNo, of: payment, Money(fen: fen))
    }

    /// Which fault strikes this call; nil for none.
    private func strike() -> Int? {
        book.withLock { book in
            book.calls += 1
            guard failsEvery > 0, book.calls % failsEvery == 0 else { return nil }
            book.failed += 1
            return book.failed % 3
        }
    }

    private func result(
        _ number: String, of payment: String, _ amount: Money, status: String = "SUCCESS"
    ) throws(WeChatPayError) -> RefundResult {
        let json = """
            {"refund_id":"5\(payment.prefix(8))","out_refund_no":"\(number)","transaction_id":"42\(payment.prefix(8))",
            "out_trade_no":"\(payment)","status":"\(status)","success_time":"2026-11-22T12:00:00+08:00",
            "create_time":"2026-11-22T12:00:00+08:00","amount":{"refund":\(amount.fen),"total":\(amount.fen)}}
            """
        do {
            return try JSONDecoder().decode(RefundResult.self, from: Data(json.utf8))
        } catch {
            throw .outcomeUnknown(reason: "the stub's own answer does not read")
        }
    }
}
