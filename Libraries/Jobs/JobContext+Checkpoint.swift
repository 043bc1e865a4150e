import Foundation
public import FoundationEssentials
public import Postgres

/// How far a job has come, as operators see it.
public struct JobProgress: Sendable {
    /// The run that said so.
    public let runNumber: Int
    /// How much is done.
    public let done: Int
    /// Of how much; nil if nobody knows.
    public let total: Int?
    /// What the job says about it.
    public let note: String?
    /// When it said so.
    public let updatedAt: Date
}

/// Thrown where a job that stops between two steps goes back to its place, without a try lost: the process is shut down,
/// and another one goes on from the checkpoint.
public struct JobHandover: Error, Sendable {
    init() {}
}

extension JobContext {
    // MARK: Write

    /// Writes down how far the job has come, with the state from which a later run goes on.
    ///
    /// Kept until the job is completed; a job has one checkpoint.
    ///
    /// - Parameters:
    ///   - state: What the next run is told by ``checkpoint(as:)``.
    ///   - done: How much is done, for operators.
    ///   - total: Of how much.
    ///   - note: A word for operators; no personal data.
    ///   - transaction: A transaction of ``transaction(_:)`` to be part of; nil for one of its own.
    /// - Throws: ``JobError/leaseLost``, after which nothing may be written for this job.
    public func checkpoint<State: Encodable & Sendable>(
        _ state: State, done: Int = 0, total: Int? = nil, note: String? = nil, on transaction: Transaction? = nil
    ) async throws {
        let bytes = Array(try JSONEncoder().encode(state))
        try await write(.init(state: bytes, done: done, total: total, note: note), on: transaction)
    }

    /// Writes down how far the job has come, for operators alone; the state of an earlier checkpoint stays.
    public func progress(
        done: Int, total: Int? = nil, note: String? = nil, on transaction: Transaction? = nil
    ) async throws {
        try await write(.init(state: nil, done: done, total: total, note: note), on: transaction)
    }

    func write(
        _ checkpoint: CheckpointStatements.Checkpoint, on transaction: Transaction?
    ) async throws {
        try check()
        let statement = CheckpointStatements.write(checkpoint, of: run.job.token)
        let written =
            if let transaction { try await transaction.first(statement) } else { try await run.pool.first(statement) }
        if written == nil { throw JobError.leaseLost }
    }

    // MARK: Read

    /// The state that the last checkpoint of an earlier run, or of this one, left; nil if there is none.
    ///
    /// - Throws: `DecodingError` where it does not decode as `State`: a kind whose state changes its shape decodes both.
    public func checkpoint<State: Decodable & Sendable>(as _: State.Type) async throws -> State? {
        guard let bytes = try await run.pool.first(CheckpointStatements.read(run.job.token.id))?.state else {
            return nil
        }
        return try JSONDecoder().decode(State.self, from: Data(bytes))
    }

    // MARK: Shutdown

    /// Whether the process is being shut down: a job of many steps had better stop between two of them.
    public var isShuttingDown: Bool { run.drain.hasHappened || Task.isCancelled }

    /// Stops the job here if the process is being shut down: it goes back to its place and costs no try.
    ///
    /// - Throws: ``JobHandover``; handlers let it pass.
    public func handOverIfShuttingDown() throws {
        if isShuttingDown { throw JobHandover() }
    }
}

extension JobQueue {
    /// How far a job has come; nil if it has said nothing, or is completed.
    public func progress(of id: JobID) async throws -> JobProgress? {
        try await pool.first(CheckpointStatements.progress(of: id.rawValue))
    }
}
