import Foundation
import Gifting
import Hooks
import Hosting
import HTTPTypes
import Hummingbird
import Jobs
import Kernel
import Keys
import Orders
import Postgres

/// After-sales: shoppers ask through the partner, the shop's systems answer by signed hooks, the brand's own people look on.
struct AftersaleRoutes: Sendable {
    let pool: Pool
    let queue: JobQueue
    let gifts: Gifts
    let aftersales: Aftersales
    let hooks: ShopHooks
    let inbox: Inbox

    /// Adds what shoppers ask to a group that asks for a partner's key.
    func addShopper(to api: some RouterMethods<SiyuRequestContext>) {
        api.post("v1/aftersales") { request, context in try await open(request, context) }
        api.get("v1/aftersales/{id}") { request, context in try await show(request, context) }
        api.post("v1/aftersales/{id}/withdraw") { request, context in
            try await advance(request, context, "POST /v1/aftersales/{id}/withdraw") { _ in .withdraw }
        }
        api.post("v1/aftersales/{id}/sent") { request, context in
            try await advance(request, context, "POST /v1/aftersales/{id}/sent") { body in
                .send(try body.decode(SentRequest.self).parcel)
            }
        }
    }

    /// Adds what the shop reads to a group that asks for a staff key.
    func addShop(to api: some RouterMethods<SiyuRequestContext>) {
        api.get("v1/aftersales") { request, context in try await list(request, context) }
    }

    /// Adds what the shop answers; a hook brings its own proof of who sends it.
    func addHooks(to router: some RouterMethods<SiyuRequestContext>) {
        router.post("v1/hooks/{source}/aftersales/{id}") { request, context in try await decide(request, context) }
    }

    // MARK: Shoppers

    private func open(_ request: Request, _ context: SiyuRequestContext) async throws -> Response {
        let asked = try await Asked(request, context, "POST /v1/aftersales")
        let wish = try asked.body.decode(AftersaleRequest.self)
        let (target, what) = (try wish.target, try wish.wish)
        return try await asked.answer(on: pool) { tx in
            let view = try await gifts.openAftersale(
                what, of: target, by: asked.shopper, with: aftersales, on: tx)
            return try StoredAnswer(201, view)
        }
    }

    private func show(_ request: Request, _ context: SiyuRequestContext) async throws -> Response {
        let shopper = try Shopper(of: request, try context.requireCaller())
        let id = try context.aftersaleID()
        let view = try await pool.transaction { tx in try await gifts.showAftersale(id, to: shopper, on: tx) }
        return Response(try StoredAnswer(200, view))
    }

    private func advance(
        _ request: Request, _ context: SiyuRequestContext, _ route: String,
        _ command: (JSONBody) throws -> AftersaleCommand
    ) async throws -> Response {
        let asked = try await Asked(request, context, route)
        let id = try context.aftersaleID()
        let command = try command(asked.body)
        return try await asked.answer(on: pool) { tx in
            let view = try await gifts.advanceAftersale(
                command, on: id, by: asked.shopper, with: aftersales, on: tx)
            return try StoredAnswer(200, view)
        }
    }

    // MARK: The shop

    private func list(_ request: Request, _ context: SiyuRequestContext) async throws -> Response {
        let caller = try context.requireCaller()
        let parameters = request.uri.queryParameters
        var state: AftersaleState?
        if let text = parameters["state"], !text.isEmpty {
            guard let known = AftersaleState(rawValue: String(text)) else {
                throw Problem.invalid("`state` must be one that the OpenAPI document lists.")
            }
            state = known
        }
        var after: ID<Aftersale>?
        if let text = parameters["after"], !text.isEmpty {
            guard let id = ID<Aftersale>(text) else {
                throw Problem.invalid("`after` must be the `next` of the page before.")
            }
            after = id
        }
        guard let limit = Int(parameters["limit"] ?? "50"), (1...Aftersales.pageMax.value).contains(limit) else {
            throw Problem.invalid("`limit` must be a number from 1 to \(Aftersales.pageMax.value).")
        }
        let page = try await Aftersales.page(
            after: after, state: state, shop: caller.shop, limit: limit, brand: caller.brand, on: pool)
        return Response(
            try StoredAnswer(
                200,
                Page(
                    aftersales: page.map { AftersaleShopView($0) }, next: page.count == limit ? page.last?.id : nil)))
    }

    private struct Page: Encodable {
        let aftersales: [AftersaleShopView]
        let next: ID<Aftersale>?
    }

    private func decide(_ request: Request, _ context: SiyuRequestContext) async throws -> Response {
        let delivery = try await hooks.delivery(for: .aftersales, request, context)
        let id = try context.aftersaleID(else: .aftersaleUnknown)
        let command = try DecisionRequest.command(in: delivery.body)
        let answer = try await pool.transaction { tx in
            let now = try await Aftersales.clock(on: tx)
            return try await inbox.answer(delivery, now: now, on: tx) { tx in
                let record = try await aftersales.carryOut(
                    command, on: id, shop: delivery.shop, brand: delivery.brand, on: tx)
                return try StoredAnswer(200, AftersaleShopView(record))
            }
        }
        await queue.wake(PaymentReceived.jobQueue)
        return Response(answer)
    }
}

extension StoredAnswer {
    /// Two types, two encodings: there is no place at which one person's fields could reach the other.
    fileprivate init(_ status: Int, _ view: AftersaleView) throws {
        switch view {
        case .payer(let view): try self.init(status, view)
        case .recipient(let view): try self.init(status, view)
        }
    }
}

extension SiyuRequestContext {
    /// The case that the path names; what is no id is nobody's.
    fileprivate func aftersaleID(else problem: Problem = .aftersaleNotAParty) throws -> ID<Aftersale> {
        guard let id = ID<Aftersale>(try parameters.require("id")) else { throw problem }
        return id
    }
}

// MARK: - Bodies

/// What is asked for.
private struct AftersaleRequest: Decodable {
    let gift: ID<Gift>?
    let order: ID<Order>?
    let kind: AftersaleKind
    let line: Int?
    let quantity: Int?
    let amount: Money?
    let reason: AftersaleReason

    private enum CodingKeys: String, CodingKey {
        case kind, line, quantity, reason
        case gift = "gift_id"
        case order = "order_id"
        case amount = "amount_fen"
    }

    var target: AftersaleTarget {
        get throws(Problem) {
            switch (gift, order) {
            case (let gift?, nil): .gift(gift)
            case (nil, let order?): .order(order)
            default: throw .invalid("Name one of `gift_id` and `order_id`.", code: "aftersale_target_missing")
            }
        }
    }

    var wish: AftersaleWish {
        get throws(Problem) {
            guard line ?? 1 >= 1 else { throw .aftersaleLineUnknown }
            return AftersaleWish(kind, line: line, quantity: quantity, amount: amount, reason: reason)
        }
    }
}

/// By which parcel the goods go back.
private struct SentRequest: Decodable {
    let carrier: String
    let waybill: String

    var parcel: AftersaleParcel {
        get throws(Problem) { try AftersaleParcel(carrier: carrier, waybill: waybill) }
    }
}

/// What the shop says.
private struct DecisionRequest: Decodable {
    enum Decision: String, Decodable { case agree, refuse, receive }

    let decision: Decision
    let reason: AftersaleRefusal?
    let restock: Bool?

    static func command(in body: [UInt8]) throws(Problem) -> AftersaleCommand {
        let read: Self
        do {
            read = try JSONDecoder().decode(Self.self, from: Data(body))
        } catch {
            throw .badRequest("The body must be a JSON object as the OpenAPI document describes it.")
        }
        switch read.decision {
        case .agree: return .agree
        case .receive: return .receive(restock: read.restock ?? false)
        case .refuse:
            guard let reason = read.reason else {
                throw .invalid("Say why: `reason` is one of the words of the OpenAPI document.", code: "reason_missing")
            }
            return .refuse(reason)
        }
    }
}
