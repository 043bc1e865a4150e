import Foundation
import Hosting
import Jobs
import Logging
import Postgres
import Schema
import Synchronization

/// What a job of the benchmark carries.
private struct BenchJob: JobParameters {
    static let jobName = "bench.nothing"
    static let jobQueue = "bench"
    let number: Int
}

/// Jobs enqueued and drained, beside `pgbench` running the queue's own SQL.
enum JobsBench {
    private static let single = 2_000
    private static let bulk = 50_000
    private static let bulkStep = 1_000
    private static let claim = 500

    static func run(url: String, pairs: Int) async throws -> [Measurement] {
        try await ScratchDatabase.with(url) { scratch in
            let logger = Logger(label: "siyu.bench")
            let pool = Pool(
                PoolConfiguration(connection: ConnectionConfiguration(url: scratch.url), connectionsMax: 8),
                logger: logger)
            try await Migrator(pool: pool, logger: logger).migrate(environment: .development)
            let bench = Bench(pool: pool, logger: logger, pgbench: try PgBench(connection: scratch.url))
            let figures = [
                try await Measurement.pairs(
                    "enqueue, 1 producer, a commit each", unit: "jobs/s", rawName: "pgbench, the INSERT alone, -c 1",
                    pairs: pairs, ours: { try await bench.pushOneByOne() }, raw: { try await bench.rawInserts() }),
                try await Measurement.pairs(
                    "enqueue, \(bulkStep) a commit", unit: "jobs/s",
                    rawName: "pgbench, the INSERT of \(bulkStep), -c 1",
                    pairs: pairs, ours: { try await bench.pushMany() }, raw: { try await bench.rawBulk() }),
                try await Measurement.pairs(
                    "drain, 1 process", unit: "jobs/s",
                    rawName: "pgbench, claim and ack of \(claim) with the queue's functions, -c 1", pairs: pairs,
                    ours: { try await bench.drain() }, raw: { try await bench.rawDrain() }),
            ]
            await pool.shutdown()
            return figures
        }
    }

    private struct Bench {
        let pool: Pool
        let logger: Logger
        let pgbench: PgBench

        private func emptied() async throws {
            try await pool.execute(BenchStatements.emptyQueue())
        }

        func pushOneByOne() async throws -> Double {
            try await emptied()
            let queue = JobQueue(pool: pool, logger: logger)
            try await queue.push(BenchJob(number: 0))
            return try await rate(single) {
                for number in 1...single { try await queue.push(BenchJob(number: number)) }
            }
        }

        func rawInserts() async throws -> Double {
            try await emptied()
            return try pgbench.transactionsPerSecond(
                script: BenchStatements.insertScript(count: 1), transactions: single)
        }

        func pushMany() async throws -> Double {
            try await emptied()
            let queue = JobQueue(pool: pool, logger: logger)
            return try await rate(bulk) {
                for start in stride(from: 0, to: bulk, by: bulkStep) {
                    let jobs = (start..<start + bulkStep).map(BenchJob.init(number:))
                    _ = try await pool.transaction { try await queue.push(contentsOf: jobs, on: $0) }
                }
            }
        }

        func rawBulk() async throws -> Double {
            try await emptied()
            return try pgbench.transactionsPerSecond(
                script: BenchStatements.insertScript(count: bulkStep), transactions: bulk / bulkStep) * Double(bulkStep)
        }

        private func filled() async throws {
            try await emptied()
            let queue = JobQueue(pool: pool, logger: logger)
            _ = try await pool.transaction { tx in
                try await queue.push(contentsOf: (0..<bulk).map(BenchJob.init(number:)), on: tx)
            }
            try await pool.execute(BenchStatements.vacuumQueue())
        }

        func drain() async throws -> Double {
            try await filled()
            let queue = JobQueue(pool: pool, logger: logger)
            let counter = Counter()
            queue.registerJob(parameters: BenchJob.self) { _, _ in
                if counter.add() == bulk { counter.finish() }
            }
            let processor = queue.processor(queues: [BenchJob.jobQueue])
            return try await rate(bulk) {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { try await processor.run() }
                    await counter.finished()
                    try await awaitEmpty()
                    group.cancelAll()
                    do { try await group.waitForAll() } catch is CancellationError {}
                }
            }
        }

        /// A job is drained when its completion is written down, not when its handler returned.
        private func awaitEmpty() async throws {
            while try await pool.one(BenchStatements.queueDepth()) > 0 { try await Task.sleep(for: .milliseconds(2)) }
        }

        func rawDrain() async throws -> Double {
            try await filled()
            try await pool.execute(BenchStatements.registerRawWorker())
            let queue = try await pool.one(BenchStatements.queueID(BenchJob.jobQueue))
            let script = BenchStatements.drainScript(queue: queue, limit: claim)
            let tps = try pgbench.transactionsPerSecond(
                script: script, transactions: bulk / claim, variables: ["floor": "0"])
            guard try await pool.one(BenchStatements.queueDepth()) == 0 else {
                throw Failure("The raw drain left jobs behind.", .software)
            }
            return tps * Double(claim)
        }
    }
}

/// Counts to a number on many tasks, and tells when it is reached.
private final class Counter: Sendable {
    private let count = Mutex(0)
    private let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() { (stream, continuation) = AsyncStream.makeStream() }

    func add() -> Int {
        count.withLock { count in
            count += 1
            return count
        }
    }

    func finish() { continuation.finish() }
    func finished() async { for await _ in stream {} }
}
