import Codes
import Foundation
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
            router.get(RouterPath(path)) { request, context in try await page(request, context) }
        }
        for path in Self.linkPaths {
            router.get(RouterPath(path)) { request, _ in try Self.redirect(request) }
        }
    }

    private func page(_ request: Request, _ context: SiyuRequestContext) async throws -> Response {
        let arrived = ContinuousClock.now
        let language = CodePageLanguage(
            parameter: request.uri.queryParameters["lang"], acceptLanguage: request.headers[.acceptLanguage])
        let page = try await pages.page(
            of: try context.parameters.require("code"), in: language, arrived: arrived)
        var headers: HTTPFields = [
            .contentType: "text/html; charset=utf-8", .cacheControl: "no-store", .vary: "Accept-Language",
            .contentSecurityPolicy: CodePage.contentSecurityPolicy,
        ]
        if let name = HTTPField.Name("Referrer-Policy") { headers[name] = "no-referrer" }
        return Response(
            status: .init(code: page.status), headers: headers, body: .init(byteBuffer: ByteBuffer(string: page.html)))
    }

    private static func redirect(_ request: Request) throws -> Response {
        let link: DigitalLink
        do throws(DigitalLink.Fault) {
            link = try DigitalLink(path: request.uri.path, query: request.uri.query)
        } catch {
            throw Problem.badRequest(sentence(error))
        }
        var unreserved = CharacterSet.alphanumerics
        unreserved.insert(charactersIn: "-._")
        guard let serial = link.serial?.addingPercentEncoding(withAllowedCharacters: unreserved) else {
            throw Problem.badRequest(sentence(.incomplete))
        }
        let query = request.uri.query.map { "?\($0)" } ?? ""
        return Response(
            status: .temporaryRedirect, headers: [.location: "/c/\(serial)\(query)", .cacheControl: "no-store"])
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
