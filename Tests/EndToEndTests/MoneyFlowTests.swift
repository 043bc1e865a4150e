import Accounting
import AsyncHTTPClient
import Foundation
import Hosting
import Ingest
import Jobs
import Kernel
import Keys
import Logging
import NIOCore
import NIOHTTP1
import Orders
import Postgres
import Sandbox
import TestSupport
import Testing
import WeChat

/// Money there and back over the wire: siyu-sandbox on one side, siyu-ingest and the workers of payments on the other.
struct MoneyFlowTests {
    private static let payments = 60

    @Test(.timeLimit(.minutes(5)))
    func g03_moneyThereAndBack_withEveryThirdCallFailing_isPaidOutOnceEach() async throws {
        try await MoneyWorld.run { world in
            try await world.setFaults()
            let intents = try await world.prepaid(Self.payments)
            for intent in intents { try await world.shopperPays(intent) }
            try await world.until("SELECT count(*) FROM orders.payment_intent WHERE state = 'paid'", is: Self.payments)

            try await world.requestRefunds(of: intents)
            try await world.until("SELECT count(*) FROM orders.refund WHERE state = 'succeeded'", is: Self.payments)

            let book = try await world.book()
            #expect(book["payments"] as? Int == Self.payments)
            #expect(book["payouts"] as? Int == Self.payments)
            #expect(book["payments_with_payout"] as? Int == Self.payments)
            #expect(book["payouts_per_payment_max"] as? Int == 1)
            #expect(book["payouts_fen"] as? Int == Self.payments * 12_800)
            let failed = (book["faults"] as? [String: Int] ?? [:]).values.reduce(0, +)
            #expect(failed > Self.payments / 2, "hardly anything failed: \(book)")
            for (kind, expected) in [("order.paid", Self.payments), ("order.refunded", Self.payments)] {
                let told = try await world.number(
                    "SELECT count(*) FROM jobs.hot j JOIN jobs.kind k ON k.kind_id = j.kind_id WHERE k.name = \(kind)")
                #expect(told == expected, "\(kind)")
            }
            #expect(try await world.number("SELECT count(*) FROM jobs.discarded") == 0)
            #expect(
                try await world.number(
                    """
                    SELECT count(*) FROM accounting.balance b JOIN accounting.account a USING (brand_id, account_id)
                    WHERE a.kind = 'escrow' AND b.balance_fen <> 0
                    """) == 0)
            #expect(
                try await world.number("SELECT count(*) FROM orders.customer_order WHERE status <> 'cancelled'") == 0)
            #expect(try await Ledger.check(brand: world.brand, on: world.pool).isBalanced)
            // siyu-ingest charges fees meanwhile, and gives them back.
            #expect(
                try await world.number(
                    "SELECT count(*) FROM accounting.transfer WHERE kind NOT IN ('fee.charged', 'fee.returned')")
                    == 2 * Self.payments)
        }
    }
}

/// The services in this process, with a database of their own.
private struct MoneyWorld {
    let db: TestDatabase
    /// As siyu-gifts.
    let pool: Pool
    let queue: JobQueue
    let payments: Payments
    let merchants: Merchants
    let sandboxURL: String
    let brand: ID<Brand>
    let shop: ID<Shop>

    private static let http = HTTPClient(
        eventLoopGroupProvider: .singleton, configuration: WeChatPayClient.httpConfiguration)

    /// WeChat Pay behind a client with little patience, so that a held call costs a second.
    private struct Impatient: PaymentProviders {
        let merchants: Merchants

        func provider(
            of mchid: String, brand: ID<Brand>
        ) async throws -> (provider: any PaymentProvider, notifyURL: String)? {
            guard let known = try await merchants.merchant(mchid), known.record.brand == brand else { return nil }
            let client = WeChatPayClient(merchant: known.merchant, http: MoneyWorld.http, timeout: .seconds(1))
            return (client, known.record.notifyURL)
        }
    }

    static func run(_ body: @escaping @Sendable (MoneyWorld) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "siyu-\(ID<Payment>.mint())").path()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let keys = try KeyRing.create(folder: folder + "/keys")
        try await withTestDatabase { db in
            var sandbox = ServiceSettings(name: "siyu-sandbox", port: 0)
            sandbox.environment = .development
            sandbox.sandboxState = folder + "/sandbox"
            var options = SandboxOptions()
            options.refundTime = .milliseconds(100)
            options.retryPauses = Array(repeating: .milliseconds(100), count: 20)
            options.tick = .milliseconds(10)
            var ingest = ServiceSettings(name: "siyu-ingest", port: 0)
            ingest.environment = .development
            ingest.databaseURL = db.conninfo(as: .ingest)
            ingest.databaseDirectURL = db.directConninfo(as: .ingest)
            ingest.isPooled = db.isPooled
            ingest.keysFolder = folder + "/keys"
            ingest.adminPort = 0

            try await serving(try Sandbox.build(sandbox, logger: .silent, options: options)) { [ingest] _ in
                try await serving(try await Ingest.build(ingest, logger: .silent)) { ingestPort in
                    let file = try Data(contentsOf: URL(filePath: folder + "/sandbox/merchant.json"))
                    let world = try await MoneyWorld(
                        db, keys: keys, credentials: try JSONDecoder().decode(MerchantCredentials.self, from: file),
                        notifyBase: "http://127.0.0.1:\(ingestPort)")
                    world.payments.register()
                    let worker = world.queue.processor(
                        queues: [PaymentReceived.jobQueue], options: JobProcessorOptions(concurrency: 8))
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        group.addTask { try await worker.run() }
                        try await body(world)
                        group.cancelAll()
                    }
                }
            }
        }
    }

    /// Serves for the length of `body`, then stops.
    private static func serving(
        _ application: ServiceApplication, _ body: @escaping @Sendable (Int) async throws -> Void
    ) async throws {
        let (ready, continuation) = AsyncStream<Int>.makeStream()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { continuation.finish() }
                try await ServiceRunner(application: application, registry: PrometheusRegistry(), logger: .silent)
                    .run { continuation.yield($0.api) }
            }
            guard let port = await ready.first(where: { _ in true }) else { return try await group.waitForAll() }
            try await body(port)
            group.cancelAll()
        }
    }

    private init(
        _ db: TestDatabase, keys: KeyRing, credentials: MerchantCredentials, notifyBase: String
    ) async throws {
        self.db = db
        pool = db.pool(as: .gifts, connectionsMax: 12)
        queue = JobQueue(pool: pool, logger: .silent)
        merchants = Merchants(pool: pool, keys: keys, http: Self.http)
        payments = Payments(pool: pool, queue: queue, providers: Impatient(merchants: merchants))
        sandboxURL = credentials.baseURL
        let brand = ID<Brand>.mint()
        self.brand = brand
        try await db.owner.execute(
            Statement("INSERT INTO siyu.brand (brand_id, name, created_at) VALUES (\(brand), 'Test', now())"))
        let operatorPool = db.pool(as: .operator)
        shop = try await Catalogue.createShop(code: "main", name: "Main", brand: brand, on: operatorPool).shop.id
        _ = try await operatorPool.transaction { tx in
            try await Merchants.add(
                credentials, notifyBase: notifyBase, brand: brand, keys: keys, now: .now, on: tx)
        }
    }

    // MARK: The sandbox

    func setFaults() async throws {
        _ = try await send(
            "PUT", "/sandbox/faults",
            [
                "seed": 11, "hold_ms": 1_500, "late_ms": 500,
                "rates": [
                    "time_out_after_work": 0.11, "server_error": 0.11, "refuse": 0.11, "duplicate_notification": 0.3,
                    "late_notification": 0.2, "lost_notification": 0.2, "signature_probe": 0.2,
                ],
            ])
    }

    func shopperPays(_ intent: PaymentIntent) async throws {
        _ = try await send("POST", "/sandbox/pay", ["out_trade_no": intent.outTradeNo, "openid": "o1"])
    }

    func book() async throws -> [String: Any] { try await send("GET", "/sandbox/book", nil) }

    private func send(_ method: String, _ path: String, _ json: [String: Any]?) async throws -> [String: Any] {
        var request = HTTPClientRequest(url: sandboxURL + path)
        request.method = .init(rawValue: method)
        if let json {
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(ByteBuffer(bytes: try JSONSerialization.data(withJSONObject: json)))
        }
        let response = try await Self.http.execute(request, timeout: .seconds(20))
        #expect(response.status == .ok || response.status == .noContent, "\(method) \(path)")
        let body = Data(Array(buffer: try await response.body.collect(upTo: 1 << 20)))
        return body.isEmpty ? [:] : try JSONSerialization.jsonObject(with: body) as? [String: Any] ?? [:]
    }

    // MARK: Our side

    /// Payments that the sandbox knows; whoever is told to try again does.
    func prepaid(_ count: Int) async throws -> [PaymentIntent] {
        var intents: [PaymentIntent] = []
        for _ in 0..<count {
            let wish = NewIntent(
                shop: shop, payer: .mint(), amount: Money(fen: 12_800), description: "Tea",
                subject: "gift:\(ID<Gift>.mint())", ownerQueue: "gifts", expiresAt: Date(timeIntervalSinceNow: 900))
            let intent = try await pool.transaction { tx in
                try await Payments.create(wish, brand: brand, now: .now, on: tx)
            }
            try await eventually {
                do {
                    _ = try await payments.prepay(intent.id, payerOpenID: "o1", brand: brand)
                    return true
                } catch let problem as Problem where problem.status == 503 {
                    return false
                }
            }
            intents.append(intent)
        }
        return intents
    }

    func requestRefunds(of intents: [PaymentIntent]) async throws {
        for intent in intents {
            _ = try await pool.transaction { tx in
                try await Refunds.request(
                    payment: intent.id, amount: intent.amount, reason: "gift expired", brand: brand, now: .now,
                    queue: queue, on: tx)
            }
        }
        await queue.wake(PaymentReceived.jobQueue)
    }

    /// Waits until a count is reached; meanwhile hours pass for the business, so that nobody waits for them.
    func until(_ sql: SQL, is expected: Int) async throws {
        try await eventually(within: .seconds(120), every: .milliseconds(200)) {
            if try await number(sql) == expected { return true }
            try await db.owner.execute(
                Statement("UPDATE siyu.environment SET clock_offset = clock_offset + INTERVAL '10 minutes'"))
            return false
        }
    }

    func number(_ sql: SQL) async throws -> Int {
        try await db.owner.one(Statement(sql) { row throws(PostgresError) in try row.next(Int.self) })
    }
}
