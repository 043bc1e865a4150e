import Foundation
import Jobs
import Postgres
import TestSupport
import Testing

/// Two transactions that meet where a job changes its table: what the one does must not be lost on the other.
///
/// On the functions themselves, statement by statement, so that each meeting takes place at its worst moment every time.
@Suite(.timeLimit(.minutes(1)))
struct RaceTests {
    @Test func push_ofADependentWhileItsNeedChangesTables_isNotForgotten() async throws {
        try await withRaceTable { table in
            let (need, worker) = (try await table.push(), try await table.worker())
            let claim = try await table.claim(worker)
            // The push waits for the row that this moves away, and then finds it elsewhere.
            let waiting = try await table.meet {
                try await table.fail(worker, claim, "retry", on: $0)
            } _: {
                try await table.push(needs: [need])
            }
            try await table.work(worker)
            try await table.work(worker)

            #expect(try await table.db.count("jobs.done", where: "id = '\(waiting)'") == 1)
            try await table.isInOrder()
        }
    }

    @Test func cancel_whileTheJobBecomesDue_findsIt() async throws {
        try await withRaceTable { table in
            let id = try await table.push(delay: .zero, unique: "key")
            let wasFound = try await table.meet {
                try await table.promote(on: $0)
            } _: {
                try await table.queue.cancel(JobID(rawValue: id))
            }

            #expect(wasFound)
            #expect(try await table.db.count("jobs.discarded") == 1)
            #expect(try await table.db.count("jobs.uniq") == 0)
            try await table.isInOrder()
        }
    }

    @Test func cancel_ofAJobThatFailsMeanwhile_leavesNoFurtherTry() async throws {
        try await withRaceTable { table in
            let (id, worker) = (try await table.push(), try await table.worker())
            let claim = try await table.claim(worker)
            #expect(try await table.queue.cancel(JobID(rawValue: id), reason: "twice"))
            try await table.fail(worker, claim, "retry")

            let error = try await table.db.superuser.one(Peek.text("SELECT last_error FROM jobs.discarded"))
            #expect(error == "cancelled by the program: twice")
            #expect(try await table.db.count("jobs.later") == 0)
            #expect(try await table.db.count("jobs.cancellation") == 0)
        }
    }

    @Test func resume_whileAClaimSetsJobsAside_freesThoseToo() async throws {
        try await withRaceTable { table in
            for _ in 0..<3 { _ = try await table.push() }
            let worker = try await table.worker()
            try await table.db.run(
                "INSERT INTO jobs.pause (kind_id, reason, author) VALUES (\(table.kind), 'test', 'test')")
            let freed = try await table.meet {
                let claim = try await table.claim(worker, on: $0)
                #expect(claim.ids.isEmpty)
            } _: {
                try await table.db.superuser.one(
                    Peek.text(
                        "WITH e AS (DELETE FROM jobs.pause RETURNING jobs.unpause(pause) AS n) SELECT n::text FROM e"))
            }

            #expect(freed == "3")
            try await table.work(worker)
            #expect(try await table.db.count("jobs.done") == 3)
            try await table.isInOrder()
        }
    }

    @Test func claim_whileAResumeIsUnderWay_neitherWaitsNorSetsAside() async throws {
        try await withRaceTable { table in
            _ = try await table.push()
            let worker = try await table.worker()
            try await table.db.run(
                "INSERT INTO jobs.pause (kind_id, reason, author) VALUES (\(table.kind), 'test', 'test')")
            try await table.db.superuser.transaction { resuming in
                try await resuming.execute(Peek.raw("DELETE FROM jobs.pause RETURNING jobs.unpause(pause)"))
                #expect(try await table.claim(worker).ids.isEmpty)
            }
            #expect(try await table.claim(worker).ids.count == 1)
        }
    }

    @Test func revive_ofTwoJobsOfOneUniqueKey_bringsBackOne() async throws {
        try await withRaceTable { table in
            let worker = try await table.worker()
            for _ in 0..<2 {
                _ = try await table.push(unique: "key")
                let claim = try await table.claim(worker)
                try await table.fail(worker, claim, "permanent")
            }
            let revived = try await table.pool.run(
                Statement<UUID>(
                    "SELECT r FROM jobs.revive(ARRAY (SELECT id FROM jobs.discarded), INTERVAL '0') r"
                ) { row throws(PostgresError) in try row.next() })

            #expect(revived.count == 1)
            #expect(try await table.db.count("jobs.discarded") == 1)
            try await table.isInOrder()
        }
    }

    @Test func admit_whileALongTransactionHoldsTheNextOfALane_goesOnAndForgetsNobody() async throws {
        try await withRaceTable { table in
            _ = try await table.push(lane: "order 7")
            let next = try await table.push(lane: "order 7")
            _ = try await table.push(lane: "order 8")
            let worker = try await table.worker()
            try await table.admit()
            let claim = try await table.claim(worker)
            #expect(claim.ids.count == 2)
            try await table.pool.transaction { long in
                _ = try await table.push(needs: [next], on: long)
                try await table.ack(worker, claim)
                try await table.admit()
            }
            for _ in 0..<4 { try await table.work(worker) }

            #expect(try await table.db.count("jobs.done") == 4)
            try await table.isInOrder()
        }
    }

    @Test func admit_behindAFullLaneAndASmallQuota_letsOthersPassAtOnce() async throws {
        try await withRaceTable { table in
            try await table.db.run("INSERT INTO jobs.quota (name, running_max) VALUES ('small', 2)")
            for _ in 0..<300 { _ = try await table.push(lane: "full", quota: "small") }
            _ = try await table.push(lane: "free", quota: "small")
            // The first look lets one in, and says so: the second is made at once.
            for _ in 0..<2 { try await table.admit() }

            #expect(try await table.db.count("jobs.hot") == 2)
            try await table.isInOrder()
        }
    }

    @Test func admit_whileAnotherIsAtIt_asksToComeAgain() async throws {
        try await withRaceTable { table in
            _ = try await table.push(lane: "order 7")
            try await table.pool.transaction { first in
                try await table.admit(on: first)
                let again = try await table.pool.one(
                    Peek.text("SELECT again::text FROM jobs.admit(ARRAY[\(table.queueID)], 10)"))
                #expect(again == "00:00:00.02")
            }
        }
    }

    @Test func sweep_removesKeysOfThePastAndWishesThatCameTooLate() async throws {
        try await withRaceTable { table in
            let worker = try await table.worker()
            let id = try await table.push(unique: "window", scope: "window")
            let claim = try await table.claim(worker)
            try await table.ack(worker, claim)
            // A wish whose statement still saw the job run, and was committed after the ack had looked for wishes.
            try await table.db.run(
                """
                UPDATE jobs.uniq SET until = siyu.clock() - INTERVAL '1 s';
                INSERT INTO jobs.cancellation (job_id, author, reason, requested_at)
                VALUES ('\(id)', 'Li', 'too late', clock_timestamp() - INTERVAL '2 min')
                """)
            #expect(try await table.pool.one(Peek.text("SELECT jobs.sweep(100)::text")) == "2")
            #expect(try await table.db.count("jobs.uniq") == 0)
            #expect(try await table.db.count("jobs.cancellation") == 0)
        }
    }
}

/// The queue's functions, called one at a time.
private struct RaceTable: Sendable {
    struct Claim: Sendable {
        let number: Int
        let ids: [UUID]
    }

    let db: TestDatabase
    let queue: JobQueue
    let queueID: Int32
    let kind: Int32
    private let numbers = Collected<Int>()
    var pool: Pool { queue.pool }

    init(_ db: TestDatabase) async throws {
        self.db = db
        queue = makeQueue(db)
        try await db.run(
            "INSERT INTO jobs.queue (name) VALUES ('race');\nINSERT INTO jobs.kind (name) VALUES ('race.job')")
        queueID = try await db.superuser.one(Self.number("SELECT queue_id FROM jobs.queue"))
        kind = try await db.superuser.one(Self.number("SELECT kind_id FROM jobs.kind"))
    }

    private static func number(_ sql: String) -> Statement<Int32> {
        Statement("\(unsafeRaw: sql)") { row throws(PostgresError) in try row.next() }
    }

    /// Begins `second` once `first` holds what it will wait for, and ends the transaction of `first` once it waits.
    func meet<Value: Sendable>(
        _ first: (Transaction) async throws -> Void, _ second: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        let waiting: Task<Value, any Error> = try await pool.transaction { transaction in
            try await first(transaction)
            let waiting = Task { try await second() }
            try await eventually(within: .seconds(5)) {
                try await db.count(
                    "pg_stat_activity", where: "datname = current_database() AND wait_event_type = 'Lock'") > 0
            }
            return waiting
        }
        return try await waiting.value
    }

    func push(
        delay: Duration? = nil, unique: String? = nil, scope: String = "done", lane: String? = nil,
        quota: String? = nil,
        needs: [UUID] = [], on executor: (any Executor)? = nil
    ) async throws -> UUID {
        let ids = [UUID()]
        let payloads: [[UInt8]] = [[]]
        let window: Duration? = scope == "window" ? .seconds(60) : nil
        let names: (lanes: [String?], keys: [String?], uniques: [String?]) = ([lane], [nil], [unique])
        return try await (executor ?? pool).one(
            Statement<UUID>(
                """
                SELECT id FROM jobs.push(
                    \(queueID), \(kind), \(ids), \(payloads), 1::smallint, 2::smallint, 0, NULL::uuid, \(delay),
                    NULL::interval, NULL::bytea, (SELECT quota_id FROM jobs.quota WHERE name = \(quota)), 1::smallint,
                    \(names.lanes), \(names.keys), \(names.uniques), \(unique.map { _ in scope }), \(window), \(needs))
                """
            ) { row throws(PostgresError) in try row.next() })
    }

    /// A worker whose lease outlasts the test.
    func worker() async throws -> UUID {
        let worker = UUID()
        try await pool.execute(
            Statement<Void>(
                """
                SELECT jobs.register(
                    \(worker), '00000000-0000-0000-0000-000000000000', 'race', 'race', 1, \([queueID]), INTERVAL '10 min')
                """))
        return worker
    }

    func claim(_ worker: UUID, on executor: (any Executor)? = nil) async throws -> Claim {
        numbers.add(0)
        let number = numbers.count
        let floors = [Int64](repeating: 0, count: 5)
        let ids = try await (executor ?? pool).run(
            Statement<UUID>(
                "SELECT id FROM jobs.claim(\(worker), \(Int64(number)), \(queueID), \(floors), 100)"
            ) { row throws(PostgresError) in try row.next() })
        return Claim(number: number, ids: ids)
    }

    func ack(_ worker: UUID, _ claim: Claim) async throws {
        let numbers = claim.ids.map { _ in Int64(claim.number) }
        try await pool.execute(Statement<Void>("SELECT jobs.ack(\(worker), \(claim.ids), \(numbers))"))
    }

    /// Ends a claim with one failed try for all.
    func fail(_ worker: UUID, _ claim: Claim, _ reason: String, on executor: (any Executor)? = nil) async throws {
        try await (executor ?? pool).execute(
            Statement<Void>(
                """
                SELECT jobs.settle(\(worker), array_agg(id), array_agg(\(Int64(claim.number))), array_agg(\(reason) <> 'retry'),
                    array_agg(true), array_agg(INTERVAL '0'), array_agg(\(reason)), array_agg('a test''s error'::text))
                FROM unnest(\(claim.ids)) id
                """))
    }

    func admit(on executor: (any Executor)? = nil) async throws {
        try await (executor ?? pool).execute(Statement<Void>("SELECT jobs.admit(\([queueID]), 100)"))
    }

    func promote(on executor: (any Executor)? = nil) async throws {
        try await (executor ?? pool).execute(Statement<Void>("SELECT jobs.promote(100)"))
    }

    /// What a worker does in its exchanges: lets in what may come, and completes all it gets.
    func work(_ worker: UUID) async throws {
        try await promote()
        try await admit()
        try await ack(worker, claim(worker))
        try await admit()
    }

    func isInOrder() async throws {
        let broken = try await JobInvariants.broken(on: db.superuser)
        #expect(broken.isEmpty, "\(broken)")
    }
}

private func withRaceTable(_ body: (RaceTable) async throws -> Void) async throws {
    try await withTestDatabase { db in try await body(RaceTable(db)) }
}
