import Foundation

/// Decides whether and when a failed job is tried again.
public protocol JobRetryStrategy: Sendable {
    /// Whether to try again after try number `attempt` (the first is 1) failed with `error`.
    func shouldRetry(attempt: Int, error: any Error) -> Bool
    /// How long to wait after try number `attempt`.
    func calculateBackoff(attempt: Int) -> Duration
}

/// Discards a job after its first failure.
public struct NeverRetry: JobRetryStrategy {
    /// Never.
    public func shouldRetry(attempt: Int, error: any Error) -> Bool { false }
    /// Not used.
    public func calculateBackoff(attempt: Int) -> Duration { .zero }
}

/// Doubles the wait from try to try up to a maximum, and spreads it by ±25 %, so that jobs which failed
/// together do not come back together.
public struct ExponentialJitter: JobRetryStrategy {
    /// How many tries a job has in all.
    public let maxAttempts: Int
    /// The wait after the first failed try.
    public let minBackoff: Duration
    /// The longest wait.
    public let maxBackoff: Duration

    /// True while tries are left.
    public func shouldRetry(attempt: Int, error: any Error) -> Bool { attempt < maxAttempts }

    /// The doubled, capped and spread wait.
    public func calculateBackoff(attempt: Int) -> Duration {
        // 2^30 seconds exceed every sensible maximum; beyond that the shift would overflow.
        let doubled = minBackoff * (1 << min(max(attempt - 1, 0), 30))
        return min(doubled, maxBackoff) * Double.random(in: 0.75...1.25)
    }
}

extension JobRetryStrategy where Self == NeverRetry {
    /// Discards a job after its first failure.
    public static var dontRetry: Self { NeverRetry() }
}

extension JobRetryStrategy where Self == ExponentialJitter {
    /// Doubles the wait from try to try, with jitter.
    public static func exponentialJitter(
        maxAttempts: Int = 8, minBackoff: Duration = .seconds(1), maxBackoff: Duration = .seconds(120)
    ) -> Self {
        Self(maxAttempts: maxAttempts, minBackoff: minBackoff, maxBackoff: maxBackoff)
    }
}
