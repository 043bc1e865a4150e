import CLibPQ
public import Logging
import Synchronization

/// One connection to PostgreSQL: an actor that runs on the event loop watching its socket.
///
/// libpq stays in pipeline mode throughout (COPY leaves it and returns): a statement, or many, go out in one flush and
/// end with one Sync. Calls from several tasks take turns. A task that is cancelled has its statement cancelled on the
/// server; the call returns when the server has said so.
public actor Connection: Executor {
    /// The process id of the server's side.
    public nonisolated let backendPID: Int32
    let loop = EventLoop.shared
    let configuration: ConnectionConfiguration
    let logger: Logger

    /// libpq's handle; nil once closed.
    private var handle: Connector.Handle?
    var raw: OpaquePointer? { unsafe handle?.raw }
    private let socket: Int32
    private let open = Mutex(true)

    private var isBusy = false
    private var queue: [(id: UInt64, continuation: CheckedContinuation<Bool, Never>)] = []
    private var lastID: UInt64 = 0
    var operation: Operation?
    var writable: CheckedContinuation<Void, Never>?
    private var prepared = PreparedStatements()
    /// Whether a ``Transaction`` is open: it rolls back itself.
    var isInTransaction = false
    /// Whether the open transaction's COMMIT waits for the disk.
    var isDurable = true
    /// The BEGIN that goes out with a transaction's first statement, to save its round trip.
    var pendingBegin: SQL?
    var listeners: [String: AsyncStream<Notification>.Continuation] = [:]

    /// What the connection is waiting for.
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
        var continuation: CheckedContinuation<Result<[QueryResult], PostgresError>, Never>?
        var results: [QueryResult] = []
        /// Whether results came since the last end of a statement.
        var hasResultOpen = false
        var isComplete = false
        /// Why the server was told to cancel; the operation then waits for the telling to be over, so that a late
        /// cancellation cannot hit the statement after it.
        var cancelled: PostgresError.Code?
        var isTelling = false
    }

    /// The loop's thread runs the connection.
    public nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe EventLoop.shared.asUnownedSerialExecutor()
    }

    private init(_ handle: Connector.Handle, _ configuration: ConnectionConfiguration, _ logger: Logger) {
        self.handle = handle
        socket = unsafe PQsocket(handle.raw)
        backendPID = unsafe PQbackendPID(handle.raw)
        self.configuration = configuration
        self.logger = logger
    }

    deinit {
        // Nobody holds the connection any more, so nothing runs on it; the loop alone may know its socket.
        if let handle {
            loop.execute { [loop, socket] in
                loop.unwatch(socket)
                unsafe PQfinish(handle.raw)
            }
        }
    }

    /// Connects.
    ///
    /// - Throws: ``PostgresError/Code/connectionFailed`` with libpq's reason; ``PostgresError/Code/cancelled``.
    public static func connect(
        _ configuration: ConnectionConfiguration, logger: Logger
    ) async throws(PostgresError) -> Connection {
        let handle = try await Connector.connect(configuration)
        let connection = Connection(handle, configuration, logger)
        await connection.watch()
        return connection
    }

    /// Whether the connection can still be used; false as soon as the loop has seen the server go.
    public nonisolated var isOpen: Bool { open.withLock { $0 } }

    /// Whether the connection can be lent again as it is.
    var isReusable: Bool { isIdle && !isInTransaction }

    /// Whether the server has no transaction open for us.
    var isIdle: Bool { unsafe raw.map { unsafe PQtransactionStatus($0) == PQTRANS_IDLE } ?? false }

    /// Ends the connection; a statement under way fails with ``PostgresError/Code/connectionLost``.
    public func close() {
        lose(PostgresError(.connectionLost, "the connection was closed"))
    }

    private func watch() {
        loop.watch(
            socket,
            onReady: { [weak self] readiness in self?.assumeIsolated { $0.serve(readiness) } },
            onDeadline: { [weak self] in self?.assumeIsolated { $0.deadlinePassed() } })
    }

    // MARK: Turns

    /// Takes the connection for one exchange; ``leave()`` gives it to the next caller, in order of arrival.
    func enter(isCancellable: Bool = true) async throws(PostgresError) {
        if isBusy {
            lastID += 1
            let id = lastID
            let isOurs = await withTaskCancellationHandler {
                await withCheckedContinuation { queue.append((id, $0)) }
            } onCancel: {
                guard isCancellable else { return }
                loop.execute { [self] in assumeIsolated { $0.giveUp(id) } }
            }
            guard isOurs else { throw PostgresError(.cancelled, "cancelled while waiting for the connection") }
        }
        isBusy = true
        if isCancellable, Task.isCancelled {
            leave()
            throw PostgresError(.cancelled, "cancelled before the statement was sent")
        }
        if unsafe raw == nil {
            leave()
            throw PostgresError(.connectionLost, "the connection is closed")
        }
    }

    func leave() {
        if queue.isEmpty {
            isBusy = false
        } else {
            queue.removeFirst().continuation.resume(returning: true)
        }
    }

    private func giveUp(_ id: UInt64) {
        guard let index = queue.firstIndex(where: { $0.id == id }) else { return }
        queue.remove(at: index).continuation.resume(returning: false)
    }

    // MARK: Statements

    /// Sends statements in one flush and waits for all of them.
    public func results(of statements: [SQL]) async throws(PostgresError) -> [StatementResult] {
        try await enter()
        defer { leave() }
        do throws(PostgresError) {
            return try await exchange(statements, isCancellable: true)
        } catch {
            // A BEGIN sent as a statement leaves a failed transaction behind; nobody else will end it.
            if !isInTransaction, unsafe raw != nil, !isIdle {
                _ = try? await exchange(["ROLLBACK"], isCancellable: false)
            }
            throw error
        }
    }

    /// Sends statements, with the BEGIN that waits for them, and one Sync; the caller has the turn.
    func exchange(_ statements: [SQL], isCancellable: Bool) async throws(PostgresError) -> [StatementResult] {
        let begin = pendingBegin
        let all = (begin.map { [$0] } ?? []) + statements
        let sent = try send(all)
        pendingBegin = nil
        let results: [QueryResult]
        do throws(PostgresError) {
            results = try await wait(for: .sync, isCancellable: isCancellable)
        } catch {
            prepared.forget(sent.newNames)
            throw error
        }
        let answers = results.filter { $0.status != PGRES_PIPELINE_SYNC }
        if let refused = answers.firstIndex(where: { $0.error != nil }), let error = answers[refused].error {
            prepared.forget(sent.newNames.filter { $0.index >= refused })
            // The schema changed under a prepared plan, or a pooler changed the session: prepare anew next time.
            if error.sqlState == .invalidStatementName || error.sqlState == .featureNotSupported {
                prepared.forgetAll()
            }
            throw error
        }
        guard answers.count == sent.isAnswer.count else {
            throw PostgresError(.protocolViolation, "\(answers.count) results for \(sent.isAnswer.count) statements")
        }
        return zip(answers, sent.isAnswer).filter(\.1).dropFirst(begin == nil ? 0 : 1).map {
            StatementResult(result: $0.0)
        }
    }

    private struct Sent {
        /// Of each result that will come: whether it answers a statement, or only a preparation.
        var isAnswer: [Bool] = []
        var newNames: [(name: String, index: Int)] = []
    }

    private func send(_ statements: [SQL]) throws(PostgresError) -> Sent {
        guard let raw = unsafe raw else { throw PostgresError(.connectionLost, "the connection is closed") }
        guard statements.count <= ConnectionLimit.pipelineMax else {
            throw PostgresError(
                .invalidStatement, "more than \(ConnectionLimit.pipelineMax) statements in one pipeline")
        }
        for statement in statements {
            if let fault = statement.parameters.fault { throw fault }
            guard statement.parameters.fields.count <= ConnectionLimit.parametersMax else {
                throw PostgresError(.invalidStatement, "more than \(ConnectionLimit.parametersMax) parameters")
            }
            guard !statement.text.utf8.contains(0) else {
                throw PostgresError(.invalidStatement, "a statement's text has a NUL in it")
            }
        }
        var sent = Sent()
        for statement in statements {
            var name: String?
            if configuration.usesNamedStatements {
                let (known, isNew, dropped) = prepared.name(for: statement)
                name = known
                if let dropped {
                    try check(unsafe LibPQ.send(SQL(stringLiteral: "DEALLOCATE \(dropped)"), on: raw))
                    sent.isAnswer.append(false)
                }
                if isNew {
                    sent.newNames.append((known, sent.isAnswer.count))
                    try check(unsafe LibPQ.prepare(statement, as: known, on: raw))
                    sent.isAnswer.append(false)
                }
            }
            try check(unsafe LibPQ.send(statement, as: name, on: raw))
            sent.isAnswer.append(true)
        }
        try check(unsafe PQpipelineSync(raw) == 1)
        flush()
        return sent
    }

    /// A call of libpq that fails while sending leaves the protocol in an unknown state: the connection ends.
    func check(_ succeeded: Bool) throws(PostgresError) {
        if succeeded { return }
        let words = unsafe raw.map { unsafe String(cString: PQerrorMessage($0)) }
        let error = PostgresError(.connectionLost, "the statement could not be sent", serverText: words)
        lose(error)
        throw error
    }

    /// Waits for the server's answer, its deadline, or the caller's cancellation; the caller has the turn.
    func wait(for end: Operation.End, isCancellable: Bool) async throws(PostgresError) -> [QueryResult] {
        lastID += 1
        let id = lastID
        loop.setDeadline(.now + configuration.statementTimeout, of: socket)
        let outcome: Result<[QueryResult], PostgresError> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                operation = Operation(id: id, end: end, continuation: continuation)
                collect()  // the answer may have come with the last bytes that were read
            }
        } onCancel: {
            guard isCancellable else { return }
            loop.execute { [self] in assumeIsolated { $0.tellToCancel(id, because: .cancelled) } }
        }
        return try outcome.get()
    }

    // MARK: The socket; called by the loop

    private func serve(_ readiness: EventLoop.Readiness) {
        guard let raw = unsafe raw else { return }
        if readiness.contains(.read), unsafe PQconsumeInput(raw) == 0 {
            let words = unsafe String(cString: PQerrorMessage(raw))
            collect()  // what the server said before it went, FATAL errors among it
            lose(PostgresError(.connectionLost, "the database closed the connection", serverText: words))
            return
        }
        flush()
        collect()
        deliverNotifications()
        // libpq closes the socket itself when the server sends nonsense.
        guard unsafe PQstatus(raw) == CONNECTION_OK else {
            let words = unsafe String(cString: PQerrorMessage(raw))
            lose(PostgresError(.connectionLost, "the database connection broke", serverText: words))
            return
        }
        if readiness.contains(.write) {
            writable?.resume()
            writable = nil
        }
    }

    /// Hands libpq's output to the socket; asks to be called again when it does not take all.
    func flush() {
        guard let raw = unsafe raw else { return }
        switch unsafe PQflush(raw) {
        case 0: loop.setInterest(writable == nil ? .read : [.read, .write], of: socket)
        case 1: loop.setInterest([.read, .write], of: socket)
        default:
            // The server may have said why before it went; reading finds that, and the end.
            loop.setInterest(.read, of: socket)
        }
    }

    func waitUntilWritable() async {
        await withCheckedContinuation { continuation in
            writable = continuation
            loop.setInterest([.read, .write], of: socket)
            loop.setDeadline(.now + configuration.statementTimeout, of: socket)
        }
        loop.setDeadline(nil, of: socket)
    }

    /// Takes the results that are there, and ends the operation when its last one is among them.
    private func collect() {
        guard let raw = unsafe raw, var current = operation, !current.isComplete else { return }
        reading: while unsafe PQisBusy(raw) == 0 {
            guard let next = unsafe PQgetResult(raw) else {
                // The end of one statement's results; where none came, there is nothing to read yet.
                guard current.hasResultOpen else { break reading }
                current.hasResultOpen = false
                current.isComplete = current.end != .sync
                if current.isComplete { break reading }
                continue
            }
            let result = unsafe QueryResult(next)
            current.hasResultOpen = true
            current.results.append(result)
            let isLast = current.end == .sync && result.status == PGRES_PIPELINE_SYNC
            current.isComplete = isLast || current.end == .copyIn && result.status == PGRES_COPY_IN
            if unsafe current.isComplete || PQstatus(raw) != CONNECTION_OK { break reading }
        }
        operation = current
        finishIfComplete()
    }

    private func finishIfComplete() {
        guard let current = operation, current.isComplete, !current.isTelling else { return }
        operation = nil
        loop.setDeadline(nil, of: socket)
        if let code = current.cancelled, current.results.contains(where: { $0.error?.sqlState == .queryCancelled }) {
            let words =
                code == .timedOut ? "the statement took longer than its time-out" : "the statement was cancelled"
            current.continuation?.resume(returning: .failure(PostgresError(code, words)))
        } else {
            current.continuation?.resume(returning: .success(current.results))
        }
    }

    private func deadlinePassed() {
        guard let current = operation else {
            if writable != nil { lose(PostgresError(.connectionLost, "the database took no data for too long")) }
            return loop.setDeadline(nil, of: socket)
        }
        if current.cancelled == nil {
            tellToCancel(current.id, because: .timedOut)
        } else {
            lose(PostgresError(.connectionLost, "the database did not end a cancelled statement"))
        }
    }

    private func tellToCancel(_ id: UInt64, because code: PostgresError.Code) {
        guard let raw = unsafe raw, var current = operation, current.id == id, current.cancelled == nil else { return }
        current.cancelled = code
        current.isTelling = true
        operation = current
        loop.setDeadline(.now + ConnectionLimit.cancelGrace, of: socket)
        let loop = loop
        unsafe Connector.cancel(raw) { [weak self] in
            loop.execute { self?.assumeIsolated { $0.told(id) } }
        }
    }

    private func told(_ id: UInt64) {
        guard operation?.id == id else { return }
        operation?.isTelling = false
        finishIfComplete()
    }

    /// Ends the connection and everything that waits for it.
    func lose(_ error: PostgresError) {
        guard let raw = unsafe raw else { return }
        handle = nil
        open.withLock { $0 = false }
        loop.unwatch(socket)
        unsafe PQfinish(raw)
        if let current = operation {
            operation = nil
            // A FATAL that the server sent before it went says more than the end of the stream.
            let said = current.results.lazy.compactMap(\.error).first { $0.sqlState != nil }
            current.continuation?.resume(returning: .failure(said.map { lost($0, error) } ?? error))
        }
        writable?.resume()
        writable = nil
        for listener in listeners.values { listener.finish() }
        listeners = [:]
    }

    private func lost(_ said: PostgresError, _ error: PostgresError) -> PostgresError {
        PostgresError(
            .connectionLost, "\(error.reason) (SQLSTATE \(said.sqlState?.rawValue ?? "?"))", serverText: said.serverText
        )
    }
}
