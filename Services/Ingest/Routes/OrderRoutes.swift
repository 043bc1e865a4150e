import Foundation
import Hooks
import Hosting
import HTTPTypes
import Hummingbird
import Kernel
import NIOCore
import Orders
import Postgres

/// `GET /v1/orders`: lists of a shop or of a person, newest first, cut by key.
struct OrderRoutes: Sendable {
    static let limitDefault = 50
    let pool: Pool

    /// Adds the route to a group that asks for a bearer key.
    func add(to api: some RouterMethods<SiyuRequestContext>) {
        api.get("v1/orders") { request, context in try await list(request, context) }
    }

    private func list(_ request: Request, _ context: SiyuRequestContext) async throws -> Response {
        let caller = try context.requireCaller()
        let parameters = request.uri.queryParameters
        let filter = try OrderFilter(parameters, caller: caller)
        var cursor: OrderCursor?
        if let after = parameters["after"], !after.isEmpty {
            guard let read = OrderCursor(String(after)) else {
                throw Problem.invalid("`after` must be the `next` of the page before.")
            }
            cursor = read
        }
        guard let limit = Int(parameters["limit"] ?? "\(Self.limitDefault)") else {
            throw Problem.invalid("`limit` must be a number from 1 to \(OrderList.pageMax.value).")
        }
        let page = try await OrderList.page(filter, after: cursor, limit: limit, brand: caller.brand, on: pool)
        let answer = Page(orders: page.orders.map(Row.init), next: page.next?.description)
        return Response(
            status: .ok, headers: [.contentType: "application/json", .cacheControl: "no-store"],
            body: .init(byteBuffer: ByteBuffer(bytes: try JSONEncoder.api.encode(answer))))
    }

    private struct Page: Encodable {
        let orders: [Row]
        let next: String?
    }

    private struct Row: Encodable {
        let orderID: ID<Order>
        let shopID: ID<Shop>
        let personID: ID<Person>
        let source: String
        let orderNo: String?
        let version: Int
        let status: String
        let placedAt: Date
        let quantity: Int
        let amountFen: Int64
        let changedAt: Date

        init(_ order: CustomerOrder) {
            orderID = order.id
            shopID = order.shop
            personID = order.person
            source = order.source
            orderNo = order.orderNumber
            version = order.version
            status = order.status.rawValue
            placedAt = order.placedAt
            quantity = order.quantity
            amountFen = order.amount.fen
            changedAt = order.changedAt
        }
    }
}

extension OrderFilter {
    /// Reads whose orders are asked for, and keeps it within what the caller may see.
    fileprivate init(_ parameters: Parameters, caller: Caller) throws(Problem) {
        if let text = parameters["brand"] {
            guard let brand = ID<Brand>(text) else { throw .invalid("`brand` must be the id of a brand, a UUID.") }
            try caller.require(brand: brand)
        }
        func id<Entity>(_ name: Substring) throws(Problem) -> ID<Entity>? {
            guard let text = parameters[name], !text.isEmpty else { return nil }
            guard let id = ID<Entity>(text) else { throw .invalid("`\(name)` must be an id, a UUID.") }
            return id
        }
        let shop = try caller.require(shop: try id("shop"))
        switch (shop, try id("person") as ID<Person>?) {
        case (let shop, let person?): self = .person(person, shop: shop)
        case (let shop?, nil): self = .shop(shop)
        case (nil, nil): throw .invalid("Name a `shop`, a `person`, or both.")
        }
    }
}
