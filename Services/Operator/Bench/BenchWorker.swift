import ArgumentParser
import Foundation
import Hosting
import Jobs
import Logging
import Postgres
import Synchronization

/// What a job of the benchmark carries: about thirty bytes.
struct BenchJob: JobParameters {
    static let jobName = "bench.nothing"
    static let jobQueue = "bench"
    let number: Int
    var word = "tea"
    /// The machine's monotonic clock just before the push, in nanoseconds; nil where nobody asks how soon it starts.
    var sentAt: UInt64?
}

/// The same, pushed in packs.
struct PackedBenchJob: JobParameters {
    static let jobName = "bench.packed"
    static let jobQueue = "bench"
    let number: Int
    var word = "tea"
}

/// The machine's monotonic clock in nanoseconds, the same for all processes.
func monotonicNanoseconds() -> UInt64 { DispatchTime.now().uptimeNanoseconds }

/// A worker process of the queue's benchmark: started by `siyu bench jobs`, not by people.
///
/// Says `ready`, begins at a line on its standard input, tells what it ran, and ends with the input.
struct BenchWorkerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench-worker", abstract: "A worker process of `siyu bench jobs`.", shouldDisplay: false)

    @Option(help: "Jobs at once.") var concurrency = 16
    @Option(help: "How long each job takes, in milliseconds.") var hold = 0
    @Option(help: "Jobs to push instead of running any.") var push = 0
    @Option(help: "Callers that push at once.") var callers = 4
    @OptionGroup var database: DatabaseOptions

    func run() async throws {
        let logger = Logger(label: "siyu.bench")
        let pool = Pool(
            PoolConfiguration(connection: ConnectionConfiguration(url: database.url), connectionsMax: 4),
            logger: logger)
        let queue = JobQueue(pool: pool, logger: logger)
        if push > 0 {
            try await produce(queue)
            return await pool.shutdown()
        }
        let tally = Tally()
        let hold = Duration.milliseconds(hold)
        queue.registerJob(parameters: BenchJob.self) { job, _ in
            if let sentAt = job.sentAt { tally.note(monotonicNanoseconds() - sentAt) }
            tally.begin()
            if hold > .zero { try await Task.sleep(for: hold) }
            tally.end()
        }
        queue.registerPackedJob(parameters: PackedBenchJob.self) { _, _ in tally.end() }
        let processor = queue.processor(queues: [BenchJob.jobQueue], options: .init(concurrency: concurrency))
        let lines = Self.inputLines()
        Terminal.say("ready")
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await tally.report() }
            for await _ in lines { break }
            group.addTask { try await processor.run() }
            for await _ in lines {}
            group.cancelAll()
            do { try await group.waitForAll() } catch is CancellationError {}
        }
        await pool.shutdown()
    }

    /// Each caller waits for its own job's commit before it pushes the next.
    private func produce(_ queue: JobQueue) async throws {
        try await queue.push(BenchJob(number: -1))
        Terminal.say("ready")
        let lines = Self.inputLines()
        for await _ in lines { break }
        let share = push / callers
        let start = monotonicNanoseconds()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for caller in 0..<callers {
                group.addTask {
                    for number in 0..<share { try await queue.push(BenchJob(number: caller * share + number)) }
                }
            }
            try await group.waitForAll()
        }
        Terminal.say("took \(start) \(monotonicNanoseconds())")
        for await _ in lines {}
    }

    /// The lines of the standard input: reading blocks, hence a thread.
    private static func inputLines() -> AsyncStream<String> {
        AsyncStream { continuation in
            Thread.detachNewThread {
                while let line = readLine() { continuation.yield(line) }
                continuation.finish()
            }
        }
    }
}

/// What a worker ran, told to its parent now and then.
private final class Tally: Sendable {
    private let running = Atomic(0)
    private let ended = Atomic(0)
    private let starts = Mutex<[UInt64]>([])

    func begin() { running.add(1, ordering: .relaxed) }

    func end() { ended.add(1, ordering: .relaxed) }

    /// How long a job took from its push to its start.
    func note(_ nanoseconds: UInt64) { starts.withLock { $0.append(nanoseconds) } }

    func report() async {
        var told = (0, 0)
        while !Task.isCancelled {
            let now = (running.load(ordering: .relaxed), ended.load(ordering: .relaxed))
            let starts = starts.withLock { starts in
                defer { starts = [] }
                return starts
            }
            for start in starts { Terminal.say("start \(start)") }
            if now != told { Terminal.say("count \(now.0) \(now.1)") }
            told = now
            // Ended by cancellation alone.
            try? await Task.sleep(for: .milliseconds(10))
        }
    }
}

/// A worker process, seen from the benchmark.
final class BenchWorker: Sendable {
    private struct State {
        var isReady = false
        var begun = 0
        var ended = 0
        var starts: [Double] = []
        var took: (from: UInt64, to: UInt64)?
        var rest = Data()
    }

    private let process: Process
    private let input: FileHandle
    private let state = Mutex(State())

    /// Starts one and waits until it is ready.
    init(url: String, concurrency: Int = 16, hold: Int = 0, push: Int = 0) async throws {
        guard let own = Bundle.main.executableURL else { throw Failure("This program's place is unknown.", .software) }
        let (process, output, input) = (Process(), Pipe(), Pipe())
        process.executableURL = own
        process.arguments = [
            "bench-worker", "--database-url", url, "--concurrency", "\(concurrency)", "--hold", "\(hold)",
            "--push", "\(push)",
        ]
        process.standardOutput = output
        process.standardInput = input
        try process.run()
        self.process = process
        self.input = input.fileHandleForWriting
        let reading = output.fileHandleForReading
        Thread.detachNewThread { [self] in
            while true {
                let data = reading.availableData
                if data.isEmpty { return }
                take(data)
            }
        }
        try await wait("the start of a worker") { $0.isReady }
    }

    private func take(_ data: Data) {
        state.withLock { state in
            state.rest.append(data)
            while let end = state.rest.firstIndex(of: UInt8(ascii: "\n")) {
                let words = String(decoding: state.rest[..<end], as: UTF8.self).split(separator: " ")
                state.rest = Data(state.rest[(end + 1)...])
                switch words.first {
                case "ready": state.isReady = true
                case "count" where words.count == 3:
                    state.begun = Int(words[1]) ?? 0
                    state.ended = Int(words[2]) ?? 0
                case "took" where words.count == 3:
                    state.took = UInt64(words[1]).flatMap { from in UInt64(words[2]).map { (from, $0) } }
                case "start" where words.count == 2: state.starts.append((Double(words[1]) ?? 0) / 1e6)
                default: break
                }
            }
        }
    }

    var begun: Int { state.withLock(\.begun) }
    var ended: Int { state.withLock(\.ended) }
    /// When its pushes began and ended.
    var took: (from: UInt64, to: UInt64)? { state.withLock(\.took) }
    /// From push to start, in milliseconds.
    var starts: [Double] { state.withLock(\.starts) }

    private func wait(_ what: String, until condition: @Sendable (borrowing State) -> Bool) async throws {
        let start = ContinuousClock.now
        while !state.withLock({ condition($0) }) {
            guard process.isRunning, .now - start < .seconds(120) else {
                throw Failure("\(what): it never came.", .software)
            }
            try await Task.sleep(for: .milliseconds(2))
        }
    }

    /// Lets it work.
    func go() throws { try input.write(contentsOf: Data("go\n".utf8)) }

    /// Ends it gracefully.
    func end() {
        // It may have ended by itself; then nobody reads.
        try? input.close()
        process.waitUntilExit()
    }

    /// What it holds in memory.
    func residentMebibytes() throws -> Double { try ServicesBench.residentMebibytes(process.processIdentifier) }
}
