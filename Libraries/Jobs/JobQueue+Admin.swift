public import FoundationEssentials
import Postgres

/// The state of a queue at an instant.
///
/// Counts stop at 10,001: then the figure means "at least".
public struct JobQueueStatistics: Sendable {
    /// The queue's name.
    public let queue: String
    /// Since when no job is claimed; nil if the queue is not paused.
    public let pausedAt: Date?
    /// Why it is paused.
    public let pauseReason: String?
    /// Jobs that could run now.
    public let ready: Int
    /// Jobs that a worker holds.
    public let running: Int
    /// Jobs that wait for an instant, or for a process that knows their kind.
    public let waiting: Int
    /// Jobs that will not run again by themselves.
    public let discarded: Int
    /// Whether a count stopped at its limit.
    public let isCapped: Bool
    /// How long the job that has been ready longest has been so, among those counted.
    public let oldestReadyAge: Duration
}

/// Where a job is in its life.
public enum JobState: String, Sendable, CaseIterable {
    case ready, running, waiting, completed, discarded
}

/// A job as operators see it.
///
/// Its payload stays unseen: it may name persons.
public struct JobRecord: Sendable {
    /// The job.
    public let id: JobID
    /// Its kind.
    public let name: String
    /// Its queue.
    public let queue: String
    /// Where it is in its life.
    public let state: JobState
    /// Why it waits or was discarded.
    public let reason: String?
    /// How urgent it is; nil once completed.
    public let priority: JobPriority?
    /// How often it was claimed.
    public let runNumber: Int
    /// How many tries failed.
    public let tries: Int
    /// How many processes were lost while they ran it; nil once completed.
    public let crashes: Int?
    /// The tenant named at the push.
    public let brand: UUID?
    /// When it was pushed.
    public let enqueuedAt: Date
    /// Since when it is ready or running, when it is due, or when it ended.
    public let at: Date
    /// What its last try failed with, if it was discarded.
    public let error: String?
}

/// A run that failed, or was lost with its process.
public struct JobAttempt: Sendable {
    /// Which run it was.
    public let runNumber: Int
    /// When it ended.
    public let failedAt: Date
    /// What it failed with.
    public let error: String
}

extension JobQueue {
    /// The state of every queue, by name.
    public func statistics() async throws -> [JobQueueStatistics] {
        try await pool.run(AdminStatements.statistics(queue: nil))
    }

    /// The state of one queue; nil if there is none of that name.
    public func statistics(of queue: String) async throws -> JobQueueStatistics? {
        try await pool.first(AdminStatements.statistics(queue: queue))
    }

    /// Jobs of a queue, of a state, or of both, in the order of their ids.
    ///
    /// - Parameters:
    ///   - after: The last id of the page before.
    ///   - limit: How many, at most 1,000.
    public func jobs(
        queue: String? = nil, state: JobState? = nil, after: JobID? = nil, limit: Int = 100
    ) async throws -> [JobRecord] {
        try await pool.run(
            AdminStatements.jobs(
                queue: queue, state: state, id: nil, after: after?.rawValue, limit: Int32(min(max(limit, 0), 1_000))))
    }

    /// One job with its failed runs; nil if it is not, or no longer, known.
    public func job(_ id: JobID) async throws -> (record: JobRecord, attempts: [JobAttempt])? {
        let (records, attempts) = try await pool.pipeline(
            AdminStatements.jobs(queue: nil, state: nil, id: id.rawValue, after: nil, limit: 1),
            AdminStatements.attempts(of: id.rawValue))
        return records.first.map { ($0, attempts) }
    }

    /// Lets a discarded job run again, with its tries and crashes forgiven; false if it is not discarded, or another one
    /// has its unique key.
    public func retry(_ id: JobID) async throws -> Bool {
        guard try await pool.first(AdminStatements.revive([id.rawValue], spacing: .zero)) != nil else { return false }
        if let queue = try await pool.first(AdminStatements.queue(of: id.rawValue)) { await wake(queue) }
        return true
    }

    /// Discards a job that does not run, and asks the worker of one that runs to stop it; false if it has ended or is not
    /// known.
    public func cancel(_ id: JobID, author: String = "siyu", reason: String = "no reason given") async throws -> Bool {
        try await pool.first(AdminStatements.cancel([id.rawValue], author: author, reason: reason)) != nil
    }

    /// Keeps jobs of a queue from being claimed; those that run go on.
    ///
    /// Needs the operator's role.
    public func pause(_ queue: String, reason: String, author: String = "siyu") async throws {
        guard try await pool.execute(AdminStatements.pause(queue, reason: reason, author: author)) == 1 else {
            throw JobError.unknownQueue(queue)
        }
    }

    /// Lets the jobs of a queue be claimed again.
    public func resume(_ queue: String) async throws {
        guard try await pool.execute(AdminStatements.resume(queue)) == 1 else {
            throw JobError.unknownQueue(queue)
        }
        await wake(queue)
    }
}
