import FoundationEssentials
import Jobs
import Kernel
import Postgres

/// What holds of the queue, besides what its own room says.
enum QueueInvariantStatements {
    static let looks: [InvariantLook] = [
        InvariantLook(
            [
                Invariant("queue.a_claim_does_not_outlive_its_lease", "B12"),
                Invariant("queue.tries_are_bounded", "B18"),
            ], ofAll: liveness)
    ]

    /// Leases last seconds of real time, and are ended by whoever sees it: minutes mean that nobody is there.
    private static func liveness(now: Date) -> Statement<BrokenRow> {
        Statement(
            """
            (SELECT 'queue.a_claim_does_not_outlive_its_lease', h.id::text
            FROM jobs.hot h
            JOIN jobs.worker w ON w.worker_id = h.worker
            WHERE w.lease_until < clock_timestamp() - INTERVAL '5 minutes'
            ORDER BY h.id LIMIT 11)
            UNION ALL
            (SELECT 'queue.tries_are_bounded', j.id::text
            FROM (
                SELECT id, tries, max_tries FROM jobs.hot
                UNION ALL SELECT id, tries, max_tries FROM jobs.later
            ) j
            WHERE j.max_tries > 0 AND j.tries > j.max_tries
            ORDER BY j.id LIMIT 11)
            """, row: BookInvariantStatements.broken)
    }
}

extension Invariant {
    /// A rule of the queue's own room.
    init(ofQueue rule: String) {
        self.init("queue." + rule.replacing(",", with: "").replacing(" ", with: "_"), "B11")
    }
}
