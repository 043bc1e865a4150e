import AsyncHTTPClient
import Foundation
import Hooks
import Hosting
import Ingest
import Kernel
import Keys
import Logging
import NIOCore
import NIOHTTP1
import Orders
import Postgres
import TestSupport
import Testing

/// siyu-ingest on a free port, worker included, with a database of its own and a brand with two shops.
struct IngestBundle {
    let db: TestDatabase
    let port: Int
    /// The master keys of the service.
    let keys: KeyRing
    let brand = ID<Brand>.mint()
    let shops: [ID<Shop>]

    /// Serves for the length of `body`, then stops.
    static func serve(_ body: (IngestBundle) async throws -> Void) async throws {
        try await withTestDatabase { db in
            let folder = FileManager.default.temporaryDirectory.appending(path: "siyu-\(ID<Import>.mint())").path()
            defer { try? FileManager.default.removeItem(atPath: folder) }
            let keys = try KeyRing.create(folder: folder)
            let application = try await build(settings(db, keys: folder), logger: .silent)

            let (ready, continuation) = AsyncStream<Int>.makeStream()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    defer { continuation.finish() }
                    try await ServiceRunner(application: application, registry: PrometheusRegistry(), logger: .silent)
                        .run { continuation.yield($0.api) }
                }
                guard let port = await ready.first(where: { _ in true }) else { return try await group.waitForAll() }
                try await body(try await IngestBundle(db: db, port: port, keys: keys))
                group.cancelAll()
            }
        }
    }

    static func settings(_ db: TestDatabase, keys folder: String) -> ServiceSettings {
        var settings = settings(db.conninfo(as: .ingest), keys: folder)
        settings.databaseDirectURL = db.directConninfo(as: .ingest)
        settings.isPooled = db.isPooled
        return settings
    }

    static func settings(_ url: String, keys folder: String) -> ServiceSettings {
        var settings = ServiceSettings(name: "siyu-ingest", port: 0)
        settings.environment = .development
        settings.adminPort = 0
        settings.databaseURL = url
        settings.databaseDirectURL = url
        settings.keysFolder = folder
        return settings
    }

    private init(db: TestDatabase, port: Int, keys: KeyRing) async throws {
        self.db = db
        self.keys = keys
        self.port = port
        let brand = brand
        try await db.owner.execute(
            Statement("INSERT INTO siyu.brand (brand_id, name, created_at) VALUES (\(brand), 'Test', now())"))
        let pool = db.pool(as: .ingest)
        var shops: [ID<Shop>] = []
        for code in ["a", "b"] {
            shops.append(try await Catalogue.createShop(code: code, name: code, brand: brand, on: pool).shop.id)
        }
        self.shops = shops
    }

    /// A new API key of the brand.
    func key(shop: ID<Shop>? = nil) async throws -> String {
        let made = try await APIKeys.create(
            brand: brand, role: .partner, shop: shop, label: "test", on: db.pool(as: .operator))
        return try #require(made).token.revealed
    }

    /// The address of an upload to the first shop.
    func uploadPath(_ more: String = "&format=csv") -> String { "/v1/imports?brand=\(brand)&shop=\(shops[0])\(more)" }

    func upload(_ text: String, to path: String? = nil, key: String?, idempotencyKey: String?) async throws -> Answer {
        var headers: [String: String] = [:]
        headers["Idempotency-Key"] = idempotencyKey
        return try await send("POST", path ?? uploadPath(), key: key, headers: headers, body: text)
    }

    func get(_ path: String, key: String?) async throws -> Answer { try await send("GET", path, key: key) }

    /// Asks until the import of an answer is at its end.
    func finished(_ accepted: Answer, key: String) async throws -> Answer {
        let path = try #require(accepted.json["status_url"] as? String)
        while true {
            let answer = try await get(path, key: key)
            guard let state = answer.json["state"] as? String, ["accepted", "loading"].contains(state) else {
                return answer
            }
            try await lettingPass(.milliseconds(20))
        }
    }

    func send(
        _ method: String, _ path: String, key: String?, headers: [String: String] = [:], body: String? = nil
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)\(path)")
        request.method = .init(rawValue: method)
        if let key { request.headers.add(name: "Authorization", value: "Bearer \(key)") }
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        if let body { request.body = .bytes(ByteBuffer(string: body)) }
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(20))
        return Answer(
            status: Int(response.status.code), headers: response.headers.map { ($0.name.lowercased(), $0.value) },
            body: String(buffer: try await response.body.collect(upTo: 1 << 20)))
    }
}

/// What came back.
struct Answer {
    let status: Int
    let headers: [(String, String)]
    let body: String

    func header(_ name: String) -> String? { headers.first { $0.0 == name }?.1 }

    /// The body as a JSON object.
    var json: [String: Any] {
        (try? JSONSerialization.jsonObject(with: Data(body.utf8))) as? [String: Any] ?? [:]
    }
}
