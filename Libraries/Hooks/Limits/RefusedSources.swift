package import Kernel
import Synchronization

/// Counts hooks whose signature is wrong, by the name in their path: beyond so many a second they are told to wait.
///
/// Nobody else is: a hook that proves who sends it is not held up by those who only claim to. Known names are counted as unknown ones
/// are, in a table of fixed size, so that the answer does not tell which are which.
package final class RefusedSources: Sendable {
    private struct Count {
        var second: Int64 = -1
        var refused = 0
    }

    /// Refused hooks of a source in a second.
    package static let refusedMax = Limit(200, reason: "a sender with an old secret tries a few; this is a flood")
    private static let places = 1_024

    private let origin: ContinuousClock.Instant
    private let counts = Mutex([Count](repeating: Count(), count: RefusedSources.places))

    /// Nothing refused yet.
    package init(origin: ContinuousClock.Instant = .now) { self.origin = origin }

    /// Counts a refusal.
    ///
    /// - Throws: ``LimitRefusal/pause(_:)`` until the end of the second if there were too many.
    package func refuse(_ source: String, at now: ContinuousClock.Instant) throws(LimitRefusal) {
        var hasher = Hasher()
        hasher.combine(source)
        let place = Int(UInt(bitPattern: hasher.finalize()) % UInt(Self.places))
        let second = (now - origin).components.seconds
        let refused = counts.withLock { counts in
            if counts[place].second != second { counts[place] = Count(second: second) }
            counts[place].refused += 1
            return counts[place].refused
        }
        guard refused <= Self.refusedMax.value else { throw .pause(.seconds(1)) }
    }
}
