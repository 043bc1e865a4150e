import Codes
import Foundation
import Hooks
import Hosting
import HTTPTypes
import Hummingbird
import Kernel
import NIOCore

/// The page of a code, and the links of GS1 that lead to it.
struct PageRoutes: Sendable {
    /// Every path that GS1 allows in front of a serial.
    static let linkPaths = [
        "/01/{gtin}/21/{code}", "/01/{gtin}/10/{lot}/21/{code}", "/01/{gtin}/22/{variant}/21/{code}",
        "/01/{gtin}/22/{variant}/10/{lot}/21/{code}",
    ]

    let pages: CodePages

    /// Adds the routes, which anybody may read.
    func add(to router: some RouterMethods<SiyuRequestContext>) {
        // A symbol of capitals alone is smaller, hence both.
        for path in ["/c/{code}", "/C/{code}"] {
            router.get(RouterPath(path)) { request, context in
                try await Self.answering(request) { try await page(request, context) }
            }
        }
        router.get(RouterPath(ResolverDescription.path)) { request, _ in try describe(request) }
        for path in Self.linkPaths {
            router.get(RouterPath(path)) { request, context in
                try await Self.answering(request) { try await lead(request, context) }
            }
        }
    }

    private func page(_ request: Request, _ context: SiyuRequestContext) async throws -> Response {
        let arrived = ContinuousClock.now
        let code = try context.parameters.require("code")
        let page = try await pages.page(
            of: code.removingPercentEncoding ?? code, in: Self.language(request),
            secret: request.uri.queryParameters["s"].flatMap { PageSecret($0) }, visitor: request.visitor(context),
            arrived: arrived, now: Date())
        return Self.response(page)
    }

    /// Answers, and tells whoever opens too many how long to wait.
    private static func answering(_ request: Request, _ body: () async throws -> Response) async throws -> Response {
        do {
            return try await body()
        } catch let refusal as LimitRefusal {
            return response(CodePage(tooManyIn: language(request)), [.retryAfter: "\(refusal.retryAfter)"])
        }
    }

    private func describe(_ request: Request) throws -> Response {
        guard let description = pages.description(at: request.head.authority ?? "") else {
            throw Problem.notFound("No GS1 Digital Link on a pack begins with this host.")
        }
        return Response(
            status: .ok,
            headers: [.contentType: "application/json", .cacheControl: "no-store", .accessControlAllowOrigin: "*"],
            body: .init(byteBuffer: ByteBuffer(bytes: try description.json)))
    }

    private func lead(_ request: Request, _ context: SiyuRequestContext) async throws -> Response {
        let arrived = ContinuousClock.now
        let link: DigitalLink
        do throws(DigitalLink.Fault) {
            link = try DigitalLink(path: request.uri.path, query: request.uri.query)
        } catch {
            throw Problem.badRequest(Self.sentence(error))
        }
        guard
            let target = try await pages.target(
                of: link, visitor: request.visitor(context), arrived: arrived, now: Date())
        else {
            return Self.response(try await pages.nothing(Self.language(request), arrived))
        }
        var headers: HTTPFields = [.cacheControl: "no-store", .vary: "Accept"]
        if let name = HTTPField.Name("Link") {
            let linkset = "<\(link.path)?linkType=linkset>"
            // Resolvers of GS1 say the second, the standard of linksets says the first.
            headers[name] =
                "\(linkset); rel=\"linkset\"; type=\"application/linkset+json\", \(linkset); rel=\"application/linkset\""
        }
        switch LinkWish(
            linkType: request.uri.queryParameters["linkType"].map(String.init), accept: request.headers[.accept])
        {
        case .page:
            let query = request.uri.query.map { "?\($0)" } ?? ""
            headers[.location] = target.path + query
            return Response(status: .temporaryRedirect, headers: headers)
        case .linkset:
            headers[.contentType] = "application/linkset+json"
            headers[.accessControlAllowOrigin] = "*"
            return Response(
                status: .ok, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: try target.linkset)))
        case .other:
            throw Problem.notFound(
                "A pack has no such kind of link: ask for gs1:pip, or for linkset to see all of them.")
        }
    }

    private static func language(_ request: Request) -> CodePageLanguage {
        CodePageLanguage(
            parameter: request.uri.queryParameters["lang"], acceptLanguage: request.headers[.acceptLanguage])
    }

    private static func response(_ page: CodePage, _ more: HTTPFields = [:]) -> Response {
        var headers: HTTPFields = [
            .contentType: "text/html; charset=utf-8", .cacheControl: "no-store", .vary: "Accept-Language",
            .contentSecurityPolicy: CodePage.contentSecurityPolicy,
        ]
        if let name = HTTPField.Name("Referrer-Policy") { headers[name] = "no-referrer" }
        headers.append(contentsOf: more)
        return Response(
            status: .init(code: page.status), headers: headers, body: .init(byteBuffer: ByteBuffer(string: page.html)))
    }

    private static func sentence(_ fault: DigitalLink.Fault) -> String {
        switch fault {
        case .incomplete: "A GS1 Digital Link of an item has a GTIN behind 01 and a serial behind 21."
        case .gtin: "The GTIN behind 01 has 14 digits, the last one its check digit: pad a shorter one with zeros."
        case .order: "Behind the GTIN stand 22, 10 and 21, each once at most and in this order."
        case .value: "A value has 1 to 20 characters of GS1's character set 82, percent-encoded as in any URI."
        case .query: "The keys 01, 22, 10 and 21 belong in the path, not in the query."
        }
    }
}
