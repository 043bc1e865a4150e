import Dispatch
import Foundation
import Hummingbird
import HummingbirdCore
package import Logging
import NIOCore
import NIOPosix
import Postgres
import ServiceLifecycle
import UnixSignals

/// Runs a composed service: API, health, workers; until it is told to stop, then until it is drained.
///
/// Draining: `/readyz` turns 503, the API takes no new connections and the workers no new jobs; what runs may finish. Health stays up
/// until then, the pool goes last.
package struct ServiceRunner: Sendable {
    private let application: ServiceApplication
    private let registry: PrometheusRegistry
    private let logger: Logger

    /// A runner for one run.
    package init(application: ServiceApplication, registry: PrometheusRegistry, logger: Logger) {
        self.application = application
        self.registry = registry
        self.logger = logger
    }

    /// The ports in use, which differ from the settings where those say 0.
    package struct Ports: Sendable, Hashable {
        /// The API's port.
        package var api: Int
        /// The port of health and metrics.
        package var admin: Int
    }

    /// Runs until a graceful shutdown; returns when everything has ended.
    ///
    /// - Parameters:
    ///   - handlesSignals: Whether SIGTERM and SIGINT begin the drain; true for executables.
    ///   - onReady: Called once, when both ports are open and the workers start.
    /// - Throws: ``StartupFailure`` for a check that fails, a port somebody else holds, or too few files that may be open.
    package func run(
        handlesSignals: Bool = false, onReady: @escaping @Sendable (Ports) -> Void = { _ in }
    ) async throws {
        let readiness = Readiness(checks: application.checks)
        try await Host.requireReady(readiness, application)

        let settings = application.settings
        try FileLimit.require(connections: application.limits.connectionsMax)
        try await Self.requireFree(settings.host, settings.port)
        try await Self.requireFree(settings.adminHost, settings.adminPort)
        let doors = OpenDoors()
        let measurements = RequestMeasurements(factory: registry)
        let api = server(
            Edge(inner: application.responder, limits: application.limits, measurements: measurements),
            direct: DirectHandler.Means(
                routes: application.directRoutes, deadline: application.limits.standard.deadline,
                measurements: measurements, logger: logger),
            host: settings.host, port: settings.port, limits: application.limits
        ) { await doors.open(api: $0) }
        let admin = server(
            AdminServer(
                readiness: readiness, registry: registry, pool: application.hasDatabase ? application.pool : nil
            )
            .responder(),
            host: settings.adminHost, port: settings.adminPort, limits: ServerLimits()
        ) { await doors.open(admin: $0) }
        let work = Together(
            services: [
                api,
                DrainNotice(readiness: readiness, grace: handlesSignals ? settings.drainGrace : nil, logger: logger),
                BehindDoors(doors: doors, services: application.workers) { ports in
                    try await application.whenOpen(ports)
                    readiness.serve()
                    logger.notice(
                        "Serving.", metadata: ["port": "\(ports.api)", "admin_port": "\(ports.admin)"])
                    onReady(ports)
                },
            ])
        var configuration = ServiceGroupConfiguration(
            services: [PoolLast(pool: application.pool)] + application.resources + [admin, work],
            gracefulShutdownSignals: handlesSignals ? [.sigterm, .sigint] : [], logger: logger)
        configuration.maximumGracefulShutdownDuration = settings.drainGrace
        try await ServiceGroup(configuration: configuration).run()
        logger.notice("Drained.")
    }

    /// Listens for a moment, so that a port somebody else holds is all that is said, before anything has started.
    private static func requireFree(_ host: String, _ port: Int) async throws {
        try await explainingBind("\(host):\(port)") {
            try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .bind(host: host, port: port).get().close().get()
        }
    }

    private func server(
        _ responder: some HTTPResponder<SiyuRequestContext>, direct: DirectHandler.Means? = nil, host: String,
        port: Int, limits: ServerLimits, onRunning: @escaping @Sendable (Int) async -> Void
    ) -> Listener {
        let decoder = HTTP1Channel.Configuration.DecoderConfiguration(
            maxHeaderFieldSize: limits.headerFieldBytesMax, maxHeaderListSize: limits.headerBytesMax,
            maxHeaderFieldCount: limits.headerFieldsMax)
        // Who is idle, the guard alone tells: Hummingbird does not see the requests of direct routes.
        let channel = HTTP1Channel.Configuration(
            additionalChannelHandlers: Self.handlers(limits, direct), httpDecoderConfiguration: decoder)
        let http = Application(
            responder: responder,
            server: HTTPServerBuilder { LoopBoundHTTP1(base: HTTP1Channel(responder: $0, configuration: channel)) },
            configuration: ApplicationConfiguration(
                address: .hostname(host, port: port),
                availableConnectionsDelegate: MaximumAvailableConnections(limits.connectionsMax)),
            onServerRunning: { await onRunning($0.localAddress?.port ?? port) }, logger: logger)
        return Listener(server: http, address: "\(host):\(port)")
    }

    private static func handlers(
        _ limits: ServerLimits, _ direct: DirectHandler.Means?
    ) -> [any RemovableChannelHandler] {
        let guardian = ConnectionGuard(limits: limits)
        guard let direct, !direct.routes.isEmpty else { return [guardian] }
        return [guardian, DirectHandler(direct)]
    }
}

// MARK: - Parts

/// A server that explains why it cannot listen.
private struct Listener: Service {
    let server: any Service
    let address: String

    func run() async throws {
        try await explainingBind(address) { try await server.run() }
    }
}

private func explainingBind(_ address: String, _ body: () async throws -> Void) async throws {
    do {
        try await body()
    } catch let error as IOError {
        switch error.errnoCode {
        case EADDRINUSE: throw StartupFailure(.unavailable, "\(address) is in use by another process.")
        case EACCES: throw StartupFailure(.noPermission, "This user may not listen on \(address).")
        case EADDRNOTAVAIL: throw StartupFailure(.config, "\(address) is not an address of this machine.")
        default: throw StartupFailure(.unavailable, "Cannot listen on \(address) (errno \(error.errnoCode)).")
        }
    } catch is SocketAddressError {
        throw StartupFailure(.config, "\(address) is not an address of this machine.")
    }
}

/// The ports, once both servers listen.
private actor OpenDoors {
    private var api: Int?
    private var admin: Int?
    private var waiting: [CheckedContinuation<ServiceRunner.Ports?, Never>] = []
    private var isClosed = false

    func open(api port: Int) {
        api = port
        tell()
    }

    func open(admin port: Int) {
        admin = port
        tell()
    }

    /// Nobody need wait any longer.
    func close() {
        isClosed = true
        tell()
    }

    private var ports: ServiceRunner.Ports? {
        if let api, let admin { ServiceRunner.Ports(api: api, admin: admin) } else { nil }
    }

    /// The ports, or nil if the service ends before they are open.
    func wait() async -> ServiceRunner.Ports? {
        if let ports { return ports }
        return isClosed ? nil : await withCheckedContinuation { waiting.append($0) }
    }

    private func tell() {
        guard isClosed || ports != nil else { return }
        for continuation in waiting { continuation.resume(returning: ports) }
        waiting = []
    }
}

/// Starts the workers only when the ports are open: a second process that finds its port taken must not have run a job.
private struct BehindDoors: Service {
    let doors: OpenDoors
    let services: [any Service]
    let onOpen: @Sendable (ServiceRunner.Ports) async throws -> Void

    func run() async throws {
        let ports = await withTaskCancellationOrGracefulShutdownHandler {
            await doors.wait()
        } onCancelOrGracefulShutdown: {
            Task { await doors.close() }
        }
        guard let ports else { return }
        try await onOpen(ports)
        try await Together(services: services + [UntilShutdown()]).run()
    }
}

/// Services that run side by side and are drained at the same time.
private struct Together: Service {
    let services: [any Service]

    func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for service in services {
                group.addTask {
                    try await service.run()
                    guard Task.isShuttingDownGracefully || Task.isCancelled else {
                        throw StartupFailure(.software, "\(type(of: service)) stopped by itself.")
                    }
                }
            }
            // Not waitForAll, which would wait for the others before it passes an error on.
            for try await _ in group {}
        }
    }
}

private struct UntilShutdown: Service {
    func run() async throws { try? await gracefulShutdown() }
}

/// Turns `/readyz` to 503 when the drain begins, and ends the process should the drain not end.
private struct DrainNotice: Service {
    let readiness: Readiness
    /// Nil in tests, which must not end their own process.
    let grace: Duration?
    let logger: Logger

    /// After the grace time everything is cancelled; what does not even heed that is given up.
    private static let afterGrace = 5

    func run() async throws {
        try? await gracefulShutdown()
        readiness.drain()
        logger.notice("Draining.")
        guard let grace else { return }
        let seconds = Int(grace.components.seconds) + Self.afterGrace
        DispatchQueue.global().asyncAfter(deadline: .now() + .seconds(seconds)) {
            writeToStandardError("The drain did not end in time.\n")
            _exit(Sysexit.software.rawValue)
        }
    }
}

/// Closes the pool when everybody else has ended.
private struct PoolLast: Service {
    let pool: Pool

    func run() async throws {
        try? await gracefulShutdown()
        await pool.shutdown()
    }
}
