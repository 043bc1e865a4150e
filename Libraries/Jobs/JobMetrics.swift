import FoundationEssentials
import Metrics
import Synchronization

/// The figures of one kind, under the names that swift-jobs made customary.
struct KindMetrics: Sendable {
    /// What `status` may say.
    enum Status: String, CaseIterable {
        case completed, retried, discarded, cancelled, snoozed, interrupted
        case unknownKind = "unknown_kind", leaseLost = "lease_lost"
    }

    private let counters: [Status: Counter]
    private let discards: [DiscardReason: Counter]
    private let processing: Meter
    private let duration: Metrics.Timer
    private let queuedDuration: Metrics.Timer

    init(name: String, queue: String) {
        let labels = [("name", name), ("queue", queue)]
        counters = Dictionary(
            uniqueKeysWithValues: Status.allCases.map {
                ($0, Counter(label: "swift.jobs", dimensions: labels + [("status", $0.rawValue)]))
            })
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
    func started(_ job: ClaimedJob) {
        processing.increment()
        let waited = (ContinuousClock.now - job.arrivedAt).inSeconds
        queuedDuration.recordSeconds(max(0, job.claimedAt.timeIntervalSince(job.readyAt)) + waited)
    }

    /// - Parameter duration: What it took; nil if it did not start.
    func ended(_ outcome: JobOutcome, took duration: Duration?) {
        let status: Status =
            switch outcome {
            case .completed, .completedItself: .completed
            case .postponed(.retry, _, _): .retried
            case .postponed(.snoozed, _, _): .snoozed
            case .postponed(.unknownKind, _, _): .unknownKind
            case .discarded(.cancelled, _): .cancelled
            case .discarded: .discarded
            case .released: .interrupted
            case .lost: .leaseLost
            }
        counters[status]?.increment()
        if case .discarded(let reason, _) = outcome { discards[reason]?.increment() }
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
