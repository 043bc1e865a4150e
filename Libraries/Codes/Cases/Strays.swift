package import FoundationEssentials
package import Kernel
package import Postgres

/// Packs of a dealer that were seen outside of its region.
package struct DealerStrays: Hashable, Sendable {
    /// The dealer's code.
    package let dealer: String
    /// Its name.
    package let name: String
    /// How far its region reaches.
    package let radiusKm: Int32
    /// How often packs were shown outside.
    package let scans: Int
    /// How many packs that were.
    package let packs: Int
    /// How far the farthest of them was from the middle of the region.
    package let worstKm: Int32
    /// When one was seen last.
    package let lastSeenAt: Date
}

/// A pack that was seen outside of its dealer's region.
package struct StrayPack: Hashable, Sendable {
    /// Its batch.
    package let batch: BatchHandle
    /// The place of its code in the batch.
    package let index: Int64
    /// How far it was from the middle of the region.
    package let km: Int32
    /// When.
    package let seenAt: Date
    /// The case that it was shipped in.
    package let caseCode: String?
}

/// What was sold outside of its dealer's region (窜货), as far as phones told where they were; kilometres, no places.
package enum Strays {
    /// Packs that are listed at a time, at most.
    package static let listMax = Limit(1_000, reason: "more are counted, nobody reads them")

    /// By dealer, whoever has most of them first.
    package static func byDealer(since: Date? = nil, brand: ID<Brand>, on pool: Pool) async throws -> [DealerStrays] {
        try await pool.run(CaseStatements.strays(since: since, brand: brand))
    }

    /// Of one dealer, the last first.
    ///
    /// - Throws: ``Problem`` 404 for a dealer that the brand does not have.
    package static func packs(
        of dealer: String, since: Date? = nil, brand: ID<Brand>, on pool: Pool
    ) async throws -> [StrayPack] {
        guard let dealer = try await pool.first(CaseStatements.dealer(dealer, brand: brand)) else {
            throw Problem.notFound("The brand has no dealer \(dealer).")
        }
        return try await pool.run(
            CaseStatements.strays(of: dealer.id, since: since, limit: listMax.value, brand: brand))
    }
}
