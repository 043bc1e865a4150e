import Foundation
import Hummingbird
import Kernel
import Logging
import Metrics
import NIOCore
import NIOPosix
import Postgres
import ServiceLifecycle
import Synchronization
import TestSupport
import Testing

@testable import Hosting

struct ServiceRunnerTests {
    // MARK: - Health

    @Test func o01_healthAndReadiness_areReportedOnTheAdminPort() async throws {
        let reason = Mutex<String?>(nil)
        let check = ReadinessCheck(name: "schema", exit: .config) { reason.withLock { $0 } }
        try await withServer(checks: [check]) { server in
            #expect(try await server.get("\(server.admin)/healthz").body == #"{"status":"alive"}"#)
            let ready = try await server.get("\(server.admin)/readyz")
            #expect(ready.status == 200)
            #expect(ready.body == #"{"checks":[{"name":"schema"}],"status":"ready"}"#)

            reason.withLock { $0 = "The database is empty." }
            let unready = try await server.get("\(server.admin)/readyz")
            #expect(unready.status == 503)
            #expect(
                unready.body == #"{"checks":[{"name":"schema","reason":"The database is empty."}],"status":"unready"}"#)
            #expect(try await server.get("/healthz").status == 404)
        }
    }

    @Test func readiness_ofAHangingDatabase_isAnsweredWithinASecond() async throws {
        let isHanging = Mutex(false)
        let check = ReadinessCheck(name: "database", exit: .unavailable) {
            if isHanging.withLock({ $0 }) { try await untilCancelled() }
            return nil
        }
        try await withServer(checks: [check]) { server in
            isHanging.withLock { $0 = true }
            let start = ContinuousClock.now

            let answer = try await server.get("\(server.admin)/readyz")

            #expect(answer.status == 503)
            #expect(answer.body.contains("no answer in time"))
            #expect(start.duration(to: .now) < soon)
        }
    }

    @Test func readiness_ofARealDatabase_knowsItsEnvironmentAndClock() async throws {
        try await withTestDatabase { db in
            let pool = db.pool(as: .ingest)
            var settings = ServiceSettings(name: "test", port: 0)
            settings.environment = .development
            func findings() async -> [ReadinessFinding] {
                let application = ServiceApplication(settings: settings, pool: pool, openAPI: "{}") { _ in }
                return await Readiness(checks: application.checks).findings(timeout: soon)
            }
            #expect(await findings().map(\.reason) == [nil, nil])
            settings.environment = .production
            #expect(
                await findings().last?.reason == "SIYU_ENV is production, the database was made for development")
        }
    }

    @Test func metrics_countRequestsByRouteAndNotByPath() async throws {
        try await withServer(addRoutes: { $0.get("v1/things/{id}") { _, _ in "x" } }) { server in
            for id in 1...3 { _ = try await server.get("/v1/things/\(id)") }
            _ = try await server.get("/guess")
            _ = try await server.send("PROPFIND", "/guess")

            let text = try await server.get("\(server.admin)/metrics").body

            #expect(
                text.contains(
                    "http_server_request_duration_seconds_count{http_route=\"/v1/things/{id}\",http_method=\"GET\",http_status=\"200\"} 3\n"
                ))
            #expect(text.contains("http_route=\"NotFound\",http_method=\"other\",http_status=\"404\""))
            #expect(!text.contains("guess"))
            #expect(text.contains("db_pool_connections{state=\"open\"} 0\n"))
            #expect(text.contains("http_server_active_requests 0\n"))
        }
    }

    // MARK: - Start

    @Test func start_withFailingCheck_isRefusedBeforeAnyWorkerRuns() async throws {
        let worker = RecordingWorker()
        let check = ReadinessCheck(name: "schema", exit: .config) { "The database is empty" }

        let failure = await #expect(throws: StartupFailure.self) {
            try await withServer(checks: [check], workers: [worker]) { _ in }
        }

        #expect(
            failure
                == StartupFailure(
                    .config, "schema is not ready: The database is empty (database: as in PGHOST and its kin)."))
        #expect(!worker.hasStarted)
    }

    @Test(arguments: [true, false])
    func start_withPortTaken_isRefusedBeforeAnyWorkerRuns(isAdminPort: Bool) async throws {
        let taken = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(taken.localAddress?.port)
        let worker = RecordingWorker()
        var settings = ServiceSettings(name: "test", port: 0)
        if isAdminPort { settings.adminPort = port } else { settings.port = port }
        var application = ServiceApplication(settings: settings, pool: nowhere, workers: [worker], openAPI: "{}") { _ in
        }
        application.checks = []

        let failure = await #expect(throws: StartupFailure.self) {
            try await withRunning(application) { _ in Issue.record("It must not start.") }
        }

        #expect(failure == StartupFailure(.unavailable, "127.0.0.1:\(port) is in use by another process."))
        #expect(!worker.hasStarted)
        try await taken.close()
    }

    @Test func start_withDeadDatabase_isUnavailable() async throws {
        var settings = ServiceSettings(name: "test", port: 0)
        settings.databaseURL = "postgres://siyu:hunter2@127.0.0.1:1/siyu"
        let application = ServiceApplication(
            settings: settings, pool: Pool(settings.poolConfiguration, logger: silentLogger), openAPI: "{}"
        ) { _ in }

        let failure = await #expect(throws: StartupFailure.self) { try await withRunning(application) { _ in } }

        #expect(failure?.exit == .unavailable)
        #expect(failure?.description.hasSuffix("(database: postgres://siyu:****@127.0.0.1:1/siyu).") == true)
    }

    // MARK: - Drain

    @Test func o04_drain_finishesWhatRunsAndTakesNothingNew() async throws {
        let worker = RecordingWorker()
        let entered = TestSignal<Void>()
        let release = TestSignal<Void>()
        try await withServer(
            limits: ServerLimits(), workers: [worker],
            addRoutes: { router in
                router.get("work") { _, _ in
                    entered.send(())
                    try await release.wait()
                    return "done"
                }
            }
        ) { server in
            let request = Task { try await server.get("/work") }
            try await entered.wait()
            let idle = try await RawConnection.open(port: server.ports.api)

            let stopping = Task { await server.stop() }
            #expect(try await idle.wait { $0.isFinished })
            let draining = try await server.get("\(server.admin)/readyz")
            #expect(draining.status == 503)
            #expect(draining.body == #"{"checks":[],"status":"draining"}"#)
            // Nobody listens any more: refused, or closed without a word.
            if let late = try? await RawConnection.open(port: server.ports.api) {
                #expect(try await late.wait { $0.isFinished })
                #expect(late.received.isEmpty)
            }
            try await eventually { worker.hasDrained }

            release.send(())
            #expect(try await request.value.body == "done")
            await stopping.value
        }
        #expect(worker.hasDrained)
    }
}

extension ServiceRunnerTests {
    @Test func drain_beyondItsGrace_cancelsWhatStillRuns() async throws {
        var settings = ServiceSettings(name: "test", port: 0)
        settings.drainGrace = .milliseconds(200)
        var application = ServiceApplication(
            settings: settings, pool: nowhere, workers: [StubbornWorker()], openAPI: "{}"
        ) { _ in }
        application.checks = []
        let start = ContinuousClock.now

        try await withRunning(application) { _ in }

        #expect(start.duration(to: .now) < soon)
    }
}

/// Stops when it is cancelled, and not before.
private struct StubbornWorker: Service {
    func run() async throws {
        try? await untilCancelled()
    }
}

private final class RecordingWorker: Service {
    private let state = Mutex((started: false, drained: false))
    var hasStarted: Bool { state.withLock { $0.started } }
    var hasDrained: Bool { state.withLock { $0.drained } }

    func run() async throws {
        state.withLock { $0.started = true }
        try? await gracefulShutdown()
        state.withLock { $0.drained = true }
    }
}
