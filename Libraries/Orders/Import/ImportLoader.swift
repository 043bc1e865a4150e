import Accounting
import FoundationEssentials
package import Jobs
import Kernel
package import Postgres
package import Vault

/// Loads accepted files, chunk by chunk; each chunk is one transaction that ends with its checkpoint.
///
/// Whoever is killed in between leaves whole chunks behind; the job goes on after the last of them.
package struct ImportLoader: Sendable {
    private let queue: JobQueue
    private let vault: Vault
    private let chunk: Int

    /// A loader that tells of changes through `queue`.
    package init(queue: JobQueue, vault: Vault, chunk: Int = ImportLimit.chunkLines.value) {
        self.queue = queue
        self.vault = vault
        self.chunk = chunk
    }

    /// Tells `queue` how the jobs of this room are done.
    ///
    /// The process must work the queue `orders`.
    package static func register(on queue: JobQueue, vault: Vault, chunk: Int = ImportLimit.chunkLines.value) {
        let loader = ImportLoader(queue: queue, vault: vault, chunk: chunk)
        queue.registerJob(parameters: ImportLoad.self) { parameters, context in
            try await loader.load(parameters, in: context)
        }
    }

    /// Loads what is left of a file.
    package func load(_ parameters: ImportLoad, in context: JobContext) async throws {
        while try await context.transaction({ tx in try await step(parameters, on: tx) }) {
            await queue.wake(OrdersChanged.jobQueue)
        }
        await queue.wake(OrdersChanged.jobQueue)
    }

    /// Takes a file one step further.
    ///
    /// - Returns: Whether there is more to do.
    package func step(_ parameters: ImportLoad, on tx: Transaction) async throws -> Bool {
        let (clock, records) = try await tx.pipeline(
            CatalogueStatements.clock(), ImportStatements.lock(parameters.importID, brand: parameters.brand))
        guard let now = clock.first, let record = records.first else {
            throw JobFailure.permanent("there is no such import")
        }
        var progress = ImportProgress(record)
        switch ImportStep.next(for: record, chunk: chunk) {
        case .none:
            return false
        case .check:
            progress.add(try await preview(of: record, now: now, on: tx))
            progress.state = .checked
        case .refuse:
            progress.state = .refused
        case .load(let lines, let isLast):
            let merge = ImportMerge(record: record, lines: lines, now: now, vault: vault)
            let merged = try await merge.run(on: tx)
            progress.add(merged)
            progress.checkpointLine = isLast ? record.lastLine : Int(lines.upperBound)
            progress.state = isLast ? .loaded : .loading
            if !merged.days.isEmpty {
                let changed = OrdersChanged(
                    brand: record.request.brand, shop: record.request.shop, days: merged.days.map(\.description))
                try await queue.push(changed, options: .init(brand: record.request.brand.rawValue), on: tx)
            }
        }
        try await tx.execute(ImportLoadStatements.save(progress, of: record, now: now))
        if progress.state.isFinal { try await forget(record, on: tx) }
        return !progress.state.isFinal
    }

    /// Counts what loading would come to, in pieces that fit into memory.
    private func preview(of record: ImportRecord, now: Date, on tx: Transaction) async throws -> ImportMerge.Outcome {
        var total = ImportMerge.Outcome()
        for first in stride(from: Int32(1), through: Int32(record.lastLine), by: max(1, chunk)) {
            let lines = first...max(first, min(first + Int32(chunk) - 1, Int32(record.lastLine)))
            let piece = ImportMerge(record: record, lines: lines, now: now, vault: vault)
            let counts = try await piece.preview(on: tx)
            total.added += counts.added
            total.changed += counts.changed
            total.unchanged += counts.unchanged
        }
        return total
    }

    /// Staged lines and sealed customers of a finished file are of no further use to anybody.
    private func forget(_ record: ImportRecord, on tx: Transaction) async throws {
        try await tx.execute(ImportLoadStatements.forget(1...max(1, Int32(record.lastLine)), of: record))
        try await tx.execute(ImportLoadStatements.forgetCustomers(of: record))
    }
}

/// What a step changes of a file's record.
struct ImportProgress {
    var state: ImportState
    var checkpointLine: Int
    var added: Int
    var changed: Int
    var unchanged: Int

    init(_ record: ImportRecord) {
        state = record.state
        checkpointLine = record.checkpointLine
        added = record.added
        changed = record.changed
        unchanged = record.unchanged
    }

    mutating func add(_ merged: ImportMerge.Outcome) {
        added += merged.added
        changed += merged.changed
        unchanged += merged.unchanged
    }
}
