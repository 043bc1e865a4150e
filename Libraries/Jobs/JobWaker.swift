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
    }
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
        do throws(PostgresError) {
            // The notification need not survive a crash of the server, so its commit does not wait for the disk.
            _ = try await pool.pipeline([
                JobStatements.asynchronousCommit, WorkerStatements.notify(queues, channel: Self.channel),
            ])
        } catch {
            logger.debug("a wake-up was not sent; polling will find the jobs", metadata: ["error": "\(error)"])
        }
        passOn()
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
