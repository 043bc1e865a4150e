package import Jobs
package import Kernel

/// The job that looks whether a case was answered in time; siyu-gifts works it.
package struct AftersaleLapse: JobParameters {
    /// Stable: jobs of an older process carry it.
    package static let jobName = "aftersale.lapse"
    /// The queue of payments and refunds.
    package static let jobQueue = PaymentReceived.jobQueue

    /// Whose case.
    package let brand: ID<Brand>
    /// Which one.
    package let aftersale: ID<Aftersale>

    /// Asks for a look at a case.
    package init(brand: ID<Brand>, aftersale: ID<Aftersale>) {
        self.brand = brand
        self.aftersale = aftersale
    }
}

extension Aftersales {
    /// Tells `queue` how the jobs of after-sales are done.
    ///
    /// The process must work the queue `payments`.
    package func register(on queue: JobQueue) {
        queue.registerJob(parameters: AftersaleLapse.self, retryStrategy: .ofMoney, timeout: .ofOneJob) {
            job, context in
            try await context.complete { tx in
                do {
                    try await carryOut(.lapse, on: job.aftersale, brand: job.brand, on: tx)
                } catch let problem as Problem {
                    // Trying again changes nothing: the job stays visible until somebody looks at the case.
                    throw JobFailure.permanent(problem.detail)
                }
            }
        }
    }
}
