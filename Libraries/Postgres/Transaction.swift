import CLibPQ
import Synchronization

/// How a transaction runs.
public struct TransactionOptions: Sendable {
    /// How far it is kept apart from others.
    public enum Isolation: String, Sendable {
        /// Each statement sees what was committed before it began.
        case readCommitted = "READ COMMITTED"
        /// All statements see one snapshot.
        case repeatableRead = "REPEATABLE READ"
        /// As if transactions ran one after another.
        case serializable = "SERIALIZABLE"
    }

    /// How far it is kept apart from others.
    public var isolation: Isolation
    /// Whether the server refuses writes.
    public var isReadOnly: Bool
    /// Whether COMMIT waits for the disk.
    ///
    /// Without, a crash of the server may lose the last moments; nothing is torn.
    public var isDurable: Bool
    /// How often the body may run when the server rolls it back for a serialization failure or a deadlock.
    public var attemptsMax: Int

    /// READ COMMITTED, writing, durable, five attempts.
    public init(
        isolation: Isolation = .readCommitted, isReadOnly: Bool = false, isDurable: Bool = true, attemptsMax: Int = 5
    ) {
        self.isolation = isolation
        self.isReadOnly = isReadOnly
        self.isDurable = isDurable
        self.attemptsMax = max(1, attemptsMax)
    }

    var begin: SQL {
        SQL(stringLiteral: "BEGIN ISOLATION LEVEL \(isolation.rawValue) \(isReadOnly ? "READ ONLY" : "READ WRITE")")
    }
}

/// An open transaction: valid within the scope that opened it.
public struct Transaction: Executor {
    /// Whether the scope is still open; shared by the copies of the value.
    final class Scope: Sendable {
        private let open = Mutex(true)
        var isOpen: Bool { open.withLock { $0 } }
        func close() { open.withLock { $0 = false } }
        func checkOpen() throws(PostgresError) {
            guard isOpen else { throw PostgresError(.transactionClosed, "the transaction's scope has ended") }
        }
    }

    let connection: Connection
    let scope: Scope

    /// Sends statements within the transaction, in one flush.
    public func results(of statements: [SQL]) async throws(PostgresError) -> [StatementResult] {
        try await connection.results(of: statements, in: scope)
    }

    /// Copies rows into a table in binary format, as part of the transaction.
    ///
    /// - Returns: How many rows the server took.
    @discardableResult
    public func copy(
        into target: CopyTarget, _ write: (inout CopyWriter) async throws -> Void
    ) async throws -> Int {
        try await connection.copy(into: target, in: scope, write)
    }
}

extension Connection {
    /// How long the first repetition of a transaction waits, at most; each further one twice as long.
    private static let retryPause = Duration.milliseconds(10)

    /// Runs `body` in a transaction: commits when it returns, rolls back when it throws or its task is cancelled.
    ///
    /// BEGIN travels with the first statement. A serialization failure or a deadlock runs `body` again, so it must not
    /// do anything outside the database that may not be repeated.
    ///
    /// - Throws: What `body` throws; ``PostgresError/Code/outcomeUnknown`` where COMMIT was not answered.
    public nonisolated func transaction<Value: Sendable>(
        _ options: TransactionOptions = .init(), _ body: (Transaction) async throws -> Value
    ) async throws -> Value {
        for attempt in 1... {
            do {
                return try await attemptTransaction(options, body)
            } catch let error as PostgresError where error.isRetryable && attempt < options.attemptsMax {
                let pause = Self.retryPause * (1 << min(attempt - 1, 6))
                do {
                    try await Task.sleep(for: pause * Double.random(in: 0.5...1))
                } catch {
                    throw PostgresError(.cancelled, "cancelled before a transaction was run again")
                }
            }
        }
        preconditionFailure("the loop ends by returning or throwing")
    }

    private nonisolated func attemptTransaction<Value: Sendable>(
        _ options: TransactionOptions, _ body: (Transaction) async throws -> Value
    ) async throws -> Value {
        try await openTransaction(options)
        let scope = Transaction.Scope()
        do {
            let value = try await body(Transaction(connection: self, scope: scope))
            scope.close()
            if Task.isCancelled { throw PostgresError(.cancelled, "cancelled before COMMIT") }
            try await commit()
            return value
        } catch {
            scope.close()
            await rollback()
            throw error
        }
    }

    private func openTransaction(_ options: TransactionOptions) throws {
        guard unsafe raw != nil else { throw PostgresError(.connectionLost, "the connection is closed") }
        guard !isInTransaction else {
            throw PostgresError(.invalidStatement, "a connection has one transaction at a time")
        }
        isInTransaction = true
        pendingBegin = options.begin
        isDurable = options.isDurable
        noteCondition()
    }

    private func commit() async throws(PostgresError) {
        if pendingBegin != nil {
            // Nothing was sent.
            endTransaction()
            return
        }
        try await enter(isCancellable: false)
        defer { leave() }
        let tag: String?
        do throws(PostgresError) {
            let statements: [SQL] = isDurable ? ["COMMIT"] : ["SET LOCAL synchronous_commit = off", "COMMIT"]
            tag = try await exchange(statements, isCancellable: false).last?.result.commandTag
        } catch {
            // The server said no; anything else leaves a COMMIT that may have happened.
            if error.sqlState != nil { throw error }
            throw loseOutcome(error)
        }
        switch tag {
        case "COMMIT": endTransaction()
        case "ROLLBACK":
            endTransaction()
            throw PostgresError(.server(.inFailedTransaction), "a statement failed and its error was not passed on")
        default: throw loseOutcome(PostgresError(.protocolViolation, "COMMIT was answered by something else"))
        }
    }

    /// A COMMIT that may have happened: never repeated, never reported as failed.
    private func loseOutcome(_ error: PostgresError) -> PostgresError {
        lose(error)
        return PostgresError(.outcomeUnknown, "COMMIT was not answered", serverText: error.serverText)
    }

    private func endTransaction() {
        isInTransaction = false
        pendingBegin = nil
        noteCondition()
    }

    /// Ends what is left of a transaction; a connection on which that fails is closed.
    func rollback() async {
        defer { endTransaction() }
        guard unsafe raw != nil, pendingBegin == nil, !isIdle else { return }
        do throws(PostgresError) {
            try await enter(isCancellable: false)
            defer { leave() }
            _ = try await exchange(["ROLLBACK"], isCancellable: false, isNamed: false)
        } catch {
            lose(error)
        }
    }
}
