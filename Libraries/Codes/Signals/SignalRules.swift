package import FoundationEssentials
package import Kernel

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A place on earth, as far as a phone tells.
package struct ScanPlace: Hashable, Sendable {
    /// Degrees north and east; nil unless both are told and lie on earth.
    package let point: Point?
    /// The city's name.
    package let city: String?

    /// Degrees north and east.
    package struct Point: Hashable, Sendable {
        /// Degrees north.
        package let lat: Double
        /// Degrees east.
        package let lon: Double

        /// Kilometres along the great circle.
        package func kilometres(to other: Point) -> Double {
            let radians = Double.pi / 180
            let half = sin((other.lat - lat) * radians / 2)
            let across = sin((other.lon - lon) * radians / 2)
            let haversine = half * half + cos(lat * radians) * cos(other.lat * radians) * across * across
            return 2 * Self.earthRadius * asin(min(1, haversine.squareRoot()))
        }

        private static let earthRadius = 6_371.0
    }

    /// The longest city's name that is kept.
    private static let cityMax = 80

    /// What is usable of what was told; nil if nothing is.
    package init?(lat: Double?, lon: Double?, city: String?) {
        if let lat, let lon, (-90...90).contains(lat), (-180...180).contains(lon) {
            point = Point(lat: lat, lon: lon)
        } else {
            point = nil
        }
        let name = city.map { String($0.filter { !$0.isWhitespace }.prefix(Self.cityMax)) } ?? ""
        self.city = name.isEmpty ? nil : name
        if point == nil, self.city == nil { return nil }
    }
}

/// A code that was shown: by whom, where and with what.
package struct SeenScan: Hashable, Sendable {
    /// Which showing.
    package let id: ID<ScanTrace>
    /// The batch of the code.
    package let batch: ID<CodeBatch>
    /// The place of the code in its batch.
    package let index: Int64
    /// Who showed it.
    package let person: ID<Person>
    /// With what; a digest.
    package let device: [UInt8]?
    /// Where.
    package let place: ScanPlace?
    /// When.
    package let seenAt: Date

    /// A showing in its parts.
    package init(
        id: ID<ScanTrace>, batch: ID<CodeBatch>, index: Int64, person: ID<Person>, device: [UInt8]? = nil,
        place: ScanPlace? = nil, seenAt: Date
    ) {
        self.id = id
        self.batch = batch
        self.index = index
        self.person = person
        self.device = device
        self.place = place
        self.seenAt = seenAt
    }

    var code: CodeKey { CodeKey(batch: batch, index: index) }
}

/// What may look odd about a showing.
package enum SignalRule: String, Sendable, CaseIterable {
    /// The code, or the person, was somewhere else shortly before: faster than an airliner, or in another city ten minutes ago.
    case travel
    /// The code was shown by three people within a day.
    case manyPeople = "many_people"
    /// One device showed codes of five people within a day.
    case sharedDevice = "shared_device"
    /// One person showed more than twenty codes within a day.
    case burst
    /// The pack was outside of the region of the dealer that its case was shipped to.
    case region
}

/// Something odd about a showing.
package struct Signal: Hashable, Sendable {
    /// What is odd.
    package let rule: SignalRule
    /// How odd, in percent.
    package let score: Int32
    /// How far apart the two places are.
    package var km: Int32?
    /// How much time lay between them.
    package var minutes: Int32?
    /// How many people, or codes, there were.
    package var others: Int32?
    /// Who should not have sold it there; of a region alone.
    package var dealer: ID<Dealer>?
}

/// What is odd about a showing, given what was seen in the day before it.
///
/// Scores order a list for people to look through; nothing is refused by them.
package enum SignalRules {
    /// How far back is looked.
    package static let window = Limit<TimeInterval>(
        86_400, reason: "a pack is shown by its buyer on the day it is bought")
    /// Faster than this nobody travels.
    package static let kmPerHourMax = Limit(900.0, reason: "an airliner's cruise")
    /// Below this distance phones disagree about where they are.
    package static let kmMin = Limit(
        50.0, reason: "cell towers and addresses of networks are off by tens of kilometres")
    /// Names of cities are compared within this time.
    package static let cityWindow = Limit<TimeInterval>(600, reason: "nobody is in another city ten minutes later")
    /// So many people with one code.
    package static let peopleMin = Limit(3, reason: "a family shows a code twice")
    /// So many people with one device.
    package static let sharersMin = Limit(5, reason: "a household has fewer accounts on a phone")
    /// More codes of one person than this.
    package static let codesMax = Limit(20, reason: "a case has 24 bottles, and few drink one a day")

    /// A score more for so many kilometres outside of a region.
    private static let kmOfAScore = 20.0

    private static let travelScore: Int32 = 90
    private static let cityScore: Int32 = 60
    private static let scoreMax: Int32 = 95

    /// The signals of a showing.
    ///
    /// - Parameters:
    ///   - code: What was seen before of the same code, within the window.
    ///   - person: Of the same person.
    ///   - device: Of the same device.
    ///   - dealer: To whom its case was shipped; nil if to nobody.
    package static func signals(
        of scan: SeenScan, code: [SeenScan], person: [SeenScan], device: [SeenScan], dealer: DealerRecord? = nil
    ) -> [Signal] {
        [
            travel(scan, code + person), manyPeople(scan, code), sharedDevice(scan, device), burst(scan, person),
            region(scan, dealer),
        ].compactMap { $0 }
    }

    /// Kilometres from the middle of the region, where that is farther than the region reaches.
    private static func region(_ scan: SeenScan, _ dealer: DealerRecord?) -> Signal? {
        guard let dealer, let point = scan.place?.point, let km = dealer.kilometres(outside: point) else { return nil }
        let beyond = Int((km - Double(dealer.radiusKm)) / kmOfAScore)
        return Signal(
            rule: .region, score: score(50, 1, beyond), km: Int32(km.rounded()), dealer: dealer.id)
    }

    /// The farthest of all impossible journeys.
    private static func travel(_ scan: SeenScan, _ earlier: [SeenScan]) -> Signal? {
        earlier.compactMap { journey(from: $0, to: scan) }
            .max { ($0.score, $0.km ?? 0) < ($1.score, $1.km ?? 0) }
    }

    private static func journey(from start: SeenScan, to end: SeenScan) -> Signal? {
        guard let from = start.place, let to = end.place else { return nil }
        let seconds = max(0, end.seenAt.timeIntervalSince(start.seenAt))
        let minutes = Int32(clamping: Int64(seconds / 60))
        if let here = from.point, let there = to.point {
            let km = here.kilometres(to: there)
            guard km >= kmMin.value, km > kmPerHourMax.value * seconds / 3_600 else { return nil }
            return Signal(rule: .travel, score: travelScore, km: Int32(km.rounded()), minutes: minutes)
        }
        guard let one = from.city, let other = to.city, one != other, seconds <= cityWindow.value else { return nil }
        return Signal(rule: .travel, score: cityScore, minutes: minutes)
    }

    private static func manyPeople(_ scan: SeenScan, _ earlier: [SeenScan]) -> Signal? {
        let people = Set(earlier.map(\.person))
        guard !people.contains(scan.person), people.count + 1 >= peopleMin.value else { return nil }
        let count = people.count + 1
        return Signal(
            rule: .manyPeople, score: score(50, 10, count - peopleMin.value), others: Int32(clamping: count))
    }

    private static func sharedDevice(_ scan: SeenScan, _ earlier: [SeenScan]) -> Signal? {
        let people = Set(earlier.map(\.person))
        guard !people.contains(scan.person), people.count + 1 >= sharersMin.value else { return nil }
        let count = people.count + 1
        return Signal(
            rule: .sharedDevice, score: score(60, 5, count - sharersMin.value), others: Int32(clamping: count))
    }

    private static func burst(_ scan: SeenScan, _ earlier: [SeenScan]) -> Signal? {
        let codes = Set(earlier.map(\.code))
        guard !codes.contains(scan.code), codes.count + 1 > codesMax.value else { return nil }
        let count = codes.count + 1
        return Signal(rule: .burst, score: score(40, 2, count - codesMax.value), others: Int32(clamping: count))
    }

    private static func score(_ base: Int32, _ step: Int32, _ more: Int) -> Int32 {
        min(scoreMax, base + step * Int32(clamping: min(more, 100)))
    }
}
