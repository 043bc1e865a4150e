import Foundation
import HTTPTypes
import Hooks
package import Hummingbird
package import Kernel
package import Keys
import Logging
package import Postgres

/// A person at a staff page: an API key was presented once, since then a signed cookie stands for it.
///
/// The cookie holds the key's id, not the key, and expires after twelve hours of real time; a revoked key ends its sessions with
/// the next request. Every form carries ``csrfToken``, which other sites cannot know.
package struct StaffSession: Sendable, Hashable {
    /// Whose session it is.
    package let keyID: ID<APIKey>
    /// Seconds since 1970 at which it ends.
    package let expiresAt: Int64
    /// What each form of the session must send back as `csrf`.
    package let csrfToken: String

    /// A working day.
    package static let lifetime: Int64 = 12 * 3_600
    /// The name of the cookie.
    package static let cookieName = "siyu_session"
    /// The name of the form field.
    package static let csrfField = "csrf"

    /// A new session that begins at `now`, with the value of its cookie.
    package static func begin(
        _ keyID: ID<APIKey>, now: Int64, keys: KeyRing
    ) -> (session: StaffSession, cookie: String) {
        let claims = "\(keyID).\(now + lifetime)"
        let cookie = "\(claims).\(signature(of: claims, keys))"
        return (StaffSession(keyID: keyID, expiresAt: now + lifetime, csrfToken: csrf(cookie, keys)), cookie)
    }

    /// Reads a cookie; nil if we did not sign it or it has expired.
    package init?(cookie: String, now: Int64, keys: KeyRing) {
        let parts = cookie.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let id = ID<APIKey>(parts[0]), let expiresAt = Int64(parts[1]),
            let signature = Data(base64Encoded: String(parts[2]).base64), now < expiresAt,
            keys.isValid(signature: Array(signature), of: Array("\(parts[0]).\(parts[1])".utf8), for: .session)
        else { return nil }
        self.init(keyID: id, expiresAt: expiresAt, csrfToken: Self.csrf(cookie, keys))
    }

    private init(keyID: ID<APIKey>, expiresAt: Int64, csrfToken: String) {
        self.keyID = keyID
        self.expiresAt = expiresAt
        self.csrfToken = csrfToken
    }

    /// Whether a form's token is this session's; compares in constant time.
    package func isValid(csrf token: String) -> Bool {
        let (ours, theirs) = (Array(csrfToken.utf8), Array(token.utf8))
        guard ours.count == theirs.count else { return false }
        return zip(ours, theirs).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
    }

    private static func signature(of claims: String, _ keys: KeyRing) -> String {
        Data(keys.sign(Array(claims.utf8), for: .session)).base64EncodedString().base64URL
    }

    private static func csrf(_ cookie: String, _ keys: KeyRing) -> String {
        Data(keys.sign(Array(cookie.utf8), for: .init("csrf"))).base64EncodedString().base64URL
    }
}

extension String {
    fileprivate var base64URL: String {
        replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }
    fileprivate var base64: String {
        let text = replacing("-", with: "+").replacing("_", with: "/")
        return text + String(repeating: "=", count: (4 - text.count % 4) % 4)
    }
}

// MARK: - Middleware

/// Lets only requests of a brand's staff session pass; sends everybody else to the login page.
package struct RequireSession: RouterMiddleware {
    let pages: StaffPages

    /// Redirects to `/login`, or passes the request on with its caller and session.
    ///
    /// Who runs the installation is led to their own page: they see no brand's figures.
    package func handle(
        _ request: Request, context: SiyuRequestContext,
        next: @concurrent (Request, SiyuRequestContext) async throws -> Response
    ) async throws -> Response {
        guard let session = pages.session(of: request) else { return try pages.refuseStranger(request) }
        guard let caller = try await APIKeys.caller(of: session.keyID, on: pages.db) else {
            if let home = pages.operationsHome,
                try await OperationsKeys.caller(of: session.keyID, on: pages.db) != nil
            {
                guard request.method == .get else { throw Problem.forbidden("This page belongs to a brand.") }
                return .redirect(to: home, type: .normal)
            }
            return try pages.refuseStranger(request)
        }
        guard Role.readers.contains(caller.role) else { throw Problem.roleForbidden }
        var context = context
        context.caller = caller
        context.session = session
        context.logger[metadataKey: "caller"] = "\(caller.keyID)"
        return try await next(request, context)
    }
}

/// Lets only sessions of those who run the installation pass.
///
/// A brand's staff is answered 403, everybody else led to the login page.
package struct RequireOperations: RouterMiddleware {
    let pages: StaffPages

    /// Redirects to `/login`, answers 401 or 403, or passes the request on with who is calling and their session.
    package func handle(
        _ request: Request, context: SiyuRequestContext,
        next: @concurrent (Request, SiyuRequestContext) async throws -> Response
    ) async throws -> Response {
        guard let session = pages.session(of: request) else { return try pages.refuseStranger(request) }
        guard let operations = try await OperationsKeys.caller(of: session.keyID, on: pages.db) else {
            guard try await APIKeys.caller(of: session.keyID, on: pages.db) == nil else {
                throw Problem.forbidden("This page is for those who run the installation: it needs an operations key.")
            }
            return try pages.refuseStranger(request)
        }
        var context = context
        context.operations = operations
        context.session = session
        context.logger[metadataKey: "caller"] = "\(operations.keyID)"
        return try await next(request, context)
    }
}

/// Signing in to and out of staff pages: `GET|POST /login`, `POST /logout`.
package struct StaffPages: Sendable {
    let db: any Executor
    let keys: KeyRing
    let isSecure: Bool
    let operationsHome: String?

    static let loginPath = "/login"

    /// Pages whose sessions are signed with `keys` and whose API keys are looked up in `db`.
    ///
    /// - Parameters:
    ///   - isSecure: Whether browsers may send the cookie over TLS only; true in production.
    ///   - operationsHome: The page of those who run the installation; nil where they have none and cannot sign in.
    package init(db: any Executor, keys: KeyRing, isSecure: Bool, operationsHome: String? = nil) {
        self.db = db
        self.keys = keys
        self.isSecure = isSecure
        self.operationsHome = operationsHome
    }

    /// The middleware that keeps everybody but a brand's staff out.
    package var requireSession: RequireSession { RequireSession(pages: self) }

    /// The middleware that keeps everybody but those out who run the installation.
    package var requireOperations: RequireOperations { RequireOperations(pages: self) }

    /// Adds the pages to a router.
    package func add(to router: some RouterMethods<SiyuRequestContext>) {
        router.get("login") { _, _ in page(status: .ok, message: "") }
        router.post("login") { request, context in try await login(request, context) }
        router.post("logout") { request, context in
            // Whoever signed in may sign out, even when their key has ended meanwhile.
            var context = context
            context.session = session(of: request)
            if context.session == nil { return try refuseStranger(request) }
            try await requireCSRF(request, context)
            var response = Response.redirect(to: Self.loginPath, type: .normal)
            response.setCookie(cookie("", maxAge: 0))
            return response
        }
    }

    /// Refuses a form without the token of its session, and returns the form's fields.
    ///
    /// - Throws: ``Problem`` 403, 415.
    @discardableResult
    package func requireCSRF(_ request: Request, _ context: SiyuRequestContext) async throws -> [String: String] {
        let form = try await fields(of: request, context)
        guard let session = context.session, let token = form[StaffSession.csrfField], session.isValid(csrf: token)
        else {
            throw Problem.forbidden("The form has expired: please load the page again.")
        }
        return form
    }

    func session(of request: Request) -> StaffSession? {
        request.cookies[StaffSession.cookieName].flatMap {
            StaffSession(cookie: $0.value, now: Self.now, keys: keys)
        }
    }

    /// Leads to the login page; a form that was sent without a session is refused instead.
    func refuseStranger(_ request: Request) throws(Problem) -> Response {
        guard request.method == .get || request.method == .head else {
            throw .unauthorized("Your session has ended: please sign in again.")
        }
        return .redirect(to: Self.loginPath, type: .normal)
    }

    private func login(_ request: Request, _ context: SiyuRequestContext) async throws -> Response {
        let form = try await fields(of: request, context)
        let key = (form["key"] ?? "").trimmingCharacters(in: .whitespacesAndNewlines)
        guard let (keyID, home) = try await holder(presenting: key) else {
            return page(status: .unauthorized, message: "密钥无效 · This key is not valid.")
        }
        var response = Response.redirect(to: home, type: .normal)
        response.setCookie(
            cookie(StaffSession.begin(keyID, now: Self.now, keys: keys).cookie, maxAge: Int(StaffSession.lifetime)))
        return response
    }

    /// Whose token this is, and where they begin.
    private func holder(presenting token: String) async throws -> (ID<APIKey>, home: String)? {
        if let caller = try await APIKeys.caller(presenting: token, on: db) {
            // There is no page for the others.
            guard Role.readers.contains(caller.role) else { return nil }
            return (caller.keyID, "/")
        }
        guard let operationsHome else { return nil }
        return try await OperationsKeys.caller(presenting: token, on: db).map { ($0.keyID, operationsHome) }
    }

    private func fields(of request: Request, _ context: SiyuRequestContext) async throws -> [String: String] {
        try request.require(contentType: "application/x-www-form-urlencoded")
        return try await URLEncodedFormDecoder().decode([String: String].self, from: request, context: context)
    }

    private func cookie(_ value: String, maxAge: Int) -> Cookie {
        Cookie(
            name: StaffSession.cookieName, value: value, maxAge: maxAge, path: "/", secure: isSecure, httpOnly: true,
            sameSite: .strict)
    }

    // Sessions are real time, whatever the clock of the business says.
    private static var now: Int64 {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return Int64(now.tv_sec)
    }

    private func page(status: HTTPResponse.Status, message: String) -> Response {
        let html = """
            <!doctype html>
            <html lang="zh-CN">
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <title>Siyu</title>
            <style>
              :root {
                color-scheme: light dark;
                --page: #f6f6f3; --sheet: #ffffff; --ink: #1c1f23; --soft: #5d646d; --accent: #0b6b57; --bad: #b3261e;
              }
              @media (prefers-color-scheme: dark) {
                :root {
                  --page: #121415; --sheet: #1b1e20; --ink: #eceef0; --soft: #a0a8b0; --accent: #6fcfb4; --bad: #ff8a80;
                }
              }
              body {
                font: 16px/1.5 system-ui, sans-serif; max-width: 24rem; margin: 15vh auto; padding: 0 1rem;
                background: var(--page); color: var(--ink);
              }
              label { color: var(--soft); }
              input, button {
                font: inherit; width: 100%; box-sizing: border-box; padding: .6rem; margin: .4rem 0; border-radius: 8px;
                border: 1px solid var(--soft); background: var(--sheet); color: var(--ink);
              }
              button { background: var(--accent); border-color: var(--accent); color: var(--page); font-weight: 600; }
              :focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
              [role=alert] { color: var(--bad); min-height: 1.5em; }
            </style>
            <h1>Siyu 私域</h1>
            <form method="post" action="\(Self.loginPath)">
              <label for="key">API 密钥 · API key</label>
              <input id="key" name="key" type="password" autocomplete="current-password" required autofocus>
              <p role="alert">\(message)</p>
              <button>登录 · Sign in</button>
            </form>
            </html>
            """
        let headers: HTTPFields = [
            .contentType: "text/html; charset=utf-8", .cacheControl: "no-store",
            .contentSecurityPolicy:
                "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'",
        ]
        return Response(status: status, headers: headers, body: .init(byteBuffer: ByteBuffer(string: html)))
    }
}
