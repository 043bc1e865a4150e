import Accounting
import Codes
import Foundation
import Hooks
package import Hosting
import Hummingbird
import Jobs
import Kernel
package import Logging
import Orders
import Postgres
import Schema
import Vault

/// Composes siyu-ingest; opens nothing, so that `--check` and tests may call it.
///
/// - Throws: `StartupFailure` or `KeysError` when the master keys are missing or exposed.
package func build(_ settings: ServiceSettings, logger: Logger) async throws -> ServiceApplication {
    let keys = try settings.loadKeys()
    let vault = Vault(keys: keys)
    let pool = Pool(settings.poolConfiguration, logger: logger)
    let queue = JobQueue(
        pool: pool, logger: logger, options: JobQueueOptions(listenConnection: settings.listenConfiguration))
    ImportLoader.register(on: queue, vault: vault)
    Sweeps.register(on: queue)
    LedgerJobs.register(on: queue)
    TechnicalFees.register(on: queue)
    // In development this machine may be told, so that receivers can be tried; nowhere else.
    let allowsLocal = settings.environment == .development
    let carrier = HookHTTP(allowsLocal: allowsLocal)
    HookSending(pool: pool, keys: keys, transport: carrier, allowsLocal: allowsLocal, realTime: { Date() })
        .register(on: queue)
    let marketcodes = MarketcodeAccounts(pool: pool, keys: keys)
    MarketcodeLeading(queue: queue, providers: marketcodes, keys: keys).register()
    let imports = OrderImports(pool: pool, queue: queue, vault: vault)
    let notices = PaymentNotices(
        pool: pool, queue: queue, merchants: Merchants(pool: pool, keys: keys), inbox: Inbox(keys: keys), logger: logger
    )
    var limits = ServerLimits()
    limits.exceptions[ImportRoutes.path] = ImportRoutes.limits

    var application = ServiceApplication(
        settings: settings, pool: pool, limits: limits, checks: [schemaCheck(pool, logger)],
        workers: [
            queue.processor(
                queues: [ImportLoad.jobQueue], options: JobProcessorOptions(concurrency: settings.jobConcurrency)),
            // A worker of its own: receivers that are slow hold up no import.
            queue.processor(queues: [HookSend.jobQueue], options: JobProcessorOptions(concurrency: hooksAtOnce.value)),
            // One at a time: seals of a brand follow each other, and nobody waits for one.
            queue.processor(queues: [SealTransfers.jobQueue], options: JobProcessorOptions(concurrency: 1)),
            // Packages lie in memory as a whole, and calls wait for WeChat: they hold up no import either.
            queue.processor(
                queues: [CodeApplicationLead.jobQueue],
                options: JobProcessorOptions(concurrency: marketcodesAtOnce.value)),
            Sweeps(pool: pool, queue: queue, logger: logger),
            LedgerSeals(pool: pool, queue: queue, logger: logger),
        ], openAPI: openAPI
    ) { router in
        ImportRoutes(pool: pool, imports: imports).add(
            to: router.group().add(middleware: RequireCaller(db: pool, roles: [.partner, .staff])))
        OrderRoutes(pool: pool).add(
            to: router.group().add(middleware: RequireCaller(db: pool, roles: Role.readers)))
        PayNotifyRoutes(notices: notices).add(to: router)
    }
    application.resources = [carrier, marketcodes]
    return application
}

private let hooksAtOnce = Limit(16, reason: "calls wait for others; each has a socket, none a database connection")

private let marketcodesAtOnce = Limit(2, reason: "each may hold a package of some megabytes")

/// The schema that this binary was built for, or a newer one.
private func schemaCheck(_ pool: Pool, _ logger: Logger) -> ReadinessCheck {
    ReadinessCheck(name: "schema", exit: .config) { try await Migrator(pool: pool, logger: logger).check().obstacle }
}
