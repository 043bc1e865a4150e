import Foundation
import Hooks
import Hummingbird
import Kernel
import Keys
import Postgres
import TestSupport
import Testing

@testable import Hosting

struct StaffPagesTests {
    private let keys = KeyRing.ephemeral()
    private let key = ID<APIKey>.mint()

    // MARK: - Sessions

    @Test func session_withinTwelveHours_isReadBack() throws {
        let (session, cookie) = StaffSession.begin(key, now: 1_000, keys: keys)

        #expect(StaffSession(cookie: cookie, now: 1_000, keys: keys) == session)
        #expect(StaffSession(cookie: cookie, now: 1_000 + 12 * 3_600 - 1, keys: keys) == session)
        #expect(StaffSession(cookie: cookie, now: 1_000 + 12 * 3_600, keys: keys) == nil)
        #expect(session.keyID == key)
    }

    @Test func session_changedInAnyPlace_isNone() throws {
        let (_, cookie) = StaffSession.begin(key, now: 1_000, keys: keys)

        for index in cookie.indices {
            var changed = cookie
            changed.replaceSubrange(index...index, with: cookie[index] == "a" ? "b" : "a")
            let session = StaffSession(cookie: changed, now: 1_000, keys: keys)
            // The last character of a base64 text may carry unused bits.
            if index != cookie.indices.last { #expect(session == nil, "\(index)") }
        }
        #expect(StaffSession(cookie: cookie, now: 1_000, keys: .ephemeral()) == nil)
        for text in ["", "..", "a.b.c", cookie + ".", String(cookie.dropLast(2))] {
            #expect(StaffSession(cookie: text, now: 1_000, keys: keys) == nil)
        }
    }

    @Test func csrfToken_isThatOfOneSession() {
        let (session, _) = StaffSession.begin(key, now: 1_000, keys: keys)
        let (other, _) = StaffSession.begin(key, now: 1_001, keys: keys)

        #expect(session.isValid(csrf: session.csrfToken))
        #expect(!session.isValid(csrf: other.csrfToken))
        #expect(!session.isValid(csrf: ""))
    }

    // MARK: - Over HTTP

    @Test func staff_signsInOnceAndWorksWithACookie() async throws {
        try await withPages { server, db, made in
            let stranger = try await server.get("/")
            #expect(stranger.status == 303)
            #expect(stranger.header("location") == "/login")
            let form = try await server.get("/login")
            #expect(form.status == 200)
            #expect(form.header("content-security-policy")?.contains("default-src 'none'") == true)

            let wrong = try await signIn(server, "sk_00000000000000000000000000000000")
            #expect(wrong.status == 401)
            #expect(wrong.header("set-cookie") == nil)

            let signedIn = try await signIn(server, made.token.revealed)
            #expect(signedIn.status == 303)
            let setCookie = try #require(signedIn.header("set-cookie"))
            for attribute in ["HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=43200", "Secure"] {
                #expect(setCookie.contains(attribute), "\(setCookie)")
            }
            #expect(!setCookie.contains(made.token.revealed))

            let cookie = String(setCookie.prefix { $0 != ";" })
            let page = try await server.get("/", headers: ["cookie": cookie])
            #expect(page.status == 200)
            let csrf = page.body

            let forged = try await post(server, "/act", cookie: cookie, body: "csrf=\(csrf.dropLast())x")
            #expect(forged.status == 403)
            #expect(forged.problemCode == "forbidden")
            #expect(try await post(server, "/act", cookie: cookie, body: "what=1").status == 403)
            #expect(try await post(server, "/act", cookie: cookie, body: "csrf=\(csrf)&what=paused").body == "paused")

            let signedOut = try await post(server, "/logout", cookie: cookie, body: "csrf=\(csrf)")
            #expect(signedOut.header("set-cookie")?.contains("Max-Age=0") == true)

            _ = try await APIKeys.revoke(made.record.id, brand: made.record.brand, on: db.pool(as: .operator))
            #expect(try await server.get("/", headers: ["cookie": cookie]).status == 303)
            #expect(try await post(server, "/act", cookie: cookie, body: "csrf=\(csrf)").status == 401)
        }
    }

    @Test func partner_withBearerKey_isKnownToTheRoute() async throws {
        try await withPages { server, db, made in
            let token = made.token.revealed
            #expect(try await server.get("/v1/me").problemCode == "unauthorized")
            #expect(try await server.get("/v1/me").header("www-authenticate") == "Bearer")
            for header in ["Bearer", "Bearer x", "Basic \(token)", token, "Bearer \(token)0"] {
                #expect(try await server.get("/v1/me", headers: ["authorization": header]).status == 401)
            }
            for header in ["Bearer \(token)", "bearer  \(token)"] {
                let answer = try await server.get("/v1/me", headers: ["authorization": header])
                #expect(answer.body == "\(made.record.brand)")
            }
            let own = try await server.get(
                "/v1/brands/\(made.record.brand)", headers: ["authorization": "Bearer \(token)"])
            #expect(own.status == 200)
            let other = try await server.get(
                "/v1/brands/\(ID<Brand>.mint())", headers: ["authorization": "Bearer \(token)"])
            #expect(other.status == 403)
            #expect(other.problemCode == "forbidden")

            _ = try await APIKeys.revoke(made.record.id, brand: made.record.brand, on: db.pool(as: .operator))
            #expect(try await server.get("/v1/me", headers: ["authorization": "Bearer \(token)"]).status == 401)
        }
    }

    private func signIn(_ server: TestServer, _ key: String) async throws -> Answer {
        try await post(server, "/login", cookie: "", body: "key=\(key)")
    }

    private func post(_ server: TestServer, _ path: String, cookie: String, body: String) async throws -> Answer {
        try await server.send(
            "POST", path, headers: ["content-type": "application/x-www-form-urlencoded", "cookie": cookie], body: body)
    }

    private func withPages(
        _ body: (TestServer, TestDatabase, (record: APIKeyRecord, token: APIKeyToken)) async throws -> Void
    ) async throws {
        try await withTestDatabase { db in
            let brand = ID<Brand>.mint()
            try await db.owner.execute(
                Statement<Void>("INSERT INTO siyu.brand (brand_id, name, created_at) VALUES (\(brand), 'Test', now())"))
            let made = try #require(
                try await APIKeys.create(brand: brand, role: .staff, label: "x", on: db.pool(as: .operator)))
            let pool = db.pool(as: .reports)
            let pages = StaffPages(db: pool, keys: keys, isSecure: true)
            try await withServer(
                limits: ServerLimits(), pool: pool,
                addRoutes: { router in
                    pages.add(to: router)
                    let staff = router.group().add(middleware: pages.requireSession)
                    staff.get("/") { _, context in context.session?.csrfToken ?? "" }
                    staff.post("act") { request, context in
                        try await pages.requireCSRF(request, context)["what"] ?? ""
                    }
                    let api = router.group().add(middleware: RequireCaller(db: pool, roles: Set(Role.allCases)))
                    api.get("v1/me") { _, context in "\(try context.requireCaller().brand)" }
                    api.get("v1/brands/{id}") { _, context -> String in
                        guard let id = ID<Brand>(try context.parameters.require("id")) else { throw Problem.notFound() }
                        try context.requireCaller().require(brand: id)
                        return ""
                    }
                }
            ) { server in try await body(server, db, made) }
        }
    }
}
