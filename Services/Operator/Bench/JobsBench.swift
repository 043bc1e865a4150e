import Foundation
import Hosting
import Jobs
import Logging
import Postgres
import Schema

/// Jobs pushed and drained as programs do it, each figure beside the raw SQL that could do no better.
struct JobsBench {
    /// What can be measured by itself.
    enum Part: String, CaseIterable {
        case drain, packed, single, transactions, processes, callers, bulk, idle, memory
    }

    static let drained = 100_000
    private static let packed = 200_000
    private static let bulk = 200_000
    private static let single = 8_000
    private static let coalesced = 60_000
    private static let rawClaim = 1_000
    private static let inFlight = 500
    private static let samples = 500
    private static let samplePause = Duration.milliseconds(20)

    private let url: String
    private let pool: Pool
    private let queue: JobQueue
    private let pgbench: PgBench
    private let pairs: Int

    static func run(url: String, pairs: Int, only parts: [Part] = []) async throws -> [Measurement] {
        try await ScratchDatabase.with(url) { scratch in
            let logger = Logger(label: "siyu.bench")
            let pool = Pool(
                PoolConfiguration(connection: ConnectionConfiguration(url: scratch.url), connectionsMax: 8),
                logger: logger)
            try await Migrator(pool: pool, logger: logger).migrate(environment: .development)
            try await pool.execute(JobsBenchStatements.addTupleStatistics())
            let bench = JobsBench(
                url: scratch.url, pool: pool, queue: JobQueue(pool: pool, logger: logger),
                pgbench: try PgBench(connection: scratch.url), pairs: pairs)
            try await bench.warmUp()
            var figures: [Measurement] = []
            for part in Part.allCases where parts.isEmpty || parts.contains(part) {
                figures += try await bench.measure(part)
            }
            await pool.shutdown()
            return figures
        }
    }

    /// Names get their numbers, connections and caches get warm.
    private func warmUp() async throws {
        try await queue.push(BenchJob(number: 0))
        try await queue.push(packed: [PackedBenchJob(number: 0)])
        _ = try await drain(processes: 1, jobs: 5_000)
    }

    private func measure(_ part: Part) async throws -> [Measurement] {
        switch part {
        case .drain: try await drains()
        case .packed: try await packedDrains()
        case .single, .transactions, .processes, .callers, .bulk: [try await pushes(part)]
        case .idle: try await idle()
        case .memory:
            [.alone("resident memory, \(Self.inFlight) jobs in flight", unit: "MiB", samples: [try await memory()])]
        }
    }

    private func emptied() async throws { try await pool.execute(BenchStatements.emptyQueue()) }

    // MARK: Drain

    private struct Drain {
        var rate: Double
        var walBytes: Double
        var deadTuples: Double
    }

    private func drains() async throws -> [Measurement] {
        var one: [(ours: Double, raw: Double)] = []
        var two: [(ours: Double, raw: Double)] = []
        var ratio: [(ours: Double, raw: Double)] = []
        var wal: [Double] = []
        var dead: [Double] = []
        for pair in 1...pairs {
            Terminal.progress("drain: pair \(pair) of \(pairs)")
            let single = try await drain(processes: 1, jobs: Self.drained)
            one.append((single.rate, try await rawDrain(clients: 1)))
            let double = try await drain(processes: 2, jobs: Self.drained)
            two.append((double.rate, try await rawDrain(clients: 2)))
            ratio.append((double.rate, single.rate))
            wal += [single.walBytes, double.walBytes]
            dead += [single.deadTuples, double.deadTuples]
        }
        Terminal.endProgress()
        let rawName = "pgbench, claim and done of \(Self.rawClaim) on a plain table"
        return [
            .together("drain, 1 worker process", unit: "jobs/s", rawName: "\(rawName), -c 1", samples: one),
            .together("drain, 2 worker processes", unit: "jobs/s", rawName: "\(rawName), -c 2", samples: two),
            .together("drain, 2 processes beside 1", unit: "jobs/s", rawName: "ours, 1 process", samples: ratio),
            .alone("WAL of a drained job", unit: "bytes", samples: wal),
            .alone("dead tuples after \(Self.drained) jobs", unit: "rows", samples: dead),
        ]
    }

    private func packedDrains() async throws -> [Measurement] {
        var packs: [Double] = []
        for _ in 1...pairs { packs.append(try await drainPacked()) }
        return [.alone("drain of packed jobs, 1 process", unit: "jobs/s", samples: packs)]
    }

    private func drain(processes: Int, jobs: Int) async throws -> Drain {
        try await emptied()
        try await queue.push(contentsOf: (0..<jobs).map { BenchJob(number: $0) })
        try await pool.execute(BenchStatements.vacuumQueue())
        return try await drainAll(processes: processes, handlerCalls: jobs, rows: jobs)
    }

    private func drainPacked() async throws -> Double {
        try await emptied()
        let packs = try await queue.push(packed: (0..<Self.packed).map { PackedBenchJob(number: $0) })
        try await pool.execute(BenchStatements.vacuumQueue())
        return try await drainAll(processes: 1, handlerCalls: Self.packed, rows: packs.count).rate
    }

    /// Lets worker processes loose on what lies there, until all of it is written down as done.
    private func drainAll(processes: Int, handlerCalls: Int, rows: Int) async throws -> Drain {
        var workers: [BenchWorker] = []
        for _ in 0..<processes { workers.append(try await BenchWorker(url: url)) }
        defer { for worker in workers { worker.end() } }
        let wal = try await pool.one(JobsBenchStatements.walPosition())
        let seconds = try await ContinuousClock().measure {
            for worker in workers { try worker.go() }
            try await until("the drain") { workers.reduce(0) { $0 + $1.ended } >= handlerCalls }
            while try await !pool.one(JobsBenchStatements.isDrained()) { try await Task.sleep(for: .milliseconds(2)) }
        }.inSeconds
        let written = try await pool.one(JobsBenchStatements.walPosition()) - wal
        let dead = try await pool.one(JobsBenchStatements.deadTuples())
        let (calls, done) = (workers.reduce(0) { $0 + $1.ended }, try await pool.one(JobsBenchStatements.doneCount()))
        guard calls == handlerCalls, done == rows else {
            throw Failure("\(handlerCalls) jobs were pushed, \(calls) run and \(done) rows noted as done.", .software)
        }
        return Drain(
            rate: Double(handlerCalls) / seconds, walBytes: Double(written) / Double(handlerCalls),
            deadTuples: Double(dead))
    }

    private func until(_ what: String, _ condition: () -> Bool) async throws {
        let start = ContinuousClock.now
        while !condition() {
            guard .now - start < .seconds(120) else { throw Failure("\(what): it never ended.", .software) }
            try await Task.sleep(for: .milliseconds(2))
        }
    }

    private func rawDrain(clients: Int) async throws -> Double {
        try await pool.execute(JobsBenchStatements.makeRawQueue())
        try await pool.execute(JobsBenchStatements.fillRawQueue(Self.drained))
        try await pool.execute(JobsBenchStatements.vacuumRawQueue())
        // Clients that meet take less than their share; a few turns more leave nothing behind.
        let turns = Self.drained / Self.rawClaim / clients + (clients == 1 ? 0 : 10)
        let perSecond = try pgbench.transactionsPerSecond(
            script: JobsBenchStatements.rawDrainScript(limit: Self.rawClaim), transactions: turns, clients: clients)
        guard try await pool.one(JobsBenchStatements.rawLeft()) == 0 else {
            throw Failure("The raw drain left jobs behind.", .software)
        }
        return Double(Self.drained) * perSecond / Double(turns * clients)
    }

    // MARK: Push

    private func pushes(_ part: Part) async throws -> Measurement {
        let insert = "pgbench, the INSERT alone"
        return switch part {
        case .single:
            try await .pairs(
                "enqueue, 1 producer, a commit each", unit: "jobs/s", rawName: "\(insert), -c 1", pairs: pairs,
                ours: { try await push(Self.single / 4, callers: 1) },
                raw: { try await rawInserts(clients: 1, turns: Self.single / 4) })
        case .transactions:
            try await .pairs(
                "enqueue, 8 producers, a transaction each", unit: "jobs/s", rawName: "\(insert), -c 8", pairs: pairs,
                ours: { try await pushInTransactions(Self.single, producers: 8) },
                raw: { try await rawInserts(clients: 8, turns: Self.single / 8) })
        case .processes:
            try await .pairs(
                "enqueue, 8 producers, 2 processes of 4", unit: "jobs/s", rawName: "\(insert), -c 8", pairs: pairs,
                ours: { try await pushInProcesses(Self.single, processes: 2) },
                raw: { try await rawInserts(clients: 8, turns: Self.single / 8) })
        case .callers:
            try await .pairs(
                "enqueue, 64 callers of one process", unit: "jobs/s", rawName: "pgbench, INSERT of 32, -c 2",
                pairs: pairs,
                ours: { try await push(Self.coalesced, callers: 64) },
                raw: { try await rawInserts(clients: 2, turns: Self.coalesced / 64, rows: 32) })
        case .bulk:
            try await .pairs(
                "enqueue in bulk", unit: "jobs/s", rawName: "psql, \\copy into the same table", pairs: pairs,
                ours: { try await pushInBulk() }, raw: { try await rawCopy() })
        case .drain, .packed, .idle, .memory: preconditionFailure("no push")
        }
    }

    /// Each caller waits for its own job's commit before it pushes the next.
    private func push(_ count: Int, callers: Int) async throws -> Double {
        try await emptied()
        let perSecond = try await rate(count) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for caller in 0..<callers {
                    group.addTask {
                        for number in 0..<count / callers {
                            try await queue.push(BenchJob(number: caller * count + number))
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
        return try await verified(perSecond, count / callers * callers)
    }

    private func pushInProcesses(_ count: Int, processes: Int) async throws -> Double {
        try await emptied()
        var producers: [BenchWorker] = []
        for _ in 0..<processes { producers.append(try await BenchWorker(url: url, push: count / processes)) }
        defer { for producer in producers { producer.end() } }
        for producer in producers { try producer.go() }
        try await until("the pushes") { producers.allSatisfy { $0.took != nil } }
        let times = producers.compactMap(\.took)
        let nanoseconds = (times.map(\.to).max() ?? 0) - (times.map(\.from).min() ?? 0)
        // Each of them pushed one in advance.
        return try await verified(Double(count) * 1e9 / Double(nanoseconds), count + processes)
    }

    private func pushInTransactions(_ count: Int, producers: Int) async throws -> Double {
        try await emptied()
        let perSecond = try await rate(count) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for producer in 0..<producers {
                    group.addTask {
                        for number in 0..<count / producers {
                            let job = BenchJob(number: producer * count + number)
                            _ = try await pool.transaction { try await queue.push(job, on: $0) }
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
        return try await verified(perSecond, count / producers * producers)
    }

    private func pushInBulk() async throws -> Double {
        try await emptied()
        let jobs = (0..<Self.bulk).map { BenchJob(number: $0) }
        let perSecond = try await rate(jobs.count) { _ = try await queue.push(contentsOf: jobs) }
        return try await verified(perSecond, jobs.count)
    }

    private func verified(_ perSecond: Double, _ count: Int) async throws -> Double {
        let found = try await pool.one(BenchStatements.queueDepth())
        guard found == count else { throw Failure("\(count) jobs were pushed and \(found) are there.", .software) }
        return perSecond
    }

    private func rawInserts(clients: Int, turns: Int, rows: Int = 1) async throws -> Double {
        try await emptied()
        return try pgbench.transactionsPerSecond(
            script: BenchStatements.insertScript(count: rows), transactions: turns, clients: clients) * Double(rows)
    }

    private func rawCopy() async throws -> Double {
        try await emptied()
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("siyu-bench-\(UUID().uuidString).copy")
        defer { try? FileManager.default.removeItem(at: file) }
        try Data(JobsBenchStatements.copyLines(Self.bulk) { UUID().uuidString }.utf8).write(to: file)
        return try await rate(Self.bulk) { try pgbench.psql(JobsBenchStatements.copyCommand(file: file.path)) }
    }

    // MARK: Idle

    private func idle() async throws -> [Measurement] {
        let starts = try await startLatencies()
        return [
            .alone("enqueue to start when idle, p50", unit: "ms", samples: starts.map(\.p50)),
            .alone("enqueue to start when idle, p99", unit: "ms", samples: starts.map(\.p99)),
        ]
    }

    private func startLatencies() async throws -> [(p50: Double, p99: Double)] {
        try await emptied()
        let worker = try await BenchWorker(url: url)
        defer { worker.end() }
        try worker.go()
        try await Task.sleep(for: .seconds(1))
        var found: [(p50: Double, p99: Double)] = []
        for round in 1...3 {
            Terminal.progress("idle: round \(round) of 3")
            let before = worker.starts.count
            for number in 0..<Self.samples {
                try await Task.sleep(for: Self.samplePause)
                try await queue.push(BenchJob(number: number, sentAt: monotonicNanoseconds()))
            }
            try await until("the last start") { worker.starts.count == before + Self.samples }
            let sorted = worker.starts[before...].sorted()
            found.append((sorted[sorted.count / 2], sorted[sorted.count * 99 / 100]))
        }
        Terminal.endProgress()
        return found
    }

    private func memory() async throws -> Double {
        try await emptied()
        try await queue.push(contentsOf: (0..<Self.inFlight * 2).map { BenchJob(number: $0) })
        let worker = try await BenchWorker(url: url, concurrency: Self.inFlight, hold: 3_000)
        defer { worker.end() }
        try worker.go()
        try await until("the start of \(Self.inFlight) jobs") { worker.begun >= Self.inFlight }
        let mebibytes = try worker.residentMebibytes()
        try await until("the end of the jobs") { worker.ended >= Self.inFlight * 2 }
        return max(mebibytes, try worker.residentMebibytes())
    }
}
