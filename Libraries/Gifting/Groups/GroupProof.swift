import FoundationEssentials
package import Kernel

/// What of a group gift is published: enough for anybody to compute the draw again, and nothing of a person or a price.
package struct GroupProof: Hashable, Sendable, Codable {
    /// Which group gift.
    package let group: ID<GiftGroup>
    /// How many pieces are given.
    package let units: Int
    /// How many people win at most.
    package let places: Int
    /// How the pieces are shared.
    package let split: GroupSplit
    /// `when_full` or `at_time`.
    package let draw: String
    /// How many people may enter.
    package let entriesMax: Int
    /// The instant of the draw, where it was said beforehand, in microseconds since 1970.
    package let drawAtMicroseconds: Int64?
    /// What was committed to before anybody entered, in hex.
    package let commitment: String
    /// Who entered, by ids that say nothing of the people, in their order.
    package let entries: [ID<GroupEntry>]
    /// The seed, in hex; nil before the draw.
    package let seed: String?
    /// Who won what; nil before the draw.
    package let wins: [GroupWin]?

    private enum CodingKeys: String, CodingKey {
        case units, places, split, draw, commitment, entries, seed, wins
        case group = "group_id"
        case entriesMax = "entries_max"
        case drawAtMicroseconds = "draw_at_microseconds"
    }

    /// What is published of a group gift as it stands.
    package init(
        group: ID<GiftGroup>, terms: GroupTerms, commitment: [UInt8], entries: [ID<GroupEntry>], seed: [UInt8]?,
        wins: [GroupWin]?
    ) {
        self.group = group
        units = terms.units
        places = terms.places
        split = terms.split
        draw = terms.moment.word
        entriesMax = terms.entriesMax
        drawAtMicroseconds = terms.moment.instant.map { Int64(($0.timeIntervalSince1970 * 1_000_000).rounded()) }
        self.commitment = commitment.groupHex
        self.entries = entries
        self.seed = seed?.groupHex
        self.wins = wins
    }

    /// The terms, as far as they make sense; nil for a document that somebody made up.
    private var terms: GroupTerms? {
        guard units >= 1, (1...units).contains(places), entriesMax >= places, units <= GroupTerms.unitsBound.value,
            entriesMax <= GroupTerms.entriesBound.value, split == .lucky || units % places == 0
        else { return nil }
        let moment: GroupMoment
        switch (draw, drawAtMicroseconds) {
        case ("when_full", nil): moment = .whenFull
        case ("at_time", let instant?):
            moment = .atTime(Date(timeIntervalSince1970: Double(instant) / 1_000_000))
        default: return nil
        }
        return GroupTerms(units: units, places: places, split: split, moment: moment, entriesMax: entriesMax)
    }
}

/// What came of computing a published draw again.
package enum GroupVerdict: Hashable, Sendable {
    /// Every win is what seed, terms and entries give, and seed and terms are what was committed to.
    case right
    /// The draw has not been made yet: there is nothing to compute.
    case notDrawn
    /// Something is not as it should be.
    case wrong(String)
}

extension GroupProof {
    /// Computes the draw again.
    package func verify() -> GroupVerdict {
        guard let seed else { return .notDrawn }
        guard let terms, let seed = [UInt8](groupHex: seed), seed.count == 32 else {
            return .wrong("This is no group gift's published draw: its terms or its seed make no sense.")
        }
        guard terms.commitment(seed: seed, group: group).groupHex == commitment else {
            return .wrong("Seed and terms are not those that were committed to before anybody entered.")
        }
        guard entries.count <= entriesMax, Set(entries).count == entries.count else {
            return .wrong("More have entered than may, or somebody entered twice.")
        }
        let computed = GroupDraw(terms, seed: seed, entries: entries).wins()
        guard let wins, wins == computed else {
            let place =
                zip(wins ?? [], computed).first { $0 != $1 }?.1.rank ?? min(wins?.count ?? 0, computed.count) + 1
            return .wrong("The win of rank \(place) is not what seed, terms and entries give.")
        }
        return .right
    }
}

extension [UInt8] {
    /// The bytes as small hex digits.
    var groupHex: String { map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }

    /// Reads small hex digits; nil for anything else.
    init?(groupHex text: String) {
        let digits = Array<UInt8>(text.utf8)
        guard digits.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let byte = UInt8(String(decoding: digits[index...(index + 1)], as: UTF8.self), radix: 16) else {
                return nil
            }
            bytes.append(byte)
        }
        guard bytes.groupHex == text else { return nil }
        self = bytes
    }
}
