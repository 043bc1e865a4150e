package import Hooks
package import Kernel
import Postgres

/// Gathers scans that arrive together: while a brand's transaction runs, the next ones wait, and then go in one.
package final class ScanDesk: Sendable {
    /// Scans in one transaction, at most.
    package static let batchMax = Limit(256, reason: "a commit is shared by many, and still takes milliseconds")
    /// Transactions of one brand at a time, at most.
    package static let flightsMax = Limit(2, reason: "one waits for the disk while the other computes")
    /// So many scans wait before a second transaction sets out.
    package static let companyMin = Limit(32, reason: "fewer would pay for a commit of their own and win nothing")
    /// Scans that wait, at most.
    package static let waitingMax = Limit(4_096, reason: "more would time out before their turn: better told at once")

    /// Redeems what was gathered; the results in the order of the scans.
    package typealias Redeem = @Sendable ([Scan], ID<Brand>) async throws -> [ScanResult]

    private let desk: Desk<Scan, StoredAnswer>

    /// A desk in front of `redeem`.
    package init(redeem: @escaping Redeem) {
        desk = Desk(
            DeskLimits(
                batch: Self.batchMax, flights: Self.flightsMax, company: Self.companyMin, waiting: Self.waitingMax),
            label: "siyu.scan.batch.size", work: redeem)
    }

    /// How many scans wait for the next transaction.
    package var waitingCount: Int { desk.waitingCount }

    /// Redeems a scan together with those that arrive with it.
    ///
    /// - Throws: ``Problem``: what was refused, or 503 when too many wait, the caller's task is cancelled or the database is away; what
    ///   the transaction threw.
    package func redeem(_ scan: Scan) async throws -> StoredAnswer {
        do {
            return try await desk.serve(scan, of: scan.delivery.brand)
        } catch let error as PostgresError where error.isAway {
            throw Problem.unavailable()
        }
    }
}
