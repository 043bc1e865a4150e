/// A registered kind: how its payloads are read, and its handler.
struct JobHandler: Sendable {
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

    init<Parameters: JobParameters>(
        _: Parameters.Type, retryStrategy: any JobRetryStrategy, timeout: Duration?, upcasters: [Int: Upcaster],
        decode: @escaping @Sendable ([UInt8]) throws -> Decoded
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
        self.decode = decode
    }

    func decode(_ job: ClaimedJob) throws -> Decoded {
        var payload = job.payload
        for version in Int(job.version)..<versions.upperBound {
            if let upcaster = upcasters[version] { payload = try upcaster(payload) }
        }
        return try decode(payload)
    }
}
