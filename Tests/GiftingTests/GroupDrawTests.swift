import Foundation
import Gifting
import Kernel
import Testing

/// The drawing of lots of group gifts, and its proof, without a database.
@Suite struct GroupDrawTests {
    private static func terms(
        units: Int, places: Int, split: GroupSplit, entries: Int, moment: GroupMoment = .whenFull
    ) -> GroupTerms {
        GroupTerms(units: units, places: places, split: split, moment: moment, entriesMax: entries)
    }

    private static func seed(_ number: Int) -> [UInt8] {
        (0..<32).map { UInt8(truncatingIfNeeded: (number >> (8 * ($0 % 4))) &+ $0 &* 31) }
    }

    private static func entries(_ count: Int) -> [ID<GroupEntry>] { (0..<count).map { _ in .mint() } }

    @Test func g21_tenThousandLuckySplits_giveEveryUnitOnceAndOneToEach() {
        let none: [ID<GroupEntry>] = []
        var faults = 0
        var shapes: Set<[Int]> = []
        for number in 0..<10_000 {
            let places = 1 + number % 5
            let units = places + (number / 5) % 4
            let terms = Self.terms(units: units, places: places, split: .lucky, entries: places)
            let shares = GroupDraw(terms, seed: Self.seed(number), entries: none).shares()
            // The pieces lie in a row, and each share is the next part of it: every piece is in exactly one.
            if shares.count != places || shares.reduce(0, +) != units || shares.contains(where: { $0 < 1 }) {
                faults += 1
            }
            shapes.insert(shares)
        }
        #expect(faults == 0)
        #expect(shapes.count > 60, "luck gives only \(shapes.count) splits")
    }

    @Test func g21_everyWayToShare_isAsLikelyAsAnyOther() {
        // Five pieces for three people can be cut in six ways.
        var counts: [[Int]: Int] = [:]
        let terms = Self.terms(units: 5, places: 3, split: .lucky, entries: 3)
        for number in 0..<3_000 {
            counts[GroupDraw(terms, seed: Self.seed(number), entries: []).shares(), default: 0] += 1
        }
        #expect(counts.count == 6)
        // 500 each; a binomial's five standard deviations are 102.
        #expect(counts.values.allSatisfy { (398...602).contains($0) }, "\(counts)")
    }

    @Test func g21_fixedSplit_givesEverybodyAsMuch_andTermsThatCannotAreRefused() throws {
        let limits = GroupLimits(
            unitsMax: 500, placesMax: 200, entriesMax: 1_000, fillSeconds: 86_400, aheadSeconds: 604_800)
        let now = Date(timeIntervalSince1970: 1_780_000_000)
        let fixed = Self.terms(units: 12, places: 4, split: .fixed, entries: 9)
        try fixed.check(limits, now: now)
        #expect(GroupDraw(fixed, seed: Self.seed(1), entries: []).shares() == [3, 3, 3, 3])

        let wrong = [
            Self.terms(units: 10, places: 4, split: .fixed, entries: 9),
            Self.terms(units: 0, places: 1, split: .lucky, entries: 1),
            Self.terms(units: 501, places: 1, split: .lucky, entries: 1),
            Self.terms(units: 3, places: 4, split: .lucky, entries: 9),
            Self.terms(units: 10, places: 0, split: .lucky, entries: 9),
            Self.terms(units: 10, places: 5, split: .lucky, entries: 4),
            Self.terms(units: 10, places: 5, split: .lucky, entries: 1_001),
            Self.terms(units: 10, places: 5, split: .lucky, entries: 9, moment: .atTime(now)),
            Self.terms(units: 10, places: 5, split: .lucky, entries: 9, moment: .atTime(now + 604_801)),
            Self.terms(units: .max, places: .min, split: .fixed, entries: .max),
        ]
        for terms in wrong {
            #expect(throws: Problem.self, "\(terms)") { try terms.check(limits, now: now) }
        }
        // Policies that make no sense refuse everything instead of failing.
        let none = GroupLimits(unitsMax: 0, placesMax: 0, entriesMax: 0, fillSeconds: 0, aheadSeconds: 0)
        #expect(throws: Problem.self) { try fixed.check(none, now: now) }
    }

    @Test func g19_winners_areDifferentEntries_andEverybodyWinsWhereThereIsRoom() {
        let entries = Self.entries(30)
        let terms = Self.terms(units: 9, places: 4, split: .lucky, entries: 40)
        let wins = GroupDraw(terms, seed: Self.seed(7), entries: entries).wins()
        #expect(wins.map(\.rank) == [1, 2, 3, 4])
        #expect(Set(wins.map(\.entry)).count == 4 && wins.allSatisfy { entries.contains($0.entry) })
        #expect(wins.map(\.units).reduce(0, +) == 9)
        let few = GroupDraw(terms, seed: Self.seed(7), entries: Array(entries.prefix(2))).wins()
        #expect(few.count == 2 && Set(few.map(\.entry)) == Set(entries.prefix(2)))
        #expect(GroupDraw(terms, seed: Self.seed(7), entries: []).wins().isEmpty)
    }

    @Test func g19_everyEntry_isAsLikelyToWinAsAnyOther() {
        let entries = Self.entries(10)
        let terms = Self.terms(units: 2, places: 2, split: .fixed, entries: 10)
        var counts: [ID<GroupEntry>: Int] = [:]
        for number in 0..<1_000 {
            for win in GroupDraw(terms, seed: Self.seed(number), entries: entries).wins() {
                counts[win.entry, default: 0] += 1
            }
        }
        // 200 each; five standard deviations are 63.
        #expect(counts.count == 10 && counts.values.allSatisfy { (137...263).contains($0) }, "\(counts.values)")
    }

    // MARK: The proof

    private static func proof() -> (proof: GroupProof, seed: [UInt8]) {
        let (group, seed) = (ID<GiftGroup>.mint(), Self.seed(99))
        let terms = Self.terms(
            units: 7, places: 3, split: .lucky, entries: 20,
            moment: .atTime(Date(timeIntervalSince1970: 1_780_000_000.25)))
        let entries = Self.entries(12)
        return (
            GroupProof(
                group: group, terms: terms, commitment: terms.commitment(seed: seed, group: group), entries: entries,
                seed: seed, wins: GroupDraw(terms, seed: seed, entries: entries).wins()), seed
        )
    }

    @Test func g19_publishedDraw_isComputedAgain_andEveryChangeIsFound() throws {
        let published = try JSONEncoder().encode(Self.proof().proof)
        let read = try JSONDecoder().decode(GroupProof.self, from: published)
        #expect(read.verify() == .right)

        let document = try #require(try JSONSerialization.jsonObject(with: published) as? [String: Any])
        func changed(_ change: (inout [String: Any]) throws -> Void) throws -> GroupVerdict {
            var copy = document
            try change(&copy)
            let data = try JSONSerialization.data(withJSONObject: copy)
            return try JSONDecoder().decode(GroupProof.self, from: data).verify()
        }
        let edits: [(inout [String: Any]) throws -> Void] = [
            { $0["units"] = 8 },
            { $0["places"] = 2 },
            {
                $0["split"] = "fixed"; $0["units"] = 6
            },
            { $0["draw_at_microseconds"] = 1_780_000_000_250_001 },
            { $0["entries_max"] = 21 },
            { $0["seed"] = String(repeating: "00", count: 32) },
            { $0["group_id"] = ID<GiftGroup>.mint().description },
            { $0["entries"] = Array(try #require($0["entries"] as? [String]).reversed()) },
            { $0["entries"] = Array(try #require($0["entries"] as? [String]).dropLast()) },
            { $0["entries"] = try #require($0["entries"] as? [String]) + [ID<GroupEntry>.mint().description] },
            { $0["wins"] = Array(try #require($0["wins"] as? [Any]).dropLast()) },
            { $0["wins"] = Array(try #require($0["wins"] as? [Any]).reversed()) },
        ]
        for (place, edit) in edits.enumerated() {
            guard case .wrong = try changed(edit) else {
                Issue.record("edit \(place) was not found")
                continue
            }
        }
        #expect(try changed { $0["seed"] = nil } == .notDrawn)
        // What makes no sense at all is wrong, and no trap.
        for (name, value) in [("places", 0), ("units", Int.min), ("entries_max", Int.max)] {
            guard case .wrong = try changed({ $0[name] = value }) else {
                Issue.record("\(name) \(value) was not found")
                continue
            }
        }
    }

    @Test func g19_commitment_saysNothingOfTheSeed_andFitsNoOther() {
        let (proof, seed) = Self.proof()
        let terms = Self.terms(units: 7, places: 3, split: .lucky, entries: 20)
        let other = ID<GiftGroup>.mint()
        #expect(terms.commitment(seed: seed, group: other) != terms.commitment(seed: seed, group: .mint()))
        #expect(terms.commitment(seed: seed, group: other) != terms.commitment(seed: Self.seed(98), group: other))
        #expect(!proof.commitment.isEmpty && proof.seed != proof.commitment)
    }
}
