import Foundation
import Instrumentation
import Tracing

/// Carries the trace context of a push through the row to the run: a JSON object of header names and values.
enum JobTrace {
    /// What the present context says, as the instrument of the process writes it; nil if it has nothing to say.
    static var current: [UInt8]? {
        guard let context = ServiceContext.current else { return nil }
        var carrier: [String: String] = [:]
        InstrumentationSystem.instrument.inject(context, into: &carrier, using: Carrier())
        guard !carrier.isEmpty else { return nil }
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        // Strings always encode; were it otherwise, a push without its trace is better than no push.
        return (try? encoder.encode(carrier)).map { Array($0) }
    }

    /// Runs `body` in the context that the push ran in.
    static func continuing(
        _ trace: [UInt8]?, _ body: () async throws -> Void
    ) async throws {
        // A trace that does not decode is somebody else's way of writing it: the job matters more.
        guard let trace, let carrier = try? JSONDecoder().decode([String: String].self, from: Data(trace)) else {
            return try await body()
        }
        var context = ServiceContext.topLevel
        InstrumentationSystem.instrument.extract(carrier, into: &context, using: Carrier())
        try await ServiceContext.withValue(context, operation: body)
    }

    private struct Carrier: Injector, Extractor {
        func inject(_ value: String, forKey key: String, into carrier: inout [String: String]) { carrier[key] = value }
        func extract(key: String, from carrier: [String: String]) -> String? { carrier[key] }
    }
}

/// Gives each run of a job a span, a child of the context that it was pushed in.
public struct TracingJobMiddleware: JobMiddleware {
    /// Spans go to the tracer of the process.
    public init() {}

    /// Runs the job in a span of its kind's name.
    public func handleJob(
        job: JobInstance, context: JobContext, next: (JobInstance, JobContext) async throws -> Void
    ) async throws {
        try await withSpan(job.name, ofKind: .consumer) { span in
            span.updateAttributes { attributes in
                attributes["job.id"] = "\(job.id)"
                attributes["job.attempt"] = job.attempt
                attributes["job.queue"] = job.queue
            }
            // withSpan records what is thrown.
            try await next(job, context)
        }
    }
}
