import Jobs
package import Kernel

/// A wish for codes of WeChat is to be led on; each job pushes the next in the commit that completes it.
///
/// Worked by siyu-ingest.
package struct CodeApplicationLead: JobParameters {
    /// Stable: jobs of an older process carry it.
    package static let jobName = "marketcode.lead"
    /// The queue of WeChat's codes.
    package static let jobQueue = "marketcodes"

    /// Whose codes.
    package let brand: ID<Brand>
    /// The wish.
    package let application: ID<CodeApplication>
    /// Which step of it: a job of another step has been overtaken.
    package let step: Int64
}

/// Codes are to be activated at WeChat.
package struct CodeActivationLead: JobParameters {
    /// Stable: jobs of an older process carry it.
    package static let jobName = "marketcode.activate"
    /// The queue of WeChat's codes.
    package static let jobQueue = CodeApplicationLead.jobQueue

    /// Whose codes.
    package let brand: ID<Brand>
    /// The activation.
    package let activation: ID<CodeActivation>
    /// Which step of it: a job of another step has been overtaken.
    package let step: Int64
}
