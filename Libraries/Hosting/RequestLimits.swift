/// What one request may take from us: bytes and time.
///
/// Hummingbird alone would read a body of any length for as long as a byte arrives now and then.
package struct RequestLimits: Sendable, Hashable {
    /// The largest body; more is answered 413.
    package var bodyBytesMax: Int
    /// From the last byte of the header to the answer; more is answered 408 or 503, and the connection closed.
    package var deadline: Duration

    /// Limits in their two parts.
    package init(bodyBytesMax: Int, deadline: Duration) {
        self.bodyBytesMax = bodyBytesMax
        self.deadline = deadline
    }

    /// For every route without limits of its own: JSON documents of people in a hurry.
    package static let standard = RequestLimits(bodyBytesMax: 1 << 20, deadline: .seconds(10))
}

/// The limits of a server: those of each request, and those of its connections.
package struct ServerLimits: Sendable {
    /// For every request, unless its path has an exception.
    package var standard = RequestLimits.standard
    /// By exact path, for instance `/v1/imports`.
    package var exceptions: [String: RequestLimits] = [:]
    /// One header line; longer is answered 431, and cookies and signatures fit several times.
    package var headerFieldBytesMax = 16 * 1024
    /// All header lines together.
    package var headerBytesMax = 32 * 1024
    /// The number of header lines.
    package var headerFieldsMax = 100
    /// From the opening of a connection until its first header is whole; later is closed.
    package var headerDeadline: Duration = .seconds(5)
    /// A connection that has said nothing for so long is closed, and so is one whose next header is not whole by then.
    package var idle: Duration = .seconds(15)
    /// How long a peer may take to read the answer after its deadline, or to stop sending what nobody reads.
    package var linger: Duration = .seconds(2)
    /// Open connections; more wait in the kernel's queue.
    ///
    /// A service that may not have so many files open does not start.
    package var connectionsMax = 1_024

    /// The standard limits.
    package init() {}

    /// The limits of one request.
    package func limits(path: String?) -> RequestLimits {
        guard let path, !exceptions.isEmpty else { return standard }
        return exceptions[String(path.prefix { $0 != "?" })] ?? standard
    }
}
