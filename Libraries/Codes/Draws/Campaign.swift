package import Accounting
import Crypto
package import FoundationEssentials
package import Kernel
package import Keys

extension KeyRing.Purpose {
    /// The seeds of draws.
    package static let drawSeed = KeyRing.Purpose("draw-seed")
}

extension AccountKind {
    /// What is left of a prize of a draw, never less than nothing; subject: the prize.
    package static let prizeStock: AccountKind = "prize_stock"
    /// What is left of a prize for a day, never less than nothing; subject: the day's share.
    package static let prizeToday: AccountKind = "prize_today"
}

extension TransferKind {
    /// A draw was published, and its prizes were put by; subject: the prize.
    package static let drawStocked: TransferKind = "draw.stocked"
    /// A day was given its share of a prize; subject: the day's share.
    package static let drawDay: TransferKind = "draw.day"
    /// What a day did not give away went back; subject: the day's share.
    package static let drawDayReturned: TransferKind = "draw.day_returned"
    /// An entry won; subject: the entry.
    package static let drawWon: TransferKind = "draw.won"
    /// An entry won a right to another one, which costs nothing by itself; subject: the entry.
    package static let drawRightGranted: TransferKind = "draw.right_granted"
    /// A draw is over, and what was not won went back; subject: the prize.
    package static let drawReturned: TransferKind = "draw.returned"
}

/// How an entry finds what it wins.
package enum DrawMode: String, Sendable, CaseIterable, Codable {
    /// By its place in a permutation of all entries that there can be: the counts are exact when all of them were made.
    case ranks
    /// By chance, as long as there is stock.
    case odds
}

/// One line of what a draw wins.
package struct DrawTier: Hashable, Sendable {
    /// Its number, from 1.
    package let tier: Int32
    /// Its name for people.
    package let name: String
    /// What it is.
    package let kind: PrizeKind
    /// What a prize of points is worth to its winner; 0 for other kinds.
    package let points: Int32
    /// What one costs the brand, one fen at least: the stock is money.
    package let cost: Money
    /// How many there are.
    package let stock: Int64
    /// How many a day may give, by the clocks of Shanghai; nil for all, as always in ``DrawMode/ranks``.
    package let dayStock: Int64?
    /// The chance of an entry in a million; nil in ``DrawMode/ranks``.
    package let oddsPPM: Int32?
    /// What a coupon promises; nil for other kinds.
    package let coupon: CouponTerms?

    /// A line in its parts.
    package init(
        tier: Int32, name: String, kind: PrizeKind, points: Int32, cost: Money, stock: Int64, dayStock: Int64?,
        oddsPPM: Int32?, coupon: CouponTerms? = nil
    ) {
        self.tier = tier
        self.name = name
        self.kind = kind
        self.points = points
        self.cost = cost
        self.stock = stock
        self.dayStock = dayStock
        self.oddsPPM = oddsPPM
        self.coupon = coupon
    }
}

/// Everything that is promised about a draw.
package struct DrawTerms: Hashable, Sendable {
    /// What the draw is called in paths.
    package var code: String
    /// What it is called by people.
    package var name: String
    /// How an entry finds what it wins.
    package var mode: DrawMode
    /// How many entries there can be.
    package var entriesMax: Int64
    /// How many draws a person has without a right.
    package var perPersonMax: Int32
    /// How many rights may follow from one another.
    package var redrawDepthMax: Int32
    /// For how many days a thing that was won is kept.
    package var claimDays: Int32
    /// The first instant of the draw.
    package var startsAt: Date
    /// The promised end, which is no longer part of it.
    package var endsAt: Date
    /// What it wins, the first first.
    package var tiers: [DrawTier]

    /// Terms in their parts.
    package init(
        code: String, name: String, mode: DrawMode, entriesMax: Int64, perPersonMax: Int32, redrawDepthMax: Int32,
        claimDays: Int32, startsAt: Date, endsAt: Date, tiers: [DrawTier]
    ) {
        self.code = code
        self.name = name
        self.mode = mode
        self.entriesMax = entriesMax
        self.perPersonMax = perPersonMax
        self.redrawDepthMax = redrawDepthMax
        self.claimDays = claimDays
        self.startsAt = startsAt
        self.endsAt = endsAt
        self.tiers = tiers
    }

    /// The line with a number.
    package func tier(_ number: Int32) -> DrawTier? { tiers.first { $0.tier == number } }

    /// The bytes that the hash of the rules covers, as the room's README has them.
    package func canonicalBytes(campaign: ID<Campaign>) -> [UInt8] {
        var text = "siyu-draw-1\n\(campaign)\n\(code)\n\(name)\n\(mode.rawValue)\n\(entriesMax)\n\(perPersonMax)\n"
        text += "\(redrawDepthMax)\n\(claimDays)\n\(RuleTerms.text(startsAt))\n\(RuleTerms.text(endsAt))\n"
        for tier in tiers {
            let kind = tier.kind.canonical(draw: nil, coupon: tier.coupon)
            text += "\(tier.tier),\(kind),\(tier.points),\(tier.cost.fen),\(tier.stock),"
            text += "\(tier.dayStock.map { "\($0)" } ?? "-"),\(tier.oddsPPM.map { "\($0)" } ?? "-"),\(tier.name)\n"
        }
        return Array(text.utf8)
    }

    /// What is published before the draw starts: SHA-256 of the seed and the canonical bytes.
    package func rulesHash(seed: [UInt8], campaign: ID<Campaign>) -> [UInt8] {
        Array(SHA256.hash(data: seed + canonicalBytes(campaign: campaign)))
    }
}

/// A draw as it was published: none of it ever changes.
package struct CampaignRecord: Hashable, Sendable {
    /// Its id.
    package let id: ID<Campaign>
    /// The tenant.
    package let brand: ID<Brand>
    /// What is promised.
    package let terms: DrawTerms
    /// The commitment to the terms and the seed.
    package let rulesHash: [UInt8]
    /// The seed under the master key.
    package let wrappedSeed: [UInt8]
    /// What its prizes cost the brand.
    package let costAccount: ID<Account>
    /// Prizes that were won and not yet given.
    package let owedAccount: ID<Account>
    /// By tier, its id and what is left of it.
    package let stocks: [Int32: DrawStockAccount]
    /// When it was published.
    package let publishedAt: Date
}

/// Where what is left of a prize is kept.
package struct DrawStockAccount: Hashable, Sendable {
    /// The prize.
    package let prize: ID<CampaignPrize>
    /// Its account.
    package let account: ID<Account>
}

/// What changes about a draw while it goes on.
package struct CampaignProgress: Hashable, Sendable {
    /// A later end than the promised one; nil for none.
    package let extendedTo: Date?
    /// How many entries were made.
    package let entries: Int64
    /// When the last one was made.
    package let drawnAt: Date?
    /// The seed; nil until the draw is over and it is shown.
    package let revealedSeed: [UInt8]?

    /// A progress in its parts.
    package init(extendedTo: Date? = nil, entries: Int64, drawnAt: Date?, revealedSeed: [UInt8]? = nil) {
        self.extendedTo = extendedTo
        self.entries = entries
        self.drawnAt = drawnAt
        self.revealedSeed = revealedSeed
    }
}

// MARK: - Outcomes

/// Tells what an entry is given by the seed; the same every time.
package struct DrawOracle: Sendable {
    /// How many parts a chance has.
    package static let oddsParts: UInt64 = 1_000_000
    static let seedBytes = 32

    private let seed: SymmetricKey
    private let campaign: ID<Campaign>
    private let tiers: [DrawTier]
    private let ranks: PrizeOrder?

    /// What the seed gives to the entries of a draw.
    ///
    /// - Throws: `FF1Error` for a draw by ranks of another size than can be published.
    package init(_ terms: DrawTerms, campaign: ID<Campaign>, seed: [UInt8]) throws {
        self.seed = SymmetricKey(data: seed)
        self.campaign = campaign
        tiers = terms.tiers
        ranks =
            terms.mode == .ranks
            ? try PrizeOrder(key: self.seed, label: Array("siyu-draw-1\(campaign)".utf8), count: terms.entriesMax)
            : nil
    }

    /// What the entry of an ordinal is given; nil for nothing.
    ///
    /// Whether it wins that is decided by ``DrawWin`` and the stock.
    package func tier(of ordinal: Int64) -> DrawTier? {
        var place: UInt64
        let width: (DrawTier) -> UInt64
        if let ranks {
            place = UInt64(ranks.rank(of: ordinal))
            width = { UInt64($0.stock) }
        } else {
            let text = "siyu-draw-1\n\(campaign)\n\(ordinal)"
            let code = HMAC<SHA256>.authenticationCode(for: Array(text.utf8), using: seed)
            place = code.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) } % Self.oddsParts
            width = { UInt64($0.oddsPPM ?? 0) }
        }
        for tier in tiers {
            if place < width(tier) { return tier }
            place -= width(tier)
        }
        return nil
    }
}

extension DrawOracle: CustomStringConvertible, CustomReflectable {
    /// Says nothing about the seed.
    package var description: String { "DrawOracle(…)" }
    /// Empty, so that `dump` shows no seed.
    package var customMirror: Mirror { Mirror(self, children: []) }
}
