import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix

/// One request over the wire, with a deadline for all of it, and what it says when it fails.
enum WeChatCall {
    struct Answer: Sendable {
        let status: Int
        let headers: HTTPHeaders
        let body: [UInt8]
    }

    /// Sends a request once.
    ///
    /// - Parameter bytesMax: The largest answer that is read into memory.
    static func send(
        _ request: HTTPClientRequest, over http: HTTPClient, timeout: Duration, bytesMax: Int
    ) async throws(WeChatPayError) -> Answer {
        do {
            return try await exchange(request, http, timeout, bytesMax)
        } catch {
            throw outcome(of: error, bytesMax)
        }
    }

    /// The deadline of `execute` ends with the headers, hence one of our own around the body too.
    private static func exchange(
        _ request: HTTPClientRequest, _ http: HTTPClient, _ timeout: Duration, _ bytesMax: Int
    ) async throws -> Answer {
        try await withThrowingTaskGroup(of: Answer.self) { group in
            group.addTask {
                let response = try await http.execute(request, timeout: TimeAmount(timeout))
                guard response.history.count <= 1 else {
                    throw WeChatPayError.outcomeUnknown(reason: "the request was redirected")
                }
                let body = try await response.body.collect(upTo: bytesMax)
                return Answer(
                    status: Int(response.status.code), headers: response.headers, body: Array(buffer: body))
            }
            group.addTask {
                try await Task.sleep(for: timeout)
                throw WeChatPayError.outcomeUnknown(reason: "no answer within \(timeout)")
            }
            defer { group.cancelAll() }
            guard let answer = try await group.next() else {
                throw WeChatPayError.outcomeUnknown(reason: "no answer")
            }
            return answer
        }
    }

    /// Only where no connection came about is it certain that nothing was sent; everything else may have arrived.
    private static func outcome(of error: any Error, _ bytesMax: Int) -> WeChatPayError {
        switch error {
        case let error as WeChatPayError: return error
        case is NIOConnectionError: return .notSent(reason: "no connection")
        // Nothing but connecting is ever refused.
        case let error as IOError where error.errnoCode == ECONNREFUSED:
            return .notSent(reason: "the connection was refused")
        case let error as HTTPClientError where unsent.contains(error):
            return .notSent(reason: error.shortDescription)
        case let error as HTTPClientError: return .outcomeUnknown(reason: error.shortDescription)
        case is NIOTooManyBytesError:
            return .outcomeUnknown(reason: "its answer has more than \(bytesMax) bytes")
        case is CancellationError: return .outcomeUnknown(reason: "the call was cancelled")
        default: return .outcomeUnknown(reason: "the connection broke (\(type(of: error)))")
        }
    }

    private static let unsent: [HTTPClientError] = [
        .invalidURL, .emptyHost, .emptyScheme, .alreadyShutdown, .connectTimeout, .getConnectionFromPoolTimeout,
        .tlsHandshakeTimeout, .httpProxyHandshakeTimeout, .socksHandshakeTimeout,
    ]
}
