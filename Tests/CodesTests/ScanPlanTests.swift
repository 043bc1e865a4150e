import Kernel
import Postgres
import TestSupport
import Testing

/// What scans cost a database that is new: see Postgres/Decisions/0002.
struct ScanPlanTests {
    private static let rounds = 60
    private static let together = 10

    @Test func scansOfANewDatabase_readTheirOwnRowsAlone() async throws {
        try await Factory.open { factory in
            let batch = try await factory.activeBatch()
            for round in 0..<Self.rounds {
                let indexes = Int64(round * Self.together)..<Int64((round + 1) * Self.together)
                _ = try await factory.answers(indexes.map { factory.scan(batch, $0, by: "p\($0)") })
            }
            // A backend tells the statistics when it ends.
            await factory.redeem.shutdown()
            try await lettingPass(.milliseconds(500))

            for table in ["hooks.inbox", "codes.redemption", "vault.person"] {
                let read = try await factory.db.superuser.one(
                    Statement<Int>(
                        """
                        SELECT (seq_tup_read + coalesce(idx_tup_fetch, 0))::bigint
                        FROM pg_stat_user_tables
                        WHERE schemaname || '.' || relname = \(table)
                        """
                    ) { row throws(PostgresError) in try row.next() })
                // Reading all rows of the brand in each round would be fifteen thousand.
                #expect(read < 4 * Self.rounds * Self.together, "\(table)")
            }
        }
    }
}
