import Kernel
import Members
import Postgres
import Synchronization

/// Gathers jobs that run at the same time, so that one transaction records the redemptions of many.
///
/// Every transaction of scans pushes a job. Recorded one by one they are what keeps the machine from a sixth to a quarter more scans
/// (Tests/Benchmarks/RESULTS.md); nobody waits for them, so the first one waits for company.
final class TouchDesk: Sendable {
    /// Jobs in one transaction, at most.
    static let jobsMax = Limit(8, reason: "half of what a process runs at once: prizes find room beside")
    /// How long the first one waits for company.
    static let patience = Limit(
        Duration.milliseconds(100), reason: "nobody waits for members, and a shutdown does not notice")

    /// Records the jobs of one brand: all of them, or none.
    typealias Record = @Sendable ([TouchRecord]) async throws -> Void

    private typealias Waiting = (job: TouchRecord, caller: CheckedContinuation<Void, any Error>)

    /// The jobs of one brand that wait together.
    private struct Line {
        /// Tells it from the one that comes after it was taken away.
        let number: Int
        var waiting: [Waiting]
    }

    private struct State {
        var lines: [ID<Brand>: Line] = [:]
        var lastNumber = 0
    }

    private let patience: Duration
    private let record: Record
    private let state = Mutex(State())

    init(patience: Duration, record: @escaping Record) {
        self.patience = patience
        self.record = record
    }

    /// Records a job together with those that come within ``patience``.
    ///
    /// - Throws: What recording this job alone throws.
    func record(_ job: TouchRecord) async throws {
        try await withCheckedThrowingContinuation { caller in add((job, caller)) }
    }

    private func add(_ new: Waiting) {
        let brand = new.job.brand
        let (first, full) = state.withLock { state -> (Int?, [Waiting]) in
            guard var line = state.lines.removeValue(forKey: brand) else {
                state.lastNumber += 1
                state.lines[brand] = Line(number: state.lastNumber, waiting: [new])
                return (state.lastNumber, [])
            }
            line.waiting.append(new)
            if line.waiting.count == Self.jobsMax.value { return (nil, line.waiting) }
            state.lines[brand] = line
            return (nil, [])
        }
        if let first {
            Task(executorPreference: Pool.taskExecutor) {
                // Nobody cancels it: the task is its own.
                try? await Task.sleep(for: self.patience)
                await self.serve(self.take(brand, line: first))
            }
        } else if !full.isEmpty {
            Task(executorPreference: Pool.taskExecutor) { await self.serve(full) }
        }
    }

    /// The jobs of a line that has waited; none if it was full before.
    private func take(_ brand: ID<Brand>, line: Int) -> [Waiting] {
        state.withLock { state in
            guard state.lines[brand]?.number == line else { return [] }
            return state.lines.removeValue(forKey: brand)?.waiting ?? []
        }
    }

    private func serve(_ taken: [Waiting]) async {
        guard !taken.isEmpty else { return }
        do {
            try await record(taken.map(\.job))
            for (_, caller) in taken { caller.resume() }
        } catch let error where taken.count == 1 || (error as? PostgresError)?.isAway == true {
            for (_, caller) in taken { caller.resume(throwing: error) }
        } catch {
            // One of them cannot be recorded: the others shall not suffer for it.
            for (job, caller) in taken {
                do {
                    try await record([job])
                    caller.resume()
                } catch {
                    caller.resume(throwing: error)
                }
            }
        }
    }
}
