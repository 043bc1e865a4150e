import Foundation
package import HTTPTypes
package import Hummingbird
package import Kernel
import NIOCore
import NIOHTTP1
import Postgres

extension Problem {
    /// The media type of RFC 9457.
    package static let mediaType = "application/problem+json"

    /// The JSON document: `code`, `detail`, `status`, `title`, `type`.
    ///
    /// Written by hand: a flood of wrong codes is answered nothing else, and the encoder would cost it a third of the time.
    package var document: [UInt8] {
        var json = Array(#"{"code":"#.utf8)
        json.append(quoted: code)
        json += #","detail":"#.utf8
        json.append(quoted: detail)
        json += #","status":\#(status),"title":"#.utf8
        json.append(quoted: title)
        json += #","type":"about:blank"}"#.utf8
        return json
    }

    /// The answer that carries the document.
    package func answer(headers: HTTPFields = [:]) -> WholeAnswer {
        var headers = headers
        headers[.contentType] = Self.mediaType
        headers[.cacheControl] = "no-store"
        if status == 401, headers[.wwwAuthenticate] == nil { headers[.wwwAuthenticate] = "Bearer" }
        return WholeAnswer(status: status, headers: headers, body: ByteBuffer(bytes: document))
    }

    /// ``answer(headers:)`` of a route of the router.
    package func response(headers: HTTPFields = [:]) -> Response { Response(answer(headers: headers)) }

    /// What an error looks like to a caller; anything we did not foresee becomes an internal error without words.
    package init(describing error: any Error) {
        switch error {
        case let problem as Problem: self = problem
        // Whoever hangs up in the middle of a body: nothing broke on our side.
        case is HTTPParserError: self = .badRequest("The request ended before it was whole.")
        case let error as PostgresError where error.sqlState == .characterNotInRepertoire:
            self = .badRequest("A text of the request holds the character U+0000, which nothing can be named with.")
        case let error as any HTTPResponseError:
            self.init(status: error.status.code, detail: (error as? HTTPError)?.body)
        default: self = .internalError
        }
    }

    private init(status: Int, detail: String?) {
        switch status {
        case 400: self = .badRequest(detail ?? "The request cannot be understood.")
        case 401: self = .unauthorized()
        case 403: self = .forbidden(detail ?? "You may not do this.")
        case 404: self = .notFound()
        case 413: self = .contentTooLarge(detail ?? "The body is larger than its limit.")
        case 415: self = .unsupportedMediaType(detail ?? "The body's media type is not read here.")
        case 400..<500: self.init(status: status, code: ProblemCode.badRequest, title: "Refused", detail: detail ?? "")
        case 503: self = .unavailable()
        default: self = .internalError
        }
    }

    /// 405: the path exists, the method does not.
    package static let methodNotAllowed = Problem(
        status: 405, code: ProblemCode.methodNotAllowed, title: "Method not allowed",
        detail: "The Allow header lists the methods of this path.")

    /// 408: the request did not arrive in time.
    package static let requestTimeout = Problem(
        status: 408, code: ProblemCode.requestTimeout, title: "Request timeout",
        detail: "The body did not arrive in time.")

    /// 415: the body's media type is not one that is read here.
    package static func unsupportedMediaType(_ detail: String) -> Problem {
        Problem(
            status: 415, code: ProblemCode.unsupportedMediaType, title: "Unsupported media type", detail: detail)
    }
}

extension [UInt8] {
    /// Appends text as a JSON string.
    fileprivate mutating func append(quoted text: String) {
        let quote = UInt8(ascii: "\"")
        let backslash = UInt8(ascii: "\\")
        append(quote)
        for byte in text.utf8 {
            switch byte {
            case quote, backslash: self += [backslash, byte]
            case ..<0x20: self += "\\u00\(byte < 16 ? "0" : "")\(String(byte, radix: 16))".utf8
            default: append(byte)
            }
        }
        append(quote)
    }
}
