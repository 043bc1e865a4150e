import FoundationEssentials
package import Jobs
package import Kernel
package import Postgres
import Synchronization
package import Vault

/// A line that was not taken, and why.
package struct ImportRefusal: Hashable, Sendable {
    /// The number of the line in the file; the header is line 1.
    package let line: Int32
    /// Why it was not taken.
    package let reason: LineRefusal
}

/// Takes files of orders in, and tells how far they have come.
///
/// A file is read and staged by whoever brings it (the HTTP route or the command line); in the same commit stands the job that loads it.
package final class OrderImports: Sendable {
    private let pool: Pool
    private let queue: JobQueue
    private let vault: Vault
    private let running = Mutex(0)

    /// Imports into the database of `pool`, by jobs of `queue`.
    package init(pool: Pool, queue: JobQueue, vault: Vault) {
        self.pool = pool
        self.queue = queue
        self.vault = vault
    }

    // MARK: Accepting

    /// Accepts a file in a transaction of its own, and wakes whoever loads it.
    package func accept<Body: AsyncSequence>(
        _ request: ImportRequest, body: Body
    ) async throws -> ImportRecord where Body.Element == [UInt8] {
        // Once only: the body cannot be read a second time.
        let record = try await pool.transaction(.init(attemptsMax: 1)) { tx in
            try await accept(request, body: body, on: tx)
        }
        await wake()
        return record
    }

    /// Reads a file, stages what can be loaded, records what is refused, and enqueues the job: all of it in the caller's transaction.
    ///
    /// Besides the body, memory holds the file's customers and identities, not its lines. The transaction must not be repeated, since the
    /// body cannot be; after its commit, ``wake()``.
    ///
    /// - Parameter body: The bytes of the file in chunks of any size.
    /// - Throws: ``Problem`` if it is not a file of the format, or is over a limit.
    package func accept<Body: AsyncSequence>(
        _ request: ImportRequest, body: Body, on tx: Transaction
    ) async throws -> ImportRecord where Body.Element == [UInt8] {
        let (clock, shops) = try await tx.pipeline(
            CatalogueStatements.clock(), CatalogueStatements.shop(request.shop, brand: request.brand))
        guard let now = clock.first, !shops.isEmpty else { throw Problem.notFound("There is no such shop.") }
        let id = ID<Import>.mint()
        let reader = try await stage(body, as: id, request: request, on: tx)
        try await copyCustomers(of: reader, as: id, request: request, on: tx)
        try await copyRefusals(of: reader, as: id, brand: request.brand, on: tx)
        let job = try await queue.push(
            ImportLoad(brand: request.brand, importID: id), options: .init(brand: request.brand.rawValue), on: tx)
        let record = ImportRecord(
            id: id, request: request, state: .accepted, job: job.rawValue, lines: reader.lineCount,
            refused: reader.refusals.count, lastLine: Int(reader.lastLine), checkpointLine: 0, added: 0, changed: 0,
            unchanged: 0, createdAt: now, updatedAt: now)
        try await tx.execute(ImportStatements.insert(record))
        return record
    }

    /// Wakes whoever loads accepted files; without it they notice within a second.
    package func wake() async { await queue.wake(ImportLoad.jobQueue) }

    /// Runs `body` if fewer than ``ImportLimit/atOnce`` others run it in this process.
    ///
    /// - Throws: ``Problem`` 503 if not; what `body` throws.
    package func inTurn<Value>(_ body: () async throws -> Value) async throws -> Value {
        let isFull = running.withLock { running in
            if running >= ImportLimit.atOnce.value { return true }
            running += 1
            return false
        }
        if isFull { throw Problem.unavailable("\(ImportLimit.atOnce.value) files are being read already.") }
        defer { running.withLock { $0 -= 1 } }
        return try await body()
    }

    /// Copies the good lines into staging while the file arrives.
    private func stage<Body: AsyncSequence>(
        _ body: Body, as id: ID<Import>, request: ImportRequest, on tx: Transaction
    ) async throws -> ImportReader where Body.Element == [UInt8] {
        let kind = PersonKind(keyOf: request.shop)
        var reader = ImportReader(format: request.format) { [vault] customer in
            vault.blindIndex(of: customer, kind: kind, brand: request.brand)
        }
        var size = 0
        try await tx.copy(into: ImportStatements.lineTarget) { writer in
            for try await chunk in body {
                size += chunk.count
                guard size <= ImportLimit.fileBytes.value else {
                    throw Problem.contentTooLarge(
                        "A file may have \(ImportLimit.fileBytes.value) bytes. \(ImportLimit.fileBytes.reason)")
                }
                try reader.read(chunk)
                try await Self.write(reader.takeLines(), as: id, brand: request.brand, to: &writer)
            }
            try reader.finish()
            try await Self.write(reader.takeLines(), as: id, brand: request.brand, to: &writer)
        }
        return reader
    }

    private static func write(
        _ lines: [StagedLine], as id: ID<Import>, brand: ID<Brand>, to writer: inout CopyWriter
    ) async throws {
        for line in lines {
            try await writer.row(
                brand.rawValue, id.rawValue, line.line, line.customerLine, ID<Order>.mint().rawValue, line.externalKey,
                line.status.rawValue, line.placedAt, line.quantity,
                line.amount.rawValue, line.changedAt)
        }
    }

    /// Customers reach the database sealed, staging included.
    private func copyCustomers(
        of reader: ImportReader, as id: ID<Import>, request: ImportRequest, on tx: Transaction
    ) async throws {
        let kind = PersonKind(customerOf: request.shop)
        try await tx.copy(into: ImportStatements.customerTarget) { writer in
            for customer in reader.customers {
                let person = try vault.seal(customer.value, kind: kind, brand: request.brand)
                try await writer.row(
                    request.brand.rawValue, id.rawValue, customer.firstLine, person.id.rawValue,
                    person.blindIndex, person.sealedValue, person.wrappedKey)
            }
        }
    }

    private func copyRefusals(
        of reader: ImportReader, as id: ID<Import>, brand: ID<Brand>, on tx: Transaction
    ) async throws {
        if reader.refusals.isEmpty { return }
        try await tx.copy(into: ImportStatements.refusalTarget) { writer in
            for refusal in reader.refusals {
                try await writer.row(brand.rawValue, id.rawValue, refusal.line, refusal.reason.rawValue)
            }
        }
    }

    // MARK: Looking

    /// How far a file has come; nil if the brand has no such file.
    package func record(_ id: ID<Import>, brand: ID<Brand>) async throws -> ImportRecord? {
        try await pool.first(ImportStatements.record(id, brand: brand))
    }

    /// Waits until nothing more will happen to a file, and tells of every step it sees.
    package func wait(
        for id: ID<Import>, brand: ID<Brand>, every pause: Duration = .milliseconds(200),
        progress: (ImportRecord) -> Void = { _ in }
    ) async throws -> ImportRecord {
        while true {
            guard let record = try await record(id, brand: brand) else {
                throw Problem.notFound("There is no such import.")
            }
            progress(record)
            if record.state.isFinal { return record }
            try await Task.sleep(for: pause)
        }
    }

    /// Refused lines in their order, `limit` at a time: the next ones stand after the last line of the answer.
    package func refusals(
        of id: ID<Import>, after line: Int32 = 0, limit: Int = 10_000, brand: ID<Brand>
    ) async throws -> [ImportRefusal] {
        try await pool.run(ImportStatements.refusals(of: id, after: line, limit: limit, brand: brand))
    }

    /// All refused lines as CSV (`line,reason`), piece by piece.
    package func refusalsCSV(of id: ID<Import>, brand: ID<Brand>) -> RefusalsCSV {
        RefusalsCSV { line in try await self.refusals(of: id, after: line, brand: brand) }
    }

    /// All refused lines as CSV, handed over piece by piece.
    package func writeRefusals(
        of id: ID<Import>, brand: ID<Brand>, to write: ([UInt8]) async throws -> Void
    ) async throws {
        for try await piece in refusalsCSV(of: id, brand: brand) { try await write(piece) }
    }
}

/// The refused lines of a file as CSV; each piece is read from the database when it is asked for.
package struct RefusalsCSV: AsyncSequence, Sendable {
    let page: @Sendable (_ after: Int32) async throws -> [ImportRefusal]

    /// Goes from page to page by the number of the last line.
    package struct AsyncIterator: AsyncIteratorProtocol {
        let page: @Sendable (_ after: Int32) async throws -> [ImportRefusal]
        var last: Int32?

        /// The header, then the refusals, some thousands at a time.
        package mutating func next() async throws -> [UInt8]? {
            guard let after = last else {
                last = 0
                return Array("line,reason\r\n".utf8)
            }
            let refusals = try await page(after)
            guard let end = refusals.last else { return nil }
            last = end.line
            return refusals.reduce(into: []) { $0 += "\($1.line),\"\($1.reason.sentence)\"\r\n".utf8 }
        }
    }

    /// Begins with the header.
    package func makeAsyncIterator() -> AsyncIterator { AsyncIterator(page: page, last: nil) }
}

extension PersonKind {
    /// A customer as a shop numbers them: the same number in another shop is somebody else.
    init(customerOf shop: ID<Shop>) { self.init(rawValue: "customer:\(shop)") }

    /// Stands for a customer in keys of orders; unlike the vault's own index, so that tables cannot be joined on it.
    init(keyOf shop: ID<Shop>) { self.init(rawValue: "order-key:\(shop)") }
}
