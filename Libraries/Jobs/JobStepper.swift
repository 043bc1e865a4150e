import FoundationEssentials
import Postgres
import Synchronization

/// Runs due jobs one at a time in the caller's task, with the statements and the judgement of a real worker.
///
/// For tests: nothing happens between two steps, nobody polls, and no time passes.
package final class JobStepper: Sendable {
    /// One run of a job.
    package struct Step: Sendable {
        /// The job.
        package let id: JobID
        /// Its kind; nil if this process does not know it.
        package let name: String?
        /// The queue that it was claimed from.
        package let queue: String
        /// Which try it was.
        package let attempt: Int
        /// How it ended.
        package let end: End
    }

    /// How a run ended.
    package enum End: Sendable {
        case completed
        case retried(after: Duration, error: String)
        case snoozed(for: Duration)
        case discarded(DiscardReason, error: String)
        case unknownKind
        case released
        case lost
    }

    private let session: WorkerSession
    private let slot = JobSlot()
    private let claims = Mutex<Int64>(0)

    /// A worker of its own on some queues; nil for those of the kinds that the queue knows.
    package static func open(_ queue: JobQueue, queues: [String]?) async throws -> JobStepper {
        let names = queues ?? Set(queue.handlers.map(\.queue)).sorted()
        // Nobody renews this lease: it outlasts every test.
        let options = JobProcessorOptions(concurrency: 1, lease: .seconds(3_600))
        let processor = queue.processor(queues: names, options: options)
        return JobStepper(session: try await WorkerSession(processor, after: WorkerSession.nobody, OneShot()))
    }

    private init(session: WorkerSession) { self.session = session }

    /// Gives the identity back.
    package func close() async throws {
        try await session.queue.pool.execute(WorkerStatements.deregister(session.lease.worker))
    }

    /// Claims at most one job of each queue, runs them, and writes down how they ended, until none is due.
    ///
    /// - Parameter isEnough: Asked after each run; true ends the walk, and what is claimed by then is given back.
    package func run(_ isEnough: (Step) throws -> Bool) async throws {
        while let jobs = try await claim() {
            var rest = jobs[...]
            while let job = rest.popFirst() {
                let outcome = await JobRunner(session: session, slot: slot).run(job)
                _ = slot.end()
                try await write(FinishedJob(token: job.token, outcome: outcome))
                guard try isEnough(step(job, outcome)) else { continue }
                for job in rest {
                    try await write(FinishedJob(token: job.token, outcome: .released(isMarked: false)))
                }
                return
            }
        }
    }

    /// What is free, due and let in; nil when nothing is, and nothing moved that could be so at the next look.
    private func claim() async throws -> [ClaimedJob]? {
        let number = claims.withLock { number in
            number += 1
            return number
        }
        let queues = session.queueNames.keys.sorted()
        let floors = [Int64](repeating: 0, count: JobPriority.allCases.count)
        let replies = try await session.queue.pool.pipeline(
            [JobStatements.promote(limit: 1_000), JobStatements.admit(queues: queues, limit: 1_000)]
                + queues.map {
                    JobStatements.claim(
                        worker: session.lease.worker, claimNumber: number, queue: $0, floors: floors, limit: 1)
                }
        ).flatMap { $0 }
        var claimed: [ClaimedJob] = []
        var hasMoved = false
        for reply in replies {
            switch reply {
            case .claimed(let job): claimed.append(job)
            case .promoted: hasMoved = true
            case .set, .touched, .lost, .settled, .nextTurn: break
            }
        }
        claimed.sort { ($0.priority.rawValue, $0.ord) < ($1.priority.rawValue, $1.ord) }
        return claimed.isEmpty && !hasMoved ? nil : claimed
    }

    private func write(_ job: FinishedJob) async throws {
        let worker = session.lease.worker
        switch job.outcome {
        case .completed: _ = try await session.queue.pool.run(JobStatements.ack([job.token], by: worker))
        case .postponed, .discarded: _ = try await session.queue.pool.run(JobStatements.settle([job], by: worker))
        case .released(let isMarked):
            _ = try await session.queue.pool.run(JobStatements.release([job.token], marked: [isMarked], by: worker))
        case .completedItself, .lost: break
        }
    }

    private func step(_ job: ClaimedJob, _ outcome: JobOutcome) -> Step {
        let end: End =
            switch outcome {
            case .completed, .completedItself: .completed
            case .postponed(.retry, let delay, let error): .retried(after: delay, error: error ?? "")
            case .postponed(.snoozed, let delay, _): .snoozed(for: delay)
            case .postponed(.unknownKind, _, _): .unknownKind
            case .discarded(let reason, let error): .discarded(reason, error: error)
            case .released: .released
            case .lost: .lost
            }
        return Step(
            id: JobID(rawValue: job.token.id), name: session.kinds[job.kindID]?.handler.name,
            queue: session.queueNames[job.queueID] ?? "", attempt: Int(job.tries) + 1, end: end)
    }
}
