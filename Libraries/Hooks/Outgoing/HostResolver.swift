import Foundation
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Finds the addresses of a name.
package typealias HostResolver = @Sendable (_ host: String) async throws -> [NetworkAddress]

/// The system's own look-up, which blocks: each runs on a thread of its own and is not waited for longer than five seconds.
package enum SystemResolver {
    /// How long an answer may take.
    private static let patience: Duration = .seconds(5)

    /// The name is not known, or nobody answered.
    struct Failed: Error {}

    /// The addresses of a name, in the system's order, each once.
    @Sendable package static func resolve(_ host: String) async throws -> [NetworkAddress] {
        let waiting = Waiting()
        Thread.detachNewThread { waiting.finish(Result { try lookUp(host) }) }
        let timer = Task {
            try await Task.sleep(for: patience)
            waiting.finish(.failure(Failed()))
        }
        defer { timer.cancel() }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { waiting.begin($0) }
        } onCancel: {
            waiting.finish(.failure(CancellationError()))
        }
    }

    private static func lookUp(_ host: String) throws -> [NetworkAddress] {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, nil, &hints, &list) == 0 else { throw Failed() }
        defer { freeaddrinfo(list) }
        var found: [NetworkAddress] = []
        var entry = list
        while let current = entry {
            if let address = current.pointee.ai_addr.flatMap({ NetworkAddress($0) }), !found.contains(address) {
                found.append(address)
            }
            entry = current.pointee.ai_next
        }
        return found
    }

    /// Whoever comes first: the thread, the timer, or the caller's end.
    private final class Waiting: Sendable {
        private enum State {
            case coming
            case waiting(CheckedContinuation<[NetworkAddress], any Error>)
            case done(Result<[NetworkAddress], any Error>)
        }
        private let state = Mutex(State.coming)

        func begin(_ continuation: CheckedContinuation<[NetworkAddress], any Error>) {
            let result = state.withLock { state -> Result<[NetworkAddress], any Error>? in
                if case .done(let result) = state { return result }
                state = .waiting(continuation)
                return nil
            }
            if let result { continuation.resume(with: result) }
        }

        func finish(_ result: Result<[NetworkAddress], any Error>) {
            let continuation = state.withLock { state -> CheckedContinuation<[NetworkAddress], any Error>? in
                defer { if case .done = state {} else { state = .done(result) } }
                if case .waiting(let continuation) = state { return continuation }
                return nil
            }
            continuation?.resume(with: result)
        }
    }
}
