import Foundation
import Gifting
import Hooks
import Hosting
import HTTPTypes
import Hummingbird
import Jobs
import Kernel
import Keys
import Logging
import NIOCore
import Postgres
import Vault
import WeChat

/// The page that a recipient opens in WeChat's browser.
///
/// WeChat says who it is (decision 3 of Gifting); from then on a sealed cookie does, for a quarter of an hour. Every form brings a token that
/// other sites cannot know, and answers with a redirect, so that going back asks for nothing twice.
struct GiftPageRoutes: Sendable {
    let pool: Pool
    let queue: JobQueue
    let gifts: Gifts
    let groups: GiftGroups
    let keys: KeyRing
    let login: WebLogin
    /// Whether browsers may send cookies over TLS only; true in production.
    let isSecure: Bool

    private static let stateCookie = "siyu_gift_state"

    /// Adds the routes, which anybody may ask for.
    func add(to router: some RouterMethods<SiyuRequestContext>) {
        addGroups(to: router)
        router.get("g/{token}") { request, context in try await show(request, context, .gift) }
        router.post("g/{token}/open") { request, context in
            try await act(request, context, .gift) { target, _, shopper, tx in
                _ = try await gifts.claim(try target.gift, by: shopper, on: tx)
            }
        }
        router.post("g/{token}/accept") { request, context in
            try await act(request, context, .gift) { target, form, shopper, tx in
                let id = try target.gift
                let wish = try GiftPageForm(form)
                _ = try await gifts.accept(id, choosing: wish.variant, address: wish.address, by: shopper, on: tx)
            }
        }
        router.post("g/{token}/decline") { request, context in
            try await act(request, context, .gift) { target, _, shopper, tx in
                _ = try await gifts.decline(try target.gift, by: shopper, on: tx)
            }
        }
    }

    /// The pages of group gifts: whoever has the link may enter; what is published asks nobody who they are.
    private func addGroups(to router: some RouterMethods<SiyuRequestContext>) {
        router.get("gg/{token}") { request, context in try await show(request, context, .group) }
        router.post("gg/{token}/enter") { request, context in
            let response = try await act(request, context, .group) { target, _, shopper, tx in
                _ = try await groups.enter(try target.group, by: shopper, on: tx)
            }
            await queue.wake(GiftGroupDue.jobQueue)
            return response
        }
        router.get("gg/{token}/draw") { _, context in
            guard let link = GiftLink(try context.parameters.require("token"), to: .group, keys: keys) else {
                throw Problem.groupUnknown
            }
            let proof = try await GiftGroups.proof(of: try link.target.group, brand: link.brand, on: pool)
            return Response(try StoredAnswer(200, proof))
        }
    }

    // MARK: Looking

    private func show(
        _ request: Request, _ context: SiyuRequestContext, _ kind: GiftLink.Kind
    ) async throws -> Response {
        guard let place = try Place(request, context, kind, keys) else { return Self.nothing(request) }
        if let visit = place.visit { return try await show(place, visit) }
        if let code = request.uri.queryParameters["code"], let state = request.uri.queryParameters["state"] {
            return try await recognize(place, code: String(code), state: String(state), request, context)
        }
        guard let app = try await WebApps.of(place.link.brand, keys: keys, on: pool) else {
            return Self.response(GiftPage(.inMiniProgram, path: place.path, language: place.language))
        }
        // Letters and digits, as WeChat wants them, and nothing to guess.
        var random = SystemRandomNumberGenerator()
        let state = (0..<4).map { _ in String(random.next(), radix: 36) }.joined()
        let address = "\(app.pageBase)\(place.path)?lang=\(place.language.rawValue)"
        var response = Self.redirect(
            .found,
            to: WebLogin.authorizeURL(
                appid: app.appid, base: app.authorizeBase, returningTo: address, state: state))
        response.setCookie(cookie(Self.stateCookie, state, maxAge: 600, place))
        return response
    }

    /// Back from WeChat: the code is exchanged once, and the address is cleaned of it.
    private func recognize(
        _ place: Place, code: String, state: String, _ request: Request, _ context: SiyuRequestContext
    ) async throws -> Response {
        // Nobody can be made to visit as somebody else: the state must be the one that this browser was sent away with.
        guard state.utf8.count <= 128, code.utf8.count <= 512, request.cookies[Self.stateCookie]?.value == state,
            let app = try await WebApps.of(place.link.brand, keys: keys, on: pool)
        else { return Self.response(GiftPage(.notRecognized, path: place.path, language: place.language)) }
        let openID: String
        do throws(WebLoginError) {
            openID = try await login.openID(appid: app.appid, secret: app.secret, base: app.apiBase, code: code)
        } catch {
            if case .codeRefused = error {
                return Self.response(GiftPage(.notRecognized, path: place.path, language: place.language))
            }
            context.logger.error("WeChat does not say who opens a gift.", metadata: ["error": "\(error)"])
            return Self.response(GiftPage(.away, path: place.path, language: place.language))
        }
        guard OpenID(openID) != nil else {
            return Self.response(GiftPage(.notRecognized, path: place.path, language: place.language))
        }
        let begun = try GiftVisit.begin(openID, at: place.link, now: Self.now, keys: keys)
        var response = Self.redirect(.seeOther, to: place.address)
        response.setCookie(cookie(GiftVisit.cookieName, begun.cookie, maxAge: Int(GiftVisit.lifetime.value), place))
        response.setCookie(cookie(Self.stateCookie, "", maxAge: 0, place))
        return response
    }

    private func show(_ place: Place, _ visit: GiftVisit, _ attempt: GiftPageTry? = nil) async throws -> Response {
        let shopper = Shopper(brand: place.link.brand, openID: visit.openID)
        do {
            if case .group(let id) = place.link.target {
                let facts = try await pool.transaction { tx in try await groups.page(of: id, for: shopper, on: tx) }
                return Self.response(
                    GiftPage(
                        facts, path: place.path, formToken: visit.formToken, language: place.language,
                        refusal: attempt?.code))
            }
            let gift = try place.link.target.gift
            let facts = try await pool.transaction { tx in
                try await gifts.page(of: gift, for: shopper, on: tx)
            }
            return Self.response(
                GiftPage(
                    facts, path: place.path, formToken: visit.formToken, language: place.language,
                    attempt: facts.isOpen ? attempt : nil, status: facts.isOpen && attempt != nil ? 422 : 200))
        } catch let problem as Problem where problem == .giftNotAParty || problem == .groupUnknown {
            return Self.response(GiftPage(.notForYou, path: place.path, language: place.language))
        }
    }

    // MARK: Doing

    private func act(
        _ request: Request, _ context: SiyuRequestContext, _ kind: GiftLink.Kind,
        _ effect: (GiftLink.Target, [String: String], Shopper, Transaction) async throws -> Void
    ) async throws -> Response {
        guard let place = try Place(request, context, kind, keys) else { return Self.nothing(request) }
        // No way to WeChat from here: the policy lets forms go nowhere else, and what was typed would be lost all the same.
        guard let visit = place.visit else {
            return Self.response(GiftPage(.visitOver, path: place.path, language: place.language))
        }
        try request.require(contentType: "application/x-www-form-urlencoded")
        let form = try await URLEncodedFormDecoder().decode([String: String].self, from: request, context: context)
        guard let token = form["csrf"], visit.isValid(formToken: token) else {
            return try await show(place, visit, GiftPageTry(code: "form_expired"))
        }
        let shopper = Shopper(brand: place.link.brand, openID: visit.openID)
        do {
            try await pool.transaction { tx in try await effect(place.link.target, form, shopper, tx) }
            return Self.redirect(.seeOther, to: place.address)
        } catch let problem as Problem where problem.status < 500 {
            let fields = form.filter { GiftPageForm.parts.contains($0.key) }
            return try await show(
                place, visit, GiftPageTry(code: problem.code, variant: form["variant"], fields: fields))
        }
    }

    // MARK: Where and in which language

    private struct Place {
        let link: GiftLink
        let path: String
        let language: GiftPageLanguage
        let visit: GiftVisit?

        /// Nil for an address that we did not sign.
        init?(
            _ request: Request, _ context: SiyuRequestContext, _ kind: GiftLink.Kind, _ keys: KeyRing
        ) throws {
            guard let link = GiftLink(try context.parameters.require("token"), to: kind, keys: keys) else { return nil }
            self.link = link
            path = link.path(keys: keys)
            language = GiftPageRoutes.language(request)
            visit = request.cookies[GiftVisit.cookieName].flatMap {
                GiftVisit(cookie: $0.value, at: link, now: GiftPageRoutes.now, keys: keys)
            }
        }

        /// The page itself, in the language that it was in.
        var address: String { "\(path)?lang=\(language.rawValue)" }
    }

    private static func language(_ request: Request) -> GiftPageLanguage {
        GiftPageLanguage(
            parameter: request.uri.queryParameters["lang"], acceptLanguage: request.headers[.acceptLanguage])
    }

    // Visits are real time, whatever the clock of the business says.
    private static var now: Int64 { Int64(Date().timeIntervalSince1970) }

    private func cookie(_ name: String, _ value: String, maxAge: Int, _ place: Place) -> Cookie {
        // Lax: it must come along when WeChat sends the person back.
        Cookie(
            name: name, value: value, maxAge: maxAge, path: place.path, secure: isSecure, httpOnly: true,
            sameSite: .lax)
    }

    // MARK: Answers

    private static func nothing(_ request: Request) -> Response {
        response(GiftPage(.notForYou, path: "", language: language(request)))
    }

    private static func redirect(_ status: HTTPResponse.Status, to address: String) -> Response {
        var headers: HTTPFields = [.location: address, .cacheControl: "no-store"]
        if let name = HTTPField.Name("Referrer-Policy") { headers[name] = "no-referrer" }
        return Response(status: status, headers: headers)
    }

    private static func response(_ page: GiftPage) -> Response {
        var headers: HTTPFields = [
            .contentType: "text/html; charset=utf-8", .cacheControl: "no-store", .vary: "Accept-Language, Cookie",
            .contentSecurityPolicy: page.contentSecurityPolicy,
        ]
        if let name = HTTPField.Name("Referrer-Policy") { headers[name] = "no-referrer" }
        return Response(
            status: .init(code: page.status), headers: headers, body: .init(byteBuffer: ByteBuffer(string: page.html)))
    }
}

/// What the page's one form says.
private struct GiftPageForm {
    static let parts = ["name", "phone", "province", "city", "district", "detail"]

    let variant: ID<Variant>?
    let address: PostalAddress?

    /// - Throws: `Problem` for an address of which something is missing; one of which nothing was typed is none.
    init(_ form: [String: String]) throws(Problem) {
        if let chosen = form["variant"] {
            guard let id = ID<Variant>(chosen) else { throw .giftVariantNotOffered }
            variant = id
        } else {
            variant = nil
        }
        func part(_ name: String) -> String {
            (form[name] ?? "").trimmingCharacters(in: .whitespacesAndNewlines)
        }
        guard Self.parts.contains(where: { !part($0).isEmpty }) else {
            address = nil
            return
        }
        address = try PostalAddress(
            name: part("name"), phone: part("phone"), province: part("province"), city: part("city"),
            district: part("district"), detail: part("detail")
        ).checked()
    }
}
