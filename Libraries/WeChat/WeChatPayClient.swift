package import AsyncHTTPClient
package import Foundation
package import Kernel
import NIOCore
import NIOHTTP1
import NIOPosix

/// Calls WeChat Pay's API v3 for one merchant.
///
/// One call is one request: nothing is repeated here, since only the caller knows what a repetition may cost. Every answer of 2xx is
/// verified before it is read.
package struct WeChatPayClient: Sendable {
    /// From the first byte sent to the last byte received.
    package static let timeout = Duration.seconds(5)
    /// The largest answer that is read into memory.
    package static let answerBytesMax = Limit(
        1 << 20, reason: "Answers have a few kilobytes; a list of certificates has tens.")

    /// The merchant that calls.
    package let merchant: WeChatPayMerchant
    private let http: HTTPClient
    private let timeout: Duration
    private let clock: @Sendable () -> Date

    /// A client over `http`, whose configuration should be ``httpConfiguration``.
    ///
    /// - Parameters:
    ///   - timeout: For a whole call; beyond it the outcome is unknown.
    ///   - clock: The real time, for signatures.
    package init(
        merchant: WeChatPayMerchant, http: HTTPClient, timeout: Duration = WeChatPayClient.timeout,
        clock: @escaping @Sendable () -> Date = PaySignature.realTime
    ) {
        self.merchant = merchant
        self.http = http
        self.timeout = timeout
        self.clock = clock
    }

    /// The same for credentials whose keys have not been read yet.
    package init(
        credentials: MerchantCredentials, http: HTTPClient, timeout: Duration = WeChatPayClient.timeout,
        clock: @escaping @Sendable () -> Date = PaySignature.realTime
    ) throws(CredentialsError) {
        self.init(merchant: try WeChatPayMerchant(credentials), http: http, timeout: timeout, clock: clock)
    }

    /// No redirects (a signed request is for one place), a connection within three seconds or none: then nothing was sent.
    package static var httpConfiguration: HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        configuration.timeout.connect = .seconds(3)
        configuration.decompression = .disabled
        return configuration
    }
}

// MARK: - Payments

extension WeChatPayClient {
    /// Places an order that a shopper can then pay; repeating it with the same content gives a prepay id again.
    package func prepay(_ order: JSAPIOrder) async throws(WeChatPayError) -> String {
        try Self.require(tradeNo: order.outTradeNo)
        let body = try Self.json(PrepayBody(order, merchant: merchant))
        let answer = try await call("POST", "/v3/pay/transactions/jsapi", body: body)
        return try Self.read(PrepayAnswer.self, answer).prepayID
    }

    /// What the mini program hands to `wx.requestPayment`.
    package func paymentParameters(prepayID: String) throws(CredentialsError) -> PaymentParameters {
        try merchant.paymentParameters(prepayID: prepayID, now: clock())
    }

    /// How a payment stands.
    package func payment(outTradeNo: String) async throws(WeChatPayError) -> PaymentResult {
        try Self.require(tradeNo: outTradeNo)
        let path = "/v3/pay/transactions/out-trade-no/\(Self.escaped(outTradeNo))?mchid=\(merchant.mchid)"
        let payment = try Self.read(PaymentResult.self, try await call("GET", path))
        // A verified answer of yesterday to another question is still not an answer to this one.
        guard payment.outTradeNo == outTradeNo, payment.mchid == merchant.mchid else { throw .mistaken }
        return payment
    }

    /// Sees to it that an order can no longer be paid; refused (`ORDERPAID`) if it has been.
    package func close(outTradeNo: String) async throws(WeChatPayError) {
        try Self.require(tradeNo: outTradeNo)
        let body = try Self.json(CloseBody(mchid: merchant.mchid))
        _ = try await call("POST", "/v3/pay/transactions/out-trade-no/\(Self.escaped(outTradeNo))/close", body: body)
    }
}

// MARK: - Refunds

extension WeChatPayClient {
    /// Asks for a refund; an answer means that it was accepted, and its state how far it is.
    package func refund(_ order: RefundOrder) async throws(WeChatPayError) -> RefundResult {
        try Self.require(tradeNo: order.outTradeNo)
        try Self.require(refundNo: order.outRefundNo)
        let refund = try Self.read(
            RefundResult.self, try await call("POST", Self.refunds, body: try Self.json(RefundBody(order))))
        guard refund.outRefundNo == order.outRefundNo, refund.outTradeNo == order.outTradeNo,
            refund.refund == order.refund, refund.total == order.total
        else { throw .mistaken }
        return refund
    }

    /// How a refund stands.
    package func refund(outRefundNo: String) async throws(WeChatPayError) -> RefundResult {
        try Self.require(refundNo: outRefundNo)
        let refund = try Self.read(
            RefundResult.self, try await call("GET", "\(Self.refunds)/\(Self.escaped(outRefundNo))"))
        guard refund.outRefundNo == outRefundNo else { throw .mistaken }
        return refund
    }

    private static let refunds = "/v3/refund/domestic/refunds"
}

// MARK: - Certificates

extension WeChatPayClient {
    /// The platform's certificates by serial number, as ``MerchantCredentials/platformKeys`` takes them.
    ///
    /// The list is encrypted with the merchant's APIv3 key and may be signed by a certificate that it is the first to bring, so
    /// it is decrypted first, and verified with the keys known before and with those it brings.
    package func certificates() async throws(WeChatPayError) -> [String: String] {
        let answer = try await exchange("GET", "/v3/certificates", body: [])
        guard (200..<300).contains(answer.status) else {
            throw WeChatPayError(status: answer.status, body: answer.body)
        }
        let list = try Self.read(CertificateList.self, answer.body)
        var found: [String: String] = [:]
        var keys: [String: PlatformKey] = merchant.platformKeys
        for entry in list.data {
            guard let pem = merchant.apiV3Key.open(entry.certificate).map({ String(decoding: $0, as: UTF8.self) }),
                let key = try? PlatformKey(id: entry.serialNumber, pem: pem)
            else { throw .outcomeUnknown(reason: "a certificate in its answer cannot be read") }
            found[entry.serialNumber] = pem
            keys[entry.serialNumber] = key
        }
        try verify(answer, by: merchant.with(platformKeys: keys))
        return found
    }
}

extension WeChatPayMerchant {
    fileprivate func with(platformKeys keys: [String: PlatformKey]) -> WeChatPayMerchant {
        var copy = self
        copy.platformKeys = keys
        return copy
    }
}

// MARK: - One call

extension WeChatPayClient {
    func call(
        _ method: String, _ path: String, body: [UInt8] = []
    ) async throws(WeChatPayError) -> [UInt8] {
        let answer = try await exchange(method, path, body: body)
        guard (200..<300).contains(answer.status) else {
            throw WeChatPayError(status: answer.status, body: answer.body)
        }
        try verify(answer, by: merchant)
        return answer.body
    }

    private func verify(_ answer: WeChatCall.Answer, by merchant: WeChatPayMerchant) throws(WeChatPayError) {
        do {
            // Several headers of one name are none: which of them would count?
            let headers = SignatureHeaders { name in
                let values = answer.headers[name]
                return values.count == 1 ? values[0] : nil
            }
            try merchant.verify(headers, body: answer.body, now: clock())
        } catch {
            throw .outcomeUnknown(reason: "its answer cannot be verified (\(error))")
        }
    }

    func exchange(
        _ method: String, _ path: String, body: [UInt8], timeout: Duration? = nil,
        bytesMax: Int = WeChatPayClient.answerBytesMax.value
    ) async throws(WeChatPayError) -> WeChatCall.Answer {
        var request = HTTPClientRequest(url: merchant.baseURL + path)
        request.method = HTTPMethod(rawValue: method)
        do {
            let authorization = try merchant.authorization(method: method, path: path, body: body, now: clock())
            request.headers.add(name: "Authorization", value: authorization)
        } catch {
            throw .notSent(reason: error.description)
        }
        request.headers.add(name: "Accept", value: "application/json")
        request.headers.add(name: "User-Agent", value: "siyu")
        if let key = merchant.preferredPublicKeyID { request.headers.add(name: "Wechatpay-Serial", value: key) }
        if !body.isEmpty {
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(ByteBuffer(bytes: body))
        }
        return try await WeChatCall.send(request, over: http, timeout: timeout ?? self.timeout, bytesMax: bytesMax)
    }
}

extension WeChatPayError {
    static let mistaken = WeChatPayError.outcomeUnknown(reason: "its answer is about something else")
}

// MARK: - Numbers and JSON

extension WeChatPayClient {
    private static func require(tradeNo: String) throws(WeChatPayError) {
        guard (6...32).contains(tradeNo.utf8.count), tradeNo.utf8.allSatisfy({ isNumberByte($0, more: "_-|*") }) else {
            throw .notSent(reason: "out_trade_no must have 6 to 32 letters, digits, _ - | *")
        }
    }

    private static func require(refundNo: String) throws(WeChatPayError) {
        guard (1...64).contains(refundNo.utf8.count), refundNo.utf8.allSatisfy({ isNumberByte($0, more: "_-|*@") })
        else { throw .notSent(reason: "out_refund_no must have 1 to 64 letters, digits, _ - | * @") }
    }

    private static func isNumberByte(_ byte: UInt8, more: String) -> Bool {
        byte.isDigit || byte.isLetter || more.utf8.contains(byte)
    }

    /// Percent-encoded for a path: what is signed is what is sent.
    private static func escaped(_ number: String) -> String {
        number.replacing("|", with: "%7C").replacing("*", with: "%2A").replacing("@", with: "%40")
    }

    static func json(_ value: some Encodable) throws(WeChatPayError) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return Array(try encoder.encode(value))
        } catch {
            throw .notSent(reason: "the request cannot be written as JSON")
        }
    }

    static func read<Value: Decodable>(
        _ type: Value.Type, _ body: [UInt8]
    ) throws(WeChatPayError) -> Value {
        do {
            return try JSONDecoder().decode(Value.self, from: Data(body))
        } catch {
            throw .outcomeUnknown(reason: "its answer cannot be read")
        }
    }
}

// MARK: - Bodies

private struct Currency: Encodable {
    let total: Money
    let currency = "CNY"

    private enum CodingKeys: String, CodingKey { case total, currency }
}

private struct PrepayBody: Encodable {
    struct Payer: Encodable { let openid: String }

    let appid: String
    let mchid: String
    let description: String
    let outTradeNo: String
    let timeExpire: String?
    let attach: String?
    let notifyURL: String
    let amount: Currency
    let payer: Payer

    init(_ order: JSAPIOrder, merchant: WeChatPayMerchant) {
        appid = merchant.appid
        mchid = merchant.mchid
        description = order.description
        outTradeNo = order.outTradeNo
        timeExpire = order.expiresAt.map(PayInstant.write)
        attach = order.attach
        notifyURL = order.notifyURL
        amount = Currency(total: order.amount)
        payer = Payer(openid: order.payerOpenID)
    }

    private enum CodingKeys: String, CodingKey {
        case appid, mchid, description, attach, amount, payer
        case outTradeNo = "out_trade_no"
        case timeExpire = "time_expire"
        case notifyURL = "notify_url"
    }
}

private struct PrepayAnswer: Decodable {
    let prepayID: String

    private enum CodingKeys: String, CodingKey { case prepayID = "prepay_id" }
}

private struct CloseBody: Encodable { let mchid: String }

private struct RefundBody: Encodable {
    struct Amount: Encodable {
        let refund: Money
        let total: Money
        let currency = "CNY"

        private enum CodingKeys: String, CodingKey { case refund, total, currency }
    }

    let outTradeNo: String
    let outRefundNo: String
    let reason: String?
    let notifyURL: String?
    let amount: Amount

    init(_ order: RefundOrder) {
        outTradeNo = order.outTradeNo
        outRefundNo = order.outRefundNo
        reason = order.reason
        notifyURL = order.notifyURL
        amount = Amount(refund: order.refund, total: order.total)
    }

    private enum CodingKeys: String, CodingKey {
        case reason, amount
        case outTradeNo = "out_trade_no"
        case outRefundNo = "out_refund_no"
        case notifyURL = "notify_url"
    }
}

private struct CertificateList: Decodable {
    struct Entry: Decodable {
        let serialNumber: String
        let certificate: EncryptedResource

        private enum CodingKeys: String, CodingKey {
            case serialNumber = "serial_no"
            case certificate = "encrypt_certificate"
        }
    }

    let data: [Entry]
}
