import Logging
import Postgres

/// What any worker does for all: takes over the jobs of lost processes, makes the fires of schedules, deletes old history,
/// shows the queues' depth.
struct Housekeeper {
    /// Rows moved or deleted in one statement: enough for a crash of a busy process, few enough not to hurt.
    private static let bite: Int32 = 5_000
    private static let gaugeInterval = Duration.seconds(10)
    private static let historyInterval = Duration.seconds(60)

    let session: WorkerSession

    func run() async {
        var nextGauge = ContinuousClock.now
        var nextHistory = ContinuousClock.now + Self.historyInterval
        while !Task.isCancelled {
            try? await Task.sleep(for: session.options.rescueInterval * Double.random(in: 0.8...1))
            guard !Task.isCancelled else { return }
            do {
                try await rescue()
                try await session.queue.pool.execute(WorkerStatements.cancelUnheard)
                try await session.queue.calendar.run(for: session.queue)
                if .now >= nextGauge {
                    nextGauge = .now + Self.gaugeInterval
                    try await showDepth()
                }
                if .now >= nextHistory {
                    nextHistory = .now + Self.historyInterval * Double.random(in: 1...2)
                    try await forget()
                }
            } catch {
                guard !Task.isCancelled else { return }
                session.logger.warning("housekeeping failed; will try again", metadata: ["error": "\(error)"])
            }
        }
    }

    private func rescue() async throws {
        let statement = WorkerStatements.rescue(
            hold: session.options.lease, crashesMax: Int32(session.options.crashesMax), limit: Self.bite)
        let rescued: [WorkerStatements.Rescued]
        let faults = session.queue.options.faults
        if faults.reach == nil {
            rescued = try await session.queue.pool.run(statement)
        } else {
            rescued = try await session.queue.pool.transaction { transaction in
                try await faults.reach(.before, .rescue, on: transaction)
                let rescued = try await transaction.run(statement)
                if !rescued.isEmpty { try await faults.reach(.after, .rescue, on: transaction) }
                return rescued
            }
        }
        for part in rescued {
            session.logger.error(
                "jobs of a lost process were rescued",
                metadata: [
                    "jobs.lost_worker": "\(JobID(rawValue: part.worker))", "jobs.rescued": "\(part.rescued)",
                    "jobs.poison": "\(part.discarded)",
                ])
            if let name = session.queueNames[part.queueID] {
                QueueMetrics(queue: name).rescued(part.rescued)
            }
        }
        if !rescued.isEmpty { session.bench.wake() }
    }

    private func showDepth() async throws {
        for name in session.queueNames.values {
            guard let statistics = try await session.queue.statistics(of: name) else { continue }
            QueueMetrics(queue: name).record(statistics)
        }
    }

    private func forget() async throws {
        let age = session.options.historyAge
        // Failures are looked at longer than successes.
        try await session.queue.forgetHistory(completedBefore: age, failedBefore: age * 4, bite: Self.bite)
        try await session.queue.forget(olderThan: age * 4, bite: Self.bite)
        try await session.queue.pool.execute(WorkerStatements.sweep(limit: Self.bite))
    }
}

extension JobQueue {
    /// Forgets what ended long ago: a day at a time, by dropping its tables; what lies outside the days, in bites.
    package func forgetHistory(
        completedBefore age: Duration, failedBefore failedAge: Duration, bite: Int32 = 5_000
    ) async throws {
        _ = try await pool.first(WorkerStatements.rollHistory(completed: age, failed: failedAge))
        var deleted = Int(bite)
        while deleted >= Int(bite), !Task.isCancelled {
            deleted = try await pool.execute(WorkerStatements.deleteDone(olderThan: age, limit: bite))
        }
        try await pool.execute(WorkerStatements.deleteAttempts(olderThan: failedAge, limit: bite))
    }
}
