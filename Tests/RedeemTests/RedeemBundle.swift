import AsyncHTTPClient
import Codes
import Foundation
import Hooks
import Hosting
import Kernel
import Keys
import Logging
import NIOCore
import NIOHTTP1
import Postgres
import Redeem
import TestSupport
import Testing

/// siyu-redeem on a free port, worker included, with a database of its own, a source that signs, and a batch of active codes.
struct RedeemBundle {
    let db: TestDatabase
    let port: Int
    let brand: ID<Brand>
    let keys: KeyRing
    let secret: HookSecret
    let batch: OpenBatch

    static let source = "scanner"
    static let count: Int64 = 10_000
    static let prizes = [
        PrizeRequest(name: "Bottle", kind: .item, cost: Money(fen: 500), count: 200),
        PrizeRequest(name: "Points", kind: .points, points: 10, cost: Money(fen: 10), count: 800),
    ]

    /// Serves for the length of `body`, then stops.
    static func serve(_ body: (RedeemBundle) async throws -> Void) async throws {
        try await withTestDatabase { db in
            let folder = FileManager.default.temporaryDirectory.appending(path: "siyu-\(ID<Import>.mint())").path()
            defer { try? FileManager.default.removeItem(atPath: folder) }
            let keys = try KeyRing.create(folder: folder)
            let brand = ID<Brand>.mint()
            try await db.owner.execute(
                Statement("INSERT INTO siyu.brand (brand_id, name, created_at) VALUES (\(brand), 'Test', now())"))
            let pool = db.pool(as: .operator)
            let made = try await HookSources.create(
                source, brand: brand, purposes: [.scans, .handovers, .draws, .coupons], keys: keys, on: pool)
            let batch = try await mint(brand: brand, keys: keys, on: pool)
            try await activate(batch, 0..<count, on: pool)
            let secret = try #require(made).secret
            let application = try await build(settings(db, keys: folder), logger: .silent)

            let (ready, continuation) = AsyncStream<Int>.makeStream()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    defer { continuation.finish() }
                    try await ServiceRunner(application: application, registry: PrometheusRegistry(), logger: .silent)
                        .run { continuation.yield($0.api) }
                }
                guard let port = await ready.first(where: { _ in true }) else { return try await group.waitForAll() }
                try await body(
                    RedeemBundle(db: db, port: port, brand: brand, keys: keys, secret: secret, batch: batch))
                group.cancelAll()
            }
        }
    }

    static func settings(_ db: TestDatabase, keys folder: String) -> ServiceSettings {
        var settings = settings(db.conninfo(as: .redeem), keys: folder)
        settings.databaseDirectURL = db.directConninfo(as: .redeem)
        settings.isPooled = db.isPooled
        return settings
    }

    static func settings(_ url: String, keys folder: String) -> ServiceSettings {
        var settings = ServiceSettings(name: "siyu-redeem", port: 0)
        settings.environment = .development
        settings.adminPort = 0
        settings.databaseURL = url
        settings.databaseDirectURL = url
        settings.keysFolder = folder
        return settings
    }

    static func mint(
        _ requestID: String = "1", brand: ID<Brand>, keys: KeyRing, on pool: Pool
    ) async throws -> OpenBatch {
        let request = MintRequest(brand: brand, requestID: requestID, count: count, prizes: prizes, label: "Cola")
        return try OpenBatch(try await Minting.mint(request, author: "test", keys: keys, on: pool).batch, keys: keys)
    }

    static func activate(_ batch: OpenBatch, _ indexes: Range<Int64>, on pool: Pool) async throws {
        _ = try await Ranges.decide(
            RangeCommand(kind: .activate, indexes: indexes), batch: batch.record.id, brand: batch.record.brand,
            author: "test", on: pool)
    }

    func code(_ index: Int64) -> String { batch.cipher.code(at: index).description }

    /// Tells of a scan, signed unless told otherwise.
    func scan(
        _ code: String, by openid: String, id: String = "\(ID<Redemption>.mint())", age: Int = 0,
        signature: String? = nil, source: String = RedeemBundle.source
    ) async throws -> Answer {
        try await send(
            #"{"code":"\#(code)","openid":"\#(openid)"}"#, id: id, age: age, signature: signature, source: source)
    }

    func send(
        _ body: String, id: String = "\(ID<Redemption>.mint())", age: Int = 0, signature: String? = nil,
        source: String = RedeemBundle.source, by client: HTTPClient = .shared
    ) async throws -> Answer {
        let timestamp = Int(Date().timeIntervalSince1970) - age
        let signed = StandardWebhook.sign(id: id, timestamp: timestamp, body: Array(body.utf8), secret: secret)
        var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)/v1/hooks/\(source)/scans")
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/json")
        request.headers.add(name: "webhook-id", value: id)
        request.headers.add(name: "webhook-timestamp", value: "\(timestamp)")
        request.headers.add(name: "webhook-signature", value: signature ?? signed)
        request.body = .bytes(ByteBuffer(string: body))
        let response = try await client.execute(request, timeout: .seconds(30))
        return Answer(
            status: Int(response.status.code), headers: response.headers.map { ($0.name.lowercased(), $0.value) },
            body: String(buffer: try await response.body.collect(upTo: 1 << 20)))
    }

    func count(_ table: String) async throws -> Int {
        try await db.owner.one(
            Statement<Int>("SELECT count(*) FROM \(unsafeRaw: table)") { row throws(PostgresError) in try row.next() })
    }
}

/// What came back.
struct Answer: Sendable {
    let status: Int
    let headers: [(String, String)]
    let body: String

    func header(_ name: String) -> String? { headers.first { $0.0 == name }?.1 }

    /// The body as a JSON object.
    var json: [String: Any] {
        (try? JSONSerialization.jsonObject(with: Data(body.utf8))) as? [String: Any] ?? [:]
    }

    var outcome: String? { json["outcome"] as? String }
    var code: String? { json["code"] as? String }
}
