import Gifting
import Hooks
import Hosting
import HTTPTypes
import Hummingbird
import Kernel
import Postgres

/// What every request about a gift brings: who asks, and under which key it may be repeated.
struct Asked {
    let body: JSONBody
    let shopper: Shopper
    let same: IdempotentRequest

    init(_ request: Request, _ context: SiyuRequestContext, _ route: String) async throws {
        let caller = try context.requireCaller()
        same = try IdempotentRequest(
            brand: caller.brand, caller: caller.keyID.rawValue, route: route,
            key: HTTPField.Name("Idempotency-Key").flatMap { request.headers[$0] })
        body = try await JSONBody(request, context)
        shopper = Shopper(
            brand: caller.brand, shop: caller.shop, openID: try body.decode(PersonRequest.self).openid.text)
    }

    /// The answer that was given to the same request before.
    func earlier(on tx: Transaction) async throws -> StoredAnswer? {
        guard let (hash, answer) = try await Idempotency.find(same, on: tx) else { return nil }
        try Idempotency.requireSame(body.hash, hash)
        return answer
    }

    /// Answers once, however often the request is repeated.
    func answer(
        on pool: Pool, _ effect: (Transaction) async throws -> StoredAnswer
    ) async throws -> Response {
        Response(
            try await pool.transaction { tx in
                try await Idempotency.answer(same, bodyHash: body.hash, on: tx) { tx in try await effect(tx) }
            })
    }
}

extension Shopper {
    /// The person on whose behalf something is to be shown.
    ///
    /// - Throws: `Problem` 422 where nobody is named.
    init(of request: Request, _ caller: Caller) throws(Problem) {
        guard let openID = request.uri.queryParameters["openid"].flatMap({ OpenID($0) }) else {
            throw .invalid("`openid` must name the person who asks.")
        }
        self.init(brand: caller.brand, shop: caller.shop, openID: openID.text)
    }
}

extension GreetingScreens {
    /// Has a greeting looked at, between transactions; what was answered once is answered again without whoever looks.
    ///
    /// - Returns: What was answered; nil where the request is new and its greeting may be.
    func admit(
        _ greeting: String?, of asked: Asked, on pool: Pool, check: () throws -> Void
    ) async throws -> StoredAnswer? {
        guard let greeting else { return nil }
        let earlier = try await pool.transaction { tx -> StoredAnswer? in try await asked.earlier(on: tx) }
        if let earlier { return earlier }
        try check()
        try await admit(greeting, brand: asked.shopper.brand, on: pool)
        return nil
    }
}
