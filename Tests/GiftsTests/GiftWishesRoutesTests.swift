import Foundation
import Gifting
import Hooks
import Jobs
import Kernel
import Orders
import Policies
import Postgres
import TestSupport
import Testing

/// Greetings, times and the shop's way, over HTTP.
@Suite struct GiftWishesRoutesTests {
    @Test func g18_greetingThatNobodyLooksAt_is503_untilThePolicyAdmitsIt() async throws {
        try await GiftsBundle.serve { bundle in
            let tea = try await bundle.product("tea", fen: 10_000)
            let staff = bundle.db.pool(as: .operator)
            try await staff.transaction { tx in
                // Nobody listens there.
                _ = try await GreetingScreens.set(
                    "http://127.0.0.1:59999/ask", allowsLocal: true, brand: bundle.brand, keys: bundle.keys, on: tx)
            }
            let body: [String: Any] = [
                "openid": "li", "recipient_openids": ["han"], "shop_id": "\(bundle.shop)", "variant_id": "\(tea[0].id)",
                "greeting": "福",
            ]
            let unseen = try await bundle.post("/v1/gifts", body, idempotencyKey: "one")
            #expect(unseen.status == 503 && unseen.code == "gift_greeting_unseen", "\(unseen.body)")
            #expect(try await bundle.create(variant: tea[0].id, by: "li").status == 201, "it has no greeting")
            for admits in [true, false] {
                try await staff.transaction { tx in
                    _ = try await Policies.set(
                        "gift.greeting_screening", to: "{\"admit_when_unavailable\": \(admits)}", brand: bundle.brand,
                        author: "Li", reason: "test", on: tx)
                }
                // Answered once, it is answered again, whatever is decided about greetings meanwhile.
                #expect(try await bundle.post("/v1/gifts", body, idempotencyKey: "one").status == 201)
            }
            #expect(try await bundle.count("SELECT count(*) FROM gifting.gift WHERE greeting IS NOT NULL") == 1)
        }
    }

    @Test func giftWithATime_isSentThen_andATimeThatIsNoneIsRefused() async throws {
        try await GiftsBundle.serve { bundle in
            let tea = try await bundle.product("tea", fen: 10_000)
            func create(_ sendAt: String) async throws -> Answer {
                try await bundle.post(
                    "/v1/gifts",
                    [
                        "openid": "giver-1", "recipient_openids": ["friend-1"], "shop_id": "\(bundle.shop)",
                        "variant_id": "\(tea[0].id)", "send_at": sendAt,
                    ])
            }
            #expect(try await create("tomorrow").status == 400)
            #expect(try await create("2020-01-01T00:00:00Z").code == "gift_send_at_malformed")
            let local = (Date() + 8 * 3_600 + 3_600).formatted(.iso8601).replacing("Z", with: "+08:00")
            let made = try await create(local)
            #expect(made.status == 201, "\(made.body)")
            let pair = GiftsBundle.Pair(
                id: try #require(made.json["gift_id"] as? String), sender: "giver-1", recipient: "friend-1")
            let payment = try await bundle.prepay(pair)
            try await bundle.hear(payment, fen: 10_000)
            try await bundle.reaches("scheduled", pair)
            #expect(try await bundle.get(pair.view(of: pair.recipient)).code == "gift_not_sent")
            #expect(try await bundle.get(pair.view(of: pair.sender)).json["page"] == nil)
            try await bundle.advance(3_601)
            try await bundle.reaches("sent", pair)
            #expect(try await bundle.post(pair.path("claim"), ["openid": pair.recipient]).status == 200)
        }
    }

    @Test func g06_withdrawing_needsTheBrandsOwnKey_andIsDoneOnce() async throws {
        try await GiftsBundle.serve { bundle in
            let tea = try await bundle.product("tea", fen: 10_000)
            let pair = try await bundle.begin("1", tea[0])
            try await bundle.pay(pair, fen: 10_000)
            _ = try await bundle.post(pair.path("claim"), ["openid": pair.recipient])
            _ = try await bundle.put(
                pair.path("address"), ["openid": pair.recipient, "address": GiftsBundle.address()])
            let made = try await APIKeys.create(
                brand: bundle.brand, role: .staff, label: "staff", on: bundle.db.pool(as: .operator))
            let key = try #require(made).token.revealed
            func withdraw(_ key: String?, _ body: [String: Any] = ["reason": "broken"]) async throws -> Answer {
                try await bundle.send(
                    "POST", pair.path("withdraw"), body, idempotencyKey: UUID().uuidString, key: key)
            }
            #expect(try await withdraw(key).code == "gift_not_accepted")
            #expect(try await bundle.post(pair.path("accept"), ["openid": pair.recipient]).status == 200)
            #expect(try await withdraw(nil).status == 403, "a key that speaks for shoppers")
            #expect(try await withdraw(key, ["reason": " "]).code == "gift_reason_malformed")
            let done = try await withdraw(key)
            #expect(done.status == 200 && done.json["withdrawn_at"] != nil, "\(done.body)")
            #expect(try await withdraw(key).json["refund_id"] as? String == done.json["refund_id"] as? String)
            try await bundle.refunded(pair)
            let seen = try await bundle.get(pair.view(of: pair.recipient)).json
            #expect(seen["state"] as? String == "accepted" && seen["money"] as? String == "refunded_to_giver")
        }
    }
}

extension GiftsBundle {
    /// The news of money.
    func hear(_ payment: ID<Payment>, fen: Int64) async throws {
        try await JobQueue(pool: db.pool(as: .gifts, connectionsMax: 1), logger: .silent).push(
            PaymentReceived(
                brand: brand, payment: payment, mchid: Self.mchid, transactionID: "42\(payment)",
                amount: Money(fen: fen), paidAt: Date(timeIntervalSince1970: 1_780_000_000)))
    }
}
