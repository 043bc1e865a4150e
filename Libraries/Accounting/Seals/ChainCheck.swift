package import Kernel
package import Postgres

/// The first place where a brand's transfers are not what was sealed.
package struct ChainFault: Error, Hashable, Sendable, Codable, CustomStringConvertible {
    /// What is wrong there.
    package enum What: String, Sendable, Codable {
        /// A column of the transfer is another than it was when it was sealed.
        case changed
        /// The transfer was sealed and is not there any more.
        case removed
        /// The transfer stands among others that are sealed, and was not there when they were.
        case inserted
        /// The transfer was sealed elsewhere in the order: the transaction that it names was changed.
        case moved
        /// The seal itself does not fit its transfers or the seal before.
        case seal
        /// The seal is not the one that was noted down.
        case head
    }

    /// What is wrong.
    package let what: What
    /// The seal at which it is found.
    package let seal: Int64
    /// The transfer; nil where it is the seal.
    package let transfer: ID<Transfer>?

    /// A fault and where it is.
    package init(what: What, seal: Int64, transfer: ID<Transfer>?) {
        self.what = what
        self.seal = seal
        self.transfer = transfer
    }

    package var description: String {
        let row = transfer.map { "Transfer \($0)" } ?? "Seal \(seal)"
        return switch what {
        case .changed: "\(row) was changed after seal \(seal) was set."
        case .removed: "\(row) was removed after seal \(seal) was set."
        case .inserted: "\(row) was slipped in among the transfers of seal \(seal) after that was set."
        case .moved: "\(row) does not stand where seal \(seal) has it: its posted_xid was changed, or the seal's place."
        case .seal: "Seal \(seal) was changed, or the one before it: it does not fit its transfers."
        case .head: "Seal \(seal) is not the one that was noted down: transfers were changed and sealed anew."
        }
    }
}

/// What a brand's chain of seals says.
package struct ChainCheck: Hashable, Sendable, Codable {
    /// Seals that were read.
    package var seals = 0
    /// Transfers under them.
    package var sealed = 0
    /// Transfers that wait for the next seal.
    package var unsealed = 0
    /// The last seal, to be noted down elsewhere: whoever changes the books and seals them anew cannot make it again.
    package var head: SealHead?
    /// What is wrong first; nil if nothing is.
    package var fault: ChainFault?
}

extension Ledger {
    /// Seals that are looked through at once, at most.
    package static let checkLanesMax = Limit(16, reason: "each takes a connection and some megabytes")

    /// Looks through everything that is sealed, in the order in which it was, and names the first row that is not as it was.
    ///
    /// Transfers that are sealed never change, so no snapshot is held; the memory is that of `lanes` seals, however long the chain.
    ///
    /// - Parameters:
    ///   - noted: A seal that was noted down earlier, to be found again.
    ///   - lanes: How many seals are looked through at once.
    ///   - progress: Hears how many transfers were taken up so far.
    package static func checkChain(
        brand: ID<Brand>, noted: SealHead? = nil, lanes: Int = 2, on pool: Pool,
        progress: (Int) -> Void = { _ in }
    ) async throws -> ChainCheck {
        let lanes = min(max(1, lanes), checkLanesMax.value)
        var check = ChainCheck()
        var end = SealEnd.start
        try await withThrowingTaskGroup(of: ChainFault?.self) { group in
            var running = 0
            func note(_ fault: ChainFault?) {
                guard let fault, fault.seal < check.fault?.seal ?? .max else { return }
                check.fault = fault
            }
            while check.fault == nil,
                let seal = try await pool.first(SealStatements.next(after: end.number, brand: brand))
            {
                guard seal.number == end.number + 1 else {
                    note(ChainFault(what: .seal, seal: end.number + 1, transfer: nil))
                    break
                }
                if running == lanes {
                    note(try await group.next() ?? nil)
                    running -= 1
                }
                let previous = end
                group.addTask { try await fault(in: seal, after: previous, brand: brand, on: pool) }
                running += 1
                if let noted, noted.number == seal.number, noted.hash != seal.hash {
                    note(ChainFault(what: .head, seal: seal.number, transfer: nil))
                }
                check.seals += 1
                check.sealed += seal.transfers
                progress(check.sealed)
                end = SealEnd(number: seal.number, last: seal.last, hash: seal.hash)
            }
            // A row that is wrong says more than the seal that was noted down.
            for try await found in group {
                if let found, found.seal == check.fault?.seal, check.fault?.what == .head { check.fault = found }
                note(found)
            }
        }
        if let noted, noted.number > end.number {
            if check.fault == nil { check.fault = ChainFault(what: .head, seal: noted.number, transfer: nil) }
        }
        check.head = end.number > 0 ? SealHead(number: end.number, hash: end.hash) : nil
        check.unsealed = try await pool.one(SealStatements.count(after: end.last, brand: brand))
        return check
    }

    /// The first thing that is wrong under one seal.
    private static func fault(
        in seal: Seal, after previous: SealEnd, brand: ID<Brand>, on pool: Pool
    ) async throws -> ChainFault? {
        let leaves = try await pool.run(SealStatements.between(previous.last, and: seal.last, brand: brand))
        if let (what, id) = firstDifference(leaves, seal) {
            let isThere =
                what == .removed ? try await pool.one(SealStatements.exists(id, brand: brand)) : false
            return ChainFault(what: isThere ? .moved : what, seal: seal.number, transfer: id)
        }
        let hash = SealFormat.hash(
            brand: brand, number: seal.number, sealedAt: seal.sealedAt, previous: previous.hash, leaves: leaves)
        let isRight = hash == seal.hash && leaves.last.map { LedgerPlace(xid: $0.xid, id: $0.id) } == seal.last
        return isRight ? nil : ChainFault(what: .seal, seal: seal.number, transfer: nil)
    }

    /// Where what is there first differs from what was sealed.
    private static func firstDifference(
        _ leaves: [TransferLeaf], _ seal: Seal
    ) -> (what: ChainFault.What, transfer: ID<Transfer>)? {
        for index in 0..<seal.transfers {
            let id = SealFormat.id(at: index, of: seal.ids)
            guard index < leaves.count else { return (.removed, id) }
            let leaf = leaves[index]
            if leaf.id == id {
                if leaf.mark != SealFormat.mark(at: index, of: seal.marks) { return (.changed, id) }
            } else {
                // Either something is in front of what was sealed here, or that is gone and the next one took its place.
                let wasSealed = (index..<seal.transfers).contains { SealFormat.id(at: $0, of: seal.ids) == leaf.id }
                return wasSealed ? (.removed, id) : (.inserted, leaf.id)
            }
        }
        return leaves.count > seal.transfers ? (.inserted, leaves[seal.transfers].id) : nil
    }
}
