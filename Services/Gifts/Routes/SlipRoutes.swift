import Gifting
import Hooks
import Hosting
import Hummingbird
import Kernel
import Postgres

/// What is printed and accounted for, each for its own roles: who packs sees no price, who counts sees no address.
struct SlipRoutes: Sendable {
    let pool: Pool
    let gifts: Gifts

    /// Adds the routes; each asks for keys of its own roles.
    func add(to router: some RouterMethods<SiyuRequestContext>) {
        router.group().add(middleware: RequireCaller(db: pool, roles: [.staff, .store, .provider]))
            .get("v1/gifts/{id}/packing-slip") { _, context in try await slip(context) }
        router.group().add(middleware: RequireCaller(db: pool, roles: [.staff, .finance, .auditor]))
            .get("v1/gifts/{id}/money") { _, context in try await money(context) }
    }

    private func slip(_ context: SiyuRequestContext) async throws -> Response {
        let (caller, id) = try asked(context)
        let slip = try await pool.transaction { tx in
            try await gifts.packingSlip(
                of: id, caller.role == .provider ? .full : .masked, shop: caller.shop, brand: caller.brand, on: tx)
        }
        return Response(try StoredAnswer(200, slip))
    }

    private func money(_ context: SiyuRequestContext) async throws -> Response {
        let (caller, id) = try asked(context)
        let money = try await pool.transaction { tx in
            try await gifts.money(of: id, shop: caller.shop, brand: caller.brand, on: tx)
        }
        return Response(try StoredAnswer(200, money))
    }

    private func asked(_ context: SiyuRequestContext) throws -> (Caller, ID<Gift>) {
        let caller = try context.requireCaller()
        guard let id = ID<Gift>(try context.parameters.require("id")) else {
            throw Problem.notFound("There is no such gift.")
        }
        return (caller, id)
    }
}
