import FoundationEssentials
import Jobs
import Kernel
import Keys
import Logging
import Postgres
import TestSupport
import Vault

@testable import Orders

/// A brand with one shop, used as siyu-ingest.
///
/// Loading is done step by step by the test itself, without a worker.
struct OrdersBundle {
    let db: TestDatabase
    let pool: Pool
    let vault: Vault
    let imports: OrderImports
    let loader: ImportLoader
    let brand = ID<Brand>.mint()
    let shop: ID<Shop>

    init(_ db: TestDatabase, chunk: Int = 10_000) async throws {
        self.db = db
        pool = db.pool(as: .ingest)
        vault = Vault(keys: .ephemeral())
        let queue = JobQueue(pool: pool, logger: Logger(label: "test"))
        imports = OrderImports(pool: pool, queue: queue, vault: vault)
        loader = ImportLoader(queue: queue, vault: vault, chunk: chunk)
        let brand = brand
        try await db.owner.execute(
            Statement("INSERT INTO siyu.brand (brand_id, name, created_at) VALUES (\(brand), 'Test', now())"))
        shop = try await Catalogue.createShop(code: "main", name: "Main", brand: brand, on: pool).shop.id
    }

    func request(
        _ format: ImportFormat, _ mode: ImportMode = .allOrNothing, isDryRun: Bool = false
    ) -> ImportRequest {
        ImportRequest(brand: brand, shop: shop, format: format, mode: mode, isDryRun: isDryRun)
    }

    /// Accepts a file and loads it to its end, one chunk after another.
    @discardableResult
    func load(_ bytes: [UInt8], _ request: ImportRequest, chunk: Int = 65_536) async throws -> ImportRecord {
        let record = try await imports.accept(request, body: Chunks(bytes, of: chunk))
        for chunk in try await begin(record) { try await load(chunk) }
        return try await current(record)
    }

    @discardableResult
    func load(_ text: String, _ request: ImportRequest) async throws -> ImportRecord {
        try await load(Array(text.utf8), request)
    }

    /// Admits the customers of a file and cuts it into chunks, each step committed.
    func begin(_ record: ImportRecord) async throws -> [ImportChunk] {
        let job = ImportLoad(brand: brand, importID: record.id)
        var line: Int32? = 0
        while let after = line {
            line = try await pool.transaction { tx in
                try await loader.admitCustomers(after: after, of: job, on: tx)
            }
        }
        return try await pool.transaction { tx in try await loader.begin(job, on: tx) }
    }

    /// Loads a chunk and commits.
    func load(_ chunk: ImportChunk) async throws {
        try await pool.transaction { tx in try await loader.load(chunk, on: tx) }
    }

    func current(_ record: ImportRecord) async throws -> ImportRecord {
        guard let now = try await imports.record(record.id, brand: brand) else {
            throw Problem.notFound()
        }
        return now
    }

    /// A count or sum, asked of the database as its owner.
    func number(_ sql: SQL) async throws -> Int {
        try await db.owner.one(Statement(sql) { row throws(PostgresError) in try row.next(Int.self) })
    }
}

/// A file in pieces.
struct Chunks: AsyncSequence, Sendable {
    let bytes: [UInt8]
    let size: Int

    init(_ bytes: [UInt8], of size: Int) {
        self.bytes = bytes
        self.size = size
    }

    struct AsyncIterator: AsyncIteratorProtocol {
        let bytes: [UInt8]
        let size: Int
        var start = 0

        mutating func next() async throws -> [UInt8]? {
            guard start < bytes.count else { return nil }
            defer { start += size }
            return Array(bytes[start..<Swift.min(bytes.count, start + size)])
        }
    }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(bytes: bytes, size: size) }
}
