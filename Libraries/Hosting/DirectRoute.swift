package import HTTPTypes
package import Hummingbird
package import NIOCore

/// A request whose body is whole in memory.
package struct DirectRequest: Sendable {
    /// What stands in the place of the path's parameter.
    package let parameter: String
    /// The header.
    package let headers: HTTPFields
    /// The body, as long as its `Content-Length` says.
    package let body: ByteBuffer
    /// When the header was read.
    package let arrived: ContinuousClock.Instant

    /// A request in its parts.
    package init(parameter: String, headers: HTTPFields, body: ByteBuffer, arrived: ContinuousClock.Instant) {
        self.parameter = parameter
        self.headers = headers
        self.body = body
        self.arrived = arrived
    }
}

/// An answer whose body is whole in memory.
package struct WholeAnswer: Sendable {
    /// The HTTP status.
    package var status: Int
    /// The header, without what every answer carries.
    package var headers: HTTPFields
    /// The body.
    package var body: ByteBuffer

    /// An answer in its parts.
    package init(status: Int, headers: HTTPFields, body: ByteBuffer) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}

extension Response {
    /// The same answer from a route of the router.
    package init(_ answer: WholeAnswer) {
        self.init(
            status: .init(code: answer.status), headers: answer.headers, body: .init(byteBuffer: answer.body))
    }
}

/// A route of small POST requests that is answered beside the router, for what must be fast.
///
/// See Decisions/0003. The router has the same route for every request that does not qualify: one whose length is not known beforehand, one
/// that is too large, one that wants to be told to continue.
package struct DirectRoute: Sendable {
    /// The path as metrics and logs name it, as in `/v1/hooks/{source}/scans`.
    let path: String
    let respond: @Sendable (DirectRequest) async throws -> WholeAnswer

    private let before: [UInt8]
    private let after: [UInt8]
    private let bodyBytesMax: Int

    /// A route whose path has one parameter.
    ///
    /// - Parameters:
    ///   - path: As the router takes it, as in `v1/hooks/{source}/scans`.
    ///   - respond: What it throws becomes a problem document, as in a route of the router.
    package init(
        post path: String, bodyBytesMax: Int,
        respond: @escaping @Sendable (DirectRequest) async throws -> WholeAnswer
    ) {
        let parts = "/\(path)".split(separator: /\{[^{}]*\}/, omittingEmptySubsequences: false)
        precondition(parts.count == 2, "A direct route has one parameter.")
        self.path = "/\(path)"
        before = Array(parts[0].utf8)
        after = Array(parts[1].utf8)
        self.bodyBytesMax = bodyBytesMax
        self.respond = respond
    }

    /// What the path's parameter is in a request that this route answers; nil for one that it does not.
    func parameter(of head: HTTPRequest) -> String? {
        guard head.method == .post, let path = head.path, let parameter = parameter(in: path),
            let length = head.headerFields[.contentLength].flatMap(Int.init), (0...bodyBytesMax).contains(length),
            head.headerFields[.transferEncoding] == nil, head.headerFields[.expect] == nil
        else { return nil }
        return parameter
    }

    private func parameter(in path: String) -> String? {
        let bytes = path.utf8
        guard bytes.count > before.count + after.count, bytes.starts(with: before),
            bytes.suffix(after.count).elementsEqual(after)
        else { return nil }
        let parameter = bytes.dropFirst(before.count).dropLast(after.count)
        guard parameter.allSatisfy(Self.isPlain) else { return nil }
        return String(Substring(parameter))
    }

    /// Whether a byte of a path stands for itself (RFC 3986, unreserved); everything else is left to the router.
    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"):
            true
        default: false
        }
    }
}
