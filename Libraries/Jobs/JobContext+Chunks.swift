import Foundation
public import Postgres

extension JobContext {
    /// Where a job over a range stands; without a next cursor it is at the end.
    private struct Place<Cursor: Codable & Sendable>: Codable, Sendable {
        var next: Cursor?
    }

    /// What a transaction of ``forEachChunk(from:total:_:)`` came to.
    private enum ChunkEnd: Sendable {
        case more
        case last
    }

    /// Works off a range chunk by chunk: a million gifts that expire at midnight are one job, not a million.
    ///
    /// Each chunk is a transaction that holds the job, does the chunk's work and writes down where the next one begins: they
    /// happen together or not at all. A later run goes on where the last chunk ended, whatever became of the process. When the
    /// process is shut down, the job goes back between two chunks. Several processes share a range if one job is pushed for
    /// each part of it. Crashes are forgiven with every chunk: only one that gets no chunk done is poison.
    ///
    /// The checkpoint of the job is used for this, so a job works off one range; progress counts chunks. The job completes when its handler returns, or in
    /// ``complete(_:)``; if the process is lost in between, the next run finds the range worked off.
    ///
    /// ```swift
    /// try await context.forEachChunk(from: "") { transaction, cursor in
    ///     let expired = try await transaction.run(GiftStatements.expire(after: cursor, limit: 1_000))
    ///     return expired.last                                        // nil when there are no more
    /// }
    /// ```
    ///
    /// - Parameters:
    ///   - start: Where the first chunk begins.
    ///   - body: Does one chunk, beginning at the cursor, and returns where the next one begins; nil at the end. It may be run
    ///     again where its transaction met another one, and so does nothing outside of it.
    /// - Throws: ``JobHandover`` at a shutdown; ``JobError/leaseLost``; what `body` throws.
    public func forEachChunk<Cursor: Codable & Sendable>(
        from start: Cursor, _ body: (Transaction, Cursor) async throws -> Cursor?
    ) async throws {
        try await forEachChunk(from: start, total: nil) { transaction, cursor in
            (try await body(transaction, cursor), 1)
        }
    }

    /// The same with progress in rows, or whatever else is counted.
    ///
    /// - Parameters:
    ///   - start: Where the first chunk begins.
    ///   - total: How many there are, if known.
    ///   - body: As above; it also answers how many the chunk did.
    public func forEachChunk<Cursor: Codable & Sendable>(
        from start: Cursor, total: Int?,
        _ body: (Transaction, Cursor) async throws -> (next: Cursor?, count: Int)
    ) async throws {
        var failures = 0
        var backoff = Backoff(first: .milliseconds(20), longest: .seconds(1))
        while true {
            try handOverIfShuttingDown()
            do {
                if case .last = try await chunk(from: start, total: total, body) { return }
                failures = 0
                backoff.reset()
            } catch let error as PostgresError where error.endsConnection && run.lease.isHeld {
                // Whether the chunk was committed is written in the checkpoint, which is read after the fence: the fence waits
                // for a server process that may still be at it.
                failures += 1
                guard failures < Self.chunkTriesMax else { throw error }
                try await Task.sleep(for: backoff.next())
            }
        }
    }

    /// A chunk that ends its connection so often in a row is at fault itself.
    private static let chunkTriesMax = 10

    private func chunk<Cursor: Codable & Sendable>(
        from start: Cursor, total: Int?,
        _ body: (Transaction, Cursor) async throws -> (next: Cursor?, count: Int)
    ) async throws -> ChunkEnd {
        try check()
        return try await run.pool.transaction { transaction in
            let (held, checkpoints) = try await transaction.pipeline(
                JobStatements.fence(run.job.token), CheckpointStatements.read(run.job.token.id))
            guard !held.isEmpty else { throw JobError.leaseLost }
            let state = checkpoints.first?.state
            let reached = try state.map { try JSONDecoder().decode(Place<Cursor>.self, from: Data($0)) }
            guard let cursor = reached == nil ? start : reached?.next else { return .last }
            let (next, count) = try await body(transaction, cursor)
            let place = Array(try JSONEncoder().encode(Place(next: next)))
            try await write(
                .init(
                    state: place, done: (checkpoints.first?.done ?? 0) + count, total: total, note: nil, advances: true),
                on: transaction)
            return next == nil ? .last : .more
        }
    }
}
