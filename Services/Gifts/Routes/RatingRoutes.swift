import Foundation
import Gifting
import Hooks
import Hosting
import HTTPTypes
import Hummingbird
import Kernel
import Orders
import Postgres

/// What recipients think of their gifts and people of what they bought, and who comes by the links by which they pass it on.
struct RatingRoutes: Sendable {
    let pool: Pool
    let ratings: GiftRatings

    /// Adds the routes to a group that asks for a bearer key.
    func add(to api: some RouterMethods<SiyuRequestContext>) {
        api.post("v1/gifts/{id}/rating") { request, context in try await rate(request, context) }
        api.post("v1/orders/{id}/lines/{line}/rating") { request, context in try await rateLine(request, context) }
        api.post("v1/rating-visits") { request, context in try await visit(request, context) }
    }

    private struct Rating: Decodable {
        let stars: Int
    }

    private struct Visit: Decodable {
        let share: String
    }

    private func rate(_ request: Request, _ context: SiyuRequestContext) async throws -> Response {
        let asked = try await Asked(request, context, "POST /v1/gifts/{id}/rating")
        guard let id = ID<Gift>(try context.parameters.require("id")) else { throw Problem.giftNotAParty }
        let stars = try asked.body.decode(Rating.self).stars
        return try await asked.answer(on: pool) { tx in
            try StoredAnswer(200, try await ratings.rate(id, stars: stars, by: asked.shopper, on: tx))
        }
    }

    private func rateLine(_ request: Request, _ context: SiyuRequestContext) async throws -> Response {
        let asked = try await Asked(request, context, "POST /v1/orders/{id}/lines/{line}/rating")
        guard let order = ID<Order>(try context.parameters.require("id")),
            let line = Int(try context.parameters.require("line"))
        else { throw Problem.orderRatingNotYours }
        let stars = try asked.body.decode(Rating.self).stars
        let key = OrderLineKey(order: order, line: line)
        return try await asked.answer(on: pool) { tx in
            try StoredAnswer(200, try await ratings.rate(key, stars: stars, by: asked.shopper, on: tx))
        }
    }

    private func visit(_ request: Request, _ context: SiyuRequestContext) async throws -> Response {
        let asked = try await Asked(request, context, "POST /v1/rating-visits")
        let share = try asked.body.decode(Visit.self).share
        return try await asked.answer(on: pool) { tx in
            try StoredAnswer(200, try await ratings.visit(share, by: asked.shopper, on: tx))
        }
    }
}
