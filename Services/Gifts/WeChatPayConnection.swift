import AsyncHTTPClient
import Kernel
import Keys
import Orders
import Postgres
import ServiceLifecycle
import Synchronization
import WeChat

/// This process's way to WeChat Pay: its HTTP client is made when it is first needed, and closed when nobody can need it any more.
///
/// Not before: a service that only checks itself opens nothing, and a client that was made must be closed.
final class WeChatPayConnection: PaymentProviders, PayoutProviders, Service {
    private enum State {
        case unused
        case open(Merchants, HTTPClient)
        case closed
    }

    private let pool: Pool
    private let keys: KeyRing
    private let state = Mutex(State.unused)

    init(pool: Pool, keys: KeyRing) {
        self.pool = pool
        self.keys = keys
    }

    /// The provider of a brand's merchant; nil if the brand has none of that number.
    func provider(
        of mchid: String, brand: ID<Brand>
    ) async throws -> (provider: any PaymentProvider, notifyURL: String)? {
        try await merchants().provider(of: mchid, brand: brand)
    }

    /// Who pays out for a brand's merchant; nil if the brand has none of that number.
    func payoutProvider(
        of mchid: String, brand: ID<Brand>
    ) async throws -> (provider: any PayoutProvider, notifyURL: String)? {
        try await merchants().payoutProvider(of: mchid, brand: brand)
    }

    private func merchants() throws -> Merchants {
        try state.withLock { state in
            switch state {
            case .open(let merchants, _): return merchants
            case .closed: throw Problem.unavailable()
            case .unused:
                let http = HTTPClient(
                    eventLoopGroupProvider: .singleton, configuration: WeChatPayClient.httpConfiguration)
                let merchants = Merchants(pool: pool, keys: keys, http: http)
                state = .open(merchants, http)
                return merchants
            }
        }
    }

    /// Waits for the end of the service, and closes the client.
    func run() async throws {
        // Cancelled or asked to stop: either way it is over.
        try? await gracefulShutdown()
        let http = state.withLock { state -> HTTPClient? in
            defer { state = .closed }
            return if case .open(_, let http) = state { http } else { nil }
        }
        try await http?.shutdown()
    }
}
