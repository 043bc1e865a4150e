package import FoundationEssentials
package import Kernel
package import Postgres

extension Ledger {
    /// Transfers under one seal, at most; the statements say it, too.
    static let sealMax = Limit(
        4_096, reason: "half a megabyte in memory, a hundred kilobytes in the seal, milliseconds of work")

    /// Sets the next seal of a brand behind the transfers of transactions that have all ended.
    ///
    /// Transfers are in the order of the transactions that wrote them: none can come later in front of one that is sealed. Two that
    /// seal at once compute the same next number, and one of them finds it taken.
    ///
    /// - Parameter now: The instant of sealing, from `siyu.clock()`.
    /// - Throws: ``SealError``; `PostgresError`.
    package static func seal(brand: ID<Brand>, now: Date, on tx: Transaction) async throws -> Sealing {
        // In this order: a horizon read before the last seal would lie behind a seal that somebody else sets in between.
        let end = try await tx.first(SealStatements.last(brand: brand)) ?? .start
        let horizon = try await tx.one(SealStatements.horizon())
        // The transaction that wrote the last one has ended, so that the horizon is beyond it.
        guard end.last.xid < horizon else {
            throw SealError.transactionsBehind(server: horizon, books: end.last.xid)
        }
        let leaves = try await tx.run(SealStatements.unsealed(after: end.last, below: horizon, brand: brand))
        guard let last = leaves.last else { return .nothing }
        var ids: [UInt8] = []
        ids.reserveCapacity(leaves.count * SealFormat.idBytes)
        var marks: [UInt8] = []
        marks.reserveCapacity(leaves.count * SealFormat.markBytes)
        for leaf in leaves {
            SealFormat.append(leaf.id.rawValue, to: &ids)
            SealFormat.append(mark: leaf.mark, to: &marks)
        }
        let hash = SealFormat.hash(
            brand: brand, number: end.number + 1, sealedAt: now, previous: end.hash, leaves: leaves)
        let seal = Seal(
            number: end.number + 1, transfers: leaves.count, last: LedgerPlace(xid: last.xid, id: last.id), ids: ids,
            marks: marks, hash: hash, sealedAt: now)
        guard try await tx.first(SealStatements.insert(seal, brand: brand)) != nil else { return .overtaken }
        return .sealed(
            SealHead(number: seal.number, hash: hash), transfers: leaves.count,
            isFull: leaves.count == sealMax.value)
    }

    /// Seals all that can be sealed now, each seal in a commit of its own.
    ///
    /// - Parameter transaction: Opens one; a job fences it.
    /// - Returns: How many transfers were sealed here.
    @discardableResult
    package static func sealAll(
        brand: ID<Brand>,
        transaction: ((Transaction) async throws -> Sealing) async throws -> Sealing
    ) async throws -> Int {
        var sealed = 0
        while true {
            // Every round seals more or is the last; one that was overtaken leaves the rest to whoever was faster.
            let round = try await transaction { tx in
                try await seal(brand: brand, now: try await tx.one(SealStatements.clock()), on: tx)
            }
            guard case .sealed(_, let transfers, let isFull) = round else { return sealed }
            sealed += transfers
            if !isFull { return sealed }
        }
    }

    /// Seals all that can be sealed now, each seal in a transaction of its own.
    @discardableResult
    package static func sealAll(brand: ID<Brand>, on pool: Pool) async throws -> Int {
        try await sealAll(brand: brand) { body in try await pool.transaction { try await body($0) } }
    }

    /// The last seal of a brand; nil before the first.
    package static func head(brand: ID<Brand>, on executor: some Executor) async throws -> SealHead? {
        try await executor.first(SealStatements.last(brand: brand)).map { SealHead(number: $0.number, hash: $0.hash) }
    }
}
