import CLibPQ

/// The results that came up to the end of an operation.
struct Answer: Sendable {
    var results: [QueryResult]
    /// Why the server was told to cancel, if it was; it may have finished before.
    var cancelled: PostgresError.Code?

    /// The first refusal, and where it stands among the results.
    var refusal: (index: Int, error: PostgresError)? {
        for (index, result) in results.enumerated() {
            guard let error = result.error else { continue }
            guard error.sqlState == .queryCancelled, let cancelled else { return (index, error) }
            let words =
                cancelled == .timedOut ? "the statement took longer than its time-out" : "the statement was cancelled"
            return (index, PostgresError(cancelled, words))
        }
        return nil
    }
}

/// What a connection is waiting for.
struct Operation {
    enum End {
        /// The Sync of a pipeline.
        case sync
        /// The server is ready for the data of a COPY, or refused it.
        case copyIn
        /// The last result of a command outside a pipeline.
        case null
    }

    let id: UInt64
    let end: End
    /// Whether the server may be told to cancel: not in the middle of a COMMIT.
    let isCancellable: Bool
    let continuation: CheckedContinuation<Result<Answer, PostgresError>, Never>
    var answer = Answer(results: [])
    /// Whether results came since the last end of a statement.
    var hasResultOpen = false
    var isComplete = false
    /// Until when a cancelled operation may take to end.
    var graceEnd: ContinuousClock.Instant?
    /// Whether the server is being told to cancel: the operation does not end before that is over, so that a late
    /// cancellation cannot hit the statement after it.
    var isTelling = false

    /// Takes a result.
    ///
    /// - Returns: Whether it may stand where it came.
    mutating func take(_ result: QueryResult) -> Bool {
        hasResultOpen = true
        answer.results.append(result)
        switch result.status {
        case PGRES_PIPELINE_SYNC:
            isComplete = end == .sync
            return isComplete
        case PGRES_COPY_IN:
            isComplete = end == .copyIn
            return isComplete
        case PGRES_COPY_OUT, PGRES_COPY_BOTH: return false
        default: return true
        }
    }

    /// What the caller gets when the connection ends.
    func outcome(losing error: PostgresError) -> Result<Answer, PostgresError> {
        if isComplete { return .success(answer) }
        // A FATAL that the server sent before it went says more than the end of the stream.
        guard let said = answer.results.lazy.compactMap(\.error).first(where: { $0.sqlState != nil }) else {
            return .failure(error)
        }
        let words = "\(error.reason) (SQLSTATE \(said.sqlState?.rawValue ?? "?"))"
        return .failure(PostgresError(error.code, words, serverText: said.serverText))
    }
}

extension Connection {
    /// Waits for the server's answer, its deadline, or the caller's cancellation; the caller has the turn.
    ///
    /// - Throws: Where the connection ends. What the server refuses is part of the answer.
    func wait(for end: Operation.End, isCancellable: Bool) async throws(PostgresError) -> Answer {
        let id = nextID()
        loop.setDeadline(.now + configuration.statementTimeout.bounded, of: socket)
        let outcome: Result<Answer, PostgresError> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                guard unsafe raw != nil else {
                    let error = PostgresError(.connectionLost, "the connection is closed")
                    return continuation.resume(returning: .failure(error))
                }
                operation = Operation(id: id, end: end, isCancellable: isCancellable, continuation: continuation)
                collect()  // the answer may have come with the last bytes that were read
                loseIfBroken()
            }
        } onCancel: {
            guard isCancellable else { return }
            loop.execute { [self] in assumeIsolated { $0.cancelOperation(id, because: .cancelled) } }
        }
        return try outcome.get()
    }

    /// Takes the results that are there, and ends the operation when its last one is among them.
    func collect() {
        guard let raw = unsafe raw, var current = operation, !current.isComplete else { return }
        while unsafe !current.isComplete && PQisBusy(raw) == 0 {
            if let next = unsafe PQgetResult(raw) {
                guard current.take(unsafe QueryResult(next)) else {
                    operation = current
                    // libpq would give this result for ever.
                    return lose(PostgresError(.protocolViolation, "the server began a COPY that was not asked for"))
                }
                if unsafe PQstatus(raw) != CONNECTION_OK { break }
            } else {
                // The end of one statement's results; where none came, there is nothing to read yet.
                guard current.hasResultOpen else { break }
                current.hasResultOpen = false
                current.isComplete = current.end != .sync
            }
        }
        operation = current
        finishIfComplete()
    }

    private func finishIfComplete() {
        guard let current = operation, current.isComplete, !current.isTelling else { return }
        operation = nil
        loop.setDeadline(nil, of: socket)
        current.continuation.resume(returning: .success(current.answer))
    }

    // MARK: Cancellation

    func deadlinePassed() {
        guard let current = operation else {
            if writable != nil, let raw = unsafe raw {
                // The server may wait for a lock; the connection ends here, so a late cancellation hits nobody.
                unsafe Connector.cancel(raw) {}
                lose(PostgresError(.connectionLost, "the database took no data for too long"))
            }
            return loop.setDeadline(nil, of: socket)
        }
        guard current.isCancellable else {
            return lose(PostgresError(.connectionLost, "the database did not answer in time"))
        }
        guard let graceEnd = current.graceEnd else { return cancelOperation(current.id, because: .timedOut) }
        if ContinuousClock.now < graceEnd {
            tellToCancel(until: graceEnd)
        } else {
            lose(PostgresError(.connectionLost, "the database did not end a cancelled statement"))
        }
    }

    private func cancelOperation(_ id: UInt64, because code: PostgresError.Code) {
        guard let current = operation, current.id == id, current.graceEnd == nil else { return }
        let graceEnd = ContinuousClock.now + configuration.cancelGrace
        operation?.answer.cancelled = code
        operation?.graceEnd = graceEnd
        tellToCancel(until: graceEnd)
    }

    private func tellToCancel(until graceEnd: ContinuousClock.Instant) {
        guard let raw = unsafe raw, let current = operation, !current.isTelling else { return }
        operation?.isTelling = true
        loop.setDeadline(graceEnd, of: socket)
        let loop = loop
        unsafe Connector.cancel(raw) { [weak self] in
            loop.execute { self?.assumeIsolated { $0.told(current.id) } }
        }
    }

    private func told(_ id: UInt64) {
        guard let current = operation, current.id == id, let graceEnd = current.graceEnd else { return }
        operation?.isTelling = false
        // A server that had not begun with the statement yet overhears the request: it is told again.
        loop.setDeadline(min(graceEnd, .now + ConnectionLimit.cancelRepeat), of: socket)
        finishIfComplete()
    }
}
