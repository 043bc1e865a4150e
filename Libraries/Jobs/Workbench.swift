import DequeModule
import FoundationEssentials
import Synchronization

/// What lies between the pump, which talks to the database, and the slots, which run jobs: claimed jobs that wait, the
/// ones that run, and the ones that are finished and not yet written down.
final class Workbench: Sendable {
    private struct State {
        var ready: Deque<ClaimedJob> = []
        /// Jobs that must not run beside one another.
        var loners: Deque<ClaimedJob> = []
        var isLonerRunning = false
        /// A loner that ended and is not written down yet: while it is not, the next loner could still take it down.
        var endedLoner: UUID?
        var running: [UUID: ClaimToken] = [:]
        var finished: [FinishedJob] = []
        var oldestFinish: ContinuousClock.Instant?
        var waiting: [CheckedContinuation<ClaimedJob?, Never>] = []
        var isClosed = false
        var isDraining = false
        var wasWoken = false
        var isIdle = false
        /// Since when it is not idle, or was not.
        var busySince = ContinuousClock.now
        /// What the database believes; nil if nobody knows.
        var toldIdle: Bool? = false
        /// A job ended that may have kept another one at the gate.
        var hasGateNews = false
        /// Moving average of what a job takes, in seconds.
        var jobSeconds = 0.01

        /// The next job that may run now.
        mutating func pop() -> ClaimedJob? {
            var next: ClaimedJob?
            if !isLonerRunning, let loner = loners.popFirst() {
                isLonerRunning = true
                next = loner
            } else {
                next = ready.popFirst()
            }
            if let next { running[next.token.id] = next.token }
            return next
        }

        mutating func matched() -> [(CheckedContinuation<ClaimedJob?, Never>, ClaimedJob)] {
            var matches: [(CheckedContinuation<ClaimedJob?, Never>, ClaimedJob)] = []
            while !waiting.isEmpty, let job = pop() { matches.append((waiting.removeLast(), job)) }
            return matches
        }
    }

    /// What the pump decides by.
    struct Load: Sendable {
        var waiting: Int
        var running: Int
        var finished: Int
        var oldestFinish: ContinuousClock.Instant?
        var jobSeconds: Double
        var hasGateNews: Bool
        var held: Int { waiting + running }
    }

    /// How long the worker must be busy before wake-ups are called off.
    private static let patience = Duration.seconds(1)

    private let state = Mutex(State())
    /// Rung when the pump should look.
    let doorbell = Doorbell()
    /// From how many finished jobs on the pump is called; fewer wait a moment for company.
    let flushCount: Int

    init(flushCount: Int) { self.flushCount = flushCount }

    var load: Load {
        state.withLock { state in
            Load(
                waiting: state.ready.count + state.loners.count, running: state.running.count,
                finished: state.finished.count, oldestFinish: state.oldestFinish, jobSeconds: state.jobSeconds,
                hasGateNews: state.hasGateNews)
        }
    }

    /// Notes whether the last look left the queues as good as empty: only then is a wake-up of use.
    func setIdle(_ isIdle: Bool) {
        state.withLock { state in
            if state.isIdle, !isIdle { state.busySince = .now }
            state.isIdle = isIdle
        }
    }

    /// What the database should be told about that, true for idle; nil if it knows.
    ///
    /// Told by the pump and by nobody else: of two that tell, one could undo what the other one said later. That the
    /// worker is busy is told when it has been for a while, so that a trickle of jobs costs no updates.
    var idleNews: Bool? {
        state.withLock { state in
            if state.isIdle { return state.toldIdle == true ? nil : true }
            return state.toldIdle == false || .now - state.busySince < Self.patience ? nil : false
        }
    }

    /// Notes what the database was told; nil if that is unknown.
    func told(isIdle: Bool?) { state.withLock { $0.toldIdle = isIdle } }

    /// Says that there may be something to claim.
    func wake() {
        state.withLock { $0.wasWoken = true }
        doorbell.ring()
    }

    /// Whether ``wake()`` was called since the last look.
    func takeWake() -> Bool {
        state.withLock { state in
            defer { state.wasWoken = false }
            return state.wasWoken
        }
    }

    /// Whether the gate should be looked at, since the last look.
    func takeGateNews() -> Bool {
        state.withLock { state in
            defer { state.hasGateNews = false }
            return state.hasGateNews
        }
    }

    // MARK: Slots

    /// The next job to run, nil when there will be no more.
    func next() async -> ClaimedJob? {
        // Most often one lies there.
        if let job = state.withLock({ $0.isClosed ? nil : $0.pop() }) { return job }
        return await withCheckedContinuation { continuation in
            let now: ClaimedJob?? = state.withLock { state in
                if state.isClosed { return .some(nil) }
                if let job = state.pop() { return job }
                state.waiting.append(continuation)
                return nil
            }
            if let now { continuation.resume(returning: now) }
        }
    }

    /// Takes a job back from a slot.
    func finish(_ job: ClaimedJob, _ outcome: JobOutcome, took duration: Duration) {
        let (matches, mustRing) = state.withLock { state in
            state.running[job.token.id] = nil
            state.jobSeconds += (duration.inSeconds - state.jobSeconds) * 0.05
            if job.isGated { state.hasGateNews = true }
            switch outcome {
            case .lost, .completedItself:
                if job.runsAlone { state.isLonerRunning = false }
            case .completed, .postponed, .discarded, .released:
                if job.runsAlone { state.endedLoner = job.token.id }
                state.finished.append(FinishedJob(token: job.token, outcome: outcome))
                if state.oldestFinish == nil { state.oldestFinish = .now }
            }
            let matches = job.runsAlone ? state.matched() : []
            // The first finish starts the pump's short wait; a full batch, or nothing left to run, ends it.
            let isIdle = state.running.isEmpty && state.ready.isEmpty
            let isFull = state.finished.count % flushCount == 0
            return (matches, isIdle || job.isGated || state.finished.count == 1 || isFull)
        }
        for (continuation, job) in matches { continuation.resume(returning: job) }
        if mustRing { doorbell.ring() }
    }

    /// Ends a job that waits for its turn as cancelled; false if it does not wait here.
    func discard(_ id: UUID, as text: String) -> Bool {
        let found = state.withLock { state in
            let waiting = [state.ready.firstIndex { $0.token.id == id }, state.loners.firstIndex { $0.token.id == id }]
            let job: ClaimedJob
            if let place = waiting[0] {
                job = state.ready.remove(at: place)
            } else if let place = waiting[1] {
                job = state.loners.remove(at: place)
            } else {
                return false
            }
            if job.isGated { state.hasGateNews = true }
            state.finished.append(FinishedJob(token: job.token, outcome: .discarded(.cancelled, error: text)))
            if state.oldestFinish == nil { state.oldestFinish = .now }
            return true
        }
        if found { doorbell.ring() }
        return found
    }

    // MARK: Pump

    /// Lays claimed jobs out for the slots.
    func add(_ jobs: [ClaimedJob]) {
        let (matches, rest) = state.withLock { state in
            // The drain began, or the lease ended, while the claim was under way.
            guard !state.isDraining, !state.isClosed else {
                state.finished += jobs.map { FinishedJob(token: $0.token, outcome: .released(isMarked: false)) }
                return ([] as [(CheckedContinuation<ClaimedJob?, Never>, ClaimedJob)], true)
            }
            for job in jobs {
                if job.runsAlone { state.loners.append(job) } else { state.ready.append(job) }
            }
            return (state.matched(), false)
        }
        for (continuation, job) in matches { continuation.resume(returning: job) }
        if rest { doorbell.ring() }
    }

    /// Takes what is finished, to be written down; ``putBack(_:)`` returns it if that failed.
    func takeFinished() -> [FinishedJob] {
        state.withLock { state in
            state.oldestFinish = nil
            defer { state.finished = [] }
            return state.finished
        }
    }

    /// What was taken is written down: the next loner may start.
    func written(_ jobs: [FinishedJob]) {
        let matches = state.withLock { state in
            guard let loner = state.endedLoner, jobs.contains(where: { $0.token.id == loner }) else {
                return [] as [(CheckedContinuation<ClaimedJob?, Never>, ClaimedJob)]
            }
            state.endedLoner = nil
            state.isLonerRunning = false
            return state.matched()
        }
        for (continuation, job) in matches { continuation.resume(returning: job) }
    }

    func putBack(_ jobs: [FinishedJob]) {
        guard !jobs.isEmpty else { return }
        state.withLock { state in
            state.finished.insert(contentsOf: jobs, at: 0)
            state.oldestFinish = state.oldestFinish ?? .now
        }
    }

    /// Every job that this worker still answers for.
    var knownIDs: [UUID] {
        state.withLock { state in
            state.ready.map(\.token.id) + state.loners.map(\.token.id) + Array(state.running.keys)
                + state.finished.map(\.token.id)
        }
    }

    /// No job starts any more; those that wait are given back.
    func drain() {
        state.withLock { state in
            state.isDraining = true
            for job in Array(state.ready) + Array(state.loners) {
                state.finished.append(FinishedJob(token: job.token, outcome: .released(isMarked: false)))
            }
            state.ready = []
            state.loners = []
        }
        doorbell.ring()
    }

    /// Sends the slots home; what waits is dropped, because it is not ours any more, or given back already.
    func close() {
        let waiting = state.withLock { state in
            state.isClosed = true
            state.ready = []
            state.loners = []
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume(returning: nil) }
        doorbell.ring()
    }
}
