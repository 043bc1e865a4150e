import Foundation
import Hooks
import Kernel
import Keys
import Orders
import Postgres
import TestSupport
import Testing

/// After-sales over HTTP: asked through the partner, answered by the shop's signed hook.
@Suite struct AftersaleRoutesTests {
    /// A decision as the shop's system signs it.
    private func decide(
        _ id: String, _ body: String, _ bundle: GiftsBundle, secret: HookSecret, delivery: String = UUID().uuidString
    ) async throws -> Answer {
        let bytes = Array(body.utf8)
        let timestamp = Int(Date().timeIntervalSince1970)
        let signature = StandardWebhook.sign(id: delivery, timestamp: timestamp, body: bytes, secret: secret)
        return try await bundle.hook(
            "/v1/hooks/desk/aftersales/\(id)", bytes,
            headers: ["webhook-id": delivery, "webhook-timestamp": "\(timestamp)", "webhook-signature": signature])
    }

    @Test func g16_giftSentBackOverHTTP_isRefundedToTheGiver_andTheRecipientLearnsNoPrice() async throws {
        try await GiftsBundle.serve { bundle in
            let made = try #require(
                try await HookSources.create(
                    "desk", brand: bundle.brand, keys: bundle.keys, on: bundle.db.pool(as: .operator)))
            let secret = made.secret
            _ = try await HookEndpoints.create(
                "shop", url: "https://hooks.example.com/", events: Aftersales.events.sorted(), known: Aftersales.events,
                brand: bundle.brand, keys: bundle.keys, on: bundle.db.pool(as: .operator))
            let tea = try await bundle.product("tea", fen: 10_000)
            let pair = try await bundle.begin("1", tea[0])
            try await bundle.pay(pair, fen: 10_000)
            _ = try await bundle.post(pair.path("claim"), ["openid": pair.recipient])
            _ = try await bundle.put(
                pair.path("address"), ["openid": pair.recipient, "address": GiftsBundle.address()])
            _ = try await bundle.post(pair.path("accept"), ["openid": pair.recipient])
            let ask: [String: Any] = [
                "openid": pair.recipient, "gift_id": pair.id, "kind": "return", "reason": "damaged",
            ]
            #expect(try await bundle.post("/v1/aftersales", ask).status == 423)
            try await bundle.advance(86_401)

            let opened = try await bundle.post("/v1/aftersales", ask, idempotencyKey: "one")
            #expect(opened.status == 201, "\(opened.body)")
            #expect(try await bundle.post("/v1/aftersales", ask, idempotencyKey: "one").body == opened.body)
            let id = try #require(opened.json["aftersale_id"] as? String)
            for (body, status) in [
                (["openid": "nobody", "gift_id": pair.id, "kind": "return", "reason": "damaged"], 403),
                (["openid": pair.recipient, "kind": "return", "reason": "damaged"], 422),
                (["openid": pair.recipient, "gift_id": pair.id, "kind": "swap", "reason": "damaged"], 400),
            ] {
                #expect(try await bundle.post("/v1/aftersales", body).status == status)
            }
            #expect(
                try await decide(id, #"{"decision": "refuse"}"#, bundle, secret: secret).code == "reason_missing")
            #expect(try await decide(id, #"{"decision": "agree"}"#, bundle, secret: .generate()).status == 401)
            let agreed = try await decide(id, #"{"decision": "agree"}"#, bundle, secret: secret, delivery: "m-1")
            #expect(agreed.status == 200 && agreed.json["state"] as? String == "returning", "\(agreed.body)")
            #expect(
                try await decide(id, #"{"decision": "agree"}"#, bundle, secret: secret, delivery: "m-1").body
                    == agreed.body)
            let parcel = ["openid": pair.recipient, "carrier": "SF", "waybill": "SF1234567"]
            #expect(try await bundle.post("/v1/aftersales/\(id)/sent", parcel).status == 200)
            #expect(
                try await bundle.post("/v1/aftersales/\(id)/withdraw", ["openid": pair.recipient]).code
                    == "aftersale_sent")
            let received = try await decide(
                id, #"{"decision": "receive", "restock": true}"#, bundle, secret: secret)
            #expect(received.json["waybill"] as? String == "SF1234567" && received.json["amount_fen"] as? Int == 10_000)

            func view(_ person: String) async throws -> Answer {
                try await bundle.get("/v1/aftersales/\(id)?openid=\(person)")
            }
            try await eventually { try await view(pair.sender).json["state"] as? String == "refunded" }
            let seen = try await view(pair.recipient)
            #expect(seen.json["money"] as? String == "refunded_to_giver")
            #expect(!seen.body.contains("fen") && !seen.body.contains("10000") && !seen.body.contains("order_id"))
            let paid = try await view(pair.sender)
            #expect(paid.json["amount_fen"] as? Int == 10_000 && !paid.body.contains("SF1234567"))
            for step in ["requested", "returning", "returned", "refunding", "refunded"] {
                let told = try await bundle.count(
                    "SELECT count(*) FROM hooks.outgoing WHERE event = \("aftersale." + step)")
                #expect(told == 1, "\(step)")
            }
            #expect(try await view("friend-9").status == 403)
            #expect(
                try await bundle.get("/v1/aftersales").status == 403, "a partner's key does not read the shop's list")
        }
    }
}
