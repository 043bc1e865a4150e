import Accounting
import Crypto
package import FoundationEssentials
package import Kernel
package import Keys
import Policies
package import Postgres

extension PolicyKey where Value == RedrawDepth {
    /// How many rights to draw may follow from one another.
    static var redrawDepthMax: Self { Self("codes.redraw_depth_max") }
}

/// A number of draws, as policies write it.
struct RedrawDepth: Codable, Hashable, Sendable {
    let draws: Int32
}

/// Publishes draws, and shows their seeds when they are over.
package enum Campaigns {
    /// How many rights may follow from one another at most, whatever a policy says.
    package static let redrawDepthMax = Limit<Int32>(10, reason: "a chain of draws must end while somebody watches")

    /// Publishes a draw: its terms, the commitment to its seed, and the money of all its prizes.
    ///
    /// The same file again gives the same draw.
    ///
    /// - Returns: The draw, and whether it is new.
    /// - Throws: ``Problem`` 409 `draw_exists` for a code that the brand used for something else, 422 for a draw that begins in the past
    ///   or wins too much, 404 for a brand that is not there.
    package static func publish(
        _ file: CampaignFile, brand: ID<Brand>, author: String, keys: KeyRing, on pool: Pool
    ) async throws -> (campaign: CampaignRecord, isNew: Bool) {
        try file.check()
        do {
            return try await attempt(file, brand: brand, author: author, keys: keys, on: pool)
        } catch is CodeTaken {
            // Somebody published under this code in this instant: it stands by now, and is not taken back.
            return try await attempt(file, brand: brand, author: author, keys: keys, on: pool)
        }
    }

    /// Rolls a try back: the code was taken meanwhile.
    private struct CodeTaken: Error {}

    private static func attempt(
        _ file: CampaignFile, brand: ID<Brand>, author: String, keys: KeyRing, on pool: Pool
    ) async throws -> (campaign: CampaignRecord, isNew: Bool) {
        try await pool.transaction { tx in
            let (clock, brands) = try await tx.pipeline(BatchStatements.clock(), BatchStatements.brand(brand))
            guard let now = clock.first, !brands.isEmpty else { throw Problem.notFound("There is no such brand.") }
            if let earlier = try await CampaignRecord.find(file.code, brand: brand, on: tx)?.record {
                return (try earlier.same(as: file), false)
            }
            let campaign = try await make(file, brand: brand, keys: keys, now: now, on: tx)
            guard try await tx.first(DrawStatements.insert(campaign, author: author)) != nil else { throw CodeTaken() }
            let prizes = campaign.terms.tiers.compactMap { tier in campaign.stocks[tier.tier].map { (tier, $0) } }
            try await tx.execute(DrawStatements.insertPrizes(prizes, campaign: campaign.id, brand: brand))
            let postings = try prizes.map { tier, stock in
                Posting(
                    debit: campaign.costAccount, credit: stock.account,
                    amount: try tier.cost * Int(clamping: tier.stock),
                    kind: .drawStocked, subject: stock.prize.rawValue, occurredAt: now)
            }
            try await Ledger.post(postings, brand: brand, now: now, on: tx)
            return (campaign, true)
        }
    }

    private static func make(
        _ file: CampaignFile, brand: ID<Brand>, keys: KeyRing, now: Date, on tx: Transaction
    ) async throws -> CampaignRecord {
        guard now <= file.startsAt else {
            throw Problem.invalid(
                "The draw would begin in the past: what it wins is published before. Choose a later `starts_at`.",
                code: "draw_begins_in_the_past")
        }
        try await checkWorth(file, brand: brand, on: tx)
        let kept = try await Policies.value(.claimDays, brand: brand, at: now, on: tx)
        let depth = try await Policies.value(.redrawDepthMax, brand: brand, at: now, on: tx).draws
        guard RuleTerms.claimDaysRange.contains(kept.days), (0...redrawDepthMax.value).contains(depth) else {
            throw Problem.conflict(
                "The brand's policies codes.claim_days and codes.redraw_depth_max say \(kept.days) and \(depth): set them to 1 to 3650 and 0 to \(redrawDepthMax.value).",
                code: "policy_out_of_range")
        }
        guard depth > 0 || !file.grantsRights else {
            throw Problem.invalid(
                "The brand's policy codes.redraw_depth_max is 0: a prize that is one more draw would never be won. Take it out, or set the policy.",
                code: "draw_malformed")
        }
        let id = ID<Campaign>.mint()
        let terms = file.terms(claimDays: kept.days, redrawDepthMax: depth)
        let seed = SymmetricKey(size: .bits256).withUnsafeBytes { Array($0) }
        func account(_ kind: AccountKind, of subject: UUID, floor: Money? = nil) async throws -> ID<Account> {
            try await Ledger.account(AccountKey(kind, of: subject), floor: floor, brand: brand, now: now, on: tx)
        }
        var stocks: [Int32: DrawStockAccount] = [:]
        for tier in terms.tiers {
            let prize = ID<CampaignPrize>.mint()
            stocks[tier.tier] = DrawStockAccount(
                prize: prize, account: try await account(.prizeStock, of: prize.rawValue, floor: .zero))
        }
        return CampaignRecord(
            id: id, brand: brand, terms: terms, rulesHash: terms.rulesHash(seed: seed, campaign: id),
            wrappedSeed: try keys.wrapRaw(seed, for: .drawSeed),
            costAccount: try await account(.prizeCost, of: id.rawValue),
            owedAccount: try await account(.prizeOwed, of: id.rawValue), stocks: stocks, publishedAt: now)
    }

    /// The law's bound holds for draws as it does for packs, by the numbers of the instant at which the draw begins.
    private static func checkWorth(_ file: CampaignFile, brand: ID<Brand>, on tx: Transaction) async throws {
        let most = try await PrizeGuard.most(brand: brand, at: file.startsAt, on: tx)
        guard file.topCost <= most else {
            throw Problem.invalid(
                "A prize of this draw costs \(file.topCost.yuanText) yuan, and no prize may cost more than \(most.yuanText) yuan: choose smaller prizes.",
                code: "prize_too_valuable")
        }
    }
}

// MARK: - Later

extension Campaigns {
    /// Gives a draw a later end than it has: in favour of those who draw, and the only term that can change.
    ///
    /// - Throws: ``Problem`` 404 for a draw that is not there, 409 `draw_over`, 422 `not_later`.
    package static func extend(
        _ code: String, to end: Date, brand: ID<Brand>, on pool: Pool
    ) async throws -> (campaign: CampaignRecord, progress: CampaignProgress) {
        try await pool.transaction { tx in
            let (campaign, progress, now) = try await lock(code, brand: brand, on: tx)
            let current = progress.extendedTo ?? campaign.terms.endsAt
            if end == current { return (campaign, progress) }
            guard progress.revealedSeed == nil, now < current else {
                throw Problem.conflict("The draw is over: publish another one.", code: "draw_over")
            }
            guard end > current else {
                throw Problem.invalid(
                    "The draw ends at \(RuleTerms.text(current)): it can only get a later end.", code: "not_later")
            }
            try await tx.execute(DrawStatements.extend(campaign.id, to: end, brand: brand))
            return (
                campaign,
                CampaignProgress(extendedTo: end, entries: progress.entries, drawnAt: progress.drawnAt)
            )
        }
    }

    /// Shows the seed of a draw that is over, and gives back the money of what was not won.
    ///
    /// - Throws: ``Problem`` 404 for a draw that is not there, 409 `draw_running`.
    package static func reveal(
        _ code: String, brand: ID<Brand>, keys: KeyRing, on pool: Pool
    ) async throws -> (campaign: CampaignRecord, seed: [UInt8]) {
        try await pool.transaction { tx in
            let (campaign, progress, now) = try await lock(code, brand: brand, on: tx)
            if let seed = progress.revealedSeed { return (campaign, seed) }
            let end = progress.extendedTo ?? campaign.terms.endsAt
            guard end <= now else {
                throw Problem.conflict(
                    "The draw runs until \(RuleTerms.text(end)): whoever knew its seed could tell who wins.",
                    code: "draw_running")
            }
            let seed = try keys.unwrapRaw(campaign.wrappedSeed, for: .drawSeed)
            let postings = try await DrawStock(campaign: campaign, tx: tx).returning(now: now)
            try await Ledger.post(postings, brand: brand, now: now, on: tx)
            let shown = try await tx.first(DrawStatements.reveal(campaign.id, seed: seed, brand: brand, now: now))
            guard shown != nil else { throw CodesError.drawMoved(campaign.id) }
            return (campaign, seed)
        }
    }

    /// All draws of a brand, the last first, with how many entries won.
    package static func list(
        brand: ID<Brand>, on executor: some Executor
    ) async throws -> [(campaign: CampaignRecord, progress: CampaignProgress, wins: Int64)] {
        let wins = Dictionary(try await executor.run(DrawStatements.wins(brand: brand)).map { ($0.campaign, $0.wins) })
        {
            first, _ in first
        }
        return CampaignRecord.gathered(try await executor.run(DrawStatements.campaigns(brand: brand)))
            .map { ($0.record, $0.progress, wins[$0.record.id] ?? 0) }
    }

    private static func lock(
        _ code: String, brand: ID<Brand>, on tx: Transaction
    ) async throws -> (campaign: CampaignRecord, progress: CampaignProgress, now: Date) {
        guard let campaign = try await CampaignRecord.find(code, brand: brand, on: tx)?.record,
            let progress = try await tx.first(DrawStatements.lock(campaign.id, brand: brand))
        else { throw Problem.drawUnknown }
        return (campaign, progress, try await tx.one(BatchStatements.clockAfterWaiting()))
    }
}

// MARK: - Reading

extension CampaignRecord {
    /// The draw of a code, if the brand has it.
    package static func find(
        _ code: String, brand: ID<Brand>, on executor: some Executor
    ) async throws -> (record: CampaignRecord, progress: CampaignProgress)? {
        gathered(try await executor.run(DrawStatements.campaign(code, brand: brand))).first
    }

    /// Gathers the prizes of draws that come one prize a row, a draw's rows together.
    static func gathered(_ rows: [DrawStatements.Row]) -> [(record: CampaignRecord, progress: CampaignProgress)] {
        var draws: [(record: CampaignRecord, progress: CampaignProgress)] = []
        for row in rows {
            if draws.last?.record.id != row.campaign.id { draws.append((row.campaign, row.progress)) }
            let last = draws.count - 1
            draws[last].record = draws[last].record.with(row.tier, row.stock)
        }
        return draws
    }

    private func with(_ tier: DrawTier, _ stock: DrawStockAccount) -> CampaignRecord {
        var terms = terms
        terms.tiers.append(tier)
        return CampaignRecord(
            id: id, brand: brand, terms: terms, rulesHash: rulesHash, wrappedSeed: wrappedSeed,
            costAccount: costAccount,
            owedAccount: owedAccount, stocks: stocks.merging([tier.tier: stock]) { $1 }, publishedAt: publishedAt)
    }

    fileprivate func same(as file: CampaignFile) throws(Problem) -> CampaignRecord {
        let wanted = file.terms(claimDays: terms.claimDays, redrawDepthMax: terms.redrawDepthMax)
        guard wanted == terms else {
            throw .conflict(
                "The brand published another draw as \(terms.code), and what was published never changes: choose another code.",
                code: "draw_exists")
        }
        return self
    }
}
