import Foundation
import Gifting
import Hooks
import Hosting
import Hummingbird
import Jobs
import Kernel
import Orders
import Postgres
import WeChat

/// Group gifts, as a partner's mini program moves them on behalf of a giver or of somebody who enters.
struct GroupRoutes: Sendable {
    let pool: Pool
    let queue: JobQueue
    let groups: GiftGroups
    let payments: Payments
    let screens: GreetingScreens

    /// Adds the routes to a group that asks for a bearer key.
    func add(to api: some RouterMethods<SiyuRequestContext>) {
        api.post("v1/gift-groups") { request, context in try await create(request, context) }
        api.get("v1/gift-groups/{id}") { request, context in try await show(request, context) }
        api.get("v1/gift-groups/{id}/draw") { request, context in try await proof(request, context) }
        api.post("v1/gift-groups/{id}/pay") { request, context in try await pay(request, context) }
        api.post("v1/gift-groups/{id}/cancel") { request, context in
            try await act(request, context, "POST /v1/gift-groups/{id}/cancel") { id, shopper, tx in
                try StoredAnswer(200, try await groups.cancel(id, by: shopper, on: tx))
            }
        }
        api.post("v1/gift-groups/{id}/entries") { request, context in
            let response = try await act(request, context, "POST /v1/gift-groups/{id}/entries") { id, shopper, tx in
                try StoredAnswer(200, try await groups.enter(id, by: shopper, on: tx))
            }
            await queue.wake(GiftGroupDue.jobQueue)
            return response
        }
    }

    private func act(
        _ request: Request, _ context: SiyuRequestContext, _ route: String,
        _ effect: (ID<GiftGroup>, Shopper, Transaction) async throws -> StoredAnswer
    ) async throws -> Response {
        let asked = try await Asked(request, context, route)
        let id = try context.groupID()
        return try await asked.answer(on: pool) { tx in try await effect(id, asked.shopper, tx) }
    }

    private func create(_ request: Request, _ context: SiyuRequestContext) async throws -> Response {
        let asked = try await Asked(request, context, "POST /v1/gift-groups")
        let wish = try asked.body.decode(GroupRequest.self).wish()
        _ = try context.requireCaller().require(shop: wish.shop)
        let earlier = try await screens.admit(wish.greeting, of: asked, on: pool) {
            if let greeting = wish.greeting { try Gifts.check(greeting: greeting) }
        }
        if let earlier { return Response(earlier) }
        return try await asked.answer(on: pool) { tx in
            try StoredAnswer(201, try await groups.create(wish, by: asked.shopper, on: tx))
        }
    }

    private func show(_ request: Request, _ context: SiyuRequestContext) async throws -> Response {
        let shopper = try Shopper(of: request, try context.requireCaller())
        let id = try context.groupID()
        let seen = try await pool.transaction { tx in try await groups.show(id, to: shopper, on: tx) }
        switch seen {
        case .sender(let view): return Response(try StoredAnswer(200, view))
        case .guest(let view): return Response(try StoredAnswer(200, view))
        }
    }

    private func proof(_ request: Request, _ context: SiyuRequestContext) async throws -> Response {
        let caller = try context.requireCaller()
        return Response(
            try StoredAnswer(200, try await GiftGroups.proof(of: try context.groupID(), brand: caller.brand, on: pool)))
    }

    /// Three steps, as with a gift: WeChat Pay is asked between two commits.
    private func pay(_ request: Request, _ context: SiyuRequestContext) async throws -> Response {
        let asked = try await Asked(request, context, "POST /v1/gift-groups/{id}/pay")
        let id = try context.groupID()
        let (earlier, payable) = try await pool.transaction { tx -> (StoredAnswer?, PayableGroup?) in
            if let answer = try await asked.earlier(on: tx) { return (answer, nil) }
            return (nil, try await groups.reserve(id, by: asked.shopper, on: tx))
        }
        if let earlier { return Response(earlier) }
        guard let payable else { throw Problem.groupUnknown }
        let parameters = try await payments.prepay(
            payable.payment, payerOpenID: asked.shopper.openID, brand: asked.shopper.brand)
        let fresh = try StoredAnswer(200, GroupPayAnswer(payable, parameters))
        let answer = try await pool.transaction { tx in
            if let answer = try await asked.earlier(on: tx) { return answer }
            try await Idempotency.store(asked.same, bodyHash: asked.body.hash, fresh, on: tx)
            return fresh
        }
        await queue.wake(PaymentReceived.jobQueue)
        return Response(answer)
    }
}

/// What is given to how many, and how it is drawn.
private struct GroupRequest: Decodable {
    let shop: ID<Shop>
    let variant: ID<Variant>
    let units: Int
    let places: Int
    let split: GroupSplit
    let draw: String
    let entriesMax: Int
    let drawAt: Instant?
    let greeting: String?
    let cover: String?
    let entry: String?

    private enum CodingKeys: String, CodingKey {
        case units, places, split, draw, greeting, cover, entry
        case shop = "shop_id"
        case variant = "variant_id"
        case entriesMax = "entries_max"
        case drawAt = "draw_at"
    }

    /// - Throws: `Problem` for a draw whose moment is not said, or said twice.
    func wish() throws(Problem) -> NewGroup {
        let moment: GroupMoment
        switch (draw, drawAt) {
        case ("when_full", nil): moment = .whenFull
        case ("at_time", let instant?): moment = .atTime(instant.date)
        default:
            throw .invalid(
                "`draw` is `when_full`, without `draw_at`, or `at_time`, with the instant in `draw_at`.",
                code: "gift_group_malformed")
        }
        return NewGroup(
            shop: shop, variant: variant,
            terms: GroupTerms(units: units, places: places, split: split, moment: moment, entriesMax: entriesMax),
            greeting: greeting, cover: cover, entry: entry)
    }
}

/// What the mini program needs to let its user pay for a group gift.
private struct GroupPayAnswer: Encodable {
    let groupID: ID<GiftGroup>
    let paymentID: ID<Payment>
    /// For `wx.requestPayment` as it is, hence in WeChat's own spelling: keys of a dictionary are not converted.
    let payment: [String: String]

    init(_ payable: PayableGroup, _ parameters: PaymentParameters) {
        groupID = payable.group
        paymentID = payable.payment
        payment = PayAnswer.words(parameters)
    }
}

extension SiyuRequestContext {
    /// The group gift that the path names; what is no id is none.
    fileprivate func groupID() throws -> ID<GiftGroup> {
        guard let id = ID<GiftGroup>(try parameters.require("id")) else { throw Problem.groupUnknown }
        return id
    }
}
