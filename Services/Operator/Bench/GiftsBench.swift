import Accounting
import Foundation
import Gifting
import Hooks
import Hosting
import Jobs
import Kernel
import Keys
import Logging
import Orders
import Postgres
import Schema
import Vault

/// Gifts that are accepted over HTTP, and gifts that end since nobody did, beside the database doing the same by itself.
struct GiftsBench {
    private static let port = 18_204
    private static let clients = [8, 16, 32]
    private static let rawTransactions = 8_000
    /// Gifts that pgbench draws from: few are drawn twice.
    private static let rawGifts = 40_000
    /// Gifts of a run over HTTP: more than it can use.
    private static let supply = 30_000
    private static let people = 2_000
    private static let sweepers = 2
    private static let rawSet = 1_000

    private let pool: Pool
    private let url: String
    private let keys: KeyRing
    private let ground: GiftsBenchStatements.Ground

    /// What is measured.
    enum Part: String, CaseIterable, Sendable {
        case accept, expire
    }

    static func run(
        url: String, pairs: Int, only parts: [Part], connections: Int, gifts: Int
    ) async throws -> [Measurement] {
        let parts = Set(parts.isEmpty ? Part.allCases : parts)
        var figures: [Measurement] = []
        if parts.contains(.accept) {
            figures += try await with(url) { bench, folder in
                try await bench.accepts(pairs: pairs, connections: connections, keys: folder)
            }
        }
        if parts.contains(.expire) {
            figures.append(try await with(url) { bench, _ in try await bench.expiries(pairs: pairs, gifts: gifts) })
        }
        return figures
    }

    private static func with<Value: Sendable>(
        _ url: String, _ body: (GiftsBench, String) async throws -> Value
    ) async throws -> Value {
        try await ScratchDatabase.with(url) { scratch in
            let folder = FileManager.default.temporaryDirectory.path + "/siyu-bench-\(UUID().uuidString)"
            let keys = try KeyRing.create(folder: folder)
            defer { try? FileManager.default.removeItem(atPath: folder) }
            let logger = Logger(label: "siyu.bench")
            let connection = ConnectionConfiguration(url: scratch.url, statementTimeout: .seconds(900))
            let pool = Pool(PoolConfiguration(connection: connection, connectionsMax: 4), logger: logger)
            try await Migrator(pool: pool, logger: logger).migrate(environment: .development)
            let brand = try await Brands.create(.mint(), name: "bench", on: pool).brand
            let shop = try await Catalogue.createShop(code: "main", name: "Main", brand: brand, on: pool).shop.id
            let ground = try await pool.transaction { tx in
                try await Self.ground(brand: brand, shop: shop, mchid: "1900000001", on: tx)
            }
            try await pool.execute(GiftsBenchStatements.addMerchant(ground))
            let value = try await body(
                GiftsBench(pool: pool, url: scratch.url, keys: keys, ground: ground), folder)
            await pool.shutdown()
            return value
        }
    }

    /// One thing that is given, in a shop.
    static func ground(
        brand: ID<Brand>, shop: ID<Shop>, mchid: String, on tx: Transaction
    ) async throws -> GiftsBenchStatements.Ground {
        let now = Date()
        let price = Money(fen: 10_000)
        let product = try await Catalogue.addProduct(
            sku: "tea", title: "Tea", listPrice: price, shop: shop, brand: brand, now: now, on: tx)
        let variant = try await Catalogue.addVariant(
            sku: "red", title: "Red", listPrice: price, product: product.id, brand: brand, now: now, on: tx)
        _ = try await Stock.receive(
            1_000, of: variant.id, delivery: variant.id.rawValue, brand: brand, now: now, on: tx)
        let clearing = try await Ledger.account(.clearing(of: shop), brand: brand, now: now, on: tx)
        return GiftsBenchStatements.Ground(
            brand: brand, shop: shop, product: product.id, variant: variant.id, mchid: mchid,
            clearing: clearing.rawValue)
    }

    private func fill(
        _ numbers: Range<Int>, recipients: [UUID] = [], dueIn: Double
    ) async throws {
        for statement in GiftsBenchStatements.fill(
            ground, numbers: numbers, recipients: recipients, dueIn: dueIn, spread: 0)
        {
            try await pool.execute(statement)
        }
        try await pool.execute(GiftsBenchStatements.analyse())
    }

    // MARK: Accepting

    private func accepts(pairs: Int, connections: Int, keys folder: String) async throws -> [Measurement] {
        let openids = (0..<Self.people).map { "friend-\($0)" }
        let recipients = try await pool.transaction { tx in
            try await Vault(keys: keys).persons(openids, kind: "openid", brand: ground.brand, now: Date(), on: tx)
        }
        let sales = try await pool.transaction { tx in
            try await Ledger.account(.sales(of: ground.shop), brand: ground.brand, now: Date(), on: tx)
        }
        guard let key = try await APIKeys.create(brand: ground.brand, role: .partner, label: "bench", on: pool) else {
            throw Failure("The brand of the benchmark is gone.", .software)
        }
        let service = try await BenchService.start("siyu-gifts", [], port: Self.port, url: url, keys: folder)
        defer { service.stop() }
        let driver = ScanDriver(port: Self.port, connections: connections)
        var addresses: [Double] = []
        var samples: [(ours: Double, raw: Double)] = []
        var next = 1
        for pair in 1...pairs {
            Terminal.progress("gifts: pair \(pair) of \(pairs)")
            let numbers = next..<next + Self.supply
            next = numbers.upperBound
            try await fill(numbers, recipients: recipients.map(\.rawValue), dueIn: 86_400)
            let token = key.token.revealed
            addresses.append(try await driver.run(requests("PUT", "address", numbers, openids, token)).rate(of: 200))
            let ours = try await driver.run(requests("POST", "accept", numbers, openids, token)).rate(of: 200)
            var raw = 0.0
            for clients in Self.clients {
                let numbers = next..<next + Self.rawGifts
                next = numbers.upperBound
                try await fill(numbers, recipients: recipients.map(\.rawValue), dueIn: 86_400)
                let script = GiftsBenchStatements.acceptScript(
                    ground, sales: sales.rawValue, key: key.record.id.rawValue, numbers: numbers)
                raw = max(
                    raw,
                    try PgBench(connection: url).transactionsPerSecond(
                        script: script, transactions: Self.rawTransactions / clients, clients: clients))
            }
            samples.append((ours, raw))
        }
        Terminal.endProgress()
        return [
            .together(
                "gifts accepted over HTTP, \(connections) connections", unit: "/s",
                rawName: "pgbench, the same statement by statement, best of \(Self.clients) clients", samples: samples),
            .alone("addresses filled in and sealed over HTTP", unit: "/s", samples: addresses),
        ]
    }

    private func requests(
        _ method: String, _ verb: String, _ numbers: Range<Int>, _ openids: [String], _ token: String
    ) -> [[UInt8]] {
        let address = """
            ,"address":{"name":"Li Lei","phone":"13800000000","province":"Zhejiang","city":"Hangzhou","district":"Xihu",\
            "detail":"1 Lake Road"}
            """
        return numbers.map { number in
            let openid = openids[(number - numbers.lowerBound) % openids.count]
            let body = #"{"openid":"\#(openid)"\#(verb == "address" ? address : "")}"#
            let gift = ID<Gift>(rawValue: GiftsBenchStatements.id(.gift, number))
            let head = """
                \(method) /v1/gifts/\(gift)/\(verb) HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer \(token)\r\n\
                Idempotency-Key: \(verb)-\(number)\r\nContent-Type: application/json\r\n\
                Content-Length: \(body.utf8.count)\r\n\r\n
                """
            return Array(head.utf8) + Array(body.utf8)
        }
    }

    // MARK: Ending

    private func expiries(pairs: Int, gifts count: Int) async throws -> Measurement {
        let queue = JobQueue(pool: pool, logger: Logger(label: "siyu.bench"))
        let gifts = Gifts(queue: queue, vault: Vault(keys: keys))
        var next = 1
        func due(_ body: () async throws -> Void) async throws -> Double {
            let numbers = next..<next + count
            next = numbers.upperBound
            try await fill(numbers, dueIn: -1)
            let before = try await pool.one(GiftsBenchStatements.count("expired"))
            let perSecond = try await rate(count, body)
            let ended = try await pool.one(GiftsBenchStatements.count("expired")) - before
            guard ended == count else { throw Failure("\(ended) of \(count) gifts ended.", .software) }
            return perSecond
        }
        return try await .pairs(
            "gifts that are due: ended, their refunds requested and pushed", unit: "/s",
            rawName: "the rows alone, \(Self.rawSet) gifts a statement", pairs: pairs,
            ours: {
                try await due {
                    try await together { deadlines in
                        while try await deadlines.sweep(ground.brand, now: Date()).isMore {}
                    } with: {
                        GiftDeadlines(gifts: gifts, pool: pool, logger: Logger(label: "siyu.bench"))
                    }
                }
            },
            raw: {
                try await due {
                    try await together { statement in
                        while try await pool.one(statement) > 0 {}
                    } with: {
                        GiftsBenchStatements.expireSet(ground, limit: Self.rawSet)
                    }
                }
            })
    }

    /// Does something in as many tasks as there are sweepers.
    private func together<Tool: Sendable>(
        _ body: @escaping @Sendable (Tool) async throws -> Void, with tool: () -> Tool
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<Self.sweepers {
                let tool = tool()
                group.addTask { try await body(tool) }
            }
            try await group.waitForAll()
        }
    }
}
