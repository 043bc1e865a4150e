import AsyncHTTPClient
package import Foundation
package import Kernel
package import Keys
package import Postgres
import ServiceLifecycle
import Synchronization
package import WeChat

/// The service account that a brand speaks with WeChat by, without its secrets.
package struct MarketcodeAccountRecord: Hashable, Sendable {
    /// The service account.
    package let appid: String
    /// Where WeChat answers.
    package let baseURL: String
    /// When it was first added.
    package let createdAt: Date
    /// When its credentials last changed.
    package let updatedAt: Date
}

/// The other side of WeChat's codes: WeChat, or a test's stand-in for it.
///
/// Every call is made outside transactions, may take seconds, and may have been carried out although it throws.
package protocol MarketcodeProvider: Sendable {
    /// Applies for codes; the same number of ours is the same application.
    func apply(count: Int64, ownID: String) async throws(WeChatAPIError) -> String
    /// How an application stands.
    func application(ownID: String) async throws(WeChatAPIError) -> MarketcodeApplication
    /// Some codes of an application, as WeChat packs them.
    func download(_ chunk: MarketcodeChunk, of application: String) async throws(WeChatAPIError) -> [UInt8]
    /// Activates codes.
    func activate(
        _ codes: MarketcodeChunk, of application: String, for activity: MarketcodeActivity
    ) async throws(WeChatAPIError)
    /// What WeChat knows of the code at an index.
    func code(at index: Int64, of application: String) async throws(WeChatAPIError) -> MarketcodeOfWeChat
    /// The code behind the ticket of a scan.
    func code(ticket: String, openid: String) async throws(WeChatAPIError) -> MarketcodeOfWeChat
}

extension MarketcodeClient: MarketcodeProvider {}

/// A brand's way to WeChat.
package struct MarketcodeAccess: Sendable {
    /// The service account.
    package let appid: String
    /// What opens its packages.
    package let packageKey: String
    /// Who answers.
    package let provider: any MarketcodeProvider

    /// A way in its parts.
    package init(appid: String, packageKey: String, provider: any MarketcodeProvider) {
        self.appid = appid
        self.packageKey = packageKey
        self.provider = provider
    }
}

/// Who stands at the other end for a brand.
package protocol MarketcodeProviders: Sendable {
    /// A brand's way to WeChat; nil if it has no service account.
    func marketcode(of brand: ID<Brand>) async throws -> MarketcodeAccess?
}

/// The service accounts of all brands: their credentials lie sealed in the database and are opened here.
///
/// Its HTTP client is made when it is first needed, and closed when the service ends: a service that only checks itself opens nothing.
package final class MarketcodeAccounts: MarketcodeProviders, Service {
    private struct State {
        var http: HTTPClient?
        var isClosed = false
        /// With their access tokens, until their row changes.
        var opened: [ID<Brand>: (record: MarketcodeAccountRecord, access: MarketcodeAccess)] = [:]
    }

    private let pool: Pool
    private let keys: KeyRing
    private let timeout: Duration
    private let state = Mutex(State())

    /// Accounts of the database of `pool`.
    ///
    /// - Parameter timeout: For most calls.
    package init(pool: Pool, keys: KeyRing, timeout: Duration = MarketcodeClient.timeout) {
        self.pool = pool
        self.keys = keys
        self.timeout = timeout
    }

    /// A brand's way to WeChat; nil if it has no service account.
    package func marketcode(of brand: ID<Brand>) async throws -> MarketcodeAccess? {
        guard let (record, sealed) = try await pool.first(MarketcodeStatements.account(of: brand)) else { return nil }
        if let known = state.withLock({ $0.opened[brand] }), known.record == record { return known.access }
        let json = try keys.open(sealed, for: .marketcodeAccount, context: Self.context(brand))
        let credentials = try JSONDecoder().decode(MarketcodeCredentials.self, from: Data(json))
        return try state.withLock { state in
            // Whoever was faster has the token.
            if let known = state.opened[brand], known.record == record { return known.access }
            let access = MarketcodeAccess(
                appid: credentials.appid, packageKey: credentials.packageKey,
                provider: MarketcodeClient(credentials: credentials, http: try Self.http(&state), timeout: timeout))
            state.opened[brand] = (record, access)
            return access
        }
    }

    private static func http(_ state: inout State) throws(Problem) -> HTTPClient {
        if let http = state.http { return http }
        guard !state.isClosed else { throw .unavailable() }
        let http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: WeChatPayClient.httpConfiguration)
        state.http = http
        return http
    }

    /// Waits for the end of the service, and closes the client.
    package func run() async throws {
        // Cancelled or asked to stop: either way it is over.
        try? await gracefulShutdown()
        let http = state.withLock { state -> HTTPClient? in
            defer { state = State(isClosed: true) }
            return state.http
        }
        try await http?.shutdown()
    }

    // MARK: Setting

    /// Gives a brand its service account, or other credentials.
    ///
    /// - Throws: ``Problem`` 422 for credentials that cannot be right, 404 for a brand that is not there.
    package static func set(
        _ credentials: MarketcodeCredentials, brand: ID<Brand>, keys: KeyRing, on tx: Transaction
    ) async throws -> MarketcodeAccountRecord {
        if let flaw = credentials.flaw { throw Problem.invalid(flaw, code: "account_malformed") }
        let now = try await tx.one(BatchStatements.clock())
        let sealed = try keys.seal(
            Array(JSONEncoder().encode(credentials)), for: .marketcodeAccount, context: context(brand))
        guard
            let record = try await tx.first(
                MarketcodeStatements.setAccount(credentials, sealed: sealed, brand: brand, now: now))
        else { throw Problem.notFound("There is no such brand.") }
        return record
    }

    /// The service account of a brand; nil if it has none.
    package static func record(
        of brand: ID<Brand>, on executor: some Executor
    ) async throws -> MarketcodeAccountRecord? {
        try await executor.first(MarketcodeStatements.account(of: brand))?.0
    }

    /// What binds sealed credentials to their row.
    private static func context(_ brand: ID<Brand>) -> [UInt8] { Array("\(brand)".utf8) }
}

extension KeyRing.Purpose {
    /// Credentials of a service account, and the key of its packages.
    fileprivate static let marketcodeAccount = KeyRing.Purpose("marketcode-account")
}
