import Foundation
import HTTPTypes
import Kernel
import NIOCore
import NIOHTTP1
import NIOHTTPTypes

/// Closes connections that would otherwise stay open for as long as their peer likes.
///
/// The responder answers a late request with 408 or 503; this handler sees to it that the connection ends even if the peer
/// goes on sending a body nobody reads, or never reads its answer, or sends its header byte by byte. It also answers what the HTTP parser
/// refuses (431, 400) with a problem document.
///
/// It stands between the parser and Hummingbird; one per connection, used on its event loop alone.
final class ConnectionGuard: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let limits: ServerLimits
    private var unanswered = 0
    private var isReadingRequest = false
    private var answerClosesConnection = false
    private var isClosing = false
    /// When the connection ends, unless something happens before.
    private var deadline = NIODeadline.distantFuture
    /// Rings at the deadline or before it, and then looks: a deadline that moves on with every request costs nothing.
    private var timer: Scheduled<Void>?
    private var timerAt = NIODeadline.distantFuture

    init(limits: ServerLimits) {
        self.limits = limits
    }

    func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { close(context, after: limits.headerDeadline) }
    }

    func channelActive(context: ChannelHandlerContext) {
        close(context, after: limits.headerDeadline)
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        // After our last answer nothing is processed any more, only drained.
        if isClosing { return }
        switch unwrapInboundIn(data) {
        case .head(let request):
            unanswered += 1
            isReadingRequest = true
            if unanswered == 1 {
                close(context, after: limits.limits(path: request.path).deadline + limits.linger)
            }
        case .body: break
        case .end: isReadingRequest = false
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(var response):
            // An answer before the request is whole is the connection's last: a peer that is not told would send its next request into it.
            if isReadingRequest, unanswered == 1, response.status.kind != .informational {
                response.headerFields[.connection] = "close"
            }
            answerClosesConnection = response.headerFields[.connection] == "close"
            context.write(wrapOutboundOut(.head(response)), promise: promise)
        case .body:
            context.write(data, promise: promise)
        case .end:
            context.write(data, promise: promise)
            // 1xx heads have no end, so each end answers one request.
            unanswered -= 1
            if isReadingRequest && unanswered == 0 || answerClosesConnection {
                closeSoon(context)
            } else {
                // The next header is whole by then, however it trickles in.
                close(context, after: unanswered > 0 ? limits.standard.deadline + limits.linger : limits.idle)
            }
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? HTTPParserError, unanswered == 0, !isClosing else {
            return context.fireErrorCaught(error)
        }
        // A peer that hangs up in the middle of its header needs no answer.
        if error == .invalidEOFState { return context.close(promise: nil) }
        let problem =
            error == .headerOverflow
            ? Problem(
                status: 431, code: "header_too_large", title: "Request header fields too large",
                detail:
                    "A header line may hold \(limits.headerFieldBytesMax) bytes, all of them \(limits.headerBytesMax).")
            : Problem.badRequest("This is not a valid HTTP request.")
        let body = problem.document
        var head = HTTPResponse(status: .init(code: problem.status))
        head.headerFields = [
            .contentType: Problem.mediaType, .contentLength: "\(body.count)", .connection: "close",
        ]
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(ByteBuffer(bytes: body))), promise: nil)
        context.write(wrapOutboundOut(.end(nil)), promise: nil)
        context.flush()
        closeSoon(context)
    }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        timer?.cancel()
    }

    /// Says that nothing more will come, and closes a little later: closing at once would reset the connection
    /// and could take the answer away from a peer that is still sending.
    private func closeSoon(_ context: ChannelHandlerContext) {
        guard !isClosing else { return }
        isClosing = true
        context.flush()
        context.close(mode: .output, promise: nil)
        close(context, after: limits.linger)
    }

    private func close(_ context: ChannelHandlerContext, after delay: Duration) {
        deadline = .now() + TimeAmount(delay)
        if timer == nil || deadline < timerAt { ring(context) }
    }

    private func ring(_ context: ChannelHandlerContext) {
        timer?.cancel()
        timerAt = deadline
        let parts = NIOLoopBound((guardian: self, context: context), eventLoop: context.eventLoop)
        timer = context.eventLoop.scheduleTask(deadline: deadline) { parts.value.guardian.look(parts.value.context) }
    }

    private func look(_ context: ChannelHandlerContext) {
        timer = nil
        if NIODeadline.now() < deadline { ring(context) } else { context.close(promise: nil) }
    }
}
