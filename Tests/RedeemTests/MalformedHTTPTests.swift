import Codes
import Foundation
import Kernel
import TestSupport
import Testing

/// Bytes that are no HTTP, or HTTP that two servers read in two ways: refused, and nobody else is hurt.
///
/// `SIYU_CHAOS=full` sends twenty thousand mutations of the corpus instead of two hundred.
@Suite struct MalformedHTTPTests {
    private struct Shape: Sendable {
        let name: String
        let bytes: [UInt8]
        /// What may be answered; nothing at all, and a closed connection, always may.
        let statuses: Set<Int>
        /// A second answer would be one to something that was smuggled in.
        var answersMax = 1

        init(_ name: String, _ text: String, _ statuses: Set<Int> = [400], answersMax: Int = 1) {
            self.init(name, bytes: Array(text.utf8), statuses, answersMax: answersMax)
        }

        init(_ name: String, bytes: [UInt8], _ statuses: Set<Int> = [400], answersMax: Int = 1) {
            self.name = name
            self.bytes = bytes
            self.statuses = statuses
            self.answersMax = answersMax
        }
    }

    @Test func malformedHTTP_isRefused_andHonestScansAreServed() async throws {
        try await RedeemBundle.serve { bundle in
            let results = try await withThrowingTaskGroup(of: (Shape, RawExchange).self) { group in
                for shape in Self.corpus {
                    group.addTask { (shape, try await RawExchange.send(shape.bytes, to: bundle.port)) }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            for (shape, exchange) in results {
                #expect(exchange.statuses.count <= shape.answersMax, "\(shape.name): \(exchange.statuses)")
                #expect(exchange.statuses.allSatisfy(shape.statuses.contains), "\(shape.name): \(exchange.statuses)")
                #expect(!exchange.statuses.isEmpty || exchange.wasClosed, "\(shape.name) was left waiting")
            }
            // Nothing that was smuggled was done, and whoever comes next is served.
            #expect(try await bundle.count("codes.redemption") == 0)
            #expect(try await bundle.scan(bundle.code(1), by: "honest").status == 200)

            // The same in a body that is signed.
            for body in [
                String(repeating: "[", count: 60_000), String(repeating: #"{"code":"#, count: 7_000),
                #"{"code":1e999999999,"openid":"p"}"#, "{\"code\":\"\u{0}\",\"openid\":", "\u{FEFF}{}", "",
                #"{"code":"\ud800","openid":"p"}"#,
            ] { #expect(try await bundle.send(body).status == 400, "\(body.prefix(40))") }
        }
    }

    @Test func mutationsOfTheCorpus_crashNothing() async throws {
        let isFull = ProcessInfo.processInfo.environment["SIYU_CHAOS"] == "full"
        let seed = UInt64.random(in: 0...UInt64.max)
        try await RedeemBundle.serve { bundle in
            var mutants = Mutants(state: seed)
            let seeds = Self.corpus.map(\.bytes) + Self.honest(bundle)
            var statuses: [Int: Int] = [:]
            for _ in 0..<(isFull ? 200 : 2) {
                let sent = (0..<100).map { _ in mutants.mutant(of: seeds) }
                let exchanges = try await withThrowingTaskGroup(of: RawExchange.self) { group in
                    for bytes in sent {
                        group.addTask {
                            try await RawExchange.send(
                                bytes, to: bundle.port, quiet: .milliseconds(50), atMost: .milliseconds(400))
                        }
                    }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                for status in exchanges.flatMap(\.statuses) { statuses[status, default: 0] += 1 }
                #expect(try await bundle.scan(bundle.code(2), by: "honest").status == 200, "seed \(seed)")
            }
            print("Answers to mutants: \(statuses.sorted { $0.key < $1.key })")
            #expect(statuses.keys.allSatisfy { $0 < 500 || $0 == 503 }, "seed \(seed): \(statuses)")
        }
    }

    private static func honest(_ bundle: RedeemBundle) -> [[UInt8]] {
        let code = bundle.code(3)
        return [
            "GET /c/\(code)?lang=en HTTP/1.1\r\nHost: h\r\nAccept-Language: zh\r\n\r\n",
            "GET /01/06901234567892/21/\(code)?linkType=linkset HTTP/1.1\r\nHost: h\r\n\r\n",
            "POST \(path) HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nwebhook-id: a\r\n\r\n{}",
            "POST \(path) HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        ].map { Array($0.utf8) }
    }

    private static let path = "/v1/hooks/\(RedeemBundle.source)/scans"
    private static let smuggled = "GET /c/smuggled HTTP/1.1\r\nHost: h\r\n\r\n"
    private static let refused: Set<Int> = [400, 401, 404, 405, 411, 413, 414, 431, 501, 505]

    private static func post(_ headers: String, _ body: String = "") -> String {
        "POST \(path) HTTP/1.1\r\nHost: h\r\n\(headers)\r\n\r\n\(body)"
    }

    private static func get(_ target: String, _ headers: String = "") -> String {
        "GET \(target) HTTP/1.1\r\nHost: h\r\n\(headers)\r\n"
    }

    private static let corpus: [Shape] = [lengths, codings, chunks, heads, values, targets, protocols, pipelines]
        .flatMap { $0 }

    /// Two servers that disagree where a body ends see two different next requests.
    private static let lengths: [Shape] = [
        Shape("length and chunks", post("Content-Length: 6\r\nTransfer-Encoding: chunked", "0\r\n\r\n\(smuggled)")),
        Shape("chunks and length", post("Transfer-Encoding: chunked\r\nContent-Length: 4", "0\r\n\r\n\(smuggled)")),
        Shape("two lengths", post("Content-Length: 0\r\nContent-Length: 40", smuggled)),
        Shape("length list", post("Content-Length: 0, 40", smuggled)),
        Shape("length -1", post("Content-Length: -1", smuggled)),
        Shape("length +1", post("Content-Length: +1", "x\(smuggled)")),
        Shape("length hex", post("Content-Length: 0x10", smuggled)),
        Shape("length with a gap", post("Content-Length: 1 1", smuggled)),
        Shape("length beyond 64 bits", post("Content-Length: 99999999999999999999999", "x"), [400, 413]),
        Shape("length of 2^63 - 1", post("Content-Length: 9223372036854775807", "x"), [400, 413]),
        Shape("no length", post("Content-Length:", smuggled)),
        Shape("space before the colon", post("Content-Length : 0\r\nX: y", smuggled)),
    ]

    private static let codings: [Shape] = [
        ("unknown", "Transfer-Encoding: xchunked"), ("chunked is not last", "Transfer-Encoding: chunked, identity"),
        ("two lines", "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity"),
        ("vertical tab", "Transfer-Encoding:\tchunked\u{0B}"),
        ("space before the colon", "Transfer-Encoding : chunked"),
    ].map { name, header in Shape("coding: \(name)", post(header, "0\r\n\r\n\(smuggled)"), [400, 501]) }

    private static let chunks: [Shape] = [
        ("too large", "FFFFFFFFFFFFFFFFF\r\nx"), ("as large as can be", "7FFFFFFFFFFFFFFF\r\nx"),
        ("negative", "-1\r\nx\r\n0\r\n\r\n"), ("hex prefix", "0x1\r\nx\r\n0\r\n\r\n"),
        ("no digit", "G\r\nx\r\n0\r\n\r\n"), ("longer than said", "1\r\nxx\r\n0\r\n\r\n"),
        ("bare LF", "1\nx\n0\n\n"), ("NUL in an extension", "1;a=\u{0}\r\nx\r\n0\r\n\r\n"),
        ("long extension", "1;a=\(long)\r\nx\r\n0\r\n\r\n"), ("long trailer", "0\r\nX: \(long)\r\n\r\n"),
        ("space", "1 \r\nx\r\n0\r\n\r\n"),
    ].map { name, body in Shape("chunk: \(name)", post("Transfer-Encoding: chunked", body), [400, 401, 408, 413, 431]) }

    private static let long = String(repeating: "b", count: 100_000)

    private static let heads: [Shape] = [
        Shape("obs-fold of a length", post("X-A: b\r\n Content-Length: 40", smuggled), [400, 401, 404], answersMax: 2),
        Shape("bare LF", "GET /c/x HTTP/1.1\nHost: h\n\n", [400, 404]),
        Shape("NUL in the target", get("/c/\u{0}x")),
        Shape("no host", "GET /c/x HTTP/1.1\r\n\r\n", [400, 404]),
        Shape("bytes that are no UTF-8", bytes: raw("GET /c/x HTTP/1.1\r\nHost: h\r\nX-A: ", "\r\n\r\n"), [400, 404]),
    ]

    private static let values: [Shape] = [
        ("obs-fold", "X-A: b\r\n c"), ("bare CR", "X-A: b\rX-B: c"), ("NUL in a value", "X-A: b\u{0}c"),
        ("NUL in a name", "X\u{0}A: b"), ("DEL in a value", "X-A: \u{7F}"), ("100 KB", "X-A: \(long)"),
        ("a name of 100 KB", "\(long): b"), ("no colon", "nonsense"), ("no name", ": b"), ("two hosts", "Host: other"),
        ("two hundred", (0..<200).map { "X-\($0): b" }.joined(separator: "\r\n")),
        ("h2c", "Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAAA"),
    ].map { name, header in Shape("header: \(name)", get("/c/x", "\(header)\r\n"), [400, 404, 431]) }

    private static let targets: [Shape] =
        [
            "/c/%", "/c/%zz", "/c/%0", "/c/%00", "/c/%C0%AF", "/c/%FF%FE", "/c/%ED%A0%80", "/c/..%2f..%2fetc",
            "/c/../../etc/passwd", "//c//x", "/c/x%0d%0aX-A:b", "/c/\\..\\x", "/c/x#y", "/c/x?s=%",
            "/c/x?lang=%FF&lang=zh",
            "/01/%/21/%", "/01/06901234567892/21/%00", "*", "http://other/c/x", "/c/\(long)", "c/x", "?", "", "/c/x y",
        ].map { Shape("target \($0.prefix(24))", get($0), refused) } + [
            Shape("target that is no UTF-8", bytes: raw("GET /c/", " HTTP/1.1\r\nHost: h\r\n\r\n"), [400, 404])
        ]

    private static let protocols: [Shape] = [
        Shape("HTTP/0.9", "GET /c/x\r\n"),
        Shape("HTTP/9.9", "GET /c/x HTTP/9.9\r\nHost: h\r\n\r\n", refused),
        Shape(
            "HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\u{0}\u{0}\u{0}\u{4}\u{0}\u{0}\u{0}\u{0}\u{0}", refused),
        Shape("TLS", bytes: [0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xFC, 0x03, 0x03, 0x07, 0x07, 0x07]),
        Shape("SSH", "SSH-2.0-OpenSSH_9.2\r\n"), Shape("JSON", "{\"code\":\"x\"}\r\n\r\n"), Shape("nothing", ""),
        Shape("empty lines", "\r\n\r\n\r\n"), Shape("method @", "G@T /c/x HTTP/1.1\r\nHost: h\r\n\r\n", refused),
        Shape("method in small letters", "get /c/x HTTP/1.1\r\nHost: h\r\n\r\n", refused),
        Shape("method of 100 KB", "\(long) /c/x HTTP/1.1\r\nHost: h\r\n\r\n", refused),
        Shape("CONNECT", "CONNECT other:443 HTTP/1.1\r\nHost: h\r\n\r\n", refused),
        Shape("TRACE", "TRACE /c/x HTTP/1.1\r\nHost: h\r\n\r\n", refused),
        Shape("expectation", post("Expect: 200-maybe\r\nContent-Length: 2", "{}"), [400, 401, 417]),
    ]

    private static let pipelines: [Shape] = [
        Shape("garbage after a request", "\(get("/c/x"))\u{0}\u{1}garbage\r\n\r\n", [400, 404], answersMax: 2),
        Shape("a request in a body", post("Content-Length: \(smuggled.utf8.count)", smuggled), [401]),
        Shape("fifty requests", String(repeating: get("/c/x"), count: 50), [404], answersMax: 50),
        Shape("body cut short", post("Content-Length: 10", "{}"), [401, 408]),
    ]

    private static func raw(_ before: String, _ after: String) -> [UInt8] {
        var bytes = Array(before.utf8)
        bytes += [0xFF, 0xFE, 0xC0, 0xAF] as [UInt8]
        bytes += Array(after.utf8)
        return bytes
    }
}

/// Makes bytes a little worse.
private struct Mutants: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func mutant(of seeds: [[UInt8]]) -> [UInt8] {
        guard var bytes = seeds.randomElement(using: &self), !bytes.isEmpty else { return [0] }
        for _ in 0..<Int.random(in: 1...6, using: &self) {
            let place = Int.random(in: 0..<bytes.count, using: &self)
            let end = min(bytes.count, place + Int.random(in: 1...40, using: &self))
            switch Int.random(in: 0..<6, using: &self) {
            case 0: bytes[place] = UInt8.random(in: .min ... .max, using: &self)
            case 1: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &self)
            case 2: bytes.insert(contentsOf: bytes[place..<end], at: place)
            case 3 where bytes.count > end - place: bytes.removeSubrange(place..<end)
            case 4:
                bytes.insert(contentsOf: [0x0D, 0x0A, 0x00, 0x20, 0x3A].shuffled(using: &self).prefix(2), at: place)
            default: bytes.insert(contentsOf: seeds.randomElement(using: &self)?.prefix(60) ?? [], at: place)
            }
        }
        return bytes
    }
}
