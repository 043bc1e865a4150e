import Foundation
import Jobs
import Postgres
import TestSupport
import Testing

/// Schedules against the database: who fires, what is caught up with, what operators see.
@Suite(.timeLimit(.minutes(2)))
struct ScheduleFireTests {
    /// A job that is told for which instant it is.
    private struct Report: JobParameters {
        static let jobName = "test.report"
        static let jobQueue = "tests"
        var fire: Date
    }

    @Test func o02_schedule_inSeveralProcesses_pushesOneJobPerInstant() async throws {
        try await withTestDatabase { db in
            try await beginAtHalfPast(db)
            let seen = Collected<Date>()
            let queues = (0..<3).map { _ in makeQueue(db) }
            for queue in queues {
                queue.registerJob(parameters: Report.self) { report, _ in seen.add(report.fire) }
                queue.schedule(name: "report", on: .hourly(), catchUp: .all(max: 24)) { Report(fire: $0) }
            }
            let processors = queues.map { $0.processor(queues: ["tests"], options: .quick()) }

            try await running(processors[0], processors[1], processors[2]) {
                try await registered("report", db)
                for hours in 1...4 {
                    try await advance(db, hours: 1)
                    try await eventually(within: .seconds(10)) { seen.count >= hours }
                }
                try await pass(.milliseconds(600))
            }

            #expect(seen.count == 4 && Set(seen.all).count == 4, "\(seen.all)")
            #expect(try await db.count("jobs.fire", where: "job_id IN (SELECT id FROM jobs.done)") == 4)
        }
    }

    /// The key decides also where somebody settles less than was fired: a clock that was set back, an operator's hand.
    @Test func schedule_thatLooksAtAnInstantAgain_doesNotFireAgain() async throws {
        try await withTestDatabase { db in
            try await beginAtHalfPast(db)
            let queue = makeQueue(db)
            let seen = Collected<Date>()
            queue.registerJob(parameters: Report.self) { report, _ in seen.add(report.fire) }
            queue.schedule(name: "report", on: .hourly(), catchUp: .all(max: 24)) { Report(fire: $0) }

            try await running(queue.processor(queues: ["tests"], options: .quick())) {
                try await registered("report", db)
                try await advance(db, hours: 2)
                try await eventually { seen.count == 2 }
                try await db.run(
                    "UPDATE jobs.schedule SET settled_to = settled_to - '2 hours'::interval, next_fire_at = settled_to")
                try await advance(db, hours: 1)
                try await eventually { seen.count >= 3 }
                try await pass(.milliseconds(500))
            }

            #expect(seen.count == 3 && Set(seen.all).count == 3)
        }
    }

    @Test(arguments: [(JobCatchUp.none, 0), (.latest, 1), (.all(max: 2), 2), (.all(max: 10), 3)])
    func catchUp_afterThreeMissedFires_makesUpForAsManyAsThePolicySays(
        _ catchUp: JobCatchUp, _ count: Int
    ) async throws {
        try await withTestDatabase { db in
            try await beginAtHalfPast(db)
            let seen = Collected<Date>()
            func process() -> JobQueue {
                let queue = makeQueue(db)
                queue.registerJob(parameters: Report.self) { report, _ in seen.add(report.fire) }
                queue.schedule(name: "report", on: .hourly(), catchUp: catchUp) { Report(fire: $0) }
                return queue
            }
            try await running(process().processor(queues: ["tests"], options: .quick())) {
                try await registered("report", db)
            }
            let before = try await db.clock()

            try await advance(db, hours: 3)
            let queue = process()
            try await running(queue.processor(queues: ["tests"], options: .quick(concurrency: 1))) {
                try await eventually {
                    try await queue.schedule("report")?.nextFire.map { $0 > before + 3 * 3_600 } ?? false
                }
                try await db.drained()
                try await pass(.milliseconds(300))
                #expect(seen.count == count)

                // On time it fires whatever the policy.
                try await db.run("UPDATE siyu.environment SET clock_offset = clock_offset + '30 minutes'")
                try await eventually { seen.count == count + 1 }
            }

            #expect(seen.all == seen.all.sorted(), "oldest first")
            let last = try #require(try await queue.schedule("report"))
            #expect(last.lastFire == seen.all.last)
            #expect(last.nextFire == seen.all.last.map { $0 + 3_600 })
        }
    }

    @Test func schedule_inATimeZone_firesByItsClock() async throws {
        try await withTestDatabase { db in
            try await beginAtHalfPast(db)
            let queue = makeQueue(db)
            let seen = Collected<Date>()
            queue.registerJob(parameters: Report.self) { report, _ in seen.add(report.fire) }
            let zone = try #require(TimeZone(identifier: "Asia/Shanghai"))
            queue.schedule(name: "report", on: .daily(hour: 4, timeZone: zone)) { Report(fire: $0) }

            try await running(queue.processor(queues: ["tests"], options: .quick())) {
                try await registered("report", db)
                try await advance(db, hours: 24)
                try await eventually { seen.count == 1 }
            }

            let fire = try #require(seen.all.first)
            #expect(fire.ISO8601Format().hasSuffix("T20:00:00Z"))
            #expect(try await queue.schedule("report")?.rule == "0 4 * * * Asia/Shanghai")
            #expect(try await queue.fires(of: "report").map(\.fireAt) == [fire])
        }
    }

    @Test func schedule_changedUnderItsName_followsTheNewRuleAndLeavesThePastAlone() async throws {
        try await withTestDatabase { db in
            try await beginAtHalfPast(db)
            let seen = Collected<String>()
            func process(_ text: String, _ schedule: Schedule) -> JobQueue {
                let queue = makeQueue(db)
                queue.registerJob(parameters: Note.self) { note, _ in seen.add(note.text) }
                queue.schedule(Note(text: text), name: "note", on: schedule, catchUp: .all(max: 100))
                return queue
            }
            let old = process("old", .hourly())
            let new = process("new", .every(.seconds(4 * 3_600)))

            try await running(old.processor(queues: ["tests"], options: .quick())) {
                try await registered("note", db)
                try await advance(db, hours: 1)
                try await eventually { seen.all == ["old"] }
                // While the old process still runs, as in any deployment.
                try await running(new.processor(queues: ["tests"], options: .quick())) {
                    try await eventually { try await new.schedule("note")?.rule == "every 14400.0 s" }
                    try await advance(db, hours: 8)
                    try await eventually { seen.count >= 3 }
                    try await pass(.milliseconds(600))
                }
            }

            #expect(seen.all == ["old", "new", "new"])
        }
    }

    @Test func pause_keepsAScheduleFromFiringAndIsWrittenDown() async throws {
        try await withTestDatabase { db in
            try await beginAtHalfPast(db)
            let queue = makeQueue(db)
            let boss = makeQueue(db, as: .operator)
            let seen = Collected<String>()
            queue.registerJob(parameters: Note.self) { note, _ in seen.add(note.text) }
            queue.schedule(Note(text: "tea"), name: "note", on: .hourly(), catchUp: .all(max: 100))

            try await running(queue.processor(queues: ["tests"], options: .quick())) {
                try await registered("note", db)
                #expect(try await boss.pauseSchedule("note", reason: "stocktaking", author: "Lin"))
                #expect(try await !boss.pauseSchedule("none", reason: "stocktaking", author: "Lin"))
                #expect(try await boss.schedules().map(\.pauseReason) == ["stocktaking"])
                try await advance(db, hours: 3)
                try await pass(.milliseconds(700))
                #expect(seen.count == 0)

                #expect(try await boss.resumeSchedule("note", author: "Lin"))
                #expect(try await !boss.resumeSchedule("note", author: "Lin"))
                try await advance(db, hours: 1)
                try await eventually { seen.count >= 1 }
                try await pass(.milliseconds(500))
            }

            #expect(seen.all == ["tea"], "what it would have fired meanwhile is left out")
            #expect(try await db.count("jobs.audit", where: "author = 'Lin' AND target = 'note'") == 2)
            await #expect(throws: PostgresError.self, "a service is no operator") {
                try await queue.pauseSchedule("note", reason: "no", author: "siyu")
            }
        }
    }

    /// Registered means: what lies ahead is known.
    private func registered(_ name: String, _ db: TestDatabase) async throws {
        try await eventually { try await db.count("jobs.schedule", where: "name = '\(name)'") == 1 }
    }

    /// So that no hour begins by itself while a test runs, and the last of some missed fires lies half an hour back.
    private func beginAtHalfPast(_ db: TestDatabase) async throws {
        try await db.run(
            """
            UPDATE siyu.environment SET clock_offset =
                date_trunc('hour', clock_timestamp()) + '30 minutes' - clock_timestamp()
            """)
    }

    private func advance(_ db: TestDatabase, hours: Int) async throws {
        try await db.run("UPDATE siyu.environment SET clock_offset = clock_offset + '\(hours) hours'::interval")
    }
}

extension TestDatabase {
    /// The business clock.
    func clock() async throws -> Date {
        try await superuser.one(
            Statement("SELECT siyu.clock()") { row throws(PostgresError) in try row.next(Date.self) })
    }
}
