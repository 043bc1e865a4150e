import Foundation
public import Jobs
public import Postgres

/// Runs a queue's jobs within a test, without a worker in the background and without waiting.
///
/// ```swift
/// let tester = JobTester(queue, clock: owner)
/// try await queue.push(GiftExpire(gift: id), options: .init(delay: .seconds(86_400)))
/// try await tester.advance(by: .seconds(86_400))
/// let runs = try await tester.drain()
/// #expect(runs.map(\.end) == [.completed])
/// ```
///
/// The statements are those of a worker, so are the rules of retries, deadlines, quotas and lanes. Only the order is the
/// tester's own: one job at a time, the most urgent first.
public struct JobTester: Sendable {
    /// The queue, with its registered kinds.
    public let queue: JobQueue
    private let queues: [String]?
    private let clock: Pool

    /// A tester of `queue`.
    ///
    /// - Parameters:
    ///   - queues: What to work; nil for the queues of all kinds that are registered by then.
    ///   - clock: Who may move the business clock, if the queue's own role may not.
    public init(_ queue: JobQueue, queues: [String]? = nil, clock: Pool? = nil) {
        self.queue = queue
        self.queues = queues
        self.clock = clock ?? queue.pool
    }

    /// Runs everything that is due, and what becomes due by it, until nothing is left or `isEnough` says so.
    ///
    /// Jobs that wait for a later instant stay: see ``advance(by:)``.
    ///
    /// - Parameters:
    ///   - runsMax: At how many runs to give up: jobs that push one another for ever.
    ///   - isEnough: Asked after each run.
    /// - Returns: What ran, in order, and how it ended.
    /// - Throws: ``JobTestingError/endless(runs:)``.
    @discardableResult
    public func drain(
        runsMax: Int = 10_000, until isEnough: (JobRun) -> Bool = { _ in false }
    ) async throws -> [JobRun] {
        let stepper = try await JobStepper.open(queue, queues: queues)
        var runs: [JobRun] = []
        do {
            try await stepper.run { step in
                let run = JobRun(step)
                runs.append(run)
                guard runs.count < runsMax else { throw JobTestingError.endless(runs: runsMax) }
                return isEnough(run)
            }
        } catch {
            // The first error is the one that the test is about; a worker that stays registered hurts nobody.
            try? await stepper.close()
            throw error
        }
        try await stepper.close()
        return runs
    }

    /// Moves the business clock on, so that what waits for a later instant becomes due.
    public func advance(by duration: Duration) async throws {
        try await clock.execute(TesterStatements.advance(by: duration))
    }

    /// The jobs of a kind that were pushed and have not ended, in the order of their pushes.
    public func pushed<Parameters: JobParameters>(
        _: Parameters.Type = Parameters.self
    ) async throws -> [PushedJob<Parameters>] {
        try await queue.pool.run(TesterStatements.pushed(Parameters.jobName)).map { row in
            PushedJob(
                id: JobID(rawValue: row.id),
                parameters: try JSONDecoder().decode(Parameters.self, from: Data(row.payload)), queue: row.queue,
                delay: max(row.delay, .zero), deadline: row.deadline, priority: row.priority,
                maxTries: row.maxTries == 0 ? nil : Int(row.maxTries), brand: row.brand, lane: row.lane, key: row.key)
        }
    }
}

/// What a test asked for in vain.
public enum JobTestingError: Error, Sendable, Equatable {
    /// So many runs did not empty the queue.
    case endless(runs: Int)
}
