import Foundation
import Gifting
import Hooks
import Hosting
import HTTPTypes
import Hummingbird
import Kernel
import Postgres

/// Whether a product page may offer to give what it shows.
struct GiftableRoutes: Sendable {
    let pool: Pool
    let gifts: Gifts

    /// Adds the routes to a group that asks for a bearer key.
    func add(to api: some RouterMethods<SiyuRequestContext>) {
        api.get("v1/giftable") { request, context in try await giftable(request, context) }
    }

    private func giftable(_ request: Request, _ context: SiyuRequestContext) async throws -> Response {
        let caller = try context.requireCaller()
        guard let openID = request.uri.queryParameters["openid"].flatMap({ OpenID($0) }) else {
            throw Problem.invalid("`openid` must name the person who would give.")
        }
        guard let product = request.uri.queryParameters["product_id"].flatMap({ ID<Product>($0) }) else {
            throw Problem.invalid("`product_id` must name what the page shows.")
        }
        let shopper = Shopper(brand: caller.brand, shop: caller.shop, openID: openID.text)
        let answer = try await pool.transaction { tx in
            try await gifts.giftable(product: product, for: shopper, on: tx)
        }
        return Response(try StoredAnswer(200, answer))
    }
}
