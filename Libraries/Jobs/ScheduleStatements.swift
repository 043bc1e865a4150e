import FoundationEssentials
import Postgres

/// The statements of schedules and their fires.
enum ScheduleStatements {
    /// What a schedule is, as other processes and people see it.
    struct Definition: Sendable {
        let name: String
        let rule: String
        let queue: String
        let kind: String
        let catchUp: String
    }

    /// Where a schedule stands.
    struct Standing: Sendable {
        let now: Date
        let isUnchanged: Bool
        let settledTo: Date
    }

    static var clock: Statement<Date> {
        Statement("SELECT siyu.clock()") { row throws(PostgresError) in try row.next() }
    }

    // MARK: Register

    /// Locks the schedule until the end of the transaction; no row if there is none of this name.
    static func find(_ schedule: Definition) -> Statement<Standing> {
        Statement(
            """
            SELECT siyu.clock(), (rule, queue, kind) = (\(schedule.rule), \(schedule.queue), \(schedule.kind)), settled_to
            FROM jobs.schedule WHERE name = \(schedule.name)
            FOR UPDATE
            """
        ) { row throws(PostgresError) in
            Standing(now: try row.next(), isUnchanged: try row.next(), settledTo: try row.next())
        }
    }

    /// A schedule that another process adds at this moment is that process's.
    static func add(_ schedule: Definition, settledTo: Date, next: Date?) -> Statement<Void> {
        Statement(
            """
            INSERT INTO jobs.schedule (name, rule, queue, kind, catch_up, settled_to, next_fire_at)
            VALUES (\(schedule.name), \(schedule.rule), \(schedule.queue), \(schedule.kind), \(schedule.catchUp),
                \(settledTo), \(next))
            ON CONFLICT (name) DO NOTHING
            """)
    }

    static func change(_ schedule: Definition, settledTo: Date, next: Date?) -> Statement<Void> {
        Statement(
            """
            UPDATE jobs.schedule
            SET rule = \(schedule.rule), queue = \(schedule.queue), kind = \(schedule.kind),
                catch_up = \(schedule.catchUp), settled_to = \(settledTo), next_fire_at = \(next),
                registered_at = clock_timestamp()
            WHERE name = \(schedule.name)
            """)
    }

    // MARK: Fire

    /// The names among some of which a fire is due.
    static func due(_ names: [String]) -> Statement<String> {
        Statement(
            """
            SELECT name FROM jobs.schedule
            WHERE name = ANY (\(names)) AND next_fire_at <= siyu.clock() AND paused_at IS NULL
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    /// Locks a schedule that is due and still means the same; no row if another process is at it, or has changed it.
    static func take(_ schedule: Definition) -> Statement<Standing> {
        Statement(
            """
            SELECT siyu.clock(), true, settled_to
            FROM jobs.schedule
            WHERE name = \(schedule.name) AND next_fire_at <= siyu.clock() AND paused_at IS NULL
                AND (rule, queue, kind) = (\(schedule.rule), \(schedule.queue), \(schedule.kind))
            FOR UPDATE SKIP LOCKED
            """
        ) { row throws(PostgresError) in
            Standing(now: try row.next(), isUnchanged: try row.next(), settledTo: try row.next())
        }
    }

    /// Answers with the instants that nobody had fired.
    static func fire(_ name: String, at instants: [Date]) -> Statement<Date> {
        Statement(
            """
            INSERT INTO jobs.fire (name, fire_at)
            SELECT \(name), f.at FROM unnest(\(instants)) AS f (at) ORDER BY f.at
            ON CONFLICT (name, fire_at) DO NOTHING
            RETURNING fire_at
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    static func note(_ name: String, instants: [Date], jobs: [UUID]) -> Statement<Void> {
        Statement(
            """
            UPDATE jobs.fire f SET job_id = j.job_id
            FROM unnest(\(instants), \(jobs)) AS j (at, job_id)
            WHERE f.name = \(name) AND f.fire_at = j.at
            """)
    }

    static func settle(_ name: String, to instant: Date, last: Date?, next: Date?) -> Statement<Void> {
        Statement(
            """
            UPDATE jobs.schedule
            SET settled_to = greatest(settled_to, \(instant)), last_fire_at = greatest(last_fire_at, \(last)),
                next_fire_at = \(next)
            WHERE name = \(name)
            """)
    }

    /// One bite of what was fired long ago.
    static func deleteFires(olderThan age: Duration, limit: Int32) -> Statement<Void> {
        Statement(
            """
            DELETE FROM jobs.fire WHERE ctid = ANY (ARRAY (
                SELECT ctid FROM jobs.fire WHERE fired_at < clock_timestamp() - \(age) LIMIT \(limit)))
            """)
    }

    // MARK: Operators

    static func list(name: String?, after: String = "", limit: Int32? = nil) -> Statement<JobScheduleRecord> {
        Statement(
            """
            SELECT name, rule, queue, kind, catch_up, last_fire_at, next_fire_at, registered_at, paused_at, pause_reason,
                pause_author
            FROM jobs.schedule
            WHERE (\(name)::text IS NULL OR name = \(name)) AND name > \(after)
            ORDER BY name
            LIMIT \(limit)
            """
        ) { row throws(PostgresError) in
            JobScheduleRecord(
                name: try row.next(), rule: try row.next(), queue: try row.next(), job: try row.next(),
                catchUp: try row.next(), lastFire: try row.next(), nextFire: try row.next(),
                registeredAt: try row.next(), pausedAt: try row.next(), pauseReason: try row.next(),
                pauseAuthor: try row.next())
        }
    }

    static func fires(of name: String, limit: Int32) -> Statement<JobFire> {
        Statement(
            """
            SELECT fire_at, fired_at, job_id FROM jobs.fire WHERE name = \(name)
            ORDER BY fire_at DESC LIMIT \(limit)
            """
        ) { row throws(PostgresError) in
            let (fireAt, firedAt, job): (Date, Date, UUID?) = (try row.next(), try row.next(), try row.next())
            return JobFire(fireAt: fireAt, firedAt: firedAt, job: job.map(JobID.init(rawValue:)))
        }
    }

    static func pause(_ name: String, _ act: JobAct) -> Statement<Bool> {
        Statement(
            """
            WITH paused AS (
                UPDATE jobs.schedule
                SET paused_at = clock_timestamp(), pause_reason = \(act.reason), pause_author = \(act.author)
                WHERE name = \(name)
                RETURNING name
            )
            INSERT INTO jobs.audit (author, action, target, reason)
            SELECT \(act.author), 'pause schedule', name, \(act.reason) FROM paused
            RETURNING true
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    /// What would have been fired meanwhile is left out.
    static func resume(_ name: String, _ act: JobAct) -> Statement<Bool> {
        Statement(
            """
            WITH resumed AS (
                UPDATE jobs.schedule
                SET paused_at = NULL, pause_reason = NULL, pause_author = NULL,
                    settled_to = greatest(settled_to, siyu.clock()), next_fire_at = siyu.clock()
                WHERE name = \(name) AND paused_at IS NOT NULL
                RETURNING name
            )
            INSERT INTO jobs.audit (author, action, target, reason)
            SELECT \(act.author), 'resume schedule', name, \(act.reason) FROM resumed
            RETURNING true
            """
        ) { row throws(PostgresError) in try row.next() }
    }
}
