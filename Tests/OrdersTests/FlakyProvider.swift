import Foundation
import Kernel
import Orders
import Synchronization
import WeChat

/// WeChat Pay in memory, with a book of what it paid out: fails in every way in which the real one can.
final class FlakyProvider: PaymentProvider, PaymentProviders {
    /// A refund in the other side's book.
    fileprivate struct Entry {
        let order: RefundOrder
        var status: String
        /// What it becomes when it is next looked at.
        var end: String
    }

    fileprivate struct State {
        var random: SeededRandom
        var refunds: [String: Entry] = [:]
        /// Requests whose sender has given up waiting, and which arrive all the same: now or thousands of calls later.
        var onTheirWay: [(order: RefundOrder, at: Int)] = []
        var payouts: [String: Int] = [:]
        var calls = 0
        var payments: [String: String] = [:]
        var prepaid: [JSAPIOrder] = []
        /// How many of 12 refunds end CLOSED.
        var closings: Int
    }

    private let state: Mutex<State>
    /// How many of 12 calls fail.
    private let faults: Int

    init(seed: UInt64, faults: Int = 4, closings: Int = 1) {
        state = Mutex(State(random: SeededRandom(seed), closings: closings))
        self.faults = faults
    }

    /// Payouts by our number of the payment.
    var payouts: [String: Int] { state.withLock(\.payouts) }

    /// Lets everything arrive that is still on its way, and pays out what can be.
    func arriveAll() {
        state.withLock { state in
            state.calls += 10_000
            state.deliver()
            for number in state.refunds.keys.sorted() { state.end(number) }
        }
    }

    /// How many refund numbers were ever seen.
    var numbers: Int { state.withLock { $0.refunds.count } }
    var calls: Int { state.withLock(\.calls) }
    var prepaid: [JSAPIOrder] { state.withLock(\.prepaid) }

    /// The answer to questions about a payment, as JSON.
    func setPayment(_ outTradeNo: String, _ json: String) { state.withLock { $0.payments[outTradeNo] = json } }

    /// Ends a refund with CLOSED the next time it is looked at.
    func close(_ outRefundNo: String) { state.withLock { $0.refunds[outRefundNo]?.end = "CLOSED" } }

    /// From now on no refund ends with CLOSED by itself.
    func stopClosing() { state.withLock { $0.closings = 0 } }

    // MARK: PaymentProviders

    func provider(
        of mchid: String, brand: ID<Brand>
    ) async throws -> (provider: any PaymentProvider, notifyURL: String)? {
        (self, "https://shop.test/wechat/pay/\(mchid)/notify")
    }

    // MARK: PaymentProvider

    func prepay(_ order: JSAPIOrder) async throws(WeChatPayError) -> String {
        state.withLock {
            $0.prepaid.append(order)
            return "wx\($0.prepaid.count)"
        }
    }

    func paymentParameters(prepayID: String) throws(CredentialsError) -> PaymentParameters {
        PaymentParameters(appID: "wx1", timeStamp: "1", nonce: "n", package: "prepay_id=\(prepayID)", paySign: "s")
    }

    func payment(outTradeNo: String) async throws(WeChatPayError) -> PaymentResult {
        guard let json = state.withLock({ $0.payments[outTradeNo] }) else { throw .notFound(code: "ORDER_NOT_EXIST") }
        return try Self.decode(json)
    }

    func refund(_ order: RefundOrder) async throws(WeChatPayError) -> RefundResult {
        let answer: Result<String, WeChatPayError> = state.withLock { state in
            state.calls += 1
            state.deliver()
            guard state.random.below(12) < faults else {
                state.accept(order)
                return .success(state.json(order.outRefundNo))
            }
            switch state.random.below(6) {
            case 0:
                state.accept(order)
                return .failure(.outcomeUnknown(reason: "no answer within 5 s"))
            case 1:
                state.onTheirWay.append((order, at: state.calls + state.random.below(3_000)))
                return .failure(.outcomeUnknown(reason: "no answer within 5 s"))
            case 2: return .failure(.outcomeUnknown(reason: "it answered 500"))
            case 3: return .failure(.throttled(code: "FREQUENCY_LIMITED"))
            case 4: return .failure(.throttled(code: "NOT_ENOUGH"))
            default: return .failure(.notSent(reason: "no connection"))
            }
        }
        return try Self.decode(try answer.get())
    }

    func refund(outRefundNo: String) async throws(WeChatPayError) -> RefundResult {
        let answer: Result<String, WeChatPayError> = state.withLock { state in
            state.calls += 1
            state.deliver()
            guard state.random.below(12) >= faults else {
                return .failure(
                    [
                        WeChatPayError.outcomeUnknown(reason: "it answered 502"), .throttled(code: "FREQUENCY_LIMITED"),
                        .notSent(reason: "no connection"), .refused(status: 401, code: "SIGN_ERROR", message: ""),
                    ][state.random.below(4)])
            }
            guard state.refunds[outRefundNo] != nil else { return .failure(.notFound(code: "RESOURCE_NOT_EXISTS")) }
            state.end(outRefundNo)
            return .success(state.json(outRefundNo))
        }
        return try Self.decode(try answer.get())
    }

    private static func decode<Value: Decodable>(_ json: String) throws(WeChatPayError) -> Value {
        do {
            return try JSONDecoder().decode(Value.self, from: Data(json.utf8))
        } catch {
            throw .outcomeUnknown(reason: "\(error)")
        }
    }
}

extension FlakyProvider.State {
    /// Requests of the past arrive, some of them long after their sender has given up.
    fileprivate mutating func deliver() {
        let arriving = onTheirWay.filter { $0.at <= calls }
        onTheirWay.removeAll { $0.at <= calls }
        for request in arriving { accept(request.order) }
    }

    /// The same number is the same refund.
    fileprivate mutating func accept(_ order: RefundOrder) {
        guard refunds[order.outRefundNo] == nil else { return }
        let end = random.below(12) < closings ? "CLOSED" : "SUCCESS"
        refunds[order.outRefundNo] = .init(order: order, status: "PROCESSING", end: end)
        if random.below(2) == 0 { self.end(order.outRefundNo) }
    }

    /// Pays out or closes.
    fileprivate mutating func end(_ number: String) {
        guard var entry = refunds[number], entry.status == "PROCESSING" else { return }
        entry.status = entry.end
        if entry.status == "SUCCESS" { payouts[entry.order.outTradeNo, default: 0] += 1 }
        refunds[number] = entry
    }

    fileprivate func json(_ number: String) -> String {
        guard let entry = refunds[number] else { return "{}" }
        return """
            {"refund_id": "5\(number)", "out_refund_no": "\(number)", "transaction_id": "4\(entry.order.outTradeNo)",
             "out_trade_no": "\(entry.order.outTradeNo)", "status": "\(entry.status)",
             "amount": {"refund": \(entry.order.refund.fen), "total": \(entry.order.total.fen)}}
            """
    }
}

/// Random numbers that a seed repeats (SplitMix64).
struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &self) }
}
