package import HTTPTypes
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

        let timely = try await withDeadline(limits.deadline, on: context.loop) { [inner, bounded] in
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
    ///
    /// A task group with a sleeping child would say the same, and took a tenth of the processor under load.
    private func withDeadline(
        _ deadline: Duration, on loop: any EventLoop, _ operation: @escaping @Sendable () async throws -> Response
    ) async throws -> Response? {
        let lateness = Lateness()
        let work = Task(executorPreference: LoopExecutor.of(loop)) { try await operation() }
        let timer = loop.scheduleTask(in: TimeAmount(deadline)) {
            lateness.set()
            work.cancel()
        }
        defer { timer.cancel() }
        do {
            let response = try await withTaskCancellationHandler {
                try await work.value
            } onCancel: {
                work.cancel()
            }
            return lateness.isSet ? nil : response
        } catch  where lateness.isSet {
            // Whatever an operation says that was cut short.
            return nil
        }
    }
}

/// Whether a deadline has passed.
private final class Lateness: Sendable {
    private let flag = Atomic(false)

    var isSet: Bool { flag.load(ordering: .acquiring) }
    func set() { flag.store(true, ordering: .releasing) }
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
final class RequestMeasurements: Sendable {
    let active: Meter
    private let factory: any MetricsFactory
    private let timers = Mutex<[Answered: Timer]>([:])

    /// What the answers of a time series have in common.
    private struct Answered: Hashable {
        let route: String
        let method: String
        let status: Int
    }

    init(factory: any MetricsFactory) {
        self.factory = factory
        active = Meter(label: "http.server.active_requests", factory: factory)
    }

    private static let methods: Set<HTTPRequest.Method> = [.get, .head, .post, .put, .patch, .delete, .options]

    func record(route: String, method: HTTPRequest.Method, status: Int, _ duration: Duration) {
        let method = Self.methods.contains(method) ? method.rawValue : "other"
        timer(Answered(route: route, method: method, status: status)).recordNanoseconds(duration.nanoseconds)
    }

    /// Kept, since a registry finds a series by its labels as text.
    private func timer(_ answered: Answered) -> Timer {
        if let known = timers.withLock({ $0[answered] }) { return known }
        let timer = Timer(
            label: "http.server.request.duration",
            dimensions: [
                ("http_route", answered.route), ("http_method", answered.method), ("http_status", "\(answered.status)"),
            ], factory: factory)
        timers.withLock { $0[answered] = timer }
        return timer
    }
}

extension HTTPField.Name {
    static let requestID = Self(constant: "X-Request-Id")

    /// A name that stands in the source.
    package init(constant name: String) {
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
