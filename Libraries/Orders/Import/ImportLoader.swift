import FoundationEssentials
package import Jobs
import Kernel
package import Postgres
package import Vault

/// Loads accepted files: first the customers, then the lines, chunk by chunk.
///
/// Each chunk is a job and one transaction of its own, so that a file is loaded by as many workers as there are, and whoever is killed
/// leaves whole chunks behind.
package struct ImportLoader: Sendable {
    private let queue: JobQueue
    private let vault: Vault
    private let chunk: Int

    /// A loader that tells of changes through `queue`.
    package init(queue: JobQueue, vault: Vault, chunk: Int = ImportLimit.chunkLines.value) {
        self.queue = queue
        self.vault = vault
        self.chunk = max(1, chunk)
    }

    /// Tells `queue` how the jobs of this room are done.
    ///
    /// The process must work the queue `orders`.
    package static func register(on queue: JobQueue, vault: Vault, chunk: Int = ImportLimit.chunkLines.value) {
        let loader = ImportLoader(queue: queue, vault: vault, chunk: chunk)
        queue.registerJob(parameters: ImportLoad.self) { parameters, context in
            try await loader.start(parameters, in: context)
        }
        queue.registerJob(parameters: ImportChunk.self) { parameters, context in
            try await context.complete { tx in try await loader.load(parameters, on: tx) }
            await queue.wake(OrdersChanged.jobQueue)
        }
    }

    private func start(_ parameters: ImportLoad, in context: JobContext) async throws {
        var admitted: Int32 = 0
        while let line = try await context.transaction({ tx in
            try await admitCustomers(after: admitted, of: parameters, on: tx)
        }) {
            admitted = line
        }
        try await context.complete { tx in _ = try await begin(parameters, on: tx) }
        await queue.wake(ImportChunk.jobQueue)
    }

    // MARK: Beginning

    /// Admits some customers of a file to the vault; those that it knows already keep the id they have there.
    ///
    /// All of them come before the first line: chunks are loaded in any order, and each must find the persons of the whole file.
    ///
    /// - Returns: The line on which the last of them first appears, to go on after it; nil when nobody is left.
    package func admitCustomers(
        after line: Int32, of parameters: ImportLoad, on tx: Transaction
    ) async throws -> Int32? {
        let (now, record) = try await find(parameters.importID, brand: parameters.brand, on: tx)
        guard ImportStep.next(for: record) == .load else { return nil }
        let customers = try await tx.run(ImportLoadStatements.customers(after: line, limit: chunk, of: record))
        let merge = ImportMerge(record: record, now: now, vault: vault)
        try await merge.admit(customers, on: tx)
        return customers.map(\.firstLine).max()
    }

    /// Takes a file whose customers are admitted to its chunks, or to its end if none of it is to be loaded.
    ///
    /// - Returns: The chunks that are enqueued in the same commit.
    package func begin(_ parameters: ImportLoad, on tx: Transaction) async throws -> [ImportChunk] {
        let (now, record) = try await find(parameters.importID, brand: parameters.brand, on: tx)
        switch ImportStep.next(for: record) {
        case .none:
            return []
        case .check:
            let counts = try await preview(of: record, now: now, on: tx)
            try await tx.execute(ImportLoadStatements.end(record, as: .checked, counting: counts, now: now))
            try await forget(record, on: tx)
            return []
        case .refuse:
            try await tx.execute(ImportLoadStatements.end(record, as: .refused, counting: .init(), now: now))
            try await forget(record, on: tx)
            return []
        case .load:
            let chunks = chunks(of: record).map { lines in
                ImportChunk(
                    brand: parameters.brand, importID: parameters.importID, first: lines.lowerBound,
                    last: lines.upperBound)
            }
            let state: ImportState = chunks.isEmpty ? .loaded : .loading
            // Opened by the first chunk, they would hold up the others until its commit.
            _ = try await OrderAccounts.open(of: record.request.shop, brand: parameters.brand, now: now, on: tx)
            try await tx.execute(ImportLoadStatements.end(record, as: state, counting: .init(), now: now))
            // After other work: a large file is in no hurry, whoever waits for an answer is.
            try await queue.push(
                contentsOf: chunks, options: .init(priority: .lower, brand: parameters.brand.rawValue), on: tx)
            return chunks
        }
    }

    private func chunks(of record: ImportRecord) -> [ClosedRange<Int32>] {
        let last = Int32(clamping: record.lastLine)
        guard last >= 1 else { return [] }
        return stride(from: Int32(1), through: last, by: chunk).map { $0...min($0 + Int32(chunk) - 1, last) }
    }

    // MARK: Loading

    /// Loads the lines of a chunk; the last chunk of a file ends it.
    package func load(_ chunk: ImportChunk, on tx: Transaction) async throws {
        let (now, record) = try await find(chunk.importID, brand: chunk.brand, on: tx)
        guard record.state == .loading, chunk.first <= chunk.last else {
            throw JobFailure.permanent("the import is not being loaded")
        }
        let lines = chunk.first...chunk.last
        let merged = try await ImportMerge(record: record, now: now, vault: vault).run(
            lines, queue: queue, on: tx)
        if !merged.days.isEmpty {
            let changed = OrdersChanged(
                brand: chunk.brand, shop: record.request.shop, days: merged.days.map(\.description))
            try await queue.push(changed, options: .init(brand: chunk.brand.rawValue), on: tx)
        }
        // Last of all: from here to the commit the other chunks of the file wait.
        let state = try await tx.one(ImportLoadStatements.advance(record, by: lines.count, counting: merged, now: now))
        if state == .loaded { try await forget(record, on: tx) }
    }

    private func find(
        _ id: ID<Import>, brand: ID<Brand>, on tx: Transaction
    ) async throws -> (now: Date, record: ImportRecord) {
        let (clock, records) = try await tx.pipeline(
            CatalogueStatements.clock(), ImportStatements.record(id, brand: brand))
        guard let now = clock.first, let record = records.first else {
            throw JobFailure.permanent("there is no such import")
        }
        return (now, record)
    }

    /// Counts what loading would come to, in pieces that fit into memory.
    private func preview(of record: ImportRecord, now: Date, on tx: Transaction) async throws -> ImportMerge.Outcome {
        let merge = ImportMerge(record: record, now: now, vault: vault)
        var total = ImportMerge.Outcome()
        for lines in chunks(of: record) {
            let counts = try await merge.preview(lines, on: tx)
            total.added += counts.added
            total.changed += counts.changed
            total.unchanged += counts.unchanged
        }
        return total
    }

    /// Staged lines and sealed customers of a finished file are of no further use to anybody.
    private func forget(_ record: ImportRecord, on tx: Transaction) async throws {
        try await tx.execute(ImportLoadStatements.forget(1...max(1, Int32(clamping: record.lastLine)), of: record))
        try await tx.execute(ImportLoadStatements.forgetCustomers(of: record))
    }
}
