import Foundation

/// What came of one seed.
struct Simulation {
    let seed: UInt64
    let violation: String?
    let steps: Int
    let trace: [String]

    /// Runs the world of a seed from its beginning to its end.
    ///
    /// - Parameters:
    ///   - bug: What is wrong with it.
    ///   - faultsMax: After so many faults all goes well.
    ///   - traces: Whether it is to be told what happened.
    static func run(seed: UInt64, bug: Bug? = nil, faultsMax: Int = .max, traces: Bool = false) -> Simulation {
        let universe = Universe(seed: seed, bug: bug, faultsMax: faultsMax, traces: traces)
        let queue = QueueModel(universe)
        let provider = ProviderModel(universe)
        let gifts = GiftModel(universe, queue, provider)
        let codes = CodeModel(universe, queue)
        for _ in 0..<2 { gifts.begin() }
        codes.begin()
        moveClock(universe)
        universe.run()
        gifts.checkTheEnd()
        codes.checkTheEnd()
        return Simulation(seed: seed, violation: universe.violation, steps: universe.steps, trace: universe.trace)
    }

    /// The server's clock is put right, by seconds in both directions; now and then somebody moves it forward by a day.
    private static func moveClock(_ universe: Universe) {
        for _ in 0..<3 where universe.chance.fails(0.5) {
            let step = universe.chance.happens(0.1) ? 90_000 : universe.chance.seconds(-3, 3)
            universe.after(universe.chance.seconds(0, 100_000), "the clock moves by \(step) s") {
                universe.clockOffset += step
            }
        }
    }

    /// The first seed in a range that breaks something.
    static func firstFailure(in seeds: Range<UInt64>, bug: Bug? = nil) -> Simulation? {
        for seed in seeds {
            let run = run(seed: seed, bug: bug)
            if run.violation != nil { return run }
        }
        return nil
    }

    /// The same failure with as few faults as it takes, told step by step.
    static func shrunk(_ failure: Simulation, bug: Bug? = nil) -> Simulation {
        var faults = 0
        while faults < 64, run(seed: failure.seed, bug: bug, faultsMax: faults).violation == nil { faults += 1 }
        let kept = faults < 64 ? faults : .max
        return run(seed: failure.seed, bug: bug, faultsMax: kept, traces: true)
    }

    /// What to say of a failure: the seed, how to see it again, and the last that happened.
    var report: String {
        """
        seed \(seed): \(violation ?? "nothing is wrong")
        to see it again: make simulate SEED=\(seed)
        \(trace.suffix(60).joined(separator: "\n"))
        """
    }
}
