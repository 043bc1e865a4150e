import AsyncHTTPClient
import Foundation
import Hosting
import Kernel
import Logging
import NIOCore
import NIOHTTP1
import TestSupport
import Testing
import WeChat

@testable import Sandbox

/// Paying and refunding with our own client, over real sockets.
struct PayTests {
    private func refusal(_ body: () async throws -> Void) async -> String? {
        do {
            try await body()
            return nil
        } catch let error as WeChatPayError {
            if case .refused(let status, let code, _) = error { return "\(status) \(code)" }
            if case .notFound(let code) = error { return "404 \(code)" }
            return "\(error)"
        } catch {
            return "\(error)"
        }
    }

    @Test func payment_ofAnOrder_isPaidOnceAndNotified() async throws {
        try await Receiver.with { receiver in
            try await SandboxServer.serve(ScratchFolder()) { server in
                try receiver.trust(server.credentials)
                let client = server.client
                #expect(await refusal { _ = try await client.payment(outTradeNo: "order-1") } == "404 ORDER_NOT_EXIST")
                let order = server.order("order-1", notify: receiver.url)
                let prepayID = try await client.prepay(order)
                #expect(try await client.prepay(order) == prepayID)
                #expect(try await client.payment(outTradeNo: "order-1").state == .notPaid)
                var other = order
                other.amount = Money(fen: 1)
                #expect(await refusal { _ = try await client.prepay(other) } == "403 OUT_TRADE_NO_USED")

                let stranger = try await server.send(
                    "POST", "/sandbox/pay", ["out_trade_no": "order-1", "openid": "o-stranger"])
                #expect(stranger.status == 409)
                let first = try await server.send(
                    "POST", "/sandbox/pay", ["prepay_id": prepayID, "openid": "o-order-1"])
                let second = try await server.send(
                    "POST", "/sandbox/pay", ["out_trade_no": "order-1", "openid": "o-order-1"])
                #expect(first.status == 200)
                #expect(first.json["transaction_id"] as? String == second.json["transaction_id"] as? String)

                #expect(await refusal { _ = try await client.prepay(order) } == "400 ORDERPAID")
                let payment = try await client.payment(outTradeNo: "order-1")
                #expect(payment.paid?.amount == Money(fen: 12_800))
                #expect(payment.payerOpenID == "o-order-1")
                try await eventually { receiver.opened.count == 1 }
                #expect(receiver.opened.first?.content == .payment(payment))
                #expect(await refusal { try await client.close(outTradeNo: "order-1") } == "400 ORDERPAID")
                #expect(try await server.book()["payments"] == 1)
            }
        }
    }

    @Test func order_closed_canNoLongerBePaid() async throws {
        try await SandboxServer.serve(ScratchFolder()) { server in
            _ = try await server.client.prepay(server.order("order|2*"))
            try await server.client.close(outTradeNo: "order|2*")
            try await server.client.close(outTradeNo: "order|2*")

            #expect(try await server.client.payment(outTradeNo: "order|2*").state == .closed)
            let answer = try await server.send("POST", "/sandbox/pay", ["out_trade_no": "order|2*"])
            #expect(answer.status == 409)
            #expect(await refusal { try await server.client.close(outTradeNo: "unknown") } == "404 ORDER_NOT_EXIST")
        }
    }

    @Test func order_beyondItsTime_isClosedByItself() async throws {
        try await SandboxServer.serve(ScratchFolder()) { server in
            var order = server.order("order-5")
            order.expiresAt = Date().addingTimeInterval(-1)
            _ = try await server.client.prepay(order)

            #expect(try await server.client.payment(outTradeNo: "order-5").state == .closed)
            #expect(try await server.send("POST", "/sandbox/pay", ["out_trade_no": "order-5"]).status == 409)
            #expect(await refusal { _ = try await server.client.prepay(order) } == "400 ORDER_CLOSED")
        }
    }

    @Test func refund_ofAPayment_isPaidOutOnceAndNotified() async throws {
        try await Receiver.with { receiver in
            try await SandboxServer.serve(ScratchFolder()) { server in
                try receiver.trust(server.credentials)
                let client = server.client
                try await server.paid("order-3")
                let order = server.refund("order-3", fen: 12_000, notify: receiver.url)
                #expect(
                    await refusal { _ = try await client.refund(outRefundNo: order.outRefundNo) }
                        == "404 RESOURCE_NOT_EXISTS")

                #expect(try await client.refund(order).state == .processing)
                try await eventually { try await client.refund(outRefundNo: order.outRefundNo).state == .success }
                let again = try await client.refund(order)

                #expect(again.state == .success)
                #expect(again.finishedAt != nil)
                #expect(try await client.payment(outTradeNo: "order-3").state == .refund)
                var other = order
                other.refund = Money(fen: 100)
                #expect(await refusal { _ = try await client.refund(other) } == "400 INVALID_REQUEST")
                #expect(
                    await refusal { _ = try await client.refund(server.refund("order-3", 2, fen: 801)) }
                        == "400 INVALID_REQUEST")
                #expect(
                    await refusal { _ = try await client.refund(server.refund("order-3", 2, fen: 1, of: 12_801)) }
                        == "400 INVALID_REQUEST")
                #expect(
                    await refusal { _ = try await client.refund(server.refund("unknown")) } == "404 RESOURCE_NOT_EXISTS"
                )
                try await eventually { receiver.opened.count == 1 }
                guard case .refund(let notice) = receiver.opened.first?.content else {
                    Issue.record("It is about a refund.")
                    return
                }
                #expect(notice.outRefundNo == order.outRefundNo)
                #expect(notice.state == .success)
                let book = try await server.book()
                #expect(book["payouts"] == 1)
                #expect(book["payouts_fen"] == 12_000)
            }
        }
    }

    @Test func request_notSignedByTheMerchant_isRefused() async throws {
        try await SandboxServer.serve(ScratchFolder()) { server in
            let strangerFolder = ScratchFolder()
            var stranger = try await SandboxServer.serve(strangerFolder) { $0.credentials }
            stranger.baseURL = server.url
            stranger.platformKeys = server.credentials.platformKeys
            let forged = try WeChatPayClient(credentials: stranger, http: http)
            #expect(await refusal { _ = try await forged.prepay(server.order("order-4")) } == "401 SIGN_ERROR")

            let late = try WeChatPayClient(credentials: server.credentials, http: http) {
                Date().addingTimeInterval(-301)
            }
            #expect(await refusal { _ = try await late.prepay(server.order("order-4")) } == "401 SIGN_ERROR")
            #expect(try await server.send("POST", "/v3/pay/transactions/jsapi", [:]).status == 401)
            #expect(try await server.book()["orders"] == 0)
        }
    }

    @Test func certificates_ofTheSandbox_areRead() async throws {
        try await SandboxServer.serve(ScratchFolder()) { server in
            var credentials = server.credentials
            let known = credentials.platformKeys.filter { !$0.key.hasPrefix("PUB_KEY_ID_") }
            credentials.platformKeys = [:]
            let client = try WeChatPayClient(credentials: credentials, http: http)

            let certificates = try await client.certificates()

            #expect(certificates == known)
            #expect(certificates.count == 1)
        }
    }

    // MARK: - Composition

    @Test func openAPI_describesExactlyWhatIsServed() async throws {
        let folder = ScratchFolder()
        let application = try build(SandboxServer.settings(folder.path), logger: Logger(label: "tests"))
        #expect(application.documentationGaps == [])
    }

    @Test func build_inProduction_isRefused() throws {
        let folder = ScratchFolder()
        var settings = SandboxServer.settings(folder.path)
        settings.environment = .production
        let failure = #expect(throws: StartupFailure.self) { try build(settings, logger: Logger(label: "tests")) }
        #expect(failure?.exit == .config)
        #expect(!FileManager.default.fileExists(atPath: folder.path))
        settings.environment = .development
        settings.sandboxState = ""
        #expect(throws: StartupFailure.self) { try build(settings, logger: Logger(label: "tests")) }
    }

    @Test func faults_thatMakeNoSense_areRefused() async throws {
        try await SandboxServer.serve(ScratchFolder()) { server in
            for body: [String: Any] in [
                ["rates": ["refuse": 1.5]], ["rates": ["refuse": -0.1]], ["rates": ["refuze": 0.1]], ["rate": [:]],
                ["rates": ["refuse": 0.6, "server_error": 0.6]], ["hold_ms": 60_000], ["operations": ["all"]],
            ] {
                let status = try await server.send("PUT", "/sandbox/faults", body).status
                #expect(status == 422 || status == 400, "\(body)")
            }
        }
    }
}

extension PayTests {
    /// A call of the merchant with exactly these headers and bytes.
    private func status(
        _ server: SandboxServer, _ method: String, _ path: String, authorization: String?, body: [UInt8] = []
    ) async throws -> Int {
        var request = HTTPClientRequest(url: server.url + path)
        request.method = .init(rawValue: method)
        if let authorization { request.headers.add(name: "Authorization", value: authorization) }
        if !body.isEmpty { request.body = .bytes(ByteBuffer(bytes: body)) }
        let response = try await http.execute(request, timeout: .seconds(20))
        _ = try await response.body.collect(upTo: 1 << 20)
        return Int(response.status.code)
    }

    @Test func requests_damagedInEveryWay_areRefusedAndChangeNothing() async throws {
        try await SandboxServer.serve(ScratchFolder()) { server in
            let merchant = try WeChatPayMerchant(server.credentials)
            let path = "/v3/refund/domestic/refunds"
            let good = try merchant.authorization(method: "POST", path: path, body: [], now: Date())
            for authorization in [
                nil, "", "Bearer x", PaySignature.scheme, PaySignature.scheme + " ", PaySignature.scheme + " ,,,===",
                good + ",mchid=\"1\"", good.replacing("\"", with: ""), good.replacing("mchid=\"", with: "mchid=\"1"),
                String(good.dropLast(10)), String(repeating: "x", count: 9_000),
            ] {
                #expect(try await status(server, "POST", path, authorization: authorization) == 401)
            }
            for body in [
                "", "{}", "[]", "nonsense", "{\"amount\":{\"refund\":1e99}}", String(repeating: "[", count: 50_000),
                "{\"out_trade_no\":\"x\",\"out_refund_no\":\"\",\"amount\":{\"refund\":1,\"total\":1,\"currency\":\"CNY\"}}",
                "{\"out_trade_no\":\"x\",\"out_refund_no\":\"y\",\"amount\":{\"refund\":-1,\"total\":1,\"currency\":\"CNY\"}}",
                "{\"out_refund_no\":\"y\",\"amount\":{\"refund\":1,\"total\":1,\"currency\":\"CNY\"}}",
            ] {
                let bytes = Array(body.utf8)
                let authorization = try merchant.authorization(method: "POST", path: path, body: bytes, now: Date())
                #expect(try await status(server, "POST", path, authorization: authorization, body: bytes) == 400)
            }
            #expect(try await server.book()["refunds"] == 0)
        }
    }
}
