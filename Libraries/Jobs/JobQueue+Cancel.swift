import FoundationEssentials
public import Postgres

/// What became of the jobs that were to be cancelled.
public struct JobCancellation: Sendable, Equatable {
    /// They did not run, and never will; they are among the discarded.
    public let cancelled: [JobID]
    /// They run: their workers were asked to stop them, and do so within a heartbeat.
    ///
    /// Discarded unless they complete all the same.
    public let stopping: [JobID]
    /// They have ended already, or are not known.
    public let ended: [JobID]
}

extension JobQueue {
    /// How many jobs one act cancels at most.
    private static let cancelMax = 1_000

    /// Discards jobs that do not run, and asks the workers of those that run to stop them.
    ///
    /// The act of a person: it is written down. Programs use ``cancel(_:key:reason:on:)``.
    ///
    /// - Parameters:
    ///   - ids: The jobs, 1,000 at most.
    ///   - author: Who says so.
    ///   - reason: Why; both stay with each job.
    public func cancel(_ ids: [JobID], author: String, reason: String) async throws -> JobCancellation {
        let act = try JobAct(author: author, reason: reason)
        guard ids.count <= Self.cancelMax else {
            throw JobError.refused("Cancel \(Self.cancelMax) jobs at once at most; pause the others meanwhile.")
        }
        return try await callingWorkers { transaction in
            let ended = try await Self.cancel(ids.map(\.rawValue), act.author, act.reason, on: transaction)
            try await note(act, target: Self.words(for: ids), ended, on: transaction)
            return ended
        }
    }

    /// The same for the jobs of a kind that the business calls by a key.
    ///
    /// The act of a person: it is written down.
    public func cancel(kind: String, key: String, author: String, reason: String) async throws -> JobCancellation {
        let act = try JobAct(author: author, reason: reason)
        return try await callingWorkers { transaction in
            guard let number = try await transaction.first(JobStatements.kindID(kind)) else {
                throw JobError.unknownKind(kind)
            }
            let ids = try await transaction.one(PauseStatements.idsOfKey(kind: number, key: key))
            let ended = try await Self.cancel(ids, act.author, act.reason, on: transaction)
            try await note(act, target: "kind \(kind), key \(key)", ended, on: transaction)
            return ended
        }
    }

    /// Cancels the jobs of a kind that the business calls by a key, as part of `transaction`: what they were to do is not
    /// wanted any more.
    ///
    /// The act of a program: the jobs say why they were cancelled, and the audit stays silent.
    ///
    /// - Returns: What became of them; jobs of a transaction that is not committed yet are not found.
    @discardableResult
    public func cancel<Parameters: JobParameters>(
        _ parameters: Parameters.Type, key: String, reason: String, on transaction: Transaction
    ) async throws -> JobCancellation {
        let kind = try await catalog.kindID(Parameters.jobName)
        let ids = try await transaction.one(PauseStatements.idsOfKey(kind: kind, key: key))
        return try await Self.cancel(ids, "the program", reason, on: transaction)
    }

    /// Discards a job that does not run, and asks the worker of one that runs to stop it; false if it has ended or is not
    /// known.
    ///
    /// The act of a program: the audit stays silent.
    public func cancel(_ id: JobID, reason: String = "not wanted any more") async throws -> Bool {
        try await callingWorkers { transaction in
            try await Self.cancel([id.rawValue], "the program", reason, on: transaction)
        }.ended.isEmpty
    }

    /// Cancels in a transaction, and then tells the workers of what runs, so that they need not wait for a heartbeat.
    private func callingWorkers(
        _ body: (Transaction) async throws -> JobCancellation
    ) async throws -> JobCancellation {
        let ended = try await pool.transaction { transaction in try await body(transaction) }
        if !ended.stopping.isEmpty { await waker.callForCancellations() }
        return ended
    }

    /// Twice, where some were not found: a job that moved from one table to another while we looked is in the other then.
    private static func cancel(
        _ ids: [UUID], _ author: String, _ reason: String, on transaction: Transaction
    ) async throws -> JobCancellation {
        var missing = ids
        var cancelled: [JobID] = []
        var stopping: [JobID] = []
        for _ in 1...2 where !missing.isEmpty {
            for job in try await transaction.run(PauseStatements.cancel(missing, author: author, reason: reason)) {
                let id = JobID(rawValue: job.id)
                if job.wasRunning { stopping.append(id) } else { cancelled.append(id) }
            }
            let found = Set((cancelled + stopping).map(\.rawValue))
            missing = missing.filter { !found.contains($0) }
        }
        return JobCancellation(
            cancelled: cancelled, stopping: stopping, ended: missing.map(JobID.init(rawValue:)))
    }

    /// An act without any effect is no act.
    private func note(
        _ act: JobAct, target: String, _ ended: JobCancellation, on transaction: Transaction
    ) async throws {
        let count = ended.cancelled.count + ended.stopping.count
        guard count > 0 else { return }
        try await transaction.execute(AdminStatements.note(act, "cancel", target, jobs: count))
    }

    /// The first of many ids name them all.
    static func words(for ids: [JobID]) -> String {
        let named = ids.prefix(20).map(\.description).joined(separator: ", ")
        return "job \(named)" + (ids.count > 20 ? " and \(ids.count - 20) more" : "")
    }
}
