import AsyncHTTPClient
import Foundation
import Gifting
import Kernel
import NIOCore
import NIOHTTP1
import Orders
import Postgres
import TestSupport
import Testing

/// The recipient's page over HTTP, with the stand-in saying who opens it.
@Suite struct GiftPageTests {
    /// A gift that was sent, and its page.
    private struct Sent {
        let pair: GiftsBundle.Pair
        let path: String
    }

    private static func serve(_ body: (GiftsBundle, SandboxServer) async throws -> Void) async throws {
        try await SandboxServer.serve { sandbox in
            try await GiftsBundle.serve { bundle in
                let base = "http://127.0.0.1:\(sandbox.port)"
                let app = WebApp(
                    appid: "wx-page", secret: "sandbox", pageBase: "http://127.0.0.1:\(bundle.port)",
                    authorizeBase: base, apiBase: base)
                try await bundle.db.pool(as: .operator).transaction { tx in
                    try await WebApps.set(app, brand: bundle.brand, keys: bundle.keys, on: tx)
                }
                try await body(bundle, sandbox)
            }
        }
    }

    private func send(_ name: String, fen: Int64 = 10_000, _ bundle: GiftsBundle) async throws -> Sent {
        let tea = try await bundle.product("tea-\(name)", fen: fen)
        let pair = try await bundle.begin(name, tea[0])
        #expect(try await bundle.get(pair.view(of: pair.sender)).json["page"] == nil)
        try await bundle.pay(pair, fen: fen)
        let view = try await bundle.get(pair.view(of: pair.sender)).json
        return Sent(pair: pair, path: try #require(view["page"] as? String))
    }

    private static let address = [
        "name": "Li Lei", "phone": "13800000000", "province": "Zhejiang", "city": "Hangzhou", "district": "Xihu",
        "detail": "1 Lake Road",
    ]

    @Test func g05_recipientOpensChoosesAndTakes_onThePageAlone() async throws {
        try await Self.serve { bundle, sandbox in
            let sent = try await send("1", bundle)
            try await sandbox.send("PUT", "/sandbox/visitor", ["openid": sent.pair.recipient])
            let phone = Browser(bundle.port)

            let wrapped = try await phone.get(sent.path + "?lang=en")
            #expect(wrapped.status == 200 && wrapped.hops == 3, "\(wrapped.body)")
            #expect(wrapped.body.contains("Somebody has a gift for you") && wrapped.body.contains("Enjoy!"))
            #expect(!wrapped.body.contains("b-blue"), "what it is shows once it is unwrapped")
            let policy = try #require(wrapped.header("content-security-policy"))
            #expect(policy.contains("default-src 'none'") && !policy.contains("unsafe"))
            #expect(wrapped.header("cache-control") == "no-store" && wrapped.header("referrer-policy") == "no-referrer")
            for cookie in phone.set { #expect(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax")) }

            let opened = try await phone.submit("open", on: wrapped)
            #expect(opened.status == 200 && opened.body.contains("Choose yours"), "\(opened.body)")
            let choices = opened.body.matches(of: /value="([0-9a-f-]{36})"/).map { String($0.1) }
            #expect(choices.count == 2)
            let early = try await phone.submit("accept", on: opened, ["variant": choices[1]])
            #expect(early.status == 422 && early.body.contains("Fill in where it goes first"))
            let broken = try await phone.submit(
                "accept", on: opened, Self.address.merging(["variant": choices[1], "city": " "]) { $1 })
            // What was typed is not lost; nothing of it was kept, the other variant included.
            #expect(broken.status == 422 && broken.body.contains("value=\"1 Lake Road\""))
            #expect(try await bundle.count("SELECT count(*) FROM vault.address") == 0)
            #expect(try await bundle.count("SELECT count(*) FROM gifting.swap") == 0)

            let taken = try await phone.submit(
                "accept", on: broken, Self.address.merging(["variant": choices[1]]) { $1 })
            #expect(taken.status == 200 && taken.body.contains("It is yours") && taken.body.contains("b-blue"))
            #expect(!taken.body.contains("Lake Road"), "what was kept is never shown")
            #expect(try await phone.submit("accept", on: opened, ["variant": choices[0]]).body.contains("It is yours"))
            #expect(try await bundle.count("SELECT count(*) FROM gifting.outcome WHERE outcome = 'accepted'") == 1)
            #expect(!bundle.logs.text.contains(sent.path) && !bundle.logs.text.contains("sandbox-secret"))
        }
    }

    @Test func g01_linkAlone_givesNothingToAnybodyElse() async throws {
        try await Self.serve { bundle, sandbox in
            let sent = try await send("1", bundle)
            var bodies: Set<String> = []
            for openID in [sent.pair.sender, "stranger"] {
                try await sandbox.send("PUT", "/sandbox/visitor", ["openid": openID])
                let page = try await Browser(bundle.port).get(sent.path + "?lang=en")
                #expect(page.status == 403)
                bodies.insert(page.body)
            }
            // Not signed by us: no page, and WeChat is not asked.
            for path in ["/g/x", sent.path.dropLast() + "_", "/g/" + String(repeating: "A", count: 86)] {
                let forged = try await Browser(bundle.port).get("\(path)?lang=en")
                #expect(forged.status == 403 && forged.hops == 0)
                bodies.insert(forged.body)
            }
            #expect(bodies.count == 1)
            #expect(bodies.allSatisfy { !$0.contains("Tea") && !$0.contains("Main") && !$0.contains("Enjoy") })
        }
    }

    @Test func forms_withoutTheVisitsOwnToken_changeNothing() async throws {
        try await Self.serve { bundle, sandbox in
            let (one, other) = (try await send("1", bundle), try await send("2", bundle))
            try await sandbox.send("PUT", "/sandbox/visitor", ["openid": one.pair.recipient])
            let phone = Browser(bundle.port)
            _ = try await phone.get(one.path)
            for token in ["", "x", String(repeating: "A", count: 43)] {
                let page = try await phone.post("\(one.path)/decline?lang=en", ["csrf": token])
                #expect(page.status == 422 && page.body.contains("had expired"))
            }
            #expect(try await phone.post("\(one.path)/open?lang=en", [:]).status == 422)
            // Nobody visits by a cookie of another gift, or by none; and no form leads to WeChat.
            let cookies = phone.cookies
            let stranger = Browser(bundle.port)
            #expect(try await stranger.post("\(one.path)/open", ["csrf": "x"]).status == 401)
            stranger.cookies = cookies
            #expect(try await stranger.post("\(other.path)/open", ["csrf": "x"]).status == 401)
            // A code that another browser was sent away for makes nobody a visitor.
            let lured = try await Browser(bundle.port).get("\(one.path)?code=abc&state=def&lang=en")
            #expect(lured.status == 403 && lured.hops == 0 && lured.body.contains("We could not tell who you are"))
            #expect(try await bundle.count("SELECT count(*) FROM gifting.gift WHERE state = 'sent'") == 2)
        }
    }

    @Test func page_declinedAndTooLate_sayThatTheGiverIsRefunded() async throws {
        try await Self.serve { bundle, sandbox in
            let (back, left) = (try await send("1", bundle), try await send("2", bundle))
            try await sandbox.send("PUT", "/sandbox/visitor", ["openid": back.pair.recipient])
            let phone = Browser(bundle.port)
            let declined = try await phone.submit("decline", on: try await phone.get(back.path + "?lang=en"))
            #expect(declined.body.contains("It went back") && declined.body.contains("is refunded"))
            try await sandbox.send("PUT", "/sandbox/visitor", ["openid": left.pair.recipient])
            let wrapped = try await phone.get(left.path, language: "en-GB,en;q=0.8")
            try await bundle.advance(86_401)
            let late = try await phone.submit("open", on: wrapped)
            #expect(late.status == 422 || late.body.contains("The time is over"), "\(late.body)")
            try await bundle.reaches("expired", left.pair)
            #expect(try await phone.get(left.path).body.contains("礼物已过期"))
        }
    }

    @Test func g08_pagesOfGiftsThatDifferInPriceAlone_areTheSame() async throws {
        try await Self.serve { bundle, sandbox in
            var heard: [[String]] = []
            for (name, fen) in [("cheap", Int64(100)), ("dear", 987_654)] {
                let sent = try await send(name, fen: fen, bundle)
                try await sandbox.send("PUT", "/sandbox/visitor", ["openid": sent.pair.recipient])
                let phone = Browser(bundle.port)
                var pages = [try await phone.get(sent.path + "?lang=en")]
                pages.append(try await phone.submit("open", on: pages[0]))
                pages.append(try await phone.submit("accept", on: pages[1], ["variant": "\(ID<Variant>.mint())"]))
                pages.append(try await phone.submit("accept", on: pages[1], Self.address))
                heard.append(
                    pages.map { page in
                        page.body.replacing(/\/g\/[A-Za-z0-9_-]{86}/, with: "/g/<token>")
                            .replacing(/name="csrf" value="[^"]*"/, with: "<csrf>")
                            .replacing(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/, with: "<id>")
                            .replacing(/datetime="[^"]*">[^<]*/, with: "<time>")
                            .replacing(/data-left="[0-9]*"/, with: "<left>")
                    })
                for page in pages {
                    for word in ["fen", "987654", "9876.54", "9,876", "price", "¥", "yuan"] {
                        #expect(!page.body.contains(word), "the page says \(word)")
                    }
                }
            }
            #expect(heard[0] == heard[1] && heard[0].count == 4)
            #expect(heard[0].last?.contains("It is yours") == true)
        }
    }
}

/// A phone's browser, as far as this page needs one: cookies, redirects and forms.
final class Browser {
    struct Page {
        let path: String
        let status: Int
        let headers: [(String, String)]
        let body: String
        /// How many redirects led here.
        let hops: Int

        func header(_ name: String) -> String? { headers.first { $0.0 == name }?.1 }
    }

    private let port: Int
    /// By the path they are for, and their name.
    var cookies: [String: [String: String]] = [:]
    /// Every cookie as it was set.
    private(set) var set: [String] = []

    init(_ port: Int) { self.port = port }

    func get(_ path: String, language: String? = nil) async throws -> Page {
        try await load("GET", "http://127.0.0.1:\(port)\(path)", nil, language)
    }

    func post(_ path: String, _ form: [String: String]) async throws -> Page {
        try await load("POST", "http://127.0.0.1:\(port)\(path)", form, nil)
    }

    /// Sends one of a page's forms, with what is hidden in it.
    func submit(_ act: String, on page: Page, _ fields: [String: String] = [:]) async throws -> Page {
        let form = try #require(page.body.firstMatch(of: try Regex("action=\"([^\"]*/\(act)[^\"]*)\"")))
        let token = try #require(page.body.firstMatch(of: /name="csrf" value="([^"]*)"/)).1
        let action = try #require(form.output[1].substring)
        return try await post(
            String(action).replacing("&amp;", with: "&"), fields.merging(["csrf": String(token)]) { $1 })
    }

    private func load(
        _ method: String, _ url: String, _ form: [String: String]?, _ language: String?, hops: Int = 0
    ) async throws -> Page {
        let place = try #require(URL(string: url))
        var request = HTTPClientRequest(url: url)
        request.method = .init(rawValue: method)
        let own = place.port == port
        let kept = cookies.filter { own && place.path().hasPrefix($0.key) }.values.flatMap(\.self)
        if !kept.isEmpty {
            request.headers.add(name: "Cookie", value: kept.map { "\($0.key)=\($0.value)" }.joined(separator: "; "))
        }
        if let language { request.headers.add(name: "Accept-Language", value: language) }
        if let form {
            request.headers.add(name: "Content-Type", value: "application/x-www-form-urlencoded")
            let body = form.map { "\($0)=\(Self.escaped($1))" }.joined(separator: "&")
            request.body = .bytes(ByteBuffer(string: body))
        }
        let response = try await Self.client.execute(request, timeout: .seconds(20))
        for cookie in response.headers["Set-Cookie"] where own {
            set.append(cookie)
            let parts = cookie.split(separator: ";").map { $0.drop { $0 == " " } }
            let pair = parts[0].split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            let path = parts.first { $0.lowercased().hasPrefix("path=") }.map { String($0.dropFirst(5)) } ?? "/"
            cookies[path, default: [:]][pair[0]] = parts.contains { $0.lowercased() == "max-age=0" } ? nil : pair[1]
        }
        if let next = response.headers.first(name: "Location"), hops < 6 {
            let target = next.hasPrefix("/") ? "http://127.0.0.1:\(port)\(next)" : next
            return try await load(
                "GET", String(target.prefix { $0 != "#" }), nil, language, hops: hops + (form == nil ? 1 : 0))
        }
        return Page(
            path: place.path(), status: Int(response.status.code),
            headers: response.headers.map { ($0.name.lowercased(), $0.value) },
            body: String(buffer: try await response.body.collect(upTo: 1 << 20)), hops: hops)
    }

    private static func escaped(_ text: String) -> String {
        text.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
    }

    private static let client = HTTPClient(
        eventLoopGroupProvider: .singleton, configuration: .init(redirectConfiguration: .disallow))
}
