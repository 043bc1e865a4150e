import AsyncHTTPClient
import Foundation
import Kernel
import NIOCore
import NIOHTTP1
import ServiceLifecycle
import Synchronization

/// Carries hooks out over HTTP, to public addresses alone.
///
/// A name's addresses are looked up for each hook; if one of them is not public nothing is connected to, and the connection goes to the
/// address that was looked at: a name that answers otherwise a moment later changes nothing. Redirects are not followed, certificates are
/// verified for the name. What is answered is not read beyond a few kilobytes and not kept.
package final class HookHTTP: HookTransport, Service {
    /// One client for each name and address: where a connection goes is a client's setting.
    private struct Place: Hashable {
        let host: String
        let address: String
    }

    private struct Entry {
        let client: HTTPClient
        var uses = 0
        var lastUse = 0
    }

    private struct State {
        var clients: [Place: Entry] = [:]
        var uses = 0
        var isClosed = false
    }

    /// From the look-up's end to the answer's.
    private static let timeout: Duration = .seconds(15)
    private static let answerBytesMax = Limit(4_096, reason: "an answer says yes or no; more would be ours to carry")
    private static let clientsMax = Limit(64, reason: "each keeps connections; the ones least used are closed first")

    private let resolver: HostResolver
    private let allowsLocal: Bool
    private let state = Mutex(State())

    /// Opens nothing until it is used.
    ///
    /// - Parameters:
    ///   - allowsLocal: Whether this machine may be told, in development.
    ///   - resolver: How the addresses of a name are found; tests bring their own.
    package init(allowsLocal: Bool = false, resolver: @escaping HostResolver = SystemResolver.resolve) {
        self.allowsLocal = allowsLocal
        self.resolver = resolver
    }

    /// Posts a hook.
    ///
    /// - Throws: `CancellationError` alone.
    package func post(_ request: HookRequest) async throws -> HookAnswer {
        let addresses: [NetworkAddress]
        do {
            addresses = try await resolver(request.url.host)
        } catch {
            try Task.checkCancellation()
            return .unreachable("its name has no address")
        }
        guard let address = addresses.first else { return .unreachable("its name has no address") }
        let isLocal = allowsLocal && addresses.allSatisfy(\.isLoopback)
        guard isLocal || addresses.allSatisfy(\.isPublic) else {
            return .forbidden("its name leads to an address that is not public")
        }
        guard isLocal || request.url.isSecure else { return .forbidden("only this machine is told without https") }
        return try await send(request, to: Place(host: request.url.host, address: address.description))
    }

    private func send(_ request: HookRequest, to place: Place) async throws -> HookAnswer {
        guard let client = borrow(place) else { throw CancellationError() }
        var post = HTTPClientRequest(url: request.url.text)
        post.method = .POST
        for (name, value) in request.headers { post.headers.add(name: name, value: value) }
        post.body = .bytes(ByteBuffer(bytes: request.body))
        let answer = await Self.exchange(post, by: client)
        // Nobody uses them any more: what closing them fails at is nobody's concern.
        for unused in giveBack(place) { try? await unused.shutdown() }
        try Task.checkCancellation()
        return answer
    }

    /// The deadline of `execute` ends with the headers, hence one of our own around the body too.
    private static func exchange(_ request: HTTPClientRequest, by client: HTTPClient) async -> HookAnswer {
        await withTaskGroup(of: HookAnswer.self) { group in
            group.addTask {
                do {
                    let response = try await client.execute(request, timeout: TimeAmount(timeout))
                    var read = 0
                    for try await part in response.body {
                        read += part.readableBytes
                        if read > answerBytesMax.value { break }
                    }
                    let wait = response.headers.first(name: "retry-after").flatMap { $0.count <= 9 ? Int($0) : nil }
                    return .status(Int(response.status.code), retryAfter: wait)
                } catch {
                    return .unreachable(words(for: error))
                }
            }
            group.addTask {
                do { try await Task.sleep(for: timeout) } catch { return .unreachable("interrupted") }
                return .unreachable("it did not answer within \(timeout.components.seconds) seconds")
            }
            defer { group.cancelAll() }
            return await group.next() ?? .unreachable("interrupted")
        }
    }

    /// Words of ours: what the other side sent is not repeated.
    private static func words(for error: any Error) -> String {
        switch error {
        case let error as HTTPClientError where error == .connectTimeout || error == .deadlineExceeded:
            "it did not answer in time"
        case let error as HTTPClientError where error == .remoteConnectionClosed: "it closed the connection"
        case is HTTPClientError: "it does not speak HTTP as expected"
        case is CancellationError: "interrupted"
        default: "no connection: \(type(of: error))"
        }
    }
}

// MARK: - Clients

extension HookHTTP {
    /// A client for a place; nil when it is all over.
    private func borrow(_ place: Place) -> HTTPClient? {
        state.withLock { state in
            if state.isClosed { return nil }
            state.uses += 1
            var entry = state.clients[place] ?? Entry(client: Self.client(to: place))
            entry.uses += 1
            entry.lastUse = state.uses
            state.clients[place] = entry
            return entry.client
        }
    }

    /// Ends a use; those clients that are too many, and that nobody uses, are the caller's to close.
    private func giveBack(_ place: Place) -> [HTTPClient] {
        state.withLock { state in
            state.clients[place]?.uses -= 1
            var closing: [HTTPClient] = []
            while state.clients.count > Self.clientsMax.value,
                let oldest = state.clients.filter({ $0.value.uses == 0 }).min(by: {
                    $0.value.lastUse < $1.value.lastUse
                }
                )
            {
                state.clients[oldest.key] = nil
                closing.append(oldest.value.client)
            }
            return closing
        }
    }

    private static func client(to place: Place) -> HTTPClient {
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        configuration.dnsOverride = [place.host: place.address]
        configuration.timeout.connect = .seconds(5)
        configuration.decompression = .disabled
        configuration.httpVersion = .http1Only
        configuration.connectionPool.idleTimeout = .seconds(30)
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    /// Waits for the end of the service, and closes every client.
    package func run() async throws {
        // Cancelled or asked to stop: either way it is over.
        try? await gracefulShutdown()
        try await close()
    }

    /// Closes every client; nothing is posted any more.
    package func close() async throws {
        let clients = state.withLock { state in
            defer { state = State(isClosed: true) }
            return state.clients.values.map(\.client)
        }
        for client in clients { try await client.shutdown() }
    }
}
