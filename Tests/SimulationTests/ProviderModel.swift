import Foundation
import Kernel

@testable import Orders

/// WeChat Pay as it can be at its worst: it answers late or not at all, repeats itself, forgets to say something, closes after seven
/// days what it cannot pay out, and does not add up what is asked of it: nothing but our numbers keeps it from paying twice.
final class ProviderModel {
    private struct Refund {
        let number: String
        let payment: Int
        let amount: Money
        var standing = RefundStanding.processing
    }

    private let universe: Universe
    private var refunds: [Refund] = []
    /// What was paid for which payment.
    private(set) var paid: [Int: (amount: Money, at: Date)] = [:]
    /// Hears what WeChat Pay says by itself.
    var report: (_ number: String, _ standing: RefundStanding) -> Void = { _, _ in }
    var reportPaid: (_ payment: Int) -> Void = { _ in }

    init(_ universe: Universe) { self.universe = universe }

    func payouts(of payment: Int) -> Int { refunds.count { $0.payment == payment && $0.standing == .success } }

    // MARK: Paying

    func pay(_ payment: Int, amount: Money) {
        guard paid[payment] == nil else { return }
        paid[payment] = (amount, universe.now)
        tell { [self] in reportPaid(payment) }
    }

    /// Late, twice, or not at all.
    private func tell(_ news: @escaping () -> Void) {
        if universe.chance.fails(0.15) { return universe.note("WeChat Pay forgets to tell") }
        universe.after(universe.chance.seconds(0.1, 5)) { news() }
        if universe.chance.fails(0.15) { universe.after(universe.chance.seconds(5, 90_000)) { news() } }
    }

    // MARK: Refunding

    /// A call that asks for a refund: what the caller hears, and after which time; nil for nothing.
    func send(_ number: String, payment: Int, amount: Money, _ answer: @escaping (RefundAnswer) -> Void) {
        let chance = universe.chance.unit()
        if universe.chance.fails(0.35) {
            switch chance {
            case ..<0.15: return after(0.1, answer, .throttled)
            case ..<0.25: return after(0.1, answer, .notEnough)
            case ..<0.35: return after(0.1, answer, .notSent)
            case ..<0.55: return after(5, answer, .unknown)
            case ..<0.75:
                // It arrives when its sender has long given up.
                universe.after(universe.chance.seconds(5, 120)) { [self] in accept(number, payment, amount) }
                return after(5, answer, .unknown)
            default:
                accept(number, payment, amount)
                return after(5, answer, .unknown)
            }
        }
        accept(number, payment, amount)
        after(0.2, answer, .standing(standing(of: number) ?? .processing))
    }

    /// A call that asks what became of a refund.
    func query(_ number: String, _ answer: @escaping (RefundAnswer) -> Void) {
        if universe.chance.fails(0.2) {
            return after(5, answer, universe.chance.pick([.unknown, .throttled, .notSent]))
        }
        after(0.2, answer, standing(of: number).map { .standing($0) } ?? .notFound)
    }

    private func after(_ seconds: Double, _ answer: @escaping (RefundAnswer) -> Void, _ word: RefundAnswer) {
        universe.after(seconds) { answer(word) }
    }

    private func standing(of number: String) -> RefundStanding? {
        refunds.first { $0.number == number }?.standing
    }

    private func accept(_ number: String, _ payment: Int, _ amount: Money) {
        guard !refunds.contains(where: { $0.number == number }) else { return }
        universe.note("WeChat Pay takes \(number)")
        refunds.append(Refund(number: number, payment: payment, amount: amount))
        let place = refunds.count - 1
        if universe.chance.fails(0.1) {
            return universe.after(7 * 86_400) { [self] in end(place, .closed) }
        }
        if universe.chance.fails(0.1) {
            universe.after(universe.chance.seconds(1, 86_400)) { [self] in end(place, .abnormal) }
            return universe.after(universe.chance.seconds(86_401, 200_000)) { [self] in end(place, .success) }
        }
        let isSlow = universe.chance.fails(0.2)
        universe.after(universe.chance.seconds(0.1, isSlow ? 600_000 : 60)) { [self] in end(place, .success) }
    }

    private func end(_ place: Int, _ standing: RefundStanding) {
        refunds[place].standing = standing
        let refund = refunds[place]
        universe.note("WeChat Pay: \(refund.number) is \(standing.rawValue)")
        universe.require(
            payouts(of: refund.payment) <= 1,
            "payment \(refund.payment) was paid back twice, the second time by \(refund.number)")
        tell { [self] in report(refund.number, standing) }
    }
}
