package import Kernel
package import Postgres

/// Forgetting what is kept for a time only: bodies in the inbox after 14 days, answers to idempotent requests after 7, messages to
/// endpoints after 30, and who tried too much after two quiet days.
///
/// Once a day for each brand. The instant of the last sweep stands in a table, so that there is one sweep a day however many processes
/// look, and none is missed because a process was away.
package enum HookSweep {
    /// How many rows one transaction touches: short enough to be in nobody's way.
    package static let slice = 1_000

    /// The brands whose last sweep is a day ago, or that had none.
    package static func dueBrands(on db: some Executor) async throws(PostgresError) -> [ID<Brand>] {
        try await db.run(HookSweepStatements.due())
    }

    /// Takes today's sweep of a brand.
    ///
    /// - Returns: Whether it was still to be taken: then the caller pushes the job in the same transaction.
    package static func take(brand: ID<Brand>, on tx: Transaction) async throws(PostgresError) -> Bool {
        try await tx.first(HookSweepStatements.take(brand: brand)) != nil
    }

    /// Forgets one slice of a brand.
    ///
    /// - Returns: Whether there may be more.
    package static func forget(brand: ID<Brand>, on tx: Transaction) async throws -> Bool {
        let answers = try await Idempotency.purge(brand: brand, limit: slice, on: tx)
        let bodies = try await tx.run(InboxStatements.dropExpiredBodies(brand: brand, limit: slice)).count
        let messages = try await tx.run(OutgoingStatements.forget(brand: brand, limit: slice)).count
        let tries = try await tx.run(LimitStatements.forget(brand: brand, limit: slice)).count
        return [answers, bodies, messages, tries].contains(slice)
    }
}
