import Foundation
import Gifts
import Kernel
import Orders
import Policies
import Postgres
import TestSupport
import Testing

/// What a product page asks, over HTTP.
@Suite struct GiftableRoutesTests {
    private func giftable(_ product: ID<Product>, _ openID: String, _ bundle: GiftsBundle) async throws -> Answer {
        try await bundle.get("/v1/giftable?openid=\(openID)&product_id=\(product)")
    }

    @Test func g13_productPage_hearsOfEachVariantWhatCreateWouldSay() async throws {
        try await GiftsBundle.serve { bundle in
            // The third variant costs a yuan more, and with that too much.
            let watch = try await bundle.product("watch", fen: 999_950)
            let answer = try await giftable(watch[0].product, "li", bundle)

            #expect(answer.status == 200, "\(answer.body)")
            #expect(answer.json["giftable"] as? Bool == true)
            let variants = try #require(answer.json["variants"] as? [[String: Any]])
            let codes = variants.map { ($0["reasons"] as? [[String: Any]])?.compactMap { $0["code"] as? String } }
            #expect(codes == [[], [], ["gift_above_ceiling"]])
            let refused = try await bundle.create(variant: watch[2].id, by: "li")
            #expect(refused.status == 422 && refused.code == "gift_above_ceiling")
            #expect(try await giftable(.mint(), "li", bundle).code == "gift_product_unknown")
            #expect(try await bundle.get("/v1/giftable?openid=li").status == 422)
        }
    }

    @Test func g17_offCohort_is404_forTheQueryAndForCreate() async throws {
        try await GiftsBundle.serve { bundle in
            let tea = try await bundle.product("tea", fen: 10_000)
            func release(_ share: Int) async throws {
                try await bundle.db.pool(as: .operator).transaction { tx in
                    _ = try await Policies.set(
                        "gift.rollout", to: "{\"share_ppm\": \(share)}", brand: bundle.brand, author: "Li",
                        reason: "test", on: tx)
                }
            }
            let people = (0..<30).map { "person-\($0)" }
            func admitted() async throws -> [String] {
                var found: [String] = []
                for person in people {
                    let asked = try await giftable(tea[0].product, person, bundle)
                    let created = try await bundle.create(variant: tea[0].id, by: person)
                    #expect((asked.status == 200) == (created.status == 201))
                    if asked.status == 200 {
                        found.append(person)
                    } else {
                        #expect(asked.status == 404 && created.status == 404)
                        #expect(asked.body == created.body)
                    }
                }
                return found
            }
            try await release(0)
            #expect(try await admitted() == [])
            try await release(300_000)
            let some = try await admitted()
            #expect((1..<people.count).contains(some.count))
            try await release(1_000_000)
            #expect(try await admitted() == people)
        }
    }

    @Test func g11_schema_hasNoSwitchForAProduct() async throws {
        try await GiftsBundle.serve { bundle in
            let document = try await bundle.get("/openapi.json").json
            let paths = try #require(document["paths"] as? [String: [String: Any]])
            let changing = paths.filter { $0.key.contains("product") || $0.key.contains("giftable") }
                .flatMap { path, operations in operations.keys.filter { $0 != "get" }.map { "\($0) \(path)" } }
            #expect(changing == [])
            let columns = try await bundle.count(
                """
                SELECT count(*) FROM information_schema.columns WHERE table_schema IN ('orders', 'gifting')
                    AND table_name IN ('product', 'variant', 'shop_switch') AND (column_name LIKE '%gift%'
                        OR (table_name = 'shop_switch' AND column_name IN ('product_id', 'variant_id')))
                """)
            #expect(columns == 0)
        }
    }
}

extension GiftsBundle {
    func create(variant: ID<Variant>, by openID: String) async throws -> Answer {
        try await post(
            "/v1/gifts",
            [
                "openid": openID, "recipient_openids": ["friend-of-\(openID)"], "shop_id": "\(shop)",
                "variant_id": "\(variant)",
            ])
    }
}
