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
/// With SIYU_CHAOS=full twenty rounds of every field with random passages (or as many as it says), else every boundary once.
@Suite(.serialized, .timeLimit(.minutes(30)))
struct CrashMatrixTests {
    private static let jobs = 48
    private static let lease = 2.0
    private static let isFull = CrashFinding.isFull

    @Test func o02_crashMatrix_losesNoJobAndDoublesNoEffect() async throws {
        var fields: [CrashProcess.Strike] = []
        for boundary in JobBoundary.allCases {
            // Without a statement there is no connection of it to cut.
            let all: [CrashProcess.Strike.Kind] = boundary.step == .work ? [.kill, .sever] : [.kill, .cut, .sever]
            for kind in Self.isFull ? all : all.shuffled().suffix(1) {
                for _ in 0..<CrashFinding.rounds {
                    let passages = boundary.step == .rescue ? 1 : Self.isFull ? 6 : 2
                    fields.append(.init(kind: kind, boundary: boundary, nth: Int.random(in: 1...passages)))
                }
            }
        }

        let findings = try await Self.play(fields, atOnce: 4)

        CrashFinding.expectNothingLost(findings)
    }

    private static func play(_ strikes: [CrashProcess.Strike], atOnce: Int) async throws -> [CrashFinding] {
        try await withThrowingTaskGroup(of: CrashFinding.self) { group in
            var findings: [CrashFinding] = []
            for (index, strike) in strikes.enumerated() {
                if index >= atOnce, let finding = try await group.next() { findings.append(finding) }
                group.addTask { try await round(strike) }
            }
            for try await finding in group { findings.append(finding) }
            return findings
        }
    }

    private static func round(_ strike: CrashProcess.Strike) async throws -> CrashFinding {
        try await withTestDatabase { db in
            var finding = CrashFinding(field: "\(strike.boundary) · \(strike.kind.rawValue)")
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
                try await finding.look(db)
                let survivor = try CrashProcess(db.conninfo(as: .reports), lease: lease)
                try await db.drained(within: .seconds(60))
                try await finding.lookForLeftovers(db)
                // Where nothing was left to do it may not have begun to listen to signals.
                try await eventually { try await db.count("jobs.worker", where: "process_id = \(survivor.pid)") == 1 }
                if strike.kind == .kill { finding.rescue = try await lastStart(db).map { $0 - struckAt } }
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
        let boundaries: [JobBoundary] = [.init(.before, .work), .init(.before, .exchange), .init(.before, .fence)]
        let findings = try await withThrowingTaskGroup(of: [CrashFinding].self) { group in
            for boundary in boundaries {
                group.addTask {
                    var findings: [CrashFinding] = []
                    for _ in 0..<min(CrashFinding.rounds, 8) { findings.append(try await Self.stopRound(boundary)) }
                    return findings
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        CrashFinding.expectNothingLost(findings)
    }

    private static func stopRound(_ boundary: JobBoundary) async throws -> CrashFinding {
        try await withTestDatabase { db in
            var finding = CrashFinding(field: "\(boundary) · stop, continue")
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
                finding.rescue = try await lastStart(db).map { $0 - struckAt }
                try await finding.lookForLeftovers(db)
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

    // MARK: Parts of a round

    static func push(_ numbers: Range<Int>, to queue: JobQueue) async throws -> [JobID] {
        try await queue.pool.transaction { transaction in
            var ids: [JobID] = []
            for number in numbers {
                let effect = CrashEffect(number: number)
                let options = effect.options(after: ids)
                ids.append(
                    effect.isGated
                        ? try await queue.push(GatedEffect(effect), options: options, on: transaction)
                        : try await queue.push(effect, options: options, on: transaction))
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

    static func examine(_ db: TestDatabase, _ pushed: [JobID], _ finding: inout CrashFinding) async throws {
        let effects = try await db.count("(SELECT DISTINCT number FROM public.effect) e")
        let expected = (0..<pushed.count).filter { CrashEffect(number: $0).hasEffect }.count
        let done = try await db.count("(SELECT DISTINCT id FROM jobs.done) d")
        finding.lost = max(pushed.count - done, expected - effects)
        finding.duplicates = try await db.count("public.effect") - effects
        if try await db.count("jobs.done") != done { finding.fault = finding.fault ?? "a job is done twice" }
        if try await db.count("jobs.discarded") > 0 { finding.fault = finding.fault ?? "a job was discarded" }
        try await finding.look(db)
    }

    static func clock(_ db: TestDatabase) async throws -> Double {
        try await db.superuser.one(seconds("clock_timestamp()"))
    }

    /// When the last of the jobs that were lost with their process began again; nil if none were.
    static func lastStart(_ db: TestDatabase) async throws -> Double? {
        try await db.superuser.one(
            seconds(
                """
                (SELECT max(d.started_at) FROM jobs.done d
                 WHERE d.id IN (SELECT a.id FROM jobs.attempt a WHERE a.error = 'process lost'))
                """))
    }

    private static func seconds<Value: PostgresDecodable>(_ instant: String) -> Statement<Value> {
        Statement("SELECT extract(epoch FROM \(unsafeRaw: instant))::float8") { row throws(PostgresError) in
            try row.next()
        }
    }
}
