package import Crypto
package import Kernel
import Postgres

/// What a prize is.
package enum PrizeKind: String, Sendable, CaseIterable, Codable {
    /// Points, paid at once.
    case points
    /// A coupon, good for an order; its cost is what it takes off.
    case coupon
    /// A thing that a store hands over.
    case item
    /// A right to one more entry in a draw.
    case redraw
    /// Money, given by WeChat Pay; its cost is the amount.
    case cash

    /// Whether a job pays it once it is won.
    package var isPaid: Bool { self == .points || self == .cash }
}

/// The draw that a prize of one more draw is for.
package struct PrizeDraw: Hashable, Sendable {
    /// What the draw is called.
    package let code: String
    /// Its id; nil until the brand's draws were looked at.
    package let campaign: ID<Campaign>?

    /// A draw by its code, and by its id where it is known.
    package init(code: String, campaign: ID<Campaign>? = nil) {
        self.code = code
        self.campaign = campaign
    }
}

/// One line of a batch's prizes.
package struct PrizeTier: Hashable, Sendable {
    /// Its number, from 1.
    package let tier: Int32
    /// Its name for people.
    package let name: String
    /// What it is.
    package let kind: PrizeKind
    /// What a prize of points is worth to its winner; 0 for other kinds.
    package let points: Int32
    /// What one costs the brand.
    package let cost: Money
    /// How many there are: exactly so many codes win it.
    package let count: Int64
    /// The lowest rank that wins it.
    package let firstRank: Int64
    /// The draw that a right is for; nil for other kinds.
    package let draw: PrizeDraw?
    /// What a coupon promises; nil for other kinds, and for coupons that were published without.
    package let coupon: CouponTerms?

    /// A prize as it was stored.
    package init(
        tier: Int32, name: String, kind: PrizeKind, points: Int32, cost: Money, count: Int64, firstRank: Int64,
        draw: PrizeDraw? = nil, coupon: CouponTerms? = nil
    ) {
        self.tier = tier
        self.name = name
        self.kind = kind
        self.points = points
        self.cost = cost
        self.count = count
        self.firstRank = firstRank
        self.draw = draw
        self.coupon = coupon
    }
}

/// A prize that somebody asks for.
package struct PrizeRequest: Hashable, Sendable {
    /// Its name for people.
    package var name: String
    /// What it is.
    package var kind: PrizeKind
    /// What a prize of points is worth to its winner.
    package var points: Int32
    /// What one costs the brand.
    package var cost: Money
    /// How many there shall be.
    package var count: Int64
    /// The code of the draw that a right is for; nil for other kinds.
    package var campaign: String?
    /// What a coupon promises; nil for other kinds.
    package var coupon: CouponTerms?

    /// A prize in its parts.
    package init(
        name: String, kind: PrizeKind, points: Int32 = 0, cost: Money, count: Int64, campaign: String? = nil,
        coupon: CouponTerms? = nil
    ) {
        self.name = name
        self.kind = kind
        self.points = points
        self.cost = cost
        self.count = count
        self.campaign = campaign
        self.coupon = coupon
    }
}

/// All prizes of a batch, in the order of their ranks.
package struct PrizeTable: Hashable, Sendable {
    /// The prizes, the first first.
    package let tiers: [PrizeTier]

    /// A table as it was stored, its tiers in order.
    package init(tiers: [PrizeTier]) { self.tiers = tiers }

    /// The table of what is asked for: ranks are given out from 0, one prize after another.
    ///
    /// - Throws: ``Problem`` 422 for prizes that make no sense, or that a batch of `count` codes cannot have.
    package init(_ requests: [PrizeRequest], count: Int64) throws(Problem) {
        var tiers: [PrizeTier] = []
        var next: Int64 = 0
        for (number, request) in requests.enumerated() {
            try request.check(number + 1)
            guard request.count <= count - next else {
                throw .invalid(
                    "There are more prizes than the \(count) codes of the batch: lower their counts.",
                    code: "prizes_exceed_codes")
            }
            tiers.append(
                PrizeTier(
                    tier: Int32(truncatingIfNeeded: number + 1), name: request.name, kind: request.kind,
                    points: request.points, cost: request.cost, count: request.count, firstRank: next,
                    draw: request.campaign.map { PrizeDraw(code: $0) }, coupon: request.coupon))
            next += request.count
        }
        self.tiers = tiers
    }

    /// What a rank wins; nil for nothing.
    package func prize(at rank: Int64) -> PrizeTier? {
        tiers.first { $0.firstRank <= rank && rank < $0.firstRank + $0.count }
    }

    /// The prize with a number.
    package func prize(tier: Int32) -> PrizeTier? { tiers.first { $0.tier == tier } }
}

// MARK: - Draws

extension PrizeTable {
    /// The same table, its rights bound to the brand's draws.
    ///
    /// - Throws: ``Problem`` 422 `draw_unknown` for a draw that the brand did not publish, or that takes no rights.
    func bound(to brand: ID<Brand>, on tx: Transaction) async throws -> PrizeTable {
        let codes = Set(tiers.compactMap { $0.draw?.code })
        if codes.isEmpty { return self }
        let found = try await tx.run(DrawStatements.ids(of: codes.sorted(), brand: brand))
        let draws = Dictionary(found.map { ($0.code, $0) }) { first, _ in first }
        for code in codes.sorted() where draws[code].map({ $0.depth < 1 }) ?? true {
            throw Problem.invalid(
                "The brand has no draw \(code) that takes rights: publish it with `siyu draw publish` first.",
                code: "draw_unknown")
        }
        return PrizeTable(
            tiers: tiers.map { tier in
                PrizeTier(
                    tier: tier.tier, name: tier.name, kind: tier.kind, points: tier.points, cost: tier.cost,
                    count: tier.count, firstRank: tier.firstRank,
                    draw: tier.draw.map { PrizeDraw(code: $0.code, campaign: draws[$0.code]?.id) },
                    coupon: tier.coupon)
            })
    }
}

// MARK: - Commitment

extension PrizeTable {
    /// The bytes that the hash of the rules covers, as the room's README has them.
    package func canonicalBytes(handle: BatchHandle, count: Int64) -> [UInt8] {
        var text = "siyu-prizes-1\n\(handle)\n\(count)\n"
        for tier in tiers {
            let kind = tier.kind.canonical(draw: tier.draw?.code, coupon: tier.coupon)
            text += "\(tier.tier),\(tier.firstRank),\(tier.count),\(kind),\(tier.points),\(tier.cost.fen),"
            text += "\(tier.name)\n"
        }
        return Array(text.utf8)
    }

    /// What is published before anything is printed: SHA-256 of the prize key and the canonical bytes.
    package func rulesHash(key: SymmetricKey, handle: BatchHandle, count: Int64) -> [UInt8] {
        var hash = SHA256()
        key.withUnsafeBytes { hash.update(bufferPointer: $0) }
        hash.update(data: canonicalBytes(handle: handle, count: count))
        return Array(hash.finalize())
    }
}

extension PrizeRequest {
    fileprivate func check(_ number: Int) throws(Problem) {
        // A control character would make two tables share their canonical bytes.
        guard (1...80).contains(name.unicodeScalars.count), !name.unicodeScalars.contains(where: { $0.value < 0x20 })
        else {
            throw .invalid(
                "Prize \(number) needs a name of 1 to 80 characters, no control characters.", code: "prize_malformed")
        }
        guard count > 0, cost >= .zero else {
            throw .invalid(
                "Prize \(number) needs a count above zero, and a cost of zero or more.", code: "prize_malformed")
        }
        guard points >= 0, (points > 0) == (kind == .points) else {
            throw .invalid(
                "Prize \(number): a prize of points says how many, any other prize says none.", code: "prize_malformed")
        }
        // What is paid is paid through the books, and the books move no zero.
        guard !kind.isPaid || cost > .zero else {
            throw .invalid(
                "Prize \(number): points and cash have a cost, or nobody would be paid.", code: "prize_malformed")
        }
        guard (campaign != nil) == (kind == .redraw) else {
            throw .invalid(
                "Prize \(number): a prize of kind redraw names the campaign that it is a right to, any other prize names none.",
                code: "prize_malformed")
        }
        guard (coupon != nil) == (kind == .coupon) else {
            throw .invalid(
                "Prize \(number): a coupon says from what an order costs on it counts, and for how many days; any other prize says neither.",
                code: "prize_malformed")
        }
        if let fault = coupon?.fault(off: cost) {
            throw .invalid("Prize \(number): \(fault).", code: "prize_malformed")
        }
        guard kind != .redraw || cost == .zero else {
            throw .invalid(
                "Prize \(number): a right to draw costs nothing by itself, its draw has a stock of its own: set its cost to 0.",
                code: "prize_malformed")
        }
    }
}
