import DequeModule
public import Logging
import Synchronization

/// How many connections a pool keeps and how long a caller waits for one.
public struct PoolConfiguration: Sendable {
    /// The connections.
    public var connection: ConnectionConfiguration
    /// Connections open at once, at most.
    public var connectionsMax: Int
    /// Callers that wait for one, at most; a further one is refused at once.
    public var waitersMax: Int
    /// How long a caller waits.
    public var waitTimeout: Duration
    /// The age at which a connection is replaced, so that a changed address or a grown server process does not last.
    public var lifetime: Duration

    /// Eight connections, a thousand waiters of five seconds, a lifetime of half an hour.
    public init(
        connection: ConnectionConfiguration, connectionsMax: Int = 8, waitersMax: Int = 1000,
        waitTimeout: Duration = .seconds(5), lifetime: Duration = .seconds(1800)
    ) {
        self.connection = connection
        self.connectionsMax = max(1, connectionsMax)
        self.waitersMax = waitersMax
        self.waitTimeout = waitTimeout
        self.lifetime = lifetime
    }
}

/// A pool's state at an instant.
public struct PoolStatistics: Sendable {
    /// Connections open, or being opened.
    public var open: Int
    /// Of those, the ones that nobody uses.
    public var idle: Int
    /// Callers waiting for a connection.
    public var waiting: Int
}

/// Keeps connections for callers that need one for a moment.
///
/// Connections are made when needed and kept; the one used last is used next. The wait is bounded in time and in number,
/// so that an overloaded database makes callers fail soon rather than pile up.
public final class Pool: Executor {
    private struct Pooled {
        let connection: Connection
        let bornAt: ContinuousClock.Instant
    }

    private enum Grant {
        case connection(Pooled)
        /// The right to open one more.
        case place
        case refused(PostgresError)
    }

    private struct State {
        var idle: [Pooled] = []
        var open = 0
        var waiters: Deque<(id: UInt64, continuation: CheckedContinuation<Grant, Never>)> = []
        var lastID: UInt64 = 0
        var isShutDown = false
    }

    /// What the pool was made with; a listener or a worker with connections of its own takes them from here.
    public let configuration: PoolConfiguration
    private let logger: Logger
    private let state = Mutex(State())

    /// A pool without connections: the first caller opens the first one.
    public init(_ configuration: PoolConfiguration, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
    }

    /// The pool's state now.
    public var statistics: PoolStatistics {
        state.withLock { PoolStatistics(open: $0.open, idle: $0.idle.count, waiting: $0.waiters.count) }
    }

    /// Lends a connection to `body`.
    ///
    /// What `body` leaves open, a transaction, is rolled back.
    public func withConnection<Value: Sendable>(_ body: (Connection) async throws -> Value) async throws -> Value {
        let pooled = try await acquire()
        do {
            let value = try await body(pooled.connection)
            await release(pooled)
            return value
        } catch {
            await release(pooled)
            throw error
        }
    }

    /// Runs `body` in a transaction on a connection of its own; see ``Connection/transaction(_:_:)``.
    public func transaction<Value: Sendable>(
        _ options: TransactionOptions = .init(), _ body: (Transaction) async throws -> Value
    ) async throws -> Value {
        try await withConnection { try await $0.transaction(options, body) }
    }

    /// Sends statements on a connection of the pool, in one flush.
    public func results(of statements: [SQL]) async throws(PostgresError) -> [StatementResult] {
        let pooled = try await acquire()
        do throws(PostgresError) {
            let results = try await pooled.connection.results(of: statements)
            await release(pooled)
            return results
        } catch {
            await release(pooled)
            throw error
        }
    }

    /// Closes what is idle, refuses new callers, and closes what is lent when it comes back.
    public func shutdown() async {
        let (idle, waiters) = state.withLock { state in
            state.isShutDown = true
            defer {
                state.open -= state.idle.count
                state.idle = []
                state.waiters = []
            }
            return (state.idle, state.waiters)
        }
        for waiter in waiters { waiter.continuation.resume(returning: .refused(Self.closed)) }
        for pooled in idle { await pooled.connection.close() }
    }

    private static var closed: PostgresError { PostgresError(.poolClosed, "the pool of connections was shut down") }

    // MARK: Lending

    private func acquire() async throws(PostgresError) -> Pooled {
        while true {
            switch try await grant() {
            case .refused(let error): throw error
            case .connection(let pooled):
                if pooled.connection.isOpen { return pooled }
                // The server went while nobody looked; its place serves to open another one.
                return try await open()
            case .place:
                return try await open()
            }
        }
    }

    private func open() async throws(PostgresError) -> Pooled {
        do throws(PostgresError) {
            let connection = try await Connection.connect(configuration.connection, logger: logger)
            return Pooled(connection: connection, bornAt: .now)
        } catch {
            giveUpPlace()
            throw error
        }
    }

    private func grant() async throws(PostgresError) -> Grant {
        enum Decision {
            case now(Grant)
            case wait(UInt64)
        }
        let decision = state.withLock { state -> Decision in
            if state.isShutDown { return .now(.refused(Self.closed)) }
            if let pooled = state.idle.popLast() { return .now(.connection(pooled)) }
            if state.open < configuration.connectionsMax {
                state.open += 1
                return .now(.place)
            }
            if state.waiters.count >= configuration.waitersMax {
                let words = "\(configuration.waitersMax) callers wait for a database connection already"
                return .now(.refused(PostgresError(.poolExhausted, words)))
            }
            state.lastID += 1
            return .wait(state.lastID)
        }
        guard case .wait(let id) = decision else {
            if case .now(let grant) = decision { return grant }
            preconditionFailure("a decision is one of the two")
        }
        var alarm: Task<Void, any Error>?
        defer { alarm?.cancel() }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                enqueue(id, continuation)
                alarm = startAlarm(id)  // after that, or it could ring before there is anybody to wake
            }
        } onCancel: {
            refuse(id, PostgresError(.cancelled, "cancelled while waiting for a database connection"))
        }
    }

    private func startAlarm(_ id: UInt64) -> Task<Void, any Error> {
        let timeout = configuration.waitTimeout.bounded
        return Task { [weak self] in
            try await Task.sleep(for: timeout)
            let words = "no database connection became free within \(timeout)"
            self?.refuse(id, PostgresError(.poolExhausted, words))
        }
    }

    /// Queues a waiter, unless something became free, or it was cancelled, since it decided to wait.
    private func enqueue(_ id: UInt64, _ continuation: CheckedContinuation<Grant, Never>) {
        let grant = state.withLock { state -> Grant? in
            if state.isShutDown { return .refused(Self.closed) }
            if Task.isCancelled {
                return .refused(PostgresError(.cancelled, "cancelled while waiting for a database connection"))
            }
            if let pooled = state.idle.popLast() { return .connection(pooled) }
            if state.open < configuration.connectionsMax {
                state.open += 1
                return .place
            }
            state.waiters.append((id, continuation))
            return nil
        }
        if let grant { continuation.resume(returning: grant) }
    }

    private func refuse(_ id: UInt64, _ error: PostgresError) {
        let waiter = state.withLock { state in
            state.waiters.firstIndex { $0.id == id }.map { state.waiters.remove(at: $0) }
        }
        waiter?.continuation.resume(returning: .refused(error))
    }

    private func release(_ pooled: Pooled) async {
        let connection = pooled.connection
        if connection.isOpen, !connection.isClean { await connection.rollback() }
        let isOld = ContinuousClock.now - pooled.bornAt > configuration.lifetime
        guard connection.isClean, !isOld else {
            await connection.close()
            return giveUpPlace()
        }
        let (waiter, isShutDown) = state.withLock { state in
            if state.isShutDown {
                state.open -= 1
                return (nil as CheckedContinuation<Grant, Never>?, true)
            }
            if let waiter = state.waiters.popFirst() { return (waiter.continuation, false) }
            state.idle.append(pooled)
            return (nil, false)
        }
        if isShutDown { await connection.close() }
        waiter?.resume(returning: .connection(pooled))
    }

    /// Passes the place of a connection that is gone to the next waiter.
    private func giveUpPlace() {
        let waiter = state.withLock { state in
            if let waiter = state.waiters.popFirst() {
                return waiter.continuation as CheckedContinuation<Grant, Never>?
            }
            state.open -= 1
            return nil
        }
        waiter?.resume(returning: .place)
    }
}
