import Foundation
import HTTPTypes
import Hummingbird
import Kernel
import Logging
import Metrics
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import Synchronization

/// Answers the requests of direct routes on their connection; all others pass to the router.
///
/// It stands behind the ``ConnectionGuard``, which counts its requests and closes its connections like all others; one per connection, used
/// on its event loop alone. Requests are answered in their order: what a peer sends before it was answered is held, and
/// nothing more is read until then.
final class DirectHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    /// What the handlers of a server have in common.
    struct Means: Sendable {
        let routes: [DirectRoute]
        let deadline: Duration
        let measurements: RequestMeasurements
        let logger: Logger
        let dates = HTTPDates()
    }

    /// A request of a direct route.
    private struct Current {
        let route: DirectRoute
        let parameter: String
        let head: HTTPRequest
        let arrived: ContinuousClock.Instant
        let id: String
        var body = ByteBuffer()
    }

    private enum Stage {
        /// Whatever comes next may be for anybody.
        case open
        /// The body is on its way.
        case reading(Current)
        /// The body is whole.
        case answering(Current, Task<Void, Never>)
    }

    private enum Held {
        case part(HTTPRequestPart)
        case event(any Sendable)
    }

    private let means: Means
    private var stage = Stage.open
    /// Requests that the router has not answered yet.
    private var passed = 0
    private var hasPassedParts = false
    /// What came before the request before it was answered.
    private var held = CircularBuffer<Held>()
    private var isReadHeld = false
    private var closesAfterAnswer = false
    /// Rings when a request may be late, and then looks.
    private var timer: Scheduled<Void>?

    init(_ means: Means) { self.means = means }

    // MARK: Inbound

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let part = unwrapInboundIn(data)
        if case .answering = stage {
            held.append(.part(part))
        } else {
            take(part, context)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        guard hasPassedParts else { return }
        hasPassedParts = false
        context.fireChannelReadComplete()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch (stage, event) {
        case (.reading, is ChannelShouldQuiesceEvent), (.answering, is ChannelShouldQuiesceEvent):
            closesAfterAnswer = true
        case (.answering, let event as ChannelEvent) where event == .inputClosed:
            // Whoever has said all that they will say still waits for the answer.
            held.append(.event(event))
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard error is HTTPParserError else { return context.fireErrorCaught(error) }
        switch stage {
        case .open: context.fireErrorCaught(error)
        case .reading(let current): end(current, Problem(describing: error).answer(), context, closes: true)
        case .answering: closesAfterAnswer = true
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        if case .reading = stage {
            // Nobody is left to answer; a request whose body was whole is worked to its end.
            stage = .open
            means.measurements.active.decrement()
        }
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { timer?.cancel() }

    // MARK: Outbound

    func read(context: ChannelHandlerContext) {
        if held.isEmpty { context.read() } else { isReadHeld = true }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .end = unwrapOutboundIn(data) { passed -= 1 }
        context.write(data, promise: promise)
    }

    // MARK: A request

    private func take(_ part: HTTPRequestPart, _ context: ChannelHandlerContext) {
        switch (stage, part) {
        case (.open, .head(let head)):
            // Behind a request that the router has yet to answer it is the router's, too: so the answers keep their order.
            guard passed == 0, let (route, parameter) = route(of: head) else {
                passed += 1
                return pass(part, context)
            }
            stage = .reading(
                Current(route: route, parameter: parameter, head: head, arrived: .now, id: "\(RequestID())"))
            means.measurements.active.increment()
            if timer == nil { ring(after: means.deadline, context) }
        case (.reading(var current), .body(var bytes)):
            if current.body.readableBytes == 0 { current.body = bytes } else { current.body.writeBuffer(&bytes) }
            stage = .reading(current)
        case (.reading(let current), .end): begin(current, context)
        default: pass(part, context)
        }
    }

    private func pass(_ part: HTTPRequestPart, _ context: ChannelHandlerContext) {
        hasPassedParts = true
        context.fireChannelRead(wrapInboundOut(part))
    }

    private func route(of head: HTTPRequest) -> (DirectRoute, String)? {
        for route in means.routes {
            if let parameter = route.parameter(of: head) { return (route, parameter) }
        }
        return nil
    }

    private func begin(_ current: Current, _ context: ChannelHandlerContext) {
        let bound = NIOLoopBound((handler: self, context: context), eventLoop: context.eventLoop)
        let loop = context.eventLoop
        let request = DirectRequest(
            parameter: current.parameter, headers: current.head.headerFields, body: current.body,
            arrived: current.arrived)
        let (respond, logger, id) = (current.route.respond, means.logger, current.id)
        let task = Task(executorPreference: LoopExecutor.of(loop)) {
            let answer: WholeAnswer
            do {
                answer = try await respond(request)
            } catch {
                answer = Problem(describing: error).answer()
                if answer.status >= 500 {
                    logger.error(
                        "A request failed.",
                        metadata: ["error": "\(safeDescription(of: error))", "request_id": "\(id)"])
                }
            }
            if loop.inEventLoop {
                bound.value.handler.finish(id, answer, bound.value.context)
            } else {
                loop.execute { bound.value.handler.finish(id, answer, bound.value.context) }
            }
        }
        stage = .answering(current, task)
    }

    /// Ends a request with its answer, unless it was late and has another.
    private func finish(_ id: String, _ answer: WholeAnswer, _ context: ChannelHandlerContext) {
        guard case .answering(let current, _) = stage, current.id == id else { return }
        end(current, answer, context, closes: false)
    }

    private func end(_ current: Current, _ answer: WholeAnswer, _ context: ChannelHandlerContext, closes: Bool) {
        stage = .open
        let closes = closes || closesAfterAnswer || current.head.headerFields[.connection]?.lowercased() == "close"
        var head = HTTPResponse(status: .init(code: answer.status), headerFields: answer.headers)
        head.headerFields[.contentLength] = "\(answer.body.readableBytes)"
        head.headerFields[.requestID] = current.id
        head.headerFields[.xContentTypeOptions] = "nosniff"
        head.headerFields[.date] = means.dates.now
        if closes { head.headerFields[.connection] = "close" }
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(answer.body)), promise: nil)
        context.write(wrapOutboundOut(.end(nil)), promise: nil)
        context.flush()
        note(current, answer.status)
        // The guard closes after such an answer: what else came is for nobody.
        if closes { held.removeAll() } else { goOn(context) }
    }

    private func note(_ current: Current, _ status: Int) {
        let duration = current.arrived.duration(to: .now)
        means.measurements.active.decrement()
        means.measurements.record(
            route: current.route.path, method: current.head.method, status: status, duration)
        means.logger.info(
            "Answered a request.",
            metadata: [
                "http.method": "\(current.head.method)", "http.route": "\(current.route.path)",
                "http.status": "\(status)", "duration_ms": "\(duration.milliseconds)", "request_id": "\(current.id)",
            ])
    }

    /// Takes what waited, until it is the answer that is waited for.
    private func goOn(_ context: ChannelHandlerContext) {
        while !isAnswering, let next = held.popFirst() {
            switch next {
            case .part(let part): take(part, context)
            case .event(let event): context.fireUserInboundEventTriggered(event)
            }
        }
        channelReadComplete(context: context)
        if held.isEmpty, isReadHeld {
            isReadHeld = false
            context.read()
        }
    }

    private var isAnswering: Bool { if case .answering = stage { true } else { false } }

    // MARK: Deadline

    private func ring(after delay: Duration, _ context: ChannelHandlerContext) {
        let bound = NIOLoopBound((handler: self, context: context), eventLoop: context.eventLoop)
        timer = context.eventLoop.scheduleTask(in: TimeAmount(delay)) { bound.value.handler.look(bound.value.context) }
    }

    private func look(_ context: ChannelHandlerContext) {
        timer = nil
        switch stage {
        case .open: return
        case .reading(let current):
            let left = means.deadline - current.arrived.duration(to: .now)
            if left > .zero { return ring(after: left, context) }
            end(current, Problem.requestTimeout.answer(), context, closes: true)
        case .answering(let current, let task):
            let left = means.deadline - current.arrived.duration(to: .now)
            if left > .zero { return ring(after: left, context) }
            task.cancel()
            end(current, Problem.unavailable("The answer took too long.").answer(), context, closes: true)
        }
    }
}

/// The `Date` header (RFC 9110, 5.6.7), written once a second.
final class HTTPDates: Sendable {
    private let latest = Mutex((second: Int64.min, text: ""))

    var now: String {
        // Real time, wherever the clock of the business stands.
        let second = Int64(time(nil))
        return latest.withLock { latest in
            if latest.second != second {
                latest = (second, Self.text(of: Date(timeIntervalSince1970: TimeInterval(second))))
            }
            return latest.text
        }
    }

    static func text(of date: Date) -> String {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        let parts = calendar.dateComponents([.weekday, .day, .month, .year, .hour, .minute, .second], from: date)
        let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        func two(_ number: Int?) -> String { String("0\(number ?? 0)".suffix(2)) }
        let day = days[(parts.weekday ?? 1) - 1]
        let month = months[(parts.month ?? 1) - 1]
        return "\(day), \(two(parts.day)) \(month) \(parts.year ?? 0) "
            + "\(two(parts.hour)):\(two(parts.minute)):\(two(parts.second)) GMT"
    }
}
