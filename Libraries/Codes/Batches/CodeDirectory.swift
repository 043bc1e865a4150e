import FoundationEssentials
package import Kernel
package import Keys
package import Logging
package import Postgres
import ServiceLifecycle
import Synchronization

/// A code that was really minted, or imported: its batch and its place in it.
package struct GenuineCode: Sendable {
    /// The batch.
    package let batch: OpenBatch
    /// The place, from 0.
    package let index: Int64
    /// What somebody scanned, where it cannot be computed.
    private let imported: String?

    /// A code by its place in its batch.
    ///
    /// - Parameter imported: Its text, where somebody else made it.
    package init(batch: OpenBatch, index: Int64, imported: String? = nil) {
        self.batch = batch
        self.index = index
        self.imported = imported
    }

    /// The code as it is printed.
    package var text: String { imported ?? batch.cipher.code(at: index).description }

    var key: CodeKey { CodeKey(batch: batch.record.id, index: index) }
}

/// What a code is in the database.
struct CodeKey: Hashable, Comparable, Sendable {
    let batch: ID<CodeBatch>
    let index: Int64

    /// The order of the primary key, in which rows are locked.
    static func < (left: Self, right: Self) -> Bool {
        left.batch == right.batch ? left.index < right.index : left.batch < right.batch
    }
}

/// All batches by handle, in memory with their keys open: tells a minted code from a forged one without asking anybody.
///
/// What is minted elsewhere is known within about a second: ``run()`` looks for new batches that often. Nothing on the path of a scan
/// asks the database for a batch. Whether a code is active is not kept here: the transaction that redeems reads it anew.
package final class CodeDirectory: Service {
    private struct State {
        var batches: [BatchHandle: OpenBatch] = [:]
        /// The batches whose codes somebody else made: rows say which code is which.
        var imported: [ID<CodeBatch>: OpenBatch] = [:]
        var forms: [ID<Brand>: Set<CodeForm>] = [:]
        /// Where GS1 Digital Links of batches begin, by host; the shortest for each.
        var roots: [String: String] = [:]
        /// Batches whose key does not open; said once, not every second.
        var unreadable: Set<BatchHandle> = []
        var askedAt: ContinuousClock.Instant?
        var refresh: Task<Void, any Error>?
    }

    private static let interval = Limit<Duration>(
        .seconds(1), reason: "how long a new batch may stay unknown, at the price of one statement a second")

    private static let brandsMax = Limit(
        32, reason: "a text that names no brand costs a statement for each whose codes look like it")

    private let pool: Pool
    private let keys: KeyRing
    private let logger: Logger
    private let importedCodes: ImportedCodes
    private let state = Mutex(State())

    /// An empty directory.
    package init(pool: Pool, keys: KeyRing, logger: Logger) {
        self.pool = pool
        self.keys = keys
        self.logger = logger
        importedCodes = ImportedCodes(pool: pool, keys: keys)
    }

    /// The batch with this handle, as far as is known.
    package func batch(_ handle: BatchHandle) -> OpenBatch? { state.withLock { $0.batches[handle] } }

    /// Reads what somebody scanned; nil unless it is a code that `brand` minted, and not merely imported.
    package func code(_ text: String, brand: ID<Brand>) -> GenuineCode? {
        guard let code = code(text), code.batch.record.brand == brand else { return nil }
        return code
    }

    /// Reads a code of any brand; nil unless it was minted.
    package func code(_ text: String) -> GenuineCode? {
        guard let code = CodeText(text), let batch = batch(code.handle),
            batch.record.imported == nil,
            let index = batch.cipher.index(of: code, count: batch.record.count)
        else { return nil }
        return GenuineCode(batch: batch, index: index)
    }

    /// Reads what somebody scanned, be it minted or imported by `brand`.
    ///
    /// The database is asked only for a text that looks like the codes of some file.
    ///
    /// - Throws: ``Problem`` 503 when the database is away.
    package func find(_ text: String, brand: ID<Brand>) async throws -> GenuineCode? {
        if let code = code(text, brand: brand) { return code }
        let mayBeImported = state.withLock { $0.forms[brand]?.contains { $0.fits(text) } ?? false }
        guard mayBeImported, let place = try await importedCodes.find(text, brand: brand),
            // A batch that is still loading has codes and is none yet.
            let batch = state.withLock({ $0.imported[place.batch] }), batch.record.brand == brand
        else { return nil }
        return GenuineCode(batch: batch, index: place.index, imported: text)
    }

    /// Reads what somebody scanned who names no brand: minted by anybody, or imported by one brand alone.
    ///
    /// The text of an imported code names no brand. Where two brands imported the same text nobody can say whose it is.
    ///
    /// - Throws: ``Problem`` 503 when the database is away.
    package func find(_ text: String) async throws -> GenuineCode? {
        if let code = code(text) { return code }
        var found: GenuineCode?
        for brand in importers(of: text) {
            guard let code = try await find(text, brand: brand) else { continue }
            if found != nil { return nil }
            found = code
        }
        return found
    }

    /// The brands whose codes a text looks like: the one that has the batch it names, or those that imported codes of its form.
    func brands(of text: String) -> [ID<Brand>] {
        if let code = CodeText(text), let batch = batch(code.handle), batch.record.imported == nil {
            return [batch.record.brand]
        }
        return importers(of: text)
    }

    /// Where GS1 Digital Links at a host begin; nil for a host that no batch with a GTIN was minted for.
    func root(at host: String) -> String? { state.withLock { $0.roots[host] } }

    private func importers(of text: String) -> [ID<Brand>] {
        let brands = state.withLock { state in
            state.forms.filter { $0.value.contains { $0.fits(text) } }.keys.sorted()
        }
        return Array(brands.prefix(Self.brandsMax.value))
    }

    /// Looks for new batches, unless somebody did within the last second; whoever comes meanwhile waits for the same look.
    package func refresh() async throws {
        let task = state.withLock { state -> Task<Void, any Error>? in
            if let running = state.refresh { return running }
            let now = ContinuousClock.now
            guard state.askedAt.map({ now - $0 >= Self.interval.value }) ?? true else { return nil }
            state.askedAt = now
            let task = Task { try await self.load() }
            state.refresh = task
            return task
        }
        try await task?.value
    }

    /// Keeps the directory fresh until it is told to stop.
    ///
    /// A look that fails is repeated with the next one: what is known stays true.
    package func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do {
                    try await self.refresh()
                } catch {
                    self.logger.warning("New batches cannot be looked for.", metadata: ["error": "\(type(of: error))"])
                }
                // Cancelled: the loop ends.
                try? await Task.sleep(for: Self.interval.value)
            }
        }
    }

    private func load() async throws {
        defer { state.withLock { $0.refresh = nil } }
        let known = state.withLock { Array($0.batches.keys) + $0.unreadable }
        let records = CodeBatchRecord.records(of: try await pool.run(BatchStatements.directory(without: known)))
        for record in records {
            do {
                let batch = try OpenBatch(record, keys: keys)
                state.withLock { state in
                    state.batches[record.handle] = batch
                    if record.facts.gtin != nil, let (host, address) = record.facts.root {
                        state.roots[host] = min(state.roots[host] ?? address, address)
                    }
                    guard let imported = record.imported else { return }
                    state.imported[record.id] = batch
                    state.forms[record.brand, default: []].insert(imported.form)
                }
                logger.notice("The key of a batch was opened.", metadata: ["batch": "\(record.handle)"])
            } catch {
                state.withLock { _ = $0.unreadable.insert(record.handle) }
                logger.error(
                    "The key of a batch does not open: its codes count as forged.",
                    metadata: ["batch": "\(record.handle)", "error": "\(error)"])
            }
        }
    }
}

extension CodeBatchRecord {
    /// The batch with this handle.
    package static func find(_ handle: BatchHandle, on executor: some Executor) async throws -> CodeBatchRecord? {
        records(of: try await executor.run(BatchStatements.batch(handle))).first
    }

    /// The batch that has the id, if the brand has it.
    static func find(
        _ id: ID<CodeBatch>, brand: ID<Brand>, on executor: some Executor
    ) async throws -> CodeBatchRecord? {
        guard let handle = try await executor.first(BatchStatements.batch(id, brand: brand)) else { return nil }
        return try await find(handle, on: executor)
    }

    /// Gathers the prizes of batches that come one prize a row, a batch's rows together.
    static func records(of rows: [BatchStatements.DirectoryRow]) -> [CodeBatchRecord] {
        var records: [CodeBatchRecord] = []
        for row in rows {
            let tiers = row.tier.map { [$0] } ?? []
            if let last = records.last, last.id == row.batch.id {
                records[records.count - 1] = last.with(PrizeTable(tiers: last.prizes.tiers + tiers))
            } else {
                records.append(row.batch.with(PrizeTable(tiers: tiers)))
            }
        }
        return records
    }

    private func with(_ prizes: PrizeTable) -> CodeBatchRecord {
        CodeBatchRecord(
            id: id, brand: brand, handle: handle, count: count, wrappedKey: wrappedKey, prizes: prizes,
            rulesHash: rulesHash, label: label, shop: shop, product: product, costAccount: costAccount,
            owedAccount: owedAccount, createdAt: createdAt, facts: facts, productTitle: productTitle,
            imported: imported, sealedShuffle: sealedShuffle)
    }
}
