import Accounting
import Foundation
import JobTesting
import Jobs
import Kernel
import Logging
import Postgres
import TestSupport

@testable import Orders

/// A brand with a shop, a merchant and a WeChat Pay in memory, used as siyu-gifts.
struct PaymentsBundle {
    let db: TestDatabase
    let pool: Pool
    let queue: JobQueue
    let provider: FlakyProvider
    let payments: Payments
    let refunding: Refunding
    let brand = ID<Brand>.mint()
    let shop: ID<Shop>
    static let mchid = "1900000109"

    init(_ db: TestDatabase, provider: FlakyProvider = FlakyProvider(seed: 1, faults: 0, closings: 0)) async throws {
        self.db = db
        pool = db.pool(as: .gifts, connectionsMax: 12)
        queue = JobQueue(pool: pool, logger: .silent)
        self.provider = provider
        payments = Payments(pool: pool, queue: queue, providers: provider)
        refunding = Refunding(queue: queue, providers: provider)
        let brand = brand
        try await db.owner.execute(
            Statement("INSERT INTO siyu.brand (brand_id, name, created_at) VALUES (\(brand), 'Test', now())"))
        shop = try await Catalogue.createShop(code: "main", name: "Main", brand: brand, on: db.pool(as: .operator))
            .shop.id
        try await db.owner.execute(
            Statement(
                """
                INSERT INTO orders.merchant (mchid, merchant_id, brand_id, appid, base_url, notify_base, sealed_credentials,
                    created_at, updated_at)
                VALUES (\(Self.mchid), \(ID<Merchants>.mint()), \(brand), 'wx1', 'https://pay.test', 'https://shop.test', '\\x00',
                    now(), now())
                """))
    }

    func intent(fen: Int64 = 12_800, expiresIn: TimeInterval = 900) -> NewIntent {
        NewIntent(
            shop: shop, payer: .mint(), amount: Money(fen: fen), description: "Tea", subject: "gift:\(ID<Gift>.mint())",
            ownerQueue: "gifts", expiresAt: Date(timeIntervalSinceNow: expiresIn))
    }

    func create(_ intent: NewIntent) async throws -> PaymentIntent {
        try await pool.transaction { tx in try await Payments.create(intent, brand: brand, now: .now, on: tx) }
    }

    func fact(_ intent: PaymentIntent, fen: Int64? = nil, mchid: String = mchid, number: String = "") -> PaymentFact {
        PaymentFact(
            mchid: mchid, transactionID: "4\(intent.outTradeNo)\(number)",
            amount: fen.map { Money(fen: $0) } ?? intent.amount,
            paidAt: Date(timeIntervalSince1970: 1_767_225_600))
    }

    @discardableResult
    func receive(_ fact: PaymentFact, _ id: ID<Payment>) async throws -> PaymentOutcome {
        try await pool.transaction { tx in
            try await payments.receive(fact, payment: id, brand: brand, on: tx).outcome
        }
    }

    /// A payment that is paid.
    func paid(fen: Int64 = 12_800) async throws -> PaymentIntent {
        let intent = try await create(intent(fen: fen))
        try await receive(fact(intent), intent.id)
        return intent
    }

    func current(_ id: ID<Payment>) async throws -> PaymentIntent {
        guard let intent = try await Payments.intent(id, brand: brand, on: pool) else { throw Problem.notFound() }
        return intent
    }

    func request(_ intent: PaymentIntent, fen: Int64? = nil) async throws -> ID<Refund> {
        try await pool.transaction { tx in
            try await Refunds.request(
                payment: intent.id, amount: fen.map { Money(fen: $0) } ?? intent.amount, reason: "gift expired",
                brand: brand,
                now: .now, queue: queue, on: tx)
        }
    }

    func refund(_ id: ID<Refund>) async throws -> RefundRecord {
        guard let refund = try await Refunds.refund(id, brand: brand, on: pool) else { throw Problem.notFound() }
        return refund
    }

    /// One call with everything before and after it, as a run of a job makes it.
    @discardableResult
    func lead(_ id: ID<Refund>) async throws -> RefundCall? {
        let begun = try await pool.transaction { tx in try await refunding.begin(id, brand: brand, on: tx) }
        guard let (refund, intent, call) = begun else { return nil }
        let heard = await refunding.ask(call, refund, intent, brand: brand)
        _ = try await pool.transaction { tx in
            try await refunding.settle(id, .answered(call, heard.answer), heard, brand: brand, on: tx)
        }
        return call
    }

    func escrow(_ payment: ID<Payment>) async throws -> Money {
        try await pool.transaction { tx in
            let account = try await Ledger.account(
                .escrow(of: payment), floor: .zero, brand: brand, now: .now, on: tx)
            return try await Ledger.balance(of: account, brand: brand, on: tx)
        }
    }

    /// Runs and shows the queue's jobs.
    var tester: JobTester { JobTester(queue, clock: db.owner) }

    /// How many jobs of a kind there are, done ones apart.
    func jobs<Parameters: JobParameters>(_: Parameters.Type) async throws -> Int {
        try await tester.pushed(Parameters.self).count
    }

    /// Lets a day pass for the business.
    func nextDay() async throws {
        try await db.owner.execute(
            Statement("UPDATE siyu.environment SET clock_offset = clock_offset + INTERVAL '1 day'"))
    }

    /// A count or sum, asked of the database as its owner.
    func number(_ sql: SQL) async throws -> Int {
        try await db.owner.one(Statement(sql) { row throws(PostgresError) in try row.next(Int.self) })
    }
}
