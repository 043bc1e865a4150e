import AsyncHTTPClient
import Foundation
import Gifting
import Gifts
import Hooks
import Hosting
import Jobs
import Kernel
import Keys
import Logging
import NIOCore
import NIOHTTP1
import Orders
import Postgres
import Synchronization
import TestSupport
import Testing
import WeChat

/// siyu-gifts on a free port, workers included, with a brand, a shop, and WeChat Pay played by a stub.
struct GiftsBundle {
    let db: TestDatabase
    let port: Int
    let adminPort: Int
    let logs: CapturedLogs
    let brand = ID<Brand>.mint()
    let shop: ID<Shop>
    let key: String
    let keys: KeyRing

    static let mchid = "1900000001"

    /// Serves for the length of `body`, then stops.
    ///
    /// - Parameter credentials: The merchant at a sandbox; without, WeChat Pay is played by a stub on a good day.
    static func serve(
        credentials: MerchantCredentials? = nil, _ body: (GiftsBundle) async throws -> Void
    ) async throws {
        try await withTestDatabase { db in
            let folder = FileManager.default.temporaryDirectory.appending(path: "siyu-\(ID<Gift>.mint())").path()
            defer { try? FileManager.default.removeItem(atPath: folder) }
            let keys = try KeyRing.create(folder: folder)
            let logs = CapturedLogs()
            let settings = settings(db, keys: folder)
            let application = try await build(
                settings, logger: logs.logger, providers: credentials == nil ? PatientPay() : nil)

            let (ready, continuation) = AsyncStream<ServiceRunner.Ports>.makeStream()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    defer { continuation.finish() }
                    try await ServiceRunner(
                        application: application, registry: PrometheusRegistry(), logger: logs.logger
                    )
                    .run { continuation.yield($0) }
                }
                guard let ports = await ready.first(where: { _ in true }) else { return try await group.waitForAll() }
                let bundle = try await GiftsBundle(db: db, ports: ports, logs: logs, keys: keys)
                try await bundle.addMerchant(credentials, keys: keys)
                try await body(bundle)
                group.cancelAll()
            }
        }
    }

    static func settings(_ db: TestDatabase, keys folder: String) -> ServiceSettings {
        var settings = settings(db.conninfo(as: .gifts), keys: folder)
        settings.databaseDirectURL = db.directConninfo(as: .gifts)
        settings.isPooled = db.isPooled
        return settings
    }

    static func settings(_ url: String, keys folder: String) -> ServiceSettings {
        var settings = ServiceSettings(name: "siyu-gifts", port: 0)
        settings.environment = .development
        settings.adminPort = 0
        settings.databaseURL = url
        settings.databaseDirectURL = url
        settings.keysFolder = folder
        settings.logLevel = .trace
        return settings
    }

    private init(
        db: TestDatabase, ports: ServiceRunner.Ports, logs: CapturedLogs, keys: KeyRing
    ) async throws {
        self.db = db
        self.keys = keys
        port = ports.api
        adminPort = ports.admin
        self.logs = logs
        let brand = brand
        try await db.owner.execute(
            Statement("INSERT INTO siyu.brand (brand_id, name, created_at) VALUES (\(brand), 'Test', now())"))
        let staff = db.pool(as: .operator)
        shop = try await Catalogue.createShop(code: "main", name: "Main", brand: brand, on: staff).shop.id
        let made = try await APIKeys.create(brand: brand, role: .partner, label: "test", on: staff)
        key = try #require(made).token.revealed
    }

    private func addMerchant(_ credentials: MerchantCredentials?, keys: KeyRing) async throws {
        guard let credentials else {
            let (brand, mchid, source) = (brand, Self.mchid, ID<HookSource>.mint())
            try await db.owner.execute(
                Statement(
                    """
                    INSERT INTO orders.merchant (mchid, merchant_id, brand_id, appid, base_url, notify_base, sealed_credentials,
                        created_at, updated_at)
                    VALUES (\(mchid), \(source), \(brand), 'wx1', 'https://pay.example', 'https://pay.example', '', now(), now())
                    """))
            return
        }
        try await db.pool(as: .operator).transaction { tx in
            // Nobody listens there: what the sandbox reports is lost, and must be asked for.
            _ = try await Merchants.add(
                credentials, notifyBase: "http://127.0.0.1:9", brand: brand, keys: keys, now: Date(), on: tx)
        }
    }

    /// A product in three variants, the third of which costs a yuan more; titles and numbers are the same for every product.
    func product(_ sku: String, fen: Int64) async throws -> [VariantRecord] {
        try await db.pool(as: .operator).transaction { tx in
            let now = Date(timeIntervalSince1970: 1_780_000_000)
            let product = try await Catalogue.addProduct(
                sku: sku, title: "Tea", listPrice: Money(fen: fen), shop: shop, brand: brand, now: now, on: tx)
            var variants: [VariantRecord] = []
            for (colour, price) in [("a-red", fen), ("b-blue", fen), ("c-gold", fen + 100)] {
                let variant = try await Catalogue.addVariant(
                    sku: colour, title: colour, listPrice: Money(fen: price), product: product.id, brand: brand,
                    now: now,
                    on: tx)
                _ = try await Stock.receive(
                    1_000, of: variant.id, delivery: variant.id.rawValue, brand: brand, now: now, on: tx)
                variants.append(variant)
            }
            return variants
        }
    }

    // MARK: Requests

    func post(_ path: String, _ body: [String: Any], idempotencyKey: String? = UUID().uuidString) async throws -> Answer
    {
        try await send("POST", path, body, idempotencyKey: idempotencyKey)
    }

    func put(_ path: String, _ body: [String: Any]) async throws -> Answer {
        try await send("PUT", path, body, idempotencyKey: UUID().uuidString)
    }

    func get(_ path: String) async throws -> Answer { try await send("GET", path, nil, idempotencyKey: nil) }

    func send(
        _ method: String, _ path: String, _ body: [String: Any]?, idempotencyKey: String?, key: String? = nil
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)\(path)")
        request.method = .init(rawValue: method)
        request.headers.add(name: "Authorization", value: "Bearer \(key ?? self.key)")
        if let idempotencyKey { request.headers.add(name: "Idempotency-Key", value: idempotencyKey) }
        if let body {
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(
                ByteBuffer(bytes: try JSONSerialization.data(withJSONObject: body, options: .sortedKeys)))
        }
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(20))
        return Answer(
            method: method, path: path, status: Int(response.status.code),
            headers: response.headers.map { ($0.name.lowercased(), $0.value) },
            body: String(buffer: try await response.body.collect(upTo: 1 << 20)))
    }

    /// A hook as its source signed it.
    func hook(_ path: String, _ body: [UInt8], headers: [String: String]) async throws -> Answer {
        var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)\(path)")
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "application/json")
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        request.body = .bytes(ByteBuffer(bytes: body))
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(20))
        return Answer(
            method: "POST", path: path, status: Int(response.status.code),
            headers: response.headers.map { ($0.name.lowercased(), $0.value) },
            body: String(buffer: try await response.body.collect(upTo: 1 << 20)))
    }

    /// What the service measures of itself, as Prometheus reads it.
    func metrics() async throws -> String {
        let request = HTTPClientRequest(url: "http://127.0.0.1:\(adminPort)/metrics")
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(20))
        return String(buffer: try await response.body.collect(upTo: 1 << 20))
    }

    /// Somebody who is told of everything that gifts have to tell.
    func listen() async throws {
        _ = try await HookEndpoints.create(
            "partner", url: "https://hooks.example.com/", events: GiftEvents.types.sorted(), known: GiftEvents.types,
            brand: brand, keys: keys, on: db.pool(as: .operator))
    }

    /// What was told of a gift, in the order of its life.
    func messages(of pair: Pair) async throws -> [String] {
        let gift = pair.id
        return try await db.owner.run(
            Statement(
                """
                SELECT event || ' ' || convert_from(payload, 'UTF8') FROM hooks.outgoing
                WHERE subject_id = CAST(\(gift) AS uuid) ORDER BY message_id
                """
            ) { row throws(PostgresError) in try row.next() })
    }

    // MARK: A gift's way

    /// A gift as two people know it.
    struct Pair {
        let id: String
        let sender: String
        let recipient: String

        func path(_ verb: String) -> String { "/v1/gifts/\(id)/\(verb)" }
        func view(of openID: String) -> String { "/v1/gifts/\(id)?openid=\(openID)" }
    }

    func begin(_ name: String, _ variant: VariantRecord) async throws -> Pair {
        let answer = try await post(
            "/v1/gifts",
            [
                "openid": "giver-\(name)", "recipient_openids": ["friend-\(name)"], "shop_id": "\(shop)",
                "variant_id": "\(variant.id)", "greeting": "Enjoy!",
            ])
        #expect(answer.status == 201, "\(answer.body)")
        return Pair(
            id: try #require(answer.json["gift_id"] as? String), sender: "giver-\(name)", recipient: "friend-\(name)")
    }

    /// Quotes, and has the payment placed.
    func prepay(_ pair: Pair) async throws -> ID<Payment> {
        #expect(try await post(pair.path("quote"), ["openid": pair.sender]).status == 200)
        let answer = try await post(pair.path("pay"), ["openid": pair.sender])
        #expect(answer.status == 200, "\(answer.body)")
        return try #require((answer.json["payment_id"] as? String).flatMap { ID($0) })
    }

    /// Quotes and pays; the money arrives, and with it the gift is sent.
    func pay(_ pair: Pair, fen: Int64) async throws {
        let payment = try await prepay(pair)
        try await JobQueue(pool: db.pool(as: .gifts, connectionsMax: 1), logger: .silent).push(
            PaymentReceived(
                brand: brand, payment: payment, mchid: Self.mchid, transactionID: "42\(payment)",
                amount: Money(fen: fen),
                paidAt: Date(timeIntervalSince1970: 1_780_000_000)))
        try await reaches("sent", pair)
    }

    func reaches(_ state: String, _ pair: Pair) async throws {
        try await eventually { try await get(pair.view(of: pair.sender)).json["state"] as? String == state }
    }

    func advance(_ seconds: Double) async throws {
        try await db.owner.execute(
            Statement("UPDATE siyu.environment SET clock_offset = clock_offset + make_interval(secs => \(seconds))"))
    }

    static func address(_ mark: String = "") -> [String: String] {
        [
            "name": "Li Lei\(mark)", "phone": "13800000000\(mark)", "province": "Zhejiang\(mark)",
            "city": "Hangzhou\(mark)",
            "district": "Xihu\(mark)", "detail": "1 Lake Road\(mark)",
        ]
    }
}

/// What came back.
struct Answer {
    let method: String
    let path: String
    let status: Int
    let headers: [(String, String)]
    let body: String

    func header(_ name: String) -> String? { headers.first { $0.0 == name }?.1 }
    var code: String? { json["code"] as? String }

    /// The body as a JSON object.
    var json: [String: Any] {
        (try? JSONSerialization.jsonObject(with: Data(body.utf8))) as? [String: Any] ?? [:]
    }

    /// All that a caller sees, except ids and instants.
    var withoutIDsAndInstants: String {
        let seen = headers.filter { !["date", "x-request-id"].contains($0.0) }.map { "\($0.0): \($0.1)" }.sorted()
        return "\(status)\n\(seen.joined(separator: "\n"))\n\n\(body)"
            .replacing(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/, with: "<id>")
            .replacing(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/, with: "<instant>")
    }
}

/// Everything that a service logs, at every level.
final class CapturedLogs: Sendable {
    private let lines = Mutex<[String]>([])

    var text: String { lines.withLock { $0.joined(separator: "\n") } }

    var logger: Logger {
        Logger(label: "test") { _ in Handler(logs: self) }
    }

    private struct Handler: LogHandler {
        let logs: CapturedLogs
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        init(logs: CapturedLogs) { self.logs = logs }

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(
            level: Logger.Level, message: Logger.Message, metadata: Logger.Metadata?, source: String, file: String,
            function: String, line: UInt
        ) {
            logs.lines.withLock { $0.append("\(message) \(self.metadata) \(metadata ?? [:])") }
        }
    }
}

/// WeChat Pay on a good day.
private struct PatientPay: PaymentProvider, PaymentProviders {
    func provider(
        of mchid: String, brand: ID<Brand>
    ) async throws -> (provider: any PaymentProvider, notifyURL: String)? {
        (self, "https://pay.example/notify")
    }

    func prepay(_ order: JSAPIOrder) async throws(WeChatPayError) -> String { "wx\(order.outTradeNo)" }

    func paymentParameters(prepayID: String) throws(CredentialsError) -> PaymentParameters {
        PaymentParameters(appID: "wx1", timeStamp: "1", nonce: "n", package: "prepay_id=\(prepayID)", paySign: "s")
    }

    func payment(outTradeNo: String) async throws(WeChatPayError) -> PaymentResult { throw .notSent(reason: "stub") }

    func refund(_ order: RefundOrder) async throws(WeChatPayError) -> RefundResult {
        let json = """
            {"refund_id":"5","out_refund_no":"\(order.outRefundNo)","transaction_id":"42","out_trade_no":"\(order.outTradeNo)",
            "status":"SUCCESS","amount":{"refund":\(order.refund.fen),"total":\(order.total.fen)}}
            """
        do {
            return try JSONDecoder().decode(RefundResult.self, from: Data(json.utf8))
        } catch {
            throw .outcomeUnknown(reason: "the stub's own answer does not read")
        }
    }

    func refund(outRefundNo: String) async throws(WeChatPayError) -> RefundResult { throw .notFound(code: "stub") }
}
