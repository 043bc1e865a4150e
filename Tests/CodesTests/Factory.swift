import Accounting
import Codes
import Foundation
import Hooks
import Jobs
import Kernel
import Keys
import Logging
import Postgres
import TestSupport
import Testing

/// Keys and batches that live in memory.
struct KeyRingFixture {
    let keys = KeyRing.ephemeral()

    /// A batch that stands in no database, its prizes items of one yuan.
    func batch(
        count: Int64, prizes: [Int64] = [], handle: String = "K7QX", facts: BatchFacts = .none
    ) throws -> OpenBatch {
        let handle = try #require(BatchHandle(handle))
        let table = try PrizeTable(
            prizes.enumerated().map {
                PrizeRequest(name: "Prize \($0.offset + 1)", kind: .item, cost: Money(fen: 100), count: $0.element)
            }, count: count)
        let bytes = (0..<32).map { _ in UInt8.random(in: 0...255) }
        let record = CodeBatchRecord(
            id: .mint(), brand: .mint(), handle: handle, count: count,
            wrappedKey: try keys.wrapRaw(bytes, for: .codeBatch), prizes: table, rulesHash: [], label: "Test",
            shop: nil,
            product: nil, costAccount: .mint(), owedAccount: .mint(), createdAt: Date(timeIntervalSince1970: 0),
            facts: facts)
        return try OpenBatch(record, keys: keys)
    }
}

/// A brand that mints as the operator and redeems as siyu-redeem.
struct Factory {
    let db: TestDatabase
    let keys = KeyRing.ephemeral()
    let brand = ID<Brand>.mint()
    let source = ID<HookSource>.mint()
    let `operator`: Pool
    let redeem: Pool
    let queue: JobQueue
    let directory: CodeDirectory

    /// Few enough to be shuffled: a rank is computed in milliseconds in a debug build, for every scan, and has its tests in
    /// `PrizeTests` and over HTTP in `RedeemTests`.
    static let count: Int64 = 9_000
    /// About a tenth of the codes wins.
    static let prizes = [
        PrizeRequest(name: "Bottle", kind: .item, cost: Money(fen: 500), count: 200),
        PrizeRequest(name: "Points", kind: .points, points: 10, cost: Money(fen: 10), count: 800),
    ]

    init(_ db: TestDatabase) async throws {
        self.db = db
        `operator` = db.pool(as: .operator)
        redeem = db.pool(as: .redeem, connectionsMax: 8)
        queue = JobQueue(pool: redeem, logger: .silent)
        directory = CodeDirectory(pool: redeem, keys: keys, logger: .silent)
        let brand = brand
        try await db.owner.execute(
            Statement("INSERT INTO siyu.brand (brand_id, name, created_at) VALUES (\(brand), 'Test', now())"))
    }

    /// Runs `body` with a database of its own.
    static func open(_ body: (Factory) async throws -> Void) async throws {
        try await withTestDatabase { db in try await body(try await Factory(db)) }
    }

    func mint(
        _ requestID: String = "1", count: Int64 = Factory.count, prizes: [PrizeRequest] = Factory.prizes,
        label: String = "Test"
    ) async throws -> OpenBatch {
        let request = MintRequest(
            brand: brand, requestID: requestID, count: count, prizes: prizes, label: label)
        return try OpenBatch(
            try await Minting.mint(request, author: "test", keys: keys, on: `operator`).batch, keys: keys)
    }

    @discardableResult
    func decide(
        _ kind: RangeKind, _ batch: OpenBatch, _ indexes: Range<Int64> = 0..<Factory.count, until: Date? = nil
    ) async throws -> RangeOutcome {
        try await Ranges.decide(
            RangeCommand(kind: kind, indexes: indexes, validTo: until), batch: batch.record.id, brand: brand,
            author: "test", on: `operator`)
    }

    /// A batch that is known to the directory, all of it active.
    func activeBatch(_ requestID: String = "1") async throws -> OpenBatch {
        let batch = try await mint(requestID)
        try await decide(.activate, batch)
        try await directory.refresh()
        return batch
    }

    /// Redeems as the service does, gathered or not.
    var redeeming: Redeeming { Redeeming(pool: redeem, queue: queue, keys: keys) }

    func delivery(_ code: String, openid: String, id: String = "\(ID<Redemption>.mint())") -> Delivery {
        Delivery(
            source: source, brand: brand, id: id, body: Array(#"{"code":"\#(code)","openid":"\#(openid)"}"#.utf8))
    }

    func scan(_ batch: OpenBatch, _ index: Int64, by openid: String, id: String = "\(ID<Redemption>.mint())") -> Scan {
        let code = batch.cipher.code(at: index).description
        return Scan(
            delivery: delivery(code, openid: openid, id: id), code: GenuineCode(batch: batch, index: index),
            openid: openid)
    }

    func answers(_ scans: [Scan]) async throws -> [ScanResult] { try await redeeming.redeem(scans, brand: brand) }

    /// Counts rows.
    func count(_ table: String) async throws -> Int {
        try await db.owner.one(
            Statement<Int>("SELECT count(*) FROM \(unsafeRaw: table)") { row throws(PostgresError) in try row.next() })
    }
}

extension ScanResult {
    /// The answer's JSON.
    var json: [String: Any] {
        guard case .success(let answer) = self else { return [:] }
        return (try? JSONSerialization.jsonObject(with: Data(answer.body))) as? [String: Any] ?? [:]
    }

    var outcome: String? { json["outcome"] as? String }

    var problem: Problem? {
        if case .failure(let problem) = self { problem } else { nil }
    }

    var body: [UInt8]? {
        if case .success(let answer) = self { answer.body } else { nil }
    }
}
