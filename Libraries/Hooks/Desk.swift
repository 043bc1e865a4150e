package import Kernel
import Metrics
import Postgres
import Synchronization

/// How much a ``Desk`` gathers.
package struct DeskLimits: Sendable {
    let batch: Limit<Int>
    let flights: Limit<Int>
    let company: Limit<Int>
    let waiting: Limit<Int>

    /// Limits of a desk.
    ///
    /// - Parameters:
    ///   - batch: How many share a transaction, at most.
    ///   - flights: Transactions of one brand at a time, at most.
    ///   - company: So many wait before another transaction sets out beside the first.
    ///   - waiting: How many wait, at most.
    package init(batch: Limit<Int>, flights: Limit<Int>, company: Limit<Int>, waiting: Limit<Int>) {
        self.batch = batch
        self.flights = flights
        self.company = company
        self.waiting = waiting
    }
}

/// Gathers what arrives together: while a brand's transaction runs, the next ones wait, and then go in one.
///
/// The first one goes at once, so that a quiet shop waits for nothing; under load a commit serves as many as came meanwhile. When many
/// wait a second transaction of the brand sets out before the first has come back: one computes while the other waits for the disk.
package final class Desk<Item: Sendable, Answer: Sendable>: Sendable {
    private typealias Waiting = (item: Item, caller: Waiter<Answer>)

    /// What waits of one brand; gone when nothing waits and nothing is under way.
    private struct Line {
        var waiting: [Waiting] = []
        var flights = 0
    }

    private struct State {
        var lines: [ID<Brand>: Line] = [:]
        var count = 0
    }

    /// Serves what was gathered; the results in the order of the items.
    package typealias Work = @Sendable ([Item], ID<Brand>) async throws -> [Result<Answer, Problem>]

    private let limits: DeskLimits
    private let work: Work
    /// How many share a transaction.
    private let size: Recorder
    private let state = Mutex(State())

    /// A desk in front of `work`.
    ///
    /// - Parameter label: The name of the metric that tells how many share a transaction.
    package init(_ limits: DeskLimits, label: String, work: @escaping Work) {
        self.limits = limits
        self.work = work
        size = Recorder(label: label)
    }

    /// How many wait for the next transaction.
    package var waitingCount: Int { state.withLock { $0.count } }

    /// Serves an item together with those of its brand that arrive with it.
    ///
    /// - Throws: ``Problem``: what was refused, or 503 when too many wait or the caller's task is cancelled; what `work` threw.
    package func serve(_ item: Item, of brand: ID<Brand>) async throws -> Answer {
        let caller = Waiter<Answer>()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                if caller.wait(continuation) { add((item, caller), brand) }
            }
        } onCancel: {
            // The item stays: it may be in the transaction already, and its answer is stored.
            caller.tell(.failure(Problem.unavailable()))
        }
    }

    private func add(_ new: Waiting, _ brand: ID<Brand>) {
        let (isRefused, setsOut) = state.withLock { state -> (Bool, Bool) in
            guard state.count < limits.waiting.value else { return (true, false) }
            state.count += 1
            var line = state.lines.removeValue(forKey: brand) ?? Line()
            line.waiting.append(new)
            let setsOut =
                line.flights == 0
                || (line.flights < limits.flights.value && line.waiting.count >= limits.company.value)
            if setsOut { line.flights += 1 }
            state.lines[brand] = line
            return (false, setsOut)
        }
        if isRefused { return new.caller.tell(.failure(Problem.unavailable())) }
        // Its statements are sent and answered on that thread: no other has to wake for each of them.
        if setsOut { Task(executorPreference: Pool.taskExecutor) { await self.fly(brand) } }
    }

    private func fly(_ brand: ID<Brand>) async {
        while let batch = next(brand) {
            size.record(batch.count)
            await serve(batch, brand)
        }
    }

    /// What goes next of a brand; nil, and the end of its task, if nothing waits, or too few for more than one transaction.
    private func next(_ brand: ID<Brand>) -> [Waiting]? {
        state.withLock { state in
            guard var line = state.lines.removeValue(forKey: brand) else { return nil }
            let isSuperfluous = line.flights > 1 && line.waiting.count < limits.company.value
            guard !line.waiting.isEmpty, !isSuperfluous else {
                line.flights -= 1
                if line.flights > 0 { state.lines[brand] = line }
                return nil
            }
            let batch = Array(line.waiting.prefix(limits.batch.value))
            line.waiting.removeFirst(batch.count)
            state.lines[brand] = line
            state.count -= batch.count
            return batch
        }
    }

    private func serve(_ batch: [Waiting], _ brand: ID<Brand>) async {
        do {
            let results = try await work(batch.map(\.item), brand)
            for (waiting, result) in zip(batch, results) { waiting.caller.tell(result.mapError { $0 as any Error }) }
        } catch let error where batch.count > 1 && (error as? PostgresError)?.isAway != true {
            // One of them cannot be served: the others shall not suffer for it.
            for waiting in batch { await serve([waiting], brand) }
        } catch {
            // Trying one by one would only take longer.
            for waiting in batch { waiting.caller.tell(.failure(error)) }
        }
    }
}

/// Whoever waits for an answer: told once, by the desk or because they gave up.
private final class Waiter<Answer: Sendable>: Sendable {
    private enum State {
        case coming
        case waiting(CheckedContinuation<Answer, any Error>)
        case told
    }

    private let state = Mutex(State.coming)

    /// Begins to wait.
    ///
    /// - Returns: False for one that gave up before.
    func wait(_ continuation: CheckedContinuation<Answer, any Error>) -> Bool {
        let isWaiting = state.withLock { state in
            if case .told = state { return false }
            state = .waiting(continuation)
            return true
        }
        if !isWaiting { continuation.resume(throwing: Problem.unavailable()) }
        return isWaiting
    }

    func tell(_ result: Result<Answer, any Error>) {
        let continuation = state.withLock { state -> CheckedContinuation<Answer, any Error>? in
            defer { state = .told }
            guard case .waiting(let continuation) = state else { return nil }
            return continuation
        }
        continuation?.resume(with: result)
    }
}
