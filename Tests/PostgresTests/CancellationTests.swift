import Foundation
import TestSupport
import Testing

@testable import Postgres

struct CancellationTests {
    /// Whether the server still runs a statement that has `mark` in its text.
    private func runs(_ mark: String, _ watcher: Connection) async throws -> Bool {
        let count = try await watcher.one(
            column(
                """
                SELECT count(*) FROM pg_stat_activity
                WHERE state = 'active' AND pid <> pg_backend_pid() AND query LIKE \("%" + mark + "%")
                """, Int.self))
        return count > 0
    }

    @Test func cancel_ofTheTask_cancelsOnTheServer() async throws {
        let (connection, watcher) = try await (Bundle().connect(), Bundle().connect())
        let task = Task { try await connection.run(command("SELECT pg_sleep(60) /* mark_cancel */")) }
        try await eventually { try await runs("mark_cancel", watcher) }
        let clock = ContinuousClock()
        let start = clock.now
        task.cancel()
        #expect(try await code { try await task.value } == .cancelled)
        #expect(clock.now - start < .seconds(5))
        #expect(try await !runs("mark_cancel", watcher))
        #expect(try await answers(connection))
        await connection.close()
        await watcher.close()
    }

    @Test func cancel_beforeTheServerBegan_isTold() async throws {
        let connection = try await Bundle().connect()
        // Cancelled in the moment of sending, the request may reach the server before the statement.
        for _ in 0..<20 {
            let task = Task { try await connection.run(command("SELECT pg_sleep(60)")) }
            await Task.yield()
            task.cancel()
            let outcome = try await within(.seconds(5)) { try await code { try await task.value } }
            #expect(outcome == .cancelled)
        }
        #expect(connection.isOpen)
        #expect(try await answers(connection))
        await connection.close()
    }

    @Test func timeOut_cancelsOnTheServer() async throws {
        let (connection, watcher) = try await (Bundle().connect(timeout: .milliseconds(200)), Bundle().connect())
        #expect(
            try await code { try await connection.run(command("SELECT pg_sleep(60) /* mark_late */")) } == .timedOut)
        #expect(try await !runs("mark_late", watcher))
        #expect(try await answers(connection))
        // A statement that always fails so leaves one prepared statement, not one each time.
        for _ in 0..<3 {
            #expect(
                try await code { try await connection.run(command("SELECT pg_sleep(60) /* mark_late */")) } == .timedOut
            )
        }
        let kept = try await connection.one(
            column("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%60%late%'", Int.self))
        #expect(kept <= 2)  // and the one that asks
        await connection.close()
        await watcher.close()
    }

    @Test func storm_ofCancelledStatements_leavesTheConnectionRight() async throws {
        let connection = try await Bundle().connect()
        for _ in 0..<150 {
            let slow = Task { try await connection.run(column("SELECT 1 FROM pg_sleep(0.004)", Int.self)) }
            let pause = Int.random(in: 0...5000)
            try await lettingPass(.microseconds(pause))
            slow.cancel()
            _ = try? await slow.value
            // A cancellation that came late would hit this one.
            #expect(try await answers(connection))
        }
        #expect(connection.isOpen)
        await connection.close()
    }

    @Test func storm_ofManyTasks_isNeverLeftHanging() async throws {
        let pool = try Bundle().pool(connectionsMax: 6)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<40 {
                group.addTask {
                    for _ in 0..<10 {
                        let task = Task { try await pool.run(command("SELECT pg_sleep(0.005)")) }
                        try await lettingPass(.microseconds(Int.random(in: 0...20_000)))
                        task.cancel()
                        _ = try? await task.value
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try await pool.one(column("SELECT 5", Int.self)) == 5)
        let statistics = pool.statistics
        #expect(statistics.open == statistics.idle && statistics.waiting == 0)
        await pool.shutdown()
    }

    @Test func cancel_whileWaitingForATurn_doesNotDisturbOthers() async throws {
        let connection = try await Bundle().connect()
        let first = Task { try await connection.one(column("SELECT 1 FROM pg_sleep(0.3)", Int.self)) }
        try await lettingPass(.milliseconds(50))
        let second = Task { try await connection.one(column("SELECT 2", Int.self)) }
        let third = Task { try await connection.one(column("SELECT 3", Int.self)) }
        try await lettingPass(.milliseconds(50))
        second.cancel()
        #expect(try await code { try await second.value } == .cancelled)
        #expect(try await first.value == 1)
        #expect(try await third.value == 3)
        await connection.close()
    }

    @Test func cancelledTask_sendsNothing() async throws {
        let connection = try await Bundle().connect()
        try await connection.execute(command("CREATE TEMP SEQUENCE s"))
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await connection.run(command("SELECT nextval('s')"))
        }
        #expect(try await code { try await task.value } == .cancelled)
        #expect(try await connection.one(column("SELECT nextval('s')", Int.self)) == 1)
        await connection.close()
    }

    @Test func close_underAStatement_endsIt() async throws {
        let connection = try await Bundle().connect()
        let task = Task { try await connection.run(command("SELECT pg_sleep(60)")) }
        try await lettingPass(.milliseconds(100))
        await connection.close()
        #expect(try await code { try await task.value } == .connectionLost)
        #expect(try await code { try await connection.run(command("SELECT 1")) } == .connectionLost)
    }

    @Test func terminatedBackend_isNoticed_andSaysWhy() async throws {
        let (connection, killer) = try await (Bundle().connect(), Bundle().connect())
        let task = Task { try await connection.run(command("SELECT pg_sleep(60)")) }
        try await lettingPass(.milliseconds(100))
        try await killer.execute(Statement("SELECT pg_terminate_backend(\(connection.backendPID))"))
        do {
            _ = try await task.value
            Issue.record("it passed")
        } catch let error as PostgresError {
            #expect(error.code == .connectionLost && error.reason.contains("57P01"))
        }
        let idle = try await Bundle().connect()
        try await killer.execute(Statement("SELECT pg_terminate_backend(\(idle.backendPID))"))
        try await eventually { !idle.isOpen }
        await killer.close()
    }

    @Test func hugeTimeouts_doNotTrap() async throws {
        var configuration = try Bundle().configuration(timeout: .seconds(Int64.max))
        configuration.connectTimeout = .seconds(Int64.max)
        let connection = try await Connection.connect(configuration, logger: Bundle.logger)
        #expect(try await answers(connection))
        await connection.close()
    }

    @Test func connection_thatNobodyHolds_isClosed() async throws {
        let watcher = try await Bundle().connect()
        var connection: Connection? = try await Bundle().connect()
        let pid = try #require(connection?.backendPID)
        let stream = try await connection?.notifications(on: "nobody")
        connection = nil
        try await eventually {
            try await watcher.one(column("SELECT count(*) FROM pg_stat_activity WHERE pid = \(pid)", Int.self)) == 0
        }
        for await _ in try #require(stream) {}
        await watcher.close()
    }
}
