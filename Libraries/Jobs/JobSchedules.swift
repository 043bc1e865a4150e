import FoundationEssentials
import Logging
import Postgres
import Synchronization

/// What becomes of the fires that no process was there for.
public enum JobCatchUp: Sendable, Hashable, CustomStringConvertible {
    /// They are left out, once a minute has passed.
    case none
    /// The newest of them is made up for.
    case latest
    /// The newest of them are made up for, oldest first, each with a job of its own.
    case all(max: Int)

    /// `none`, `latest`, `all 10`.
    public var description: String {
        switch self {
        case .none: "none"
        case .latest: "latest"
        case .all(let max): "all \(max)"
        }
    }

    /// For how long a fire is on time: longer than a deployment should take, shorter than anybody calls late.
    private static let tolerance: TimeInterval = 60

    /// The fires to make, of those after the instant up to which all is settled.
    func fires(of schedule: Schedule, after settled: Date, through now: Date) -> [Date] {
        switch self {
        case .none: schedule.fires(after: max(settled, now - Self.tolerance), through: now, newest: .max)
        case .latest: schedule.fires(after: settled, through: now, newest: 1)
        case .all(let max): schedule.fires(after: settled, through: now, newest: max)
        }
    }
}

/// The schedules that a process registered, and how they fire.
final class JobSchedules: Sendable {
    struct Entry: Sendable {
        let definition: ScheduleStatements.Definition
        let schedule: Schedule
        let catchUp: JobCatchUp
        let push: @Sendable (JobQueue, [Date], Transaction) async throws -> [JobID]
    }

    private struct State {
        var entries: [String: Entry] = [:]
        /// Those whose definition this process has written down; once, because a later process's counts for more.
        var written: Set<String> = []
    }
    private let state = Mutex(State())

    func add(_ entry: Entry) {
        let name = entry.definition.name
        let isNew = state.withLock { $0.entries.updateValue(entry, forKey: name) == nil }
        precondition(isNew, "the schedule \(name) is registered twice")
    }

    /// Makes the fires that are due; what fails is tried again at the next call.
    func run(for queue: JobQueue) async throws {
        let (entries, written) = state.withLock { ($0.entries, $0.written) }
        guard !entries.isEmpty else { return }
        for entry in entries.values where !written.contains(entry.definition.name) {
            try await register(entry, on: queue.pool)
            state.withLock { _ = $0.written.insert(entry.definition.name) }
        }
        for name in try await queue.pool.run(ScheduleStatements.due(entries.keys.sorted())) {
            guard let entry = entries[name] else { continue }
            do {
                try await fire(entry, for: queue)
            } catch {
                // One that cannot be pushed must not keep the others from their turn.
                queue.logger.error(
                    "a schedule did not fire; will try again",
                    metadata: ["jobs.schedule": "\(name)", "error": "\(error.storedDescription)"])
            }
        }
    }

    /// A new schedule, and one that was changed, begin now: there is nothing to catch up with.
    private func register(_ entry: Entry, on pool: Pool) async throws {
        try await pool.transaction { transaction in
            let definition = entry.definition
            guard let standing = try await transaction.first(ScheduleStatements.find(definition)) else {
                let now = try await transaction.one(ScheduleStatements.clock)
                try await transaction.execute(
                    ScheduleStatements.add(definition, settledTo: now, next: entry.schedule.next(after: now)))
                return
            }
            let settledTo = standing.isUnchanged ? standing.settledTo : standing.now
            try await transaction.execute(
                ScheduleStatements.change(
                    definition, settledTo: settledTo, next: entry.schedule.next(after: settledTo)))
        }
    }

    /// The key in jobs.fire makes a second job for one instant impossible; the lock merely saves the others the work.
    private func fire(_ entry: Entry, for queue: JobQueue) async throws {
        let name = entry.definition.name
        let fired = try await queue.pool.transaction { transaction -> [Date] in
            guard let standing = try await transaction.first(ScheduleStatements.take(entry.definition)) else {
                return []
            }
            let wanted = entry.catchUp.fires(of: entry.schedule, after: standing.settledTo, through: standing.now)
            let fires = try await transaction.run(ScheduleStatements.fire(name, at: wanted)).sorted()
            if !fires.isEmpty {
                let jobs = try await entry.push(queue, fires, transaction)
                try await transaction.execute(
                    ScheduleStatements.note(name, instants: fires, jobs: jobs.map(\.rawValue)))
            }
            let next = entry.schedule.next(after: max(standing.now, standing.settledTo))
            try await transaction.execute(
                ScheduleStatements.settle(name, to: standing.now, last: fires.last, next: next))
            return fires
        }
        guard let last = fired.last else { return }
        queue.logger.debug(
            "a schedule fired", metadata: ["jobs.schedule": "\(name)", "jobs": "\(fired.count)", "last": "\(last)"])
        await queue.wake(entry.definition.queue)
    }
}
