import AsyncHTTPClient
import Foundation
import Hosting
import Jobs
import Kernel
import Keys
import NIOCore
import NIOHTTP1
import Orders
import Postgres
import TestSupport
import Testing
import WeChat

@testable import Operator
@testable import Sandbox

/// Gifts that nobody took, ended and refunded by a siyu-gifts that is killed again and again, by a WeChat Pay that fails.
///
/// `SIYU_CHAOS=full` does it with ten thousand gifts and twenty kills instead of two hundred and two.
@Suite(.serialized, .timeLimit(.minutes(30)))
struct GiftKillTests {
    @Test func g03_expiriesOfOneMinute_giftsKilledAndASandboxThatFails_areRefundedOnceEach() async throws {
        let isFull = ProcessInfo.processInfo.environment["SIYU_CHAOS"] == "full"
        let (count, kills) = isFull ? (10_000, 20) : (200, 2)
        try await withTestDatabase { database in
            let world = try await GiftKillWorld(database, count: count)
            var gifts = try world.start()
            try await gifts.awaitReady()
            try await world.advance(3_600 + 61)

            var killed = 0
            let until = ContinuousClock.now + (.seconds(isFull ? 1_200 : 120))
            while true {
                let back = try await world.number("SELECT count(*) FROM gifting.gift WHERE refunded_at IS NOT NULL")
                if back == count, killed == kills { break }
                #expect(back < count || killed == kills, "it was over before it was killed \(kills) times")
                if killed < kills, back >= count * killed / kills {
                    // The first time in the midst of the expiries, then as the refunds go on.
                    try await lettingPass(.milliseconds(killed == 0 ? 40 : Int.random(in: 0...200)))
                    gifts.kill()
                    killed += 1
                    try await world.endLeases()
                    gifts = try world.start(as: gifts)
                    try await gifts.awaitReady()
                }
                try #require(
                    ContinuousClock.now < until,
                    "\(back) of \(count) after \(killed) kills: \(gifts.output.suffix(800))")
                // Whatever was not answered waits by the business clock, at last for hours.
                try await world.advance(killed < kills ? 120 : 3_600)
                try await lettingPass(.milliseconds(100))
            }

            let book = try await world.book()
            #expect(book["payouts"] as? Int == count)
            #expect(book["payments_with_payout"] as? Int == count)
            #expect(book["payouts_per_payment_max"] as? Int == 1)
            #expect(book["payouts_fen"] as? Int == count * 10_000)
            let faults = (book["faults"] as? [String: Int] ?? [:]).values.reduce(0, +)
            #expect(faults > count / 4, "the sandbox did not fail: \(book)")
            #expect(try await world.number("SELECT count(*) FROM gifting.outcome WHERE outcome = 'expired'") == count)
            #expect(try await world.number("SELECT count(*) FROM orders.refund WHERE state = 'succeeded'") == count)
            #expect(
                try await world.number("SELECT count(*) FROM orders.stock_movement WHERE kind = 'gift.release'")
                    == count)
            #expect(
                try await world.number(
                    """
                    SELECT count(*) FROM accounting.balance k JOIN accounting.account a USING (brand_id, account_id)
                    WHERE a.kind = 'escrow' AND k.balance_fen = 0
                    """) == count)
            #expect(try await world.number("SELECT count(*) FROM jobs.discarded") == 0)
            #expect(gifts.terminate() == 0)
        }
    }
}

/// A brand whose gifts are due in an hour, and a siyu-sandbox that has their payments in its book.
private final class GiftKillWorld {
    private let database: TestDatabase
    private let folder: String
    private let sandbox: ServiceProcess

    init(_ database: TestDatabase, count: Int) async throws {
        self.database = database
        folder = FileManager.default.temporaryDirectory.path + "/siyu-gifts-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let keys = try KeyRing.create(folder: folder + "/keys")
        try await Self.writeBook(folder + "/sandbox", count: count)
        sandbox = try ServiceProcess(
            "siyu-sandbox", environment: ["SIYU_ENV": "development", "SIYU_SANDBOX_STATE": folder + "/sandbox"])
        try await sandbox.awaitReady()
        try await fill(count, keys: keys)
        _ = try await send(
            "PUT", "/sandbox/faults",
            [
                "seed": 5, "hold_ms": 300,
                "rates": ["time_out_after_work": 0.11, "server_error": 0.11, "refuse": 0.11],
            ])
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    /// Starts siyu-gifts, in the place of one that was killed.
    func start(as former: ServiceProcess? = nil) throws -> ServiceProcess {
        let environment = database.environment(as: .gifts).merging(
            ["SIYU_KEYS": folder + "/keys", "SIYU_ENV": "development"]) { $1 }
        return try ServiceProcess(
            "siyu-gifts", environment: environment, ports: former.map { ($0.port, $0.adminPort) })
    }

    /// A process that is known to be dead need not be waited for.
    func endLeases() async throws {
        try await database.superuser.execute(Statement("UPDATE jobs.worker SET lease_until = clock_timestamp()"))
    }

    func advance(_ seconds: Int) async throws {
        try await database.superuser.execute(
            Statement(
                "UPDATE siyu.environment SET clock_offset = clock_offset + make_interval(secs => \(Double(seconds)))"))
    }

    func number(_ sql: SQL) async throws -> Int {
        try await database.superuser.one(Statement(sql) { row throws(PostgresError) in try row.next(Int.self) })
    }

    func book() async throws -> [String: Any] { try await send("GET", "/sandbox/book", nil) }

    private func send(_ method: String, _ path: String, _ json: [String: Any]?) async throws -> [String: Any] {
        var request = HTTPClientRequest(url: sandbox.url + path)
        request.method = .init(rawValue: method)
        if let json {
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(ByteBuffer(bytes: try JSONSerialization.data(withJSONObject: json)))
        }
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(20))
        let body = Data(Array(buffer: try await response.body.collect(upTo: 1 << 20)))
        #expect(response.status == .ok, "\(String(decoding: body, as: UTF8.self))")
        return try JSONSerialization.jsonObject(with: body) as? [String: Any] ?? [:]
    }

    private func fill(_ count: Int, keys: KeyRing) async throws {
        let brand = ID<Brand>.mint()
        try await database.owner.execute(
            Statement("INSERT INTO siyu.brand (brand_id, name, created_at) VALUES (\(brand), 'Test', now())"))
        let file = try Data(contentsOf: URL(filePath: folder + "/sandbox/merchant.json"))
        let credentials = try JSONDecoder().decode(MerchantCredentials.self, from: file)
        let pool = database.pool(as: .operator)
        let shop = try await Catalogue.createShop(code: "main", name: "Main", brand: brand, on: pool).shop.id
        _ = try await pool.transaction { tx in
            // Nobody listens there: what the sandbox reports is lost, and must be asked for.
            try await Merchants.add(
                credentials, notifyBase: "http://127.0.0.1:9", brand: brand, keys: keys, now: Date(), on: tx)
        }
        let ground = try await database.superuser.transaction { tx in
            try await GiftsBench.ground(brand: brand, shop: shop, mchid: credentials.mchid, on: tx)
        }
        for statement in GiftsBenchStatements.fill(ground, numbers: 1..<(count + 1), dueIn: 3_600, spread: 60) {
            try await database.superuser.execute(statement)
        }
    }

    /// The sandbox's side: all was paid, and nobody is told of it any more.
    private static func writeBook(_ folder: String, count: Int) async throws {
        let book = Sandbox(folder: StateFolder(path: folder), options: SandboxOptions())
        _ = try book.open(baseURL: "http://127.0.0.1:9")
        let numbers = (1...count).map { number in
            ID<Payment>(rawValue: GiftsBenchStatements.id(.payment, number)).outTradeNo
        }
        try await book.record(
            numbers.flatMap { number -> [BookEvent] in
                [
                    .ordered(
                        PlacedOrder(
                            outTradeNo: number, prepayID: "wx\(number)", description: "Tea",
                            notifyURL: "http://127.0.0.1:9/", total: 10_000, openID: "o1", attach: nil, expiresAt: nil)),
                    .paid(outTradeNo: number, transactionID: "42\(number)"),
                ]
            })
        let notices = try await book.read { Array($0.notices.keys) }
        try await book.record(notices.map { .noticeEnded(notice: $0, end: .lost) })
        await book.shutdown()
    }
}
