import Foundation
import Hooks
import Kernel
import Orders
import Postgres
import TestSupport
import Testing

/// Cards over HTTP: opened and told of by the brand's system, settled by the clock.
@Suite struct CardRoutesTests {
    @Test func l10_cardOverHTTP_isToldOfOnce_undoneByRefunds_andSettledByTheClock() async throws {
        try await GiftsBundle.serve { bundle in
            let wish: [String: Any] = [
                "openid": "holder", "shop_id": "\(bundle.shop)", "goals": ["order": 2, "review": 1], "cap_fen": 1_500,
                "ends_at": Date().addingTimeInterval(86_400).ISO8601Format(),
            ]
            let opened = try await bundle.post("/v1/cards", wish, idempotencyKey: "one")
            #expect(opened.status == 201 && opened.json["state"] as? String == "active", "\(opened.body)")
            #expect(try await bundle.post("/v1/cards", wish, idempotencyKey: "one").body == opened.body)
            #expect(try await bundle.count("SELECT count(*) FROM promotions.card") == 1)
            let path = "/v1/cards/\(try #require(opened.json["card_id"] as? String))"
            let order = "\(ID<Order>.mint())"
            func tell(_ news: [String: Any]) async throws -> Answer { try await bundle.post(path + "/events", news) }

            #expect(try await tell(["serial": "1", "goal": "order", "count": 1, "order_id": order]).status == 200)
            #expect(
                try await tell(["serial": "1", "goal": "order", "count": 1, "order_id": order]).reached("order") == 1)
            #expect(try await tell(["serial": "1", "goal": "order", "count": 2]).code == "serial_used")
            #expect(try await tell(["serial": "2", "goal": "order", "count": 1]).reached("order") == 2)
            #expect(try await tell(["serial": "3", "goal": "review", "count": 1]).reached("review") == 1)
            #expect(try await tell(["serial": "4", "benefit_fen": 2_000]).json["used_fen"] as? Int == 2_000)
            for (news, code) in [
                (["serial": "5", "goal": "visit", "count": 1], "goal_unknown"),
                (["serial": "5", "goal": "order"], "card_news_malformed"),
                (["serial": "", "benefit_fen": 1], "serial_malformed"),
                (["serial": "5", "benefit_fen": 0], "amount_malformed"),
            ] as [([String: Any], String)] {
                #expect(try await tell(news).code == code)
            }

            // A refund undoes what its order counted for, once.
            for _ in 0..<2 {
                let undone = try await bundle.post("/v1/card-refunds", ["order_id": order])
                #expect(undone.status == 200, "\(undone.body)")
                #expect(try await bundle.get(path).reached("order") == 1)
            }
            #expect(
                try await bundle.post("/v1/card-refunds", ["order_id": "\(ID<Order>.mint())"]).body == #"{"cards":[]}"#)

            try await bundle.advance(86_401 + 1)
            try await eventually { try await bundle.get(path).json["state"] as? String == "missed" }
            let end = try await bundle.get(path)
            #expect(end.json["charged_fen"] as? Int == 1_500, "\(end.body)")
            #expect(try await tell(["serial": "6", "goal": "order", "count": 1]).code == "card_over")
            #expect(try await bundle.post("/v1/card-refunds", ["order_id": order]).status == 200)
            #expect(!end.body.contains("holder") && !end.body.contains("person"))
        }
    }

    @Test func l10_keyOfAnotherShop_neitherSeesNorTouchesACard() async throws {
        try await GiftsBundle.serve { bundle in
            let other = try await Catalogue.createShop(
                code: "other", name: "Other", brand: bundle.brand, on: bundle.db.pool(as: .operator)
            ).shop.id
            let own = try await bundle.keysOfAllRoles(shop: bundle.shop)[.partner]
            let foreign = try await bundle.keysOfAllRoles(shop: other)[.partner]
            func send(_ method: String, _ path: String, _ body: [String: Any]?, _ key: String?) async throws -> Answer {
                try await bundle.send(
                    method, path, body, idempotencyKey: method == "GET" ? nil : UUID().uuidString, key: key)
            }
            let wish: [String: Any] = [
                "openid": "holder", "shop_id": "\(bundle.shop)", "goals": ["order": 2], "cap_fen": 0,
                "ends_at": Date().addingTimeInterval(86_400).ISO8601Format(),
            ]
            #expect(try await send("POST", "/v1/cards", wish, foreign).status == 403)
            let opened = try await send("POST", "/v1/cards", wish, own)
            let path = "/v1/cards/\(try #require(opened.json["card_id"] as? String))"
            let order = "\(ID<Order>.mint())"
            let news: [String: Any] = ["serial": "1", "goal": "order", "count": 1, "order_id": order]
            #expect(try await send("POST", path + "/events", news, foreign).status == 404)
            #expect(try await send("POST", path + "/events", news, own).reached("order") == 1)
            #expect(try await send("GET", path, nil, foreign).status == 404)
            let refund = try await send("POST", "/v1/card-refunds", ["order_id": order], foreign)
            #expect(refund.body == #"{"cards":[]}"#)
            #expect(try await send("GET", path, nil, own).reached("order") == 1)
            var bad = wish
            bad["goals"] = [String: Int]()
            #expect(try await send("POST", "/v1/cards", bad, own).code == "card_malformed")
            bad = wish
            bad["shop_id"] = "\(ID<Shop>.mint())"
            #expect(try await bundle.post("/v1/cards", bad).status == 404)
        }
    }
}

extension Answer {
    /// How often a goal was done.
    fileprivate func reached(_ goal: String) -> Int? {
        let found = (json["goals"] as? [[String: Any]] ?? []).first { $0["name"] as? String == goal }
        return found?["reached"] as? Int
    }
}
