import FoundationEssentials
import Synchronization

/// One identity of a processor: a worker id with the lease that covers all its jobs.
///
/// The lease is judged by the monotonic clock from the moment a successful renewal was *sent*, and counts as over some
/// seconds before the database thinks so: whoever holds a token knows that nobody else can have the job yet. Once over,
/// an identity never comes back; the processor registers a new one.
final class WorkerLease: Sendable {
    /// Why an identity ended.
    enum End: String, Sendable {
        /// No renewal succeeded in time.
        case expired
        /// The database says that the lease is over.
        case refused
        /// All work was handed over.
        case drained
    }

    private struct State {
        var renewedAt: ContinuousClock.Instant
        var end: End?
    }

    let worker: UUID
    private let trust: Duration
    private let state: Mutex<State>
    /// Happens when the identity ends.
    let over = OneShot()

    /// - Parameter trust: How long after a renewal was sent it is relied upon; shorter than the lease itself.
    init(worker: UUID, sentAt: ContinuousClock.Instant, trust: Duration) {
        self.worker = worker
        self.trust = trust
        state = Mutex(State(renewedAt: sentAt))
    }

    /// Whether work may go on under this identity.
    ///
    /// Reads the clock: true is true now, even if the watch is late.
    var isHeld: Bool { isHeld(at: .now) }

    /// The same, for a caller that has just read the clock.
    func isHeld(at now: ContinuousClock.Instant) -> Bool {
        state.withLock { $0.end == nil && $0.renewedAt + trust > now }
    }

    var end: End? { state.withLock(\.end) }

    /// How long the lease can be relied upon if no further renewal succeeds.
    var remaining: Duration { state.withLock { $0.renewedAt } + trust - .now }

    func renewed(sentAt: ContinuousClock.Instant) {
        state.withLock { $0.renewedAt = max($0.renewedAt, sentAt) }
    }

    /// Ends the identity; the first reason counts.
    func finish(_ end: End) {
        state.withLock { $0.end = $0.end ?? end }
        over.happen()
    }

    /// Ends the identity when its time is up; returns when it has ended for whatever reason.
    func watch() async {
        while end == nil, !Task.isCancelled {
            let remaining = remaining
            if remaining <= .zero { return finish(.expired) }
            try? await Task.sleep(for: remaining)
        }
    }
}
