import Foundation
import Jobs
import Logging
import Postgres

/// What the doctor says of the queue.
enum QueueDoctor {
    /// How late the first in line may be before somebody should look.
    static let lateAfter = Duration.seconds(60)
    /// How long a transaction may keep the queue's tables from being cleaned.
    static let pinnedAfter = Duration.seconds(600)

    /// How many unknown outcomes are counted.
    static let callsMax = 100

    static func findings(on pool: Pool) async throws -> [DoctorCommand.Finding] {
        let queue = JobQueue(pool: pool, logger: Logger(label: "siyu.doctor"))
        let queues = try await queue.statistics()
        let worked = Set(try await queue.workers().flatMap(\.queues))
        return [
            discarded(try await queue.discardedCounts()), lateness(queues), workers(queues, worked),
            pauses(try await queue.pauses()), calls(try await queue.unsettledEffects(limit: callsMax)),
            horizon(try await queue.horizonHolders()),
        ]
    }

    /// What people cancelled is what they wanted.
    static func discarded(_ counts: [JobDiscardedCount]) -> DoctorCommand.Finding {
        let wrong = counts.filter { $0.reason != .cancelled }
        return DoctorCommand.Finding(
            check: "queue", isFine: wrong.isEmpty,
            detail: wrong.isEmpty
                ? "No job was given up."
                : "Given up: "
                    + wrong.map { "\($0.jobs.orMore()) \($0.reason.rawValue) in \($0.queue)" }.joined(separator: ", ")
                    + " (siyu jobs discarded, then siyu jobs redrive).")
    }

    static func lateness(_ queues: [JobQueueStatistics]) -> DoctorCommand.Finding {
        let running = queues.filter { $0.pausedAt == nil && $0.ready > 0 }
        guard let latest = running.max(by: { $0.oldestReadyAge < $1.oldestReadyAge }) else {
            return DoctorCommand.Finding(check: "lateness", isFine: true, detail: "No job is waiting for a worker.")
        }
        return DoctorCommand.Finding(
            check: "lateness", isFine: latest.oldestReadyAge <= lateAfter,
            detail: "The first in line of \(latest.queue) has been ready for \(latest.oldestReadyAge.short).")
    }

    static func workers(_ queues: [JobQueueStatistics], _ worked: Set<String>) -> DoctorCommand.Finding {
        let forsaken = queues.filter { $0.ready > 0 && !worked.contains($0.queue) }.map(\.queue)
        let strangers = queues.filter { $0.unknownKind > 0 }.map(\.queue)
        var sentences: [String] = []
        if !forsaken.isEmpty {
            sentences.append("Nobody works \(forsaken.joined(separator: ", ")): start the service.")
        }
        if !strangers.isEmpty {
            sentences.append(
                "Kinds that no worker knows wait in \(strangers.joined(separator: ", ")): start the release that does.")
        }
        return DoctorCommand.Finding(
            check: "workers", isFine: sentences.isEmpty,
            detail: sentences.isEmpty ? "Every queue with work has a worker." : sentences.joined(separator: " "))
    }

    /// A pause is somebody's decision, and nothing wrong; but it should not be forgotten.
    static func pauses(_ pauses: [JobPause]) -> DoctorCommand.Finding {
        DoctorCommand.Finding(
            check: "pauses", isFine: true,
            detail: pauses.isEmpty
                ? "Nothing is paused."
                : pauses.map { "\($0.scope), by \($0.author): \($0.reason)" }.joined(separator: "; ") + ".")
    }

    /// Calls to providers that nobody has learned the outcome of for a quarter of an hour.
    static func calls(_ unsettled: [JobEffect]) -> DoctorCommand.Finding {
        let more = unsettled.count >= callsMax ? "+" : ""
        return DoctorCommand.Finding(
            check: "calls", isFine: unsettled.isEmpty,
            detail: unsettled.first.map { first in
                "The outcome of \(unsettled.count)\(more) calls to providers is not known for 15 minutes "
                    + "(siyu jobs show \(first.job))."
            } ?? "The outcome of every call to a provider is known.")
    }

    static func horizon(_ holders: [JobHorizonHolder]) -> DoctorCommand.Finding {
        guard let oldest = holders.first else {
            return DoctorCommand.Finding(
                check: "horizon", isFine: true, detail: "Nothing keeps old versions of rows from being cleaned.")
        }
        var who = "\(oldest.kind) \(oldest.name)"
        if let user = oldest.user { who += " of \(user)" }
        if let pid = oldest.processID { who += ", pid \(pid)" }
        if let activity = oldest.activity { who += ", \(activity)" }
        let age = oldest.age.map { "for \($0.short)" } ?? "for an unknown time"
        let isFine = (oldest.age ?? .zero) <= pinnedAfter
        return DoctorCommand.Finding(
            check: "horizon", isFine: isFine,
            detail: "Old versions of rows are kept \(age), \(oldest.transactions) transactions: \(who)."
                + (isFine ? "" : " The queue's tables grow: end it."))
    }
}
