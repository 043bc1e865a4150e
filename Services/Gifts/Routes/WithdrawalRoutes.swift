import Audit
import Foundation
import Gifting
import Hooks
import Hosting
import HTTPTypes
import Hummingbird
import Kernel
import Postgres

/// Accepted gifts that a shop cannot deliver, taken back by the brand's own people: no partner who speaks for shoppers can.
struct WithdrawalRoutes: Sendable {
    let pool: Pool
    let gifts: Gifts

    /// Adds the routes to a group that asks for a staff key.
    func add(to api: some RouterMethods<SiyuRequestContext>) {
        api.post("v1/gifts/{id}/withdraw") { request, context in try await withdraw(request, context) }
    }

    private struct Wish: Decodable {
        let reason: String
    }

    private func withdraw(_ request: Request, _ context: SiyuRequestContext) async throws -> Response {
        let caller = try context.requireCaller()
        guard let id = ID<Gift>(try context.parameters.require("id")) else {
            throw Problem.notFound("There is no such gift.")
        }
        let same = try IdempotentRequest(
            brand: caller.brand, caller: caller.keyID.rawValue, route: "POST /v1/gifts/{id}/withdraw",
            key: HTTPField.Name("Idempotency-Key").flatMap { request.headers[$0] })
        let body = try await JSONBody(request, context)
        let reason = try body.decode(Wish.self).reason
        let decision = try GiftWithdrawal(shop: caller.shop, author: "\(caller.keyID)", reason: reason)
        let act = ManualAct(
            author: "\(caller.keyID)", act: "POST /v1/gifts/{id}/withdraw", subject: "\(id)", reason: reason)
        let answer = try await pool.transaction { tx in
            try await Idempotency.answer(same, bodyHash: body.hash, on: tx) { tx in
                let withdrawn = try await gifts.withdraw(id, brand: caller.brand, decision, on: tx)
                // Behind the gift's lock, in the same commit: written down once, like the act.
                try await AuditTrail.note(act, brand: caller.brand, on: tx)
                return try StoredAnswer(200, withdrawn)
            }
        }
        return Response(answer)
    }
}
