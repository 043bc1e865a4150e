import CLibPQ
import Glibc
import Synchronization

/// Connects on a thread of its own, because libpq 15 resolves names, and tries addresses, while blocking.
enum Connector {
    /// A handle of libpq on its way between threads, used by one of them at a time.
    @safe struct Handle: @unchecked Sendable {  // moved, never shared
        let raw: OpaquePointer
        init(_ raw: OpaquePointer) { unsafe self.raw = raw }
    }

    private typealias Outcome = Result<Handle, PostgresError>

    /// Waits for the first of: connected, refused, cancelled, too late.
    ///
    /// A connection that comes later is closed.
    private final class Attempt: Sendable {
        private let state = Mutex<(continuation: CheckedContinuation<Outcome, Never>?, outcome: Outcome?)>((nil, nil))

        func finish(_ outcome: Outcome) -> Bool {
            let (isFirst, continuation) = state.withLock { state in
                guard state.outcome == nil else { return (false, nil as CheckedContinuation<Outcome, Never>?) }
                state.outcome = outcome
                defer { state.continuation = nil }
                return (true, state.continuation)
            }
            continuation?.resume(returning: outcome)
            return isFirst
        }

        func outcome() async -> Outcome {
            await withCheckedContinuation { continuation in
                let ready = state.withLock { state in
                    if state.outcome == nil { state.continuation = continuation }
                    return state.outcome
                }
                if let ready { continuation.resume(returning: ready) }
            }
        }
    }

    static func connect(_ configuration: ConnectionConfiguration) async throws(PostgresError) -> Handle {
        let attempt = Attempt()
        let started = startThread {
            let outcome = open(configuration)
            if !attempt.finish(outcome), case .success(let late) = outcome { unsafe PQfinish(late.raw) }
        }
        guard started else { throw PostgresError(.connectionFailed, "no thread could be started to connect") }
        let alarm = Task {
            try await Task.sleep(for: configuration.connectTimeout.bounded + .seconds(1))
            _ = attempt.finish(.failure(PostgresError(.connectionFailed, "the database did not answer in time")))
        }
        defer { alarm.cancel() }
        return try await withTaskCancellationHandler {
            await attempt.outcome()
        } onCancel: {
            _ = attempt.finish(.failure(PostgresError(.cancelled, "cancelled while connecting")))
        }.get()
    }

    private static func open(_ configuration: ConnectionConfiguration) -> Outcome {
        if let words = ConnectionString.fault(in: configuration.url) {
            return .failure(PostgresError(.connectionFailed, words))
        }
        let seconds = max(2, configuration.connectTimeout.bounded.components.seconds)  // libpq raises 1 to 2 itself
        var settings = [
            ("fallback_application_name", configuration.applicationName), ("keepalives_idle", "30"),
            ("keepalives_interval", "10"), ("keepalives_count", "3"), ("tcp_user_timeout", "60000"),
        ]
        // A pooler that does not name statements may know no such option either.
        if configuration.plansOnce, configuration.usesNamedStatements {
            settings.append(("options", "-c plan_cache_mode=force_generic_plan"))
        }
        // Keywords are taken in order, the later one wins: what the operator wrote stands after our defaults, and
        // before what the code relies on.
        if !configuration.url.isEmpty { settings.append(("dbname", configuration.url)) }
        settings += [("connect_timeout", "\(seconds)"), ("client_encoding", "UTF8")]
        let keywords = unsafe settings.map { unsafe UnsafePointer(strdup($0.0)) } + [nil]
        let values = unsafe settings.map { unsafe UnsafePointer(strdup($0.1)) } + [nil]
        defer {
            unsafe keywords.forEach { unsafe free(UnsafeMutablePointer(mutating: $0)) }
            unsafe values.forEach { unsafe free(UnsafeMutablePointer(mutating: $0)) }
        }
        let raw = unsafe PQconnectdbParams(keywords, values, 1)
        guard let raw = unsafe raw else { return .failure(PostgresError(.connectionFailed, "out of memory")) }
        guard unsafe PQstatus(raw) == CONNECTION_OK else {
            let words = unsafe String(cString: PQerrorMessage(raw)).split(separator: "\n").joined(separator: " ")
            unsafe PQfinish(raw)
            // libpq names host, port, user and database here, never the password.
            return .failure(PostgresError(.connectionFailed, words))
        }
        // Notices are for people at a terminal; libpq would print them to ours.
        unsafe PQsetNoticeReceiver(raw, { _, _ in }, nil)
        guard unsafe PQsetnonblocking(raw, 1) == 0, unsafe PQenterPipelineMode(raw) == 1 else {
            unsafe PQfinish(raw)
            return .failure(PostgresError(.connectionFailed, "the connection could not be made non-blocking"))
        }
        return .success(unsafe Handle(raw))
    }

    /// Threads that are telling a server to cancel.
    private static let telling = Mutex(0)

    /// Asks the server to cancel what the connection is doing; `completion` runs when it was asked, or could not be.
    ///
    /// A request that fails is made again, as long as the statement has its grace; there is nobody else to ask.
    static func cancel(_ raw: OpaquePointer, completion: @escaping @Sendable () -> Void) {
        let mayStart = telling.withLock { count in
            guard count < ConnectionLimit.cancelThreadsMax else { return false }
            count += 1
            return true
        }
        guard mayStart else { return completion() }
        @Sendable func finish() {
            telling.withLock { $0 -= 1 }
            completion()
        }
        guard let request = unsafe PQgetCancel(raw) else { return finish() }
        let handle = unsafe Handle(request)
        let started = startThread {
            var words = [CChar](repeating: 0, count: 256)
            _ = unsafe PQcancel(handle.raw, &words, Int32(words.count))
            unsafe PQfreeCancel(handle.raw)
            finish()
        }
        if !started {
            unsafe PQfreeCancel(handle.raw)
            finish()
        }
    }
}
