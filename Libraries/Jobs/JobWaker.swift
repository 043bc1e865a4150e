import Logging
import Postgres
import Synchronization

/// Sends wake-ups, at most one statement at a time: who comes while one is under way is covered by the next one, which
/// one of them sends for all.
///
/// So a wake costs its caller two short round trips at most, however many there are.
final class JobWaker: Sendable {
    static let channel = "siyu_jobs"

    private struct State {
        var isSending = false
        var queues: Set<String> = []
        var waiting: [CheckedContinuation<Bool, Never>] = []
        /// The queues of ``ring(_:)``.
        var rung: Set<String> = []
        var isRinging = false
        /// Whether the last wake-up found somebody.
        var wokeSomebody = false
    }

    /// How long further rings gather after one that found nobody idle: under load, asking again at once is in vain.
    private static let pause = Duration.milliseconds(4)
    private let pool: Pool
    private let logger: Logger
    private let isEnabled: Bool
    private let state = Mutex(State())

    init(pool: Pool, logger: Logger, isEnabled: Bool) {
        self.pool = pool
        self.logger = logger
        self.isEnabled = isEnabled
    }

    func wake(_ queue: String) async {
        guard isEnabled, await becomeSender(queue) else { return }
        let queues = state.withLock { state in
            defer { state.queues = [] }
            return Array(state.queues)
        }
        _ = await send(queues)
        passOn()
    }

    /// Wakes workers of a queue soon, without keeping the caller.
    func ring(_ queue: String) {
        guard isEnabled else { return }
        let mustStart = state.withLock { state in
            state.rung.insert(queue)
            defer { state.isRinging = true }
            return !state.isRinging
        }
        if mustStart { Task.detached { await self.ringAll() } }
    }

    private func ringAll() async {
        while let queues = nextRung() {
            let woken = await send(queues)
            if woken == 0 { try? await Task.sleep(for: Self.pause) }  // nobody cancels this task
        }
    }

    private func nextRung() -> [String]? {
        state.withLock { state in
            state.isRinging = !state.rung.isEmpty
            defer { state.rung = [] }
            return state.rung.isEmpty ? nil : Array(state.rung)
        }
    }

    /// How many queues somebody idle was woken for.
    private func send(_ queues: [String]) async -> Int {
        do throws(PostgresError) {
            // The notification need not survive a crash of the server, so its commit does not wait for the disk.
            let replies = try await pool.pipeline([
                JobStatements.asynchronousCommit, WorkerStatements.notify(queues, channel: Self.channel),
            ])
            return note(replies.flatMap { $0 })
        } catch {
            logger.debug("a wake-up was not sent; polling will find the jobs", metadata: ["error": "\(error)"])
            return 0
        }
    }

    /// Whether a worker is idle as far as one can know without asking: then a wake-up may travel with what it is about.
    var expectsIdle: Bool { isEnabled && state.withLock(\.wokeSomebody) }

    func statement(_ queues: [String]) -> Statement<JobStatements.Reply> {
        WorkerStatements.notify(queues, channel: Self.channel)
    }

    /// Notes what a wake-up was answered.
    ///
    /// - Returns: How many queues somebody idle was woken for.
    func note(_ replies: [JobStatements.Reply]) -> Int {
        let woken = replies.reduce(0) { if case .touched(let count) = $1 { $0 + count } else { $0 } }
        state.withLock { $0.wokeSomebody = woken > 0 }
        return woken
    }

    /// Tells every worker to look for cancellations; without it they hear of one with their next heartbeat.
    func callForCancellations() async {
        guard isEnabled else { return }
        do throws(PostgresError) {
            _ = try await pool.pipeline([
                JobStatements.asynchronousCommit, WorkerStatements.notifyCancellation(channel: Self.channel),
            ])
        } catch {
            logger.debug("workers were not told of a cancellation; they look soon", metadata: ["error": "\(error)"])
        }
    }

    /// True if the caller is to send for all that wait; false when somebody else will.
    private func becomeSender(_ queue: String) async -> Bool {
        await withCheckedContinuation { continuation in
            let isSender = state.withLock { state in
                state.queues.insert(queue)
                if state.isSending {
                    state.waiting.append(continuation)
                    return false
                }
                state.isSending = true
                return true
            }
            if isSender { continuation.resume(returning: true) }
        }
    }

    /// Makes one of those who came meanwhile the next sender and lets the others go.
    private func passOn() {
        let waiting = state.withLock { state in
            state.isSending = !state.waiting.isEmpty
            defer { state.waiting = [] }
            return state.waiting
        }
        for (index, continuation) in waiting.enumerated() { continuation.resume(returning: index == 0) }
    }
}
