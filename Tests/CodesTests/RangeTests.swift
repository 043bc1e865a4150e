import Codes
import Foundation
import Kernel
import Postgres
import TestSupport
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

    @Test func c07_liftingAFreeze_needsThatFreeze() {
        let freeze = range(.freeze, 10..<20)
        let void = range(.void, 40..<50)
        let planned = range(.freeze, 60..<70, from: 60)
        let over = range(.freeze, 80..<90, to: -1)
        let decided = [freeze, void, planned, over, range(.activate, 0..<100)]
        func lift(_ indexes: Range<Int64>, lifted: Set<ID<CodeRange>> = []) -> RangeOutcome {
            .lift(indexes, decided, lifted: lifted, count: 100, now: now)
        }

        #expect(lift(10..<20) == .added(freeze))
        #expect(lift(80..<90, lifted: [over.id]) == .unchanged(over))
        for (indexes, code) in [
            (Int64(10)..<19, "range_not_exact"), (9..<20, "range_not_exact"), (0..<100, "range_not_exact"),
            (40..<50, "not_a_freeze"), (0..<10, "not_a_freeze"), (80..<90, "not_a_freeze"),
            (60..<70, "freeze_not_begun"), (0..<101, "range_outside_batch"), (5..<5, "range_outside_batch"),
        ] {
            guard case .refused(let problem) = lift(indexes) else {
                Issue.record("\(indexes) was not refused")
                continue
            }
            #expect(problem.code == code, "\(indexes)")
        }
    }

    @Test func counts_ofADecision_equalTheCodesAskedOneByOne() {
        var generator = SystemRandomNumberGenerator()
        func indexes() -> Range<Int64> {
            let from = Int64.random(in: 0..<60, using: &generator)
            return from..<Int64.random(in: from + 1...60, using: &generator)
        }
        for _ in 0..<300 {
            let others = (0..<Int.random(in: 0...6)).map { _ in
                range(
                    RangeKind.allCases.randomElement() ?? .void, indexes(), from: Double.random(in: -5...5),
                    to: Bool.random() ? nil : Double.random(in: 6...9))
            }
            let new = range(RangeKind.allCases.randomElement() ?? .void, indexes(), from: 0)

            let counts = RangeCounts(of: new, beside: others, at: now, redeemed: 3)

            func active(_ ranges: [CodeRange]) -> Int64 {
                Int64(new.indexes.filter { CodeStanding.of($0, in: ranges, at: now) == .active }.count)
            }
            #expect(counts.codes == Int64(new.indexes.count) && counts.redeemed == 3)
            #expect(counts.activeBefore == active(others) && counts.activeAfter == active(others + [new]))
        }
    }

    @Test func c07_dryRun_changesNothingAndSaysHowMany() async throws {
        try await Factory.open { factory in
            let batch = try await factory.mint(prizes: [])
            try await factory.decide(.activate, batch, 0..<5_000)
            _ = try await factory.answers((100..<130).map { factory.scan(batch, $0, by: "p") })
            func preview(_ command: RangeCommand) async throws -> (outcome: RangeOutcome, counts: RangeCounts?) {
                try await Ranges.preview(command, batch: batch.record.id, brand: factory.brand, on: factory.operator)
            }
            // Somebody decides about the batch at this moment: a dry run does not wait.
            let id = batch.record.id
            let freeze = try await factory.db.owner.transaction { tx in
                _ = try await tx.one(
                    Statement<Int64>("SELECT count FROM codes.batch WHERE batch_id = \(id) FOR UPDATE") {
                        row throws(PostgresError) in try row.next()
                    })
                return try await preview(RangeCommand(kind: .freeze, indexes: 110..<6_000))
            }
            let twice = try await preview(RangeCommand(kind: .activate, indexes: 0..<5_000))
            let refused = try await preview(RangeCommand(kind: .activate, indexes: 4_999..<5_001))

            guard case .added(let range) = freeze.outcome, case .unchanged = twice.outcome else {
                Issue.record("\(freeze.outcome), \(twice.outcome)")
                return
            }
            let counts = try #require(freeze.counts)
            #expect(range.indexes == 110..<6_000 && counts.codes == 5_890 && counts.redeemed == 20)
            #expect(counts.activeBefore == 4_890 && counts.activeAfter == 0)
            #expect(twice.counts?.activeBefore == 0 && twice.counts?.activeAfter == 5_000)
            guard case .refused(let problem) = refused.outcome else {
                Issue.record("the overlap was not refused")
                return
            }
            #expect(problem.code == "range_overlaps" && refused.counts == nil)
            #expect(try await factory.count("codes.code_range") == 1)
            #expect(try await factory.answers([factory.scan(batch, 200, by: "p")])[0].outcome == "no_prize")
            await #expect(throws: Problem.self) {
                try await Ranges.preview(
                    RangeCommand(kind: .void, indexes: 0..<1), batch: .mint(), brand: factory.brand,
                    on: factory.operator)
            }
        }
    }

    @Test func c07_liftedFreeze_scansAgain() async throws {
        try await Factory.open { factory in
            let batch = try await factory.mint(prizes: [])
            try await factory.decide(.activate, batch)
            func lift(_ indexes: Range<Int64>, reason: String = "checked") async throws -> RangeOutcome {
                try await Ranges.lift(
                    indexes, batch: batch.record.id, brand: factory.brand, author: "test", reason: reason,
                    on: factory.operator)
            }
            func outcome(_ index: Int64) async throws -> String? {
                let result = try await factory.answers([factory.scan(batch, index, by: "p")])[0]
                return result.outcome ?? result.problem?.code
            }
            try await factory.decide(.freeze, batch, 100..<200)
            try await factory.decide(.void, batch, 150..<160)
            #expect(try await outcome(120) == "not_active")

            // Many at once: one ends it, the others find it ended.
            let outcomes = try await withThrowingTaskGroup(of: RangeOutcome.self) { group in
                for _ in 0..<8 { group.addTask { try await lift(100..<200) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }

            let added = outcomes.filter { if case .added = $0 { true } else { false } }
            let unchanged = outcomes.filter { if case .unchanged = $0 { true } else { false } }
            #expect(added.count == 1 && unchanged.count == 7)
            #expect(try await outcome(120) == "no_prize")
            #expect(try await outcome(155) == Problem.codeUnknown.code)
            #expect(try await factory.count("codes.range_end WHERE author = 'test' AND former_valid_to IS NULL") == 1)
            #expect(try await factory.count("codes.code_range WHERE kind = 'freeze' AND valid_to IS NOT NULL") == 1)
            // Neither a void range nor an activation, nor without a reason.
            for (indexes, reason, code) in [
                (Int64(150)..<160, "x", "not_a_freeze"), (0..<Factory.count, "x", "not_a_freeze"),
                (100..<200, "", "reason_malformed"),
            ] {
                guard case .refused(let problem) = try await lift(indexes, reason: reason) else {
                    Issue.record("\(indexes) was lifted")
                    continue
                }
                #expect(problem.code == code)
            }
            // The same wish is a new one now, and can be lifted again.
            guard case .added = try await factory.decide(.freeze, batch, 100..<200) else {
                Issue.record("the codes could not be frozen again")
                return
            }
            #expect(try await outcome(121) == "not_active")
            guard case .added = try await lift(100..<200) else {
                Issue.record("the second freeze could not be lifted")
                return
            }
            #expect(try await outcome(121) == "no_prize")
            #expect(try await factory.count("codes.range_end") == 2)
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
