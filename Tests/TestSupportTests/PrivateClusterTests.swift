import Postgres
import TestSupport
import Testing

struct PrivateClusterTests {
    @Test func crash_afterACommit_losesConnectionsAndKeepsTheRow() async throws {
        try await withPrivateCluster { cluster in
            let connection = try await Connection.connect(
                ConnectionConfiguration(url: cluster.database.conninfo(as: .owner)), logger: .silent)
            try await connection.execute(Statement("CREATE TABLE siyu.kept (x int)"))
            try await connection.execute(Statement("INSERT INTO siyu.kept VALUES (42)"))

            try await cluster.crash()
            await #expect(throws: PostgresError.self) { try await connection.execute(Statement("SELECT 1")) }
            try await cluster.start()

            let kept = try await cluster.database.owner.one(
                Statement<Int>("SELECT x FROM siyu.kept") { row throws(PostgresError) in try row.next() })
            #expect(kept == 42)
        }
    }
}
