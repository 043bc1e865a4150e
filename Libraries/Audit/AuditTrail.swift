package import Accounting
import FoundationEssentials
package import Kernel
package import Postgres

/// What a look through a trail says.
package struct AuditCheck: Hashable, Sendable, Codable {
    /// Entries that were read.
    package var entries = 0
    /// The last one, to be noted down elsewhere: whoever writes the trail anew cannot make it again.
    package var head: SealHead?
    /// What is wrong first; nil if nothing is.
    package var fault: AuditFault?
}

/// Everything that people did by hand, brand by brand, in a chain of hashes: what is changed, removed or slipped in is found.
///
/// An entry is written in the transaction of its act where there is one, and before the act where there is not: nothing is done that is not
/// written down.
package enum AuditTrail {
    /// The trail of those who run the installation, for what is no brand's.
    package static let installation = ID<Brand>(
        rawValue: UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)))

    /// Entries that one answer lists, at most.
    package static let listMax = Limit(200, reason: "a page that a person reads")

    /// Entries that are checked at once.
    private static let slice = 1_000

    /// Writes an act down behind all others of the brand.
    ///
    /// Whoever else writes to the same trail waits for the end of the transaction, so that it should be short.
    ///
    /// - Returns: The entry's number.
    @discardableResult
    package static func note(_ act: ManualAct, brand: ID<Brand>, on tx: Transaction) async throws -> Int64 {
        let end = try await tx.one(AuditStatements.lockEnd(brand: brand))
        // Read behind the lock: an entry is never older than the one before it.
        let now = try await tx.one(AuditStatements.clock())
        let number = end.number + 1
        let hash = AuditEntry.hash(brand: brand, number: number, actedAt: now, act, previous: end.hash)
        let entry = AuditEntry(number: number, actedAt: now, act: act, hash: hash)
        try await tx.execute(AuditStatements.insert(entry, brand: brand))
        try await tx.execute(AuditStatements.moveEnd(to: number, hash: hash, brand: brand))
        return number
    }

    /// Entries of a brand, newest first.
    ///
    /// - Parameter number: The entry before which the list begins; nil for the end of the trail.
    package static func list(
        before number: Int64? = nil, limit: Int, brand: ID<Brand>, on db: some Executor
    ) async throws(PostgresError) -> [AuditEntry] {
        try await db.run(
            AuditStatements.before(number ?? .max, limit: min(max(1, limit), listMax.value), brand: brand))
    }

    /// Looks through the whole trail of a brand and names the first entry that is not as it was written.
    ///
    /// Entries never change, so no snapshot is held; memory is that of one slice, however long the trail.
    ///
    /// - Parameter noted: An entry that was noted down earlier, to be found again.
    package static func check(
        brand: ID<Brand>, noted: SealHead? = nil, on db: some Executor
    ) async throws -> AuditCheck {
        // First: what is written from now on is none of this look's business.
        let end = try await db.first(AuditStatements.end(brand: brand)) ?? (number: 0, hash: AuditEntry.start)
        var check = AuditCheck()
        var (number, hash) = (Int64(0), AuditEntry.start)
        look: while number < end.number {
            let entries = try await db.run(AuditStatements.after(number, limit: slice, brand: brand))
            for entry in entries where number < end.number {
                guard entry.number == number + 1 else {
                    check.fault = AuditFault(what: .removed, number: number + 1)
                    break look
                }
                let right = AuditEntry.hash(
                    brand: brand, number: entry.number, actedAt: entry.actedAt, entry.act, previous: hash)
                guard entry.hash == right else {
                    check.fault = AuditFault(what: .changed, number: entry.number)
                    break look
                }
                (number, hash) = (entry.number, entry.hash)
                check.entries += 1
                if let noted, noted.number == number, noted.hash != hash {
                    check.fault = AuditFault(what: .noted, number: number)
                    break look
                }
            }
            if entries.isEmpty {
                check.fault = AuditFault(what: .removed, number: number + 1)
                break
            }
        }
        if check.fault == nil { check.fault = faultAtTheEnd(number, hash, end, noted) }
        if number > 0 { check.head = SealHead(number: number, hash: hash) }
        return check
    }

    private static func faultAtTheEnd(
        _ number: Int64, _ hash: [UInt8], _ end: (number: Int64, hash: [UInt8]), _ noted: SealHead?
    ) -> AuditFault? {
        if hash != end.hash { return AuditFault(what: .changed, number: max(number, 1)) }
        if let noted, noted.number > number { return AuditFault(what: .removed, number: number + 1) }
        return nil
    }
}
