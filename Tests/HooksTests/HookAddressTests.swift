import Foundation
import Hooks
import Kernel
import Keys
import Postgres
import TestSupport
import Testing

struct HookAddressTests {
    /// Where a hook must never go, as a URL that somebody might try; the port stands for a server that listens on loopback.
    private static let tricks = [
        "http://example.com/", "https://127.0.0.1/", "https://127.0.0.1:PORT/", "https://127.1:PORT/",
        "https://127.0.1:PORT/", "https://2130706433:PORT/", "https://0x7f000001:PORT/", "https://0x7f.1:PORT/",
        "https://0177.0.0.1:PORT/", "https://017700000001:PORT/", "https://0:PORT/", "https://0.0.0.0:PORT/",
        "https://[::1]:PORT/", "https://[::]:PORT/", "https://[::ffff:127.0.0.1]:PORT/",
        "https://[0:0:0:0:0:ffff:7f00:1]:PORT/", "https://[fe80::1]:PORT/", "https://localhost:PORT/",
        "https://LOCALHOST:PORT/", "https://localhost.:PORT/", "https://10.0.0.1/", "https://192.168.1.1/",
        "https://172.16.0.1/", "https://169.254.169.254/latest/meta-data/", "https://metadata/", "https://intranet/",
        "https://example.com@127.0.0.1:PORT/", "https://127.0.0.1:PORT#@example.com/",
        "https://example.com#@127.0.0.1:PORT/", "https://example.com\\@127.0.0.1:PORT/", "https://user:pw@example.com/",
        "https://127.0.0.1:PORT\\.example.com/", "https://example.com:22/", "https://example.com:80/",
        "https://example.com:65536/", "https://example.com:/", "https://example.com:+443/", "https://.example.com/",
        "https://example..com/", "https://-a.example.com/", "https://exa mple.com/", "https://example.com/\r\nx: y",
        "https://１２７.0.0.1/", "https://127。0。0。1/", "HTTPS://example.com/", "ftp://example.com/", "file:///etc/passwd",
        "gopher://127.0.0.1:PORT/", "//example.com/", "example.com", "https://", "https:///", "", "https://1.2.3.4.5/",
    ]

    @Test func o05_privateAddresses_areNotConnectedTo() async throws {
        try await ReceivingServer.with { server in
            for trick in Self.tricks {
                let text = trick.replacing("PORT", with: "\(server.port)")
                #expect(throws: Problem.self, "\(text)") { try HookURL(text) }
            }
            // Names that lead astray are found out when the connection would be made, whatever else they lead to.
            let astray: [[String]] = [
                ["127.0.0.1"], ["::1"], ["::ffff:127.0.0.1"], ["10.1.2.3"], ["192.168.0.1"], ["169.254.169.254"],
                ["100.100.100.200"], ["fd00::1"], ["fe80::1"], ["64:ff9b::7f00:1"], ["2002:7f00:1::"], ["0.0.0.0"],
                ["93.184.215.14", "127.0.0.1"], ["127.0.0.1", "93.184.215.14"],
            ]
            for texts in astray {
                let addresses = texts.compactMap { NetworkAddress($0) }
                #expect(addresses.count == texts.count)
                let carrier = HookHTTP(resolver: { _ in addresses })
                let url = try HookURL("https://rebound.example.com:\(server.port)/")
                let answer = try await carrier.post(HookRequest(url: url, headers: [], body: []))
                #expect(answer == .forbidden("its name leads to an address that is not public"), "\(texts)")
                try await carrier.close()
            }
            #expect(server.connections == 0)
        }
    }

    @Test(arguments: [
        "1.1.1.1", "93.184.215.14", "100.63.255.255", "100.128.0.1", "172.15.0.1", "172.32.0.1", "198.17.0.1",
        "198.20.0.1", "223.255.255.255", "2606:4700::1111", "2400:3200::1", "2a00::1",
    ])
    func address_ofSomebodyOutThere_isPublic(text: String) throws {
        let address = try #require(NetworkAddress(text))
        #expect(address.isPublic)
        #expect(address.description == text)
    }

    @Test(arguments: [
        "0.0.0.0", "10.255.255.255", "100.64.0.1", "100.127.255.255", "127.255.255.255", "169.254.0.1", "172.16.0.1",
        "172.31.255.255", "192.0.0.8", "192.0.2.1", "192.88.99.1", "192.168.255.1", "198.18.0.1", "198.19.255.255",
        "198.51.100.7", "203.0.113.9", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255", "::", "::1",
        "::ffff:8.8.8.8", "64:ff9b::808:808", "100::1", "2001::1", "2001:db8::1", "2002:808:808::1", "3fff::1",
        "fc00::1", "fdff::1", "fe80::1", "ff02::1", "4000::1",
    ])
    func address_ofSpecialUse_isNotPublic(text: String) throws {
        #expect(try !#require(NetworkAddress(text)).isPublic)
    }

    @Test func url_ofTheUsualShape_isRead() throws {
        let url = try HookURL("https://Hooks.Example.com:8443/a/b%20c?x=1&y=@2")
        #expect(url.host == "hooks.example.com")
        #expect(url.port == 8_443)
        #expect(url.text == "https://hooks.example.com:8443/a/b%20c?x=1&y=@2")
        #expect(try HookURL("https://a.example").port == 443)
        #expect(try HookURL("https://xn--fsqu00a.xn--0zwm56d/").host == "xn--fsqu00a.xn--0zwm56d")
        #expect(try !HookURL("http://127.0.0.1:8080/", allowsLocal: true).isSecure)
        #expect(throws: Problem.self) { try HookURL("http://example.com/", allowsLocal: true) }
        #expect(throws: Problem.self) { try HookURL("http://127.0.0.2:8080/", allowsLocal: true) }
        #expect(throws: Problem.self) { try HookURL("https://example.com/" + String(repeating: "a", count: 2_000)) }
    }

    @Test func post_overHTTP_arrivesWithItsHeadersAndBody() async throws {
        try await ReceivingServer.with(answering: "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nok") { server in
            let carrier = HookHTTP(allowsLocal: true)
            let url = try HookURL("http://127.0.0.1:\(server.port)/hooks?a=1", allowsLocal: true)
            let secret = HookSecret.generate()
            let body = Array(#"{"type":"thing.made"}"#.utf8)
            let seconds = Int(Date.now.timeIntervalSince1970)
            let signature = StandardWebhook.sign(id: "msg_1", timestamp: seconds, body: body, secret: secret)
            let headers = [
                (name: "webhook-id", value: "msg_1"), (name: "webhook-timestamp", value: "\(seconds)"),
                (name: "webhook-signature", value: signature), (name: "content-type", value: "application/json"),
            ]

            for _ in 0..<3 {
                #expect(
                    try await carrier.post(HookRequest(url: url, headers: headers, body: body)) == .status(200))
            }
            try await carrier.close()

            let request = try #require(server.requests.first)
            #expect(server.requests.count == 3)
            #expect(request.hasPrefix("POST /hooks?a=1 HTTP/1.1\r\n"))
            for (name, value) in headers { #expect(request.contains("\(name): \(value)\r\n")) }
            #expect(request.hasSuffix("\r\n\r\n" + String(decoding: body, as: UTF8.self)))
        }
    }

    @Test func post_connectsToTheAddressThatWasLookedAt_whateverTheNameMeansElsewhere() async throws {
        try await ReceivingServer.with(host: "127.0.0.3") { server in
            let addresses = try [#require(NetworkAddress("127.0.0.3"))]
            let carrier = HookHTTP(allowsLocal: true, resolver: { _ in addresses })
            let url = try HookURL("http://LocalHost:\(server.port)/", allowsLocal: true)
            #expect(try await carrier.post(HookRequest(url: url, headers: [], body: [])) == .status(204))
            #expect(server.requests.first?.lowercased().contains("\r\nhost: localhost:\(server.port)\r\n") == true)
            try await carrier.close()
        }
    }

    @Test func post_redirectHugeBodyOrNonsense_isAnAnswerAndNoMore() async throws {
        let carrier = HookHTTP(allowsLocal: true)
        func answer(_ text: String) async throws -> HookAnswer {
            try await ReceivingServer.with(answering: text) { server in
                let url = try HookURL("http://127.0.0.1:\(server.port)/", allowsLocal: true)
                return try await carrier.post(HookRequest(url: url, headers: [], body: []))
            }
        }
        try await ReceivingServer.with { elsewhere in
            let moved = try await answer(
                "HTTP/1.1 307 Temporary Redirect\r\nlocation: http://127.0.0.1:\(elsewhere.port)/\r\ncontent-length: 0\r\n\r\n"
            )
            #expect(moved == .status(307))
            #expect(elsewhere.connections == 0)
        }
        let huge = String(repeating: "x", count: 1 << 20)
        #expect(try await answer("HTTP/1.1 200 OK\r\ncontent-length: \(huge.count)\r\n\r\n\(huge)") == .status(200))
        let busy = try await answer("HTTP/1.1 429 Too Many\r\nretry-after: 17\r\ncontent-length: 0\r\n\r\n")
        #expect(busy == .status(429, retryAfter: 17))
        let later = try await answer(
            "HTTP/1.1 503 Away\r\nretry-after: Wed, 21 Oct 2065 07:28:00 GMT\r\ncontent-length: 0\r\n\r\n")
        #expect(later == .status(503))
        for text in ["", "nonsense\r\n\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nx"] {
            guard case .unreachable = try await answer(text) else {
                Issue.record("an answer was made of \(text.debugDescription)")
                continue
            }
        }
        try await carrier.close()
        await #expect(throws: CancellationError.self) { _ = try await answer("HTTP/1.1 200 OK\r\n\r\n") }
    }
}

struct HookRulesTests {
    @Test func outcome_followsTheStatus() {
        #expect(HookOutcome.of(.status(200)) == .delivered)
        #expect(HookOutcome.of(.status(299)) == .delivered)
        #expect(HookOutcome.of(.status(410)) == .gone)
        for status in [100, 199, 301, 302, 308, 400, 401, 403, 404, 413, 422, 499] {
            guard case .refused = HookOutcome.of(.status(status)) else {
                Issue.record("\(status) is sent again")
                continue
            }
        }
        for status in [408, 409, 425, 429, 500, 502, 503, 504, 599] {
            guard case .again(true, 0, _) = HookOutcome.of(.status(status)) else {
                Issue.record("\(status) is not sent again")
                continue
            }
        }
        guard case .again(true, 3_600, _) = HookOutcome.of(.status(503, retryAfter: .max)) else {
            Issue.record("an endpoint may ask for an hour at most")
            return
        }
    }

    @Test func breaker_opensAtTheFifthFailure_andDoublesUpToTenMinutes() {
        let now = Date(timeIntervalSince1970: 1_735_776_000)
        var breaker = HookBreaker()
        for _ in 1...4 { breaker = breaker.failed(lease: nil, at: now) }
        #expect(breaker.step(at: now) == .call)
        breaker = breaker.failed(lease: nil, at: now)
        #expect(breaker.openUntil == now + 30)
        // Calls that were under way when it opened.
        #expect(breaker.failed(lease: nil, at: now + 1) == breaker)
        #expect(breaker.step(at: now + 29) == .wait(until: now + 30))

        var at = now + 30
        var pauses: [TimeInterval] = []
        for _ in 0..<7 {
            guard case .probe(let lease) = breaker.step(at: at) else {
                Issue.record("nobody may try")
                return
            }
            breaker.openUntil = lease
            #expect(breaker.step(at: at) == .wait(until: lease))
            #expect(breaker.failed(lease: lease - 1, at: at) == breaker)
            breaker = breaker.failed(lease: lease, at: at)
            guard let until = breaker.openUntil else { return }
            pauses.append(until.timeIntervalSince(at))
            at = until
        }
        #expect(pauses == [60, 120, 240, 480, 600, 600, 600])
    }

    @Test func endpoints_refuseWhatWouldNeverBeHeard() async throws {
        try await withBrand { db, brand in
            let pool = db.pool(as: .operator)
            let keys = KeyRing.ephemeral()
            func create(
                _ name: String, _ url: String = "https://a.example/", _ events: [String] = ["thing.made"],
                brand: ID<Brand>
            ) async throws -> Bool {
                try await HookEndpoints.create(
                    name, url: url, events: events, known: Outgoing.known, brand: brand, keys: keys, on: pool) != nil
            }
            #expect(try await create("a", brand: brand))
            #expect(try await !create("a", brand: .mint()))
            await #expect(throws: Problem.self) { try await create("a", brand: brand) }
            await #expect(throws: Problem.self) { try await create("A", brand: brand) }
            await #expect(throws: Problem.self) { try await create("b", "http://a.example/", brand: brand) }
            await #expect(throws: Problem.self) { try await create("b", "https://a.example/", [], brand: brand) }
            let problem = await #expect(throws: Problem.self) {
                try await create("b", "https://a.example/", ["thing.maed"], brand: brand)
            }
            #expect(problem?.detail.contains("thing.maed") == true && problem?.detail.contains("thing.made") == true)
            for number in 1..<HookEndpoints.countMax.value {
                #expect(try await create("e\(number)", brand: brand))
            }
            await #expect(throws: Problem.self) { try await create("one-more", brand: brand) }
            #expect(
                try await HookEndpoints.change(
                    "a", url: "https://b.example/", events: nil, known: Outgoing.known, brand: brand, on: pool))
            let changed = try await HookEndpoints.list(brand: brand, on: pool).first { $0.name == "a" }
            #expect(changed?.url == "https://b.example/")
            #expect(changed?.events == ["thing.made"])
            #expect(try await !HookEndpoints.enable("nobody", brand: brand, on: pool))
            #expect(try await HookEndpoints.rotate("nobody", brand: brand, keys: keys, on: pool) == nil)
        }
    }

    @Test func services_readNoSecretThatIsNotTheirs() async throws {
        try await Outgoing.with { outgoing in
            for role in [TestRole.redeem, .gifts, .reports] {
                let fault = await #expect(throws: PostgresError.self) {
                    try await outgoing.db.pool(as: role).run(
                        Statement("SELECT sealed_secret FROM hooks.endpoint_secret") { row throws(PostgresError) in
                            try row.next([UInt8].self)
                        })
                }
                #expect(fault?.sqlState == .insufficientPrivilege)
            }
        }
    }
}
