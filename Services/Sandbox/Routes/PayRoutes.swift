import Foundation
import Hosting
import HTTPTypes
import Hummingbird
import Kernel
import NIOCore
import ServiceLifecycle
import WeChat

/// WeChat Pay's own paths, as a merchant calls them.
struct PayRoutes: Sendable {
    let sandbox: Sandbox

    func add(to router: some RouterMethods<SiyuRequestContext>) {
        router.post("v3/pay/transactions/jsapi") { request, context in try await prepay(request, context) }
        router.get("v3/pay/transactions/out-trade-no/{no}") { request, context in try await query(request, context) }
        router.post("v3/pay/transactions/out-trade-no/{no}/close") { request, context in
            try await close(request, context)
        }
        router.post("v3/refund/domestic/refunds") { request, context in try await refund(request, context) }
        router.get("v3/refund/domestic/refunds/{no}") { request, context in try await refundQuery(request, context) }
        router.get("v3/certificates") { request, context in try await certificates(request, context) }
    }

    // MARK: Payments

    private func prepay(_ request: Request, _ context: SiyuRequestContext) async throws -> Response {
        let call = try await Call(request, context, sandbox)
        return await call.answer {
            let asked = try call.read(PrepayRequest.self).order(merchant: try sandbox.platform.merchant)
            return try await call.work(.prepay, number: asked.outTradeNo) {
                let now = try sandbox.clock()
                let prepayID = try await sandbox.change(now: now) {
                    try $0.place(asked, now: now)
                } then: {
                    $0.payments[asked.outTradeNo]?.order.prepayID
                }
                guard let prepayID else { throw PayRefusal.noOrder }
                return Call.Answer(json: try Wire.json(["prepay_id": prepayID]))
            }
        }
    }

    private func query(_ request: Request, _ context: SiyuRequestContext) async throws -> Response {
        let call = try await Call(request, context, sandbox)
        return await call.answer {
            let number = try call.number(context)
            let merchant = try sandbox.platform.merchant
            guard request.uri.queryParameters["mchid"].map(String.init) == merchant.mchid else {
                throw PayRefusal.parameter("mchid")
            }
            return try await call.work(.paymentQuery, number: number) {
                let payment = try await sandbox.read { $0.payments[number] }
                guard let payment else { throw PayRefusal.noOrder }
                return Call.Answer(
                    json: try Wire.json(Wire.Payment(payment, merchant: merchant, now: try sandbox.clock())))
            }
        }
    }

    private func close(_ request: Request, _ context: SiyuRequestContext) async throws -> Response {
        struct Body: Decodable { let mchid: String }
        let call = try await Call(request, context, sandbox)
        return await call.answer {
            let number = try call.number(context)
            guard try call.read(Body.self).mchid == (try sandbox.platform.merchant.mchid) else {
                throw PayRefusal.parameter("mchid")
            }
            return try await call.work(.close, number: number) {
                try await sandbox.change({ try $0.close(outTradeNo: number) }, then: { _ in })
                return Call.Answer(status: 204, json: [])
            }
        }
    }

    // MARK: Refunds

    private func refund(_ request: Request, _ context: SiyuRequestContext) async throws -> Response {
        let call = try await Call(request, context, sandbox)
        return await call.answer {
            let body = try call.read(RefundRequest.self)
            let asked = try await sandbox.read { try body.refund($0) }
            return try await call.work(.refund, number: asked.outRefundNo) {
                let now = try sandbox.clock()
                let spacing = sandbox.options.refundSpacing / .seconds(1)
                let refund = try await sandbox.change(
                    now: now, { try $0.refund(asked, spacing: spacing, now: now) },
                    then: { $0.refunds[asked.outRefundNo] })
                guard let refund else { throw PayRefusal.noResource }
                return Call.Answer(json: try Wire.json(Wire.Refund(refund)))
            }
        }
    }

    private func refundQuery(_ request: Request, _ context: SiyuRequestContext) async throws -> Response {
        let call = try await Call(request, context, sandbox)
        return await call.answer {
            let number = try call.number(context)
            return try await call.work(.refundQuery, number: number) {
                let refund = try await sandbox.read { $0.refunds[number] }
                guard let refund else { throw PayRefusal.noResource }
                return Call.Answer(json: try Wire.json(Wire.Refund(refund)))
            }
        }
    }

    // MARK: Certificates

    private func certificates(_ request: Request, _ context: SiyuRequestContext) async throws -> Response {
        struct Entry: Encodable {
            let serial_no: String
            let effective_time: String
            let expire_time: String
            let encrypt_certificate: EncryptedResource
        }
        let call = try await Call(request, context, sandbox)
        return await call.answer(serial: try sandbox.platform.certificateSerial) {
            let platform = try sandbox.platform
            let pem = Array(platform.certificatePEM.utf8)
            let nonce = String(PaySignature.nonce().prefix(12))
            guard let sealed = platform.apiV3Key.seal(pem, nonce: nonce, associatedData: "certificate") else {
                throw PayRefusal.fault
            }
            let validity = platform.certificateValidity
            let entry = Entry(
                serial_no: platform.certificateSerial, effective_time: PayInstant.write(validity.lowerBound),
                expire_time: PayInstant.write(validity.upperBound), encrypt_certificate: sealed)
            return Call.Answer(json: try Wire.json(["data": [entry]]))
        }
    }
}

/// One call of the merchant: its signature, its faults, its signed answer.
struct Call: Sendable {
    struct Answer: Sendable {
        var status = 200
        let json: [UInt8]
        var isCut = false
    }

    private let sandbox: Sandbox
    private let platform: Platform
    private let body: [UInt8]
    private let askedSerial: String?
    private let isAuthorized: Bool
    private let id: String

    init(_ request: Request, _ context: SiyuRequestContext, _ sandbox: Sandbox) async throws {
        self.sandbox = sandbox
        platform = try sandbox.platform
        var request = request
        body = Array(buffer: try await request.collectBody(upTo: context.maxUploadSize))
        askedSerial = HTTPField.Name("Wechatpay-Serial").flatMap { request.headers[$0] }
        id = context.id
        isAuthorized = platform.isAuthorized(
            request.headers[.authorization] ?? "", method: request.method.rawValue, path: request.head.path ?? "",
            body: body, now: Sandbox.now())
    }

    func read<Value: Decodable>(_ type: Value.Type) throws(PayRefusal) -> Value {
        do {
            return try JSONDecoder().decode(Value.self, from: Data(body))
        } catch {
            throw .parameter("the body is not what it should be")
        }
    }

    func number(_ context: SiyuRequestContext) throws(PayRefusal) -> String {
        guard let number = context.parameters.get("no")?.removingPercentEncoding else { throw .parameter("number") }
        return number
    }

    func work(
        _ operation: FaultSettings.Operation, number: String, _ work: () async throws -> Answer
    ) async throws -> Answer {
        try await sandbox.work(operation, number: number, work)
    }

    /// The answer on the wire: signed if it is 2xx.
    func answer(serial: String? = nil, _ work: () async throws -> Answer) async -> Response {
        await sandbox.answering { await respond(serial: serial, work) }
    }

    private func respond(serial: String?, _ work: () async throws -> Answer) async -> Response {
        do {
            guard isAuthorized else { throw PayRefusal.unsigned }
            let answer = try await work()
            return try response(answer, serial: serial ?? askedSerial)
        } catch let refusal as PayRefusal {
            return response(refusal)
        } catch let problem as Problem {
            return problem.response()
        } catch {
            return response(.fault)
        }
    }

    private func response(_ answer: Answer, serial: String?) throws -> Response {
        var headers: HTTPFields = [.contentType: "application/json; charset=utf-8"]
        for (name, value) in try platform.sign(answer.json, serial: serial, now: Sandbox.now()) + [("Request-ID", id)] {
            if let name = HTTPField.Name(name) { headers[name] = value }
        }
        return Self.wire(answer, headers: headers)
    }

    /// An answer as it leaves: whole, or cut in its middle.
    static func wire(_ answer: Answer, headers: HTTPFields) -> Response {
        let buffer = ByteBuffer(bytes: answer.json)
        guard answer.isCut else {
            return Response(
                status: .init(code: answer.status), headers: headers,
                body: answer.json.isEmpty ? .init() : .init(byteBuffer: buffer))
        }
        // One byte more is promised than comes, and then the connection is gone.
        let body = ResponseBody(contentLength: answer.json.count + 1) { writer in
            try await writer.write(buffer)
            throw CutConnection()
        }
        return Response(status: .ok, headers: headers, body: body)
    }

    private func response(_ refusal: PayRefusal) -> Response {
        let json = (try? Wire.json(["code": refusal.code, "message": refusal.message])) ?? []
        return Response(
            status: .init(code: refusal.status), headers: [.contentType: "application/json; charset=utf-8"],
            body: .init(byteBuffer: ByteBuffer(bytes: json)))
    }
}

extension Sandbox {
    /// Does the work, unless a fault comes first, and spoils the answer if one comes after.
    func work(
        _ operation: FaultSettings.Operation, number: String, _ work: () async throws -> Call.Answer
    ) async throws -> Call.Answer {
        let faults = try await read { $0.faults }
        let attempt = counter.attempt(operation, number: number)
        let fault = faults.fault(of: operation, number: number, attempt: attempt)
        if let fault { counter.count(fault.rawValue) }
        switch fault {
        case .throttled: throw PayRefusal.throttled
        case .notEnough: throw PayRefusal.notEnough
        case .errorBeforeWork: throw PayRefusal.fault
        case .errorAfterWork:
            _ = try await work()
            throw PayRefusal.fault
        case .heldAfterWork, .cutAfterWork:
            var answer = try await work()
            if fault == .heldAfterWork {
                // A drain does not wait for what only waits; either way the connection is cut.
                try? await cancelWhenGracefulShutdown {
                    try await Task.sleep(for: .milliseconds(faults.holdMilliseconds))
                }
            }
            answer.isCut = true
            return answer
        case nil: return try await work()
        }
    }
}

/// Ends a connection in the middle of an answer.
private struct CutConnection: Error {}

// MARK: - Bodies

private struct PrepayRequest: Decodable {
    struct Amount: Decodable {
        let total: Int64
        let currency: String?
    }
    struct Payer: Decodable { let openid: String }

    let appid: String
    let mchid: String
    let description: String
    let out_trade_no: String
    let time_expire: String?
    let attach: String?
    let notify_url: String
    let amount: Amount
    let payer: Payer

    func order(merchant: MerchantCredentials) throws(PayRefusal) -> PlacedOrder {
        guard mchid == merchant.mchid, appid == merchant.appid else {
            throw PayRefusal(status: 400, code: "APPID_MCHID_NOT_MATCH", message: "appid和mchid不匹配")
        }
        guard (1...127).contains(description.count) else { throw .parameter("description") }
        guard out_trade_no.wholeMatch(of: /[0-9A-Za-z_\-|*]{6,32}/) != nil else { throw .parameter("out_trade_no") }
        guard isNotifyURL(notify_url) else { throw .parameter("notify_url") }
        guard amount.total > 0, amount.currency ?? "CNY" == "CNY" else { throw .parameter("amount") }
        guard (1...128).contains(payer.openid.utf8.count) else { throw .parameter("payer.openid") }
        guard attach.map({ $0.count <= 128 }) ?? true else { throw .parameter("attach") }
        var end: Date?
        if let time_expire {
            guard let instant = PayInstant.read(time_expire) else { throw .parameter("time_expire") }
            end = instant
        }
        return PlacedOrder(
            outTradeNo: out_trade_no, prepayID: "wx" + Draw.digits(32, "prepay|\(out_trade_no)"),
            description: description, notifyURL: notify_url, total: amount.total, openID: payer.openid, attach: attach,
            expiresAt: end)
    }
}

private struct RefundRequest: Decodable {
    struct Amount: Decodable {
        let refund: Int64
        let total: Int64
        let currency: String
    }

    let transaction_id: String?
    let out_trade_no: String?
    let out_refund_no: String
    let reason: String?
    let notify_url: String?
    let amount: Amount

    func refund(_ book: Book) throws(PayRefusal) -> AcceptedRefund {
        guard out_refund_no.wholeMatch(of: /[0-9A-Za-z_\-|*@]{1,64}/) != nil else { throw .parameter("out_refund_no") }
        guard amount.currency == "CNY", amount.refund > 0, amount.total > 0 else { throw .parameter("amount") }
        guard reason.map({ $0.utf8.count <= 80 }) ?? true else { throw .parameter("reason") }
        guard notify_url.map(isNotifyURL) ?? true else { throw .parameter("notify_url") }
        var number = out_trade_no
        if number == nil, let transaction_id {
            guard let payment = book.payments.values.first(where: { $0.transactionID == transaction_id }) else {
                throw .noResource
            }
            number = payment.order.outTradeNo
        }
        guard let number else { throw .parameter("transaction_id or out_trade_no") }
        return AcceptedRefund(
            outRefundNo: out_refund_no, refundID: "5030" + Draw.digits(25, "refund|\(out_refund_no)"),
            outTradeNo: number, refund: amount.refund, total: amount.total, reason: reason, notifyURL: notify_url)
    }
}

/// An address without a query; WeChat Pay asks for https, a stand-in on one machine does not.
func isNotifyURL(_ text: String) -> Bool {
    guard text.utf8.count <= 256, let url = URL(string: text), let scheme = url.scheme, url.host() != nil else {
        return false
    }
    return ["http", "https"].contains(scheme) && url.query() == nil && url.fragment() == nil
}
