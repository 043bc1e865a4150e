import Foundation
import NIOCore
import NIOPosix
import Synchronization

/// A receiver of hooks on loopback: keeps what it gets, and answers with exactly the bytes that a test says.
final class ReceivingServer: Sendable {
    private let channel: any Channel
    private let seen: Seen

    private final class Seen: Sendable {
        let requests = Mutex<[String]>([])
        let connections = Mutex(0)
    }

    var requests: [String] { seen.requests.withLock { $0 } }
    var connections: Int { seen.connections.withLock { $0 } }
    var port: Int { channel.localAddress?.port ?? 0 }

    private init(channel: any Channel, seen: Seen) {
        self.channel = channel
        self.seen = seen
    }

    static func with<Result>(
        host: String = "127.0.0.1", answering answer: String = "HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n",
        _ body: (ReceivingServer) async throws -> Result
    ) async throws -> Result {
        let seen = Seen()
        let channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                seen.connections.withLock { $0 += 1 }
                return channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Handler(seen: seen, answer: answer))
                }
            }
            .bind(host: host, port: 0).get()
        do {
            let result = try await body(ReceivingServer(channel: channel, seen: seen))
            try await channel.close()
            return result
        } catch {
            // The body's error is the one that counts.
            try? await channel.close()
            throw error
        }
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let seen: Seen
        private let answer: String
        private var received = ""

        init(seen: Seen, answer: String) {
            self.seen = seen
            self.answer = answer
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            received += String(buffer: unwrapInboundIn(data))
            guard let end = received.range(of: "\r\n\r\n") else { return }
            let length =
                received[..<end.lowerBound].firstMatch(of: /(?i)content-length: (\d+)/).flatMap { Int($0.1) } ?? 0
            guard received[end.upperBound...].utf8.count >= length else { return }
            let request = received
            received = ""
            seen.requests.withLock { $0.append(request) }
            let channel = context.channel
            channel.writeAndFlush(ByteBuffer(string: answer)).whenComplete { _ in channel.close(promise: nil) }
        }
    }
}
