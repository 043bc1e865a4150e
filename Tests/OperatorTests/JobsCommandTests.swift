import ArgumentParser
import Foundation
import Kernel
import Logging
import Postgres
import TestSupport
import Testing

@testable import Jobs
@testable import Operator

/// A kind that calls a provider.
private struct Called: JobParameters {
    static let jobName = "test.called"
    static let jobQueue = "tests"
    static let jobQuota: JobQuota? = JobQuota("provider", runningMax: 2)
    var number = 0
}

/// The queue by hand.
struct JobsCommandTests {
    private func run(_ arguments: [String]) async throws {
        var command = try #require(try Siyu.parseAsRoot(["jobs"] + arguments) as? any AsyncParsableCommand)
        try await command.run()
    }

    /// Runs `body` with a queue of a service's, and the options that every command takes.
    private func withQueue(
        _ body: (_ db: TestDatabase, _ queue: JobQueue, _ database: [String]) async throws -> Void
    ) async throws {
        try await withTestDatabase { db in
            let queue = JobQueue(pool: db.pool(as: .gifts), logger: .silent)
            try await body(db, queue, ["--database-url", db.conninfo(as: .operator)])
        }
    }

    private func count(_ sql: SQL, _ db: TestDatabase) async throws -> Int {
        try await db.owner.one(Statement(sql) { row throws(PostgresError) in try row.next() })
    }

    @Test(arguments: [[], ["--json"]])
    func looks_answerInBothForms(_ form: [String]) async throws {
        try await withQueue { _, queue, database in
            let job = try await queue.push(Called(number: 1), options: .init(brand: UUID(), key: "order 7"))
            let gone = try await queue.push(Called(number: 2))
            #expect(try await queue.cancel(gone))
            for look in [
                ["stats"], ["stats", "--kinds"], ["list"], ["list", "tests", "--state", "waiting", "--newest"],
                ["list", "--kind", "test.called", "--key", "order 7"], ["running"], ["show", "\(job)"],
                ["show", "\(gone)"], ["workers"], ["schedules"], ["pauses"],
                ["discarded", "tests", "--discarded-for", "cancelled"],
                ["redrive", "--dry-run"], ["quotas"], ["audit"],
            ] {
                try await run(look + database + form)
            }
        }
    }

    @Test func pauseAndResume_byEachScope_areWrittenDown() async throws {
        try await withQueue { db, queue, database in
            try await queue.push(Called(number: 1))
            let brand = try await Brands.create(.mint(), name: "brand", on: db.pool(as: .operator)).brand
            let why = ["--reason", "down since 9", "--author", "Li"]
            try await run(["pause", "tests"] + why + database)
            try await run(["pause", "--quota", "provider", "--for", "2h"] + why + database + ["--json"])
            try await run(["pause", "tests", "--kind", "test.called", "--brand", "\(brand)"] + why + database)
            #expect(try await count("SELECT count(*) FROM jobs.pause WHERE until < 'infinity'", db) == 1)

            try await run(["resume", "tests"] + database)
            try await run(["resume", "--quota", "provider", "--reason", "up", "--author", "Wu"] + database)
            try await run(["resume", "--id", "3"] + database)

            #expect(try await count("SELECT count(*) FROM jobs.pause", db) == 0)
            let byLi: SQL = "SELECT count(*) FROM jobs.audit WHERE author = 'Li' AND reason = 'down since 9'"
            #expect(try await count(byLi, db) == 3)
            let byWu: SQL = "SELECT count(*) FROM jobs.audit WHERE author = 'Wu' AND reason = 'up'"
            #expect(try await count(byWu, db) == 1)
            let byUser: SQL = "SELECT count(*) FROM jobs.audit WHERE author = \(NSUserName())"
            #expect(try await count(byUser, db) == 2)
        }
    }

    @Test func acts_onWhatIsNotThere_sayWhatWouldHelp() async throws {
        try await withQueue { _, queue, database in
            try await queue.push(Called(number: 1))
            let nobody = UUID().uuidString
            for (act, part) in [
                (["pause", "nowhere", "--reason", "x"], "siyu jobs stats"),
                (["pause", "--kind", "nothing", "--reason", "x"], "siyu jobs stats --kinds"),
                (["pause", "--quota", "nothing", "--reason", "x"], "siyu jobs quotas"),
                (["pause", "--brand", nobody, "--reason", "x"], "siyu brand list"),
                (["pause", "--reason", "x"], "Name a queue"),
                (["pause", "tests", "--reason", "x", "--until", "2020-01-01T00:00:00Z"], "later end"),
                (["resume", "tests"], "siyu jobs pauses"), (["resume", "--id", "9"], "siyu jobs pauses"),
                (["show", nobody], "forgotten"), (["retry", nobody], "siyu jobs show"),
                (["cancel", nobody, "--reason", "x"], "Nothing was cancelled"),
                (["cancel", "--kind", "test.called", "--key", "x"], "No job of test.called"),
                (["quota", "set", "nothing", "--fair", "--reason", "x"], "siyu jobs quotas"),
                (["schedules", "fires", "nothing"], "siyu jobs schedules"),
                (["schedules", "pause", "nothing", "--reason", "x"], "siyu jobs schedules"),
                (["schedules", "resume", "nothing"], "siyu jobs schedules"),
            ] {
                let failure = await #expect(throws: Failure.self) { try await run(act + database) }
                #expect(failure?.sentence.contains(part) == true, "\(act): \(failure?.sentence ?? "")")
            }
        }
    }

    @Test(arguments: [
        ["cancel"], ["cancel", "--kind", "x"], ["cancel", "--key", "x"], ["list", "--key", "x"], ["resume"],
        ["resume", "tests", "--id", "1"], ["redrive"], ["redrive", "--dry-run", "--limit", "0"],
        ["quota", "set", "x", "--reason", "x", "--weight", "2"],
        ["quota", "set", "x", "--reason", "x", "--per-second", "0"], ["discarded", "--discarded-for", "nothing"],
        ["pause", "tests", "--reason", "x", "--for", "2 hours"],
    ])
    func commandLine_thatCannotBeMeant_isRefused(_ arguments: [String]) {
        #expect(throws: (any Error).self) { try Siyu.parseAsRoot(["jobs"] + arguments) }
    }

    @Test func cancelRedriveAndQuota_act() async throws {
        try await withQueue { db, queue, database in
            let first = try await queue.push(Called(number: 1), options: .init(key: "order 7"))
            try await queue.push(Called(number: 2), options: .init(key: "order 8"))
            let act = ["--reason", "pushed twice", "--author", "Li"]

            try await run(["cancel", "--kind", "test.called", "--key", "order 7"] + act + database)
            #expect(try await queue.job(first)?.record.error == "cancelled by Li: pushed twice")
            try await run(["retry", "\(first)"] + database)
            #expect(try await queue.job(first)?.record.state == .waiting)
            try await run(["cancel", "\(first)"] + act + database + ["--json"])

            try await run(["redrive", "--dry-run"] + database + ["--json"])
            #expect(try await count("SELECT count(*) FROM jobs.discarded", db) == 1)
            try await run(["redrive", "tests", "--error", "cancelled by Li", "--per-second", "20"] + act + database)
            #expect(try await count("SELECT count(*) FROM jobs.discarded", db) == 0)

            let set = ["quota", "set", "provider", "--reason", "theirs"]
            try await run(set + ["--running-max", "5", "--per-second", "20", "--burst", "3", "--fair"] + database)
            let expected: SQL = """
                SELECT count(*) FROM jobs.quota
                WHERE running_max = 5 AND rate_interval = INTERVAL '50 ms' AND burst = 3 AND is_fair
                """
            #expect(try await count(expected, db) == 1)
            try await run(set + ["--running-max", "none", "--no-fair"] + database + ["--json"])
            try await run(set + ["--brand", "\(ID<Brand>.mint())", "--weight", "2.5"] + database)
            let lifted: SQL = "SELECT count(*) FROM jobs.quota WHERE running_max IS NULL AND NOT is_fair"
            #expect(try await count(lifted, db) == 1)
            #expect(try await count("SELECT count(*) FROM jobs.share WHERE weight = 2.5", db) == 1)
        }
    }

    @Test func schedules_pausedAndResumed_areWrittenDown() async throws {
        try await withQueue { db, _, database in
            try await db.superuser.execute(
                Statement<Void>(
                    """
                    INSERT INTO jobs.schedule (name, rule, queue, kind, catch_up, settled_to)
                    VALUES ('nightly', '0 4 * * * GMT', 'tests', 'test.called', 'latest', now())
                    """))
            try await run(["schedules", "pause", "nightly", "--reason", "books", "--author", "Li"] + database)
            try await run(["schedules", "list", "--json"] + database)
            try await run(["schedules", "fires", "nightly"] + database)
            try await run(["schedules", "resume", "nightly", "--author", "Wu"] + database)

            let expected: SQL = "SELECT count(*) FROM jobs.audit WHERE target = 'nightly' AND author IN ('Li', 'Wu')"
            #expect(try await count(expected, db) == 2)
            #expect(try await count("SELECT count(*) FROM jobs.schedule WHERE paused_at IS NULL", db) == 1)
        }
    }

    // MARK: The doctor

    @Test func doctor_ofAQueueInTrouble_saysWhatIsWrong() async throws {
        try await withQueue { db, queue, _ in
            let pool = db.pool(as: .operator)
            let fine = try await QueueDoctor.findings(on: pool)
            let isFine = fine.allSatisfy(\.isFine)
            #expect(isFine, "\(fine)")

            try await db.superuser.execute(
                Statement<Void>("INSERT INTO jobs.queue (name) VALUES ('tests')"))
            try await db.superuser.execute(
                Statement<Void>("INSERT INTO jobs.kind (name) VALUES ('test.old')"))
            try await db.superuser.execute(
                Statement<Void>(
                    """
                    INSERT INTO jobs.hot (queue_id, kind_id, id, priority, payload, ready_at)
                    VALUES (1, 1, gen_random_uuid(), 2, '{}', clock_timestamp() - INTERVAL '2 hours')
                    """))
            try await db.superuser.execute(
                Statement<Void>(
                    """
                    INSERT INTO jobs.discarded (id, queue_id, kind_id, enqueued_at, run_no, tries, crashes, priority,
                        max_tries, reason, last_error, payload)
                    SELECT gen_random_uuid(), 1, 1, now(), 1, 1, 0, 2, 0, r, 'x', '{}'
                    FROM unnest('{poison,cancelled}'::text[]) r
                    """))

            let findings = try await QueueDoctor.findings(on: pool)
            #expect(findings.filter { !$0.isFine }.map(\.check) == ["queue", "lateness", "workers"])
            #expect(findings[0].detail.contains("1 poison in tests"))
            #expect(!findings[0].detail.contains("cancelled in"))
            #expect(findings[1].detail.contains("2h 0m"))
            #expect(findings[2].detail.contains("Nobody works tests"))
        }
    }

    @Test func horizon_heldTooLong_isWrong() {
        let holder = JobHorizonHolder(
            kind: "session", processID: 7, name: "psql", user: "li", activity: "idle in transaction",
            transactions: 1_000, age: .seconds(3_600))

        let finding = QueueDoctor.horizon([holder])

        #expect(!finding.isFine)
        #expect(finding.detail.contains("session psql of li, pid 7, idle in transaction"))
        #expect(finding.detail.contains("for 1h 0m"))
        #expect(QueueDoctor.horizon([]).isFine)
    }

    @Test(arguments: [
        (Duration.milliseconds(250), "0.25 s"), (.seconds(42), "42 s"), (.seconds(725), "12m 5s"),
        (.seconds(90_000), "1d 1h"), (.seconds(7_260), "2h 1m"), (.seconds(-3), "over"),
    ])
    func duration_short_hasTheTwoUnitsThatMatter(_ duration: Duration, _ text: String) {
        #expect(duration.short == text)
    }
}
