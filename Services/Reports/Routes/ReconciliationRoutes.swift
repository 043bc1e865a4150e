import Hooks
import Hosting
import HTTPTypes
import Hummingbird
import Kernel
import NIOCore
import Postgres
import Reporting

/// Money on its way, and what differs from WeChat Pay's bills: a page for people and the same as JSON.
struct ReconciliationRoutes: Sendable {
    let pool: Pool
    let pages: StaffPages

    /// Adds the routes.
    func add(to router: some RouterMethods<SiyuRequestContext>) {
        router.group().add(middleware: pages.requireSession).get("reconciliation") { request, context in
            let watch = try await watch(request, context)
            let language = Language(
                asked: request.uri.queryParameters["lang"].map(String.init),
                accepted: request.headers[.acceptLanguage])
            let page = MoneyWatchPage(watch, language: language, stylesheet: "/board.css?v=\(BoardStyle.version)")
            return Response(
                status: .ok,
                headers: [
                    .contentType: "text/html; charset=utf-8", .cacheControl: "no-store",
                    .vary: "Accept-Language, Cookie",
                    .contentSecurityPolicy:
                        "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
                ], body: .init(byteBuffer: ByteBuffer(string: try page.html())))
        }
        router.group()
            .add(
                middleware: RequireKeyOrSession(
                    key: RequireCaller(db: pool, roles: Role.readers), session: pages.requireSession)
            )
            .get("v1/reconciliation") { request, context in
                Response(
                    status: .ok, headers: [.contentType: "application/json", .cacheControl: "no-store"],
                    body: .init(byteBuffer: ByteBuffer(bytes: try await watch(request, context).json())))
            }
    }

    /// A merchant's bill is the brand's as a whole: whoever may see one shop does not see it.
    private func watch(_ request: Request, _ context: SiyuRequestContext) async throws -> MoneyWatch {
        let caller = try context.requireCaller()
        guard caller.shop == nil else {
            throw Problem.forbidden("Bills are the brand's as a whole: this key is for one shop alone.")
        }
        let parameters = request.uri.queryParameters
        var after: ID<Mismatch>?
        if let text = parameters["after"], !text.isEmpty {
            guard let id = ID<Mismatch>(text) else {
                throw Problem.invalid("`after` must be the `next` of the page before.")
            }
            after = id
        }
        let most = MoneyWatch.listMax.value
        guard let limit = Int(parameters["limit"] ?? "\(most)"), (1...most).contains(limit) else {
            throw Problem.invalid("`limit` must be a number from 1 to \(most).")
        }
        return try await MoneyWatch.load(brand: caller.brand, after: after, limit: limit, from: pool)
    }
}
