package import Foundation

/// The circuit breaker of an endpoint: after a few failures in a row nobody calls for a while, and then one call tries.
///
/// Pure: the endpoint's row holds it, so that all processes share it.
package struct HookBreaker: Hashable, Sendable {
    /// How many calls failed since the last one that did not.
    package var failures: Int
    /// Until when nobody calls; nil while it is closed.
    package var openUntil: Date?

    /// At how many failures it opens.
    package static let failuresMax = 5
    /// How long it stays open at first; doubled from failure to failure.
    package static let pauseFirst: TimeInterval = 30
    /// The longest time that nobody calls: a receiver that is back hears of everything within it.
    package static let pauseMax: TimeInterval = 600
    /// How long the one that tries has for it: longer than a call can take.
    package static let probeLease: TimeInterval = 30

    /// A breaker as it was stored.
    package init(failures: Int = 0, openUntil: Date? = nil) {
        self.failures = failures
        self.openUntil = openUntil
    }

    /// What may be done now.
    package enum Step: Hashable, Sendable {
        /// Call.
        case call
        /// Call if you are the first to move the instant on to this one; others wait for you.
        case probe(until: Date)
        /// Do not call before this instant.
        case wait(until: Date)
    }

    /// What may be done at `now`.
    package func step(at now: Date) -> Step {
        guard let openUntil else { return .call }
        return now < openUntil ? .wait(until: openUntil) : .probe(until: now + Self.probeLease)
    }

    /// What becomes of it by a call that failed.
    ///
    /// - Parameter lease: The instant to which the caller moved it on, if it was the one that tries. Failures of calls that began before it
    ///   opened do not open it further.
    package func failed(lease: Date?, at now: Date) -> HookBreaker {
        if let openUntil {
            // Instants lose what is below a microsecond on their way through the database.
            guard let lease, abs(openUntil.timeIntervalSince(lease)) < 0.001 else { return self }
        }
        let failures = failures + 1
        guard failures >= Self.failuresMax else { return HookBreaker(failures: failures) }
        let doublings = Double(min(failures - Self.failuresMax, 10))
        let pause = min(Self.pauseFirst * pow(2, doublings), Self.pauseMax)
        return HookBreaker(failures: failures, openUntil: now + pause)
    }
}
