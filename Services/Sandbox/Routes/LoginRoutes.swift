import Foundation
import Hosting
import HTTPTypes
import Hummingbird
import Kernel
import NIOCore
import Synchronization

/// WeChat's web login (网页授权): whoever opens a page in its browser is recognized, and comes back with a code that is exchanged once.
///
/// It lives in memory: a code is good for five minutes and for nothing else.
struct LoginRoutes: Sendable {
    private let desk = Desk()

    private struct Visitor: Codable { let openid: String }

    /// The secret of every account at the stand-in.
    static let secret = "sandbox"

    func add(to router: some RouterMethods<SiyuRequestContext>) {
        router.put("sandbox/visitor") { request, context in
            var request = request
            let body = try await request.collectBody(upTo: context.maxUploadSize)
            guard let visitor = try? JSONDecoder().decode(Visitor.self, from: Data(Array(buffer: body))) else {
                throw Problem.badRequest("Name the visitor: {\"openid\": \"…\"}.")
            }
            desk.visitor.withLock { $0 = visitor.openid }
            return try Self.json(visitor)
        }
        router.get("connect/oauth2/authorize") { request, _ in try authorize(request) }
        router.get("sns/oauth2/access_token") { request, _ in try exchange(request) }
    }

    private func authorize(_ request: Request) throws -> Response {
        let query = request.uri.queryParameters
        guard let appid = query["appid"], let address = query["redirect_uri"], query["response_type"] == "code",
            query["scope"] == "snsapi_base", let state = query["state"], let url = URL(string: String(address)),
            ["http", "https"].contains(url.scheme)
        else { throw Problem.badRequest("redirect_uri 参数错误") }
        let code = desk.issue(appid: String(appid), now: Sandbox.now())
        let joint = url.query() == nil ? "?" : "&"
        return Response(status: .found, headers: [.location: "\(address)\(joint)code=\(code)&state=\(state)"])
    }

    /// WeChat answers 200 whatever it is.
    private func exchange(_ request: Request) throws -> Response {
        struct Answer: Encodable {
            var openid: String?
            var scope: String?
            var errcode: Int?
            var errmsg: String?
        }
        let query = request.uri.queryParameters
        guard query["secret"].map(String.init) == Self.secret else {
            return try Self.json(Answer(errcode: 40125, errmsg: "invalid appsecret"))
        }
        let (appid, code) = (query["appid"].map(String.init), query["code"].map(String.init))
        switch desk.take(code ?? "", appid: appid ?? "", now: Sandbox.now()) {
        case .openID(let openID): return try Self.json(Answer(openid: openID, scope: "snsapi_base"))
        case .used: return try Self.json(Answer(errcode: 40163, errmsg: "code been used"))
        case .unknown: return try Self.json(Answer(errcode: 40029, errmsg: "invalid code"))
        }
    }

    private static func json(_ value: some Encodable) throws -> Response {
        Response(
            status: .ok, headers: [.contentType: "application/json", .cacheControl: "no-store"],
            body: .init(byteBuffer: ByteBuffer(bytes: try Wire.json(value))))
    }

    /// Who is at the browser, and the codes that were given out.
    private final class Desk: Sendable {
        struct Issued {
            let appid: String
            let openID: String
            let until: Date
            var isUsed = false
        }

        enum Taken {
            case openID(String)
            case used
            case unknown
        }

        let visitor = Mutex("sandbox-visitor")
        private let codes = Mutex<[String: Issued]>([:])

        func issue(appid: String, now: Date) -> String {
            let openID = visitor.withLock { $0 }
            let code = "\(ID<Desk>.mint())".replacing("-", with: "")
            codes.withLock { codes in
                codes = codes.filter { $0.value.until > now }
                codes[code] = Issued(appid: appid, openID: openID, until: now + 300)
            }
            return code
        }

        func take(_ code: String, appid: String, now: Date) -> Taken {
            codes.withLock { codes in
                guard let issued = codes[code], issued.appid == appid, issued.until > now else { return .unknown }
                if issued.isUsed { return .used }
                codes[code]?.isUsed = true
                return .openID(issued.openID)
            }
        }
    }
}
