import CrashWorker
import Foundation
import Glibc
import Jobs
import Postgres
import TestSupport
import Testing

/// Real processes that die, are cut off or are stopped at every boundary between two statements.
///
/// Each round: jobs of all ways are pushed, a victim strikes itself at its boundary, a survivor works on. In the end every
/// job must be done once and every effect must be there once, in a table that would take a second one without a word.
/// With SIYU_CHAOS=full many rounds with random passages, else one of each.
@Suite(.serialized, .timeLimit(.minutes(30)))
struct CrashMatrixTests {
    private static let isFull = ProcessInfo.processInfo.environment["SIYU_CHAOS"] == "full"
    private static let roundsPerField = isFull ? 20 : 1
    private static let jobs = 48
    private static let lease = 2.0

    /// What a round found.
    struct Finding: Sendable {
        var field: String
        var lost = 0
        var duplicates = 0
        /// From the strike to the start of the last job that the victim had held.
        var rescue: Double?
        var fault: String?
    }

    @Test func o02_crashMatrix_losesNoJobAndDoublesNoEffect() async throws {
        var fields: [CrashProcess.Strike] = []
        for boundary in JobBoundary.allCases {
            for kind in [CrashProcess.Strike.Kind.kill, .cut, .sever] {
                // Without a statement there is no connection of it to cut.
                if kind == .cut, boundary.step == .work { continue }
                for _ in 0..<Self.roundsPerField {
                    let passages = boundary.step == .rescue ? 1 : Self.isFull ? 6 : 2
                    fields.append(.init(kind: kind, boundary: boundary, nth: Int.random(in: 1...passages)))
                }
            }
        }

        let findings = try await Self.play(fields, atOnce: 4)

        Self.show(findings)
        for finding in findings {
            #expect(finding.fault == nil, "\(finding.field): \(finding.fault ?? "")")
            #expect(finding.lost == 0, "\(finding.field): lost jobs")
            #expect(finding.duplicates == 0, "\(finding.field): duplicate effects")
        }
    }

    private static func play(_ strikes: [CrashProcess.Strike], atOnce: Int) async throws -> [Finding] {
        try await withThrowingTaskGroup(of: Finding.self) { group in
            var findings: [Finding] = []
            for (index, strike) in strikes.enumerated() {
                if index >= atOnce, let finding = try await group.next() { findings.append(finding) }
                group.addTask { try await round(strike) }
            }
            for try await finding in group { findings.append(finding) }
            return findings
        }
    }

    private static func round(_ strike: CrashProcess.Strike) async throws -> Finding {
        try await withTestDatabase { db in
            var finding = Finding(field: "\(strike.boundary) · \(strike.kind.rawValue)")
            let queue = makeQueue(db, connectionsMax: 2)
            try await db.makeEffectTable()
            var pushed = try await push(0..<jobs, to: queue)
            do {
                if strike.boundary.step == .rescue { try await leaveSomethingToRescue(db) }
                let victim = try CrashProcess(db.conninfo(as: .ingest), lease: lease, strike: strike)
                // Acks and failures travel together: a busy victim may be done before it has passed there often enough.
                try await eventually(within: .seconds(60), every: .milliseconds(5)) {
                    if victim.hasStruck { return true }
                    guard try await db.count("jobs.done") >= pushed.count, !victim.hasStruck else { return false }
                    pushed += try await push(pushed.count..<pushed.count + jobs, to: queue)
                    return false
                }
                let struckAt = try await clock(db)
                if strike.kind == .kill { try await victim.ended() }
                let survivor = try CrashProcess(db.conninfo(as: .reports), lease: lease)
                try await db.drained(within: .seconds(60))
                // Where nothing was left to do it may not have begun to listen to signals.
                try await eventually { try await db.count("jobs.worker", where: "process_id = \(survivor.pid)") == 1 }
                if strike.kind == .kill { finding.rescue = try await lastStart(db) - struckAt }
                if try await !survivor.shutDown() { finding.fault = "the survivor did not end in order" }
                if strike.kind != .kill, try await !victim.shutDown() {
                    finding.fault = "the victim did not end in order"
                }
            } catch {
                finding.fault = "\(error)"
            }
            try await examine(db, pushed, &finding)
            return finding
        }
    }

    @Test func o02_stoppedBeyondTheLease_writesNothingAndGoesOnAfterwards() async throws {
        var findings: [Finding] = []
        let boundaries: [JobBoundary] = [.init(.before, .work), .init(.before, .exchange), .init(.before, .fence)]
        for boundary in boundaries {
            for _ in 0..<(Self.isFull ? 5 : 1) { findings.append(try await Self.stopRound(boundary)) }
        }

        Self.show(findings)
        #expect(findings.allSatisfy { $0.lost == 0 && $0.duplicates == 0 && $0.fault == nil }, "\(findings)")
    }

    private static func stopRound(_ boundary: JobBoundary) async throws -> Finding {
        try await withTestDatabase { db in
            var finding = Finding(field: "\(boundary) · stop, continue")
            let queue = makeQueue(db, connectionsMax: 2)
            try await db.makeEffectTable()
            var pushed = try await push(0..<jobs, to: queue)
            let victim = try CrashProcess(
                db.conninfo(as: .ingest), lease: lease, strike: .init(kind: .stop, boundary: boundary, nth: 3))
            try await victim.struck()
            let struckAt = try await clock(db)
            let survivor = try CrashProcess(db.conninfo(as: .reports), lease: lease)
            do {
                // A victim that was stopped within a transaction holds its rows until the server ends the session.
                try await db.drained(within: .seconds(40))
                finding.rescue = try await lastStart(db) - struckAt
                victim.signal(SIGCONT)
                if try await !survivor.shutDown() { finding.fault = "the survivor did not end in order" }
                // Nobody else is left: these only run if the victim found a new identity.
                pushed += try await push(jobs..<jobs + 12, to: queue)
                try await db.drained(within: .seconds(20))
                if try await !victim.shutDown() { finding.fault = "the victim did not end in order" }
            } catch {
                victim.signal(SIGCONT)
                finding.fault = "\(error)"
            }
            try await examine(db, pushed, &finding)
            return finding
        }
    }

    @Test func o02_immediateRestartOfPostgreSQL_losesNoJobAndDoublesNoEffect() async throws {
        let rounds = Self.isFull ? 15 : 2
        let finding = try await withPrivateCluster { cluster in
            let db = cluster.database
            var finding = Finding(field: "immediate restart of PostgreSQL")
            try await db.makeEffectTable()
            let queue = makeQueue(db, connectionsMax: 2)
            let workers = [
                try CrashProcess(db.conninfo(as: .ingest), lease: Self.lease),
                try CrashProcess(db.conninfo(as: .reports), lease: Self.lease),
            ]
            var pushed: [JobID] = []
            for round in 0..<rounds {
                pushed += try await Self.push(round * 400..<(round + 1) * 400, to: queue)
                await queue.wake(CrashEffect.jobQueue)
                try await pass(.milliseconds(Int.random(in: 20...250)))
                try await cluster.crash()
                try await cluster.start()
                let startedAt = ContinuousClock.now
                try await db.drained(within: .seconds(60))
                finding.rescue = max(finding.rescue ?? 0, (ContinuousClock.now - startedAt) / .seconds(1))
            }
            for worker in workers where try await !worker.shutDown() {
                finding.fault = "a worker did not end in order"
            }
            try await Self.examine(db, pushed, &finding)
            return finding
        }

        Self.show([finding], runs: rounds)
        #expect(finding.lost == 0)
        #expect(finding.duplicates == 0)
        #expect(finding.fault == nil, "\(finding.fault ?? "")")
    }

    // MARK: Parts of a round

    static func push(_ numbers: Range<Int>, to queue: JobQueue) async throws -> [JobID] {
        try await queue.pool.transaction { transaction in
            var ids: [JobID] = []
            for number in numbers {
                let effect = CrashEffect(number: number)
                var options = JobOptions()
                if effect.way == .urgent { options.priority = .highest }
                if number % 8 == 1 { options.delay = .milliseconds(50) }
                ids.append(try await queue.push(effect, options: options, on: transaction))
            }
            return ids
        }
    }

    /// A first victim, killed while it holds jobs, whose lease is over.
    private static func leaveSomethingToRescue(_ db: TestDatabase) async throws {
        let first = try CrashProcess(
            db.conninfo(as: .ingest), lease: 1, strike: .init(kind: .kill, boundary: JobBoundary(.after, .exchange)))
        try await first.ended()
        try await eventually {
            try await db.count("jobs.worker", where: "lease_until < clock_timestamp()") == 1
        }
    }

    static func examine(_ db: TestDatabase, _ pushed: [JobID], _ finding: inout Finding) async throws {
        let effects = try await db.count("(SELECT DISTINCT number FROM public.effect) e")
        let expected = (0..<pushed.count).filter { CrashEffect(number: $0).hasEffect }.count
        let done = try await db.count("(SELECT DISTINCT id FROM jobs.done) d")
        finding.lost = max(pushed.count - done, expected - effects)
        finding.duplicates = try await db.count("public.effect") - effects
        if try await db.count("jobs.done") != done { finding.fault = finding.fault ?? "a job is done twice" }
        if try await db.count("jobs.discarded") > 0 { finding.fault = finding.fault ?? "a job was discarded" }
    }

    static func clock(_ db: TestDatabase) async throws -> Double {
        try await db.superuser.one(seconds("clock_timestamp()"))
    }

    static func lastStart(_ db: TestDatabase) async throws -> Double {
        try await db.superuser.one(seconds("(SELECT max(started_at) FROM jobs.done)"))
    }

    private static func seconds(_ instant: String) -> Statement<Double> {
        Statement("SELECT extract(epoch FROM \(unsafeRaw: instant))::float8") { row throws(PostgresError) in
            try row.next()
        }
    }

    static func show(_ findings: [Finding], runs: Int? = nil) {
        func pad(_ text: String, _ width: Int) -> String {
            text + String(repeating: " ", count: max(0, width - text.count))
        }
        var lines = [pad("fault", 34) + "runs  lost jobs  duplicate effects  rescue at most"]
        for (field, found) in Dictionary(grouping: findings, by: \.field).sorted(by: { $0.key < $1.key }) {
            let rescue = found.compactMap(\.rescue).max().map { String(format: "%.1f s", $0) }
            lines.append(
                pad(field, 34) + pad("\(runs ?? found.count)", 6) + pad("\(found.map(\.lost).reduce(0, +))", 11)
                    + pad("\(found.map(\.duplicates).reduce(0, +))", 19) + (rescue ?? "–"))
        }
        print(lines.joined(separator: "\n"))
    }
}
