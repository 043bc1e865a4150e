import Postgres
import Testing

@testable import TestSupport

struct TestDatabaseTests {
    private struct Deliberate: Error {}

    private static func exists(_ name: String) -> Statement<Bool> {
        Statement("SELECT EXISTS (SELECT FROM pg_database WHERE datname = \(name))") { row throws(PostgresError) in
            try row.next()
        }
    }

    @Test func database_afterItsTest_isGone() async throws {
        let name = try await withTestDatabase { $0.name }

        try await withTestDatabase { db in
            #expect(name != db.name)
            let remains = try await db.superuser.one(Self.exists(name))
            #expect(!remains)
        }
    }

    @Test func database_afterATestThatFails_isGone() async throws {
        let name = TestSignal<String>()
        await #expect(throws: Deliberate.self) {
            try await withTestDatabase { db in
                _ = try await db.owner.run(Self.exists(db.name))
                name.send(db.name)
                throw Deliberate()
            }
        }

        let gone = try await name.wait()
        try await withTestDatabase { db in
            let remains = try await db.superuser.one(Self.exists(gone))
            #expect(!remains)
        }
    }

    @Test(arguments: TestRole.allCases)
    func pool_asARole_isThatRole(role: TestRole) async throws {
        try await withTestDatabase { db in
            let name = try await db.pool(as: role).one(
                Statement<String>("SELECT current_user::text") { row throws(PostgresError) in try row.next() })

            #expect(name == role.rawValue)
        }
    }

    @Test func cluster_notNamed_saysMakeTest() {
        let error = #expect(throws: TestSupportError.self) { try ClusterEndpoint.fromEnvironment([:]) }

        #expect(error?.description.contains("`make test`") == true)
    }

    @Test(arguments: ["postgres://localhost/x", "host=localhost user=postgres", "user=postgres", "host=/run"])
    func cluster_notAsASocketFolder_isRefused(value: String) {
        #expect(throws: TestSupportError.self) { try ClusterEndpoint.fromEnvironment(["SIYU_TEST_CLUSTER": value]) }
    }
}
