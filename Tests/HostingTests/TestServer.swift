import AsyncHTTPClient
import Foundation
import Hummingbird
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import Postgres
import ServiceLifecycle
import Synchronization
import TestSupport
import Testing

@testable import Hosting

extension ServerLimits {
    /// Those of a service, with a small body: for tests that do not wait for a limit of time.
    static var patient: ServerLimits {
        var limits = ServerLimits()
        limits.standard.bodyBytesMax = 1_000
        return limits
    }

    /// Limits of time short enough to wait for.
    ///
    /// The linger is long, because other tests may keep the process busy for seconds,
    /// and an answer must get out before the connection is cut.
    static var quick: ServerLimits {
        var limits = ServerLimits.patient
        limits.standard.deadline = .milliseconds(500)
        limits.idle = .seconds(1)
        limits.linger = .seconds(4)
        return limits
    }
}

/// What counts as "soon" on a busy machine; without the guards the tests would wait for ever.
let soon = Duration.seconds(30)

struct TestServer {
    let ports: ServiceRunner.Ports
    let stop: @Sendable () async -> Void

    var api: String { "http://127.0.0.1:\(ports.api)" }
    var admin: String { "http://127.0.0.1:\(ports.admin)" }

    func get(_ path: String, headers: [String: String] = [:]) async throws -> Answer {
        try await send("GET", path, headers: headers)
    }

    func send(
        _ method: String, _ path: String, headers: [String: String] = [:], body: String? = nil
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: path.hasPrefix("http") ? path : api + path)
        request.method = .init(rawValue: method)
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        if let body { request.body = .bytes(ByteBuffer(string: body)) }
        let response = try await withoutRedirects.execute(request, timeout: .seconds(30))
        return Answer(
            status: Int(response.status.code), headers: response.headers.map { ($0.name.lowercased(), $0.value) },
            body: String(buffer: try await response.body.collect(upTo: 1 << 20)))
    }
}

private let withoutRedirects = HTTPClient(
    eventLoopGroupProvider: .singleton, configuration: .init(redirectConfiguration: .disallow))

struct Answer {
    let status: Int
    let headers: [(String, String)]
    let body: String

    func header(_ name: String) -> String? { headers.first { $0.0 == name }?.1 }

    /// The `code` of a problem document, after checking that it is one.
    var problemCode: String? {
        guard header("content-type") == "application/problem+json",
            let object = try? JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any],
            Set(object.keys) == ["type", "title", "status", "detail", "code"], object["status"] as? Int == status
        else { return nil }
        return object["code"] as? String
    }
}

/// A pool that reaches nothing; for tests of what needs no database.
let nowhere = Pool(
    PoolConfiguration(
        connection: ConnectionConfiguration(url: "host=/nonexistent", connectTimeout: .milliseconds(100))),
    logger: silentLogger)

let silentLogger = Logger(label: "tests") { _ in SwiftLogNoOpLogHandler() }

/// Serves `addRoutes` on free ports for the length of `body`, then drains.
func withServer(
    limits: ServerLimits = .patient, checks: [ReadinessCheck] = [], workers: [any Service] = [], pool: Pool = nowhere,
    registry: PrometheusRegistry = PrometheusRegistry(), logger: Logger = silentLogger,
    addRoutes: (Router<SiyuRequestContext>) -> Void = { _ in }, _ body: (TestServer) async throws -> Void
) async throws {
    var settings = ServiceSettings(name: "test", port: 0)
    settings.environment = .development
    settings.drainGrace = .seconds(5)
    var application = ServiceApplication(
        settings: settings, pool: pool, limits: limits, workers: workers, openAPI: "{}", addRoutes: addRoutes)
    application.checks = checks
    try await withRunning(application, registry: registry, logger: logger, body)
}

func withRunning(
    _ application: ServiceApplication, registry: PrometheusRegistry = PrometheusRegistry(),
    logger: Logger = silentLogger,
    _ body: (TestServer) async throws -> Void
) async throws {
    let (ready, continuation) = AsyncStream<ServiceRunner.Ports>.makeStream()
    let runner = RunnerService(
        runner: ServiceRunner(application: application, registry: registry, logger: logger), ready: continuation)
    let group = ServiceGroup(configuration: .init(services: [runner], logger: silentLogger))
    let running = Task { try await group.run() }
    guard let ports = await ready.first(where: { _ in true }) else { return try await running.value }
    do {
        try await body(TestServer(ports: ports) { await group.triggerGracefulShutdown() })
    } catch {
        await group.triggerGracefulShutdown()
        throw error
    }
    await group.triggerGracefulShutdown()
    try await running.value
}

private struct RunnerService: Service {
    let runner: ServiceRunner
    let ready: AsyncStream<ServiceRunner.Ports>.Continuation

    func run() async throws {
        defer { ready.finish() }
        try await runner.run { ready.yield($0) }
    }
}

// MARK: - Raw sockets

/// A TCP connection that does exactly what a test says, also what no HTTP client would.
final class RawConnection: Sendable {
    private let channel: any Channel
    private let inbox: Inbox

    private init(channel: any Channel, inbox: Inbox) {
        self.channel = channel
        self.inbox = inbox
    }

    static func open(port: Int, reads: Bool = true) async throws -> RawConnection {
        let inbox = Inbox()
        let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelOption(.autoRead, value: reads)
            .channelInitializer { $0.pipeline.addHandler(Collector(inbox: inbox)) }
            .connect(host: "127.0.0.1", port: port).get()
        return RawConnection(channel: channel, inbox: inbox)
    }

    func send(_ text: String) async throws {
        try await channel.writeAndFlush(ByteBuffer(string: text))
    }

    func close() { channel.close(promise: nil) }

    /// Goes as a peer goes whose machine lost its power and came back.
    func reset() async throws {
        let options = try #require(channel as? any SocketOptionProvider)
        try await options.setSoLinger(linger(l_onoff: 1, l_linger: 0)).get()
        try await channel.close()
    }

    /// Says that no more will be sent, and listens on.
    func finishSending() async throws { try await channel.close(mode: .output) }

    var received: String { inbox.text.withLock { $0 } }
    /// Whether the server has said that it will send no more, or is gone.
    var isFinished: Bool { inbox.isFinished.withLock { $0 } || !channel.isActive }
    var isOpen: Bool { channel.isActive }

    /// Sends `byte` every 20 ms until the server is gone; returns how long that took, or nil after `timeout`.
    func dribble(_ byte: String = "x", timeout: Duration = soon) async throws -> Duration? {
        let start = ContinuousClock.now
        while start.duration(to: .now) < timeout {
            do { try await send(byte) } catch { return start.duration(to: .now) }
            try await lettingPass(.milliseconds(20))
        }
        return nil
    }

    /// Waits for something to become true of the connection.
    func wait(timeout: Duration = soon, until condition: (RawConnection) -> Bool) async throws -> Bool {
        let start = ContinuousClock.now
        while !condition(self) {
            guard start.duration(to: .now) < timeout else { return false }
            try await lettingPass(.milliseconds(5))
        }
        return true
    }

    private final class Inbox: Sendable {
        let text = Mutex("")
        let isFinished = Mutex(false)
    }

    private final class Collector: ChannelInboundHandler, Sendable {
        typealias InboundIn = ByteBuffer
        let inbox: Inbox

        init(inbox: Inbox) { self.inbox = inbox }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let text = String(buffer: unwrapInboundIn(data))
            inbox.text.withLock { $0 += text }
        }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if event as? ChannelEvent == .inputClosed { inbox.isFinished.withLock { $0 = true } }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}
