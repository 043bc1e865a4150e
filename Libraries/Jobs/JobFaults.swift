package import Postgres

/// A place between two statements at which the crash tests kill the process or cut its connection.
package struct JobBoundary: Hashable, Sendable, CaseIterable, CustomStringConvertible {
    /// What the worker does there.
    package enum Step: String, Sendable, CaseIterable {
        case ack, fail, promote, claim, exchange
        case work, fence, completion
        case rescue
    }
    /// Before the step's statement is sent, or after its answer came.
    package enum Side: String, Sendable, CaseIterable {
        case before, after
    }

    /// What the worker does there.
    package let step: Step
    /// On which side of it.
    package let side: Side

    /// The boundary on a side of a step.
    ///
    /// `exchange` and `completion` are the COMMITs.
    package init(_ side: Side, _ step: Step) {
        self.side = side
        self.step = step
    }

    /// `before claim`.
    package var description: String { "\(side.rawValue) \(step.rawValue)" }

    /// Every boundary, in the order of a job's life.
    package static var allCases: [JobBoundary] {
        Step.allCases.flatMap { step in Side.allCases.map { JobBoundary($0, step) } }
    }
}

/// Where the crash tests reach into a worker.
///
/// Inert unless a test sets it: no statement is sent differently.
package struct JobFaults: Sendable {
    /// Called at each boundary with whatever the next or last statement runs on, if there is one.
    package var reach: (@Sendable (JobBoundary, (any Executor)?) async throws -> Void)?

    /// No faults.
    package static let none = JobFaults(reach: nil)

    /// Faults by a closure.
    package init(reach: (@Sendable (JobBoundary, (any Executor)?) async throws -> Void)?) { self.reach = reach }

    func reach(_ side: JobBoundary.Side, _ step: JobBoundary.Step, on executor: (any Executor)? = nil) async throws {
        if let reach { try await reach(JobBoundary(side, step), executor) }
    }
}
