import FoundationEssentials
package import Kernel
package import Postgres

/// Activates, voids and freezes codes, and lifts freezes.
package enum Ranges {
    /// Decides about a wish under a lock of its batch, and writes it down if that is the outcome.
    ///
    /// - Throws: ``Problem`` 404 for a batch that the brand does not have.
    package static func decide(
        _ command: RangeCommand, batch: ID<CodeBatch>, brand: ID<Brand>, author: String, on pool: Pool
    ) async throws -> RangeOutcome {
        try await pool.transaction { tx in
            try await decide(command, batch: batch, brand: brand, author: author, on: tx)
        }
    }

    /// The same in the caller's transaction, which holds the batch from here on.
    static func decide(
        _ command: RangeCommand, batch: ID<CodeBatch>, brand: ID<Brand>, author: String, on tx: Transaction
    ) async throws -> RangeOutcome {
        let (clock, locked) = try await tx.pipeline(
            BatchStatements.clock(), BatchStatements.lock(batch, brand: brand))
        guard let now = clock.first, let count = locked.first else {
            throw Problem.notFound("There is no such batch.")
        }
        // After the lock, so that this sees what the one before decided.
        let decided = try await tx.run(BatchStatements.ranges(of: batch, brand: brand))
        let outcome = try await weigh(
            of: command, decided, count: count, batch: batch, brand: brand, now: now, on: tx)
        if case .added(let range) = outcome {
            try await tx.execute(
                BatchStatements.insertRange(range, batch: batch, brand: brand, author: author, now: now))
        }
        return outcome
    }

    /// What would become of a wish if it were decided now, and how many codes it would concern.
    ///
    /// Takes no lock and changes nothing: whoever decides for good is not made to wait while redemptions are counted.
    ///
    /// - Returns: The counts are nil where the wish would be refused.
    /// - Throws: ``Problem`` 404 for a batch that the brand does not have.
    package static func preview(
        _ command: RangeCommand, batch: ID<CodeBatch>, brand: ID<Brand>, on pool: Pool
    ) async throws -> (outcome: RangeOutcome, counts: RangeCounts?) {
        try await pool.transaction { tx in
            let (clock, counted, decided) = try await tx.pipeline(
                BatchStatements.clock(), BatchStatements.count(batch, brand: brand),
                BatchStatements.ranges(of: batch, brand: brand))
            guard let now = clock.first, let count = counted.first else {
                throw Problem.notFound("There is no such batch.")
            }
            let outcome = try await weigh(
                of: command, decided, count: count, batch: batch, brand: brand, now: now, on: tx)
            let range: CodeRange
            switch outcome {
            case .refused: return (outcome, nil)
            case .added(let new): range = new
            case .unchanged(let earlier): range = earlier
            }
            let redeemed = try await tx.one(BatchStatements.redeemed(in: range.indexes, batch: batch, brand: brand))
            let others = decided.filter { $0.id != range.id }
            return (outcome, RangeCounts(of: range, beside: others, at: max(range.validFrom, now), redeemed: redeemed))
        }
    }

    /// Ends a freeze now: its codes are again what they would be without it.
    ///
    /// What was decided stays readable: the freeze keeps its row, and its former end, author and reason are written down.
    ///
    /// - Parameters:
    ///   - indexes: The codes of the freeze, exactly.
    ///   - reason: Why, 1 to 500 characters.
    /// - Returns: ``RangeOutcome/added(_:)`` is the freeze with its new end.
    /// - Throws: ``Problem`` 404 for a batch that the brand does not have.
    package static func lift(
        _ indexes: Range<Int64>, batch: ID<CodeBatch>, brand: ID<Brand>, author: String, reason: String, on pool: Pool
    ) async throws -> RangeOutcome {
        guard (1...500).contains(reason.unicodeScalars.count) else {
            return .refused(.invalid("A reason has 1 to 500 characters.", code: "reason_malformed"))
        }
        return try await pool.transaction { tx in
            guard let count = try await tx.first(BatchStatements.lock(batch, brand: brand)) else {
                throw Problem.notFound("There is no such batch.")
            }
            // After the lock: a freeze that was decided while this waited began later than this transaction.
            let (clock, decided, lifted) = try await tx.pipeline(
                BatchStatements.clockAfterWaiting(), BatchStatements.ranges(of: batch, brand: brand),
                BatchStatements.liftedRanges(of: batch, brand: brand))
            guard let now = clock.first else { throw Problem.unavailable() }
            let outcome = RangeOutcome.lift(indexes, decided, lifted: Set(lifted), count: count, now: now)
            guard case .added(let freeze) = outcome else { return outcome }
            let ended = try await tx.run(BatchStatements.endRange(freeze, batch: batch, brand: brand, now: now))
            // The lock keeps others away, so this holds unless somebody writes to the table past this room.
            guard !ended.isEmpty else { throw Problem.unavailable() }
            try await tx.execute(
                BatchStatements.insertRangeEnd(
                    freeze, batch: batch, brand: brand, author: author, reason: reason, now: now))
            return .added(freeze.ended(at: now))
        }
    }

    /// What a wish leads to; the same for a decision and its preview.
    private static func weigh(
        of command: RangeCommand, _ decided: [CodeRange], count: Int64, batch: ID<CodeBatch>, brand: ID<Brand>,
        now: Date, on tx: Transaction
    ) async throws -> RangeOutcome {
        let outcome = RangeOutcome.decide(decided, count: count, command: command, id: .mint(), now: now)
        if case .added(let range) = outcome, range.kind == .activate,
            let obstacle = try await PrizeGuard.obstacle(to: range, batch: batch, brand: brand, on: tx)
        {
            return .refused(obstacle)
        }
        return outcome
    }
}
