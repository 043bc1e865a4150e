import Kernel
package import Postgres

/// What a batch's key was opened for by hand.
package enum KeyPurpose: String, Sendable, CaseIterable {
    /// Its codes were written to a file.
    case mint
    /// One code was looked up.
    case verify
    /// All of its prizes were counted.
    case audit
}

/// The record of who opened a batch's key: whoever holds it can list the winners.
package enum KeyUse {
    /// Writes a use down, before the key is used.
    package static func record(
        _ purpose: KeyPurpose, of batch: CodeBatchRecord, author: String, on tx: Transaction
    ) async throws {
        let now = try await tx.one(BatchStatements.clock())
        try await tx.execute(
            BatchStatements.insertKeyUse(purpose, batch: batch.id, brand: batch.brand, author: author, now: now))
    }
}
