package import CoreMetrics
import Synchronization

/// Keeps the process's metrics and writes them as Prometheus text (exposition format 0.0.4).
///
/// Names become Prometheus names (`swift.jobs.duration` → `swift_jobs_duration_seconds`); counters end in `_total`, timers are
/// histograms in seconds. Each name may have ``seriesMax`` label combinations: what comes after them is dropped and counted in
/// `metrics_dropped_series_total`, so that a careless label cannot eat the memory.
package final class PrometheusRegistry: MetricsFactory {
    /// Label combinations of one name; a service has a handful of routes, queues and statuses.
    package static let seriesMax = 1_000

    enum Kind: String {
        case counter, gauge, histogram
    }

    private struct Family {
        let kind: Kind
        var series: [String: Series] = [:]
    }

    private struct State {
        var families: [String: Family] = [:]
        var dropped = 0
    }

    private let state = Mutex(State())

    /// An empty registry.
    package init() {}

    /// The text of `/metrics`: families by name, series by labels.
    package var exposition: String {
        let (families, dropped) = state.withLock { ($0.families, $0.dropped) }
        var text = ""
        for (name, family) in families.sorted(by: { $0.key < $1.key }) {
            text += "# TYPE \(name) \(family.kind.rawValue)\n"
            for (labels, series) in family.series.sorted(by: { $0.key < $1.key }) {
                text += series.exposition(name: name, labels: labels)
            }
        }
        return text + "# TYPE metrics_dropped_series_total counter\nmetrics_dropped_series_total \(dropped)\n"
    }

    private func series(_ label: String, suffix: String, _ kind: Kind, _ dimensions: [(String, String)]) -> Series {
        var name = prometheusName(label)
        if !name.hasSuffix(suffix) { name += suffix }
        let labels = dimensions.map { "\(prometheusName($0))=\"\(escapedLabel($1))\"" }.joined(separator: ",")
        return state.withLock { state in
            var family = state.families[name] ?? Family(kind: kind)
            if family.kind == kind, let known = family.series[labels] { return known }
            let series = Series(isHistogram: kind == .histogram)
            // A name that already is another kind of metric is dropped too: one name, one type.
            guard family.kind == kind, family.series.count < Self.seriesMax else {
                state.dropped += 1
                return series
            }
            family.series[labels] = series
            state.families[name] = family
            return series
        }
    }
}

// MARK: - Handlers

extension PrometheusRegistry {
    /// A counter of whole numbers.
    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        series(label, suffix: "_total", .counter, dimensions)
    }
    /// A counter of fractions.
    package func makeFloatingPointCounter(
        label: String, dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        series(label, suffix: "_total", .counter, dimensions)
    }
    /// A gauge.
    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        series(label, suffix: "", .gauge, dimensions)
    }
    /// A histogram if it aggregates, a gauge otherwise.
    package func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        series(label, suffix: "", aggregate ? .histogram : .gauge, dimensions)
    }
    /// A histogram in seconds.
    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        series(label, suffix: "_seconds", .histogram, dimensions)
    }

    // Series live as long as the process: Prometheus must not see a counter fall back to zero because an object went away.
    /// Keeps the series.
    package func destroyCounter(_: any CounterHandler) {}
    /// Keeps the series.
    package func destroyFloatingPointCounter(_: any FloatingPointCounterHandler) {}
    /// Keeps the series.
    package func destroyMeter(_: any MeterHandler) {}
    /// Keeps the series.
    package func destroyRecorder(_: any RecorderHandler) {}
    /// Keeps the series.
    package func destroyTimer(_: any TimerHandler) {}
}

/// One label combination of one name.
final class Series: CounterHandler, FloatingPointCounterHandler, MeterHandler, RecorderHandler, TimerHandler {
    /// From a fast statement to the deadline of a request, and on to a long job.
    static let bounds: [Double] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300]

    private struct Values {
        var value = 0.0
        var count = 0
        var buckets: [Int]
    }

    private let values: Mutex<Values>
    private let isHistogram: Bool

    init(isHistogram: Bool) {
        self.isHistogram = isHistogram
        values = Mutex(Values(buckets: isHistogram ? Array(repeating: 0, count: Self.bounds.count) : []))
    }

    func increment(by amount: Int64) { add(Double(amount)) }
    func increment(by amount: Double) { add(amount) }
    func decrement(by amount: Double) { add(-amount) }
    func set(_ value: Int64) { set(Double(value)) }
    func set(_ value: Double) { values.withLock { $0.value = value } }
    func record(_ value: Int64) { record(Double(value)) }
    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }
    func reset() { values.withLock { $0.value = 0 } }

    private func add(_ amount: Double) { values.withLock { $0.value += amount } }

    func record(_ value: Double) {
        guard isHistogram else { return set(value) }
        values.withLock { values in
            values.value += value
            values.count += 1
            if let bucket = Self.bounds.firstIndex(where: { value <= $0 }) { values.buckets[bucket] += 1 }
        }
    }

    fileprivate func exposition(name: String, labels: String) -> String {
        let values = values.withLock { $0 }
        let braced = labels.isEmpty ? "" : "{\(labels)}"
        guard isHistogram else { return "\(name)\(braced) \(number(values.value))\n" }
        var text = ""
        var cumulated = 0
        let prefix = labels.isEmpty ? "" : labels + ","
        for (bound, count) in zip(Self.bounds, values.buckets) {
            cumulated += count
            text += "\(name)_bucket{\(prefix)le=\"\(number(bound))\"} \(cumulated)\n"
        }
        text += "\(name)_bucket{\(prefix)le=\"+Inf\"} \(values.count)\n"
        return text + "\(name)_sum\(braced) \(number(values.value))\n\(name)_count\(braced) \(values.count)\n"
    }
}

// MARK: - Text

/// A name Prometheus accepts: `[a-zA-Z_][a-zA-Z0-9_]*`.
private func prometheusName(_ label: String) -> String {
    let name = String(label.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
    return name.first?.isNumber ?? true ? "_" + name : name
}

private func escapedLabel(_ value: String) -> String {
    value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
}

/// Whole numbers without a fraction, as they are usually read.
private func number(_ value: Double) -> String {
    if value == value.rounded(), abs(value) < 1e15 { return "\(Int64(value))" }
    if value.isNaN { return "NaN" }
    return value.isInfinite ? (value < 0 ? "-Inf" : "+Inf") : "\(value)"
}
