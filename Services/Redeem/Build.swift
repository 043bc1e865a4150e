import Codes
import Foundation
import Hooks
package import Hosting
import Hummingbird
import Jobs
package import Logging
import Members
import Postgres
import Promotions
import Schema
import Touch

/// Composes siyu-redeem; opens nothing, so that `--check` and tests may call it.
///
/// - Throws: `StartupFailure` or `KeysError` when the master keys are missing or exposed.
package func build(_ settings: ServiceSettings, logger: Logger) async throws -> ServiceApplication {
    let keys = try settings.loadKeys()
    var database = settings.poolConfiguration
    database.connection.plansOnce = true
    let pool = Pool(database, logger: logger)
    let queue = JobQueue(
        pool: pool, logger: logger, options: JobQueueOptions(listenConnection: settings.listenConfiguration))
    let hooks = OutgoingHooks(queue: queue)
    PrizePayments.register(on: queue, hooks: hooks)
    TouchRecording.register(on: queue)
    let vouchers = Vouchers(keys: keys, queue: queue, hooks: hooks)
    vouchers.register()
    let coupons = Coupons(queue: queue)
    coupons.register()
    let grants = CouponGrants(queue: queue)
    ScanSignals(keys: keys, queue: queue).register()
    let pulse = BatchPulse(queue: queue, logger: logger)
    pulse.register()
    let directory = CodeDirectory(pool: pool, keys: keys, logger: logger)
    let redeeming = Redeeming(
        pool: pool, queue: queue, keys: keys,
        followers: [vouchers, DrawFollower(), grants, ScanTeller(hooks: hooks), pulse],
        vouchers: vouchers, realTime: { Date() })
    let desk = ScanDesk { try await redeeming.redeem($0, brand: $1) }
    let limits = LimitBook(keys: keys)
    let exchange = LimitExchange(book: limits, pool: pool, logger: logger)
    // Somebody waits with a phone in their hand: sooner than a job would.
    let accounts = MarketcodeAccounts(pool: pool, keys: keys, timeout: .seconds(3))
    let tickets = MarketcodeTickets(pool: pool, keys: keys, providers: accounts, logger: logger)
    let scans = Scans(directory: directory, limits: limits, desk: desk, tickets: tickets)

    let signed = SignedHooks(origins: HookOrigins(pool: pool, keys: keys))
    let scanRoutes = ScanRoutes(hooks: signed, scans: scans)
    var application = ServiceApplication(
        settings: settings, pool: pool, limits: serverLimits,
        checks: [schemaCheck(pool, logger), directoryCheck(directory), limitsCheck(exchange)],
        workers: [
            directory, exchange, pulse,
            queue.processor(
                queues: [PrizePay.jobQueue, TouchRecord.jobQueue, CouponGrant.jobQueue],
                options: JobProcessorOptions(concurrency: settings.jobConcurrency)),
        ], openAPI: openAPI
    ) { router in
        scanRoutes.add(to: router)
        let handovers = Handovers(pool: pool, queue: queue, keys: keys, limits: limits, hooks: hooks)
        HandoverRoutes(hooks: signed, handovers: handovers).add(to: router)
        DrawRoutes(
            hooks: signed,
            draws: Draws(
                pool: pool, keys: keys, vouchers: vouchers, coupons: grants, limits: limits, hooks: hooks)
        ).add(to: router)
        let couponRoutes = CouponRoutes(hooks: signed, desk: CouponDesk(pool: pool, coupons: coupons, keys: keys))
        couponRoutes.addHooks(to: router)
        couponRoutes.addShopper(to: router.group().add(middleware: RequireCaller(db: pool, roles: [.partner])))
        PageRoutes(pages: CodePages(directory: directory, pool: pool, keys: keys, limits: limits)).add(to: router)
    }
    application.directRoutes = [scanRoutes.direct]
    application.resources = [accounts]
    return application
}

/// Phones in a queue and slow sockets of whoever wishes us ill must not take each other's places.
private var serverLimits: ServerLimits {
    var limits = ServerLimits()
    limits.connectionsMax = 4_096
    return limits
}

/// The schema that this binary was built for, or a newer one.
private func schemaCheck(_ pool: Pool, _ logger: Logger) -> ReadinessCheck {
    ReadinessCheck(name: "schema", exit: .config) { try await Migrator(pool: pool, logger: logger).check().obstacle }
}

/// The batches are known before the port is open: the first scan after a restart must not take a code for forged.
private func directoryCheck(_ directory: CodeDirectory) -> ReadinessCheck {
    ReadinessCheck(name: "batches", exit: .unavailable) {
        try await directory.refresh()
        return nil
    }
}

/// Pauses outlive the process: whoever had to wait before a restart has to wait after it.
private func limitsCheck(_ exchange: LimitExchange) -> ReadinessCheck {
    ReadinessCheck(name: "limits", exit: .unavailable) {
        try await exchange.hear()
        return nil
    }
}
