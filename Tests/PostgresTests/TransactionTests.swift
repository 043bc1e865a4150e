import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Postgres

struct TransactionTests {
    private struct Refusal: Error {}

    private func withTable(_ body: (Pool, String) async throws -> Void) async throws {
        let pool = try Bundle().pool(connectionsMax: 6)
        let table = "siyu_pg_\(UInt32.random(in: 0 ... .max))"
        try await pool.execute(command("CREATE TABLE public.\(table) (a bigint PRIMARY KEY, b bigint)"))
        do {
            try await body(pool, table)
            try await pool.execute(command("DROP TABLE public.\(table)"))
        } catch {
            try await pool.execute(command("DROP TABLE public.\(table)"))
            throw error
        }
        await pool.shutdown()
    }

    private func count(_ table: String, _ executor: some Executor) async throws -> Int {
        try await executor.one(column("SELECT count(*) FROM public.\(unsafeRaw: table)", Int.self))
    }

    @Test func transaction_thatReturns_isCommitted_thatThrows_isNot() async throws {
        try await withTable { pool, table in
            let insert = { (a: Int) in Statement<Void>("INSERT INTO public.\(unsafeRaw: table) VALUES (\(a), 0)") }
            _ = try await pool.transaction { try await $0.execute(insert(1)) }
            #expect(try await count(table, pool) == 1)
            await #expect(throws: Refusal.self) {
                try await pool.transaction { transaction in
                    try await transaction.execute(insert(2))
                    throw Refusal()
                }
            }
            #expect(try await count(table, pool) == 1)
            let swallowed = try await code {
                try await pool.transaction { transaction in
                    try await transaction.execute(insert(3))
                    _ = try? await transaction.execute(insert(3))
                }
            }
            #expect(swallowed == .server(.inFailedTransaction))
            let lax = try await code {
                try await pool.transaction(.init(isDurable: false)) { transaction in
                    _ = try? await transaction.execute(command("SELECT 1/0"))
                }
            }
            #expect(lax == .server(.inFailedTransaction))
            #expect(try await count(table, pool) == 1)
            try await pool.transaction { _ in }
            #expect(pool.statistics.open == pool.statistics.idle)
        }
    }

    @Test func transaction_begins_withItsFirstStatement() async throws {
        try await withTable { pool, table in
            try await pool.transaction { transaction in
                let isYoung = column("SELECT statement_timestamp() - now() < interval '60 ms'", Bool.self)
                try await lettingPass(.milliseconds(80))
                #expect(try await transaction.one(isYoung))
                try await lettingPass(.milliseconds(80))
                #expect(try await !transaction.one(isYoung))
            }
            let options = TransactionOptions(isolation: .serializable, isReadOnly: true)
            let refused = try await code {
                try await pool.transaction(options) { transaction in
                    #expect(
                        try await transaction.one(column("SHOW transaction_isolation", String.self)) == "serializable")
                    try await transaction.execute(command("INSERT INTO public.\(table) VALUES (1)"))
                }
            }
            #expect(refused == .server(SQLState(rawValue: "25006")))
        }
    }

    @Test func cancelledTransaction_isRolledBack() async throws {
        try await withTable { pool, table in
            let inside = TestSignal<Void>()
            let task = Task {
                try await pool.transaction { transaction in
                    try await transaction.execute(command("INSERT INTO public.\(table) VALUES (1)"))
                    inside.send()
                    try await transaction.execute(command("SELECT pg_sleep(60)"))
                }
            }
            try await inside.wait()
            task.cancel()
            #expect(try await code { try await task.value } == .cancelled)
            let between = Task {
                try await pool.transaction { transaction in
                    try await transaction.execute(command("INSERT INTO public.\(table) VALUES (2)"))
                    withUnsafeCurrentTask { $0?.cancel() }
                }
            }
            #expect(try await code { try await between.value } == .cancelled)
            #expect(try await count(table, pool) == 0)
            #expect(pool.statistics.open == pool.statistics.idle)
        }
    }

    @Test func scope_afterItsEnd_isClosed_alsoForThoseWhoWait() async throws {
        try await withTable { pool, table in
            let kept = try await pool.transaction { $0 }
            #expect(try await code { try await kept.execute(command("SELECT 1")) } == .transactionClosed)
            let noCopy = try await code {
                try await kept.copy(into: CopyTarget(schema: "public", table: table, columns: ["a"])) { _ in }
            }
            #expect(noCopy == .transactionClosed)
            // Tasks that outlive the body never write outside its transaction.
            for round in 0..<30 {
                let late = Mutex<[Task<Int, any Error>]>([])
                try? await pool.transaction { transaction in
                    try await transaction.execute(command("SELECT 1"))
                    for number in 0..<5 {
                        let task = Task {
                            try await transaction.execute(
                                command("INSERT INTO public.\(table) VALUES (\(round * 10 + number))"))
                        }
                        late.withLock { $0.append(task) }
                    }
                    throw Refusal()
                }
                for task in late.withLock({ $0 }) { _ = try? await task.value }
            }
            #expect(try await count(table, pool) == 0)
        }
    }

    @Test func serializationFailure_isRunAgain_untilItFits() async throws {
        try await withTable { pool, table in
            try await pool.execute(command("INSERT INTO public.\(table) VALUES (1, 0)"))
            let runs = Counter()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<5 {
                    group.addTask {
                        for _ in 0..<5 {
                            try await pool.transaction(.init(isolation: .serializable, attemptsMax: 50)) {
                                transaction in
                                runs.add()
                                let b = try await transaction.one(
                                    column("SELECT b FROM public.\(unsafeRaw: table) WHERE a = 1", Int.self))
                                try await transaction.execute(
                                    Statement("UPDATE public.\(unsafeRaw: table) SET b = \(b + 1) WHERE a = 1"))
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await pool.one(column("SELECT b FROM public.\(unsafeRaw: table)", Int.self)) == 25)
            #expect(runs.value > 25)
        }
    }

    @Test func retries_areBounded() async throws {
        try await withTable { pool, table in
            let runs = Counter()
            let failed = try await code {
                try await pool.transaction(.init(attemptsMax: 3)) { transaction in
                    runs.add()
                    try await transaction.execute(
                        command("DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '40001'; END $$"))
                }
            }
            #expect(failed == .server(.serializationFailure))
            #expect(runs.value == 3)
        }
    }

    @Test func deadlock_isResolved_byRunningOneAgain() async throws {
        try await withTable { pool, table in
            try await pool.execute(command("INSERT INTO public.\(table) VALUES (1, 0), (2, 0)"))
            let both = Counter()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for order in [[1, 2], [2, 1]] {
                    group.addTask {
                        try await pool.transaction { transaction in
                            try await transaction.execute(command("SET LOCAL deadlock_timeout = '50ms'"))
                            for key in order {
                                try await transaction.execute(
                                    command("UPDATE public.\(table) SET b = b + 1 WHERE a = \(key)"))
                                both.add()
                                try? await eventually(within: .seconds(2)) { both.value >= 2 }
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await pool.one(column("SELECT sum(b)::bigint FROM public.\(unsafeRaw: table)", Int.self)) == 4)
        }
    }

    @Test func commit_thatTheServerRefuses_isThatError() async throws {
        let pool = try Bundle().pool()
        let deferred = try await code {
            try await pool.transaction { transaction in
                try await transaction.execute(command("CREATE TEMP TABLE p (a int PRIMARY KEY)"))
                try await transaction.execute(
                    command("CREATE TEMP TABLE c (a int REFERENCES p DEFERRABLE INITIALLY DEFERRED)"))
                try await transaction.execute(command("INSERT INTO c VALUES (1)"))
            }
        }
        #expect(deferred == .server(.foreignKeyViolation))
        #expect(pool.statistics.idle == 1)
        await pool.shutdown()
    }

    @Test func commit_thatIsNotDurable_switchesTheWaitOff() async throws {
        let pool = try Bundle().pool(connectionsMax: 1)
        // A deferred trigger runs within COMMIT and sees what it runs under.
        for (isDurable, expected) in [(true, "on"), (false, "off")] {
            try await pool.execute(command("CREATE TEMP TABLE IF NOT EXISTS seen (value text)"))
            try await pool.execute(command("CREATE TEMP TABLE IF NOT EXISTS t (a int)"))
            try await pool.execute(
                command(
                    """
                    CREATE OR REPLACE FUNCTION pg_temp.look() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                    INSERT INTO seen VALUES (current_setting('synchronous_commit')); RETURN NULL; END $$
                    """))
            try await pool.execute(command("DROP TRIGGER IF EXISTS look ON t"))
            try await pool.execute(
                command(
                    "CREATE CONSTRAINT TRIGGER look AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED "
                        + "FOR EACH ROW EXECUTE FUNCTION pg_temp.look()"))
            try await pool.transaction(.init(isDurable: isDurable)) { transaction in
                _ = try await transaction.execute(command("INSERT INTO t VALUES (1)"))
            }
            #expect(try await pool.one(column("DELETE FROM seen RETURNING value", String.self)) == expected)
        }
        #expect(try await pool.one(column("SHOW synchronous_commit", String.self)) == "on")
        await pool.shutdown()
    }

    @Test func transaction_withinATransaction_isRefused() async throws {
        let connection = try await Bundle().connect()
        let nested = try await code {
            try await connection.transaction { _ in try await connection.transaction { _ in } }
        }
        #expect(nested == .invalidStatement)
        #expect(try await answers(connection))
        await connection.close()
    }

    @Test func begin_asAStatement_isRolledBackByThePool() async throws {
        let pool = try Bundle().pool(connectionsMax: 1)
        try await pool.execute(command("CREATE TEMP TABLE t (a int)"))
        try await pool.withConnection { connection in
            try await connection.execute(command("BEGIN"))
            try await connection.execute(command("INSERT INTO t VALUES (1)"))
        }
        #expect(try await pool.one(column("SELECT count(*) FROM t", Int.self)) == 0)
        await pool.shutdown()
    }
}
