package import FoundationEssentials
package import Hooks
package import Kernel
package import Keys
package import Postgres
import Synchronization

/// What stands behind a code when a phone's camera opens it: read, never changed, and the same for everybody but its winner.
///
/// Nobody who merely holds a pack learns here what its code wins or who redeemed it: that is told to the person who scans in WeChat,
/// whose answer brings an address with a ``PageSecret``.
package final class CodePages: Sendable {
    /// Pages that read at once, at most.
    package static let readsMax = Limit(
        32, reason: "anybody may open pages as often as they like, and scans share the connections")

    private let directory: CodeDirectory
    private let pool: Pool
    private let keys: KeyRing
    private let limits: LimitBook
    /// Who opens pages of codes that look like nobody's.
    private let strangers: LimitBook
    private let reads = Mutex(0)

    /// Pages of the codes in `directory`, as far as `limits` allow.
    package init(directory: CodeDirectory, pool: Pool, keys: KeyRing, limits: LimitBook) {
        self.directory = directory
        self.pool = pool
        self.keys = keys
        self.limits = limits
        strangers = LimitBook(keys: keys, isAlone: true, subjectsMax: LimitBook.subjectsMax.value / 4)
    }

    /// The page of a code; of none for a code that is unknown or void, after the time that ``Scans/floor`` says.
    ///
    /// A forged code asks the database nothing, unless it looks like the codes of a file that somebody imported; it counts for the network
    /// that it comes from.
    ///
    /// - Parameters:
    ///   - secret: What the address brought beside the code; one that is over or for somebody else shows what everybody sees.
    ///   - visitor: Where the request came from; nobody is counted where that is not known.
    ///   - arrived: When the request came.
    ///   - now: Real time, which secrets end by.
    /// - Throws: `LimitRefusal` for a network that opens too many; ``Problem`` 503 when too many are read at the moment; `PostgresError`.
    package func page(
        of text: String, in language: CodePageLanguage, secret: PageSecret? = nil, visitor: NetworkAddress? = nil,
        arrived: ContinuousClock.Instant, now: Date
    ) async throws -> CodePage {
        let tries = tries(of: visitor, for: text, arrived)
        try tries.begin()
        guard let code = try await directory.find(text),
            let facts = try await look(at: code, with: secret, now: now)
        else {
            tries.wrong()
            return try await nothing(language, arrived)
        }
        return CodePage(facts: facts, language: language, secret: secret)
    }

    private func tries(
        of visitor: NetworkAddress?, for text: String, _ arrived: ContinuousClock.Instant
    ) -> PageTries {
        PageTries(
            visitor, at: visitor == nil ? [] : directory.brands(of: text), limits: limits, strangers: strangers,
            arrived: arrived)
    }

    /// What a GS1 Digital Link leads to; nil where ``page(of:in:secret:visitor:arrived:now:)`` would show no code, or one of another product.
    ///
    /// It reads what the page would, so that a link tells no more about a code than its page, and counts what the page counts.
    ///
    /// - Throws: As the page does.
    package func target(
        of link: DigitalLink, visitor: NetworkAddress? = nil, arrived: ContinuousClock.Instant, now: Date
    ) async throws -> LinkTarget? {
        let tries = tries(of: visitor, for: link.serial ?? "", arrived)
        try tries.begin()
        if let target = try await find(link, now: now) { return target }
        tries.wrong()
        return nil
    }

    private func find(_ link: DigitalLink, now: Date) async throws -> LinkTarget? {
        guard let serial = link.serial, let code = try await directory.find(serial),
            let gtin = code.batch.record.facts.gtin, gtin == link.gtin
        else { return nil }
        let lot = code.batch.record.facts.lot
        guard link.lot == nil || lot == nil || link.lot == lot else { return nil }
        return try await look(at: code, with: nil, now: now) == nil ? nil : LinkTarget(link: link, code: code)
    }

    /// What this service is as a resolver of GS1 Digital Links; nil for a host whose addresses stand on no pack.
    ///
    /// - Parameter host: What was asked for, with its port if it has one.
    package func description(at host: String) -> ResolverDescription? {
        directory.root(at: host.lowercased()).map { ResolverDescription(root: $0) }
    }

    /// The page of no code, not before the time at which a void one is found out.
    package func nothing(_ language: CodePageLanguage, _ arrived: ContinuousClock.Instant) async throws -> CodePage {
        try await Task.sleep(until: arrived + Scans.floor.value, clock: .continuous)
        return CodePage(facts: nil, language: language)
    }

    /// What may be shown of a code; nil for one that was taken out of use.
    private func look(at code: GenuineCode, with secret: PageSecret?, now: Date) async throws -> CodePageFacts? {
        let isRead = reads.withLock { reads in
            guard reads < Self.readsMax.value else { return false }
            reads += 1
            return true
        }
        guard isRead else { throw Problem.unavailable() }
        defer { reads.withLock { $0 -= 1 } }
        let record = code.batch.record
        let (clock, ranges, redeemed, rules) = try await pool.pipeline(
            BatchStatements.clock(), BatchStatements.ranges(holding: [code.key], brand: record.brand),
            ScanStatements.redemptions(of: [code.key], brand: record.brand),
            RulesStatements.current(of: [record.id], brand: record.brand))
        guard let clock = clock.first else { throw CodesError.clockMissing }
        let state: CodePageFacts.State
        var won: CodePagePrize?
        switch (CodeStanding.of(code.index, in: ranges.map(\.range), at: clock), redeemed.first) {
        case (.void, _): return nil
        case (.frozen, _), (.notActive, nil): state = .notActive
        case (_, .some(let redemption)):
            state = .redeemed(redemption.redeemedAt)
            if let secret,
                secret.opens(redemption.id, of: redemption.person, brand: record.brand, keys: keys, now: now)
            {
                won = try await prize(of: redemption, in: record, at: clock)
            }
        case (.active, nil): state = .waiting
        }
        return CodePageFacts(
            code: code.text, batch: record, state: state, rules: rules.first?.rules, won: won)
    }

    /// What a redemption won, with its voucher if it is a thing.
    private func prize(
        of redemption: RedemptionRow, in batch: CodeBatchRecord, at now: Date
    ) async throws -> CodePagePrize? {
        guard let prize = redemption.tier.flatMap({ batch.prizes.prize(tier: $0) }) else { return nil }
        guard prize.kind == .item else { return CodePagePrize(prize: prize, voucher: nil) }
        let id = ID<Voucher>(rawValue: redemption.id.rawValue)
        let rows = try await pool.run(VoucherStatements.terms(of: [id], batches: [batch.id], brand: batch.brand))
        guard let row = rows.first, let state = row.state, let end = row.expiresAt else {
            return CodePagePrize(prize: prize, voucher: nil)
        }
        let token = VoucherToken(of: id, brand: batch.brand, keys: keys).text
        return CodePagePrize(
            prize: prize,
            voucher: CodePageVoucher(
                token: token, expiresAt: end, state: state == .open && now > end ? .expired : state))
    }
}

/// What the page of a code says.
package struct CodePageFacts: Sendable {
    /// What has become of the code.
    package enum State: Hashable, Sendable {
        /// Nobody has redeemed it.
        case waiting
        /// Somebody redeemed it, then.
        case redeemed(Date)
        /// It cannot be redeemed now.
        case notActive
    }

    let code: String
    let batch: CodeBatchRecord
    let state: State
    /// What is published about the batch; nil for one that has no rules.
    let rules: PublishedRules?
    /// What the reader won; nil for everybody else.
    let won: CodePagePrize?

    /// A page's facts in their parts.
    package init(
        code: String, batch: CodeBatchRecord, state: State, rules: PublishedRules? = nil, won: CodePagePrize? = nil
    ) {
        self.code = code
        self.batch = batch
        self.state = state
        self.rules = rules
        self.won = won
    }
}

/// What a reader won.
package struct CodePagePrize: Sendable {
    let prize: PrizeTier
    /// What to show at a store; of a thing alone.
    let voucher: CodePageVoucher?

    /// A prize with what to show for it.
    package init(prize: PrizeTier, voucher: CodePageVoucher?) {
        self.prize = prize
        self.voucher = voucher
    }
}

/// What a reader shows at a store.
package struct CodePageVoucher: Sendable {
    let token: String
    let expiresAt: Date
    let state: VoucherState

    /// A voucher in its parts.
    package init(token: String, expiresAt: Date, state: VoucherState) {
        self.token = token
        self.expiresAt = expiresAt
        self.state = state
    }
}
