import HTTPTypes
import Hummingbird
import Kernel
import Logging
import Metrics
import NIOCore
import Synchronization

/// The outermost responder: limits, deadline, access log and metrics around all routes.
struct Edge: HTTPResponder {
    let inner: any HTTPResponder<SiyuRequestContext>
    let limits: ServerLimits
    let measurements: RequestMeasurements

    func respond(to request: Request, context: SiyuRequestContext) async throws -> Response {
        let start = ContinuousClock.now
        measurements.active.increment()
        var response = try await answer(request, context: context)
        measurements.active.decrement()

        response.headers[.requestID] = context.id
        response.headers[.xContentTypeOptions] = "nosniff"
        let duration = start.duration(to: .now)
        measurements.record(
            route: context.endpointPath ?? RouteTable.unknown, method: request.method, status: response.status.code,
            duration)
        context.logger.info(
            "Answered a request.",
            metadata: [
                "http.method": "\(request.method)", "http.route": "\(context.endpointPath ?? RouteTable.unknown)",
                "http.status": "\(response.status.code)", "duration_ms": "\(duration.milliseconds)",
            ])
        return response
    }

    private func answer(_ request: Request, context: SiyuRequestContext) async throws -> Response {
        let limits = limits.limits(path: request.head.path)
        let body = BodyProgress(declared: request.headers[.contentLength].flatMap(Int.init))
        if let declared = body.declared, declared > limits.bodyBytesMax {
            return Problem.contentTooLarge(max: limits.bodyBytesMax).response(headers: [.connection: "close"])
        }
        var bounded = request
        bounded.body = RequestBody(
            asyncSequence: BoundedBody(body: request.body, bytesMax: limits.bodyBytesMax, progress: body))

        let timely = try await withDeadline(limits.deadline) { [inner, bounded] in
            do {
                return try await inner.respond(to: bounded, context: context)
            } catch let error as any HTTPResponseError {
                return Problem(describing: error).response()
            }
        }
        if let timely { return timely }
        let late =
            body.isComplete || request.hasNoBody ? Problem.unavailable("The answer took too long.") : .requestTimeout
        return late.response(headers: [.connection: "close"])
    }

    /// Runs `operation`, or cancels it and returns nil when `deadline` has passed.
    private func withDeadline(
        _ deadline: Duration, _ operation: @escaping @Sendable () async throws -> Response
    ) async throws -> Response? {
        try await withThrowingTaskGroup(of: Response?.self) { group in
            group.addTask { try await operation() }
            group.addTask {
                try await Task.sleep(for: deadline)
                return nil
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
    }
}

// MARK: - Bodies

/// How much of a body has arrived; shared between the body and the responder.
private final class BodyProgress: Sendable {
    let declared: Int?
    private let ended = Mutex(false)

    init(declared: Int?) { self.declared = declared }

    var isComplete: Bool { ended.withLock { $0 } }
    func complete() { ended.withLock { $0 = true } }
}

/// A body that ends with 413 beyond its limit, and with 400 when the connection ended before the body did.
///
/// The second matters for files: a stream that merely stops would look like a shorter file.
private struct BoundedBody: AsyncSequence, Sendable {
    typealias Element = ByteBuffer

    let body: RequestBody
    let bytesMax: Int
    let progress: BodyProgress

    func makeAsyncIterator() -> Iterator {
        Iterator(base: body.makeAsyncIterator(), bytesMax: bytesMax, progress: progress)
    }

    struct Iterator: AsyncIteratorProtocol {
        var base: RequestBody.AsyncIterator
        let bytesMax: Int
        let progress: BodyProgress
        var bytes = 0

        @concurrent mutating func next() async throws -> ByteBuffer? {
            guard let buffer = try await base.next() else {
                try Task.checkCancellation()
                if let declared = progress.declared, bytes < declared {
                    throw Problem.badRequest("The body ended before its Content-Length.")
                }
                progress.complete()
                return nil
            }
            bytes += buffer.readableBytes
            guard bytes <= bytesMax else { throw Problem.contentTooLarge(max: bytesMax) }
            return buffer
        }
    }
}

extension Request {
    fileprivate var hasNoBody: Bool {
        headers[.transferEncoding] == nil && (headers[.contentLength] ?? "0") == "0"
    }
}

extension Problem {
    fileprivate static func contentTooLarge(max: Int) -> Problem {
        .contentTooLarge("The body may hold \(max) bytes.")
    }
}

// MARK: - Measurements

/// The metrics of requests.
///
/// Labels come from the routes and from short lists, never from the request as it is: nobody outside may create time series.
struct RequestMeasurements: Sendable {
    let active: Meter
    private let factory: any MetricsFactory

    init(factory: any MetricsFactory) {
        self.factory = factory
        active = Meter(label: "http.server.active_requests", factory: factory)
    }

    private static let methods: Set<HTTPRequest.Method> = [.get, .head, .post, .put, .patch, .delete, .options]

    func record(route: String, method: HTTPRequest.Method, status: Int, _ duration: Duration) {
        let dimensions = [
            ("http_route", route), ("http_method", Self.methods.contains(method) ? method.rawValue : "other"),
            ("http_status", "\(status)"),
        ]
        Timer(label: "http.server.request.duration", dimensions: dimensions, factory: factory)
            .recordNanoseconds(duration.nanoseconds)
    }
}

extension HTTPField.Name {
    static let requestID = Self(constant: "X-Request-Id")

    private init(constant name: String) {
        guard let name = Self(name) else { preconditionFailure("A constant of ours is no header name.") }
        self = name
    }
}

extension Duration {
    /// Whole nanoseconds; a duration beyond 292 years counts as that.
    var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        return overflow ? .max : scaled + attoseconds / 1_000_000_000
    }

    /// Milliseconds with a decimal.
    var milliseconds: Double { (Double(nanoseconds) / 100_000).rounded() / 10 }
}
