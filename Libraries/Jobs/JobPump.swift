import FoundationEssentials
import Logging
import Postgres

/// Exchanges jobs with the database on one connection: what is finished goes out, what is due comes in, in one round
/// trip and one commit.
struct JobPump {
    private enum Move {
        case wait(Duration)
        case exchange(claim: Int)
        case finish
    }

    /// How long a finished job may wait for company while others run.
    private static let linger = Duration.milliseconds(5)
    /// How much work is held in advance, measured in time, so that slow jobs are not hoarded.
    private static let hold = Duration.milliseconds(100)
    /// How often due jobs are looked for while the worker is busy.
    private static let promoteInterval = Duration.milliseconds(50)
    private static let promoteMax: Int32 = 1_000

    private let session: WorkerSession
    private var claimNumber: Int64 = 0
    private var scan: ScanFloors
    private var poll: Backoff
    private var nextPoll = ContinuousClock.now
    private var nextPromote = ContinuousClock.now
    private var expectsMore = true
    private var mustResync = false
    private var emptied = EmptiedPages()

    init(session: WorkerSession) {
        self.session = session
        scan = ScanFloors(queues: session.queueNames.keys.sorted())
        let interval = session.options.pollInterval
        poll = Backoff(first: interval.lowerBound, longest: interval.upperBound)
    }

    /// Runs until everything is handed over or the lease is over; connects again as often as needed.
    mutating func run() async {
        var backoff = Backoff(first: .milliseconds(50), longest: .seconds(2))
        while !session.lease.over.hasHappened, !Task.isCancelled {
            do {
                let connection = try await Connection.connect(
                    session.queue.pool.configuration.connection, logger: session.logger)
                if mustResync { try await resync(on: connection) }
                backoff.reset()
                do {
                    try await work(on: connection)
                } catch {
                    await connection.close()
                    throw error
                }
                await connection.close()
                return session.lease.finish(.drained)
            } catch let error as PostgresError where error.sqlState?.rawValue == "SJ001" {
                return session.lease.finish(.refused)
            } catch is CancellationError {
                return
            } catch {
                guard !Task.isCancelled else { return }
                session.logger.warning("a worker lost its connection", metadata: ["error": "\(error)"])
                mustResync = true
                try? await Task.sleep(for: backoff.next())
            }
        }
    }

    /// An exchange failed, so nobody knows whether it took place: the table is made to agree with the bench.
    private mutating func resync(on connection: Connection) async throws {
        let known = session.bench.knownIDs
        let isHeld = try await connection.one(
            WorkerStatements.resync(session.lease.worker, claimNumber: claimNumber, known: known))
        guard isHeld else { return session.lease.finish(.refused) }
        mustResync = false
        scan.forget()
    }

    private mutating func work(on connection: Connection) async throws {
        while !session.lease.over.hasHappened {
            try Task.checkCancellation()
            switch nextMove() {
            case .wait(let duration): await session.bench.doorbell.wait(upTo: duration)
            case .exchange(let limit): try await exchange(claim: limit, on: connection)
            case .finish:
                try await connection.execute(WorkerStatements.deregister(session.lease.worker))
                return
            }
        }
    }

    // MARK: When

    private mutating func nextMove() -> Move {
        let load = session.bench.load
        let options = session.options
        let now = ContinuousClock.now
        let isDraining = session.drain.hasHappened
        if isDraining, load.held == 0, load.finished == 0 { return .finish }

        let ahead = Double(options.concurrency) * Self.hold.inSeconds / max(load.jobSeconds, 1e-6)
        let target = min(options.concurrency + Int(ahead), options.prefetchMax)
        let want = isDraining ? 0 : max(0, target - load.held)
        let isLow = load.hasGateNews || load.waiting * 2 <= target - options.concurrency
        if session.bench.takeWake() {
            poll.reset()
            nextPoll = now
        }
        let mayClaim = want > 0 && isLow
        let claimsNow = mayClaim && (expectsMore || now >= nextPoll || load.hasGateNews)
        let lingered = load.oldestFinish.map { $0 + Self.linger <= now } ?? false
        let flushes = load.finished > 0 && (lingered || load.held == 0 || load.finished >= session.bench.flushCount)
        if claimsNow || flushes { return .exchange(claim: mayClaim ? want : 0) }
        // The queue has run dry: nothing else would come by and look at the last pages soon.
        if load.held == 0, load.finished == 0, emptied.isMany { return .exchange(claim: 0) }

        var wakeAt = now + .seconds(1)
        if mayClaim { wakeAt = min(wakeAt, nextPoll) }
        if let oldest = load.oldestFinish { wakeAt = min(wakeAt, oldest + Self.linger) }
        return .wait(wakeAt - now)
    }

    // MARK: What

    private mutating func exchange(claim limit: Int, on connection: Connection) async throws {
        // The news first: every job that it tells of is then among the finished, its place free when the gate is asked.
        let hasGateNews = limit > 0 && session.bench.takeGateNews()
        let finished = session.bench.takeFinished()
        let idleNews = session.bench.idleNews
        claimNumber += 1
        let steps = steps(for: finished, claim: limit, idleNews: idleNews, hasGateNews: hasGateNews)
        let replies: [JobStatements.Reply]
        let sentAt = ContinuousClock.now
        do {
            guard session.lease.isHeld else { throw CancellationError() }
            replies = try await send(steps, on: connection)
        } catch {
            session.bench.putBack(finished)
            if idleNews != nil { session.bench.told(isIdle: nil) }
            throw error
        }
        if let idleNews { session.bench.told(isIdle: idleNews) }
        session.bench.written(finished)
        emptied.note(finished)
        if limit > 0 { scan.looked(took: .now - sentAt) }
        take(replies, for: finished, claim: limit, toldIdle: idleNews == true)
    }

    /// No name where no test steps in.
    private typealias Step = (name: JobBoundary.Step?, statement: Statement<JobStatements.Reply>)

    private mutating func steps(
        for finished: [FinishedJob], claim limit: Int, idleNews: Bool?, hasGateNews: Bool
    ) -> [Step] {
        let worker = session.lease.worker
        var steps: [Step] = []
        var acks: [ClaimToken] = []
        var settled: [FinishedJob] = []
        var released: [(token: ClaimToken, isMarked: Bool)] = []
        for job in finished {
            switch job.outcome {
            case .completed: acks.append(job.token)
            case .postponed, .discarded: settled.append(job)
            case .released(let isMarked): released.append((job.token, isMarked))
            case .completedItself, .lost: break
            }
        }
        let pages = emptied.take(all: limit == 0 && finished.isEmpty)
        if !pages.isEmpty { steps.append((nil, JobStatements.tidy(pages))) }
        if !acks.isEmpty { steps.append((.ack, JobStatements.ack(acks, by: worker))) }
        if !settled.isEmpty { steps.append((.fail, JobStatements.settle(settled, by: worker))) }
        if !released.isEmpty {
            let release = JobStatements.release(released.map(\.token), marked: released.map(\.isMarked), by: worker)
            steps.append((.fail, release))
        }
        if let idleNews { steps.append((.claim, JobStatements.setIdle(idleNews, worker: worker))) }
        guard limit > 0 else { return steps }
        let now = ContinuousClock.now
        let looksAtGate = now >= nextPromote || hasGateNews
        if looksAtGate {
            steps.append((.promote, JobStatements.promote(limit: Self.promoteMax)))
            nextPromote = now + Self.promoteInterval
        }
        let queues = scan.queuesInTurn()
        let share = share(of: limit)
        for queue in queues {
            let claim = JobStatements.claim(
                worker: worker, claimNumber: claimNumber, queue: queue, floors: scan.floors(of: queue, at: now),
                limit: Int32(share))
            steps.append((.claim, claim))
        }
        // Last: from here to the commit nobody else in the database admits, and the answer to a claim may be more than a
        // socket holds whose process was stopped. What is let in now is claimed by the next exchange, at once.
        if looksAtGate {
            steps.append((.promote, JobStatements.admit(queues: queues.sorted(), limit: Self.promoteMax)))
        }
        return steps
    }

    private func share(of limit: Int) -> Int { (limit + session.queueNames.count - 1) / session.queueNames.count }

    /// One flush, one round trip, one implicit transaction; statement by statement where a test wants to step in.
    private func send(_ steps: [Step], on connection: Connection) async throws -> [JobStatements.Reply] {
        let faults = session.queue.options.faults
        guard faults.reach != nil else {
            let statements = [JobStatements.asynchronousCommit] + steps.map(\.statement)
            return try await connection.pipeline(statements).flatMap { $0 }
        }
        let replies = try await connection.transaction(.init(isDurable: false, attemptsMax: 1)) { transaction in
            var replies: [JobStatements.Reply] = []
            for step in steps {
                if let name = step.name { try await faults.reach(.before, name, on: transaction) }
                replies += try await transaction.run(step.statement)
                if let name = step.name { try await faults.reach(.after, name, on: transaction) }
            }
            try await faults.reach(.before, .exchange, on: transaction)
            return replies
        }
        try await faults.reach(.after, .exchange, on: connection)
        return replies
    }

    private mutating func take(
        _ replies: [JobStatements.Reply], for finished: [FinishedJob], claim limit: Int, toldIdle: Bool
    ) {
        var claimed: [ClaimedJob] = []
        var unsettled = Set(finished.lazy.filter(\.outcome.isSettled).map(\.token.id))
        var lost: [UUID] = []
        var wasPromoted = false
        var turnAt: ContinuousClock.Instant?
        for reply in replies {
            switch reply {
            case .set, .touched: break
            case .lost(let ids): lost += ids
            case .settled(let id): unsettled.remove(id)
            case .promoted: wasPromoted = true
            case .nextTurn(let pause): turnAt = .now + pause
            case .claimed(let job): claimed.append(job)
            }
        }
        for id in lost + unsettled {
            session.logger.warning(
                "a job's end came too late; it is no longer this worker's",
                metadata: ["job.id": "\(JobID(rawValue: id))"])
        }
        guard limit > 0 else { return }
        claimed.sort { ($0.priority.rawValue, $0.ord) < ($1.priority.rawValue, $1.ord) }
        scan.note(claimed)
        // One queue that gave its whole share is enough: the others may be empty.
        let share = share(of: limit)
        let perQueue = claimed.reduce(into: [Int32: Int]()) { $0[$1.queueID, default: 0] += 1 }
        expectsMore = wasPromoted || perQueue.values.contains { $0 >= share }
        let now = ContinuousClock.now
        if wasPromoted { nextPromote = now }
        if claimed.isEmpty, !wasPromoted {
            scan.reset(at: now)
            nextPoll = now + poll.next()
        } else {
            poll.reset()
            nextPoll = now + session.options.pollInterval.lowerBound
        }
        session.bench.setIdle(!expectsMore && claimed.count < session.options.concurrency)
        // Told at once, and then looked once more: a push that did not see it in time wakes nobody.
        if session.bench.idleNews == true || toldIdle { nextPoll = now }
        if let turnAt {
            nextPoll = min(nextPoll, turnAt)
            nextPromote = min(nextPromote, turnAt)
        }
        session.bench.add(claimed)
    }
}

/// For each queue and priority, the smallest ord worth looking at.
///
/// Below it this worker has seen no free job, only the dead index entries of old ones. Reset now and then, because a
/// transaction that took an earlier ord may commit later, and a job may be given back to its old place. Where a long
/// transaction keeps the dead entries from being removed, a look at everything takes long: then it is made rarely, and in
/// between only what came in the last seconds is looked at again.
private struct ScanFloors {
    private static let interval = Duration.milliseconds(250)
    private static let zero = [Int64](repeating: 0, count: JobPriority.allCases.count)
    /// How long a look at everything may take and still be made as often as one likes.
    private static let cheap = Duration.milliseconds(20)
    /// What part of the time dear ones may take: one of so many.
    private static let thrift = 200
    private static let longestPause = Duration.seconds(60)
    /// How far back a reset goes between dear looks; at most twice as far.
    private static let memory = Duration.seconds(5)

    private var queues: [Int32]
    private var floors: [Int32: [Int64]] = [:]
    private var older: [Int32: [Int64]] = [:]
    private var oldest: [Int32: [Int64]] = [:]
    private var resetAt = ContinuousClock.now
    private var agedAt = ContinuousClock.now
    private var looksAtAllFrom = ContinuousClock.now
    private var looksAtAll = true

    init(queues: [Int32]) { self.queues = queues }

    /// The queues, each time with another one first.
    mutating func queuesInTurn() -> [Int32] {
        queues.append(queues.removeFirst())
        return queues
    }

    mutating func floors(of queue: Int32, at now: ContinuousClock.Instant) -> [Int64] {
        if now - agedAt > Self.memory, !floors.isEmpty {
            (oldest, older, agedAt) = (older, floors, now)
        }
        if now - resetAt > Self.interval {
            reset(at: now)
            resetAt = now
        }
        looksAtAll = floors.isEmpty
        return floors[queue] ?? Self.zero
    }

    /// Notes how long the last look took.
    mutating func looked(took duration: Duration) {
        guard looksAtAll, duration > Self.cheap else { return }
        looksAtAllFrom = .now + min(duration * Self.thrift, Self.longestPause)
    }

    mutating func note(_ claimed: [ClaimedJob]) {
        for job in claimed {
            floors[job.queueID, default: Self.zero][Int(job.priority.rawValue)] = job.ord + 1
        }
    }

    mutating func reset(at now: ContinuousClock.Instant) { floors = now >= looksAtAllFrom ? [:] : oldest }

    /// Begins anew.
    mutating func forget() { self = Self(queues: queues) }
}
