import Codes
import Foundation
import Kernel
import Testing

struct RangeTests {
    private let now = Date(timeIntervalSince1970: 1_700_000_000)

    private func range(
        _ kind: RangeKind, _ indexes: Range<Int64>, from: TimeInterval = -10, to: TimeInterval? = nil
    ) -> CodeRange {
        CodeRange(
            id: .mint(), kind: kind, indexes: indexes, validFrom: now + from, validTo: to.map { now + $0 })
    }

    private func decide(_ decided: [CodeRange], _ command: RangeCommand) -> RangeOutcome {
        .decide(decided, count: 100, command: command, id: .mint(), now: now)
    }

    @Test func ranges_areHalfOpenOverIndexAndTime() {
        let ranges = [range(.activate, 10..<20, from: 0, to: 60)]

        #expect(CodeStanding.of(9, in: ranges, at: now) == .notActive)
        #expect(CodeStanding.of(10, in: ranges, at: now) == .active)
        #expect(CodeStanding.of(19, in: ranges, at: now + 59.999) == .active)
        #expect(CodeStanding.of(20, in: ranges, at: now) == .notActive)
        #expect(CodeStanding.of(10, in: ranges, at: now - 0.001) == .notActive)
        #expect(CodeStanding.of(10, in: ranges, at: now + 60) == .notActive)
    }

    @Test func void_beatsFrozenBeatsActive_inAnyOrder() {
        let all = [range(.activate, 0..<9), range(.freeze, 0..<6), range(.void, 0..<3)]
        for ranges in [all, all.reversed()] {
            #expect(CodeStanding.of(2, in: ranges, at: now) == .void)
            #expect(CodeStanding.of(5, in: ranges, at: now) == .frozen)
            #expect(CodeStanding.of(8, in: ranges, at: now) == .active)
            #expect(CodeStanding.of(9, in: ranges, at: now) == .notActive)
        }
    }

    @Test func c07_overlappingActivations_areRefused() {
        let decided = [range(.activate, 10..<20)]

        for indexes in [Int64(0)..<11, 19..<30, 12..<13, 0..<100] {
            guard case .refused(let problem) = decide(decided, RangeCommand(kind: .activate, indexes: indexes)) else {
                Issue.record("\(indexes) was not refused")
                continue
            }
            #expect(problem.status == 409 && problem.code == "range_overlaps")
        }
        for indexes in [Int64(0)..<10, 20..<100] {
            guard case .added = decide(decided, RangeCommand(kind: .activate, indexes: indexes)) else {
                Issue.record("\(indexes) was not added")
                continue
            }
        }
    }

    @Test func ranges_thatFollowInTime_doNotOverlap() {
        let decided = [range(.activate, 0..<10, to: 60)]
        let later = RangeCommand(kind: .activate, indexes: 0..<10, validFrom: now + 60)
        let tooEarly = RangeCommand(kind: .activate, indexes: 0..<10, validFrom: now + 59)

        guard case .added = decide(decided, later) else {
            Issue.record("the later one was not added")
            return
        }
        guard case .refused = decide(decided, tooEarly) else {
            Issue.record("the overlap was added")
            return
        }
    }

    @Test func sameWishAgain_changesNothing() {
        let earlier = range(.activate, 0..<100)

        #expect(decide([earlier], RangeCommand(kind: .activate, indexes: 0..<100)) == .unchanged(earlier))
        // Another kind over the same codes is another wish.
        guard case .added = decide([earlier], RangeCommand(kind: .freeze, indexes: 0..<100)) else {
            Issue.record("freezing was taken for activating")
            return
        }
    }

    @Test(arguments: [
        (RangeCommand(kind: .activate, indexes: 0..<101), "range_outside_batch"),
        (RangeCommand(kind: .activate, indexes: -1..<5), "range_outside_batch"),
        (RangeCommand(kind: .activate, indexes: 5..<5), "range_outside_batch"),
        (
            RangeCommand(kind: .void, indexes: 0..<5, validFrom: Date(timeIntervalSince1970: 1_699_999_999)),
            "range_in_the_past"
        ),
        (
            RangeCommand(kind: .freeze, indexes: 0..<5, validTo: Date(timeIntervalSince1970: 1_700_000_000)),
            "range_ends_before_it_begins"
        ),
    ])
    func wish_thatMakesNoSense_isRefused(command: RangeCommand, code: String) {
        guard case .refused(let problem) = decide([], command) else {
            Issue.record("it was not refused")
            return
        }
        #expect(problem.code == code && problem.status == 422)
    }
}
