package import Hooks
package import Kernel
import Metrics
import Postgres
import Synchronization

/// Gathers scans that arrive together: while a brand's transaction runs, the next ones wait, and then go in one.
///
/// The first scan goes at once, so that a quiet shop waits for nothing; under load a commit serves as many as came meanwhile. When many
/// wait a second transaction of the brand sets out before the first has come back: one computes while the other waits for the disk.
package final class ScanDesk: Sendable {
    private typealias Waiting = (scan: Scan, caller: Waiter)

    /// The scans of one brand; gone when none wait and none are under way.
    private struct Line {
        var waiting: [Waiting] = []
        var flights = 0
    }

    private struct State {
        var lines: [ID<Brand>: Line] = [:]
        var count = 0
    }

    /// Scans in one transaction, at most.
    package static let batchMax = Limit(256, reason: "a commit is shared by many, and still takes milliseconds")
    /// Transactions of one brand at a time, at most.
    package static let flightsMax = Limit(2, reason: "one waits for the disk while the other computes")
    /// So many scans wait before a second transaction sets out.
    package static let companyMin = Limit(32, reason: "fewer would pay for a commit of their own and win nothing")
    /// Scans that wait, at most.
    package static let waitingMax = Limit(4_096, reason: "more would time out before their turn: better told at once")

    /// Redeems what was gathered; the results in the order of the scans.
    package typealias Redeem = @Sendable ([Scan], ID<Brand>) async throws -> [ScanResult]

    private let redeem: Redeem
    /// How many scans share a transaction.
    private let size = Recorder(label: "siyu.scan.batch.size")
    private let state = Mutex(State())

    /// A desk in front of `redeem`.
    package init(redeem: @escaping Redeem) { self.redeem = redeem }

    /// How many scans wait for the next transaction.
    package var waitingCount: Int { state.withLock { $0.count } }

    /// Redeems a scan together with those that arrive with it.
    ///
    /// - Throws: ``Problem``: what was refused, or 503 when too many wait or the caller's task is cancelled; what the transaction threw.
    package func redeem(_ scan: Scan) async throws -> StoredAnswer {
        let caller = Waiter()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                if caller.wait(continuation) { add(scan, caller) }
            }
        } onCancel: {
            // Its scan stays: it may be in the transaction already, and its answer is stored.
            caller.tell(.failure(Problem.unavailable()))
        }
    }

    private func add(_ scan: Scan, _ caller: Waiter) {
        let brand = scan.delivery.brand
        let (isRefused, setsOut) = state.withLock { state -> (Bool, Bool) in
            guard state.count < Self.waitingMax.value else { return (true, false) }
            state.count += 1
            var line = state.lines.removeValue(forKey: brand) ?? Line()
            line.waiting.append((scan, caller))
            let setsOut =
                line.flights == 0
                || (line.flights < Self.flightsMax.value && line.waiting.count >= Self.companyMin.value)
            if setsOut { line.flights += 1 }
            state.lines[brand] = line
            return (false, setsOut)
        }
        if isRefused { return caller.tell(.failure(Problem.unavailable())) }
        // Its statements are sent and answered on that thread: no other has to wake for each of them.
        if setsOut { Task(executorPreference: Pool.taskExecutor) { await self.work(brand) } }
    }

    private func work(_ brand: ID<Brand>) async {
        while let batch = next(brand) {
            size.record(batch.count)
            await serve(batch, brand)
        }
    }

    /// The next scans of a brand; nil, and the end of its task, if none wait, or too few for more than one transaction.
    private func next(_ brand: ID<Brand>) -> [Waiting]? {
        state.withLock { state in
            guard var line = state.lines.removeValue(forKey: brand) else { return nil }
            let isSuperfluous = line.flights > 1 && line.waiting.count < Self.companyMin.value
            guard !line.waiting.isEmpty, !isSuperfluous else {
                line.flights -= 1
                if line.flights > 0 { state.lines[brand] = line }
                return nil
            }
            let batch = Array(line.waiting.prefix(Self.batchMax.value))
            line.waiting.removeFirst(batch.count)
            state.lines[brand] = line
            state.count -= batch.count
            return batch
        }
    }

    private func serve(_ batch: [Waiting], _ brand: ID<Brand>) async {
        do {
            let results = try await redeem(batch.map(\.scan), brand)
            for (waiting, result) in zip(batch, results) { waiting.caller.tell(result.mapError { $0 as any Error }) }
        } catch let error where batch.count > 1 && !isAway(error) {
            // One of them cannot be redeemed: the others shall not suffer for it.
            for waiting in batch { await serve([waiting], brand) }
        } catch {
            let told: any Error = isAway(error) ? Problem.unavailable() : error
            for waiting in batch { waiting.caller.tell(.failure(told)) }
        }
    }
}

/// Whether trying one by one would only take longer.
private func isAway(_ error: any Error) -> Bool { (error as? PostgresError)?.isAway ?? false }

/// Whoever waits for an answer: told once, by the desk or because they gave up.
private final class Waiter: Sendable {
    private enum State {
        case coming
        case waiting(CheckedContinuation<StoredAnswer, any Error>)
        case told
    }

    private let state = Mutex(State.coming)

    /// Begins to wait.
    ///
    /// - Returns: False for one that gave up before.
    func wait(_ continuation: CheckedContinuation<StoredAnswer, any Error>) -> Bool {
        let isWaiting = state.withLock { state in
            if case .told = state { return false }
            state = .waiting(continuation)
            return true
        }
        if !isWaiting { continuation.resume(throwing: Problem.unavailable()) }
        return isWaiting
    }

    func tell(_ result: Result<StoredAnswer, any Error>) {
        let continuation = state.withLock { state -> CheckedContinuation<StoredAnswer, any Error>? in
            defer { state = .told }
            guard case .waiting(let continuation) = state else { return nil }
            return continuation
        }
        continuation?.resume(with: result)
    }
}
