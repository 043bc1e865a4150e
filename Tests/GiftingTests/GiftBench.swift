import Foundation
import Gifting
import JobTesting
import Jobs
import Kernel
import Keys
import Orders
import Postgres
import TestSupport
import Testing
import Vault

/// A brand with a shop, a product in three variants (two of one price), and everything that carries gifts, used as siyu-gifts.
struct GiftBench {
    let db: TestDatabase
    let pool: Pool
    let keys = KeyRing.ephemeral()
    let vault: Vault
    let queue: JobQueue
    let gifts: Gifts
    let deadlines: GiftDeadlines
    let payments: Payments
    let pay: StubPay
    let brand = ID<Brand>.mint()
    let shop: ID<Shop>
    let product: ID<Product>
    /// 100 yuan.
    let red: VariantRecord
    /// 100 yuan.
    let blue: VariantRecord
    /// 101 yuan.
    let gold: VariantRecord
    /// Of another product, 100 yuan.
    let stranger: VariantRecord

    static let mchid = "1900000001"

    init(
        _ db: TestDatabase, pay: StubPay = StubPay(), stock: Int = 2_000, connections: Int = 12
    ) async throws {
        self.db = db
        self.pay = pay
        pool = db.pool(as: .gifts, connectionsMax: connections)
        vault = Vault(keys: keys)
        queue = JobQueue(pool: pool, logger: .silent)
        gifts = Gifts(queue: queue, vault: vault)
        deadlines = GiftDeadlines(gifts: gifts, pool: pool, logger: .silent)
        payments = Payments(pool: pool, queue: queue, providers: pay)
        gifts.register()
        payments.register()

        let brand = brand
        let staff = db.pool(as: .operator)
        try await db.owner.execute(
            Statement("INSERT INTO siyu.brand (brand_id, name, created_at) VALUES (\(brand), 'Test', now())"))
        let shop = try await Catalogue.createShop(code: "main", name: "Main", brand: brand, on: staff).shop.id
        self.shop = shop
        let mchid = Self.mchid
        let source = ID<HookSource>.mint()
        try await db.owner.execute(
            Statement(
                """
                INSERT INTO orders.merchant (mchid, merchant_id, brand_id, appid, base_url, notify_base, sealed_credentials, created_at,
                    updated_at)
                VALUES (\(mchid), \(source), \(brand), 'wx1', 'https://pay.example', 'https://pay.example', '', now(), now())
                """))
        let made = try await staff.transaction { tx in
            let now = Date(timeIntervalSince1970: 1_780_000_000)
            var variants: [VariantRecord] = []
            var products: [ID<Product>] = []
            for (sku, colours) in [
                ("tea", [("red", 10_000), ("blue", 10_000), ("gold", 10_100)]), ("cup", [("white", 10_000)]),
            ] {
                let product = try await Catalogue.addProduct(
                    sku: sku, title: "Product \(sku)", listPrice: Money(fen: 10_000), shop: shop, brand: brand,
                    now: now,
                    on: tx)
                products.append(product.id)
                for (colour, fen) in colours {
                    let variant = try await Catalogue.addVariant(
                        sku: colour, title: colour, listPrice: Money(fen: Int64(fen)), product: product.id,
                        brand: brand,
                        now: now, on: tx)
                    _ = try await Stock.receive(
                        stock, of: variant.id, delivery: variant.id.rawValue, brand: brand, now: now, on: tx)
                    variants.append(variant)
                }
            }
            return (variants, products)
        }
        product = made.1[0]
        (red, blue, gold, stranger) = (made.0[0], made.0[1], made.0[2], made.0[3])
    }

    /// One gift between two people of its own.
    struct Pair: Sendable {
        let id: ID<Gift>
        let sender: Shopper
        let recipient: Shopper
    }

    func shopper(_ name: String) -> Shopper { Shopper(brand: brand, openID: name) }

    // MARK: Its life, step by step

    /// A gift of the red variant, begun by `giver-name` for `friend-name`.
    func begin(_ name: String, variant: ID<Variant>? = nil) async throws -> Pair {
        let (sender, recipient) = (shopper("giver-\(name)"), shopper("friend-\(name)"))
        let wish = NewGift(shop: shop, variant: variant ?? red.id, recipients: [recipient.openID], greeting: "Enjoy!")
        let view = try await pool.transaction { tx in try await gifts.create(wish, by: sender, on: tx) }
        return Pair(id: try #require(view.field("gift_id")), sender: sender, recipient: recipient)
    }

    func quote(_ pair: Pair) async throws {
        _ = try await pool.transaction { tx in try await gifts.quote(pair.id, by: pair.sender, on: tx) }
    }

    @discardableResult
    func reserve(_ pair: Pair) async throws -> ID<Payment> {
        try await pool.transaction { tx in try await gifts.reserve(pair.id, by: pair.sender, on: tx) }.payment
    }

    /// As siyu-ingest would after a notification: the news of 100 yuan.
    func notify(
        _ payment: ID<Payment>, fen: Int64 = 10_000, paidAt: Date = Date(timeIntervalSince1970: 1_780_000_000)
    ) async throws {
        let mchid = Self.mchid
        try await queue.push(
            PaymentReceived(
                brand: brand, payment: payment, mchid: mchid, transactionID: "42\(payment)", amount: Money(fen: fen),
                paidAt: paidAt))
    }

    /// A gift that waits for its recipient; the worker must run.
    func send(_ name: String, variant: ID<Variant>? = nil, fen: Int64 = 10_000) async throws -> Pair {
        let pair = try await begin(name, variant: variant)
        try await quote(pair)
        try await notify(try await reserve(pair), fen: fen)
        try await eventually { try await state(of: pair) == "sent" }
        return pair
    }

    func claim(_ pair: Pair) async throws {
        _ = try await pool.transaction { tx in try await gifts.claim(pair.id, by: pair.recipient, on: tx) }
    }

    func fillIn(_ pair: Pair) async throws {
        let address = PostalAddress(
            name: "Li Lei", phone: "13800000000", province: "Zhejiang", city: "Hangzhou", district: "Xihu",
            detail: "1 Lake Road")
        _ = try await pool.transaction { tx in
            try await gifts.keepAddress(address, for: pair.id, by: pair.recipient, on: tx)
        }
    }

    func swap(_ pair: Pair, to variant: ID<Variant>) async throws {
        _ = try await pool.transaction { tx in try await gifts.swap(pair.id, to: variant, by: pair.recipient, on: tx) }
    }

    func accept(_ pair: Pair) async throws {
        _ = try await pool.transaction { tx in try await gifts.accept(pair.id, by: pair.recipient, on: tx) }
    }

    func decline(_ pair: Pair) async throws {
        _ = try await pool.transaction { tx in try await gifts.decline(pair.id, by: pair.recipient, on: tx) }
    }

    func cancel(_ pair: Pair) async throws {
        _ = try await pool.transaction { tx in try await gifts.cancel(pair.id, by: pair.sender, on: tx) }
    }

    func expire(_ pair: Pair) async throws {
        try await pool.transaction { tx in try await gifts.expire(pair.id, brand: brand, on: tx) }
    }

    // MARK: Around it

    /// Ends what is due, as siyu-gifts does again and again; as `deadlines` of another process if there are several.
    @discardableResult
    func sweep(_ deadlines: GiftDeadlines? = nil) async throws -> Int {
        let now = try await db.owner.one(
            Statement("SELECT siyu.clock()") { row throws(PostgresError) in try row.next(Date.self) })
        return try await (deadlines ?? self.deadlines).sweep(brand, now: now).ended
    }

    /// Works both queues, and ends what is due, for the length of `body`.
    func working(_ body: @Sendable () async throws -> Void) async throws {
        let processor = queue.processor(queues: ["gifts", "payments"], options: JobProcessorOptions(concurrency: 8))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await processor.run() }
            group.addTask {
                while !Task.isCancelled {
                    try await sweep()
                    try await lettingPass(.milliseconds(50))
                }
            }
            try await body()
            group.cancelAll()
        }
    }

    /// Runs and shows the jobs of both queues.
    var tester: JobTester { JobTester(queue, clock: db.owner) }

    /// Moves the clock of the business on.
    func advance(_ seconds: Double) async throws {
        try await db.owner.execute(
            Statement("UPDATE siyu.environment SET clock_offset = clock_offset + make_interval(secs => \(seconds))"))
    }

    func state(of pair: Pair) async throws -> String {
        let (brand, id) = (brand, pair.id)
        return try await db.owner.one(
            Statement("SELECT state FROM gifting.gift WHERE brand_id = \(brand) AND gift_id = \(id)") {
                row throws(PostgresError) in try row.next()
            })
    }

    /// A count or sum, asked of the database as its owner.
    func number(_ sql: SQL) async throws -> Int {
        try await db.owner.one(Statement(sql) { row throws(PostgresError) in try row.next(Int.self) })
    }

    func available(_ variant: VariantRecord) async throws -> Int {
        let (brand, id) = (brand, variant.id)
        return try await number("SELECT available FROM orders.stock WHERE brand_id = \(brand) AND variant_id = \(id)")
    }

    func available(_ first: VariantRecord, _ second: VariantRecord) async throws -> [Int] {
        [try await available(first), try await available(second)]
    }

    /// What is left in the escrow accounts of all payments together, and the most that is left in one.
    func escrow() async throws -> (sum: Int, max: Int) {
        let sum = try await number(
            """
            SELECT COALESCE(sum(k.balance_fen), 0)::bigint FROM accounting.balance k
            JOIN accounting.account a USING (brand_id, account_id) WHERE a.kind = 'escrow'
            """)
        let max = try await number(
            """
            SELECT COALESCE(max(k.balance_fen), 0) FROM accounting.balance k
            JOIN accounting.account a USING (brand_id, account_id) WHERE a.kind = 'escrow'
            """)
        return (sum, max)
    }

    /// Variants whose movements do not add up to what is available.
    func stockFaults() async throws -> Int {
        try await number(
            """
            SELECT count(*) FROM orders.stock s WHERE s.available <> (SELECT COALESCE(sum(m.quantity), 0) FROM orders.stock_movement m
            WHERE m.brand_id = s.brand_id AND m.variant_id = s.variant_id)
            """)
    }

    /// The refusal that `body` ends with; nil if it is not refused.
    func refusal(_ body: () async throws -> Void) async throws -> Problem? {
        do {
            try await body()
            return nil
        } catch let problem as Problem {
            return problem
        }
    }
}

extension Encodable {
    /// The view as callers get it.
    var json: [String: Any] {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.dateEncodingStrategy = .iso8601
        let object = (try? encoder.encode(self)).flatMap { try? JSONSerialization.jsonObject(with: $0) }
        return object as? [String: Any] ?? [:]
    }

    func field<Entity>(_ name: String) -> ID<Entity>? { (json[name] as? String).flatMap { ID<Entity>($0) } }
}
