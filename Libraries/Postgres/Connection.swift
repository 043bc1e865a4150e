import CLibPQ
import DequeModule
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
    let socket: Int32
    private let condition = Mutex(Condition())

    private var isBusy = false
    private var queue: Deque<(id: UInt64, continuation: CheckedContinuation<Bool, Never>)> = []
    private var lastID: UInt64 = 0
    /// What the connection waits for, see ``wait(for:isCancellable:)``.
    var operation: Operation?
    /// A COPY that waits for the socket to take what libpq holds.
    var writable: CheckedContinuation<Void, Never>?
    var prepared = PreparedStatements()
    /// Whether a ``Transaction`` is open: it rolls back itself.
    var isInTransaction = false
    /// Whether the open transaction's COMMIT waits for the disk.
    var isDurable = true
    /// The BEGIN that goes out with a transaction's first statement, to save its round trip.
    var pendingBegin: SQL?
    var listeners: [String: AsyncStream<Notification>.Continuation] = [:]

    /// What others may know without a turn on the loop.
    private struct Condition {
        var isOpen = true
        var isClean = true
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
        for listener in listeners.values { listener.finish() }
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
    public nonisolated var isOpen: Bool { condition.withLock { $0.isOpen } }

    /// Whether the connection can be lent again as it is: nobody's transaction, LISTEN or statement is left on it.
    nonisolated var isClean: Bool { condition.withLock { $0.isOpen && $0.isClean } }

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

    func nextID() -> UInt64 {
        lastID += 1
        return lastID
    }

    // MARK: Turns

    /// Takes the connection for one exchange; ``leave()`` gives it to the next caller, in order of arrival.
    ///
    /// - Parameter scope: The transaction the exchange belongs to: it may end while the caller waits for its turn.
    func enter(isCancellable: Bool = true, in scope: Transaction.Scope? = nil) async throws(PostgresError) {
        guard CopyWriter.connection != ObjectIdentifier(self) else {
            throw PostgresError(.invalidStatement, "a COPY holds the connection until its body has returned")
        }
        if isBusy {
            let id = nextID()
            let isOurs = await withTaskCancellationHandler {
                await withCheckedContinuation { queue.append((id, $0)) }
            } onCancel: {
                guard isCancellable else { return }
                loop.execute { [self] in assumeIsolated { $0.giveUp(id) } }
            }
            guard isOurs else { throw PostgresError(.cancelled, "cancelled while waiting for the connection") }
        }
        isBusy = true
        do throws(PostgresError) {
            if isCancellable, Task.isCancelled {
                throw PostgresError(.cancelled, "cancelled before the statement was sent")
            }
            try scope?.checkOpen()
            if unsafe raw == nil { throw PostgresError(.connectionLost, "the connection is closed") }
        } catch {
            leave()
            throw error
        }
    }

    func leave() {
        noteCondition()
        if let next = queue.popFirst() {
            next.continuation.resume(returning: true)
        } else {
            isBusy = false
        }
    }

    private func giveUp(_ id: UInt64) {
        guard let index = queue.firstIndex(where: { $0.id == id }) else { return }
        queue.remove(at: index).continuation.resume(returning: false)
    }

    /// Tells a pool how the connection stands, after anything that may have changed it.
    func noteCondition() {
        let isClean = isIdle && !isInTransaction && listeners.isEmpty && queue.isEmpty
        condition.withLock { $0.isClean = isClean }
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
        loseIfBroken()
        if readiness.contains(.write) { resumeWriter() }
    }

    /// Ends the connection where libpq has: it closes the socket itself when the server sends nonsense.
    func loseIfBroken() {
        guard let raw = unsafe raw, unsafe PQstatus(raw) != CONNECTION_OK else { return }
        let words = unsafe String(cString: PQerrorMessage(raw))
        lose(PostgresError(.connectionLost, "the database connection broke", serverText: words))
    }

    /// Hands libpq's output to the socket; asks to be called again when it does not take all.
    ///
    /// - Returns: Whether libpq holds bytes that the socket did not take.
    @discardableResult
    func flush() -> Bool {
        guard let raw = unsafe raw else { return false }
        // Less than nothing: the server may have said why before it went; reading finds that, and the end.
        let isPending = unsafe PQflush(raw) == 1
        loop.setInterest(isPending || writable != nil ? [.read, .write] : .read, of: socket)
        return isPending
    }

    func resumeWriter() {
        writable?.resume()
        writable = nil
    }

    /// Ends the connection and everything that waits for it.
    func lose(_ error: PostgresError) {
        guard let raw = unsafe raw else { return }
        handle = nil
        condition.withLock { $0.isOpen = false }
        loop.unwatch(socket)
        unsafe PQfinish(raw)
        if let current = operation {
            operation = nil
            current.continuation.resume(returning: current.outcome(losing: error))
        }
        resumeWriter()
        for listener in listeners.values { listener.finish() }
        listeners = [:]
    }
}
