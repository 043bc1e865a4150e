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

    // MARK: Push

    /// Rows are inserted in the order of the arrays; an id that is there already is left alone, so that a push may be
    /// repeated when its outcome is unknown.
    static func push(
        ids: [UUID], payloads: [[UInt8]], queue: Int32, kind: Int32, options: JobOptions
    ) -> Statement<Void> {
        let maxTries = Int32(clamping: options.maxTries ?? 0)
        guard let delay = options.delay, delay > .zero else {
            return Statement(
                """
                INSERT INTO jobs.hot (queue_id, kind_id, id, priority, max_tries, brand_id, payload)
                SELECT \(queue), \(kind), j.id, \(options.priority), \(maxTries), \(options.brand), j.payload
                FROM unnest(\(ids), \(payloads)) WITH ORDINALITY AS j (id, payload, n)
                ORDER BY j.n
                ON CONFLICT (id) DO NOTHING
                """)
        }
        return Statement(
            """
            INSERT INTO jobs.later (queue_id, kind_id, id, due_at, priority, max_tries, brand_id, reason, payload)
            SELECT \(queue), \(kind), j.id, siyu.clock() + \(delay), \(options.priority), \(maxTries), \(options.brand),
                'delayed', j.payload
            FROM unnest(\(ids), \(payloads)) AS j (id, payload)
            ON CONFLICT (id) DO NOTHING
            """)
    }

    /// Whether a job of this id is or was known.
    static func exists(_ id: UUID) -> Statement<Bool> {
        Statement(
            """
            SELECT EXISTS (SELECT FROM jobs.hot WHERE id = \(id)) OR EXISTS (SELECT FROM jobs.later WHERE id = \(id))
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
        Statement("SELECT jobs.ack(\(worker), \(tokens.map(\.id)), \(tokens.map(\.claimNumber)))") {
            row throws(PostgresError) in .lost(try row.next())
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
                failures.append(true)
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

    static func claim(
        worker: UUID, claimNumber: Int64, queue: Int32, floors: [Int64], limit: Int32
    ) -> Statement<Reply> {
        Statement(
            """
            SELECT queue_id, priority, ord, id, kind_id, run_no, tries, crashes, max_tries, brand_id, enqueued_at,
                ready_at, claimed_at, payload
            FROM jobs.claim(\(worker), \(claimNumber), \(queue), \(floors), \(limit))
            """
        ) { row throws(PostgresError) in
            let queueID: Int32 = try row.next()
            let priority: JobPriority = try row.next()
            let ord: Int64 = try row.next()
            let token = ClaimToken(id: try row.next(), worker: worker, claimNumber: claimNumber)
            return .claimed(
                ClaimedJob(
                    token: token, queueID: queueID, priority: priority, ord: ord, kindID: try row.next(),
                    runNumber: try row.next(), tries: try row.next(), crashes: try row.next(),
                    maxTries: try row.next(), brand: try row.next(), enqueuedAt: try row.next(),
                    readyAt: try row.next(), claimedAt: try row.next(), payload: try row.next()))
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

    /// Completes the job within the caller's transaction; no row if it is not ours any more.
    static func complete(_ token: ClaimToken) -> Statement<Int32> {
        Statement(
            """
            WITH taken AS (
                DELETE FROM jobs.hot
                WHERE id = \(token.id) AND worker = \(token.worker) AND claim_no = \(token.claimNumber)
                RETURNING *
            )
            INSERT INTO jobs.done (id, queue_id, kind_id, run_no, tries, worker, enqueued_at, started_at, brand_id)
            SELECT id, queue_id, kind_id, run_no, tries, worker, enqueued_at, claimed_at, brand_id FROM taken
            RETURNING run_no
            """
        ) { row throws(PostgresError) in try row.next() }
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
