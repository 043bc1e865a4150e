import Foundation
import Gifting
import Hooks
package import Hosting
import Hummingbird
import Jobs
import Keys
package import Logging
package import Orders
import Postgres
import Promotions
import Schema
import Vault
import WeChat

/// Composes siyu-gifts; opens nothing, so that `--check` and tests may call it.
///
/// - Parameters:
///   - providers: Who stands in for WeChat Pay where money is taken; nil for WeChat Pay itself.
///   - payouts: The same where money is given.
/// - Throws: `StartupFailure` or `KeysError` when the master keys are missing or exposed.
package func build(
    _ settings: ServiceSettings, logger: Logger, providers: (any PaymentProviders)? = nil,
    payouts: (any PayoutProviders)? = nil
) async throws -> ServiceApplication {
    let keys = try settings.loadKeys()
    let pool = Pool(settings.poolConfiguration, logger: logger)
    let queue = JobQueue(
        pool: pool, logger: logger, options: JobQueueOptions(listenConnection: settings.listenConfiguration))
    let weChatPay = WeChatPayConnection(pool: pool, keys: keys)
    let payments = Payments(pool: pool, queue: queue, providers: providers ?? weChatPay)
    let vault = Vault(keys: keys)
    let gifts = Gifts(queue: queue, vault: vault, pageKeys: keys, hooks: OutgoingHooks(queue: queue))
    let retention = AddressRetention(queue: queue, vault: vault)
    let groups = GiftGroups(gifts: gifts, keys: keys)
    payments.register()
    Paying(queue: queue, providers: payouts ?? weChatPay, keys: keys).register()
    gifts.register()
    Guarantees(queue: queue).register()
    let cards = Cards(queue: queue)
    cards.register()
    let aftersales = Aftersales(queue: queue, hooks: OutgoingHooks(queue: queue))
    aftersales.register(on: queue)
    groups.register()
    retention.register()

    let (carrier, screens) = greetingScreens(keys, allowsLocal: settings.environment == .development)

    var application = ServiceApplication(
        settings: settings, pool: pool, checks: [schemaCheck(pool, logger)],
        workers: [
            queue.processor(
                queues: [GiftLapse.jobQueue, PaymentReceived.jobQueue, PayoutRequest.jobQueue],
                options: JobProcessorOptions(concurrency: settings.jobConcurrency)),
            DeadlineWatch(
                pool: pool, deadlines: GiftDeadlines(gifts: gifts, pool: pool, logger: logger), logger: logger),
            RetentionRounds(pool: pool, retention: retention, logger: logger),
        ], openAPI: openAPI
    ) { router in
        GiftPageRoutes(
            pool: pool, queue: queue, gifts: gifts, groups: groups, keys: keys, login: WebLogin(),
            isSecure: settings.environment == .production
        ).add(to: router)
        let api = router.group().add(middleware: RequireCaller(db: pool, roles: [.partner]))
        let accepts = AcceptDesk(gifts: gifts, pool: pool) { try StoredAnswer(200, $0) }
        GiftRoutes(
            pool: pool, queue: queue, gifts: gifts, accepts: accepts, payments: payments, screens: screens
        ).add(to: api)
        CashRoutes(pool: pool, queue: queue, gifts: gifts, payments: payments).add(to: api)
        GroupRoutes(pool: pool, queue: queue, groups: groups, payments: payments, screens: screens).add(to: api)
        GiftableRoutes(pool: pool, gifts: gifts).add(to: api)
        RatingRoutes(pool: pool, ratings: GiftRatings(gifts: gifts, keys: keys)).add(to: api)
        LookRoutes(pool: pool, gifts: gifts).add(to: api)
        let hooks = ShopHooks(origins: HookOrigins(pool: pool, keys: keys))
        let cases = AftersaleRoutes(
            pool: pool, queue: queue, gifts: gifts, aftersales: aftersales, hooks: hooks, inbox: Inbox(keys: keys))
        let staff = router.group().add(middleware: RequireCaller(db: pool, roles: [.staff]))
        cases.addShopper(to: api)
        cases.addShop(to: staff)
        cases.addHooks(to: router)
        WithdrawalRoutes(pool: pool, gifts: gifts).add(to: staff)
        PayoutRoutes(pool: pool, keys: keys).add(to: api)
        CardRoutes(pool: pool, cards: cards, vault: vault).add(to: api)
        SlipRoutes(pool: pool, gifts: gifts).add(to: router)
        GuaranteeRoutes(pool: pool, gifts: gifts, hooks: hooks, inbox: Inbox(keys: keys)).add(to: router)
    }
    application.resources = [weChatPay, carrier]
    return application
}

/// - Parameter allowsLocal: Sandboxes of whoever looks at greetings listen on this machine.
private func greetingScreens(_ keys: KeyRing, allowsLocal: Bool) -> (HookHTTP, GreetingScreens) {
    let carrier = HookHTTP(allowsLocal: allowsLocal)
    return (carrier, GreetingScreens(keys: keys, transport: carrier, allowsLocal: allowsLocal, realTime: { Date() }))
}

/// The schema that this binary was built for, or a newer one.
private func schemaCheck(_ pool: Pool, _ logger: Logger) -> ReadinessCheck {
    ReadinessCheck(name: "schema", exit: .config) { try await Migrator(pool: pool, logger: logger).check().obstacle }
}
