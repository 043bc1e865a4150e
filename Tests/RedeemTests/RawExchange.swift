import NIOCore
import NIOPosix
import Synchronization
import TestSupport

/// One connection on which bytes are sent as they are, and what came back.
struct RawExchange: Sendable {
    /// All that was received.
    let received: [UInt8]
    /// Whether the service closed the connection.
    let wasClosed: Bool

    /// The statuses of the answers, in their order.
    var statuses: [Int] {
        let start = Array("HTTP/1.1 ".utf8)
        return received.indices.compactMap { place in
            guard received[place...].starts(with: start) else { return nil }
            return Int(String(decoding: received[(place + start.count)...].prefix(3), as: UTF8.self))
        }
    }

    /// Sends bytes, and reads until the service closes the connection, has said something and then nothing for a while, or the time is over.
    static func send(
        _ bytes: [UInt8], to port: Int, quiet: Duration = .milliseconds(500), atMost: Duration = .seconds(15)
    ) async throws -> RawExchange {
        let listener = Listener()
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(listener) }
            }
            .connect(host: "127.0.0.1", port: port).get()
        // The service may have closed it meanwhile: that is an answer, too.
        _ = try? await channel.writeAndFlush(ByteBuffer(bytes: bytes)).get()
        let start = ContinuousClock.now
        var heard = (count: 0, at: start)
        while ContinuousClock.now - start < atMost {
            let (count, isClosed) = listener.state.withLock { ($0.received.count, $0.isClosed) }
            if isClosed { break }
            if count != heard.count { heard = (count, .now) }
            if count > 0, ContinuousClock.now - heard.at > quiet { break }
            try await lettingPass(.milliseconds(10))
        }
        channel.close(promise: nil)
        let state = listener.state.withLock { $0 }
        return RawExchange(received: state.received, wasClosed: state.isClosed)
    }

    private final class Listener: ChannelInboundHandler, Sendable {
        typealias InboundIn = ByteBuffer
        struct State {
            var received: [UInt8] = []
            var isClosed = false
        }
        let state = Mutex(State())

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let buffer = unwrapInboundIn(data)
            state.withLock { $0.received += Array(buffer.readableBytesView) }
        }
        func channelInactive(context: ChannelHandlerContext) { state.withLock { $0.isClosed = true } }
        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}
