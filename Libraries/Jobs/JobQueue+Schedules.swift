public import FoundationEssentials
import Postgres

/// A schedule as operators see it.
public struct JobScheduleRecord: Sendable {
    /// Its name.
    public let name: String
    /// When it fires: `0 4 * * 0 Europe/Berlin`.
    public let rule: String
    /// The queue of its jobs.
    public let queue: String
    /// The kind of its jobs.
    public let job: String
    /// What becomes of missed fires: `none`, `latest`, `all 10`.
    public let catchUp: String
    /// The last instant that it fired for, by the database's business clock.
    public let lastFire: Date?
    /// The next instant; nil if there is none.
    public let nextFire: Date?
    /// When a process last registered it.
    public let registeredAt: Date
    /// Since when it is paused; nil if it is not.
    public let pausedAt: Date?
    /// Why it is paused.
    public let pauseReason: String?
    /// Who paused it.
    public let pauseAuthor: String?
}

/// One fire of a schedule.
public struct JobFire: Sendable {
    /// The instant that it was for.
    public let fireAt: Date
    /// When it was made, by the database's real clock.
    public let firedAt: Date
    /// The job that was pushed.
    public let job: JobID?
}

extension JobQueue {
    // MARK: Register

    /// Says that a job is pushed again and again.
    ///
    /// Before the processor runs, in every process that may do it: whichever processor notices first does, within the
    /// interval of its housekeeping (two seconds). For each instant one job is pushed, whatever the number of processes. Time
    /// is the database's business clock.
    ///
    /// A name that is known with another rule or kind is changed, and begins anew: the process that started last decides,
    /// older ones leave the schedule to it.
    ///
    /// - Parameters:
    ///   - parameters: What each job is told.
    ///   - name: The schedule's name, unique in the database.
    ///   - schedule: When.
    ///   - catchUp: What becomes of the fires that no process was there for.
    ///   - options: How the jobs are pushed.
    public func schedule<Parameters: JobParameters>(
        _ parameters: Parameters, name: String, on schedule: Schedule, catchUp: JobCatchUp = .latest,
        options: JobOptions = .init()
    ) {
        self.schedule(name: name, on: schedule, catchUp: catchUp, options: options) { _ in parameters }
    }

    /// The same for jobs that are told for which instant they are: a day to report on, an hour to settle.
    public func schedule<Parameters: JobParameters>(
        name: String, on schedule: Schedule, catchUp: JobCatchUp = .latest, options: JobOptions = .init(),
        parameters: @escaping @Sendable (_ fire: Date) -> Parameters
    ) {
        calendar.add(
            .init(
                definition: .init(
                    name: name, rule: schedule.description, queue: options.queue(of: Parameters.self),
                    kind: Parameters.jobName, catchUp: catchUp.description),
                schedule: schedule, catchUp: catchUp
            ) { queue, fires, transaction in
                try await queue.push(contentsOf: fires.map(parameters), options: options, on: transaction)
            })
    }

    // MARK: Operate

    /// All schedules that processes have registered, by name.
    public func schedules() async throws -> [JobScheduleRecord] {
        try await pool.run(ScheduleStatements.list(name: nil))
    }

    /// Schedules in parts, by name.
    ///
    /// - Parameters:
    ///   - name: The last name of the part before; empty for the first one.
    ///   - limit: How many at most, up to 1,000.
    public func schedules(after name: String, limit: Int) async throws -> [JobScheduleRecord] {
        try await looking {
            try await $0.run(ScheduleStatements.list(name: nil, after: name, limit: Int32(min(max(limit, 0), 1_000))))
        }
    }

    /// One schedule; nil if no process has registered it.
    public func schedule(_ name: String) async throws -> JobScheduleRecord? {
        try await pool.first(ScheduleStatements.list(name: name))
    }

    /// What a schedule fired, newest first.
    public func fires(of schedule: String, limit: Int = 100) async throws -> [JobFire] {
        try await pool.run(ScheduleStatements.fires(of: schedule, limit: Int32(min(max(limit, 0), 1_000))))
    }

    /// Keeps a schedule from firing; false if there is none of this name.
    ///
    /// Needs the operator's role.
    public func pauseSchedule(_ name: String, reason: String, author: String) async throws -> Bool {
        let act = try JobAct(author: author, reason: reason)
        return try await pool.first(ScheduleStatements.pause(name, act)) ?? false
    }

    /// Lets a schedule fire again; what it would have fired meanwhile is left out.
    ///
    /// False if it is not paused. Needs the operator's role.
    public func resumeSchedule(
        _ name: String, author: String, reason: String = "no reason given"
    ) async throws -> Bool {
        let act = try JobAct(author: author, reason: reason)
        return try await pool.first(ScheduleStatements.resume(name, act)) ?? false
    }
}
