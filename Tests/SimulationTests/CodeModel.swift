import Foundation
import Kernel

@testable import Codes

/// A batch of three codes, its ranges, people who scan, and stores that hand over what was won.
final class CodeModel {
    private struct Redeemed {
        let person: Int
        let row: RedemptionRow
    }

    private let universe: Universe
    private let queue: QueueModel
    private let batch: ID<CodeBatch> = CodeModel.id(20, 0)
    private var ranges: [CodeRange] = []
    /// The rows of the table, whose key is the code; more than one for a code is what must not be.
    private var redeemed: [[Redeemed]] = [[], [], []]
    /// What was answered to a delivery.
    private var inbox: [Int: String] = [:]
    private var voucher: VoucherRecord?
    private var handovers: [HandoverRecord] = []

    init(_ universe: Universe, _ queue: QueueModel) {
        self.universe = universe
        self.queue = queue
    }

    private static func id<Entity>(_ kind: UInt8, _ number: Int) -> ID<Entity> {
        ID(
            rawValue: UUID(
                uuid: (kind, 0, 0, 0, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, UInt8(number >> 8), UInt8(number & 255))))
    }

    func begin() {
        let codes = Int64(redeemed.count)
        universe.after(universe.chance.seconds(0, 100)) { [self] in decide(.activate, 0..<codes) }
        if universe.chance.happens(0.5) {
            let first = Int64(universe.chance.pick([0, 1, 2]))
            let kind = universe.chance.pick([RangeKind.void, .freeze])
            universe.after(universe.chance.seconds(1, 300)) { [self] in decide(kind, first..<codes) }
        }
        for scan in 0..<7 {
            let person = universe.chance.pick([0, 1, 2])
            let code = universe.chance.pick([0, 0, 1, 2])
            let time =
                universe.chance.happens(0.4) ? 120 + universe.chance.seconds(0, 0.02) : universe.chance.seconds(0, 400)
            universe.after(time) { [self] in take(scan, code, person) }
            if universe.chance.fails(0.3) {
                universe.after(time + universe.chance.seconds(0, 20)) { [self] in take(scan, code, person) }
            }
        }
    }

    // MARK: Ranges

    private func decide(_ kind: RangeKind, _ indexes: Range<Int64>) {
        let command = RangeCommand(kind: kind, indexes: indexes)
        let outcome = RangeOutcome.decide(
            ranges, count: Int64(redeemed.count), command: command, id: Self.id(21, ranges.count), now: universe.clock)
        guard case .added(let range) = outcome else { return }
        universe.note("codes \(indexes): \(kind.rawValue)")
        // It is written down when it is committed: scans that run see it or do not.
        universe.after(universe.chance.seconds(0, 0.01)) { [self] in ranges.append(range) }
    }

    // MARK: Scans

    /// A delivery: read in one snapshot, written a little later, answered once.
    private func take(_ delivery: Int, _ code: Int, _ person: Int) {
        let (started, seen) = (universe.clock, ranges)
        let decided = universe.bug == .overlookVoid ? seen.filter { $0.kind == .activate } : seen
        let standing = CodeStanding.of(Int64(code), in: decided, at: started)
        let known = redeemed[code].first
        let step = ScanStep.decide(standing, redemption: known?.row)
        if universe.chance.fails(0.05) { return universe.note("delivery \(delivery) is lost with its process") }
        universe.after(universe.chance.seconds(0, 0.02)) { [self] in
            switch step {
            case .refuse: answer(delivery, person, "refused")
            case .tell: answer(delivery, person, known?.person == person ? "by you" : "taken")
            case .redeem:
                let stillActive = CodeStanding.of(Int64(code), in: seen, at: started) == .active
                universe.require(stillActive, "code \(code) was redeemed though it was not active")
                redeem(code, person, at: started, delivery)
            }
        }
    }

    private func redeem(_ code: Int, _ person: Int, at instant: Date, _ delivery: Int) {
        // The key: an insert that meets a row reads whose it is.
        if universe.bug != .redeemTwice, let other = redeemed[code].first {
            return answer(delivery, person, other.person == person ? "by you" : "taken")
        }
        // Another process answered this delivery: this transaction is undone.
        if inbox[delivery] != nil { return }
        universe.note("code \(code) is person \(person)'s")
        let row = RedemptionRow(
            key: CodeKey(batch: batch, index: Int64(code)), id: Self.id(22, delivery), person: Self.id(5, person),
            tier: code == 0 ? 1 : nil, redeemedAt: instant)
        redeemed[code].append(Redeemed(person: person, row: row))
        universe.require(redeemed[code].count == 1, "code \(code) was redeemed twice")
        answer(delivery, person, code == 0 ? "won" : "no prize")
        if code == 0 { issue(instant) }
    }

    /// What was answered once is answered again.
    private func answer(_ delivery: Int, _ person: Int, _ word: String) {
        if word == "refused" { return }
        inbox[delivery] = inbox[delivery] ?? word
    }

    // MARK: Vouchers

    private func issue(_ instant: Date) {
        voucher = VoucherRecord(
            id: Self.id(23, 0), origin: .pack(batch, index: 0), tier: 1, cost: Money(fen: 100), state: .open,
            handovers: 0,
            expiresAt: instant.addingTimeInterval(3_600), updatedAt: instant)
        for store in 0..<3 {
            let time =
                universe.chance.happens(0.5)
                ? 3_600 + universe.chance.seconds(-1, 1) : universe.chance.seconds(1, 3_000)
            universe.after(time) { [self] in handOver(store) }
        }
        if universe.chance.happens(0.4) { universe.after(universe.chance.seconds(1, 5_000)) { [self] in takeBack() } }
        pushExpiry(after: instant.addingTimeInterval(3_600))
    }

    private func pushExpiry(after instant: Date) {
        queue.push("voucher.expire", after: max(0, instant.timeIntervalSince(universe.clock)) + 0.000_001) {
            [self] run in
            queue.complete(run) { apply(.expire) }
        }
    }

    /// Decided under the voucher's lock.
    private func handOver(_ store: Int) {
        if universe.bug == .handOverTwice, let stale = voucher {
            return universe.after(universe.chance.seconds(0, 0.5)) { [self] in apply(.handOver, seen: stale) }
        }
        apply(.handOver)
    }

    private func takeBack() {
        guard let last = handovers.last else { return }
        apply(.reverse(last, window: 600))
    }

    private func apply(_ command: VoucherCommand, seen: VoucherRecord? = nil) {
        guard let voucher = seen ?? voucher else { return }
        let now = max(universe.clock, voucher.updatedAt)
        switch VoucherStep.decide(voucher, command, now: now) {
        case .unchanged, .refused: return
        case .notYet(let instant): return pushExpiry(after: instant)
        case .changed(let state): change(voucher, to: state, by: command, now)
        }
    }

    private func change(_ old: VoucherRecord, to state: VoucherState, by command: VoucherCommand, _ now: Date) {
        universe.note("voucher: \(old.state.rawValue) -> \(state.rawValue)")
        let made = old.handovers + (state == .handedOver ? 1 : 0)
        if state == .handedOver {
            universe.require(now <= old.expiresAt, "a voucher was handed over too late")
            handovers.append(handover(made, now, isReversed: false))
        }
        if case .reverse(let handover, _) = command,
            let place = handovers.firstIndex(where: { $0.number == handover.number })
        {
            handovers[place] = self.handover(handover.number, handover.handedOverAt, isReversed: true)
            if universe.bug != .forgetReopenedVoucher { pushExpiry(after: old.expiresAt) }
        }
        universe.require(handovers.count { !$0.isReversed } <= 1, "a voucher was handed over twice")
        voucher = VoucherRecord(
            id: old.id, origin: old.origin, tier: old.tier, cost: old.cost, state: state, handovers: made,
            expiresAt: old.expiresAt, updatedAt: now)
    }

    private func handover(_ number: Int32, _ instant: Date, isReversed: Bool) -> HandoverRecord {
        HandoverRecord(
            id: Self.id(24, Int(number)), voucher: Self.id(23, 0), number: number, shop: Self.id(2, 0),
            cost: Money(fen: 100),
            handedOverAt: instant, isReversed: isReversed)
    }

    // MARK: In the end

    func checkTheEnd() {
        guard let voucher else { return }
        universe.require(voucher.state != .open || universe.clock <= voucher.expiresAt, "a voucher never ended")
        let standing = handovers.count { !$0.isReversed }
        universe.require(standing == (voucher.state == .handedOver ? 1 : 0), "a voucher and its handovers disagree")
    }
}
