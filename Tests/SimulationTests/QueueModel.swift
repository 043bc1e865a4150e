import Foundation

/// The queue as the business sees it: leases, fences, crashes, processes that freeze and go on.
///
/// What it models is decided in SQL (`jobs.claim`, `jobs.ack`, `jobs.rescue`); the rule that carries everything is the same: a change
/// of a claimed row names the claim.
final class QueueModel {
    private struct Row {
        var claim = 0
        var leaseUntil = Date.distantPast
        var isDone = false
        var completions = 0
    }

    /// One run of a job.
    struct Run {
        fileprivate let job: Int
        fileprivate let claim: Int
    }

    private let universe: Universe
    private var rows: [Row] = []
    private static let lease: TimeInterval = 30

    init(_ universe: Universe) { self.universe = universe }

    var allAreDone: Bool { rows.allSatisfy(\.isDone) }

    /// Adds a job, due after so many seconds of the business clock.
    func push(_ name: String, after delay: TimeInterval, _ work: @escaping (Run) -> Void) {
        let job = rows.count
        rows.append(Row())
        let due = universe.clock.addingTimeInterval(delay)
        universe.after(delay + universe.chance.seconds(0, 0.05)) { [self] in claim(job, name, due: due, work) }
    }

    private func claim(_ job: Int, _ name: String, due: Date, _ work: @escaping (Run) -> Void) {
        guard !rows[job].isDone else { return }
        let early = due.timeIntervalSince(universe.clock)
        // The clock was put back.
        if early > 0 { return universe.after(early) { [self] in claim(job, name, due: due, work) } }
        guard rows[job].leaseUntil <= universe.now else {
            return universe.at(rows[job].leaseUntil) { [self] in claim(job, name, due: due, work) }
        }
        rows[job].claim += 1
        rows[job].leaseUntil = universe.now.addingTimeInterval(Self.lease)
        let run = Run(job: job, claim: rows[job].claim)
        universe.note("job \(job) \(name) run \(run.claim)")
        // Whoever sees that the lease is over gives the job to somebody else.
        universe.at(rows[job].leaseUntil) { [self] in claim(job, name, due: due, work) }
        if universe.chance.fails(0.04) { return universe.note("job \(job): its process is killed before it begins") }
        if universe.chance.fails(0.04) {
            universe.note("job \(job): its process freezes")
            return universe.after(Self.lease + universe.chance.seconds(0.001, 60)) { work(run) }
        }
        work(run)
    }

    /// Commits something for a job that goes on; false if somebody else has it now.
    func commit(_ run: Run, _ body: () -> Void) -> Bool {
        guard holds(run) else { return false }
        body()
        return true
    }

    /// Commits the end of a job with its effect.
    func complete(_ run: Run, _ body: () -> Void) {
        guard holds(run) else { return universe.note("job \(run.job) run \(run.claim): the lease was lost") }
        body()
        rows[run.job].isDone = true
        rows[run.job].completions += 1
        universe.require(rows[run.job].completions == 1, "the effect of job \(run.job) happened twice")
    }

    private func holds(_ run: Run) -> Bool {
        if universe.bug == .skipFence { return true }
        return rows[run.job].claim == run.claim && !rows[run.job].isDone
    }
}
