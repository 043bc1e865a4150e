import FoundationEssentials
import Kernel
import Keys
import Postgres
import Synchronization

/// Looks for imported codes: those that are asked for together share a statement.
///
/// The first goes at once; while a brand's statement runs the next ones wait and then go in one.
final class ImportedCodes: Sendable {
    /// Where a code stands.
    typealias Place = (batch: ID<CodeBatch>, index: Int64)

    private typealias Look = Task<[[UInt8]: Place], any Error>

    private struct State {
        /// What each round that has not begun looks for.
        var hashes: [UInt64: [[UInt8]]] = [:]
        /// The round of a brand that whoever comes now may join.
        var open: [ID<Brand>: (number: UInt64, task: Look)] = [:]
        var last: [ID<Brand>: Look] = [:]
        var rounds: UInt64 = 0
        var waiting = 0
    }

    /// Codes in one statement, at most.
    static let roundMax = Limit(256, reason: "a statement of so many takes about as long as one of a few")
    /// Codes that wait, at most.
    static let waitingMax = Limit(4_096, reason: "more would time out before their turn: better told at once")

    private let pool: Pool
    private let keys: KeyRing
    private let state = Mutex(State())

    init(pool: Pool, keys: KeyRing) {
        self.pool = pool
        self.keys = keys
    }

    /// What stands in the database instead of a code: half of an HMAC, unrelated for every brand.
    static func hash(_ code: String, brand: ID<Brand>, keys: KeyRing) -> [UInt8] {
        Array(keys.blindIndex(brand: brand.rawValue, kind: "imported-code", value: code).prefix(16))
    }

    /// Where a code stands; nil for one that the brand did not import.
    ///
    /// - Throws: ``Problem`` 503 when too many wait or the database is away.
    func find(_ code: String, brand: ID<Brand>) async throws -> Place? {
        let hash = Self.hash(code, brand: brand, keys: keys)
        guard let task = join(hash, brand) else { throw Problem.unavailable() }
        defer { state.withLock { $0.waiting -= 1 } }
        do {
            return try await task.value[hash]
        } catch is PostgresError {
            throw Problem.unavailable()
        }
    }

    /// The statement that a code goes with; nil when too many wait.
    private func join(_ hash: [UInt8], _ brand: ID<Brand>) -> Look? {
        state.withLock { state in
            guard state.waiting < Self.waitingMax.value else { return nil }
            state.waiting += 1
            if let open = state.open[brand], let hashes = state.hashes[open.number],
                hashes.count < Self.roundMax.value
            {
                state.hashes[open.number]?.append(hash)
                return open.task
            }
            state.rounds += 1
            let number = state.rounds
            let before = state.last[brand]
            let task = Task { () async throws -> [[UInt8]: Place] in
                // How the round before ended is told to those who waited for it.
                _ = await before?.result
                return try await self.look(for: self.begin(number, brand), brand)
            }
            state.hashes[number] = [hash]
            state.open[brand] = (number, task)
            state.last[brand] = task
            return task
        }
    }

    /// Begins a round: whoever comes now waits for the next.
    private func begin(_ number: UInt64, _ brand: ID<Brand>) -> [[UInt8]] {
        state.withLock { state in
            if state.open[brand]?.number == number { state.open[brand] = nil }
            return state.hashes.removeValue(forKey: number) ?? []
        }
    }

    private func look(for hashes: [[UInt8]], _ brand: ID<Brand>) async throws -> [[UInt8]: Place] {
        let found = try await pool.run(ImportStatements.places(of: hashes, brand: brand))
        return Dictionary(found.map { ($0.hash, ($0.batch, $0.index)) }) { first, _ in first }
    }
}
