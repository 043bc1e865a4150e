package import FoundationEssentials
package import Kernel
import Policies
package import Postgres

extension PolicyKey where Value == PayoutAmount {
    /// What a payout may be of.
    static var payoutAmount: Self { Self("payouts.amount") }
}

extension PolicyKey where Value == QuietHours {
    /// When nobody is paid.
    static var quietHours: Self { Self("payouts.quiet_hours") }
}

/// The least and the most that is paid out at once, as policies write it.
struct PayoutAmount: Codable, Hashable, Sendable {
    let minFen: Int64
    let maxFen: Int64

    private enum CodingKeys: String, CodingKey {
        case minFen = "min_fen"
        case maxFen = "max_fen"
    }
}

/// Hours of the day in Beijing in which nobody is paid, as policies write it: from the first on, until the second.
struct QuietHours: Codable, Hashable, Sendable {
    let fromHour: Int
    let toHour: Int

    private enum CodingKeys: String, CodingKey {
        case fromHour = "from_hour"
        case toHour = "to_hour"
    }

    /// How long from `instant` until they are over; nil outside them.
    ///
    /// Equal hours are none. Hours may lie around midnight, as from 22 to 8.
    func rest(at instant: Date) -> Duration? {
        // Beijing has kept eight hours from UTC, without summers, since 1991.
        let day = 86_400.0
        var second = (instant.timeIntervalSince1970 + 8 * 3_600).truncatingRemainder(dividingBy: day)
        if second < 0 { second += day }
        let (from, to) = (Double(fromHour % 24) * 3_600, Double(toHour % 24) * 3_600)
        let isQuiet = from <= to ? (from..<to).contains(second) : second >= from || second < to
        guard isQuiet else { return nil }
        let rest = to - second
        // Never so early that it would still be quiet.
        return .milliseconds(Int64(((rest > 0 ? rest : rest + day) * 1_000).rounded(.up)))
    }
}

/// What WeChat Pay and the brand allow of payouts; a brand may be stricter than the standard, never laxer.
package enum PayoutLimits {
    /// The least and the most that is paid out at once.
    package static func bounds(
        brand: ID<Brand>, at instant: Date, on executor: some Executor
    ) async throws -> ClosedRange<Money> {
        let own = try await Policies.value(.payoutAmount, brand: brand, at: instant, on: executor)
        let standard = try await Policies.standard(.payoutAmount, at: instant, on: executor)
        let least = max(own.minFen, standard.minFen)
        // A brand that admits nothing that the standard does has one amount left, rather than none.
        return Money(fen: least)...Money(fen: max(least, min(own.maxFen, standard.maxFen)))
    }

    /// Why a prize of this amount could not be paid out; nil if it can.
    package static func obstacle(
        to amount: Money, brand: ID<Brand>, at instant: Date, on executor: some Executor
    ) async throws -> Problem? {
        let bounds = try await bounds(brand: brand, at: instant, on: executor)
        guard !bounds.contains(amount) else { return nil }
        return .invalid(
            "A prize of cash is \(bounds.lowerBound.yuanText) to \(bounds.upperBound.yuanText) yuan, not \(amount.yuanText): change its cost.",
            code: "prize_malformed")
    }

    /// How long to wait until somebody may be paid; nil if that is now.
    static func quietRest(brand: ID<Brand>, at instant: Date, on executor: some Executor) async throws -> Duration? {
        let own = try await Policies.value(.quietHours, brand: brand, at: instant, on: executor)
        let standard = try await Policies.standard(.quietHours, at: instant, on: executor)
        return [own, standard].compactMap { $0.rest(at: instant) }.max()
    }
}
