import Kernel
import Keys
import Postgres

/// Sealing again, under the key of today, what older master keys sealed.
///
/// In sets, each a commit of its own; what is done already is passed over, so that it may be ended at any moment and begun again. Meanwhile
/// old and new values are read alike, and whoever writes is not waited for: a value that was replaced or erased since it was read stays as
/// it is.
struct Rewrapping: Sendable {
    /// Values of one set: short enough to be in nobody's way.
    static let slice = 500

    /// What became of one column.
    struct Outcome: Encodable, Sendable {
        let column: String
        /// Values that are under the key of today now.
        var resealed = 0
        /// Values that no key of the ring opens, or that were moved to another row: left as they are.
        var unreadable = 0
    }

    let pool: Pool
    let keys: KeyRing
    var slice = Self.slice

    /// Goes through every column of every brand.
    ///
    /// - Parameter progress: Hears how many values were sealed again so far.
    func run(progress: (Int) -> Void = { _ in }) async throws -> [Outcome] {
        let brands = try await pool.run(RewrapStatements.brands)
        var outcomes: [Outcome] = []
        for column in SealedColumn.all {
            if case .passing = column.shape { continue }
            var outcome = Outcome(column: column.name)
            for brand in brands { try await reseal(column, brand: brand, &outcome, progress) }
            outcomes.append(outcome)
        }
        return outcomes
    }

    private func reseal(
        _ column: SealedColumn, brand: ID<Brand>, _ outcome: inout Outcome, _ progress: (Int) -> Void
    ) async throws {
        var place: [String]?
        while true {
            try Task.checkCancellation()
            let newest = keys.masterKeyIDs[0].bytes
            let found: [RewrapStatements.Found]
            if let place {
                found = try await pool.run(
                    RewrapStatements.next(column, notUnder: newest, after: place, brand: brand, limit: slice))
            } else {
                found = try await pool.run(
                    RewrapStatements.first(column, notUnder: newest, brand: brand, limit: slice))
            }
            guard let last = found.last else { return }
            place = last.key
            var values: [(found: RewrapStatements.Found, resealed: [UInt8])] = []
            for value in found {
                do throws(KeysError) {
                    if let resealed = try reseal(value, in: column) { values.append((value, resealed)) }
                } catch {
                    outcome.unreadable += 1
                }
            }
            if !values.isEmpty {
                outcome.resealed += try await pool.run(
                    RewrapStatements.exchange(column, values, brand: brand)
                ).count
            }
            progress(outcome.resealed)
        }
    }

    private func reseal(_ value: RewrapStatements.Found, in column: SealedColumn) throws(KeysError) -> [UInt8]? {
        switch column.shape {
        case .sealed: try keys.resealed(value.sealed, for: column.purpose, context: value.context)
        case .raw: try keys.rewrappedRaw(value.sealed, for: column.purpose)
        case .passing: nil
        }
    }

    /// How many values a master key still seals, by column; columns without one are left out.
    static func uses(of key: UInt32, on pool: Pool) async throws -> [(column: String, count: Int)] {
        var uses: [(column: String, count: Int)] = []
        for column in SealedColumn.all {
            let count = try await pool.one(RewrapStatements.count(column, under: key.bytes))
            if count > 0 { uses.append((column.name, count)) }
        }
        return uses
    }
}

extension UInt32 {
    /// As it stands in sealed values.
    fileprivate var bytes: [UInt8] { withUnsafeBytes(of: bigEndian) { Array($0) } }
}
