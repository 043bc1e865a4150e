import FoundationEssentials
package import Kernel
package import Postgres

/// What a look through a draw that is over found: everything is computed again from the seed that was shown.
package struct DrawVerdict: Hashable, Sendable {
    /// Where an entry is not what it should be.
    package struct Difference: Hashable, Sendable {
        /// The entry.
        package let ordinal: Int64
        /// What is wrong with it.
        package let what: String
    }

    /// The draw.
    package let campaign: CampaignRecord
    /// Whether seed and terms are what was published.
    package let isRulesHashRight: Bool
    /// How many entries were looked at.
    package let entries: Int64
    /// How many there should be.
    package let entriesCounted: Int64
    /// By tier, how many entries won it.
    package let wins: [Int32: Int64]
    /// The first entry that is not what it should be.
    package let difference: Difference?
    /// Whether the books moved what was won, no more and no less.
    package let isBooked: Bool

    /// Whether all of it is right.
    package var isRight: Bool { isRulesHashRight && difference == nil && entries == entriesCounted && isBooked }
}

/// Computes a draw again.
package enum DrawVerify {
    private static let page = Limit(10_000, reason: "a megabyte or two at a time, whatever the draw's size")

    /// Looks through all entries of a draw.
    ///
    /// A draw whose seed is shown takes no more entries, so that the pages need no common snapshot: none is held while they are computed.
    ///
    /// - Throws: ``Problem`` 404 for a draw that is not there, 409 `seed_hidden` before its seed is shown.
    package static func run(
        _ code: String, brand: ID<Brand>, on executor: some Executor,
        progress report: @Sendable (Int64) -> Void = { _ in }
    ) async throws -> DrawVerdict {
        guard let (campaign, progress) = try await CampaignRecord.find(code, brand: brand, on: executor) else {
            throw Problem.drawUnknown
        }
        guard let seed = progress.revealedSeed else {
            throw Problem.conflict(
                "The seed of this draw is not shown yet: `siyu draw reveal` shows it when the draw is over.",
                code: "seed_hidden")
        }
        var replay = try DrawReplay(campaign, progress, seed: seed)
        while replay.difference == nil {
            let entries = try await executor.run(
                DrawStatements.entries(of: campaign.id, after: replay.entries - 1, limit: page.value, brand: brand))
            for entry in entries where replay.difference == nil { replay.take(entry) }
            report(replay.entries)
            if entries.count < page.value { break }
        }
        let booked = try await executor.one(DrawStatements.booked(of: campaign.id, brand: brand))
        let hash = campaign.terms.rulesHash(seed: seed, campaign: campaign.id)
        return DrawVerdict(
            campaign: campaign, isRulesHashRight: hash == campaign.rulesHash, entries: replay.entries,
            entriesCounted: progress.entries, wins: replay.wins, difference: replay.difference,
            isBooked: booked == (replay.wins.values.reduce(0, +), replay.amount))
    }
}

/// A draw that is made once more, entry by entry.
struct DrawReplay {
    private let campaign: CampaignRecord
    private let end: Date
    private let oracle: DrawOracle
    private var today: [Int32: (day: CalendarDate, won: Int64)] = [:]
    private var last: Date?
    private(set) var entries: Int64 = 0
    private(set) var wins: [Int32: Int64] = [:]
    private(set) var amount = Money.zero
    private(set) var difference: DrawVerdict.Difference?

    init(_ campaign: CampaignRecord, _ progress: CampaignProgress, seed: [UInt8]) throws {
        self.campaign = campaign
        end = progress.extendedTo ?? campaign.terms.endsAt
        oracle = try DrawOracle(campaign.terms, campaign: campaign.id, seed: seed)
    }

    /// Compares the next entry with what it should be.
    mutating func take(_ entry: DrawStatements.StoredEntry) {
        if let what = obstacle(entry) {
            difference = DrawVerdict.Difference(ordinal: entries, what: what)
            return
        }
        let drawn = oracle.tier(of: entry.ordinal)
        guard drawn?.tier == entry.drawnTier else {
            return differ(
                "the seed gives it \(Self.name(drawn?.tier)), and \(Self.name(entry.drawnTier)) is written down")
        }
        let wanted = DrawWin.wanted(drawn, depth: entry.depth, redrawDepthMax: campaign.terms.redrawDepthMax)
        let won = wanted.flatMap { takeFromStock($0, at: entry.drawnAt) ? $0 : nil }
        guard won?.tier == entry.tier else {
            return differ("it wins \(Self.name(won?.tier)), and \(Self.name(entry.tier)) is written down")
        }
        entries += 1
        last = entry.drawnAt
    }

    /// What is wrong with an entry whatever it won.
    private func obstacle(_ entry: DrawStatements.StoredEntry) -> String? {
        let terms = campaign.terms
        guard entry.ordinal == entries else { return "the next entry is number \(entry.ordinal): the order has a gap" }
        guard terms.startsAt <= entry.drawnAt, entry.drawnAt < end else { return "it was made outside the draw's time" }
        guard last.map({ $0 <= entry.drawnAt }) ?? true else { return "it is older than the one before" }
        if let number = entry.freeNumber, number > terms.perPersonMax {
            return "the person has \(terms.perPersonMax) draws of their own, and this is number \(number)"
        }
        guard entry.right == nil || (entry.rightPerson == entry.person && entry.rightDepth == entry.depth) else {
            return "the right that it used up is not this person's, or was never granted"
        }
        return nil
    }

    private mutating func takeFromStock(_ tier: DrawTier, at instant: Date) -> Bool {
        guard wins[tier.tier, default: 0] < tier.stock else { return false }
        if let share = tier.dayStock {
            let day = CalendarDate.inShanghai(instant)
            let won = today[tier.tier].flatMap { $0.day == day ? $0.won : nil } ?? 0
            guard won < share else { return false }
            today[tier.tier] = (day, won + 1)
        }
        wins[tier.tier, default: 0] += 1
        // All prizes together can be booked: that was checked when they were published.
        amount = Money(fen: amount.fen &+ tier.cost.fen)
        return true
    }

    private mutating func differ(_ what: String) { difference = DrawVerdict.Difference(ordinal: entries, what: what) }

    private static func name(_ tier: Int32?) -> String { tier.map { "prize \($0)" } ?? "no prize" }
}
