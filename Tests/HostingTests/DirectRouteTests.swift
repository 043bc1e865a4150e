import Foundation
import HTTPTypes
import Hummingbird
import Kernel
import NIOCore
import Synchronization
import TestSupport
import Testing

@testable import Hosting

struct DirectRouteTests {
    private static let path = "v1/hooks/{source}/echoes"
    private static let bodyBytesMax = 900

    private struct Broken: Error {}

    /// What was asked for directly, and what of the router.
    private final class Asked: Sendable {
        let direct = Mutex(0)
        let router = Mutex(0)
    }

    private static func answer(_ parameter: String, _ body: ByteBuffer) async throws -> WholeAnswer {
        let text = String(buffer: body)
        switch text {
        case "refuse": throw Problem.conflict("Not now.", code: "not_active")
        case "break": throw Broken()
        case "wait":
            try await untilCancelled()
        case "pause": try await lettingPass(.milliseconds(300))
        default: break
        }
        return WholeAnswer(
            status: 200, headers: [.contentType: "text/plain"], body: ByteBuffer(string: "\(parameter):\(text)"))
    }

    private func withRoutes(
        _ limits: ServerLimits = .patient, registry: PrometheusRegistry = PrometheusRegistry(),
        _ body: (TestServer, Asked) async throws -> Void
    ) async throws {
        let asked = Asked()
        var settings = ServiceSettings(name: "test", port: 0)
        settings.environment = .development
        settings.drainGrace = .seconds(5)
        var application = ServiceApplication(settings: settings, pool: nowhere, limits: limits, openAPI: "{}") {
            router in
            router.post("\(Self.path)") { request, context in
                asked.router.withLock { $0 += 1 }
                return Response(
                    try await Self.answer(
                        context.parameters.require("source"), request.body.collect(upTo: Self.bodyBytesMax)))
            }
            router.get("v1/things/{id}") { _, context in "thing \(try context.parameters.require("id"))" }
        }
        application.checks = []
        application.directRoutes = [
            DirectRoute(post: Self.path, bodyBytesMax: Self.bodyBytesMax) { request in
                asked.direct.withLock { $0 += 1 }
                return try await Self.answer(request.parameter, request.body)
            }
        ]
        try await withRunning(application, registry: registry) { try await body($0, asked) }
    }

    private static func request(_ body: String, source: String = "shop", headers: String = "") -> String {
        "POST /v1/hooks/\(source)/echoes HTTP/1.1\r\nHost: h\r\nContent-Length: \(body.utf8.count)\r\n\(headers)\r\n\(body)"
    }

    // MARK: - Both ways

    /// Requests that go directly, and their twins that the router takes; the answers must not differ.
    @Test(arguments: ["hello", "", "refuse", "break", String(repeating: "x", count: bodyBytesMax)])
    func request_isAnsweredAlike_directlyAndByTheRouter(_ body: String) async throws {
        try await withRoutes { server, asked in
            let direct = try await server.send("POST", "/v1/hooks/shop/echoes", body: body)
            #expect(asked.direct.withLock { $0 } == 1 && asked.router.withLock { $0 } == 0)
            // A question mark in the path, and it is the router's.
            let routed = try await server.send("POST", "/v1/hooks/shop/echoes?", body: body)
            #expect(asked.direct.withLock { $0 } == 1 && asked.router.withLock { $0 } == 1)

            #expect(direct.status == routed.status)
            #expect(direct.body == routed.body)
            for header in [
                "content-type", "cache-control", "x-content-type-options", "content-length", "connection", "server",
            ] {
                #expect(direct.header(header) == routed.header(header), "\(header)")
            }
            for header in ["x-request-id", "date"] {
                #expect(direct.header(header)?.isEmpty == false && routed.header(header)?.isEmpty == false, "\(header)")
            }
        }
    }

    @Test func requestsThatDoNotQualify_areTheRouters() async throws {
        try await withRoutes { server, asked in
            let large = try await server.send(
                "POST", "/v1/hooks/shop/echoes", body: String(repeating: "x", count: Self.bodyBytesMax + 1))
            #expect(large.status == 413)
            #expect(try await server.get("/v1/hooks/shop/echoes").header("allow") == "POST")
            #expect(try await server.send("POST", "/v1/hooks/a/b/echoes", body: "x").status == 404)

            for headers in ["Transfer-Encoding: chunked", "Expect: 100-continue\r\nContent-Length: 5"] {
                let raw = try await RawConnection.open(port: server.ports.api)
                let body = headers.hasPrefix("Transfer") ? "5\r\nhello\r\n0\r\n\r\n" : "hello"
                try await raw.send("POST /v1/hooks/shop/echoes HTTP/1.1\r\nHost: h\r\n\(headers)\r\n\r\n\(body)")
                #expect(try await raw.wait { $0.received.hasSuffix("shop:hello") }, "\(raw.received)")
            }
            #expect(asked.direct.withLock { $0 } == 0)
        }
    }

    @Test(arguments: [(784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"), (0, "Thu, 01 Jan 1970 00:00:00 GMT")])
    func dates_areWrittenAsTheStandardHasThem(_ seconds: Int, _ text: String) {
        #expect(HTTPDates.text(of: Date(timeIntervalSince1970: TimeInterval(seconds))) == text)
    }

    // MARK: - Order

    @Test func pipelinedRequests_areAnsweredInTheirOrder_whoeverAnswersThem() async throws {
        try await withRoutes { server, asked in
            let raw = try await RawConnection.open(port: server.ports.api)
            let thing = "GET /v1/things/7 HTTP/1.1\r\nHost: h\r\n\r\n"
            try await raw.send(
                Self.request("pause") + Self.request("2") + thing + Self.request("4") + thing + Self.request("last"))
            #expect(try await raw.wait { $0.received.hasSuffix("shop:last") }, "\(raw.received)")

            let answers = raw.received.matches(of: /\r\n\r\n([a-z]+[ :][a-z0-9]+)/).map { String($0.1) }
            #expect(answers == ["shop:pause", "shop:2", "thing 7", "shop:4", "thing 7", "shop:last"])
            #expect(asked.direct.withLock { $0 } >= 2)

            // The connection serves on.
            try await raw.send(Self.request("again"))
            #expect(try await raw.wait { $0.received.hasSuffix("shop:again") })
        }
    }

    @Test func whatIsSentBeforeTheAnswer_waitsInTheKernel() async throws {
        try await withRoutes { server, asked in
            let raw = try await RawConnection.open(port: server.ports.api)
            try await raw.send(Self.request("pause"))
            try await lettingPass(.milliseconds(50))
            let many = 2_000
            try await raw.send(String(repeating: Self.request("x"), count: many))
            #expect(
                try await raw.wait { connection in
                    connection.received.ranges(of: "shop:x").count == many
                })
            #expect(asked.direct.withLock { $0 } == 1 + many)
        }
    }

    @Test func bodyInPieces_isPutTogether() async throws {
        try await withRoutes { server, _ in
            let raw = try await RawConnection.open(port: server.ports.api)
            for piece in Self.request("hello, world").split(every: 7) {
                try await raw.send(piece)
                try await lettingPass(.milliseconds(5))
            }
            #expect(try await raw.wait { $0.received.hasSuffix("shop:hello, world") })
        }
    }

    // MARK: - Ends

    @Test func peerThatHasSaidAll_isStillAnswered() async throws {
        try await withRoutes { server, _ in
            let raw = try await RawConnection.open(port: server.ports.api)
            try await raw.send(Self.request("pause"))
            try await raw.finishSending()
            #expect(try await raw.wait { $0.received.hasSuffix("shop:pause") }, "\(raw.received)")
            #expect(try await raw.wait { $0.isFinished })
        }
    }

    @Test func bodyThatStops_isRefusedAndReachesNoRoute() async throws {
        try await withRoutes { server, asked in
            let raw = try await RawConnection.open(port: server.ports.api)
            try await raw.send("POST /v1/hooks/shop/echoes HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nhal")
            try await raw.finishSending()
            #expect(try await raw.wait { $0.isFinished })
            #expect(raw.received.hasPrefix("HTTP/1.1 400 "), "\(raw.received)")
            #expect(asked.direct.withLock { $0 } == 0 && asked.router.withLock { $0 } == 0)
        }
    }

    @Test func connectionClose_isHeeded() async throws {
        try await withRoutes { server, _ in
            let raw = try await RawConnection.open(port: server.ports.api)
            try await raw.send(Self.request("bye", headers: "Connection: close\r\n") + Self.request("more"))
            #expect(try await raw.wait { $0.isFinished })
            #expect(raw.received.hasSuffix("shop:bye"))
            #expect(raw.received.lowercased().contains("connection: close"))
        }
    }

    @Test func garbageBehindARequest_endsTheConnectionAfterItsAnswer() async throws {
        try await withRoutes { server, _ in
            let raw = try await RawConnection.open(port: server.ports.api)
            try await raw.send(Self.request("pause") + "\u{1}\u{2}garbage\r\n\r\n")
            #expect(try await raw.wait { $0.isFinished })
            #expect(raw.received.contains("shop:pause"), "\(raw.received)")
        }
    }

    // MARK: - Time

    @Test func lateAnswer_is503AndItsTaskIsCancelled() async throws {
        try await withRoutes(.quick) { server, _ in
            let raw = try await RawConnection.open(port: server.ports.api)
            try await raw.send(Self.request("wait"))
            #expect(try await raw.wait { $0.isFinished })
            #expect(raw.received.hasPrefix("HTTP/1.1 503 "), "\(raw.received)")
            #expect(raw.received.contains("The answer took too long."))
        }
    }

    @Test func lateBody_is408() async throws {
        try await withRoutes(.quick) { server, asked in
            let raw = try await RawConnection.open(port: server.ports.api)
            try await raw.send("POST /v1/hooks/shop/echoes HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nhal")
            #expect(try await raw.wait { $0.isFinished })
            #expect(raw.received.hasPrefix("HTTP/1.1 408 "), "\(raw.received)")
            #expect(asked.direct.withLock { $0 } == 0)
        }
    }

    @Test func deadline_isThatOfEachRequest_notOfTheFirst() async throws {
        try await withRoutes(.quick) { server, _ in
            let raw = try await RawConnection.open(port: server.ports.api)
            // Longer together than a deadline, none of them late.
            for number in 1...3 {
                try await raw.send(Self.request("pause"))
                #expect(try await raw.wait { $0.received.ranges(of: "shop:pause").count == number })
            }
            #expect(raw.received.ranges(of: "503").isEmpty)
        }
    }

    @Test func drain_waitsForTheAnswer() async throws {
        try await withRoutes { server, asked in
            let raw = try await RawConnection.open(port: server.ports.api)
            try await raw.send(Self.request("pause"))
            try await eventually { asked.direct.withLock { $0 } == 1 }
            await server.stop()
            #expect(try await raw.wait { $0.isFinished })
            #expect(raw.received.hasSuffix("shop:pause"), "\(raw.received)")
            #expect(raw.received.lowercased().contains("connection: close"))
        }
    }

    @Test func peerThatIsGoneInTheMiddleOfItsBody_isNoActiveRequest() async throws {
        try await withRoutes { server, asked in
            func active() async throws -> String? {
                try await server.get("\(server.admin)/metrics").body.split(separator: "\n")
                    .first { $0.hasPrefix("http_server_active_requests ") }.map(String.init)
            }
            let raw = try await RawConnection.open(port: server.ports.api)
            try await raw.send("POST /v1/hooks/shop/echoes HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nhal")
            try await eventually { try await active()?.contains(" 1") == true }
            try await raw.reset()
            try await eventually { try await active()?.contains(" 0") == true }
            #expect(asked.direct.withLock { $0 } == 0)
        }
    }

    @Test func requests_areMeasuredUnderTheirRoute() async throws {
        let registry = PrometheusRegistry()
        try await withRoutes(registry: registry) { server, _ in
            _ = try await server.send("POST", "/v1/hooks/shop/echoes", body: "x")
            _ = try await server.send("POST", "/v1/hooks/other/echoes", body: "refuse")

            let text = try await server.get("\(server.admin)/metrics").body
            for status in [200, 409] {
                let line = text.split(separator: "\n").first {
                    $0.contains("http_server_request_duration") && $0.contains("_count")
                        && $0.contains("http_route=\"/v1/hooks/{source}/echoes\"") && $0.contains("\"\(status)\"")
                }
                #expect(line?.hasSuffix(" 1") == true, "\(status): \(line ?? "none")")
            }
            let active = text.split(separator: "\n").first { $0.hasPrefix("http_server_active_requests ") }
            #expect(active?.hasSuffix(" 0") == true || active?.hasSuffix(" 0.0") == true, "\(active ?? "none")")
        }
    }
}

extension String {
    fileprivate func split(every count: Int) -> [String] {
        stride(from: 0, to: self.count, by: count).map { String(dropFirst($0).prefix(count)) }
    }
}
