import Foundation
import Gifting
import Hooks
import Hosting
import Hummingbird
import Kernel
import Orders
import Postgres

/// What shops guarantee: their systems tell of shipments by signed hooks, those who keep accounts and look on read the trail.
struct GuaranteeRoutes: Sendable {
    let pool: Pool
    let gifts: Gifts
    let hooks: ShopHooks
    let inbox: Inbox

    /// Adds the routes; the hook brings its own proof of who sends it, the other asks for keys of its own roles.
    func add(to router: some RouterMethods<SiyuRequestContext>) {
        router.post("v1/hooks/{source}/shipments") { request, context in try await ship(request, context) }
        router.group().add(middleware: RequireCaller(db: pool, roles: [.staff, .finance, .auditor]))
            .get("v1/gifts/{id}/guarantee") { _, context in try await show(context) }
    }

    private func ship(_ request: Request, _ context: SiyuRequestContext) async throws -> Response {
        let delivery = try await hooks.delivery(for: .shipments, request, context)
        let shipment = try ShipmentRequest.read(delivery.body)
        let answer = try await pool.transaction { tx in
            let now = try await Aftersales.clock(on: tx)
            return try await inbox.answer(delivery, now: now, on: tx) { tx in
                let shipped = try await gifts.noteShipment(
                    try shipment.parcel, of: shipment.gift, at: shipment.shippedAt.date, shop: delivery.shop,
                    brand: delivery.brand, on: tx)
                return try StoredAnswer(200, shipped)
            }
        }
        return Response(answer)
    }

    private func show(_ context: SiyuRequestContext) async throws -> Response {
        let caller = try context.requireCaller()
        guard let id = ID<Gift>(try context.parameters.require("id")) else { throw Problem.guaranteeUnknown }
        let view = try await pool.transaction { tx in
            try await gifts.guarantee(of: id, shop: caller.shop, brand: caller.brand, on: tx)
        }
        return Response(try StoredAnswer(200, view))
    }
}

/// What a shop says of a parcel.
private struct ShipmentRequest: Decodable {
    let gift: ID<Gift>
    let carrier: String
    let waybill: String
    let shippedAt: Instant

    private enum CodingKeys: String, CodingKey {
        case gift = "gift_id"
        case carrier, waybill
        case shippedAt = "shipped_at"
    }

    var parcel: AftersaleParcel {
        get throws(Problem) { try AftersaleParcel(carrier: carrier, waybill: waybill) }
    }

    static func read(_ body: [UInt8]) throws(Problem) -> Self {
        do {
            return try JSONDecoder().decode(Self.self, from: Data(body))
        } catch {
            throw .badRequest("The body must be a JSON object as the OpenAPI document describes it.")
        }
    }
}
