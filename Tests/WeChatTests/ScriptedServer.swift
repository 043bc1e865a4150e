import Foundation
import NIOCore
import NIOPosix
import Synchronization

/// An HTTP server that answers each request with exactly the bytes a test says, also with what no server would say.
final class ScriptedServer: Sendable {
    enum Script: Sendable {
        /// These bytes; then the connection is closed.
        case answer(String)
        /// These bytes; then nothing more, and the connection stays open.
        case stall(String)
        /// The connection is closed without a word.
        case hangUp
    }

    private let channel: any Channel
    private let seen: Seen

    private final class Seen: Sendable {
        let requests = Mutex<[String]>([])
    }

    /// The requests so far.
    var requests: [String] { seen.requests.withLock { $0 } }
    var url: String { "http://127.0.0.1:\(channel.localAddress?.port ?? 0)" }

    private init(channel: any Channel, seen: Seen) {
        self.channel = channel
        self.seen = seen
    }

    static func with<Result>(
        _ script: @escaping @Sendable (_ request: String) -> Script, _ body: (ScriptedServer) async throws -> Result
    ) async throws -> Result {
        let seen = Seen()
        let channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Handler(seen: seen, script: script))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        do {
            let result = try await body(ScriptedServer(channel: channel, seen: seen))
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
        private let script: @Sendable (String) -> Script
        private var received = ""
        private var isAnswered = false

        init(seen: Seen, script: @escaping @Sendable (String) -> Script) {
            self.seen = seen
            self.script = script
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            received += String(buffer: unwrapInboundIn(data))
            guard !isAnswered, let end = received.range(of: "\r\n\r\n") else { return }
            let length =
                received[..<end.lowerBound].firstMatch(of: /(?i)content-length: (\d+)/).flatMap { Int($0.1) } ?? 0
            guard received[end.upperBound...].utf8.count >= length else { return }
            isAnswered = true
            let request = received
            seen.requests.withLock { $0.append(request) }
            switch script(request) {
            case .answer(let text):
                let channel = context.channel
                channel.writeAndFlush(ByteBuffer(string: text)).whenComplete { _ in channel.close(promise: nil) }
            case .stall(let text):
                context.channel.writeAndFlush(ByteBuffer(string: text), promise: nil)
            case .hangUp: context.close(promise: nil)
            }
        }
    }
}
