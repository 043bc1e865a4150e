package import FoundationEssentials
package import Jobs
package import Kernel
package import Logging
import Metrics
package import Postgres
import ServiceLifecycle
import Synchronization

/// The job that adds a minute's redemptions to what other processes saw of it, and looks whether it stands out; siyu-redeem works it.
package struct BatchMinutes: JobParameters {
    /// Stable: jobs of an older process carry it.
    package static let jobName = "scans.pulse"
    /// The queue of this room.
    package static let jobQueue = "prizes"

    /// One batch's part.
    package struct Count: Codable, Hashable, Sendable {
        /// The batch.
        package let batch: ID<CodeBatch>
        /// Codes of it that one process redeemed in the minute.
        package let redeemed: Int64

        /// A part in its parts.
        package init(batch: ID<CodeBatch>, redeemed: Int64) {
            self.batch = batch
            self.redeemed = redeemed
        }
    }

    /// The tenant.
    package let brand: ID<Brand>
    /// The minute, counted since 1970.
    package let minute: Int64
    /// By batch, each once.
    package let counts: [Count]

    /// What one process saw of a minute.
    package init(brand: ID<Brand>, minute: Int64, counts: [Count]) {
        self.brand = brand
        self.minute = minute
        self.counts = counts
    }

    var start: Date { Date(timeIntervalSince1970: TimeInterval(minute * BatchPulse.minuteSeconds)) }
}

/// Counts redemptions by batch and minute in memory, and hands a minute over when it is over: nothing of it is on a scan's way but a sum.
///
/// A burst is listed and counted for Prometheus; it holds nobody up. A transaction that is rolled back in its commit is counted though it was
/// none.
package final class BatchPulse: RedemptionFollower, Service {
    static let minuteSeconds: Int64 = 60
    /// Batches of one job.
    private static let countsMax = 500
    private static let interval: Duration = .seconds(1)
    /// Transactions that began in a minute are over this long after it.
    private static let settling: Duration = .seconds(5)

    private struct Key: Hashable {
        let brand: ID<Brand>
        let minute: Int64
    }

    private struct Minute {
        let due: ContinuousClock.Instant
        var counts: [ID<CodeBatch>: Int64] = [:]
    }

    private let queue: JobQueue
    private let logger: Logger
    private let counter = Counter(label: "siyu.scan.signals", dimensions: [("rule", "batch_burst")])
    private let minutes = Mutex<[Key: Minute]>([:])

    /// Counts for `queue`.
    package init(queue: JobQueue, logger: Logger) {
        self.queue = queue
        self.logger = logger
    }

    /// None: nothing is pushed in the transaction.
    package var queues: [String] { [] }

    /// Counts redemptions.
    package func follow(_ new: [NewlyRedeemed], brand: ID<Brand>, now: Date, on tx: Transaction) async throws {
        if new.isEmpty { return }
        let seconds = now.timeIntervalSince1970
        let minute = Int64((seconds / TimeInterval(Self.minuteSeconds)).rounded(.down))
        let left = TimeInterval((minute + 1) * Self.minuteSeconds) - seconds
        let due = ContinuousClock.now + .seconds(left) + Self.settling
        minutes.withLock { minutes in
            for new in new {
                minutes[Key(brand: brand, minute: minute), default: Minute(due: due)].counts[
                    new.batch.id, default: 0] += 1
            }
        }
    }

    /// Hands over minutes until it is told to stop, and then what is left.
    package func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                await self.sendOrSay(dueBy: .now)
                // Cancelled: the loop ends.
                try? await Task.sleep(for: Self.interval)
            }
        }
        // A task of its own, for this one may be cancelled.
        await Task { await self.sendOrSay(dueBy: nil) }.value
    }

    private func sendOrSay(dueBy instant: ContinuousClock.Instant?) async {
        do {
            try await send(dueBy: instant)
        } catch {
            logger.warning("Redemptions by minute are handed over later.", metadata: ["error": "\(type(of: error))"])
        }
    }

    /// Hands over the minutes that are over; all without an instant.
    ///
    /// - Throws: `PostgresError`; then what was not handed over is kept for the next time.
    package func send(dueBy instant: ContinuousClock.Instant? = nil) async throws {
        let over = minutes.withLock { minutes in
            let over = minutes.filter { minute in instant.map { minute.value.due <= $0 } ?? true }
            for key in over.keys { minutes[key] = nil }
            return over
        }
        var left = over
        do {
            for (key, minute) in over {
                try await push(minute, of: key)
                left[key] = nil
            }
        } catch {
            keep(left)
            throw error
        }
    }

    private func push(_ minute: Minute, of key: Key) async throws {
        let counts = minute.counts.map { BatchMinutes.Count(batch: $0, redeemed: $1) }.sorted { $0.batch < $1.batch }
        try await queue.pool.transaction { tx in
            for start in stride(from: 0, to: counts.count, by: Self.countsMax) {
                let part = Array(counts[start..<min(start + Self.countsMax, counts.count)])
                try await self.queue.push(
                    BatchMinutes(brand: key.brand, minute: key.minute, counts: part),
                    options: JobOptions(brand: key.brand.rawValue), on: tx)
            }
        }
    }

    private func keep(_ left: [Key: Minute]) {
        minutes.withLock { minutes in
            for (key, minute) in left {
                for (batch, count) in minute.counts {
                    minutes[key, default: Minute(due: minute.due)].counts[batch, default: 0] += count
                }
            }
        }
    }
}

// MARK: - Looking

extension BatchPulse {
    /// How long minutes are kept: what is usual is asked of the last seven days.
    private static let keptSeconds: TimeInterval = 8 * 86_400

    /// Says how the job is done.
    ///
    /// The process must work the queue `prizes`.
    package func register() {
        queue.registerJob(parameters: BatchMinutes.self, timeout: .seconds(60)) { job, context in
            let bursts = try await context.complete { tx in try await Self.look(at: job, on: tx) }
            self.counter.increment(by: Int64(bursts))
        }
    }

    /// Adds a process's part of a minute, and writes down what stands out in the sum.
    ///
    /// - Returns: How many bursts are new.
    private static func look(at job: BatchMinutes, on tx: Transaction) async throws -> Int {
        let totals = try await tx.run(BurstStatements.add(job.counts, at: job.start, brand: job.brand))
        let usual = try await tx.run(
            BurstStatements.usual(
                of: totals.map(\.batch), since: job.start.addingTimeInterval(-BatchBurstRule.window.value),
                until: job.start, brand: job.brand))
        let known = Dictionary(usual.map { ($0.batch, $0) }) { first, _ in first }
        let bursts = totals.compactMap { total -> BurstStatements.NewBurst? in
            guard let known = known[total.batch],
                BatchBurstRule.isBurst(redeemed: total.redeemed, usual: known.usual, minutes: known.minutes)
            else { return nil }
            return BurstStatements.NewBurst(batch: total.batch, redeemed: total.redeemed, usual: known.usual)
        }
        try await tx.execute(
            BurstStatements.forget(
                of: totals.map(\.batch), before: job.start.addingTimeInterval(-keptSeconds), brand: job.brand))
        if bursts.isEmpty { return 0 }
        return try await tx.run(BurstStatements.insert(bursts, at: job.start, brand: job.brand)).count { $0 }
    }
}
