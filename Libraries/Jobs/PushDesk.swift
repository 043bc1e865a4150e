import DequeModule
import FoundationEssentials
import Postgres
import Synchronization

/// Gathers pushes that arrive together: while a transaction of the desk runs, the next ones wait, and then go in one.
///
/// The first push goes at once, so that a lone caller waits for nobody; under load one commit serves as many as came
/// meanwhile. Each caller still waits for the commit that holds its job.
final class PushDesk: Sendable {
    /// What pushes must have in common to be one statement.
    private struct Variety: Hashable {
        let queue: Int32
        let kind: Int32
        let version: Int16
        let quota: Int32?
        let options: JobOptions
        let trace: [UInt8]?

        init(_ push: JobStatements.Push) {
            queue = push.queue
            kind = push.kind
            version = push.version
            quota = push.quota
            options = push.options.common
            trace = push.trace
        }
    }

    private struct State {
        var waiting: Deque<Order> = []
        var senders = 0
    }

    /// Transactions under way at once: while one waits for the disk, the other one fills.
    private static let sendersMax = 2
    /// Jobs in one transaction: a commit is shared by many, and still takes milliseconds.
    private static let batchMax = 1_000
    /// Bytes of payload in one transaction, unless a single push has more.
    private static let batchBytesMax = 4 << 20

    private let pool: Pool
    private let waker: JobWaker
    private let state = Mutex(State())

    init(pool: Pool, waker: JobWaker) {
        self.pool = pool
        self.waker = waker
    }

    /// Pushes jobs together with those of others that arrive with them, and wakes a worker of `queue`.
    ///
    /// A caller whose task is cancelled is told at once; whether its jobs exist is open if they were under way.
    ///
    /// - Returns: The ids that stand for the jobs, in their order.
    func push(_ push: JobStatements.Push, queue: String) async throws -> [UUID] {
        let order = Order(push, queue: queue)
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                if order.wait(continuation) { add(order) }
            }
        } onCancel: {
            order.tell(.failure(CancellationError()))
        }
    }

    private func add(_ order: Order) {
        let needsSender = state.withLock { state in
            state.waiting.append(order)
            guard state.senders < Self.sendersMax else { return false }
            state.senders += 1
            return true
        }
        // A task of its own: no caller's cancellation may end what others wait for.
        if needsSender { Task.detached { await self.work() } }
    }

    private func work() async {
        while let (batch, isLone) = next() {
            await serve(batch, isLone: isLone)
            // Those who were just told push their next jobs first, so that the next batch is not a handful.
            await Task.yield()
        }
    }

    /// The next orders, and whether it is one that nobody else comes with; nil, and the end of the sender, if none wait.
    private func next() -> (orders: [Order], isLone: Bool)? {
        state.withLock { state in
            var batch: [Order] = []
            var (jobs, bytes) = (0, 0)
            while let order = state.waiting.first {
                let isFull = jobs + order.push.ids.count > Self.batchMax || bytes + order.bytes > Self.batchBytesMax
                if !batch.isEmpty, isFull { break }
                state.waiting.removeFirst()
                // Who gave up before it was sent has pushed nothing.
                if order.hasLeft { continue }
                batch.append(order)
                jobs += order.push.ids.count
                bytes += order.bytes
            }
            if batch.isEmpty { state.senders -= 1 }
            return batch.isEmpty ? nil : (batch, batch.count == 1 && state.senders == 1)
        }
    }

    // MARK: Send

    /// Sends orders in one transaction and tells their callers.
    ///
    /// - Parameters:
    ///   - isRepeated: Whether the outcome of a first attempt was unknown, and looked up.
    ///   - isLone: Whether it is one order that nobody else comes with: its wake-up may ride along.
    private func serve(_ batch: [Order], isRepeated: Bool = false, isLone: Bool = false) async {
        let rides = isLone && waker.expectsIdle
        do throws(PostgresError) {
            let standing: [[UUID]]
            if rides, let order = batch.first {
                let (ids, woken) = try await pool.pipeline(
                    JobStatements.push(order.push, isRepeated: isRepeated), waker.statement([order.queue]))
                standing = [ids.isEmpty ? order.push.ids : ids]
                if waker.note(woken) == 0 { waker.ring(order.queue) }
            } else {
                standing = try await send(batch, isRepeated: isRepeated)
                ring(batch)
            }
            for (order, ids) in zip(batch, standing) { order.tell(.success(ids)) }
        } catch {
            // The wake-up may be to blame, and nobody's push fails for that.
            if rides, !error.endsConnection { return await serve(batch, isRepeated: isRepeated) }
            if error.endsConnection, !isRepeated {
                await lookUp(batch)
            } else if batch.count > 1, Self.hasCulprit(error) {
                // The others shall not suffer for one of them; halves find it in few steps.
                let half = batch.count / 2
                await serve(Array(batch[..<half]), isRepeated: isRepeated)
                await serve(Array(batch[half...]), isRepeated: isRepeated)
            } else {
                for order in batch { order.tell(.failure(JobError.naming(error))) }
            }
        }
    }

    private func ring(_ batch: [Order]) {
        var last: String?
        for order in batch where order.queue != last {
            waker.ring(order.queue)
            last = order.queue
        }
    }

    /// One statement for each variety, in one flush and one commit.
    ///
    /// - Returns: The standing ids for each order.
    private func send(_ batch: [Order], isRepeated: Bool) async throws(PostgresError) -> [[UUID]] {
        let (pushes, members) = Self.gathered(batch)
        // Unique keys are taken in the order of the statements: two batches should take them in one order.
        let order = pushes.indices.sorted { (pushes[$0].kind, pushes[$0].queue) < (pushes[$1].kind, pushes[$1].queue) }
        let answers = try await pool.pipeline(
            order.map { JobStatements.push(pushes[$0], isRepeated: isRepeated) })
        var standing = batch.map(\.push.ids)
        for (place, answer) in zip(order, answers) where !answer.isEmpty {
            var rest = answer[...]
            for member in members[place] {
                let count = batch[member].push.ids.count
                standing[member] = Array(rest.prefix(count))
                rest = rest.dropFirst(count)
            }
        }
        return standing
    }

    /// The orders by their varieties, and which of them each variety consists of.
    private static func gathered(_ batch: [Order]) -> (pushes: [JobStatements.Push], members: [[Int]]) {
        var places: [Variety: Int] = [:]
        var pushes: [JobStatements.Push] = []
        var members: [[Int]] = []
        var last: (order: Order, place: Int)?
        for (index, order) in batch.enumerated() {
            // Mostly all are alike, which is seen sooner than it is looked up.
            var place: Int?
            if let last, order.push.isAlike(last.order.push) { place = last.place }
            let variety = place == nil ? Variety(order.push) : nil
            if let known = place ?? variety.flatMap({ places[$0] }) {
                pushes[known].append(order.push)
                members[known].append(index)
                place = known
            } else {
                place = pushes.count
                if let variety { places[variety] = pushes.count }
                pushes.append(order.push)
                members.append([index])
            }
            last = place.map { (order, $0) }
        }
        return (pushes, members)
    }

    /// The connection was lost: what arrived stands under its own ids, the rest is sent once more under the same.
    private func lookUp(_ batch: [Order]) async {
        do throws(PostgresError) {
            let known = Set(try await pool.run(JobStatements.known(batch.flatMap(\.push.ids))))
            // An order is one statement: all of it arrived, or nothing. (Jobs whose unique key another one has are not
            // known, and are sent again: they find that one again.)
            let rest = batch.filter { !$0.push.ids.allSatisfy(known.contains) }
            for order in batch where order.push.ids.allSatisfy(known.contains) {
                waker.ring(order.queue)
                order.tell(.success(order.push.ids))
            }
            if !rest.isEmpty { await serve(rest, isRepeated: true) }
        } catch {
            for order in batch { order.tell(.failure(error)) }
        }
    }

    /// Whether one of several orders may be to blame, so that the others alone may succeed.
    private static func hasCulprit(_ error: PostgresError) -> Bool {
        guard let state = error.sqlState?.rawValue else { return error.code == .invalidStatement }
        // Resources, the operator, the system: none of the orders can help it.
        return !["53", "57", "58"].contains(state.prefix(2))
    }
}

/// A push, and whoever waits for it: told once, by the desk or because they gave up.
private final class Order: Sendable {
    private enum State {
        case coming
        case waiting(CheckedContinuation<[UUID], any Error>)
        case told
    }

    let push: JobStatements.Push
    let queue: String
    /// Of payload.
    let bytes: Int
    private let state = Mutex(State.coming)

    init(_ push: JobStatements.Push, queue: String) {
        self.push = push
        self.queue = queue
        bytes = push.payloads.reduce(0) { $0 + $1.count }
    }

    /// Whether the caller waits no more.
    var hasLeft: Bool { state.withLock { if case .told = $0 { true } else { false } } }

    /// Begins to wait.
    ///
    /// - Returns: False for one that gave up before.
    func wait(_ continuation: CheckedContinuation<[UUID], any Error>) -> Bool {
        let isWaiting = state.withLock { state in
            if case .told = state { return false }
            state = .waiting(continuation)
            return true
        }
        if !isWaiting { continuation.resume(throwing: CancellationError()) }
        return isWaiting
    }

    func tell(_ result: Result<[UUID], any Error>) {
        let continuation = state.withLock { state -> CheckedContinuation<[UUID], any Error>? in
            defer { state = .told }
            guard case .waiting(let continuation) = state else { return nil }
            return continuation
        }
        continuation?.resume(with: result)
    }
}
