import Foundation
import Hooks
import Hosting
import HTTPTypes
import Hummingbird
import Kernel
import Postgres
import Promotions
import Vault

/// Cards whose benefits come first and whose goals come later: the brand's system opens them and tells what happens; the clock settles them.
struct CardRoutes: Sendable {
    let pool: Pool
    let cards: Cards
    let vault: Vault

    /// Adds the routes to a group that asks for a partner's key.
    func add(to api: some RouterMethods<SiyuRequestContext>) {
        api.post("v1/cards") { request, context in try await open(request, context) }
        api.get("v1/cards/{id}") { _, context in try await show(context) }
        api.post("v1/cards/{id}/events") { request, context in try await tell(request, context) }
        api.post("v1/card-refunds") { request, context in try await refund(request, context) }
    }

    private func open(_ request: Request, _ context: SiyuRequestContext) async throws -> Response {
        let asked = try await AskedOfCards(request, context, "POST /v1/cards")
        let wish = try asked.body.decode(CardRequest.self)
        _ = try asked.caller.require(shop: wish.shop)
        let brand = asked.caller.brand
        let answer = try await pool.transaction { tx in
            try await Idempotency.answer(asked.same, bodyHash: asked.body.hash, on: tx) { tx in
                let now = try await Cards.clock(on: tx)
                let person = try await vault.person(wish.openid.text, kind: "openid", brand: brand, now: now, on: tx)
                let card = NewCard(
                    shop: wish.shop, person: person, goals: wish.goals, cap: wish.cap, endsAt: wish.endsAt.date)
                try await cards.open(card, brand: brand, on: tx)
                return try StoredAnswer(
                    201, CardView(try await Cards.card(card.id, shop: wish.shop, brand: brand, on: tx)))
            }
        }
        return Response(answer)
    }

    private func show(_ context: SiyuRequestContext) async throws -> Response {
        let caller = try context.requireCaller()
        let id = try context.cardID()
        let card = try await pool.transaction { tx in
            try await Cards.card(id, shop: caller.shop, brand: caller.brand, on: tx)
        }
        return Response(try StoredAnswer(200, CardView(card)))
    }

    private func tell(_ request: Request, _ context: SiyuRequestContext) async throws -> Response {
        let asked = try await AskedOfCards(request, context, "POST /v1/cards/{id}/events")
        let id = try context.cardID()
        let event = try asked.body.decode(CardNews.self).event
        let answer = try await pool.transaction { tx in
            try await Idempotency.answer(asked.same, bodyHash: asked.body.hash, on: tx) { tx in
                let card = try await cards.tell(
                    event, of: id, shop: asked.caller.shop, brand: asked.caller.brand, on: tx)
                return try StoredAnswer(200, CardView(card))
            }
        }
        return Response(answer)
    }

    private func refund(_ request: Request, _ context: SiyuRequestContext) async throws -> Response {
        let asked = try await AskedOfCards(request, context, "POST /v1/card-refunds")
        let order = try asked.body.decode(RefundedOrder.self).order
        let answer = try await pool.transaction { tx in
            try await Idempotency.answer(asked.same, bodyHash: asked.body.hash, on: tx) { tx in
                let changed = try await cards.refunded(
                    order, shop: asked.caller.shop, brand: asked.caller.brand, on: tx)
                return try StoredAnswer(200, CardRefund(cards: changed.map { CardView($0) }))
            }
        }
        return Response(answer)
    }
}

extension SiyuRequestContext {
    /// The card that the path names; what is no id is nobody's.
    fileprivate func cardID() throws -> ID<BenefitCard> {
        guard let id = ID<BenefitCard>(try parameters.require("id")) else { throw Problem.cardUnknown }
        return id
    }
}

/// Who asks, and under which key it may be repeated.
private struct AskedOfCards {
    let caller: Caller
    let body: JSONBody
    let same: IdempotentRequest

    init(_ request: Request, _ context: SiyuRequestContext, _ route: String) async throws {
        caller = try context.requireCaller()
        same = try IdempotentRequest(
            brand: caller.brand, caller: caller.keyID.rawValue, route: route,
            key: HTTPField.Name("Idempotency-Key").flatMap { request.headers[$0] })
        body = try await JSONBody(request, context)
    }
}

// MARK: - Bodies

/// What is agreed upon with whom.
private struct CardRequest: Decodable {
    let openid: OpenID
    let shop: ID<Shop>
    let goals: [String: Int]
    let cap: Money
    let endsAt: Instant

    private enum CodingKeys: String, CodingKey {
        case openid, goals
        case shop = "shop_id"
        case cap = "cap_fen"
        case endsAt = "ends_at"
    }
}

/// One piece of news: a goal done or undone, or a benefit that was used.
private struct CardNews: Decodable {
    let serial: String
    let goal: String?
    let count: Int?
    let benefit: Money?
    let order: ID<Order>?

    private enum CodingKeys: String, CodingKey {
        case serial, goal, count
        case benefit = "benefit_fen"
        case order = "order_id"
    }

    var event: CardEvent {
        get throws(Problem) {
            guard (1...100).contains(serial.count), !serial.contains("\0") else {
                throw .invalid("A serial number has 1 to 100 characters.", code: "serial_malformed")
            }
            switch (goal, count, benefit) {
            case (let goal?, let count?, nil):
                return CardEvent(serial: serial, what: .progress(goal: goal, by: count), order: order)
            case (nil, nil, let worth?): return CardEvent(serial: serial, what: .benefit(worth), order: order)
            default:
                throw .invalid("Name `goal` and `count`, or `benefit_fen` alone.", code: "card_news_malformed")
            }
        }
    }
}

/// The order whose money is back.
private struct RefundedOrder: Decodable {
    let order: ID<Order>

    private enum CodingKeys: String, CodingKey {
        case order = "order_id"
    }
}

/// The cards that an order counted for.
private struct CardRefund: Encodable {
    let cards: [CardView]
}

/// A card, as the brand's system sees it: it knows whose it is.
private struct CardView: Encodable {
    struct Goal: Encodable {
        let name: String
        let wanted: Int
        let reached: Int
    }

    let cardID: ID<BenefitCard>
    let shopID: ID<Shop>
    let state: String
    let goals: [Goal]
    let capFen: Int64
    let usedFen: Int64
    let chargedFen: Int64
    let endsAt: Date

    init(_ card: CardRecord) {
        cardID = card.id
        shopID = card.shop
        state = card.state.rawValue
        goals = card.goals.map { Goal(name: $0.name, wanted: $0.wanted, reached: $0.reached) }
        capFen = card.cap.fen
        usedFen = card.used.fen
        chargedFen = card.charged.fen
        endsAt = card.endsAt
    }
}
