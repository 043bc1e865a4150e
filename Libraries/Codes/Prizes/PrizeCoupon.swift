package import FoundationEssentials
package import Jobs
package import Kernel
import Members
package import Postgres

/// What a prize of kind coupon promises, besides what it takes off, which is its cost.
package struct CouponTerms: Hashable, Sendable {
    /// From what an order costs on, before anything is taken off.
    package let threshold: Money
    /// For how many days it can be used, from the instant at which it was won.
    package let days: Int32

    /// How many days a coupon may be good for.
    package static let daysRange: ClosedRange<Int32> = 1...366
    /// The highest threshold.
    package static let thresholdMax = Limit(
        Money(fen: 100_000_000), reason: "nobody reaches a million yuan with one order; beyond it is a slip of the pen")

    /// Terms in their parts, unchecked until ``fault(off:)``.
    package init(threshold: Money, days: Int32) {
        self.threshold = threshold
        self.days = days
    }

    /// The last instant at which one that was won at an instant can be used.
    package func end(from instant: Date) -> Date { Vouchers.end(from: instant, days: days) }

    /// What is wrong with them for a coupon that takes so much off, in half a sentence; nil for nothing.
    func fault(off: Money) -> String? {
        guard off > .zero else { return "a coupon takes off what it costs, 0.01 at least" }
        guard threshold > off, threshold <= Self.thresholdMax.value else {
            return
                "a coupon's threshold is more than it takes off, so that something is left to pay, and 1000000.00 at most"
        }
        guard Self.daysRange.contains(days) else {
            return "a coupon is good for \(Self.daysRange.lowerBound) to \(Self.daysRange.upperBound) days"
        }
        return nil
    }

    /// Terms as two columns have them.
    init?(thresholdFen: Int64?, days: Int32?) {
        guard let thresholdFen, let days else { return nil }
        self.init(threshold: Money(fen: thresholdFen), days: days)
    }
}

extension PrizeKind {
    /// The kind as documents that are hashed have it.
    func canonical(draw: String?, coupon: CouponTerms?) -> String {
        rawValue + (draw.map { ":\($0)" } ?? "") + (coupon.map { ":\($0.threshold.fen):\($0.days)" } ?? "")
    }
}

/// A coupon as its winner is told of it.
struct WonCoupon: Hashable, Sendable, Codable {
    /// What won it, which is the coupon's id, as ids are written.
    let couponID: String
    let offFen: Int64
    let thresholdFen: Int64
    /// The last instant at which it can be used.
    let expiresAt: Date

    private enum CodingKeys: String, CodingKey {
        case couponID = "coupon_id"
        case offFen = "off_fen"
        case thresholdFen = "threshold_fen"
        case expiresAt = "expires_at"
    }

    init(_ terms: CouponTerms, off: Money, wonBy cause: UUID, at instant: Date) {
        couponID = "\(ID<Redemption>(rawValue: cause))"
        offFen = off.fen
        thresholdFen = terms.threshold.fen
        expiresAt = terms.end(from: instant)
    }
}

/// Has a coupon granted for each prize that is one, by a job in the commit of what won it; the room that keeps coupons is apart.
package struct CouponGrants: RedemptionFollower {
    /// None: whoever won has the page, and opens the list of coupons later.
    package var queues: [String] { [] }

    private let queue: JobQueue

    /// Grants whose jobs go to `queue`.
    package init(queue: JobQueue) { self.queue = queue }

    /// Looks up the grant's kind.
    package func prepare() async throws { try await queue.prepare(CouponGrant.self) }

    /// Pushes a grant for each coupon that was won; one of terms that nobody published grants nothing.
    package func follow(_ new: [NewlyRedeemed], brand: ID<Brand>, now: Date, on tx: Transaction) async throws {
        let grants = new.compactMap { redeemed -> CouponGrant? in
            guard let prize = redeemed.prize, let terms = prize.coupon else { return nil }
            return CouponGrant(
                brand: brand, cause: redeemed.redemption.rawValue, origin: redeemed.batch.id.rawValue,
                person: redeemed.person, name: prize.name, off: prize.cost, threshold: terms.threshold,
                until: terms.end(from: now), owedAccount: redeemed.batch.owedAccount)
        }
        if grants.isEmpty { return }
        try await queue.push(contentsOf: grants, options: JobOptions(brand: brand.rawValue), on: tx)
    }

    /// Pushes the grant of an entry in a draw, in its transaction.
    func grant(_ entry: DrawnEntry, of campaign: CampaignRecord, on tx: Transaction) async throws {
        guard let won = entry.won, let terms = won.coupon else { return }
        try await queue.push(
            CouponGrant(
                brand: campaign.brand, cause: entry.id.rawValue, origin: campaign.id.rawValue, person: entry.person,
                name: won.name, off: won.cost, threshold: terms.threshold, until: terms.end(from: entry.drawnAt),
                owedAccount: campaign.owedAccount), options: JobOptions(brand: campaign.brand.rawValue), on: tx)
    }
}
