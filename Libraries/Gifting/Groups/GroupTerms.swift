import Crypto
package import FoundationEssentials
package import Kernel

/// The noun of what is given to several people at once, by lot.
package enum GiftGroup {}

/// The noun of somebody's place among those who want to be given it.
package enum GroupEntry {}

/// How the pieces of a group gift are shared among those who win.
package enum GroupSplit: String, Hashable, Sendable, Codable, CaseIterable {
    /// As many for everybody.
    case fixed
    /// One for everybody at least, and the rest by luck.
    case lucky
}

/// When lots are drawn.
package enum GroupMoment: Hashable, Sendable {
    /// As soon as all have entered who may.
    case whenFull
    /// At an instant that was said beforehand.
    case atTime(Date)

    /// The word in the database.
    package var word: String {
        switch self {
        case .whenFull: "when_full"
        case .atTime: "at_time"
        }
    }

    /// The instant that was said beforehand; nil where it depends on who enters.
    package var instant: Date? {
        switch self {
        case .whenFull: nil
        case .atTime(let instant): instant
        }
    }
}

/// What a group gift is about: published before anybody enters, and changed by nobody.
package struct GroupTerms: Hashable, Sendable {
    /// How many pieces are given.
    package let units: Int
    /// How many people win at most.
    package let places: Int
    /// How the pieces are shared.
    package let split: GroupSplit
    /// When lots are drawn.
    package let moment: GroupMoment
    /// How many people may enter.
    package let entriesMax: Int

    /// Terms in their parts, which ``check(_:now:)`` has looked at.
    package init(units: Int, places: Int, split: GroupSplit, moment: GroupMoment, entriesMax: Int) {
        self.units = units
        self.places = places
        self.split = split
        self.moment = moment
        self.entriesMax = entriesMax
    }

    /// The lines that the commitment is made of, after the seed.
    package func canonicalBytes(group: ID<GiftGroup>) -> [UInt8] {
        let when =
            switch moment {
            case .whenFull: "full"
            case .atTime(let instant): "at \(Int64((instant.timeIntervalSince1970 * 1_000_000).rounded()))"
            }
        return Array(
            """
            siyu-gift-group 1
            group \(group)
            units \(units)
            places \(places)
            split \(split.rawValue)
            draw \(when)
            entries \(entriesMax)

            """.utf8)
    }

    /// What is published before anybody enters: SHA-256 of the seed's 32 bytes and ``canonicalBytes(group:)``.
    package func commitment(seed: [UInt8], group: ID<GiftGroup>) -> [UInt8] {
        Array(SHA256.hash(data: seed + canonicalBytes(group: group)))
    }
}

/// How large a group gift may be and how long it waits, as policies have it.
package struct GroupLimits: Codable, Hashable, Sendable {
    /// The most pieces.
    package let unitsMax: Int
    /// The most people who win.
    package let placesMax: Int
    /// The most people who enter.
    package let entriesMax: Int
    /// How long it waits to be full.
    package let fillSeconds: Int
    /// How far ahead a draw at a set time may be.
    package let aheadSeconds: Int

    private enum CodingKeys: String, CodingKey {
        case unitsMax = "units_max"
        case placesMax = "places_max"
        case entriesMax = "entries_max"
        case fillSeconds = "fill_seconds"
        case aheadSeconds = "ahead_seconds"
    }

    /// Limits in their parts.
    package init(unitsMax: Int, placesMax: Int, entriesMax: Int, fillSeconds: Int, aheadSeconds: Int) {
        self.unitsMax = unitsMax
        self.placesMax = placesMax
        self.entriesMax = entriesMax
        self.fillSeconds = fillSeconds
        self.aheadSeconds = aheadSeconds
    }
}

extension GroupTerms {
    /// What one statement may write, whatever a policy says.
    static let placesBound = Limit(1_000, reason: "All gifts of a draw are written in one transaction.")
    /// What one draw may read, whatever a policy says.
    static let entriesBound = Limit(10_000, reason: "All entries of a draw are read and sorted at once.")
    /// What one split may cut, whatever a policy says.
    static let unitsBound = Limit(10_000, reason: "A lucky split sorts the places between the pieces.")

    /// Refuses terms that cannot be kept.
    ///
    /// - Throws: ``Problem`` 422 that says what to change.
    package func check(_ limits: GroupLimits, now: Date) throws(Problem) {
        let unitsMax = min(limits.unitsMax, Self.unitsBound.value)
        let placesMax = min(limits.placesMax, Self.placesBound.value)
        let entriesMost = min(limits.entriesMax, Self.entriesBound.value)
        guard (1...max(1, unitsMax)).contains(units) else {
            throw .group("`units` is how many pieces are given: 1 to \(unitsMax).")
        }
        guard (1...max(1, min(units, placesMax))).contains(places) else {
            throw .group(
                "`places` is how many people win: 1 to \(placesMax), and each wins a piece at least, so not more than `units`."
            )
        }
        guard split == .lucky || units % places == 0 else {
            throw .group(
                "A fixed split gives everybody as much: choose `units` that `places` divides, or the split `lucky`.")
        }
        guard (places...max(places, entriesMost)).contains(entriesMax) else {
            throw .group(
                "`entries_max` is how many people may enter: not fewer than `places`, and at most \(entriesMost).")
        }
        guard let instant = moment.instant else { return }
        guard instant > now, instant <= now.addingTimeInterval(TimeInterval(limits.aheadSeconds)) else {
            throw .group(
                "`draw_at` is an instant to come, at most \(limits.aheadSeconds / 3_600) hours from now.")
        }
    }
}
