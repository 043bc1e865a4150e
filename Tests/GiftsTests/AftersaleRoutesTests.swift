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
        _ id: String, _ body: String, _ bundle: GiftsBundle, secret: HookSecret, from source: String = "desk",
        delivery: String = UUID().uuidString
    ) async throws -> Answer {
        let bytes = Array(body.utf8)
        let timestamp = Int(Date().timeIntervalSince1970)
        let signature = StandardWebhook.sign(id: delivery, timestamp: timestamp, body: bytes, secret: secret)
        return try await bundle.hook(
            "/v1/hooks/\(source)/aftersales/\(id)", bytes,
            headers: ["webhook-id": delivery, "webhook-timestamp": "\(timestamp)", "webhook-signature": signature])
    }

    @Test func g16_giftSentBackOverHTTP_isRefundedToTheGiver_andTheRecipientLearnsNoPrice() async throws {
        try await GiftsBundle.serve { bundle in
            let made = try #require(
                try await HookSources.create(
                    "desk", brand: bundle.brand, purposes: [.aftersales], keys: bundle.keys,
                    on: bundle.db.pool(as: .operator)))
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

    /// The case of a gift that was accepted and is to be sent back.
    private func openedCase(_ bundle: GiftsBundle) async throws -> String {
        let tea = try await bundle.product("tea", fen: 10_000)
        let pair = try await bundle.begin("1", tea[0])
        try await bundle.pay(pair, fen: 10_000)
        _ = try await bundle.post(pair.path("claim"), ["openid": pair.recipient])
        _ = try await bundle.put(pair.path("address"), ["openid": pair.recipient, "address": GiftsBundle.address()])
        _ = try await bundle.post(pair.path("accept"), ["openid": pair.recipient])
        try await bundle.advance(86_401)
        let opened = try await bundle.post(
            "/v1/aftersales",
            ["openid": pair.sender, "gift_id": pair.id, "kind": "refund", "reason": "not_delivered"])
        return try #require(opened.json["aftersale_id"] as? String, "\(opened.body)")
    }

    @Test func o12_sourceOfAnotherShopOrForOtherHooks_decidesNoRefund() async throws {
        try await GiftsBundle.serve { bundle in
            let staff = bundle.db.pool(as: .operator)
            let other = try await Catalogue.createShop(
                code: "other", name: "Other", brand: bundle.brand, on: staff
            ).shop.id
            func source(
                _ name: String, _ purposes: Set<HookPurpose>, of shop: ID<Shop>? = nil
            ) async throws -> HookSecret {
                try #require(
                    try await HookSources.create(
                        name, brand: bundle.brand, shop: shop, purposes: purposes, keys: bundle.keys, on: staff)
                ).secret
            }
            let secrets = [
                "till": try await source("till", Set(HookPurpose.allCases).subtracting([.aftersales])),
                "idle": try await source("idle", []),
                "elsewhere": try await source("elsewhere", [.aftersales], of: other),
                "desk": try await source("desk", [.aftersales], of: bundle.shop),
            ]
            let id = try await openedCase(bundle)
            func decide(_ id: String, from name: String) async throws -> Answer {
                try await self.decide(
                    id, #"{"decision": "agree"}"#, bundle, secret: try #require(secrets[name]), from: name)
            }

            for name in ["till", "idle"] {
                let answer = try await decide(id, from: name)
                #expect(answer.status == 403 && answer.code == "purpose_missing", "\(name): \(answer.body)")
            }
            let foreign = try await decide(id, from: "elsewhere")
            let unknown = try await decide("\(ID<Aftersale>.mint())", from: "elsewhere")
            #expect(foreign.status == 404 && foreign.body == unknown.body, "\(foreign.body)")
            #expect(try await bundle.count("SELECT count(*) FROM orders.refund") == 0)
            #expect(try await bundle.count("SELECT count(*) FROM hooks.inbox") == 0)

            let agreed = try await decide(id, from: "desk")
            #expect(agreed.status == 200 && agreed.json["state"] as? String == "refunding", "\(agreed.body)")
            #expect(try await bundle.count("SELECT count(*) FROM orders.refund") == 1)

            // Taken away, it is gone within two seconds, also for what was answered before.
            _ = try await HookSources.change("desk", purposes: [], brand: bundle.brand, on: staff)
            try await eventually { try await decide(id, from: "desk").code == "purpose_missing" }
        }
    }

    /// The shop's hooks of siyu-gifts, each with a source for everything else.
    @Test func o12_everySource_reachesTheHooksOfGiftsOfItsPurposeAlone() async throws {
        try await GiftsBundle.serve { bundle in
            let hooks = try AccessTable(of: "siyu-gifts").lines.filter { $0.holders.contains("signed") }
            for purpose in HookPurpose.allCases {
                let name = "only-\(purpose)"
                let made = try #require(
                    try await HookSources.create(
                        name, brand: bundle.brand, purposes: [purpose], keys: bundle.keys,
                        on: bundle.db.pool(as: .operator)))
                func ask(_ line: AccessTable.Line) async throws -> Answer {
                    let path = line.path.replacing("{source}", with: name).replacing(
                        "{id}", with: "\(ID<Aftersale>.mint())")
                    let (id, timestamp) = (UUID().uuidString, Int(Date().timeIntervalSince1970))
                    let signature = StandardWebhook.sign(
                        id: id, timestamp: timestamp, body: Array("{}".utf8), secret: made.secret)
                    return try await bundle.hook(
                        path, Array("{}".utf8),
                        headers: [
                            "webhook-id": id, "webhook-timestamp": "\(timestamp)", "webhook-signature": signature,
                        ])
                }
                try await eventually { try await ask(hooks[0]).status != 401 }
                for line in hooks {
                    let answer = try await ask(line)
                    let isAdmitted = answer.code != "purpose_missing"
                    #expect(isAdmitted == line.holders.contains(purpose.rawValue), "\(purpose) \(line.route)")
                    #expect(answer.status == (isAdmitted ? 400 : 403), "\(purpose) \(line.route): \(answer.body)")
                }
            }
            #expect(!hooks.isEmpty)
        }
    }
}
