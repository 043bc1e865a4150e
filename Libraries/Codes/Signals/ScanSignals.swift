package import FoundationEssentials
package import Jobs
package import Kernel
package import Keys
import Metrics
package import Postgres
import Synchronization

/// The job that looks at what was shown lately; siyu-redeem works it.
package struct ScanLook: JobParameters {
    /// Stable: jobs of an older process carry it.
    package static let jobName = "scans.look"
    /// The queue of this room.
    package static let jobQueue = "prizes"

    /// The tenant.
    package let brand: ID<Brand>

    /// Asks for a look.
    package init(brand: ID<Brand>) { self.brand = brand }

    /// One look that has not begun is enough for all that comes meanwhile.
    func options(delay: Duration) -> JobOptions {
        JobOptions(delay: delay, brand: brand.rawValue, unique: .whileQueued("\(brand)"), key: "\(brand)")
    }
}

/// The job that forgets traces whose time is over; siyu-redeem works it.
package struct ScanForget: JobParameters {
    /// Stable: jobs of an older process carry it.
    package static let jobName = "scans.forget"
    /// The queue of this room.
    package static let jobQueue = "prizes"

    /// The tenant.
    package let brand: ID<Brand>
    /// The day whose traces are the last to go, in days since 1970.
    package let day: Int64

    /// Asks for traces to be forgotten.
    package init(brand: ID<Brand>, day: Int64) {
        self.brand = brand
        self.day = day
    }
}

/// Looks at what was shown, beside the scans: nothing on a scan's path reads what is found.
package struct ScanSignals: Sendable {
    /// How long traces are kept.
    package static let keptDays = Limit<Int64>(14, reason: "as long as the bodies of hooks: time to look into a signal")
    /// How old a trace is when it is looked at: it is dated by the beginning of its transaction.
    ///
    /// One whose transaction took longer still is compared when its code, person or device is seen again.
    static let settling: Duration = .seconds(5)
    private static let daySeconds: TimeInterval = 86_400
    /// Traces of one look, and how many earlier ones are read for each by its code, person and device.
    private static let lookMax = 200
    private static let earlierMax = 40
    private static let slice = 1_000

    private let keys: KeyRing
    private let queue: JobQueue
    private let counters: [SignalRule: Counter]

    /// Looks at traces that `keys` sealed, by jobs of `queue`.
    package init(keys: KeyRing, queue: JobQueue) {
        self.keys = keys
        self.queue = queue
        counters = Dictionary(
            uniqueKeysWithValues: SignalRule.allCases.map {
                ($0, Counter(label: "siyu.scan.signals", dimensions: [("rule", $0.rawValue)]))
            })
    }

    /// Says how the jobs are done.
    ///
    /// The process must work the queue `prizes`.
    package func register() {
        queue.registerJob(parameters: ScanLook.self, timeout: .seconds(60)) { job, context in
            let found = try await context.complete { tx in try await look(at: job.brand, on: tx) }
            for rule in found { counters[rule]?.increment() }
        }
        queue.registerJob(parameters: ScanForget.self, timeout: .seconds(600)) { job, context in
            while try await context.transaction({ tx in try await forget(job.brand, on: tx) }) {}
            try await context.complete { _ in }
        }
    }

    /// Looks at the traces that have settled, at most ``lookMax`` of them, and asks for the next look if there are more.
    private func look(at brand: ID<Brand>, on tx: Transaction) async throws -> [SignalRule] {
        let now = try await tx.one(BatchStatements.clock())
        let settled = now.addingTimeInterval(-TimeInterval(Self.settling.components.seconds))
        let (_, marks) = try await tx.pipeline(
            SignalStatements.openMark(brand: brand, before: now.addingTimeInterval(-keptSeconds)),
            SignalStatements.lockMark(brand: brand))
        guard let mark = marks.first else { throw JobFailure.permanent("there is no such brand") }
        let traces = try await tx.run(
            SignalStatements.traces(after: mark, until: settled, limit: Self.lookMax, brand: brand))
        let found = try await signals(of: traces, brand: brand, on: tx)
        var rules: [SignalRule] = []
        if !found.isEmpty { rules = try await tx.run(SignalStatements.insert(found, brand: brand)) }
        if let last = traces.last { try await tx.execute(SignalStatements.moveMark(to: last, brand: brand)) }
        if !traces.isEmpty { try await pushForget(brand, now: now, on: tx) }
        let next = ScanLook(brand: brand)
        if traces.count == Self.lookMax {
            try await queue.push(next, options: next.options(delay: .zero), on: tx)
        } else if try await tx.one(SignalStatements.hasTraces(after: settled, brand: brand)) {
            try await queue.push(next, options: next.options(delay: Self.settling), on: tx)
        }
        return rules
    }

    private func signals(
        of traces: [SignalStatements.TraceRow], brand: ID<Brand>, on tx: Transaction
    ) async throws -> [(signal: Signal, trace: SignalStatements.TraceRow)] {
        if traces.isEmpty { return [] }
        let window = SignalRules.window.value
        let (codes, persons, devices, dealers) = try await tx.pipeline(
            SignalStatements.sameCode(as: traces, since: window, limit: Self.earlierMax, brand: brand),
            SignalStatements.samePerson(as: traces, since: window, limit: Self.earlierMax, brand: brand),
            SignalStatements.sameDevice(as: traces, since: window, limit: Self.earlierMax, brand: brand),
            CaseStatements.dealers(
                of: traces.map { CodeKey(batch: $0.batch, index: $0.index) }, seenAt: traces.map(\.seenAt),
                brand: brand))
        let dealerOf = Dictionary(dealers.map { ($0.place, $0.dealer) }) { first, _ in first }
        // Many are found by several of their sides; a place is opened once.
        var seen: [ID<ScanTrace>: SeenScan] = [:]
        func open(_ row: SignalStatements.TraceRow) -> SeenScan {
            if let known = seen[row.id] { return known }
            let scan = SeenScan(
                id: row.id, batch: row.batch, index: row.index, person: row.person, device: row.deviceHash,
                place: row.sealedPlace.flatMap { ScanTraces(keys: keys).open($0, of: row.id, brand: brand) },
                seenAt: row.seenAt)
            seen[row.id] = scan
            return scan
        }
        func byPlace(_ rows: [(place: Int, trace: SignalStatements.TraceRow)]) -> [Int: [SeenScan]] {
            var scans: [Int: [SeenScan]] = [:]
            for row in rows { scans[row.place, default: []].append(open(row.trace)) }
            return scans
        }
        let (sameCode, samePerson, sameDevice) = (byPlace(codes), byPlace(persons), byPlace(devices))
        return traces.enumerated().flatMap { index, trace in
            // Ordinals count from one.
            SignalRules.signals(
                of: open(trace), code: sameCode[index + 1] ?? [], person: samePerson[index + 1] ?? [],
                device: sameDevice[index + 1] ?? [], dealer: dealerOf[index + 1]
            ).map { (signal: $0, trace: trace) }
        }
    }

    /// Once a day of traces: they go when the last of the day has had its time.
    private func pushForget(_ brand: ID<Brand>, now: Date, on tx: Transaction) async throws {
        let day = Int64((now.timeIntervalSince1970 / Self.daySeconds).rounded(.down))
        let end = Date(timeIntervalSince1970: TimeInterval(day + 1 + Self.keptDays.value) * Self.daySeconds)
        try await queue.push(
            ScanForget(brand: brand, day: day),
            options: JobOptions(
                delay: Vouchers.delay(until: end, from: now), brand: brand.rawValue,
                unique: .untilDone("\(brand)/\(day)"), key: "\(brand)/\(day)"),
            on: tx)
    }

    /// - Returns: Whether there may be more.
    private func forget(_ brand: ID<Brand>, on tx: Transaction) async throws -> Bool {
        let now = try await tx.one(BatchStatements.clock())
        let gone = try await tx.run(
            SignalStatements.forget(
                before: now.addingTimeInterval(-keptSeconds), limit: Self.slice, brand: brand))
        return gone.count == Self.slice
    }

    private var keptSeconds: TimeInterval { TimeInterval(Self.keptDays.value) * Self.daySeconds }
}

// MARK: - The list

/// A signal as people read it.
package struct ListedSignal: Sendable {
    /// Which one.
    package let id: ID<ScanSignal>
    /// What is odd.
    package let rule: SignalRule
    /// The batch of the code.
    package let batch: BatchHandle
    /// The place of the code in its batch.
    package let index: Int64
    /// Who showed it.
    package let person: ID<Person>
    /// How odd, in percent.
    package let score: Int32
    /// How far apart two places are.
    package let km: Int32?
    /// How much time lay between them.
    package let minutes: Int32?
    /// How many people, or codes, there were.
    package let others: Int32?
    /// When it was shown.
    package let seenAt: Date
}

extension ScanSignals {
    /// Which signals are listed.
    package struct Filter: Sendable {
        /// Of one rule alone.
        package var rule: SignalRule?
        /// Not before.
        package var since: Date?
        /// Not below.
        package var scoreMin: Int32

        /// A filter in its parts.
        package init(rule: SignalRule? = nil, since: Date? = nil, scoreMin: Int32 = 1) {
            self.rule = rule
            self.since = since
            self.scoreMin = scoreMin
        }
    }

    /// The signals of a brand, newest first.
    package static func list(
        _ filter: Filter = Filter(), brand: ID<Brand>, limit: Int, on db: some Executor
    ) async throws(PostgresError) -> [ListedSignal] {
        try await db.run(SignalStatements.list(filter, limit: limit, brand: brand))
    }
}

// MARK: - Asking for looks

/// Sees to it that what was shown is looked at, beside the scans that showed it.
///
/// A look that could not be asked for is asked for by the next scan.
final class SignalWatch: Sendable {
    /// How long news gather before a look is asked for.
    private static let pause: Duration = .seconds(2)

    private let queue: JobQueue
    private let waiting = Mutex<Set<ID<Brand>>>([])

    init(queue: JobQueue) { self.queue = queue }

    /// There are new traces of a brand.
    func note(_ brand: ID<Brand>) {
        guard waiting.withLock({ $0.insert(brand).inserted }) else { return }
        Task {
            // Cancelled: then it is asked for a little earlier.
            try? await Task.sleep(for: Self.pause)
            _ = self.waiting.withLock { $0.remove(brand) }
            // The next scan makes it good.
            let look = ScanLook(brand: brand)
            _ = try? await self.queue.push(look, options: look.options(delay: ScanSignals.settling))
        }
    }
}
