package import FoundationEssentials
package import Kernel
package import Keys
package import Postgres

/// What became of one code.
package struct CodeFate: Sendable {
    /// The code.
    package let code: String
    /// Its batch.
    package let batch: CodeBatchRecord
    /// Its place in the batch.
    package let index: Int64
    /// Whether it may be redeemed now.
    package let standing: CodeStanding
    /// What it wins.
    package let prize: PrizeTier?
    /// When it was redeemed; nil if it was not.
    package let redeemedAt: Date?
    /// Its redemption.
    package let redemption: ID<Redemption>?

    /// Looks a code up; writes the look down.
    ///
    /// - Parameter brand: Whose imported codes are looked at too; a minted code names its batch itself.
    /// - Returns: Nil for a code that was never minted nor imported.
    package static func find(
        _ text: String, brand: ID<Brand>? = nil, author: String, keys: KeyRing, on pool: Pool
    ) async throws -> CodeFate? {
        try await pool.transaction { tx in
            var found = try await minted(text, author: author, keys: keys, on: tx)
            if found == nil, let brand {
                found = try await imported(text, brand: brand, author: author, keys: keys, on: tx)
            }
            guard let (open, index) = found else { return nil }
            let batch = open.record
            let key = CodeKey(batch: batch.id, index: index)
            let (clock, ranges, redeemed) = try await tx.pipeline(
                BatchStatements.clock(), BatchStatements.ranges(holding: [key], brand: batch.brand),
                ScanStatements.redemptions(of: [key], brand: batch.brand))
            guard let now = clock.first else { return nil }
            return CodeFate(
                code: CodeText(text)?.description ?? text, batch: batch, index: index,
                standing: .of(index, in: ranges.map(\.range), at: now),
                prize: open.prize(of: index), redeemedAt: redeemed.first?.redeemedAt, redemption: redeemed.first?.id)
        }
    }
}

extension CodeFate {
    private static func minted(
        _ text: String, author: String, keys: KeyRing, on tx: Transaction
    ) async throws -> (batch: OpenBatch, index: Int64)? {
        guard let code = CodeText(text), let batch = try await CodeBatchRecord.find(code.handle, on: tx),
            batch.imported == nil
        else { return nil }
        try await KeyUse.record(.verify, of: batch, author: author, on: tx)
        let open = try OpenBatch(batch, keys: keys)
        return open.cipher.index(of: code, count: batch.count).map { (open, $0) }
    }

    private static func imported(
        _ text: String, brand: ID<Brand>, author: String, keys: KeyRing, on tx: Transaction
    ) async throws -> (batch: OpenBatch, index: Int64)? {
        let hash = ImportedCodes.hash(text, brand: brand, keys: keys)
        guard let place = try await tx.first(ImportStatements.places(of: [hash], brand: brand)),
            let batch = try await CodeBatchRecord.find(place.batch, brand: brand, on: tx)
        else { return nil }
        try await KeyUse.record(.verify, of: batch, author: author, on: tx)
        return (try OpenBatch(batch, keys: keys), place.index)
    }
}

/// A batch counted through: what its codes win, beside what was promised and what was redeemed.
package struct BatchAudit: Sendable {
    /// The batch.
    package let batch: CodeBatchRecord
    /// How many codes win each tier; tier 0 wins nothing.
    package let found: [Int32: Int64]
    /// How many were won so far.
    package let won: [Int32: Int64]
    /// Redemptions that say another prize than their code wins, or that lie outside the batch.
    package let wrongRedemptions: Int64
    /// Codes that the batch's file had and that are no row any more, or the other way round; 0 for codes of our own.
    package let missingCodes: Int64
    /// Whether the prizes are still the ones that were committed to.
    package let isRulesHashRight: Bool
    /// Whether the stored shuffle of a small batch is the one that its key gives.
    package let isShuffleRight: Bool

    /// Whether everything is as promised.
    package var isRight: Bool {
        isRulesHashRight && isShuffleRight && wrongRedemptions == 0 && missingCodes == 0
            && batch.prizes.tiers.allSatisfy { found[$0.tier] == $0.count && won[$0.tier] ?? 0 <= $0.count }
    }

    /// How many redemptions are read at a time.
    private static let pageRows = 10_000

    /// Counts a batch through; writes the audit down first.
    ///
    /// - Parameter progress: Hears now and then how many codes have been counted.
    package static func run(
        _ batch: CodeBatchRecord, author: String, keys: KeyRing, workers: Int, on pool: Pool,
        progress: (Int64) -> Void = { _ in }
    ) async throws -> BatchAudit {
        try await pool.transaction { tx in try await KeyUse.record(.audit, of: batch, author: author, on: tx) }
        let open = try OpenBatch(batch, keys: keys)
        guard let key = BatchKey(try keys.unwrapRaw(batch.wrappedKey, for: .codeBatch)) else {
            throw CodesError.keyUnusable(batch.id)
        }
        let found = await PrizeSweep(open).counts(workers: workers, progress: progress)
        var won: [Int32: Int64] = [:]
        var wrong: Int64 = 0
        var after: Int64 = -1
        while true {
            let page = try await pool.run(
                ScanStatements.redemptions(of: batch.id, after: after, limit: pageRows, brand: batch.brand))
            for row in page {
                let isInside = (0..<batch.count).contains(row.index)
                if !isInside || open.prize(of: row.index)?.tier != row.tier { wrong += 1 }
                won[row.tier ?? 0, default: 0] += 1
            }
            guard let last = page.last, page.count == pageRows else { break }
            after = last.index
        }
        return BatchAudit(
            batch: batch, found: found, won: won, wrongRedemptions: wrong,
            missingCodes: try await missingCodes(of: batch, on: pool),
            isRulesHashRight: open.rulesHash(key) == batch.rulesHash, isShuffleRight: open.isShuffleRight(key))
    }
}

extension BatchAudit {
    /// The places of a file are unique and begin at 0: with the right count and the right ends all are there.
    private static func missingCodes(of batch: CodeBatchRecord, on pool: Pool) async throws -> Int64 {
        guard batch.imported != nil else { return 0 }
        let rows = try await pool.one(ImportStatements.extent(of: batch.id, brand: batch.brand))
        if rows.count == batch.count, rows.first != 0 || rows.last != batch.count - 1 { return 1 }
        return abs(batch.count - rows.count)
    }
}

extension OpenBatch {
    /// The commitment computed anew.
    fileprivate func rulesHash(_ key: BatchKey) -> [UInt8] {
        record.prizes.rulesHash(key: key.prizeKey(of: record.handle), handle: record.handle, count: record.count)
    }
}
