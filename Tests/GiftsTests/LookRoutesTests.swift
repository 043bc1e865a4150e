import Foundation
import Gifting
import Kernel
import Orders
import Postgres
import TestSupport
import Testing

/// What people look at and search for, over HTTP.
@Suite struct LookRoutesTests {
    @Test func g24_look_isKeptOnceHoweverOftenItIsSent_andBadOnesAreRefused() async throws {
        try await GiftsBundle.serve { bundle in
            let tea = try await bundle.product("tea", fen: 10_000)
            let body: [String: Any] = ["openid": "friend", "product_id": "\(tea[0].product)"]
            for _ in 0..<3 {
                let answer = try await bundle.post("/v1/gift-looks", body, idempotencyKey: "look-1")
                #expect(answer.status == 200, "\(answer.body)")
            }
            #expect(try await bundle.count("SELECT count(*) FROM gifting.look") == 1)
            #expect(try await bundle.count("SELECT count(*) FROM gifting.look WHERE cohort BETWEEN 0 AND 99") == 1)
            let none = try await bundle.post(
                "/v1/gift-looks", body.merging(["product_id": "\(ID<Product>.mint())"]) { $1 })
            #expect(none.status == 404)
            let entry = try await bundle.post("/v1/gift-looks", body.merging(["entry": "nowhere"]) { $1 })
            #expect(entry.status == 422 && entry.code == "gift_entry_unknown")
        }
    }

    @Test func g31_search_isCountedByDay_withoutThePerson() async throws {
        try await GiftsBundle.serve { bundle in
            func search(_ keyword: String) async throws -> Answer {
                try await bundle.post("/v1/gift-searches", ["shop_id": "\(bundle.shop)", "keyword": keyword])
            }
            for keyword in ["Green  Tea", "green tea ", "礼盒"] { #expect(try await search(keyword).status == 200) }
            #expect(try await bundle.count("SELECT searches FROM gifting.search WHERE keyword = 'green tea'") == 2)
            #expect(try await bundle.count("SELECT count(*) FROM gifting.search") == 2)
            for keyword in ["", "  ", String(repeating: "x", count: 41)] {
                let answer = try await search(keyword)
                #expect(answer.status == 422 && answer.code == "gift_keyword_malformed", "\(keyword)")
            }
            let foreign = try await bundle.post(
                "/v1/gift-searches", ["shop_id": "\(ID<Shop>.mint())", "keyword": "tea"])
            #expect(foreign.status == 422)
        }
    }
}
