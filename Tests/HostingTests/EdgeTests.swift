import Foundation
import HTTPTypes
import Hummingbird
import Kernel
import NIOCore
import Synchronization
import TestSupport
import Testing

@testable import Hosting

struct EdgeTests {
    private struct Secret: Error, CustomStringConvertible {
        var description: String { "SELECT openid FROM person" }
    }

    private static func routes(_ router: Router<SiyuRequestContext>) {
        router.get("v1/things/{id}") { _, context in "thing \(try context.parameters.require("id"))" }
        router.post("v1/things/{id}") { request, _ in
            try request.require(contentType: "application/json", "text/csv")
            return "\(try await request.body.collect(upTo: .max).readableBytes) bytes"
        }
        router.get("refused") { _, _ -> String in throw Problem.conflict("Not now.", code: "not_active") }
        router.get("broken") { _, _ -> String in throw Secret() }
        router.get("slow") { _, _ in
            try await untilCancelled()
            return "late"
        }
        router.get("large") { _, _ in String(repeating: "x", count: 20 << 20) }
        router.post("upload") { request, _ in
            var count = 0
            for try await chunk in request.body { count += chunk.readableBytes }
            return "\(count) bytes"
        }
    }

    private func withRoutes(
        _ limits: ServerLimits = .patient, _ body: (TestServer) async throws -> Void
    ) async throws {
        var limits = limits
        limits.exceptions = ["/upload": RequestLimits(bodyBytesMax: 3 << 20, deadline: .seconds(60))]
        try await withServer(limits: limits, addRoutes: Self.routes, body)
    }

    // MARK: - Problems

    @Test func refusals_areProblemDocuments() async throws {
        try await withRoutes { server in
            let unknown = try await server.get("/nothing")
            #expect(unknown.status == 404)
            #expect(unknown.problemCode == "not_found")

            let method = try await server.send("DELETE", "/v1/things/7")
            #expect(method.status == 405)
            #expect(method.problemCode == "method_not_allowed")
            #expect(method.header("allow") == "GET, HEAD, POST")

            let media = try await server.send(
                "POST", "/v1/things/7", headers: ["content-type": "image/png"], body: "x")
            #expect(media.status == 415)
            #expect(media.problemCode == "unsupported_media_type")

            let refused = try await server.get("/refused")
            #expect(refused.status == 409)
            #expect(refused.problemCode == "not_active")
        }
    }

    @Test func unforeseenError_saysNothingOfItself() async throws {
        try await withRoutes { server in
            let answer = try await server.get("/broken")

            #expect(answer.status == 500)
            #expect(answer.problemCode == "internal_error")
            #expect(!answer.body.contains("SELECT"))
            #expect(!answer.body.contains("Secret"))
        }
    }

    @Test func answers_carryRequestIDAndNoSniff() async throws {
        try await withRoutes { server in
            let answer = try await server.get("/v1/things/7")

            #expect(answer.body == "thing 7")
            #expect(answer.header("x-request-id")?.isEmpty == false)
            #expect(answer.header("x-content-type-options") == "nosniff")
            #expect(answer.header("server") == nil)
        }
    }

    // MARK: - Bodies

    @Test func body_overItsLimit_is413DeclaredOrNot() async throws {
        try await withRoutes { server in
            let declared = try await server.send(
                "POST", "/v1/things/7", headers: ["content-type": "text/csv"],
                body: String(repeating: "x", count: 1_001))
            #expect(declared.status == 413)
            #expect(declared.problemCode == "content_too_large")

            let raw = try await RawConnection.open(port: server.ports.api)
            try await raw.send(
                "POST /v1/things/7 HTTP/1.1\r\nHost: h\r\nContent-Type: text/csv\r\nTransfer-Encoding: chunked\r\n\r\n")
            try await raw.send("3e8\r\n\(String(repeating: "x", count: 1_000))\r\n1\r\nx\r\n")
            #expect(try await raw.wait { $0.received.contains("content_too_large") })
            #expect(raw.received.hasPrefix("HTTP/1.1 413 "))

            let exact = try await server.send(
                "POST", "/v1/things/7", headers: ["content-type": "text/csv; charset=utf-8"],
                body: String(repeating: "x", count: 1_000))
            #expect(exact.body == "1000 bytes")
        }
    }

    @Test func upload_withItsOwnLimit_isStreamed() async throws {
        try await withRoutes { server in
            let answer = try await server.send("POST", "/upload", body: String(repeating: "x", count: 2 << 20))

            #expect(answer.body == "\(2 << 20) bytes")
        }
    }

    @Test func upload_cutShort_isNotTakenForAShorterFile() async throws {
        let seen = Mutex<String?>(nil)
        try await withServer(
            addRoutes: { router in
                router.post("file") { request, _ in
                    do {
                        for try await _ in request.body {}
                        seen.withLock { $0 = "whole" }
                    } catch {
                        seen.withLock { $0 = "cut" }
                        throw error
                    }
                    return ""
                }
            }
        ) { server in
            for header in ["Content-Length: 100", "Transfer-Encoding: chunked"] {
                seen.withLock { $0 = nil }
                let raw = try await RawConnection.open(port: server.ports.api)
                try await raw.send("POST /file HTTP/1.1\r\nHost: h\r\n\(header)\r\n\r\n5\r\nabc\r\n")
                try await lettingPass(.milliseconds(50))
                raw.close()
                #expect(try await raw.wait { _ in seen.withLock { $0 != nil } })
                #expect(seen.withLock { $0 } == "cut")
            }
        }
    }

    // MARK: - Time

    @Test func slowHandler_isAnswered503AndTheConnectionEnds() async throws {
        try await withRoutes(.quick) { server in
            let start = ContinuousClock.now
            let answer = try await server.get("/slow")

            #expect(answer.status == 503)
            #expect(answer.problemCode == "unavailable")
            #expect(start.duration(to: .now) < soon)
        }
    }

    @Test func slowBody_isAnswered408AndCutOff() async throws {
        try await withRoutes(.quick) { server in
            let raw = try await RawConnection.open(port: server.ports.api)
            try await raw.send(
                "POST /v1/things/7 HTTP/1.1\r\nHost: h\r\nContent-Type: text/csv\r\nContent-Length: 900\r\n\r\n")

            let duration = try #require(try await raw.dribble())

            #expect(raw.received.hasPrefix("HTTP/1.1 408 "))
            #expect(raw.received.contains("request_timeout"))
            #expect(duration > .milliseconds(450))
            #expect(duration < soon)
        }
    }

    @Test func halfAHeader_isCutOffHoweverItDribbles() async throws {
        try await withRoutes(.quick) { server in
            let silent = try await RawConnection.open(port: server.ports.api)
            try await silent.send("GET /v1/things/7 HTTP/1.1\r\nX-Half: ")
            let dribbling = try await RawConnection.open(port: server.ports.api)
            try await dribbling.send("GET /v1/things/7 HTTP/1.1\r\nX-Half: ")

            let duration = try #require(try await dribbling.dribble())

            #expect(duration < soon)
            #expect(try await silent.wait { $0.isFinished })
        }
    }

    @Test func firstHeader_isWholeByItsDeadline_howeverMuchTimeIdlersHave() async throws {
        var limits = ServerLimits.patient
        limits.headerDeadline = .milliseconds(500)
        limits.idle = .seconds(120)
        try await withRoutes(limits) { server in
            let raw = try await RawConnection.open(port: server.ports.api)
            try await raw.send("GET /v1/things/7 HTTP/1.1\r\nX-Half: ")
            let silent = try await RawConnection.open(port: server.ports.api)

            let duration = try #require(try await raw.dribble())

            #expect(duration > .milliseconds(450) && duration < soon)
            #expect(try await silent.wait { $0.isFinished })
        }
    }

    @Test func nextHeader_isWholeBeforeTheIdleTimeIsOver() async throws {
        try await withRoutes(.quick) { server in
            let raw = try await RawConnection.open(port: server.ports.api)
            try await raw.send("GET /v1/things/7 HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(try await raw.wait { $0.received.hasSuffix("thing 7") })
            try await raw.send("GET /v1/things/8 HTTP/1.1\r\nX-Half: ")

            let duration = try #require(try await raw.dribble())

            #expect(duration > .milliseconds(800) && duration < soon)
            #expect(!raw.received.contains("thing 8"))
        }
    }

    @Test func handlerThatIgnoresCancellation_doesNotKeepTheConnection() async throws {
        let release = TestSignal<Void>()
        try await withServer(
            limits: .quick,
            addRoutes: { router in
                router.get("deaf") { _, _ in
                    try await Task { try await release.wait(limit: .seconds(60)) }.value
                    return "late"
                }
            }
        ) { server in
            let raw = try await RawConnection.open(port: server.ports.api)
            try await raw.send("GET /deaf HTTP/1.1\r\nHost: h\r\n\r\n")

            #expect(try await raw.wait { $0.isFinished })
            #expect(raw.received.isEmpty)
            release.send()
        }
    }

    @Test func peerThatDoesNotReadItsAnswer_isCutOff() async throws {
        try await withRoutes(.quick) { server in
            let raw = try await RawConnection.open(port: server.ports.api, reads: false)

            let start = ContinuousClock.now
            try await raw.send("GET /large HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(try await raw.dribble() != nil)

            #expect(start.duration(to: .now) > .milliseconds(500))
        }
    }

    @Test func connections_beyondTheLimit_waitForAPlace() async throws {
        var limits = ServerLimits.patient
        limits.connectionsMax = 2
        try await withServer(limits: limits, addRoutes: Self.routes) { server in
            let first = try await RawConnection.open(port: server.ports.api)
            let second = try await RawConnection.open(port: server.ports.api)
            let third = try await RawConnection.open(port: server.ports.api)
            try await third.send("GET /v1/things/3 HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(try await !third.wait(timeout: .milliseconds(200)) { !$0.received.isEmpty })

            first.close()

            #expect(try await third.wait { $0.received.hasSuffix("thing 3") })
            second.close()
        }
    }

    @Test func idleConnection_isClosed() async throws {
        try await withRoutes(.quick) { server in
            let raw = try await RawConnection.open(port: server.ports.api)
            try await raw.send("GET /v1/things/7 HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(try await raw.wait { $0.received.contains("thing 7") })

            #expect(try await raw.wait { $0.isFinished })
        }
    }

    @Test func refusedUpload_isNotReadToItsEnd() async throws {
        try await withRoutes(.quick) { server in
            let raw = try await RawConnection.open(port: server.ports.api)
            try await raw.send("POST /v1/things/7 HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000000\r\n\r\n")
            #expect(try await raw.wait { $0.received.contains("content_too_large") })

            let duration = try #require(try await raw.dribble())

            #expect(duration < soon)
        }
    }

    @Test func connection_afterTimelyRequests_staysUsable() async throws {
        var limits = ServerLimits.patient
        limits.standard.deadline = .seconds(3)
        try await withRoutes(limits) { server in
            let raw = try await RawConnection.open(port: server.ports.api)
            // Longer in all than the deadline and the linger of one request.
            for id in 1...8 {
                try await raw.send("GET /v1/things/\(id) HTTP/1.1\r\nHost: h\r\n\r\n")
                #expect(try await raw.wait { $0.received.hasSuffix("thing \(id)") })
                try await lettingPass(.milliseconds(700))
            }
        }
    }

    @Test func pipelinedRequests_areAllAnswered() async throws {
        try await withRoutes { server in
            let raw = try await RawConnection.open(port: server.ports.api)
            try await raw.send(
                (1...20).map { "GET /v1/things/\($0) HTTP/1.1\r\nHost: h\r\n\r\n" }.joined())

            #expect(try await raw.wait { $0.received.hasSuffix("thing 20") })
        }
    }

    // MARK: - Headers

    @Test func header_tooLarge_is431() async throws {
        try await withRoutes { server in
            for header in [
                "X-Big: \(String(repeating: "x", count: 20_000))",
                (0..<3).map { "X-\($0): \(String(repeating: "x", count: 15_000))" }.joined(separator: "\r\n"),
                (0..<200).map { "X-\($0): 1" }.joined(separator: "\r\n"),
            ] {
                let raw = try await RawConnection.open(port: server.ports.api)
                try await raw.send("GET /v1/things/7 HTTP/1.1\r\nHost: h\r\n\(header)\r\n\r\n")
                #expect(try await raw.wait { $0.received.contains("header_too_large") })
                #expect(raw.received.hasPrefix("HTTP/1.1 431 "))
                #expect(try await raw.wait { $0.isFinished })
            }
        }
    }

    @Test(arguments: [
        "nonsense\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "GET /\u{0} HTTP/1.1\r\nHost: h\r\n\r\n", "\u{16}\u{3}\u{1}\u{2}",
    ])
    func garbage_isAnswered400OrCutOff(bytes: String) async throws {
        try await withRoutes { server in
            let raw = try await RawConnection.open(port: server.ports.api)
            try await raw.send(bytes)

            #expect(try await raw.wait { $0.isFinished })
            #expect(raw.received.isEmpty || raw.received.hasPrefix("HTTP/1.1 400 "))
            #expect(try await server.get("/v1/things/7").status == 200)
        }
    }
}
