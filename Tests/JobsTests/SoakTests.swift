import Foundation
import Jobs
import Postgres
import TestSupport
import Testing

/// The queue under a steady load while a transaction keeps every dead row alive.
///
/// Only where SIYU_SOAK says for how many seconds: `make soak`.
@Suite(.serialized, .timeLimit(.minutes(75)))
struct SoakTests {
    private static let seconds = Double(ProcessInfo.processInfo.environment["SIYU_SOAK"] ?? "")

    private struct Load: JobParameters {
        static let jobName = "soak.load"
        static let jobQueue = "soak"
        var number: Int
    }

    private struct Line: Encodable {
        var seconds = 0.0
        var rateMost = 0.0
        var rate = 0.0
        var jobs = 0
        var p99First = 0.0
        var p99Last = 0.0
        var deadMost = 0
        var deadAfter = 0
    }

    @Test(.enabled(if: seconds != nil, "3 minutes: make soak, or an hour: make soak SECONDS=3600"))
    func o02_soakUnderAnOpenSnapshot_staysAsQuickAsItBegan() async throws {
        let seconds = try #require(Self.seconds)
        let line = try await withTestDatabase { db in
            var line = Line(seconds: seconds)
            let queue = makeQueue(db)
            queue.registerJob(parameters: Load.self) { _, _ in }
            let pusher = makeQueue(db, as: .gifts)
            try await running(
                queue.processor(queues: [Load.jobQueue], options: .quick(concurrency: 16, lease: .seconds(15)))
            ) {
                line.rateMost = try await Self.measureRate(db, pusher)
                line.rate = (line.rateMost / 2).rounded()
                // Sees the tables as they are now, until the end.
                try await db.superuser.transaction(.init(isolation: .repeatableRead, isReadOnly: true)) { snapshot in
                    _ = try await snapshot.one(Peek.count("jobs.hot"))
                    try await Self.load(pusher, db, &line)
                }
                try await db.drained(within: .seconds(60))
            }
            // Autovacuum wakes up once a minute.
            line.deadAfter = try await Self.dead(db)
            try? await eventually(within: .seconds(200), every: .seconds(5)) { try await Self.dead(db) < 20_000 }
            line.deadAfter = min(line.deadAfter, try await Self.dead(db))
            return line
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        print("soak \(String(decoding: try encoder.encode(line), as: UTF8.self))")
        // Below some milliseconds the figure is the machine's, not the queue's.
        #expect(line.p99Last <= 2 * max(line.p99First, 0.010))
        #expect(line.deadMost <= 3 * line.jobs)
        #expect(line.deadAfter < 20_000)
    }

    private static func measureRate(_ db: TestDatabase, _ queue: JobQueue) async throws -> Double {
        let count = 30_000
        let loads = (0..<count).map(Load.init)
        _ = try await queue.pool.transaction { try await queue.push(contentsOf: loads, on: $0) }
        await queue.wake(Load.jobQueue)
        try await db.drained(within: .seconds(120))
        let took: Double = try await db.superuser.one(
            Statement("SELECT extract(epoch FROM max(finished_at) - min(started_at))::float8 FROM jobs.done") {
                row throws(PostgresError) in try row.next()
            })
        return Double(count) / took
    }

    private static func load(_ queue: JobQueue, _ db: TestDatabase, _ line: inout Line) async throws {
        let beganAt = ContinuousClock.now
        let since = try await CrashMatrixTests.clock(db)
        var nextLook = beganAt
        while true {
            let elapsed = (ContinuousClock.now - beganAt) / .seconds(1)
            guard elapsed < line.seconds else { break }
            let due = Int(elapsed * line.rate) - line.jobs
            if due > 0 {
                let loads = (line.jobs..<line.jobs + min(due, 1_000)).map(Load.init)
                _ = try await queue.pool.transaction { try await queue.push(contentsOf: loads, on: $0) }
                line.jobs += loads.count
                await queue.wake(Load.jobQueue)
            }
            if ContinuousClock.now >= nextLook {
                nextLook += .seconds(5)
                line.deadMost = max(line.deadMost, try await dead(db))
            }
            try await pass(.milliseconds(20))
        }
        try await db.drained(within: .seconds(60))
        line.deadMost = max(line.deadMost, try await dead(db))
        // A fifth of the time at each end; the first seconds belong to what was measured before.
        line.p99First = try await p99(db, from: since + 2, to: since + 2 + line.seconds / 5)
        line.p99Last = try await p99(db, from: since + line.seconds * 4 / 5, to: since + line.seconds)
    }

    /// From the push to the claim.
    private static func p99(_ db: TestDatabase, from: Double, to: Double) async throws -> Double {
        try await db.superuser.one(
            Statement(
                """
                SELECT coalesce(percentile_disc(0.99) WITHIN GROUP (
                    ORDER BY extract(epoch FROM started_at - enqueued_at)::float8), 0)
                FROM jobs.done WHERE enqueued_at BETWEEN to_timestamp(\(from)) AND to_timestamp(\(to))
                """
            ) { row throws(PostgresError) in try row.next() })
    }

    private static func dead(_ db: TestDatabase) async throws -> Int {
        try await db.superuser.one(
            Statement("SELECT n_dead_tup FROM pg_stat_user_tables WHERE relid = 'jobs.hot'::regclass") {
                row throws(PostgresError) in try row.next()
            })
    }
}
