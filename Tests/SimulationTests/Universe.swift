import Foundation

/// A bug that can be planted, to see that it is found.
enum Bug: String, CaseIterable {
    /// Workers whose lease is over commit all the same.
    case skipFence
    /// A gift that was accepted expires like one that was not.
    case expireWithoutLooking
    /// A gift may be accepted a second too late.
    case acceptTooLate
    /// A refund that nobody knows of is asked for again, under a new number.
    case renumberUnknownRefund
    /// A code may be redeemed by whoever read that nobody had.
    case redeemTwice
    /// A void does not hold for codes that are active.
    case overlookVoid
    /// A voucher is handed over without looking at it again under its lock.
    case handOverTwice
    /// Money that comes after the gift was called off is kept.
    case keepLateMoney
    /// Nobody looks after a gift when its time is over.
    case forgetExpiry
    /// A voucher whose handover was taken back has nobody who looks at its end.
    case forgetReopenedVoucher
}

/// Virtual time, and what is to happen in it: one thing after another, in an order that follows from the seed alone.
final class Universe {
    private struct Event {
        let at: Date
        /// Breaks ties: what was planned first comes first.
        let order: Int
        let name: String
        let run: () -> Void

        func isBefore(_ other: Event) -> Bool { at < other.at || (at == other.at && order < other.order) }
    }

    static let start = Date(timeIntervalSince1970: 1_800_000_000)

    /// The true time.
    private(set) var now = start
    /// How far the database's clock is ahead of the true time; it is put right now and then, forwards and backwards.
    var clockOffset: TimeInterval = 0
    var chance: Chance
    let bug: Bug?
    /// What is wrong; nothing happens any more once something is.
    private(set) var violation: String?
    private(set) var steps = 0
    /// What happened, where somebody wants to read it.
    private(set) var trace: [String] = []
    private let traces: Bool
    private var heap: [Event] = []
    private var planned = 0

    init(seed: UInt64, bug: Bug?, faultsMax: Int, traces: Bool) {
        chance = Chance(seed: seed, faultsMax: faultsMax)
        self.bug = bug
        self.traces = traces
    }

    /// What the database says the time is.
    var clock: Date { now.addingTimeInterval(clockOffset) }

    /// Plans something for so many seconds from now.
    func after(_ seconds: TimeInterval, _ name: @autoclosure () -> String = "", _ run: @escaping () -> Void) {
        at(now.addingTimeInterval(max(0, seconds)), name(), run)
    }

    /// Plans something for an instant.
    func at(_ instant: Date, _ name: @autoclosure () -> String = "", _ run: @escaping () -> Void) {
        planned += 1
        push(Event(at: max(instant, now), order: planned, name: traces ? name() : "", run: run))
    }

    /// Says what went wrong, the first time.
    func require(_ isSo: Bool, _ sentence: @autoclosure () -> String) {
        if !isSo, violation == nil { violation = sentence() }
    }

    func note(_ sentence: @autoclosure () -> String) {
        if traces { trace.append("\(stamp) \(sentence())") }
    }

    private var stamp: String {
        let micros = Int64((now.timeIntervalSince(Self.start) * 1_000_000).rounded())
        let rest = String(micros % 1_000_000)
        return "\(micros / 1_000_000).\(String(repeating: "0", count: 6 - rest.count))\(rest)"
    }

    /// Lets everything happen that is planned, and what follows from it.
    func run() {
        while violation == nil, let event = pop() {
            now = event.at
            steps += 1
            if traces, !event.name.isEmpty { note(event.name) }
            event.run()
            require(steps < 5_000, "it does not come to an end")
        }
    }

    // MARK: The heap

    private func push(_ event: Event) {
        heap.append(event)
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child].isBefore(heap[parent]) else { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    private func pop() -> Event? {
        guard let first = heap.first else { return nil }
        let last = heap.removeLast()
        if heap.isEmpty { return first }
        heap[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && heap[child].isBefore(heap[least])
            {
                least = child
            }
            if least == parent { return first }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}
