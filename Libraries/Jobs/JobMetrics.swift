import FoundationEssentials
import Metrics
import Synchronization

/// The figures of one kind, under the names that swift-jobs made customary.
final class KindMetrics: Sendable {
    /// What `status` may say.
    enum Status: String, CaseIterable {
        case completed, retried, discarded, cancelled, snoozed, interrupted
        case unknownKind = "unknown_kind", leaseLost = "lease_lost"
    }

    /// Counted for nearly every job, hence not looked up.
    private let completed: Counter
    private let counters: [Status: Counter]
    private let discards: [DiscardReason: Counter]
    private let processing: Meter
    private let duration: Metrics.Timer
    private let queuedDuration: Metrics.Timer

    init(name: String, queue: String) {
        let labels = [("name", name), ("queue", queue)]
        func counter(_ status: Status) -> Counter {
            Counter(label: "swift.jobs", dimensions: labels + [("status", status.rawValue)])
        }
        completed = counter(.completed)
        counters = Dictionary(
            uniqueKeysWithValues: Status.allCases.filter { $0 != .completed }.map { ($0, counter($0)) })
        discards = Dictionary(
            uniqueKeysWithValues: DiscardReason.allCases.map {
                ($0, Counter(label: "swift.jobs.discarded", dimensions: labels + [("reason", $0.rawValue)]))
            })
        // How many are queued is told by the depth: pushes of other processes, or rolled back, would falsify a meter.
        processing = Meter(label: "swift.jobs.meter", dimensions: labels + [("status", "processing")])
        duration = Metrics.Timer(label: "swift.jobs.duration", dimensions: labels)
        queuedDuration = Metrics.Timer(label: "swift.jobs.queued.duration", dimensions: labels)
    }

    /// How late the job starts: from when it could have run, by the database's clock, and what it waited in this process.
    func started(_ job: ClaimedJob, at now: ContinuousClock.Instant) {
        processing.increment()
        let waited = (now - job.arrivedAt).inSeconds
        queuedDuration.recordSeconds(max(0, job.claimedAt.timeIntervalSince(job.readyAt)) + waited)
    }

    /// - Parameter duration: What it took; nil if it did not start.
    func ended(_ outcome: JobOutcome, took duration: Duration?) {
        switch outcome {
        case .completed, .completedItself: completed.increment()
        case .postponed(.retry, _, _): counters[.retried]?.increment()
        case .postponed(.snoozed, _, _): counters[.snoozed]?.increment()
        case .postponed(.unknownKind, _, _): counters[.unknownKind]?.increment()
        case .discarded(let reason, _):
            counters[reason == .cancelled ? .cancelled : .discarded]?.increment()
            discards[reason]?.increment()
        case .released: counters[.interrupted]?.increment()
        case .lost: counters[.leaseLost]?.increment()
        }
        guard let duration else { return }
        processing.decrement()
        self.duration.recordSeconds(duration.inSeconds)
    }
}

/// The figures of one queue.
struct QueueMetrics: Sendable {
    private let depth: Gauge
    private let oldestAge: Gauge
    private let lost: Counter

    init(queue: String) {
        let labels = [("queue", queue)]
        depth = Gauge(label: "swift.jobs.queue.depth", dimensions: labels)
        oldestAge = Gauge(label: "swift.jobs.queue.oldest.age", dimensions: labels)
        lost = Counter(label: "swift.jobs.rescued", dimensions: labels)
    }

    func record(_ statistics: JobQueueStatistics) {
        depth.record(statistics.ready)
        oldestAge.record(statistics.oldestReadyAge.inSeconds)
    }

    func rescued(_ count: Int64) { lost.increment(by: count) }
}
