import CrashWorker
import Foundation
import Glibc
import Jobs
import Postgres
import TestSupport
import Testing

/// Faults of what the workers stand on: the server, its disk, the line to it, their clocks.
@Suite(.serialized, .timeLimit(.minutes(20)))
struct ServerFaultTests {
    private static let lease = 2.0
    private static let isFull = CrashFinding.isFull

    // MARK: The server

    @Test func o02_immediateRestartOfPostgreSQL_losesNoJobAndDoublesNoEffect() async throws {
        let rounds = min(max(CrashFinding.rounds, 2), 15)
        let finding = try await withPrivateCluster { cluster in
            let db = cluster.database
            var finding = CrashFinding(field: "immediate restart of PostgreSQL")
            finding.runs = rounds
            let queue = makeQueue(db, connectionsMax: 2)
            try await db.makeEffectTable()
            let workers = try Self.workers(db)
            var pushed: [JobID] = []
            for round in 0..<rounds {
                pushed += try await CrashMatrixTests.push(round * 400..<(round + 1) * 400, to: queue)
                await queue.wake(CrashEffect.jobQueue)
                try await pass(.milliseconds(Int.random(in: 20...250)))
                try await cluster.crash()
                try await cluster.start()
                let startedAt = ContinuousClock.now
                try await db.drained(within: .seconds(60))
                finding.rescue = max(finding.rescue ?? 0, (ContinuousClock.now - startedAt) / .seconds(1))
            }
            try await finding.lookForLeftovers(db)
            try await Self.end(workers, &finding)
            try await CrashMatrixTests.examine(db, pushed, &finding)
            return finding
        }
        CrashFinding.expectNothingLost([finding])
    }

    // MARK: Its disk

    /// Needs root, to make a small file system; where that cannot be, the run says so.
    @Test(.enabled(if: SmallDisk.canBeMade, "disk full: NOT RUN, a small file system can only be mounted by root"))
    func o02_diskFullOnTheServer_losesNoJobThatWasPushed() async throws {
        let seconds = Self.isFull ? 10 : 3
        let rounds = min(CrashFinding.rounds, 3)
        var findings: [CrashFinding] = []
        for _ in 0..<rounds { findings.append(try await Self.diskRound(fullFor: .seconds(seconds))) }
        CrashFinding.expectNothingLost(findings)
    }

    private static func diskRound(fullFor duration: Duration) async throws -> CrashFinding {
        try await withPrivateCluster(megabytes: 256) { cluster in
            let db = cluster.database
            var finding = CrashFinding(field: "disk of PostgreSQL full for \(duration)")
            let queue = makeQueue(db, connectionsMax: 2)
            try await db.makeEffectTable()
            let workers = try workers(db)
            // Pushes that were answered are there in the end, whole; those that were not may be.
            var answered: [Range<Int>] = []
            var unanswered: [Range<Int>] = []
            let size = 200
            func push() async throws {
                let first = (answered.count + unanswered.count) * size
                do {
                    _ = try await CrashMatrixTests.push(first..<first + size, to: queue)
                    answered.append(first..<first + size)
                } catch is PostgresError {
                    unanswered.append(first..<first + size)
                }
            }
            try await push()
            let disk = try SmallDisk(of: cluster)
            try disk.fill()
            let until = ContinuousClock.now + duration
            while ContinuousClock.now < until {
                try await push()
                try await pass(.milliseconds(200))
            }
            try disk.empty()
            // A server that found no room for its log ends itself: whoever keeps it running starts it again.
            try await cluster.start()
            let emptiedAt = ContinuousClock.now
            try await push()
            try await db.drained(within: .seconds(60))
            finding.rescue = (ContinuousClock.now - emptiedAt) / .seconds(1)
            try await finding.lookForLeftovers(db)
            try await end(workers, &finding)

            if unanswered.isEmpty { finding.fault = "no push failed: nothing was tested" }
            var expected = answered
            for range in unanswered {
                let some = try await db.count(
                    "public.effect", where: "number >= \(range.lowerBound) AND number < \(range.upperBound)")
                if some > 0 { expected.append(range) }
            }
            let numbers = expected.flatMap { Array($0) }
            let effects = try await db.count("(SELECT DISTINCT number FROM public.effect) e")
            let done = try await db.count("(SELECT DISTINCT id FROM jobs.done) d")
            finding.lost = max(numbers.count - done, numbers.count { CrashEffect(number: $0).hasEffect } - effects)
            finding.duplicates = try await db.count("public.effect") - effects
            try await finding.look(db)
            return finding
        }
    }

    // MARK: The line

    @Test(arguments: [FaultProxy.Direction.toServer, .toClient])
    func o02_lineCutInMidCommit_losesNoJobAndDoublesNoEffect(_ direction: FaultProxy.Direction) async throws {
        let cuts = CrashFinding.rounds * 5 + 7
        let finding = try await withTestDatabase { db in
            var finding = CrashFinding(
                field: direction == .toServer ? "COMMIT cut on its way there" : "COMMIT cut on its way back")
            try await db.makeEffectTable()
            let proxy = try db.proxy()
            defer { proxy.close() }
            var options = JobQueueOptions(usesNotifications: false)
            let armed = Collected<Void>()
            options.faults = JobFaults { boundary, _ in
                guard boundary == JobBoundary(.before, .completion), armed.count < cuts else { return }
                armed.add(())
                // Nothing else is sent at this moment: one job runs, and the pump and the heart are quiet meanwhile.
                proxy.arm(.init(.cut, direction, after: .messages(0)))
            }
            let queue = makeQueue(db, options: options, through: proxy)
            queue.registerJob(
                parameters: CrashEffect.self, retryStrategy: .exponentialJitter(minBackoff: .milliseconds(5))
            ) { parameters, context in
                _ = try await context.complete { try await $0.execute(Self.effect(parameters.number)) }
            }
            let pusher = makeQueue(db, connectionsMax: 2)
            // Numbers of jobs that leave an effect: the rest of the matrix is not about COMMIT.
            let numbers = (0..<cuts).map { $0 * 4 + 1 }
            for number in numbers {
                try await pusher.push(CrashEffect(number: number), options: .init(maxTries: 1_000))
            }
            var quiet = JobProcessorOptions.quick(concurrency: 1, lease: .seconds(60))
            quiet.rescueInterval = .seconds(60)
            let startedAt = ContinuousClock.now
            try await running(queue.processor(queues: [CrashEffect.jobQueue], options: quiet)) {
                try await db.drained(within: .seconds(120))
                try await finding.lookForLeftovers(db)
            }
            finding.rescue = (ContinuousClock.now - startedAt) / .seconds(1) / Double(cuts)
            finding.runs = proxy.fired
            finding.lost = cuts - (try await db.count("(SELECT DISTINCT number FROM public.effect) e"))
            finding.duplicates = try await db.count("public.effect") - cuts + finding.lost
            if proxy.fired < cuts / 2 { finding.fault = "only \(proxy.fired) of \(cuts) cuts took place" }
            if try await db.count("jobs.done") != cuts { finding.fault = "jobs are not done once each" }
            try await finding.look(db)
            return finding
        }
        CrashFinding.expectNothingLost([finding])
    }

    private static func effect(_ number: Int) -> Statement<Void> {
        Statement("INSERT INTO public.effect (number, run_no) VALUES (\(Int32(number)), 0)")
    }

    // MARK: The clocks

    @Test(
        .enabled(
            if: CrashProcess.wrongClock != nil, "wrong clocks: NOT RUN, there is no clang to make one with"
        ),
        arguments: [600, -600])
    func o02_workersWithWrongClocks_areNeitherEarlyNorLateNorTakenForLost(_ skew: Int) async throws {
        var findings: [CrashFinding] = []
        for _ in 0..<min(CrashFinding.rounds, 10) {
            findings.append(try await Self.skewedRound(skew, isKilled: false))
            findings.append(try await Self.skewedRound(skew, isKilled: true))
        }
        CrashFinding.expectNothingLost(findings)
    }

    private static func skewedRound(_ skew: Int, isKilled: Bool) async throws -> CrashFinding {
        try await withTestDatabase { db in
            let clock = "clock of a worker \(abs(skew)) s \(skew < 0 ? "slow" : "fast")"
            var finding = CrashFinding(field: clock + (isKilled ? " · kill" : ""))
            let queue = makeQueue(db, connectionsMax: 2)
            try await db.makeEffectTable()
            // Dies in the middle of its work, or never.
            let strike = CrashProcess.Strike(
                kind: .kill, boundary: .init(.before, .completion), nth: isKilled ? 3 : .max)
            let skewed = try CrashProcess(db.conninfo(as: .ingest), lease: lease, strike: strike, skew: skew)
            guard abs(try await skewed.seenSkew() - skew) < 60 else {
                finding.fault = "the clock is right: nothing was tested"
                return finding
            }
            let beganAt = try await CrashMatrixTests.clock(db)
            let pushed = try await CrashMatrixTests.push(0..<96, to: queue)
            if isKilled { try await skewed.ended() }
            let struckAt = try await CrashMatrixTests.clock(db)
            // The other one is wrong in the other direction.
            let other = try CrashProcess(db.conninfo(as: .reports), lease: lease, skew: -skew)
            try await db.drained(within: .seconds(60))
            try await finding.lookForLeftovers(db)
            // Long enough for a living one to be taken for lost.
            if !isKilled { try await pass(.seconds(lease * 1.5)) }
            if let last = try await CrashMatrixTests.lastStart(db) {
                finding.rescue = last - struckAt
                if !isKilled { finding.fault = "a living worker was taken for lost" }
            }
            let delayed = pushed.indices.filter { CrashEffect(number: $0).options(after: []).delay != nil }
            let ids = delayed.map { "'\(pushed[$0])'" }.joined(separator: ", ")
            // A delay counts from the start of the push's transaction, which under load is long before its last row.
            let early = try await db.count(
                "jobs.done", where: "id IN (\(ids)) AND extract(epoch FROM started_at) < \(beganAt + 0.4)")
            if early > 0 { finding.fault = "\(early) jobs started before they were due" }
            for worker in isKilled ? [other] : [skewed, other] where try await !worker.shutDown() {
                finding.fault = finding.fault ?? "a worker did not end in order"
            }
            try await CrashMatrixTests.examine(db, pushed, &finding)
            return finding
        }
    }

    // MARK: Parts

    private static func workers(_ db: TestDatabase) throws -> [CrashProcess] {
        [
            try CrashProcess(db.conninfo(as: .ingest), lease: lease),
            try CrashProcess(db.conninfo(as: .reports), lease: lease),
        ]
    }

    private static func end(_ workers: [CrashProcess], _ finding: inout CrashFinding) async throws {
        for worker in workers where try await !worker.shutDown() {
            finding.fault = finding.fault ?? "a worker did not end in order"
        }
    }
}
