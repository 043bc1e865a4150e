import Codes
import Foundation
import Hooks
import Hosting
import HTTPTypes
import Hummingbird
import Kernel
import NIOCore
import Promotions

/// Coupons: whoever holds them sees them, and shops take them, as hooks.
struct CouponRoutes: Sendable {
    private static let limitDefault = 50
    /// An openid and an order are some hundred bytes.
    private static let bodyBytesMax = Limit(4 * 1_024, reason: "room for what senders add, too little to hurt")

    let hooks: SignedHooks
    let desk: CouponDesk

    /// Adds the hook, which brings its own proof of who sends it.
    func addHooks(to router: some RouterMethods<SiyuRequestContext>) {
        router.post("v1/hooks/{source}/coupons/{id}/use") { request, context in
            try await hooks.answering {
                let delivery = try await hooks.delivery(
                    for: .coupons, request, context, bodyBytesMax: Self.bodyBytesMax.value,
                    tooLarge: "The use of a coupon has \(Self.bodyBytesMax.value) bytes at most.")
                guard let id = ID<Coupon>(try context.parameters.require("id")) else { throw Problem.couponUnknown }
                return Response(try await desk.use(id, delivery))
            }
        }
    }

    /// Adds the list to a group that asks for a bearer key.
    func addShopper(to api: some RouterMethods<SiyuRequestContext>) {
        api.get("v1/coupons") { request, context in try await list(request, context) }
    }

    private func list(_ request: Request, _ context: SiyuRequestContext) async throws -> Response {
        let caller = try context.requireCaller()
        let parameters = request.uri.queryParameters
        guard let openid = parameters["openid"], !openid.isEmpty else {
            throw Problem.invalid("`openid` must name the person who asks.")
        }
        var cursor: ID<Coupon>?
        if let after = parameters["after"], !after.isEmpty {
            guard let read = ID<Coupon>(after) else {
                throw Problem.invalid("`after` must be the `next` of the page before.")
            }
            cursor = read
        }
        guard let limit = Int(parameters["limit"] ?? "\(Self.limitDefault)") else {
            throw Problem.invalid("`limit` must be a number from 1 to \(CouponDesk.pageMax.value).")
        }
        let (coupons, next) = try await desk.held(
            by: String(openid), after: cursor, limit: limit, brand: caller.brand)
        return Response(
            status: .ok, headers: [.contentType: "application/json", .cacheControl: "no-store"],
            body: .init(byteBuffer: ByteBuffer(bytes: try JSONEncoder.api.encode(Page(coupons: coupons, next: next)))))
    }

    private struct Page: Encodable {
        let coupons: [CouponView]
        let next: ID<Coupon>?
    }
}
