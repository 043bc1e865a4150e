import AsyncHTTPClient
import Foundation
import Hosting
import Kernel
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization
import TestSupport
import Testing
import WeChat

@testable import Sandbox

let http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: WeChatPayClient.httpConfiguration)
private let silent = Logger(label: "tests") { _ in SwiftLogNoOpLogHandler() }

/// A folder for the length of a test.
final class ScratchFolder: Sendable {
    let path = NSTemporaryDirectory() + "siyu-sandbox-\(ID<Payment>.mint())"

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// siyu-sandbox on a free port, and a client with the credentials that it wrote.
struct SandboxServer {
    let url: String
    let credentials: MerchantCredentials
    let client: WeChatPayClient

    static func settings(_ folder: String) -> ServiceSettings {
        var settings = ServiceSettings(name: "siyu-sandbox", port: 0)
        settings.environment = .development
        settings.sandboxState = folder
        settings.drainGrace = .seconds(5)
        return settings
    }

    static var quick: SandboxOptions {
        var options = SandboxOptions()
        options.refundTime = .milliseconds(100)
        options.retryPauses = Array(repeating: .milliseconds(100), count: 20)
        options.tick = .milliseconds(10)
        return options
    }

    /// Serves for the length of `body`, then stops.
    static func serve<Result: Sendable>(
        _ folder: ScratchFolder, options: SandboxOptions = quick, _ body: (SandboxServer) async throws -> Result
    ) async throws -> Result {
        let application = try build(settings(folder.path), logger: silent, options: options)
        let (ready, continuation) = AsyncStream<Int>.makeStream()
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { continuation.finish() }
                try await ServiceRunner(application: application, registry: PrometheusRegistry(), logger: silent)
                    .run { continuation.yield($0.api) }
            }
            guard let port = await ready.first(where: { _ in true }) else {
                try await group.waitForAll()
                throw CancellationError()
            }
            let server = try SandboxServer(folder: folder.path)
            #expect(server.url == "http://127.0.0.1:\(port)")
            do {
                let result = try await body(server)
                group.cancelAll()
                // Cancelled is how it is meant to end.
                try? await group.waitForAll()
                return result
            } catch {
                group.cancelAll()
                try? await group.waitForAll()
                throw error
            }
        }
    }

    init(folder: String, timeout: Duration = .seconds(20)) throws {
        let data = try Data(contentsOf: URL(filePath: folder + "/merchant.json"))
        credentials = try JSONDecoder().decode(MerchantCredentials.self, from: data)
        url = credentials.baseURL
        client = try WeChatPayClient(credentials: credentials, http: http, timeout: timeout)
    }

    // MARK: The shopper and the tester

    func order(_ number: String, fen: Int64 = 12_800, notify: String = "http://127.0.0.1:9/none") -> JSAPIOrder {
        JSAPIOrder(
            description: "礼物", outTradeNo: number, notifyURL: notify, amount: Money(fen: fen),
            payerOpenID: "o-\(number)")
    }

    func refund(
        _ number: String, _ n: Int = 1, fen: Int64 = 12_800, of total: Int64 = 12_800, notify: String? = nil
    ) -> RefundOrder {
        RefundOrder(
            outTradeNo: number, outRefundNo: "RF-\(number)-\(n)", notifyURL: notify, refund: Money(fen: fen),
            total: Money(fen: total))
    }

    /// Prepays and pays.
    func paid(_ number: String, fen: Int64 = 12_800, notify: String = "http://127.0.0.1:9/none") async throws {
        let prepayID = try await client.prepay(order(number, fen: fen, notify: notify))
        let answer = try await send("POST", "/sandbox/pay", ["prepay_id": prepayID, "openid": "o-\(number)"])
        #expect(answer.status == 200)
    }

    @discardableResult
    func send(
        _ method: String, _ path: String, _ json: [String: Any]? = nil
    ) async throws -> (
        status: Int, json: [String: Any]
    ) {
        var request = HTTPClientRequest(url: url + path)
        request.method = .init(rawValue: method)
        if let json {
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(ByteBuffer(bytes: try JSONSerialization.data(withJSONObject: json)))
        }
        let response = try await http.execute(request, timeout: .seconds(20))
        let body = Data(Array(buffer: try await response.body.collect(upTo: 1 << 20)))
        return (Int(response.status.code), try JSONSerialization.jsonObject(with: body) as? [String: Any] ?? [:])
    }

    func book() async throws -> BookCounts { BookCounts(try await send("GET", "/sandbox/book").json) }

    func setFaults(_ rates: [String: Double], _ more: [String: Any] = [:]) async throws {
        let answer = try await send(
            "PUT", "/sandbox/faults", ["seed": 3, "rates": rates].merging(more) { $1 })
        #expect(answer.status == 200)
    }
}

struct BookCounts {
    let json: [String: Any]
    init(_ json: [String: Any]) { self.json = json }

    subscript(_ name: String) -> Int { json[name] as? Int ?? -1 }
    subscript(_ group: String, _ name: String) -> Int { (json[group] as? [String: Int])?[name] ?? 0 }
}

// MARK: - The merchant's side

/// Receives notifications as a merchant should: verifies, remembers, and answers as the test says.
final class Receiver: Sendable {
    private let channel: any Channel
    private let state: State

    private final class State: Sendable {
        let merchant = Mutex<WeChatPayMerchant?>(nil)
        let opened = Mutex<[WeChatPayNotification]>([])
        let refused = Mutex(0)
        let failures = Mutex(0)
        let delay = Mutex(TimeAmount.zero)
    }

    var url: String { "http://127.0.0.1:\(channel.localAddress?.port ?? 0)/notify" }
    /// What was verified and opened, repetitions included.
    var opened: [WeChatPayNotification] { state.opened.withLock { $0 } }
    var refused: Int { state.refused.withLock { $0 } }

    func trust(_ credentials: MerchantCredentials) throws {
        let merchant = try WeChatPayMerchant(credentials)
        state.merchant.withLock { $0 = merchant }
    }

    /// Answers the next notifications with 500.
    func failNext(_ count: Int) { state.failures.withLock { $0 = count } }

    /// Answers so much later from now on.
    func delay(by time: TimeAmount) { state.delay.withLock { $0 = time } }

    private init(channel: any Channel, state: State) {
        self.channel = channel
        self.state = state
    }

    static func with<Result>(_ body: (Receiver) async throws -> Result) async throws -> Result {
        let state = State()
        let channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(Handler(state: state))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        do {
            let result = try await body(Receiver(channel: channel, state: state))
            try await channel.close()
            return result
        } catch {
            // The body's error is the one that counts.
            try? await channel.close()
            throw error
        }
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart
        private let state: State
        private var head: HTTPRequestHead?
        private var body: [UInt8] = []

        init(state: State) { self.state = state }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head): (self.head, body) = (head, [])
            case .body(let buffer): body += Array(buffer: buffer)
            case .end:
                let head = HTTPResponseHead(
                    version: .http1_1, status: answer(), headers: ["Content-Length": "0", "Connection": "close"])
                let bound = NIOLoopBound((context, self), eventLoop: context.eventLoop)
                context.eventLoop.scheduleTask(in: state.delay.withLock { $0 }) {
                    let (context, handler) = bound.value
                    context.write(handler.wrapOutboundOut(.head(head)), promise: nil)
                    context.writeAndFlush(handler.wrapOutboundOut(.end(nil)), promise: nil)
                }
            }
        }

        private func answer() -> HTTPResponseStatus {
            guard let headers = head?.headers, let merchant = state.merchant.withLock({ $0 }) else { return .notFound }
            do {
                let notification = try WeChatPayNotification.open(
                    headers: SignatureHeaders { headers.first(name: $0) }, body: body, merchant: merchant, now: Date())
                let mustFail = state.failures.withLock { count in
                    defer { count = max(0, count - 1) }
                    return count > 0
                }
                if mustFail { return .internalServerError }
                state.opened.withLock { $0.append(notification) }
                return .noContent
            } catch {
                state.refused.withLock { $0 += 1 }
                return .init(statusCode: error.status)
            }
        }
    }
}
