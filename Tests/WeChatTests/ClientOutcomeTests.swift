import AsyncHTTPClient
import CryptoExtras
import Foundation
import Kernel
import NIOCore
import NIOPosix
import Testing

@testable import WeChat

private let http = HTTPClient(
    eventLoopGroupProvider: .singleton, configuration: WeChatPayClient.httpConfiguration)

/// What a call says about what happened at the other end, over real sockets.
struct ClientOutcomeTests {
    private static let now = Date(timeIntervalSince1970: 1_735_776_030)
    private static let refund = RefundOrder(
        outTradeNo: "GIFT20250101000001", outRefundNo: "RF-g_01-1", refund: Money(fen: 12_800),
        total: Money(fen: 12_800))
    private static let accepted = """
        {"refund_id":"5030","out_refund_no":"RF-g_01-1","transaction_id":"4200","out_trade_no":"GIFT20250101000001",\
        "status":"PROCESSING","create_time":"2025-01-02T08:00:30+08:00","amount":{"refund":12800,"total":12800}}
        """

    private func client(
        _ url: String, timeout: Duration = .seconds(20), http: HTTPClient = http
    ) throws -> WeChatPayClient {
        try WeChatPayClient(credentials: .ofVectors(baseURL: url), http: http, timeout: timeout) { Self.now }
    }

    /// An answer signed as WeChat Pay signs.
    private static func signed(
        _ body: String, status: String = "200 OK", timestamp: String = "1735776031", more: String = ""
    ) throws -> String {
        let credentials = try MerchantCredentials.ofVectors()
        let key = try _RSA.Signing.PrivateKey(pemRepresentation: credentials.privateKeyPEM)
        let signature = try PaySignature.sign(
            PaySignature.answerMessage(timestamp: timestamp, nonce: "nonce", body: Array(body.utf8)), with: key)
        return plain(
            body, status: status,
            more: """
                Wechatpay-Timestamp: \(timestamp)\r\nWechatpay-Nonce: nonce\r\nWechatpay-Signature: \(signature)\r
                Wechatpay-Serial: PUB_KEY_ID_0119000001092025010100000000000001\r\n\(more)
                """)
    }

    private static func plain(_ body: String, status: String, more: String = "") -> String {
        "HTTP/1.1 \(status)\r\nContent-Length: \(body.utf8.count)\r\n\(more)\r\n\(body)"
    }

    /// How a refund ends when the server does this.
    private func outcome(
        timeout: Duration = .seconds(20), _ script: ScriptedServer.Script
    ) async throws -> WeChatPayError? {
        try await ScriptedServer.with({ _ in script }) { server in
            let client = try client(server.url, timeout: timeout)
            return await #expect(throws: WeChatPayError.self) { try await client.refund(Self.refund) }
        }
    }

    private func isUnknown(_ error: WeChatPayError?) -> Bool {
        error?.kind == "outcomeUnknown"
    }

    // MARK: - Answers

    @Test func refund_accepted_isReadAndSignedByTheBytesSent() async throws {
        let answer = try Self.signed(Self.accepted)
        try await ScriptedServer.with({ _ in .answer(answer) }) { server in
            let client = try client(server.url)
            let result = try await client.refund(Self.refund)

            #expect(result.state == .processing)
            #expect(result.refund == Money(fen: 12_800))
            let request = try #require(server.requests.first)
            #expect(request.hasPrefix("POST /v3/refund/domestic/refunds HTTP/1.1\r\n"))
            #expect(
                request.lowercased().contains("wechatpay-serial: pub_key_id_0119000001092025010100000000000001\r\n"))
            #expect(request.contains("Authorization: WECHATPAY2-SHA256-RSA2048 mchid=\"1900000109\""))
            #expect(request.contains(#""amount":{"currency":"CNY","refund":12800,"total":12800}"#))
        }
    }

    @Test(arguments: [
        (400, "PARAM_ERROR", "refused"), (400, "INVALID_REQUEST", "refused"), (401, "SIGN_ERROR", "refused"),
        (403, "NO_AUTH", "refused"), (403, "USER_ACCOUNT_ABNORMAL", "refused"), (404, "MCH_NOT_EXISTS", "refused"),
        (403, "NOT_ENOUGH", "throttled"), (429, "FREQUENCY_LIMITED", "throttled"),
        (429, "RATELIMIT_EXCEEDED", "throttled"),
        (404, "RESOURCE_NOT_EXISTS", "notFound"), (404, "ORDER_NOT_EXIST", "notFound"),
        (500, "SYSTEM_ERROR", "outcomeUnknown"), (503, "NO_AUTH", "outcomeUnknown"),
        (400, "SYSTEM_ERROR", "outcomeUnknown"), (403, "BANK_ERROR", "outcomeUnknown"),
    ])
    func error_ofACode_saysWhatMayHaveHappened(status: Int, code: String, outcome: String) async throws {
        let error = try await self.outcome(
            .answer(Self.plain(#"{"code":"\#(code)","message":"因为"}"#, status: "\(status) X")))
        #expect(try #require(error).kind == outcome)
    }

    @Test(arguments: ["", "<html>", "{}", #"{"message":"x"}"#, #"{"code":""}"#, #"{"code":"a b"}"#, #"{"code":1}"#])
    func error_notInTheirForm_isUnknown(body: String) async throws {
        for status in ["400 X", "404 X", "429 X", "302 X", "500 X", "418 X"] {
            let error = try await outcome(.answer(Self.plain(body, status: status)))
            #expect(isUnknown(error))
        }
    }

    @Test func error_withControlCharacters_isShownWithoutThem() {
        let body = #"{"code":"PARAM_ERROR","message":"a\u0000b\u001b[2J因为"}"#
        let error = WeChatPayError(status: 400, body: Array(body.utf8))
        #expect(error == .refused(status: 400, code: "PARAM_ERROR", message: "ab[2J因为"))
    }

    @Test func success_thatCannotBeBelieved_isUnknown() async throws {
        let good = try Self.signed(Self.accepted)
        let answers = [
            Self.plain(Self.accepted, status: "200 OK"),
            good.replacing("PROCESSING", with: "PROCESSINH"),
            try Self.signed(Self.accepted, timestamp: "1735775730"),
            try Self.signed(Self.accepted, more: "Wechatpay-Nonce: other\r\n"),
            try Self.signed("{}"), try Self.signed(""), try Self.signed("[]"),
            try Self.signed(Self.accepted.replacing("RF-g_01-1", with: "RF-g_02-1")),
            try Self.signed(Self.accepted.replacing(#""refund":12800"#, with: #""refund":12801"#)),
            try Self.signed(Self.accepted.replacing("12800", with: "1e40")),
            try Self.signed(Self.accepted, status: "302 Found", more: "Location: /elsewhere\r\n"),
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab", "nonsense\r\n\r\n", "HTTP/1.1 200 OK\r\n",
            Self.plain(String(repeating: "x", count: (1 << 20) + 1), status: "200 OK"),
            Self.plain(String(repeating: "x", count: (1 << 20) + 1), status: "400 X"),
        ]
        for (index, answer) in answers.enumerated() {
            #expect(isUnknown(try await outcome(.answer(answer))), "answer \(index)")
        }
    }

    // MARK: - No answers

    @Test func connection_closedWithoutAWord_isUnknown() async throws {
        #expect(isUnknown(try await outcome(.hangUp)))
    }

    @Test(arguments: ["", "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"])
    func answer_thatDoesNotEnd_isUnknownAfterTheTimeout(begun: String) async throws {
        let start = ContinuousClock.now
        let error = try await outcome(timeout: .milliseconds(300), .stall(begun))
        #expect(isUnknown(error))
        #expect(start.duration(to: .now) < .seconds(15))
    }

    @Test func connection_refused_isNotSent() async throws {
        let taken = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(taken.localAddress?.port)
        try await taken.close()
        let impatient = HTTPClient(
            eventLoopGroupProvider: .singleton,
            configuration: {
                var configuration = WeChatPayClient.httpConfiguration
                configuration.timeout.connect = .milliseconds(300)
                return configuration
            }())
        let client = try client("http://127.0.0.1:\(port)", http: impatient)

        let error = await #expect(throws: WeChatPayError.self) { try await client.refund(Self.refund) }

        try await impatient.shutdown()
        #expect(error?.kind == "notSent", "\(String(describing: error))")
    }

    @Test func redirect_followedByAnotherClient_isUnknown() async throws {
        let answer = try Self.signed(Self.accepted)
        try await ScriptedServer.with({ request in
            request.hasPrefix("POST /v3") || request.hasPrefix("GET /v3")
                ? .answer(Self.plain("", status: "307 X", more: "Location: /elsewhere\r\n")) : .answer(answer)
        }) { server in
            let follower = HTTPClient(eventLoopGroupProvider: .singleton)
            let client = try client(server.url, http: follower)
            let error = await #expect(throws: WeChatPayError.self) { try await client.refund(outRefundNo: "RF-g_01-1") }
            try await follower.shutdown()
            #expect(isUnknown(error))
        }
    }

    @Test func numbers_thatWeChatWouldNotTake_areNotSent() async throws {
        let client = try client("http://127.0.0.1:1")
        for number in ["", "short", "a/../../b", "a b c d", String(repeating: "1", count: 33), "号码号码"] {
            let error = await #expect(throws: WeChatPayError.self) { try await client.payment(outTradeNo: number) }
            #expect(error?.kind == "notSent", "\(number)")
        }
    }
}

extension WeChatPayError {
    /// The case's name.
    fileprivate var kind: String {
        switch self {
        case .outcomeUnknown: "outcomeUnknown"
        case .refused: "refused"
        case .notFound: "notFound"
        case .throttled: "throttled"
        case .notSent: "notSent"
        }
    }
}
