package import Hosting
import Hummingbird
import Jobs
package import Logging
import Postgres
import Reporting
import Schema
import ServiceLifecycle

/// Composes siyu-reports; opens nothing, so that `--check` and tests may call it.
///
/// - Throws: `StartupFailure` or `KeysError` when the master keys are missing or exposed.
package func build(_ settings: ServiceSettings, logger: Logger) async throws -> ServiceApplication {
    let keys = try settings.loadKeys()
    let pool = Pool(settings.poolConfiguration, logger: logger)
    let pages = StaffPages(
        db: pool, keys: keys, isSecure: settings.environment == .production, operationsHome: ConsoleRoutes.path)
    let queue = JobQueue(
        pool: pool, logger: logger, options: JobQueueOptions(listenConnection: settings.listenConfiguration))
    ReportingJobs.register(on: queue, pool: pool)

    let looking = Pool(lookingConfiguration(settings), logger: logger)
    let console = ConsoleRoutes(
        queue: queue,
        looking: JobQueue(pool: looking, logger: logger, options: JobQueueOptions(usesNotifications: false)),
        pages: pages, pool: pool)

    var application = ServiceApplication(
        settings: settings, pool: pool, checks: [schemaCheck(pool, logger)],
        workers: [
            queue.processor(
                queues: [ReportingJobs.queueName], options: JobProcessorOptions(concurrency: settings.jobConcurrency))
        ], openAPI: openAPI
    ) { router in
        pages.add(to: router)
        BoardRoutes(pool: pool, pages: pages).add(to: router)
        ReportRoutes(pool: pool, pages: pages).add(to: router)
        ReconciliationRoutes(pool: pool, pages: pages).add(to: router)
        AuditRoutes(pool: pool).add(to: router)
        console.add(to: router)
    }
    application.resources = [ClosesLast(pool: looking)]
    return application
}

/// Two connections whose statements are cancelled after two seconds: the console looks at tables that others work on, and
/// must neither keep the database busy nor take connections from those who report.
private func lookingConfiguration(_ settings: ServiceSettings) -> PoolConfiguration {
    var configuration = settings.poolConfiguration
    configuration.connection.applicationName = "\(settings.name) console"
    configuration.connection.statementTimeout = .seconds(2)
    configuration.connectionsMax = 2
    configuration.waitersMax = 32
    return configuration
}

/// Closes a pool when the requests that use it have ended.
private struct ClosesLast: Service {
    let pool: Pool

    func run() async throws {
        // Returns at the shutdown that follows the last request.
        try? await gracefulShutdown()
        await pool.shutdown()
    }
}

/// The schema that this binary was built for, or a newer one.
private func schemaCheck(_ pool: Pool, _ logger: Logger) -> ReadinessCheck {
    ReadinessCheck(name: "schema", exit: .config) { try await Migrator(pool: pool, logger: logger).check().obstacle }
}
