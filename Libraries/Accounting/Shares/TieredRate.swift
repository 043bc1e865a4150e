package import FoundationEssentials
package import Kernel

/// A fee by how much was sold before: a rate up to a volume, another beyond.
///
/// As policies write it: `{"tiers": [{"up_to_fen": 100000000, "ppm": 10000}], "beyond_ppm": 50000, "restarts": false}`.
package struct TieredRate: Hashable, Sendable, Codable {
    /// One rate and where it ends.
    package struct Tier: Hashable, Sendable, Codable {
        /// The volume up to which the rate holds, inclusive.
        package var upToFen: Int64
        /// Millionths of the volume.
        package var ppm: Int64

        private enum CodingKeys: String, CodingKey {
            case upToFen = "up_to_fen"
            case ppm
        }

        /// A rate up to a volume.
        package init(upTo: Money, ppm: Int64) {
            upToFen = upTo.fen
            self.ppm = ppm
        }
    }

    /// The part of a sale that falls under one rate.
    package struct Part: Hashable, Sendable {
        /// How much of the sale.
        package let amount: Money
        /// Under which rate, in millionths.
        package let ppm: Int64

        /// A part of a sale.
        package init(amount: Money, ppm: Int64) {
            self.amount = amount
            self.ppm = ppm
        }
    }

    /// The tiers by rising volume.
    package let tiers: [Tier]
    /// The rate of what is beyond the last tier, in millionths.
    package let beyondPpm: Int64
    /// Whether the volume is counted anew from when this rate holds on.
    package let restarts: Bool

    private enum CodingKeys: String, CodingKey {
        case tiers
        case beyondPpm = "beyond_ppm"
        case restarts
    }

    /// Why rates make no sense.
    package struct Invalid: Error, Hashable, Sendable {
        /// In words, for whoever wrote them.
        package let reason: String
    }

    /// A rate by its tiers.
    ///
    /// - Throws: ``Invalid`` where tiers do not rise or a rate is not between nothing and everything.
    package init(tiers: [Tier], beyondPpm: Int64, restarts: Bool = false) throws(Invalid) {
        guard zip(tiers, tiers.dropFirst()).allSatisfy({ $0.upToFen < $1.upToFen }), tiers.first?.upToFen ?? 1 > 0
        else {
            throw Invalid(reason: "Each tier ends above the one before it, the first above zero.")
        }
        guard ([beyondPpm] + tiers.map(\.ppm)).allSatisfy({ (0...1_000_000).contains($0) }) else {
            throw Invalid(reason: "A rate is 0 to 1000000 millionths.")
        }
        self.tiers = tiers
        self.beyondPpm = beyondPpm
        self.restarts = restarts
    }

    /// Reads and checks a policy's value.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        try self.init(
            tiers: container.decode([Tier].self, forKey: .tiers),
            beyondPpm: container.decode(Int64.self, forKey: .beyondPpm),
            restarts: container.decode(Bool.self, forKey: .restarts))
    }

    /// The fee on a volume, counted from zero and rounded down once, as a whole.
    ///
    /// The fee of one sale is the difference that it makes: so fees of many sales sum to that of their volume, to the fen.
    package func fee(on volume: Money) -> Money {
        var millionths: UInt128 = 0
        for part in parts(of: volume, after: .zero) where part.amount > .zero {
            millionths += UInt128(part.amount.fen) * UInt128(part.ppm)
        }
        // No rate is above one: the fee fits where the volume does.
        return Money(fen: Int64(truncatingIfNeeded: millionths / 1_000_000))
    }

    /// How a sale is split among the tiers when `volume` was sold before it; nothing of it for a sale below zero.
    package func parts(of sale: Money, after volume: Money) -> [Part] {
        var parts: [Part] = []
        var start = max(0, volume.fen)
        var left = max(0, sale.fen)
        for tier in tiers where left > 0 && tier.upToFen > start {
            let room = min(left, tier.upToFen - start)
            parts.append(Part(amount: Money(fen: room), ppm: tier.ppm))
            start += room
            left -= room
        }
        if left > 0 { parts.append(Part(amount: Money(fen: left), ppm: beyondPpm)) }
        return parts
    }
}

/// What a shop owes in fees, by what it sold while each rate held.
///
/// The total follows from the volumes alone, so that it is the same in whatever order sales and refunds arrive. A refund counts where
/// its sale did: it gives back the room under the lower rate as well.
package struct FeeMeter: Hashable, Sendable {
    /// The time for which one rate holds, and what was sold in it, net of refunds.
    package struct Span: Hashable, Sendable {
        /// From when on the rate holds.
        package let from: Date
        /// The rate.
        package let rate: TieredRate
        /// What was sold, net.
        package var volume: Money

        /// A span with its volume.
        package init(from: Date, rate: TieredRate, volume: Money = .zero) {
            self.from = from
            self.rate = rate
            self.volume = volume
        }
    }

    /// The spans, the earliest first.
    package private(set) var spans: [Span]

    /// A meter of what was sold so far.
    package init(_ spans: [Span]) { self.spans = spans.sorted { $0.from < $1.from } }

    /// All fees for what was sold so far.
    package func total() throws(MoneyError) -> Money {
        var total = Money.zero
        var volume = Money.zero
        for span in spans {
            if span.rate.restarts { volume = .zero }
            let after = try volume + span.volume
            total = try total + span.rate.fee(on: after) - span.rate.fee(on: volume)
            volume = after
        }
        return total
    }

    /// Counts a sale, or a refund of one as a negative amount, at the instant of the sale.
    ///
    /// - Returns: What it changes in the total: less than nothing where fees are given back; nil before the first rate.
    package mutating func count(_ amount: Money, at instant: Date) throws(MoneyError) -> Money? {
        guard let index = spans.lastIndex(where: { $0.from <= instant }) else { return nil }
        let before = try total()
        spans[index].volume = try spans[index].volume + amount
        return try total() - before
    }
}
