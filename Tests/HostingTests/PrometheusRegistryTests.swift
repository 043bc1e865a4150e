import CoreMetrics
import Testing

@testable import Hosting

struct PrometheusRegistryTests {
    private let registry = PrometheusRegistry()

    @Test func exposition_ofCountersAndGauges_hasTypesAndLabels() {
        Counter(label: "swift.jobs", dimensions: [("name", "a\"b\\c\nd"), ("queue", "orders")], factory: registry)
            .increment(by: 3)
        Counter(label: "swift.jobs", dimensions: [("name", "a\"b\\c\nd"), ("queue", "orders")], factory: registry)
            .increment()
        Meter(label: "pool.open", factory: registry).set(7)
        FloatingPointCounter(label: "yuan", factory: registry).increment(by: 1.5)

        let text = registry.exposition

        #expect(
            text.contains(
                "# TYPE swift_jobs_total counter\nswift_jobs_total{name=\"a\\\"b\\\\c\\nd\",queue=\"orders\"} 4\n"))
        #expect(text.contains("# TYPE pool_open gauge\npool_open 7\n"))
        #expect(text.contains("yuan_total 1"))
        #expect(text.hasSuffix("metrics_dropped_series_total 0\n"))
    }

    @Test func exposition_ofTimer_isCumulativeHistogramInSeconds() {
        let timer = Timer(label: "job.duration", dimensions: [("queue", "q")], factory: registry)
        timer.recordMilliseconds(2)
        timer.recordMilliseconds(2_000)
        timer.recordSeconds(1_000)

        let lines = registry.exposition.split(separator: "\n")

        #expect(lines.contains("# TYPE job_duration_seconds histogram"))
        #expect(lines.contains("job_duration_seconds_bucket{queue=\"q\",le=\"0.001\"} 0"))
        #expect(lines.contains("job_duration_seconds_bucket{queue=\"q\",le=\"0.0025\"} 1"))
        #expect(lines.contains("job_duration_seconds_bucket{queue=\"q\",le=\"2.5\"} 2"))
        #expect(lines.contains("job_duration_seconds_bucket{queue=\"q\",le=\"300\"} 2"))
        #expect(lines.contains("job_duration_seconds_bucket{queue=\"q\",le=\"+Inf\"} 3"))
        #expect(lines.contains("job_duration_seconds_sum{queue=\"q\"} 1002.002"))
        #expect(lines.contains("job_duration_seconds_count{queue=\"q\"} 3"))
    }

    @Test func series_beyondTheLimit_areDroppedAndCounted() {
        for index in 0..<(PrometheusRegistry.seriesMax + 5) {
            Counter(label: "many", dimensions: [("i", "\(index)")], factory: registry).increment()
        }

        let lines = registry.exposition.split(separator: "\n")

        #expect(lines.count { $0.hasPrefix("many_total{") } == PrometheusRegistry.seriesMax)
        #expect(lines.last == "metrics_dropped_series_total 5")
    }

    @Test func name_ofAnotherKind_isDropped() {
        Meter(label: "x_total", factory: registry).set(1)
        Counter(label: "x", factory: registry).increment()

        #expect(registry.exposition.contains("# TYPE x_total gauge\nx_total 1\n"))
        #expect(registry.exposition.hasSuffix("metrics_dropped_series_total 1\n"))
    }

    @Test(arguments: [("http.server-requests", "http_server_requests"), ("1st", "_1st"), ("私", "_"), ("", "_")])
    func name_ofAnyLabel_isOneThatPrometheusAccepts(label: String, name: String) {
        Meter(label: label, factory: registry).set(0)

        #expect(registry.exposition.contains("# TYPE \(name) gauge\n\(name) 0\n"))
    }

    @Test func counters_usedFromManyTasks_loseNothing() async {
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask { [registry] in
                    for _ in 0..<1_000 { Counter(label: "hits", factory: registry).increment() }
                }
            }
        }

        #expect(registry.exposition.contains("hits_total 8000\n"))
    }
}
