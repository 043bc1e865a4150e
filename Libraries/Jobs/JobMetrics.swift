import FoundationEssentials
import Metrics
import Synchronization

/// The figures of one kind, under the names that swift-jobs made customary.
struct KindMetrics: Sendable {
    /// What `status` may say.
    enum Status: String, CaseIterable {
        case completed, retried, discarded, snoozed, interrupted, unknownKind = "unknown_kind", leaseLost = "lease_lost"
    }

    private let counters: [Status: Counter]
    private let discards: Counter
    private let duration: Metrics.Timer
    private let queuedDuration: Metrics.Timer

    init(name: String, queue: String) {
        let labels = [("name", name), ("queue", queue)]
        counters = Dictionary(
            uniqueKeysWithValues: Status.allCases.map {
                ($0, Counter(label: "swift.jobs", dimensions: labels + [("status", $0.rawValue)]))
            })
        discards = Counter(label: "swift.jobs.discarded", dimensions: labels + [("status", "discarded")])
        duration = Metrics.Timer(label: "swift.jobs.duration", dimensions: labels)
        queuedDuration = Metrics.Timer(label: "swift.jobs.queued.duration", dimensions: labels)
    }

    func started(_ job: ClaimedJob) {
        queuedDuration.recordSeconds(max(0, job.claimedAt.timeIntervalSince(job.readyAt)))
    }

    func ended(_ outcome: JobOutcome, took duration: Duration) {
        let status: Status =
            switch outcome {
            case .completed, .completedItself: .completed
            case .postponed(.retry, _, _): .retried
            case .postponed(.snoozed, _, _): .snoozed
            case .postponed(.unknownKind, _, _): .unknownKind
            case .discarded: .discarded
            case .released: .interrupted
            case .lost: .leaseLost
            }
        counters[status]?.increment()
        if status == .discarded { discards.increment() }
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
