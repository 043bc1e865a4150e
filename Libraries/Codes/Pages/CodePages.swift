package import FoundationEssentials
package import Kernel
package import Postgres
import Synchronization

/// What stands behind a code when a phone's camera opens it: read, never changed, and the same for everybody.
///
/// Nobody who merely holds a pack learns here what its code wins or who redeemed it: that is told to the person who scans in WeChat.
package final class CodePages: Sendable {
    /// Pages that read at once, at most.
    package static let readsMax = Limit(
        32, reason: "anybody may open pages as often as they like, and scans share the connections")

    private let directory: CodeDirectory
    private let pool: Pool
    private let reads = Mutex(0)

    /// Pages of the codes in `directory`.
    package init(directory: CodeDirectory, pool: Pool) {
        self.directory = directory
        self.pool = pool
    }

    /// The page of a code; of none for a code that is unknown or void, after the time that ``Scans/floor`` says.
    ///
    /// A forged code asks the database nothing.
    ///
    /// - Throws: ``Problem`` 503 when too many are read at the moment; `PostgresError`.
    package func page(
        of text: String, in language: CodePageLanguage, arrived: ContinuousClock.Instant
    ) async throws -> CodePage {
        guard let code = directory.code(text), let found = try await look(at: code) else {
            try await Task.sleep(until: arrived + Scans.floor.value, clock: .continuous)
            return CodePage(facts: nil, language: language)
        }
        return CodePage(facts: found, language: language)
    }

    /// What may be shown of a minted code; nil for one that was taken out of use.
    private func look(at code: GenuineCode) async throws -> CodePageFacts? {
        let isRead = reads.withLock { reads in
            guard reads < Self.readsMax.value else { return false }
            reads += 1
            return true
        }
        guard isRead else { throw Problem.unavailable() }
        defer { reads.withLock { $0 -= 1 } }
        let record = code.batch.record
        let (clock, ranges, redeemed) = try await pool.pipeline(
            BatchStatements.clock(), BatchStatements.ranges(holding: [code.key], brand: record.brand),
            ScanStatements.redemptions(of: [code.key], brand: record.brand))
        guard let now = clock.first else { throw CodesError.clockMissing }
        let state: CodePageFacts.State
        switch (CodeStanding.of(code.index, in: ranges.map(\.range), at: now), redeemed.first) {
        case (.void, _): return nil
        case (.frozen, _), (.notActive, nil): state = .notActive
        case (_, .some(let redemption)): state = .redeemed(redemption.redeemedAt)
        case (.active, nil): state = .waiting
        }
        return CodePageFacts(code: "\(code.batch.cipher.code(at: code.index))", batch: record, state: state)
    }
}

/// What the page of a code says.
package struct CodePageFacts: Sendable {
    /// What has become of the code.
    package enum State: Hashable, Sendable {
        /// Nobody has redeemed it.
        case waiting
        /// Somebody redeemed it, then.
        case redeemed(Date)
        /// It cannot be redeemed now.
        case notActive
    }

    let code: String
    let batch: CodeBatchRecord
    let state: State

    /// A page's facts in their parts.
    package init(code: String, batch: CodeBatchRecord, state: State) {
        self.code = code
        self.batch = batch
        self.state = state
    }
}
