import FoundationEssentials
import Postgres

/// The statements of pushing, claiming and settling.
///
/// What they call stands in Schema/SQL/000002_jobs.sql.
enum JobStatements {
    // MARK: Names

    static func queueID(_ name: String) -> Statement<Int32> {
        Statement("SELECT queue_id FROM jobs.queue WHERE name = \(name)") { row throws(PostgresError) in
            try row.next()
        }
    }

    static func kindID(_ name: String) -> Statement<Int32> {
        Statement("SELECT kind_id FROM jobs.kind WHERE name = \(name)") { row throws(PostgresError) in try row.next() }
    }

    static func addQueue(_ name: String) -> Statement<Void> {
        Statement("INSERT INTO jobs.queue (name) VALUES (\(name)) ON CONFLICT (name) DO NOTHING")
    }

    static func addKind(_ name: String) -> Statement<Void> {
        Statement("INSERT INTO jobs.kind (name) VALUES (\(name)) ON CONFLICT (name) DO NOTHING")
    }

    static func quotaID(_ name: String) -> Statement<Int32> {
        Statement("SELECT quota_id FROM jobs.quota WHERE name = \(name)") { row throws(PostgresError) in
            try row.next()
        }
    }

    /// A quota that is there already keeps its values: an operator may have changed them.
    static func addQuota(_ quota: JobQuota) -> Statement<Void> {
        Statement(
            """
            INSERT INTO jobs.quota (name, running_max, rate_interval, burst, is_fair)
            VALUES (\(quota.name), \(quota.runningMax.map { Int32(clamping: $0) }), \(quota.rate?.interval),
                \(Int32(clamping: quota.rate?.burst ?? 1)), \(quota.isFair))
            ON CONFLICT (name) DO NOTHING
            """)
    }

    // MARK: Push

    /// Jobs of one kind that are pushed together, and what they have in common.
    struct Push: Sendable {
        let queue: Int32
        let kind: Int32
        let version: Int16
        let quota: Int32?
        /// Where no job has a lane, a key or a unique key of its own, these count for all.
        let options: JobOptions
        let trace: [UInt8]?
        var ids: [UUID] = []
        var payloads: [[UInt8]] = []
        /// Empty where no job has one, as the next two.
        var lanes: [String?] = []
        var keys: [String?] = []
        var uniques: [String?] = []

        /// Whether the jobs ask for more than to run.
        var asks: Bool {
            options.unique != nil || options.lane != nil || quota != nil || !options.dependsOn.isEmpty
        }
        var maxTries: Int32 { Int32(clamping: options.maxTries ?? 0) }
        var delay: Duration? { options.delay.flatMap { $0 > .zero ? $0 : nil } }
    }

    /// Rows are inserted in the order of the arrays.
    ///
    /// Answers with nothing, or, for jobs that ask for something, with the ids that stand for them.
    ///
    /// - Parameter isRepeated: Whether the ids were sent before, with an unknown outcome: those that are there already are
    ///   left alone then.
    static func push(_ push: Push, isRepeated: Bool = false) -> Statement<UUID> {
        let options = push.options
        if push.asks {
            return Statement(
                """
                SELECT id FROM jobs.push(
                    \(push.queue), \(push.kind), \(push.ids), \(push.payloads), \(push.version), \(options.priority),
                    \(push.maxTries), \(options.brand), \(push.delay), \(options.deadline), \(push.trace),
                    \(push.quota), \(options.lane.map { Int16($0.width) }), \(push.lanes), \(push.keys),
                    \(push.uniques), \(options.unique?.scope), \(options.unique?.window),
                    \(options.dependsOn.map(\.rawValue)))
                """
            ) { row throws(PostgresError) in try row.next() }
        }
        guard let delay = push.delay else {
            // Most pushes: nothing here is looked up for each row, neither the clock nor the id.
            if !isRepeated, options.deadline == nil { return pushNew(push) }
            return Statement(
                """
                INSERT INTO jobs.hot (
                    queue_id, kind_id, id, priority, max_tries, brand_id, payload, version, key, deadline_at, trace)
                SELECT \(push.queue), \(push.kind), j.id, \(options.priority), \(push.maxTries), \(options.brand),
                    j.payload, \(push.version), j.key, siyu.clock() + \(options.deadline), \(push.trace)
                FROM unnest(\(push.ids), \(push.payloads), \(push.keys)) WITH ORDINALITY AS j (id, payload, key, n)
                ORDER BY j.n
                ON CONFLICT (id) DO NOTHING
                """
            ) { row throws(PostgresError) in try row.next() }
        }
        return Statement(
            """
            INSERT INTO jobs.later (
                queue_id, kind_id, id, due_at, priority, max_tries, brand_id, reason, payload, version, key,
                deadline_at, trace)
            SELECT \(push.queue), \(push.kind), j.id, siyu.clock() + \(delay), \(options.priority), \(push.maxTries),
                \(options.brand), 'delayed', j.payload, \(push.version), j.key,
                siyu.clock() + \(delay) + \(options.deadline), \(push.trace)
            FROM unnest(\(push.ids), \(push.payloads), \(push.keys)) AS j (id, payload, key)
            ON CONFLICT (id) DO NOTHING
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    private static func pushNew(_ push: Push) -> Statement<UUID> {
        Statement(
            """
            INSERT INTO jobs.hot (queue_id, kind_id, id, priority, max_tries, brand_id, payload, version, key, trace)
            SELECT \(push.queue), \(push.kind), j.id, \(push.options.priority), \(push.maxTries),
                \(push.options.brand), j.payload, \(push.version), j.key, \(push.trace)
            FROM unnest(\(push.ids), \(push.payloads), \(push.keys)) WITH ORDINALITY AS j (id, payload, key, n)
            ORDER BY j.n
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    /// Whether a job of this id is or was known.
    static func exists(_ id: UUID) -> Statement<Bool> {
        Statement(
            """
            SELECT EXISTS (SELECT FROM jobs.hot WHERE id = \(id)) OR EXISTS (SELECT FROM jobs.later WHERE id = \(id))
                OR EXISTS (SELECT FROM jobs.gate WHERE id = \(id))
                OR EXISTS (SELECT FROM jobs.done WHERE id = \(id))
                OR EXISTS (SELECT FROM jobs.discarded WHERE id = \(id))
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    // MARK: The worker's exchange

    /// What the statements of one exchange answer.
    enum Reply: Sendable {
        /// A setting that holds until the end of the transaction.
        case set(String)
        /// How many jobs, workers or wake-ups a statement touched that nobody needs to know more about.
        case touched(Int)
        /// Ids of an ack that were not ours any more.
        case lost([UUID])
        /// An id that was moved to `later` or `discarded`.
        case settled(UUID)
        /// A queue that received due jobs.
        case promoted(Int32)
        /// Jobs wait at the gate for the next turn of a rate.
        case nextTurn(in: Duration)
        case claimed(ClaimedJob)
    }

    /// COMMIT does not wait for the disk: a crash of the server forgets claims and acks of the last moments, and such
    /// jobs run again.
    ///
    /// Pushes and effects are other transactions, and durable.
    static var asynchronousCommit: Statement<Reply> {
        Statement("SELECT set_config('synchronous_commit', 'off', true)") { row throws(PostgresError) in
            .set(try row.next())
        }
    }

    static func ack(_ tokens: [ClaimToken], by worker: UUID) -> Statement<Reply> {
        let (ids, claims) = (tokens.map { $0.id }, tokens.map { $0.claimNumber })
        return Statement("SELECT jobs.ack(\(worker), \(ids), \(claims), \(tokens.map { $0.place }))") {
            row throws(PostgresError) in .lost(try row.next())
        }
    }

    /// Looks at pages whose jobs have ended, so that PostgreSQL clears them.
    static func tidy(_ pages: [Range<UInt32>]) -> Statement<Reply> {
        let from = pages.map { RowPlace(page: $0.lowerBound, offset: 0) }
        let to = pages.map { RowPlace(page: $0.upperBound, offset: 0) }
        return Statement("SELECT jobs.tidy(\(from), \(to))") { row throws(PostgresError) in
            .touched(try row.next())
        }
    }

    static func settle(_ jobs: [FinishedJob], by worker: UUID) -> Statement<Reply> {
        var discards: [Bool] = []
        var failures: [Bool] = []
        var delays: [Duration] = []
        var reasons: [String] = []
        var errors: [String] = []
        for job in jobs {
            switch job.outcome {
            case .postponed(let reason, let delay, let error):
                discards.append(false)
                failures.append(reason == .retry)
                delays.append(delay)
                reasons.append(reason.rawValue)
                errors.append(error ?? "")
            case .discarded(let reason, let error):
                discards.append(true)
                // What never started, or was told to stop, did not fail.
                failures.append(reason != .late && reason != .cancelled)
                delays.append(.zero)
                reasons.append(reason.rawValue)
                errors.append(error)
            case .completed, .completedItself, .released, .lost:
                preconditionFailure("only jobs that were postponed or discarded are settled")
            }
        }
        let (ids, claims) = (jobs.map(\.token.id), jobs.map(\.token.claimNumber))
        return Statement(
            """
            SELECT s FROM jobs.settle(
                \(worker), \(ids), \(claims), \(discards), \(failures), \(delays), \(reasons), \(errors)) s
            """
        ) { row throws(PostgresError) in .settled(try row.next()) }
    }

    static func release(_ tokens: [ClaimToken], marked: [Bool], by worker: UUID) -> Statement<Reply> {
        Statement("SELECT jobs.release(\(worker), \(tokens.map(\.id)), \(tokens.map(\.claimNumber)), \(marked))") {
            row throws(PostgresError) in .touched(try row.next())
        }
    }

    static func promote(limit: Int32) -> Statement<Reply> {
        Statement("SELECT p FROM jobs.promote(\(limit)) p") { row throws(PostgresError) in .promoted(try row.next()) }
    }

    /// Lets jobs in that wait at the gate of the queues.
    static func admit(queues: [Int32], limit: Int32) -> Statement<Reply> {
        Statement("SELECT queue_id, again FROM jobs.admit(\(queues), \(limit))") { row throws(PostgresError) in
            let queue: Int32? = try row.next()
            let again: Duration? = try row.next()
            return queue.map { .promoted($0) } ?? .nextTurn(in: again ?? .zero)
        }
    }

    static func claim(
        worker: UUID, claimNumber: Int64, queue: Int32, floors: [Int64], limit: Int32
    ) -> Statement<Reply> {
        Statement(
            """
            SELECT priority, ord, id, kind_id, run_no, tries, crashes, max_tries, brand_id, enqueued_at, ready_at,
                claimed_at, version, is_gated, key, deadline_at, time_left, trace, payload, place
            FROM jobs.claim(\(worker), \(claimNumber), \(queue), \(floors), \(limit))
            """
        ) { row throws(PostgresError) in
            .claimed(try ClaimedJob(&row, worker: worker, claimNumber: claimNumber, queue: queue))
        }
    }

    static func setIdle(_ isIdle: Bool, worker: UUID) -> Statement<Reply> {
        Statement("UPDATE jobs.worker SET idle = \(isIdle) WHERE worker_id = \(worker) RETURNING 1") {
            row throws(PostgresError) in .touched(try row.next())
        }
    }

    // MARK: Fences of one job

    /// Locks the job until the end of the transaction; no row if it is not ours any more.
    static func fence(_ token: ClaimToken) -> Statement<Int32> {
        Statement(
            """
            SELECT run_no FROM jobs.hot
            WHERE id = \(token.id) AND worker = \(token.worker) AND claim_no = \(token.claimNumber)
            FOR UPDATE
            """
        ) { row throws(PostgresError) in try row.next() }
    }

    /// Completes the job within the caller's transaction; no run number if it is not ours any more.
    static func complete(_ token: ClaimToken) -> Statement<Int32?> {
        Statement("SELECT jobs.complete(\(token.worker), \(token.id), \(token.claimNumber))") {
            row throws(PostgresError) in try row.next()
        }
    }

    static func isDone(_ id: UUID, run: Int32) -> Statement<Bool> {
        Statement("SELECT EXISTS (SELECT FROM jobs.done WHERE id = \(id) AND run_no = \(run))") {
            row throws(PostgresError) in try row.next()
        }
    }

    /// Counts a crash before a suspect starts; no row if the job is not ours any more.
    static func suspect(_ token: ClaimToken) -> Statement<Int16> {
        Statement(
            """
            UPDATE jobs.hot SET crashes = crashes + 1
            WHERE id = \(token.id) AND worker = \(token.worker) AND claim_no = \(token.claimNumber)
            RETURNING crashes
            """
        ) { row throws(PostgresError) in try row.next() }
    }
}
