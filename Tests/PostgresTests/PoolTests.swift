import Foundation
import TestSupport
import Testing

@testable import Postgres

struct PoolTests {
    /// Nothing is lent, nobody waits, and what is open is there to be used.
    private func isAtRest(_ pool: Pool) -> Bool {
        let statistics = pool.statistics
        return statistics.open == statistics.idle && statistics.waiting == 0
    }

    @Test func callers_beyondTheConnections_wait_andThenAreServed() async throws {
        let pool = try Bundle().pool(connectionsMax: 3)
        let pids = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<60 {
                group.addTask {
                    try await pool.one(column("SELECT pg_backend_pid() FROM pg_sleep(0.002)", Int.self))
                }
            }
            return try await group.reduce(into: Set<Int>()) { $0.insert($1) }
        }
        #expect(pids.count <= 3)
        #expect(isAtRest(pool))
        await pool.shutdown()
        #expect(pool.statistics.open == 0)
    }

    @Test func callers_beyondTheWait_areRefused() async throws {
        let pool = try Bundle().pool(connectionsMax: 1, waitersMax: 2, waitTimeout: .milliseconds(200))
        let lent = TestSignal<Void>()
        let back = TestSignal<Void>()
        let holder = Task {
            try await pool.withConnection { _ in
                lent.send()
                try await back.wait()
            }
        }
        try await lent.wait()
        let clock = ContinuousClock()
        let start = clock.now
        let late = Task { try await pool.run(command("SELECT 1")) }
        let other = Task { try await pool.run(command("SELECT 1")) }
        try await eventually { pool.statistics.waiting == 2 }
        #expect(try await code { try await pool.run(command("SELECT 1")) } == .poolExhausted)
        #expect(clock.now - start < .milliseconds(190))
        #expect(try await code { try await late.value } == .poolExhausted)
        #expect(try await code { try await other.value } == .poolExhausted)
        back.send()
        try await holder.value
        #expect(isAtRest(pool))
        await pool.shutdown()
    }

    @Test func wait_ofNoTime_isRefused_notForgotten() async throws {
        let pool = try Bundle().pool(connectionsMax: 1, waitTimeout: .zero)
        try await pool.withConnection { _ in
            for _ in 0..<200 {
                let outcome = try await within(.seconds(5)) {
                    try await code { try await pool.run(command("SELECT 1")) }
                }
                #expect(outcome == .poolExhausted)
            }
        }
        #expect(isAtRest(pool))
        await pool.shutdown()
    }

    @Test func waiter_thatIsCancelled_leavesTheQueue() async throws {
        let pool = try Bundle().pool(connectionsMax: 1)
        try await pool.withConnection { _ in
            let waiter = Task { try await pool.run(command("SELECT 1")) }
            try await eventually { pool.statistics.waiting == 1 }
            waiter.cancel()
            #expect(try await code { try await waiter.value } == .cancelled)
            #expect(pool.statistics.waiting == 0)
        }
        #expect(try await pool.one(column("SELECT 1", Int.self)) == 1)
        await pool.shutdown()
    }

    @Test func shutdown_refusesWaitersAndNewcomers_andClosesWhatComesBack() async throws {
        let pool = try Bundle().pool(connectionsMax: 1)
        let waiter = try await pool.withConnection { connection in
            let waiter = Task { try await pool.run(command("SELECT 1")) }
            try await eventually { pool.statistics.waiting == 1 }
            await pool.shutdown()
            #expect(try await code { try await waiter.value } == .poolClosed)
            #expect(try await answers(connection))
            return connection
        }
        #expect(!waiter.isOpen)
        #expect(pool.statistics.open == 0)
        #expect(try await code { try await pool.run(command("SELECT 1")) } == .poolClosed)
    }

    @Test func connections_thatDied_areReplaced() async throws {
        let pool = try Bundle().pool(connectionsMax: 4)
        let killer = try await Bundle().connect()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<4 { group.addTask { try await pool.execute(command("SELECT pg_sleep(0.05)")) } }
            try await group.waitForAll()
        }
        let pids = try await withThrowingTaskGroup(of: Int64.self) { group in
            for _ in 0..<4 {
                group.addTask { try await pool.one(column("SELECT pg_backend_pid() FROM pg_sleep(0.05)", Int64.self)) }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        try await killer.execute(Statement("SELECT pg_terminate_backend(p::int) FROM unnest(\(pids)) AS p"))
        try await eventually {
            try await killer.one(
                column("SELECT count(*) FROM pg_stat_activity WHERE pid = ANY (\(pids))", Int.self)) == 0
        }
        try await lettingPass(.milliseconds(50))  // the loop sees the ends of its sockets
        for _ in 0..<8 { #expect(try await pool.one(column("SELECT 1", Int.self)) == 1) }
        #expect(isAtRest(pool))
        await pool.shutdown()
        await killer.close()
    }

    @Test func connections_thatAreOld_areReplaced() async throws {
        let pool = try Bundle().pool(connectionsMax: 1, lifetime: .zero)
        let first = try await pool.one(column("SELECT pg_backend_pid()", Int.self))
        #expect(try await pool.one(column("SELECT pg_backend_pid()", Int.self)) != first)
        #expect(isAtRest(pool))
        await pool.shutdown()
    }

    @Test func connection_thatListens_isNotLentAgain() async throws {
        let pool = try Bundle().pool(connectionsMax: 1)
        let stream = try await pool.withConnection { try await $0.notifications(on: "pool_test") }
        for await _ in stream {}  // it ends with the connection
        #expect(pool.statistics.open == 0)
        await pool.shutdown()
    }

    @Test func connecting_thatFails_givesThePlaceBack() async throws {
        var configuration = try Bundle().configuration()
        configuration.url = "host=/nowhere dbname=x"
        let pool = Pool(
            PoolConfiguration(connection: configuration, connectionsMax: 2), logger: Bundle.logger)
        let failures = try await withThrowingTaskGroup(of: PostgresError.Code?.self) { group in
            for _ in 0..<20 { group.addTask { try await code { try await pool.run(command("SELECT 1")) } } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(failures.allSatisfy { $0 == .connectionFailed })
        #expect(pool.statistics.open == 0 && pool.statistics.waiting == 0)
        await pool.shutdown()
    }

    @Test func stress_withRandomFailures_returnsToRest() async throws {
        let pool = try Bundle().pool(connectionsMax: 5, waitTimeout: .milliseconds(300))
        let killer = try await Bundle().connect()
        let limit = Task {
            for _ in 0..<40 {
                try await lettingPass(.milliseconds(Int.random(in: 10...60)))
                try await killer.execute(
                    command(
                        """
                        SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                        WHERE application_name = 'siyu-stress' ORDER BY random() LIMIT 1
                        """))
            }
        }
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<25 {
                group.addTask {
                    for _ in 0..<30 {
                        let task = Task {
                            try await pool.execute(command("SET application_name = 'siyu-stress'"))
                            switch Int.random(in: 0..<6) {
                            case 0: try await pool.execute(command("SELECT 1/0"))
                            case 1:
                                _ = try await pool.transaction {
                                    try await $0.execute(command("SELECT pg_sleep(0.01)"))
                                }
                            case 2:
                                try await pool.withConnection {
                                    try await $0.execute(command("BEGIN"))
                                    try await $0.execute(command("SELECT nothing"))
                                }
                            case 3:
                                _ = try await pool.transaction {
                                    try await $0.execute(command("CREATE TEMP TABLE s\(number) (a int) ON COMMIT DROP"))
                                    return try await $0.copy(
                                        into: CopyTarget(schema: "pg_temp", table: "s\(number)", columns: ["a"])
                                    ) { writer in
                                        for value in 0..<3000 { try await writer.row(Int32(value)) }
                                    }
                                }
                            case 4: try await pool.withConnection { await $0.close() }
                            default: try await pool.execute(command("SELECT pg_sleep(0.005)"))
                            }
                        }
                        if Bool.random() {
                            try? await lettingPass(.microseconds(Int.random(in: 0...20_000)))
                            task.cancel()
                        }
                        _ = try? await task.value
                    }
                }
            }
        }
        limit.cancel()
        _ = try? await limit.value
        #expect(isAtRest(pool))
        #expect(try await pool.one(column("SELECT 1", Int.self)) == 1)
        await pool.shutdown()
        #expect(pool.statistics.open == 0)
        try await eventually {
            try await killer.one(
                column("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'siyu-stress'", Int.self)) == 0
        }
        await killer.close()
    }
}
