package import Jobs
import Orders
package import Postgres

/// The jobs that siyu-reports works off.
package enum ReportingJobs {
    /// The queue they arrive in.
    package static let queueName = "reports"

    /// Registers every job of the queue ``queueName``.
    package static func register(on queue: JobQueue, pool: Pool) {
        queue.registerJob(parameters: OrdersChanged.self) { change, context in
            let days = change.days.compactMap(CalendarDate.init)
            guard days.count == change.days.count else {
                throw JobFailure.permanent("A changed day is no day of the calendar.")
            }
            try await context.transaction { tx in
                try await Rollup.mark(days, shop: change.shop, mark: context.id.rawValue, brand: change.brand, on: tx)
            }
            let isDone = try await Rollup.catchUp(brand: change.brand, pool: pool) { turn in
                try await context.transaction { try await turn($0) }
            }
            if !isDone { throw JobSleep(for: .seconds(1)) }
        }
    }
}
