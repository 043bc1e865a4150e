package import Hosting
import Hummingbird
import Jobs
package import Logging
import Postgres
import Reporting
import Schema

/// Composes siyu-reports; opens nothing, so that `--check` and tests may call it.
///
/// - Throws: `StartupFailure` or `KeysError` when the master keys are missing or exposed.
package func build(_ settings: ServiceSettings, logger: Logger) async throws -> ServiceApplication {
    let keys = try settings.loadKeys()
    let pool = Pool(settings.poolConfiguration, logger: logger)
    let pages = StaffPages(db: pool, keys: keys, isSecure: settings.environment == .production)
    let queue = JobQueue(
        pool: pool, logger: logger, options: JobQueueOptions(listenConnection: settings.listenConfiguration))
    ReportingJobs.register(on: queue, pool: pool)

    return ServiceApplication(
        settings: settings, pool: pool, checks: [schemaCheck(pool, logger)],
        workers: [
            queue.processor(
                queues: [ReportingJobs.queueName], options: JobProcessorOptions(concurrency: settings.jobConcurrency))
        ], openAPI: openAPI
    ) { router in
        pages.add(to: router)
        BoardRoutes(pool: pool, pages: pages).add(to: router)
        ReportRoutes(pool: pool, pages: pages).add(to: router)
    }
}

/// The schema that this binary was built for, or a newer one.
private func schemaCheck(_ pool: Pool, _ logger: Logger) -> ReadinessCheck {
    ReadinessCheck(name: "schema", exit: .config) { try await Migrator(pool: pool, logger: logger).check().obstacle }
}
