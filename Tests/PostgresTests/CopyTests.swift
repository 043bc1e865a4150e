import Foundation
import TestSupport
import Testing

@testable import Postgres

struct CopyTests {
    private static let target = CopyTarget(schema: "pg_temp", table: "t", columns: ["a", "b"])

    private func connect(timeout: Duration = .seconds(20)) async throws -> Connection {
        let connection = try await Bundle().connect(timeout: timeout)
        try await connection.execute(command("CREATE TEMP TABLE t (a bigint PRIMARY KEY, b text)"))
        return connection
    }

    private func count(_ connection: Connection) async throws -> Int {
        try await connection.one(column("SELECT count(*) FROM t", Int.self))
    }

    @Test func copy_of100000Rows_arrivesWhole() async throws {
        let connection = try await connect()
        let count = try await connection.transaction { transaction in
            try await transaction.copy(into: Self.target) { writer in
                for number in 0..<100_000 { try await writer.row(Int64(number), number % 3 == 0 ? nil : "思\(number)") }
            }
        }
        #expect(count == 100_000)
        let seen = try await connection.one(
            Statement<(Int, Int, String)>("SELECT count(*), sum(a)::bigint, min(b) FILTER (WHERE a = 77) FROM t") {
                row throws(PostgresError) in (try row.next(), try row.next(), try row.next())
            })
        #expect(seen == (100_000, 4_999_950_000, "思77"))
        await connection.close()
    }

    @Test func copy_ofNothing_andOfLargeRows_works() async throws {
        let connection = try await connect()
        try await connection.transaction { transaction in
            #expect(try await transaction.copy(into: Self.target) { _ in } == 0)
            let large = String(repeating: "x", count: 5_000_000)
            let count = try await transaction.copy(into: Self.target) { writer in
                for number in 0..<4 { try await writer.row(Int64(number), large) }
            }
            #expect(count == 4)
        }
        #expect(try await connection.one(column("SELECT sum(length(b)) FROM t", Int.self)) == 20_000_000)
        await connection.close()
    }

    private struct Refusal: Error {}

    @Test func copy_thatFails_leavesTheConnectionUsable() async throws {
        let connection = try await connect()
        func attempt(
            _ target: CopyTarget = Self.target, _ body: @escaping @Sendable (inout CopyWriter) async throws -> Void
        ) async throws -> PostgresError.Code? {
            let outcome = try await code { try await connection.transaction { try await $0.copy(into: target, body) } }
            #expect(try await answers(connection))
            #expect(try await count(connection) == 0)
            return outcome
        }
        #expect(try await attempt { try await $0.row(Int32(1), "x") } == .server(SQLState(rawValue: "08P01")))
        #expect(try await attempt { try await $0.row(Int64(1)) } == .server(SQLState(rawValue: "22P04")))
        #expect(
            try await attempt { writer in
                for number in 0..<50_000 { try await writer.row(Int64(number % 49_000), "x") }
            } == .server(.uniqueViolation))
        #expect(
            try await attempt(CopyTarget(schema: "pg_temp", table: "none", columns: ["a"])) { _ in }
                == .server(SQLState(rawValue: "42P01")))
        #expect(
            try await attempt(CopyTarget(schema: "pg_temp", table: "t\0", columns: ["a"])) { _ in } == .invalidStatement
        )
        #expect(try await attempt { try await $0.row(Int64(1), "a\0") } == .server(SQLState(rawValue: "22021")))
        await #expect(throws: Refusal.self) {
            try await connection.transaction { transaction in
                try await transaction.copy(into: Self.target) { writer in
                    for number in 0..<20_000 { try await writer.row(Int64(number), "x") }
                    throw Refusal()
                }
            }
        }
        #expect(try await count(connection) == 0)
        await connection.close()
    }

    @Test func row_thatHasNoForm_isNotAdded() async throws {
        let connection = try await connect()
        try await connection.execute(command("CREATE TEMP TABLE d (a bigint, b timestamptz)"))
        let count = try await connection.transaction { transaction in
            try await transaction.copy(into: CopyTarget(schema: "pg_temp", table: "d", columns: ["a", "b"])) { writer in
                try await writer.row(Int64(1), Date(timeIntervalSinceReferenceDate: 0))
                do throws(PostgresError) {
                    try await writer.row(Int64(2), Date(timeIntervalSinceReferenceDate: .nan))
                    Issue.record("added")
                } catch {
                    #expect(error.code == .invalidStatement)
                }
                try await writer.row(Int64(3), Date?.none)
            }
        }
        #expect(count == 2)
        #expect(try await connection.run(column("SELECT a FROM d ORDER BY a", Int64.self)) == [1, 3])
        await connection.close()
    }

    @Test func statement_withinACopy_isRefused_notAHang() async throws {
        let connection = try await connect()
        let outcome = try await within(.seconds(5)) {
            try await code {
                try await connection.transaction { transaction in
                    try await transaction.copy(into: Self.target) { writer in
                        try await writer.row(Int64(1), "x")
                        try await transaction.execute(command("SELECT 1"))
                    }
                }
            }
        }
        #expect(outcome == .invalidStatement)
        #expect(try await answers(connection))
        await connection.close()
    }

    /// A server that stops taking data holds the writer back, and a cancelled writer ends.
    @Test(arguments: [true, false])
    func copy_intoASlowServer_waits_andEndsWhenCancelledOrLate(isCancelled: Bool) async throws {
        let connection = try await connect(timeout: isCancelled ? .seconds(20) : .seconds(1))
        let other = try await Bundle().connect()
        try await other.execute(command("SELECT pg_advisory_lock(77001)"))
        try await connection.execute(
            command(
                """
                CREATE FUNCTION pg_temp.wait() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                PERFORM pg_advisory_xact_lock_shared(77001); RETURN NEW; END $$
                """))
        try await connection.execute(
            command("CREATE TRIGGER wait BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION pg_temp.wait()"))
        let rows = Counter()
        let task = Task {
            try await connection.transaction { transaction in
                try await transaction.copy(into: Self.target) { writer in
                    for number in 0..<2_000_000 {
                        try await writer.row(Int64(number), "0123456789012345678901234567890123456789")
                        rows.add()
                    }
                }
            }
        }
        var before = -1
        try await eventually(every: .milliseconds(100)) {
            defer { before = rows.value }
            return rows.value == before && before > 0
        }
        #expect(rows.value < 100_000)
        if isCancelled { task.cancel() }
        let outcome = try await within(.seconds(8)) { try await code { try await task.value } }
        #expect(outcome == (isCancelled ? .cancelled : .connectionLost))
        if isCancelled { #expect(try await answers(connection)) }
        await connection.close()
        await other.close()
    }

    @Test func copy_thatIsRefusedWhileWaitingForALock_leavesTheConnectionUsable() async throws {
        let (connection, other) = try await (connect(timeout: .milliseconds(300)), Bundle().connect())
        let table = "siyu_pg_\(UInt32.random(in: 0 ... .max))"
        try await other.execute(command("CREATE TABLE public.\(table) (a bigint)"))
        try await other.execute(command("BEGIN"))
        try await other.execute(command("LOCK TABLE public.\(table)"))
        let outcome = try await code {
            try await connection.transaction { transaction in
                try await transaction.copy(into: CopyTarget(schema: "public", table: table, columns: ["a"])) { writer in
                    try await writer.row(Int64(1))
                }
            }
        }
        #expect(outcome == .timedOut)
        #expect(connection.isOpen)
        #expect(try await answers(connection))
        try await other.execute(command("ROLLBACK"))
        try await other.execute(command("DROP TABLE public.\(table)"))
        await other.close()
        await connection.close()
    }

    @Test func copy_whoseConnectionIsKilled_isAnError() async throws {
        let (connection, killer) = try await (connect(), Bundle().connect())
        let pid = connection.backendPID
        let outcome = try await code {
            try await connection.transaction { transaction in
                try await transaction.copy(into: Self.target) { writer in
                    for number in 0..<100_000 {
                        try await writer.row(Int64(number), "x")
                        if number == 30_000 {
                            try await killer.execute(Statement("SELECT pg_terminate_backend(\(pid))"))
                        }
                    }
                }
            }
        }
        #expect(outcome == .connectionLost)
        #expect(!connection.isOpen)
        await killer.close()
    }
}
