import Hooks
import Hosting
import HTTPTypes
import Hummingbird
import Kernel
import NIOCore
import Postgres
import Reporting

/// `GET /`: the brand's board, a page for people; and the style sheet it needs.
struct BoardRoutes: Sendable {
    let pool: Pool
    let pages: StaffPages

    private static let stylesheet = "/board.css?v=\(BoardStyle.version)"

    /// Adds the routes.
    func add(to router: some RouterMethods<SiyuRequestContext>) {
        router.get("board.css") { _, _ in
            Response(
                status: .ok,
                headers: [
                    .contentType: BoardStyle.mediaType, .cacheControl: "public, max-age=31536000, immutable",
                ],
                body: .init(byteBuffer: ByteBuffer(string: BoardStyle.css)))
        }
        router.group().add(middleware: pages.requireSession).get("/") { request, context in
            try await board(request, context)
        }
    }

    private func board(_ request: Request, _ context: SiyuRequestContext) async throws -> Response {
        let caller = try context.requireCaller()
        let language = Language(
            asked: request.uri.queryParameters["lang"].map(String.init), accepted: request.headers[.acceptLanguage])
        let options = BoardOptions(
            language: language, csrfToken: context.session?.csrfToken, stylesheet: Self.stylesheet,
            onlyShop: caller.shop)
        do {
            let query = try ReportQuery(name: ReportQuery.Name.overview.rawValue, request: request, caller: caller)
            let report = try await Report.load(query, from: pool)
            var sheets: [SheetReport] = []
            for name in [ReportQuery.Name.prizes, .gifts] {
                var part = query
                part.name = name
                sheets.append(try await SheetReport.load(part, from: pool))
            }
            return page(try BoardPage(report, sheets: sheets, options).html(), .ok)
        } catch let problem as Problem where problem.status < 500 {
            return page(try BoardNotice(problem, options).html(), .init(code: problem.status))
        }
    }

    private func page(_ html: String, _ status: HTTPResponse.Status) -> Response {
        var headers: HTTPFields = [
            .contentType: "text/html; charset=utf-8", .cacheControl: "no-store", .vary: "Accept-Language, Cookie",
            .contentSecurityPolicy:
                "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        ]
        if let name = HTTPField.Name("Referrer-Policy") { headers[name] = "same-origin" }
        return Response(status: status, headers: headers, body: .init(byteBuffer: ByteBuffer(string: html)))
    }
}
