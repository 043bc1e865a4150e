import AsyncHTTPClient
import Foundation
import Hooks
import Hosting
import Kernel
import Keys
import Logging
import NIOCore
import NIOHTTP1
import Postgres
import Reporting
import Reports
import TestSupport
import Testing

/// siyu-reports on a free port with a database of its own, a brand with two shops and one order in each.
struct ReportsBundle {
    let brand = ID<Brand>.mint()
    let shops = [ID<Shop>.mint(), ID<Shop>.mint()]
    let db: TestDatabase
    let port: Int

    /// Serves for the length of `body`, then drains.
    static func serve(_ body: (ReportsBundle) async throws -> Void) async throws {
        try await withTestDatabase { db in
            let folder = FileManager.default.temporaryDirectory.appending(path: "siyu-\(ID<Import>.mint())").path()
            defer { try? FileManager.default.removeItem(atPath: folder) }
            _ = try KeyRing.create(folder: folder)
            var settings = ServiceSettings(name: "siyu-reports", port: 0)
            settings.environment = .development
            settings.adminPort = 0
            settings.databaseURL = db.conninfo(as: .reports)
            settings.databaseDirectURL = db.directConninfo(as: .reports)
            settings.isPooled = db.isPooled
            settings.keysFolder = folder
            let application = try await build(settings, logger: .silent)

            let (ready, continuation) = AsyncStream<Int>.makeStream()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    defer { continuation.finish() }
                    try await ServiceRunner(application: application, registry: PrometheusRegistry(), logger: .silent)
                        .run { continuation.yield($0.api) }
                }
                guard let port = await ready.first(where: { _ in true }) else { return try await group.waitForAll() }
                let bundle = ReportsBundle(db: db, port: port)
                try await bundle.sell()
                try await body(bundle)
                group.cancelAll()
            }
        }
    }

    private init(db: TestDatabase, port: Int) {
        self.db = db
        self.port = port
    }

    /// One order of 12.34 yuan in each shop, by different people on different days.
    private func sell() async throws {
        try await db.owner.execute(ReportsStatements.addBrand(brand, name: "Tea & Co"))
        for (index, shop) in shops.enumerated() {
            try await db.owner.execute(ReportsStatements.addShop(shop, code: "s\(index)", brand: brand))
            for statement in ReportsStatements.sell(
                shop: shop, day: CalendarDate(daysSinceEpoch: 10_000 + Int32(index)), fen: 1_234, brand: brand)
            {
                try await db.owner.execute(statement)
            }
        }
        let reports = db.pool(as: .reports)
        let brand = brand
        try await reports.transaction { try await Rollup.markEverything(mark: brand.rawValue, brand: brand, on: $0) }
        try await Rollup.catchUp(brand: brand, pool: reports)
    }

    /// A new API key of the brand.
    func key(_ role: Role = .partner, shop: ID<Shop>? = nil) async throws -> String {
        let made = try await APIKeys.create(
            brand: brand, role: role, shop: shop, label: "test", on: db.pool(as: .operator))
        return try #require(made).token.revealed
    }

    /// The cookie of somebody who has just signed in.
    func session(shop: ID<Shop>? = nil) async throws -> String {
        let answer = try await send(
            "POST", "/login", headers: ["Content-Type": "application/x-www-form-urlencoded"],
            body: "key=\(try await key(.staff, shop: shop))")
        return String(try #require(answer.header("set-cookie")).prefix { $0 != ";" })
    }

    func get(_ path: String, key: String? = nil, cookie: String? = nil, language: String? = nil) async throws -> Answer
    {
        var headers: [String: String] = [:]
        headers["Authorization"] = key.map { "Bearer \($0)" }
        headers["Cookie"] = cookie
        headers["Accept-Language"] = language
        return try await send("GET", path, headers: headers)
    }

    /// Sends a form.
    func post(_ path: String, cookie: String, form: String) async throws -> Answer {
        try await send(
            "POST", path, headers: ["Content-Type": "application/x-www-form-urlencoded", "Cookie": cookie], body: form)
    }

    private func send(
        _ method: String, _ path: String, headers: [String: String], body: String? = nil
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)\(path)")
        request.method = .init(rawValue: method)
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        if let body { request.body = .bytes(ByteBuffer(string: body)) }
        let response = try await withoutRedirects.execute(request, timeout: .seconds(10))
        return Answer(
            status: Int(response.status.code), headers: response.headers.map { ($0.name.lowercased(), $0.value) },
            body: String(buffer: try await response.body.collect(upTo: 1 << 20)))
    }
}

private let withoutRedirects = HTTPClient(
    eventLoopGroupProvider: .singleton, configuration: .init(redirectConfiguration: .disallow))

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
