import Foundation
import Jobs
import Postgres
import TestSupport
import Testing

/// A job that is unique while it is about, or has a key that PostgreSQL refuses.
private struct Pushed: JobParameters {
    static let jobName = "test.pushed"
    static let jobQueue = "tests"
    var number: Int
}

@Suite(.timeLimit(.minutes(2)))
struct PushDeskTests {
    private static let callers = 64
    private static let each = 20

    @Test func push_ofSixtyFourCallers_sharesCommits() async throws {
        try await withTestDatabase { db in
            let queue = makeQueue(db)
            try await queue.push(Pushed(number: -1))
            let before = try await Self.commits(db)

            let ids = try await withThrowingTaskGroup(of: [JobID].self) { group in
                for caller in 0..<Self.callers {
                    group.addTask {
                        var ids: [JobID] = []
                        for number in 0..<Self.each {
                            let id = try await queue.push(Pushed(number: caller * Self.each + number))
                            ids.append(id)
                        }
                        return ids
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }

            let pushed = Self.callers * Self.each
            #expect(Set(ids).count == pushed)
            let found = try await db.superuser.one(
                Peek.text("SELECT count(DISTINCT convert_from(payload, 'UTF8')) || ' ' || count(*) FROM jobs.hot"))
            #expect(found == "\(pushed + 1) \(pushed + 1)")
            // Wake-ups are commits too; all in all there are far fewer than jobs.
            let commits = try await Self.commits(db) - before
            #expect(commits < pushed / 4, "\(commits) commits for \(pushed) jobs")
        }
    }

    /// How many transactions wrote: each takes one number.
    private static func commits(_ db: TestDatabase) async throws -> Int {
        try await db.superuser.one(
            Statement("SELECT txid_snapshot_xmax(txid_current_snapshot())") { row throws(PostgresError) in
                try row.next()
            })
    }

    @Test func push_ofManyCallers_withOneThatCannotBe_failsThatOneAlone() async throws {
        try await withTestDatabase { db in
            let queue = makeQueue(db)
            try await queue.push(Pushed(number: -1))

            let failed = await withTaskGroup(of: Int?.self) { group in
                for number in 0..<Self.callers {
                    group.addTask {
                        // PostgreSQL's text holds no NUL.
                        let options = JobOptions(key: number == 17 ? "b\0d" : "good")
                        do {
                            try await queue.push(Pushed(number: number), options: options)
                            return nil
                        } catch {
                            return number
                        }
                    }
                }
                return await group.reduce(into: [Int]()) { if let number = $1 { $0.append(number) } }
            }

            #expect(failed == [17])
            #expect(try await db.count("jobs.hot") == Self.callers)
        }
    }

    @Test func push_ofManyCallers_withOneKey_standsForOneJob() async throws {
        try await withTestDatabase { db in
            let queue = makeQueue(db)

            let ids = try await withThrowingTaskGroup(of: JobID.self) { group in
                for number in 0..<Self.callers {
                    group.addTask {
                        try await queue.push(
                            Pushed(number: number), options: .init(unique: .untilDone("key \(number % 4)")))
                    }
                }
                return try await group.reduce(into: Set<JobID>()) { $0.insert($1) }
            }

            #expect(ids.count == 4)
            #expect(try await db.count("jobs.hot") == 4)
        }
    }

    /// The connection is cut at many places of the conversation: before, within and after the commit.
    @Test(arguments: [FaultProxy.Direction.toServer, .toClient])
    func push_whoseConnectionIsCut_existsOnce(_ direction: FaultProxy.Direction) async throws {
        try await withTestDatabase { db in
            let proxy = try db.proxy()
            let queue = makeQueue(db, options: .init(usesNotifications: false), through: proxy)
            try await queue.push(Pushed(number: -1))
            var pushed = 1

            for cut in 0..<8 {
                proxy.arm(.init(.cut, direction, after: .messages(cut)))
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for caller in 0..<16 {
                        group.addTask { try await queue.push(Pushed(number: cut * 16 + caller)) }
                    }
                    try await group.waitForAll()
                }
                pushed += 16
            }

            #expect(proxy.fired >= 4)
            let found = try await db.superuser.one(
                Peek.text("SELECT count(DISTINCT convert_from(payload, 'UTF8')) || ' ' || count(*) FROM jobs.hot"))
            #expect(found == "\(pushed) \(pushed)")
        }
    }

    @Test func push_ofACallerThatGivesUp_losesNobodyElses() async throws {
        try await withTestDatabase { db in
            let queue = makeQueue(db)
            try await queue.push(Pushed(number: -1))
            let callers = (0..<Self.callers).map { number in
                Task { try await queue.push(Pushed(number: number)) }
            }
            for caller in callers where Bool.random() { caller.cancel() }

            var told = 0
            for caller in callers {
                do {
                    _ = try await caller.value
                    told += 1
                } catch is CancellationError {}
            }

            // Who gave up may have been under way.
            let found = try await db.count("jobs.hot", where: "convert_from(payload, 'UTF8') <> '{\"number\":-1}'")
            #expect(found >= told && found <= Self.callers, "\(told) told, \(found) found")
        }
    }

    @Test(arguments: [JobOptions(), JobOptions(delay: .seconds(3_600), deadline: .seconds(60), key: "k")])
    func push_ofFiveThousand_goesByCopyAndRuns(_ options: JobOptions) async throws {
        try await withTestDatabase { db in
            let queue = makeQueue(db)
            let seen = Collected<Int>()
            queue.registerJob(parameters: Pushed.self) { job, _ in seen.add(job.number) }

            let ids = try await queue.push(contentsOf: (0..<5_000).map { Pushed(number: $0) }, options: options)

            let table = options.delay == nil ? "jobs.hot" : "jobs.later"
            #expect(try await db.count(table) == 5_000)
            #expect(Set(ids).count == 5_000)
            let first = try #require(try await queue.job(ids[0]))
            #expect(first.record.state == (options.delay == nil ? .ready : .waiting))
            if options.delay != nil {
                let late =
                    "due_at BETWEEN siyu.clock() + INTERVAL '59 min' AND siyu.clock() + INTERVAL '1 hour'"
                    + " AND deadline_at - due_at = INTERVAL '1 min' AND key = 'k' AND reason = 'delayed'"
                #expect(try await db.count(table, where: late) == 5_000)
                try await db.run("UPDATE siyu.environment SET clock_offset = '1 hour 1 second'")
            }
            try await running(queue.processor(queues: ["tests"], options: .quick(concurrency: 1))) {
                try await db.drained()
            }
            #expect(options.delay == nil ? seen.all == Array(0..<5_000) : seen.all.sorted() == Array(0..<5_000))
        }
    }

    /// A large push whose connection is cut before, within or after its commit is there once, or not at all and told so.
    @Test(arguments: [FaultProxy.Direction.toServer, .toClient])
    func push_ofManyWhoseConnectionIsCut_existsOnce(_ direction: FaultProxy.Direction) async throws {
        try await withTestDatabase { db in
            let proxy = try db.proxy()
            let queue = makeQueue(db, options: .init(usesNotifications: false), through: proxy)
            try await queue.push(Pushed(number: -1))
            let jobs = (0..<400).map { Pushed(number: $0) }

            for cut in 0..<6 {
                proxy.arm(.init(.cut, direction, after: .messages(cut)))
                let ids = try await queue.push(contentsOf: jobs)
                #expect(Set(ids).count == 400)
                #expect(try await db.count("jobs.hot") == 1 + 400 * (cut + 1), "cut \(cut)")
            }

            #expect(proxy.fired >= 4)
        }
    }
}
