import FoundationEssentials
package import Kernel
package import Postgres

/// Activates, voids and freezes codes.
package enum Ranges {
    /// Decides about a wish under a lock of its batch, and writes it down if that is the outcome.
    ///
    /// - Throws: ``Problem`` 404 for a batch that the brand does not have.
    package static func decide(
        _ command: RangeCommand, batch: ID<CodeBatch>, brand: ID<Brand>, author: String, on pool: Pool
    ) async throws -> RangeOutcome {
        try await pool.transaction { tx in
            let (clock, locked) = try await tx.pipeline(
                BatchStatements.clock(), BatchStatements.lock(batch, brand: brand))
            guard let now = clock.first, let count = locked.first else {
                throw Problem.notFound("There is no such batch.")
            }
            // After the lock, so that this sees what the one before decided.
            let decided = try await tx.run(BatchStatements.ranges(of: batch, brand: brand))
            let outcome = RangeOutcome.decide(decided, count: count, command: command, id: .mint(), now: now)
            if case .added(let range) = outcome {
                if range.kind == .activate,
                    let obstacle = try await PrizeGuard.obstacle(to: range, batch: batch, brand: brand, on: tx)
                {
                    return .refused(obstacle)
                }
                try await tx.execute(
                    BatchStatements.insertRange(range, batch: batch, brand: brand, author: author, now: now))
            }
            return outcome
        }
    }
}
