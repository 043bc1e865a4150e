import Foundation
import Gifting
import Hooks
import Hosting
import HTTPTypes
import Hummingbird
import Kernel
import Postgres

/// What people look at and search for before they give: kept for reports alone.
struct LookRoutes: Sendable {
    let pool: Pool
    let gifts: Gifts

    /// Adds the routes to a group that asks for a bearer key.
    func add(to api: some RouterMethods<SiyuRequestContext>) {
        api.post("v1/gift-looks") { request, context in try await look(request, context) }
        api.post("v1/gift-searches") { request, context in try await search(request, context) }
    }

    private struct Look: Decodable {
        let product: ID<Product>
        let entry: String?

        private enum CodingKeys: String, CodingKey {
            case entry
            case product = "product_id"
        }
    }

    private struct Search: Decodable {
        let shop: ID<Shop>
        let keyword: String

        private enum CodingKeys: String, CodingKey {
            case keyword
            case shop = "shop_id"
        }
    }

    private struct Kept: Encodable {
        let kept = true
    }

    private func look(_ request: Request, _ context: SiyuRequestContext) async throws -> Response {
        let asked = try await Asked(request, context, "POST /v1/gift-looks")
        let wish = try asked.body.decode(Look.self)
        return try await asked.answer(on: pool) { tx in
            try await gifts.look(at: wish.product, entry: wish.entry, by: asked.shopper, on: tx)
            return try StoredAnswer(200, Kept())
        }
    }

    private func search(_ request: Request, _ context: SiyuRequestContext) async throws -> Response {
        let caller = try context.requireCaller()
        let same = try IdempotentRequest(
            brand: caller.brand, caller: caller.keyID.rawValue, route: "POST /v1/gift-searches",
            key: HTTPField.Name("Idempotency-Key").flatMap { request.headers[$0] })
        let body = try await JSONBody(request, context)
        let wish = try body.decode(Search.self)
        _ = try caller.require(shop: wish.shop)
        let answer = try await pool.transaction { tx in
            try await Idempotency.answer(same, bodyHash: body.hash, on: tx) { tx in
                try await Gifts.search(wish.keyword, in: wish.shop, brand: caller.brand, on: tx)
                return try StoredAnswer(200, Kept())
            }
        }
        return Response(answer)
    }
}
