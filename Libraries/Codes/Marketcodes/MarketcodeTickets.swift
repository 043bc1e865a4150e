package import FoundationEssentials
package import Kernel
package import Keys
package import Logging
package import Postgres
import Synchronization
import WeChat

/// A ticket that cannot be read now, and how long to wait before the same scan is told again.
package struct TicketRefusal: Error, Hashable, Sendable {
    /// What its caller reads.
    package let problem: Problem
    /// The seconds of the Retry-After header.
    package let retryAfter: Int64
}

/// Exchanges tickets of scans for codes, at WeChat.
///
/// A ticket may be good for one exchange alone and the same scan may be told again: so what WeChat said is remembered, sealed, before
/// anything follows from it. Whoever waits for the same ticket waits for the same exchange.
package final class MarketcodeTickets: Sendable {
    /// Exchanges at a time, at most.
    package static let exchangesMax = Limit(256, reason: "each holds a call to WeChat: more are told to come again")
    /// How long a ticket is remembered: as long as the body of the hook that brought it.
    package static let remembered: TimeInterval = 14 * 86_400
    private static let patience: Int64 = 3

    private struct Key: Hashable {
        let brand: ID<Brand>
        let hash: [UInt8]
    }

    private typealias Exchange = Task<String?, any Error>

    private let pool: Pool
    private let keys: KeyRing
    private let providers: any MarketcodeProviders
    private let logger: Logger
    private let running = Mutex<[Key: Exchange]>([:])

    /// Exchanges through whoever `providers` names.
    package init(pool: Pool, keys: KeyRing, providers: any MarketcodeProviders, logger: Logger) {
        self.pool = pool
        self.keys = keys
        self.providers = providers
        self.logger = logger
    }

    /// The code behind a ticket; nil for one that WeChat does not take, from this person or from anybody.
    ///
    /// - Throws: ``Problem`` 422 for what cannot be a ticket, or a brand without a service account; ``TicketRefusal`` 503 where nobody can
    ///   say now.
    func code(_ ticket: String, openid: String, brand: ID<Brand>) async throws -> String? {
        guard ticket.utf8.count <= MarketcodeClient.ticketBytesMax,
            ticket.utf8.allSatisfy({ (0x21..<0x7F).contains($0) })
        else {
            throw Problem.invalid(
                "`code_ticket` is what WeChat gave with the scan: 1 to \(MarketcodeClient.ticketBytesMax) characters.")
        }
        let hash = keys.blindIndex(brand: brand.rawValue, kind: "marketcode-ticket", value: "\(openid)\n\(ticket)")
        let key = Key(brand: brand, hash: Array(hash.prefix(16)))
        guard let exchange = join(key, ticket, openid) else { throw Self.refusal("Too many scans wait for WeChat") }
        do {
            return try await exchange.value
        } catch is PostgresError {
            throw Self.refusal("What was scanned before cannot be looked up")
        } catch let error as KeysError {
            logger.error("A service account, or a ticket, cannot be opened.", metadata: ["error": "\(error)"])
            throw Self.refusal("The brand's service account cannot be read")
        }
    }

    private static func refusal(_ sentence: String) -> TicketRefusal {
        TicketRefusal(
            problem: Problem(
                status: 503, code: "ticket_unavailable", title: "Service unavailable",
                detail: "\(sentence): nothing was redeemed. Send the same again as the Retry-After header says."),
            retryAfter: patience)
    }

    /// The exchange of a ticket, begun or under way; nil when too many are.
    private func join(_ key: Key, _ ticket: String, _ openid: String) -> Exchange? {
        running.withLock { running in
            if let exchange = running[key] { return exchange }
            guard running.count < Self.exchangesMax.value else { return nil }
            // Its own task: whoever hangs up does not undo what WeChat has done.
            let exchange = Exchange {
                defer { self.running.withLock { _ = $0.removeValue(forKey: key) } }
                return try await self.exchange(key, ticket, openid)
            }
            running[key] = exchange
            return exchange
        }
    }

    private func exchange(_ key: Key, _ ticket: String, _ openid: String) async throws -> String? {
        if let known = try await remembered(key) { return known }
        guard let access = try await providers.marketcode(of: key.brand) else { throw Problem.ticketsUnsupported }
        let code: String
        do throws(WeChatAPIError) {
            code = try await access.provider.code(ticket: ticket, openid: openid).code
        } catch {
            guard case .refused = error, !error.isAboutTheAccount else {
                logger.warning("WeChat did not exchange a ticket.", metadata: ["error": "\(error)"])
                throw Self.refusal("WeChat does not answer at the moment")
            }
            // Another process may have exchanged it a moment ago.
            return try await remembered(key)
        }
        let sealed = try keys.seal(Array(code.utf8), for: .marketcodeTicket, context: Self.context(key))
        let now = try await pool.one(BatchStatements.clock())
        try await pool.execute(
            MarketcodeStatements.rememberTicket(key.hash, sealedCode: sealed, brand: key.brand, now: now))
        return code
    }

    private func remembered(_ key: Key) async throws -> String? {
        guard let sealed = try await pool.first(MarketcodeStatements.ticket(key.hash, brand: key.brand)) else {
            return nil
        }
        let code = try keys.open(sealed, for: .marketcodeTicket, context: Self.context(key))
        return String(decoding: code, as: UTF8.self)
    }

    /// What binds a sealed code to its row.
    private static func context(_ key: Key) -> [UInt8] { Array("\(key.brand)".utf8) + key.hash }

    // MARK: Forgetting

    /// How many tickets one transaction forgets.
    package static let slice = 1_000

    /// Forgets one slice of a brand's old tickets.
    ///
    /// - Returns: Whether there may be more.
    package static func forget(brand: ID<Brand>, on tx: Transaction) async throws -> Bool {
        let now = try await tx.one(BatchStatements.clock())
        return try await tx.run(
            MarketcodeStatements.forgetTickets(before: now - remembered, limit: slice, brand: brand)
        ).count == slice
    }
}

extension Problem {
    static let ticketsUnsupported = Problem.invalid(
        "The brand has no service account at WeChat that could read a `code_ticket`: send the `code` instead, or have the account added.",
        code: "code_ticket_unsupported")
}

extension KeyRing.Purpose {
    /// Codes behind tickets of scans.
    fileprivate static let marketcodeTicket = KeyRing.Purpose("marketcode-ticket")
}
