import Foundation
import Testing

@testable import Postgres

struct StatementTests {
    @Test func pipeline_results_comeInOrder() async throws {
        let connection = try await Bundle().connect()
        let numbers = try await connection.pipeline((0..<500).map { column("SELECT \(Int64($0))", Int64.self) })
        #expect(numbers == (0..<500).map { [Int64($0)] })
        let (a, b, c) = try await connection.pipeline(
            column("SELECT 1", Int.self), column("SELECT 'x'", String.self),
            column("SELECT true WHERE false", Bool.self))
        #expect(a == [1] && b == ["x"] && c == [])
        #expect(try await connection.pipeline([Statement<Int>]()) == [])
        await connection.close()
    }

    @Test(arguments: [true, false])
    func pipeline_whenTheKthFails_laterOnesDoNotRun_andNothingStays(named: Bool) async throws {
        let connection = try await Bundle().connect(named: named)
        try await connection.execute(command("CREATE TEMP TABLE t (a bigint CHECK (a <> 7))"))
        for round in 0..<3 {
            let statements = (0..<10).map { Statement<Void>("INSERT INTO t VALUES (\(Int64($0)))") }
            do {
                _ = try await connection.pipeline(statements)
                Issue.record("round \(round) passed")
            } catch {
                #expect(error.sqlState == .checkViolation && error.constraint == "t_a_check")
            }
            #expect(try await connection.one(column("SELECT count(*) FROM t", Int.self)) == 0)
        }
        await connection.close()
    }

    @Test func statements_beyondWhatIsKeptPrepared_areDroppedOnTheServer() async throws {
        let connection = try await Bundle().connect()
        for number in 0..<600 {
            #expect(try await connection.one(column("SELECT \(unsafeRaw: "\(number)")", Int.self)) == number)
        }
        let kept = try await connection.one(column("SELECT count(*) FROM pg_prepared_statements", Int.self))
        #expect(kept <= 258)
        // Many at once, and some of them again.
        for _ in 0..<2 {
            let texts = (0..<700).map { column("SELECT \(unsafeRaw: "\($0)") + 1", Int.self) }
            #expect(try await connection.pipeline(texts).map { $0[0] } == Array(1...700))
        }
        #expect(try await connection.one(column("SELECT 3", Int.self)) == 3)
        let after = try await connection.one(column("SELECT count(*) FROM pg_prepared_statements", Int.self))
        #expect(after <= 258)
        await connection.close()
    }

    @Test func rollback_afterAFailure_worksWithAFullCache() async throws {
        let connection = try await Bundle().connect()
        for number in 0..<260 {
            #expect(try await connection.one(column("SELECT \(unsafeRaw: "\(number)")", Int.self)) == number)
        }
        let failed = try await code {
            try await connection.transaction { transaction in
                for number in 0..<20 { try await transaction.execute(command("SELECT -\(number)")) }
                try await transaction.execute(command("SELECT 1/0"))
            }
        }
        #expect(failed == .server(SQLState(rawValue: "22012")))
        #expect(connection.isOpen)
        #expect(try await answers(connection))
        await connection.close()
    }

    @Test func statements_beyondWhatIsKeptPrepared_stillStandOutsideTransactions() async throws {
        let connection = try await Bundle().connect()
        for number in 0..<300 {
            // VACUUM is refused in a transaction, also in the implicit one of a pipeline.
            try await connection.execute(command("VACUUM /* \(number) */ pg_catalog.pg_am"))
        }
        #expect(try await connection.one(column("SELECT 1", Int.self)) == 1)
        await connection.close()
    }

    @Test func statements_thatFail_leaveNothingPrepared() async throws {
        let connection = try await Bundle().connect()
        let before = try await connection.one(column("SELECT count(*) FROM pg_prepared_statements", Int.self))
        for round in 0..<50 {
            #expect(try await code { try await connection.run(command("SELECT nothing FROM nowhere")) } != nil)
            let late = [command("SELECT 1"), command("SELECT 1/0 AS r\(round % 2)"), command("SELECT 2")]
            #expect(try await code { try await connection.pipeline(late) } != nil)
        }
        let after = try await connection.one(column("SELECT count(*) FROM pg_prepared_statements", Int.self))
        #expect(after - before <= 3)
        await connection.close()
    }

    @Test func schemaChange_underAPreparedPlan_isNotSeen() async throws {
        let connection = try await Bundle().connect()
        try await connection.execute(command("CREATE TEMP TABLE t AS SELECT 1::bigint AS a"))
        let read = Statement<Int64>("SELECT * FROM t") { row throws(PostgresError) in try row.next() }
        for _ in 0..<3 { #expect(try await connection.run(read) == [1]) }
        try await connection.execute(command("ALTER TABLE t ALTER a TYPE integer"))
        #expect(try await connection.run(read) == [1])
        try await connection.execute(command("DISCARD ALL"))
        #expect(try await answers(connection))
        #expect(try await answers(connection))
        await connection.close()
    }

    @Test func severalTasks_onOneConnection_takeTurns() async throws {
        let connection = try await Bundle().connect()
        let sum = try await withThrowingTaskGroup(of: Int64.self) { group in
            for number in 0..<300 {
                group.addTask { try await connection.one(column("SELECT \(Int64(number))", Int64.self)) }
            }
            return try await group.reduce(0, +)
        }
        #expect(sum == 44_850)
        await connection.close()
    }

    @Test func copyAsAStatement_isAnError_notAHang() async throws {
        for text in ["COPY (SELECT 1) TO STDOUT", "COPY pg_temp.t FROM STDIN"] {
            let connection = try await Bundle().connect(timeout: .seconds(2))
            try await connection.execute(command("CREATE TEMP TABLE t (a int)"))
            let outcome = try await within(.seconds(8)) {
                try await code { try await connection.run(command(text)) }
            }
            #expect(outcome == .protocolViolation)
            #expect(!connection.isOpen)
        }
    }

    @Test func rows_inAnotherNumberThanPromised_areAnError() async throws {
        let connection = try await Bundle().connect()
        let two = column("SELECT generate_series(1, 2)", Int.self)
        #expect(try await code { try await connection.one(two) } == .rowCount)
        #expect(try await code { try await connection.first(two) } == .rowCount)
        let none = column("SELECT 1 WHERE false", Int.self)
        #expect(try await connection.first(none) == nil)
        #expect(try await code { try await connection.one(none) } == .rowCount)
        #expect(try await connection.execute(two) == 2)
        #expect(try await code { try await connection.execute(command("")) } == nil)
        await connection.close()
    }

    @Test(
        arguments: [
            "SELECT \("s3cr3t-value")::text::int", "INSERT INTO pg_temp.t (b) VALUES (\("s3cr3t-value"))",
            "INSERT INTO pg_temp.t (c) VALUES (\("s3cr3t-value"))", "SELECT 's3cr3t-value'::int",
            "SELECT s3cr3t_value FROM pg_temp.t", "SELECT (\("s3cr3t-value")::text::json)", "s3cr3t-value",
            "INSERT INTO pg_temp.t (d) VALUES (\("s3cr3t-value-too-long"))",
            "SELECT \("{s3cr3t-value")::text::int[]", "SELECT \("s3cr3t-value")::text::uuid",
        ] as [SQL])
    func errors_describeWithoutValues(statement: SQL) async throws {
        let connection = try await Bundle().connect()
        try await connection.execute(
            command("CREATE TEMP TABLE t (a int, b text CHECK (b <> 's3cr3t-value'), c text UNIQUE, d varchar(3))"))
        try await connection.execute(command("INSERT INTO t (c) VALUES ('s3cr3t-value')"))
        do {
            _ = try await connection.run(Statement<Void>(statement))
            Issue.record("the statement passed")
        } catch {
            let words = ["\(error)", "\(error.reason)", error.constraint ?? ""]
            #expect(!words.contains { $0.contains("s3cr3t") })
            #expect(error.debugDescription.contains("s3cr3t") || error.debugDescription != error.description)
        }
        await connection.close()
    }

    @Test(arguments: [
        "postgres://u:s3cr@3t@nowhere.invalid/d", "postgres://u:s3cr3t/x@nowhere.invalid/d",
        "postgres://u:1/s3cr3t@nowhere.invalid/d", "mysql://u:s3cr3t@nowhere/d", "mysql://u:s3cr3t@nowhere/d?a=b",
        "password=s3cr3t host", "password='s3cr3t host=x", "postgres://u:s3cr3t@nowhere.invalid:x/d",
        "host=/nowhere password=s3cr3t", "postgres://u:s3cr3t@nowhere.invalid/d?nothing=1",
    ])
    func connect_withABrokenString_doesNotRepeatThePassword(url: String) async throws {
        var configuration = try Bundle().configuration()
        configuration.url = url
        do {
            _ = try await Connection.connect(configuration, logger: Bundle.logger)
            Issue.record("connected")
        } catch {
            #expect(error.code == .connectionFailed)
            #expect(!"\(error)".contains("3t") && !"\(error)".contains("s3cr"))
        }
    }
}
