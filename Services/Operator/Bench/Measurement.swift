import Foundation

/// The middle and the ends of several samples.
struct Spread: Encodable {
    let median: Double
    let min: Double
    let max: Double

    init(_ samples: [Double]) {
        precondition(!samples.isEmpty, "a spread needs a sample")
        let sorted = samples.sorted()
        let middle = sorted.count / 2
        median = sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
        min = sorted[0]
        max = sorted[sorted.count - 1]
    }
}

/// One figure of ours beside the raw one that was taken in turn with it.
struct Measurement: Encodable {
    let name: String
    let unit: String
    let ours: Spread
    /// What the raw figure is, in words; nil where there is none.
    let rawName: String?
    let raw: Spread?
    /// Ours by raw, pair by pair.
    let ratio: Spread?

    /// Takes both figures in turn, `pairs` times, so that a machine that slows down slows both.
    static func pairs(
        _ name: String, unit: String, rawName: String, pairs: Int,
        ours: () async throws -> Double, raw: () async throws -> Double
    ) async throws -> Measurement {
        var samples: [(ours: Double, raw: Double)] = []
        for pair in 1...pairs {
            Terminal.progress("\(name): pair \(pair) of \(pairs)")
            samples.append((try await ours(), try await raw()))
        }
        Terminal.endProgress()
        return together(name, unit: unit, rawName: rawName, samples: samples)
    }

    /// Figures that were taken together, pair by pair, each beside its raw one.
    static func together(
        _ name: String, unit: String, rawName: String, samples: [(ours: Double, raw: Double)]
    ) -> Measurement {
        Measurement(
            name: name, unit: unit, ours: Spread(samples.map(\.ours)), rawName: rawName,
            raw: Spread(samples.map(\.raw)), ratio: Spread(samples.map { $0.ours / $0.raw }))
    }

    /// Takes a figure that has no raw one beside it.
    static func alone(_ name: String, unit: String, samples: [Double]) -> Measurement {
        Measurement(name: name, unit: unit, ours: Spread(samples), rawName: nil, raw: nil, ratio: nil)
    }

    private static func text(_ number: Double) -> String {
        number >= 100 ? String(Int(number.rounded())) : String(format: "%.2f", number)
    }

    /// The figures as a table for people.
    static func table(_ measurements: [Measurement]) -> String {
        func cell(_ spread: Spread?) -> String {
            spread.map { "\(text($0.median)) (\(text($0.min))–\(text($0.max)))" } ?? ""
        }
        return Terminal.table(
            ["figure", "unit", "ours: median (min–max)", "raw", "ours/raw", "raw is"],
            measurements.map { [$0.name, $0.unit, cell($0.ours), cell($0.raw), cell($0.ratio), $0.rawName ?? ""] })
    }
}

/// How often per second something happens when `body` does it `count` times.
func rate(_ count: Int, _ body: () async throws -> Void) async throws -> Double {
    let elapsed = try await ContinuousClock().measure { try await body() }
    return Double(count) / elapsed.inSeconds
}

extension Duration {
    /// Seconds with a fraction.
    var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
