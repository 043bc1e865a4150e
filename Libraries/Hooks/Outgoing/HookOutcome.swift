package import Foundation

/// What came of a call to an endpoint.
package enum HookAnswer: Hashable, Sendable {
    /// It answered, and perhaps said after how many seconds to come back.
    case status(Int, retryAfter: Int? = nil)
    /// Nobody answered, for this reason: words of ours, without anything that the receiver sent.
    case unreachable(String)
    /// It was not called, because its address is none that may be called.
    case forbidden(String)
}

/// What follows from a call.
package enum HookOutcome: Hashable, Sendable {
    /// The endpoint has it.
    case delivered
    /// The endpoint will never take this message; others perhaps.
    case refused(String)
    /// The endpoint wants nothing any more.
    case gone
    /// Later perhaps. A strike counts against the message; being unreachable is the endpoint's trouble alone.
    case again(isStrike: Bool, retryAfter: TimeInterval, String)

    /// Decides.
    package static func of(_ answer: HookAnswer) -> HookOutcome {
        switch answer {
        case .status(200..<300, _): .delivered
        case .status(410, _): .gone
        case .status(let status, let seconds) where [408, 409, 425, 429].contains(status) || status >= 500:
            .again(
                isStrike: true, retryAfter: min(TimeInterval(max(seconds ?? 0, 0)), HookRetries.retryAfterMax),
                "it answered \(status)")
        case .status(let status, _) where (300..<400).contains(status):
            .refused("it answered \(status): redirects are not followed")
        case .status(let status, _): .refused("it answered \(status)")
        case .unreachable(let reason): .again(isStrike: false, retryAfter: 0, reason)
        case .forbidden(let reason): .refused(reason)
        }
    }
}

/// When a message that was not taken is sent again.
package enum HookRetries {
    /// The waits after the first strike, the second and so on, as Standard Webhooks recommends: together three days and some hours.
    package static let ladder: [TimeInterval] = [
        5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400,
    ]
    /// How long a message waits for an endpoint that nobody reaches: as long as the ladder is, and an hour.
    package static let ageMax: TimeInterval = ladder.reduce(3_600, +)
    /// The longest time that an endpoint may ask for.
    package static let retryAfterMax: TimeInterval = 3_600
    /// Before the breaker knows: soon, since most of what cannot be reached can be a moment later.
    package static let unreachableWait: TimeInterval = 5

    /// The wait before the next try; nil when there is none.
    ///
    /// - Parameters:
    ///   - strikes: How often the message itself was not taken, this time included.
    ///   - age: How long it has been pending.
    ///   - pause: How long the endpoint's breaker is open; then the message waits for that alone, and this strike is forgiven.
    package static func wait(
        strikes: Int, isStrike: Bool, retryAfter: TimeInterval, age: TimeInterval, pause: TimeInterval?
    ) -> TimeInterval? {
        guard age < ageMax else { return nil }
        if let pause { return max(pause, retryAfter) }
        guard isStrike else { return unreachableWait }
        guard strikes <= ladder.count else { return nil }
        return max(ladder[strikes - 1], retryAfter)
    }
}
