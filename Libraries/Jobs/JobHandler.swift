/// A registered kind: how its payloads are read, and its handler.
final class JobHandler: Sendable {
    /// Lifts a payload to the next version of its shape.
    typealias Upcaster = @Sendable ([UInt8]) throws -> [UInt8]

    /// A job whose payload is decoded.
    struct Decoded: Sendable {
        let parameters: any JobParameters
        let execute: @Sendable (JobContext) async throws -> Void
    }

    let name: String
    let queue: String
    /// The versions whose payloads can be read, by themselves or by upcasters.
    let versions: ClosedRange<Int>
    let retryStrategy: any JobRetryStrategy
    let timeout: Duration?
    private let upcasters: [Int: Upcaster]
    private let decode: @Sendable ([UInt8]) throws -> Decoded
    /// Decodes and executes at once, for jobs whose parameters nobody else looks at.
    private let execute: @Sendable ([UInt8], JobContext) async throws -> Void

    init<Parameters: JobParameters>(
        _: Parameters.Type, retryStrategy: any JobRetryStrategy, timeout: Duration?, upcasters: [Int: Upcaster],
        decode: @escaping @Sendable ([UInt8]) throws -> Parameters,
        execute: @escaping @Sendable (Parameters, JobContext) async throws -> Void
    ) {
        let version = Parameters.jobVersion
        precondition(
            (1...Int(Int16.max)).contains(version), "\(Parameters.jobName): versions begin at 1 and fit 15 bits")
        precondition(
            upcasters.keys.allSatisfy((1..<version).contains),
            "\(Parameters.jobName): an upcaster lifts a version that is older than the kind's")
        var oldest = version
        while upcasters[oldest - 1] != nil { oldest -= 1 }
        name = Parameters.jobName
        queue = Parameters.jobQueue
        versions = oldest...version
        self.retryStrategy = retryStrategy
        self.timeout = timeout
        self.upcasters = upcasters
        self.decode = { payload in
            let parameters = try decode(payload)
            return Decoded(parameters: parameters) { context in try await execute(parameters, context) }
        }
        self.execute = { payload, context in try await execute(try decode(payload), context) }
    }

    func decode(_ job: ClaimedJob) throws -> Decoded { try decode(lifted(job)) }

    func execute(_ job: ClaimedJob, _ context: JobContext) async throws { try await execute(lifted(job), context) }

    /// The payload in the shape that the kind has now.
    private func lifted(_ job: ClaimedJob) throws -> [UInt8] {
        if job.version == versions.upperBound { return job.payload }
        var payload = job.payload
        for version in Int(job.version)..<versions.upperBound {
            if let upcaster = upcasters[version] { payload = try upcaster(payload) }
        }
        return payload
    }
}
