import Foundation
import Postgres
import TestSupport
import Testing

@testable import Jobs

/// What operators see, and what a look costs.
@Suite(.timeLimit(.minutes(5)))
struct LookTests {
    // MARK: What it costs

    /// 200,000 jobs in each table that grows, nothing analysed, and a look that finds nearly nothing in them.
    private func fill(_ db: TestDatabase, _ count: Int) async throws {
        try await db.run(
            """
            INSERT INTO jobs.queue (name) VALUES ('rare'), ('tests');
            INSERT INTO jobs.kind (name) VALUES ('test.rare'), ('test.note');
            INSERT INTO jobs.quota (name, running_max) VALUES ('provider', 2);
            INSERT INTO jobs.hot (queue_id, kind_id, id, priority, payload)
            SELECT 2, 2, gen_random_uuid(), n % 5, '{}' FROM generate_series(1, \(count)) n;
            UPDATE jobs.hot SET worker = gen_random_uuid(), claimed_at = clock_timestamp()
            WHERE ord IN (SELECT ord FROM jobs.hot ORDER BY ord LIMIT 20);
            INSERT INTO jobs.later (queue_id, kind_id, id, due_at, priority, reason, payload)
            SELECT 2, 2, gen_random_uuid(), CASE n % 2 WHEN 0 THEN 'infinity' ELSE '2100-01-01'::timestamptz END, 2,
                CASE n % 2 WHEN 0 THEN 'paused' ELSE 'delayed' END, '{}'
            FROM generate_series(1, \(count)) n;
            INSERT INTO jobs.gate (queue_id, kind_id, id, priority, quota_id, tenant, payload, blocked, lane, lane_max)
            SELECT 2, 2, gen_random_uuid(), 2, 1, gen_random_uuid(), '{}', n % 2 = 0, 'lane ' || n % 2, 1
            FROM generate_series(1, \(count)) n;
            INSERT INTO jobs.done (queue_id, kind_id, id, run_no, tries, worker, enqueued_at, started_at, finished_at)
            SELECT 2, 2, gen_random_uuid(), 1, 0, gen_random_uuid(), 'epoch', 'epoch',
                clock_timestamp() - INTERVAL '1 day' + n * INTERVAL '1 ms'
            FROM generate_series(1, \(count)) n;
            INSERT INTO jobs.discarded (queue_id, kind_id, id, enqueued_at, run_no, tries, crashes, priority, max_tries, reason,
                last_error, payload)
            SELECT 2, 2, gen_random_uuid(), 'epoch', 1, 1, 0, 2, 0, 'exhausted', 'x', '{}'
            FROM generate_series(1, \(count)) n;
            INSERT INTO jobs.attempt (id, run_no, worker, failed_at, error)
            SELECT gen_random_uuid(), 1, gen_random_uuid(), clock_timestamp() - INTERVAL '1 day', 'x'
            FROM generate_series(1, \(count)) n;
            INSERT INTO jobs.pause (kind_id, reason, author) VALUES (1, 'x', 'x'), (2, 'x', 'x');
            INSERT INTO jobs.pause (queue_id, reason, author) VALUES (2, 'x', 'x');
            INSERT INTO jobs.audit (author, action, target, reason) SELECT 'x', 'x', 'x', 'x'
            FROM generate_series(1, \(count)) n
            """)
        // As long as a table's end is not summarized, every look reads it.
        try await db.run(
            "SELECT brin_summarize_new_values(oid) FROM pg_class WHERE relkind = 'i' AND relam = 3580")
    }

    /// Rows and index entries that the statements of `look` read.
    private func cost(_ db: TestDatabase, _ look: (Transaction) async throws -> Void) async throws -> Int {
        try await db.pool(as: .operator).transaction(.init(isReadOnly: true)) { transaction in
            try await transaction.execute(AdminStatements.prepareLook)
            try await look(transaction)
            return try await transaction.one(
                Statement(
                    """
                    SELECT coalesce(sum(greatest(pg_stat_get_xact_tuples_returned(c.oid),
                        pg_stat_get_xact_tuples_fetched(c.oid))), 0)::bigint
                    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                    WHERE n.nspname = 'jobs' AND c.relkind = 'r'
                    """
                ) { row throws(PostgresError) in try row.next() })
        }
    }

    /// Expects that a look reads a bounded number of rows, and takes no time that anybody would notice.
    private func expect(
        _ db: TestDatabase, _ name: String, atMost bound: Int, _ look: (Transaction) async throws -> Void
    ) async throws {
        let began = ContinuousClock.now
        let rows = try await cost(db, look)
        #expect(rows <= bound, "\(name) reads \(rows) rows")
        #expect(.now - began < .seconds(2), "\(name) takes \(.now - began)")
    }

    @Test(arguments: [false, true])
    func lists_amongAMillionRows_readABoundedNumberOfThem(newestFirst: Bool) async throws {
        try await withTestDatabase { db in
            try await fill(db, 200_000)
            for source in [AdminStatements.Source.ready, .hot, .later, .gate, .done, .discarded] {
                try await expect(db, "rare list of \(source)", atMost: Self.max * 3) { transaction in
                    let rare = try #require(try await AdminStatements.Scope(.init(queue: "rare"), on: transaction))
                    let look = AdminStatements.Look(scope: rare, after: nil, newestFirst: newestFirst, limit: 100)
                    let found = try await transaction.run(AdminStatements.jobs(in: source, look))
                    let end = try await transaction.first(AdminStatements.end(of: source, look))
                    #expect(found.isEmpty)
                    #expect(end != nil)
                }
                try await expect(db, "page of \(source)", atMost: 2_000) { transaction in
                    let all = try #require(try await AdminStatements.Scope(.init(), on: transaction))
                    let look = AdminStatements.Look(scope: all, after: nil, newestFirst: newestFirst, limit: 100)
                    let found = try await transaction.run(AdminStatements.jobs(in: source, look))
                    #expect(found.count == 100)
                }
            }
        }
    }

    private static let max = Int(AdminStatements.countMax)

    @Test func figures_amongAMillionRows_readABoundedNumberOfThem() async throws {
        try await withTestDatabase { db in
            try await fill(db, 200_000)
            let heads = 5 * Int(AdminStatements.headMax) * 2 + 2_000
            try await expect(db, "running", atMost: heads) { transaction in
                let found = try await transaction.run(
                    AdminStatements.running(queue: nil, id: nil, after: nil, limit: 100))
                #expect(found.count == 20)
            }
            try await expect(db, "workers", atMost: heads) { _ = try await $0.run(AdminStatements.workers()) }
            try await expect(db, "statistics", atMost: Self.max * 9) { transaction in
                let statistics = try await transaction.run(AdminStatements.statistics(queue: nil))
                #expect(statistics.map(\.isCapped) == [false, true])
            }
            try await expect(db, "throughput", atMost: Self.max * 2) { transaction in
                _ = try await transaction.run(AdminStatements.completed(within: .seconds(60)))
                _ = try await transaction.run(AdminStatements.failed(within: .seconds(60)))
            }
            try await expect(db, "discarded counts", atMost: Self.max * 2) {
                _ = try await $0.run(AdminStatements.discardedCounts())
            }
            try await expect(db, "discarded", atMost: Self.max * 3) { transaction in
                let filter = JobRedriveFilter(errorPrefix: "y")
                let found = try await transaction.run(
                    AdminStatements.discarded(queue: 2, filter, kind: nil, after: nil, limit: 100))
                let end = try await transaction.first(
                    AdminStatements.endOfDiscarded(queue: 2, filter, after: nil))
                #expect(found.isEmpty)
                #expect(end != nil)
            }
            try await expect(db, "bite", atMost: 1_100) {
                _ = try await $0.run(RedriveStatements.bite(queue: 2, .init(), kind: nil, after: nil, limit: 1_000))
            }
            try await expect(db, "pauses", atMost: Self.max * 12) { _ = try await $0.run(PauseStatements.pauses()) }
            try await expect(db, "quotas", atMost: Self.max * 3) {
                _ = try await $0.run(QuotaStatements.quotas(name: nil))
            }
            try await expect(db, "audit", atMost: 200) {
                _ = try await $0.run(AdminStatements.audit(before: .max, limit: 100))
            }
            try await expect(db, "jobs by key", atMost: 2_000) { transaction in
                for source in [AdminStatements.Source.hot, .later, .gate, .discarded] {
                    _ = try await transaction.run(AdminStatements.jobs(in: source, kind: 2, key: "order 7"))
                }
            }
        }
    }

    @Test func cancel_byKeyAndById_readsThoseJobsAlone() async throws {
        try await withTestDatabase { db in
            try await fill(db, 50_000)
            try await db.run("UPDATE jobs.later SET key = 'order ' || (abs(hashtext(id::text)) % 10000)")
            try await db.run(
                """
                UPDATE jobs.later SET key = 'order 7' WHERE id = (SELECT id FROM jobs.later ORDER BY id LIMIT 1);
                UPDATE jobs.hot SET key = 'order 7' WHERE id = (SELECT id FROM jobs.hot ORDER BY id LIMIT 1)
                """)
            let rows = try await db.pool(as: .operator).transaction { transaction in
                let ids = try await transaction.one(PauseStatements.idsOfKey(kind: 2, key: "order 7"))
                #expect(ids.count >= 2)
                let ended = try await transaction.run(PauseStatements.cancel(ids, author: "x", reason: "x"))
                #expect(ended.count == ids.count)
                return try await transaction.one(
                    Statement<Int>(
                        """
                        SELECT sum(pg_stat_get_xact_tuples_returned(c.oid) + pg_stat_get_xact_tuples_fetched(c.oid))::bigint
                        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                        WHERE n.nspname = 'jobs' AND c.relkind = 'r'
                        """
                    ) { row throws(PostgresError) in try row.next() })
            }
            #expect(rows < 500, "\(rows) rows were read")
        }
    }

    // MARK: What it shows

    @Test func page_ofAllStates_comesInOrderWithoutGapsBothWays() async throws {
        try await withTestDatabase { db in
            let queue = makeQueue(db)
            queue.registerJob(parameters: Other.self) { _, _ in }
            var pushed: [JobID] = []
            for number in 0..<8 { pushed.append(try await queue.push(Other(number: number))) }
            try await running(queue.processor(queues: ["tests"], options: .quick())) { try await db.drained() }
            for number in 0..<20 {
                let delay: Duration? = number % 2 == 0 ? .seconds(60) : nil
                pushed.append(try await queue.push(Note(text: "\(number)"), options: .init(delay: delay)))
            }
            for id in pushed.suffix(4) {
                let isCancelled = try await queue.cancel(id)
                #expect(isCancelled)
            }

            for newestFirst in [false, true] {
                var listed: [JobID] = []
                var after: JobID?
                repeat {
                    let page = try await queue.page(after: after, newestFirst: newestFirst, limit: 5)
                    listed += page.jobs.map(\.id)
                    after = page.next
                } while after != nil
                #expect(listed == (newestFirst ? pushed.reversed() : pushed))
            }
            let states = try await queue.page(limit: 100).jobs.map(\.state)
            #expect(states.filter { $0 == .completed }.count == 8)
            #expect(states.filter { $0 == .discarded }.count == 4)
            #expect(try await queue.page(.init(kind: "test.other")).jobs.count == 8)
            #expect(try await queue.page(.init(kind: "test.nothing")).jobs.isEmpty)
            #expect(try await queue.page(.init(brand: UUID())).jobs.isEmpty)
        }
    }

    @Test func job_thatWaits_saysWhatFor() async throws {
        try await withTestDatabase { db in
            struct Bounded: JobParameters {
                static let jobName = "test.bounded"
                static let jobQueue = "tests"
                static let jobQuota: JobQuota? = JobQuota("narrow", runningMax: 0)
                var number = 0
            }
            let queue = makeQueue(db)
            let first = try await queue.push(Note(text: "first"))
            let second = try await queue.push(Note(text: "second"))
            let delayed = try await queue.push(Note(text: "delayed"), options: .init(delay: .seconds(60)))
            let dependent = try await queue.push(Note(text: "dependent"), options: .init(dependsOn: [first]))
            _ = try await queue.push(Bounded(number: 1))
            let bounded = try await queue.push(Bounded(number: 2))

            func wait(_ id: JobID) async throws -> JobWait? {
                let details = try await queue.job(id)
                return details?.wait
            }
            guard case .turn(ahead: 0)? = try await wait(first), case .turn(ahead: 1)? = try await wait(second) else {
                Issue.record("the turns are wrong")
                return
            }
            guard case .instant(let date) = try await wait(delayed) else {
                Issue.record("no instant")
                return
            }
            #expect(abs(date.timeIntervalSinceNow - 60) < 5)
            guard case .jobs(let needs) = try await wait(dependent) else {
                Issue.record("no jobs")
                return
            }
            #expect(needs.map(\.id) == [first])
            #expect(needs.map(\.state) == [.ready])
            guard case .quota(let quota, let ahead) = try await wait(bounded) else {
                Issue.record("no quota")
                return
            }
            #expect(quota.name == "narrow")
            #expect(quota.runningMax == 0)
            #expect(quota.waiting == 2)
            #expect(ahead == 1)
            let gated = try #require(try await queue.statistics(of: "tests"))
            let figures: [Int] = [gated.ready, gated.waiting, gated.gated]
            #expect(figures == [2, 4, 2])
            let unknown = try await queue.job(JobID(rawValue: UUID()))
            #expect(unknown == nil)
        }
    }

    @Test func job_inALane_saysHowManyGoFirst() async throws {
        try await withTestDatabase { db in
            let queue = makeQueue(db)
            let mayEnd = TestSignal<Void>()
            let isRunning = TestSignal<Void>()
            queue.registerJob(parameters: Note.self) { note, _ in
                guard note.text == "first" else { return }
                isRunning.send(())
                try await mayEnd.wait()
            }
            let options = JobOptions(lane: JobLane("order 7"))
            try await queue.push(Note(text: "first"), options: options)
            try await running(queue.processor(queues: ["tests"], options: .quick())) {
                try await isRunning.wait()
                try await queue.push(Note(text: "second"), options: options)
                let third = try await queue.push(Note(text: "third"), options: options)
                try await eventually {
                    guard case .lane("order 7", ahead: 2) = try await queue.job(third)?.wait else { return false }
                    return true
                }
                mayEnd.send(())
                try await db.drained()
            }
        }
    }

    @Test func running_showsWhereAndHowLong() async throws {
        try await withTestDatabase { db in
            let queue = makeQueue(db)
            let mayEnd = TestSignal<Void>()
            let isRunning = TestSignal<Void>()
            queue.registerJob(parameters: Note.self) { _, _ in
                isRunning.send(())
                try await mayEnd.wait()
            }
            let id = try await queue.push(Note(text: "long"))
            try await running(queue.processor(queues: ["tests"], options: .quick())) {
                try await isRunning.wait()
                try await pass(.milliseconds(200))
                let (jobs, next) = try await queue.running(queue: "tests")
                let job = try #require(jobs.first)
                #expect(jobs.count == 1)
                #expect(next == nil)
                #expect(job.record.id == id)
                #expect(job.processID == Int(ProcessInfo.processInfo.processIdentifier))
                #expect(job.runningFor >= .milliseconds(200))
                #expect(!job.isBeingCancelled)
                #expect(try await queue.running(queue: "nowhere").jobs.isEmpty)
                let worker = try #require(try await queue.workers().first)
                #expect(worker.worker == job.worker)
                #expect(worker.queues == ["tests"])
                #expect(worker.running == 1)
                #expect(worker.leaseLeft > .zero)
                #expect(try await queue.job(id)?.running?.worker == job.worker)
                mayEnd.send(())
            }
        }
    }

    @Test func throughput_countsWhatWasCompletedAndWhatFailed() async throws {
        try await withTestDatabase { db in
            struct Failure: Error {}
            let queue = makeQueue(db)
            queue.registerJob(parameters: Other.self) { _, _ in }
            queue.registerJob(parameters: Note.self, retryStrategy: .dontRetry) { _, _ in throw Failure() }
            for number in 0..<5 { try await queue.push(Other(number: number)) }
            let failed = try await queue.push(Note(text: "x"))
            try await running(queue.processor(queues: ["tests"], options: .quick())) { try await db.drained() }

            let rates = try await queue.throughput()
            #expect(rates.map(\.kind) == ["test.note", "test.other"])
            #expect(rates.map(\.completed) == [0, 5])
            #expect(rates.map(\.failed) == [1, 0])
            #expect(rates.allSatisfy { $0.window == .seconds(60) && !$0.isCapped })
            #expect(try await queue.job(failed)?.attempts.count == 1)
            #expect(try await queue.discardedCounts().map(\.jobs) == [1])
        }
    }

    @Test func horizon_heldByATransaction_namesTheSession() async throws {
        try await withTestDatabase { db in
            let queue = makeQueue(db, as: .operator)
            let holder = db.pool(as: .gifts)
            try await holder.transaction(.init(isolation: .repeatableRead)) { transaction in
                let pid = try await transaction.one(
                    Statement<Int>("SELECT pg_backend_pid()") { row throws(PostgresError) in try row.next() })
                try await pass(.milliseconds(50))
                let session = try #require(try await queue.horizonHolders().first { $0.processID == pid })
                #expect(session.kind == "session")
                #expect(session.user == "siyu_gifts")
                #expect(try #require(session.age) >= .milliseconds(50))
            }
        }
    }

    // MARK: Quotas

    @Test func setQuota_countsAtOnceAndOutlivesTheDeclaration() async throws {
        try await withTestDatabase { db in
            struct Bounded: JobParameters {
                static let jobName = "test.bounded"
                static let jobQueue = "tests"
                static let jobQuota: JobQuota? = JobQuota("narrow", runningMax: 0)
                var number = 0
            }
            let queue = makeQueue(db)
            let operators = makeQueue(db, as: .operator)
            let seen = Collected<Int>()
            queue.registerJob(parameters: Bounded.self) { job, _ in seen.add(job.number) }
            try await queue.push(Bounded(number: 1))
            try await running(queue.processor(queues: ["tests"], options: .quick())) {
                try await pass(.milliseconds(200))
                #expect(seen.count == 0)
                let changed = try await operators.setQuota(
                    "narrow",
                    .init(
                        runningMax: .set(3), rate: .set(JobRate(every: .milliseconds(1), burst: 5)), isFair: true,
                        weights: [UUID(): 2]), author: "Li", reason: "theirs")
                #expect(changed.runningMax == 3)
                #expect(changed.rate == JobRate(every: .milliseconds(1), burst: 5))
                #expect(changed.isFair)
                try await eventually { seen.count == 1 }
                // Another process declares what it always declared.
                try await makeQueue(db).push(Bounded(number: 2))
                try await eventually { seen.count == 2 }
            }
            #expect(try await operators.quotas().map(\.runningMax) == [3])
            #expect(try await operators.quotaWeights().map(\.weight) == [2])
            let lifted = try await operators.setQuota(
                "narrow", .init(runningMax: .lifted, rate: .lifted), author: "Li", reason: "x")
            #expect(lifted.runningMax == nil)
            #expect(lifted.rate == nil)
            #expect(lifted.isFair)
        }
    }

    @Test func setQuota_toNonsense_isRefused() async throws {
        try await withTestDatabase { db in
            let queue = makeQueue(db, as: .operator)
            for change: JobQuotaChange in [
                .init(), .init(runningMax: .set(-1)), .init(runningMax: .set(2_000_000)),
                .init(rate: .set(JobRate(every: .nanoseconds(1)))), .init(weights: [UUID(): 0]),
                .init(weights: [UUID(): 1_001]), .init(weights: [UUID(): .nan]),
            ] {
                await #expect(throws: JobError.self) {
                    _ = try await queue.setQuota("narrow", change, author: "Li", reason: "x")
                }
            }
            await #expect(throws: JobError.unknownQuota("narrow")) {
                _ = try await queue.setQuota("narrow", .init(isFair: true), author: "Li", reason: "x")
            }
        }
    }
}
