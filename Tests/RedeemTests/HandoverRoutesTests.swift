import AsyncHTTPClient
import Codes
import Foundation
import Hooks
import Kernel
import NIOCore
import NIOHTTP1
import Orders
import Postgres
import TestSupport
import Testing

@Suite struct HandoverRoutesTests {
    @Test func c02_prizeOverHTTP_isHandedOverAndTakenBack() async throws {
        try await RedeemBundle.serve { bundle in
            _ = try await Catalogue.createShop(
                code: "north", name: "North", brand: bundle.brand, on: bundle.db.pool(as: .operator))
            let index = try #require((0..<RedeemBundle.count).first { bundle.batch.prize(of: $0)?.tier == 1 })
            let won = try await bundle.scan(bundle.code(index), by: "p")
            let prize = try #require(won.json["prize"] as? [String: Any])
            let token = try #require((prize["voucher"] as? [String: Any])?["token"] as? String)
            let body = #"{"voucher":"\#(token)","store":"north"}"#

            #expect(try await bundle.post("handovers", body, signature: "v1,AAAA").status == 401)
            #expect(try await bundle.post("handovers", "{}").status == 400)
            let tooLong = #"{"voucher":"\#(String(repeating: "0", count: 5_000))","store":"north"}"#
            #expect(try await bundle.post("handovers", tooLong).status == 413)
            // PostgreSQL has no text with U+0000: whoever sends it is told, and nobody is woken.
            let null = #"{"voucher":"\#(token)","store":"no\u0000rth"}"#
            #expect(try await bundle.post("handovers", null).status == 400)
            let handed = try await bundle.post("handovers", body, id: "h")
            #expect(handed.status == 200 && handed.json["store"] as? String == "north")
            #expect(try await bundle.post("handovers", body, id: "h").body == handed.body)
            let second = try await bundle.post("handovers", body)
            #expect(second.status == 409 && second.code == "already_handed_over")

            let id = try #require(handed.json["handover_id"] as? String)
            let why = #"{"reason":"dropped it"}"#
            #expect(try await bundle.post("handovers/none/reverse", why).status == 404)
            let reversed = try await bundle.post("handovers/\(id)/reverse", why)
            #expect(reversed.status == 200 && reversed.json["handover_id"] as? String == id)
            let again = try await bundle.post("handovers/\(id)/reverse", why)
            #expect(again.status == 409 && again.code == "already_reversed")
            #expect(try await bundle.post("handovers", body).status == 200)
            #expect(try await bundle.count("codes.handover") == 2)
        }
    }
}

extension RedeemBundle {
    /// Tells of something under the source's path, signed unless told otherwise.
    func post(
        _ path: String, _ body: String, id: String = "\(ID<Handover>.mint())", signature: String? = nil
    ) async throws -> Answer {
        let timestamp = Int(Date().timeIntervalSince1970)
        let signed = StandardWebhook.sign(id: id, timestamp: timestamp, body: Array(body.utf8), secret: secret)
        var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)/v1/hooks/\(Self.source)/\(path)")
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/json")
        request.headers.add(name: "webhook-id", value: id)
        request.headers.add(name: "webhook-timestamp", value: "\(timestamp)")
        request.headers.add(name: "webhook-signature", value: signature ?? signed)
        request.body = .bytes(ByteBuffer(string: body))
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(30))
        return Answer(
            status: Int(response.status.code), headers: response.headers.map { ($0.name.lowercased(), $0.value) },
            body: String(buffer: try await response.body.collect(upTo: 1 << 20)))
    }
}
