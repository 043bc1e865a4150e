import Foundation
import Testing

/// Gifts, refunds, codes and jobs in thousands of worlds whose time is virtual and whose every mishap follows from a seed.
///
/// `SIYU_SEEDS` says how many worlds (`make simulate SEEDS=100000`), `SIYU_SEED` which one alone, told step by step.
struct SimulationTests {
    private static func variable(_ name: String) -> UInt64? {
        ProcessInfo.processInfo.environment[name].flatMap { UInt64($0) }
    }

    @Test func simulation_ofManySeeds_breaksNothing() {
        if let seed = Self.variable("SIYU_SEED") {
            let run = Simulation.run(seed: seed, traces: true)
            FileHandle.standardError.write(Data((run.trace.joined(separator: "\n") + "\n").utf8))
            #expect(run.violation == nil, "\(run.report)")
            return
        }
        let seeds = Self.variable("SIYU_SEEDS") ?? 2_500
        if let failure = Simulation.firstFailure(in: 0..<seeds) {
            Issue.record("\(Simulation.shrunk(failure).report)")
        }
    }

    @Test(arguments: Bug.allCases)
    func simulation_ofAPlantedBug_findsItAndReplaysIt(_ bug: Bug) throws {
        let failure = try #require(Simulation.firstFailure(in: 0..<2_000, bug: bug), "\(bug.rawValue) was not found")
        let again = Simulation.run(seed: failure.seed, bug: bug)
        let shrunk = Simulation.shrunk(failure, bug: bug)

        #expect(again.violation == failure.violation && again.steps == failure.steps)
        #expect(shrunk.violation != nil && !shrunk.trace.isEmpty)
        #expect(Simulation.run(seed: failure.seed).violation == nil, "the seed fails without the bug, too")
    }

    @Test func simulation_ofOneSeed_isTheSameEveryTime() {
        let runs = (0..<3).map { _ in Simulation.run(seed: 42, traces: true).trace }

        #expect(runs[0].count > 20 && runs[1] == runs[0] && runs[2] == runs[0])
        #expect(Simulation.run(seed: 43, traces: true).trace != runs[0])
    }
}
