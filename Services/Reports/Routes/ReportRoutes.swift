import Hooks
import Hosting
import HTTPTypes
import Hummingbird
import Kernel
import NIOCore
import Postgres
import Reporting

/// `GET /v1/reports/{name}`: a report as JSON or CSV, for programs with an API key and for the links of the board.
struct ReportRoutes: Sendable {
    let pool: Pool
    let pages: StaffPages

    /// Adds the route.
    func add(to router: some RouterMethods<SiyuRequestContext>) {
        router.group()
            .add(
                middleware: RequireKeyOrSession(
                    key: RequireCaller(db: pool, roles: Role.readers), session: pages.requireSession)
            )
            .get("v1/reports/{name}") { request, context in try await answer(request, context) }
    }

    private func answer(_ request: Request, _ context: SiyuRequestContext) async throws -> Response {
        let format = try ReportFormat(asked: request.uri.queryParameters["format"].map(String.init))
        let query = try ReportQuery(
            name: context.parameters.require("name"), request: request, caller: context.requireCaller())
        let (range, bytes): (DayRun, [UInt8])
        switch query.name {
        case .overview:
            let report = try await Report.load(query, from: pool)
            (range, bytes) = (report.range, try format.bytes(of: report))
        case .prizes, .gifts, .settlement, .packs, .draws, .funnel, .returns, .givers, .supply, .ratings:
            let report = try await SheetReport.load(query, from: pool)
            (range, bytes) = (report.range, try format.bytes(of: report))
        }
        return Response(
            status: .ok, headers: format.headers(of: query.name, range),
            body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
    }
}

extension ReportFormat {
    /// The format that a URL asks for; JSON if it asks for none.
    fileprivate init(asked text: String?) throws(Problem) {
        switch text ?? "" {
        case "", "json": self = .json
        case "csv": self = .csv
        default: throw .invalid("`format` must be json or csv.", code: "unknown_format")
        }
    }

    fileprivate func headers(of name: ReportQuery.Name, _ range: DayRun) -> HTTPFields {
        var headers: HTTPFields = [.cacheControl: "no-store"]
        switch self {
        case .json: headers[.contentType] = "application/json"
        case .table: headers[.contentType] = "text/plain; charset=utf-8"
        case .csv:
            headers[.contentType] = "text/csv; charset=utf-8; header=present"
            headers[.contentDisposition] =
                "attachment; filename=\"siyu-\(name.rawValue)-\(range.from)-\(range.to).csv\""
        }
        return headers
    }
}

extension ReportQuery {
    /// Reads a query from a URL and keeps it within what the caller may see.
    ///
    /// - Throws: A problem: 403 for another brand or shop than the key's, 422 for a brand that is no id, and those of
    ///   ``init(name:brand:from:to:shop:asOf:)``.
    init(name: String, request: Request, caller: Caller) throws(Problem) {
        let parameters = request.uri.queryParameters
        func text(_ name: String) -> String? { parameters[Substring(name)].map(String.init) }

        if let asked = text("brand"), !asked.isEmpty {
            guard let brand = ID<Brand>(asked) else { throw .invalid("`brand` must be the id of a brand, a UUID.") }
            try caller.require(brand: brand)
        }
        try self.init(
            name: name, brand: caller.brand, from: text("from"), to: text("to"), shop: text("shop"), asOf: text("as_of")
        )
        scope = try caller.require(shop: scope.shop).map(ReportScope.shop) ?? .brand
    }
}

/// Lets pass whoever presents an API key, or else whoever has signed in: the board's download links bring no key.
struct RequireKeyOrSession: RouterMiddleware {
    let key: RequireCaller
    let session: RequireSession

    func handle(
        _ request: Request, context: SiyuRequestContext,
        next: @concurrent (Request, SiyuRequestContext) async throws -> Response
    ) async throws -> Response {
        if request.headers[.authorization] == nil, request.cookies[StaffSession.cookieName] != nil {
            return try await session.handle(request, context: context, next: next)
        }
        return try await key.handle(request, context: context, next: next)
    }
}
