package import FoundationEssentials
package import Kernel
package import Postgres

/// An import whose batch there is not.
package struct UnfinishedImport: Hashable, Sendable {
    /// The name of the wish.
    package let requestID: String
    /// Who made the codes.
    package let origin: CodeOrigin
    /// How many codes the file has.
    package let codes: Int64
    /// How many of them stand in the database.
    package let loaded: Int64
    /// Whether it was given up, and its codes are on their way out.
    package let isRefused: Bool
    /// Who began it.
    package let author: String
    /// When something happened to it last.
    package let updatedAt: Date
}

/// What became of the wish to drop an import.
package enum ImportDrop: Hashable, Sendable {
    /// Its codes are gone; how many there were.
    case dropped(Int64)
    /// There was nothing left of it.
    case unchanged
    /// It cannot be dropped.
    case refused(Problem)
}

/// Imports that were begun and not finished: looked at, and taken back.
package enum UnfinishedImports {
    /// Those of a brand, the oldest first.
    package static func list(brand: ID<Brand>, on pool: Pool) async throws -> [UnfinishedImport] {
        try await pool.run(ImportStatements.unfinished(brand: brand))
    }

    /// Gives an import up, and removes what it has loaded; whoever loads it at the moment is told, and stops.
    ///
    /// The same file may be imported again under the same name. Killed anywhere, the same call goes on.
    ///
    /// - Throws: ``Problem`` 404 for a request that the brand does not have.
    package static func drop(
        _ requestID: String, brand: ID<Brand>, chunkCodes: Int = CodeImporting.chunkCodes, on pool: Pool
    ) async throws -> ImportDrop {
        let outcome = try await pool.transaction { tx -> ImportDrop in
            guard let known = try await tx.first(ImportStatements.find(requestID, brand: brand)),
                // It waits for a chunk on its way in, and then counts it.
                let row = try await tx.first(ImportStatements.lock(known.id, brand: brand))
            else { throw Problem.notFound("The brand has no import with the request \(requestID).") }
            switch row.state {
            case .loaded:
                return .refused(
                    .conflict(
                        "The import is finished and its batch stands: void its codes instead.", code: "import_loaded"))
            case .refused: return row.loaded == 0 ? .unchanged : .dropped(row.loaded)
            case .loading:
                let now = try await tx.one(BatchStatements.clock())
                let moved = try await tx.run(
                    ImportStatements.move(row.id, from: .loading, to: .refused, brand: brand, now: now))
                guard !moved.isEmpty else { throw Problem.unavailable() }
                return .dropped(row.loaded)
            }
        }
        if case .dropped = outcome { try await removeLeftovers(brand: brand, chunkCodes: chunkCodes, on: pool) }
        return outcome
    }

    /// Removes what refused imports of the brand left behind, a slice at a time.
    static func removeLeftovers(brand: ID<Brand>, chunkCodes: Int, on pool: Pool) async throws {
        for row in try await pool.run(ImportStatements.leftovers(brand: brand)) {
            for first in stride(from: 0, to: row.loaded, by: chunkCodes) {
                let slice = first..<min(first + Int64(chunkCodes), row.loaded)
                try await pool.execute(ImportStatements.deleteCodes(slice, batch: row.batch, brand: brand))
            }
            try await pool.transaction { tx in
                let now = try await tx.one(BatchStatements.clock())
                try await tx.execute(ImportStatements.clear(row.id, brand: brand, now: now))
            }
        }
    }
}
