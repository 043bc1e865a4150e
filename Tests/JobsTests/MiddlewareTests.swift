import Foundation
import InMemoryTracing
import Jobs
import Postgres
import TestSupport
import Testing
import Tracing

/// Writes down what it is told.
private struct Recorder: JobMiddleware {
    let name: String
    let seen: Collected<String>

    func onPushJob<Parameters: JobParameters>(name: String, parameters: Parameters, context: JobQueueContext) async {
        let text = (parameters as? Note)?.text ?? "?"
        seen.add("\(self.name) push \(name) \(text) \(context.queue) \(context.attempt)")
    }

    func onPopJob(result: Result<JobInstance, JobError>, context: JobQueueContext) async {
        switch result {
        case .success(let job): seen.add("\(name) pop \(job.name)")
        case .failure(let error): seen.add("\(name) pop failed \(error)")
        }
    }

    func handleJob(
        job: JobInstance, context: JobContext, next: (JobInstance, JobContext) async throws -> Void
    ) async throws {
        seen.add("\(name) before \(job.attempt)")
        try await next(job, context)
        seen.add("\(name) after")
    }

    func onCompletedJob(job: JobInstance, result: Result<Void, any Error>, context: JobQueueContext) async {
        switch result {
        case .success: seen.add("\(name) completed")
        case .failure(let error): seen.add("\(name) discarded \(error)")
        }
    }
}

/// Refuses to run anything.
private struct Refusal: JobMiddleware {
    func handleJob(
        job: JobInstance, context: JobContext, next: (JobInstance, JobContext) async throws -> Void
    ) async throws {
        throw JobFailure.permanent("refused")
    }
}

@Suite(.timeLimit(.minutes(2)))
struct MiddlewareTests {
    @Test func middleware_ofAJob_isCalledInOrderTheFirstOutermost() async throws {
        try await withTestDatabase { db in
            let seen = Collected<String>()
            let isVerbose = false
            let queue = JobQueue(pool: db.pool(as: .ingest, connectionsMax: 8), logger: .silent) {
                Recorder(name: "outer", seen: seen)
                Recorder(name: "inner", seen: seen)
                if isVerbose { Recorder(name: "never", seen: seen) }
            }
            queue.registerJob(parameters: Note.self) { note, _ in seen.add("handler \(note.text)") }

            try await running(queue.processor(queues: ["tests"], options: .quick())) {
                _ = try await queue.pool.transaction { try await queue.push(Note(text: "tea"), on: $0) }
                try await db.drained()
            }

            #expect(
                seen.all == [
                    "outer push test.note tea tests 1", "inner push test.note tea tests 1", "outer pop test.note",
                    "inner pop test.note", "outer before 1", "inner before 1", "handler tea", "inner after",
                    "outer after", "outer completed", "inner completed",
                ])
        }
    }

    @Test func middleware_ofAFailingJob_hearsOfEveryTryAndOfTheEndOnce() async throws {
        struct Broken: Error {}
        try await withTestDatabase { db in
            let seen = Collected<String>()
            let queue = JobQueue(pool: db.pool(as: .ingest, connectionsMax: 8), logger: .silent) {
                Recorder(name: "m", seen: seen)
            }
            queue.registerJob(
                parameters: Note.self, retryStrategy: .exponentialJitter(maxAttempts: 2, minBackoff: .milliseconds(1))
            ) { _, _ in throw Broken() }

            try await running(queue.processor(queues: ["tests"], options: .quick())) {
                _ = try await queue.pool.transaction { try await queue.push(Note(text: "tea"), on: $0) }
                try await db.drained()
            }

            #expect(
                seen.all == [
                    "m push test.note tea tests 1", "m pop test.note", "m before 1", "m push test.note tea tests 2",
                    "m pop test.note", "m before 2", "m discarded Broken()",
                ])
        }
    }

    @Test func middleware_thatThrows_decidesLikeTheHandler() async throws {
        try await withTestDatabase { db in
            let queue = JobQueue(pool: db.pool(as: .ingest, connectionsMax: 8), logger: .silent) { Refusal() }
            queue.registerJob(parameters: Note.self) { _, _ in Issue.record("a refused job ran") }
            let id = try await queue.push(Note(text: "tea"))

            try await running(queue.processor(queues: ["tests"], options: .quick())) { try await db.drained() }

            #expect(try await queue.job(id)?.record.error == "refused")
        }
    }

    @Test func trace_ofAPush_isTheParentOfTheRun() async throws {
        try await withTestDatabase { db in
            let tracer = InMemoryTracer()
            try await withTracer(tracer) {
                let queue = JobQueue(pool: db.pool(as: .ingest, connectionsMax: 8), logger: .silent) {
                    TracingJobMiddleware()
                }
                let told = Collected<String>()
                queue.registerJob(parameters: Note.self) { note, _ in
                    // The test's own span is the one that the handler is in.
                    withSpan("inside \(note.text)") { _ in told.add(note.text) }
                }
                _ = try await withSpan("request") { _ in try await queue.push(Note(text: "traced")) }
                try await queue.push(Note(text: "untraced"))
                #expect(try await db.count("jobs.hot", where: "trace IS NULL") == 1)

                try await running(queue.processor(queues: ["tests"], options: .quick())) { try await db.drained() }

                #expect(told.count == 2)
            }

            let spans = tracer.finishedSpans
            let request = try #require(spans.first { $0.operationName == "request" })
            let runs = spans.filter { $0.operationName == "test.note" }
            #expect(runs.count == 2)
            let traced = try #require(runs.first { $0.traceID == request.traceID })
            #expect(traced.parentSpanID == request.spanID)
            #expect(traced.kind == .consumer)
            let inside = try #require(spans.first { $0.operationName == "inside traced" })
            #expect(inside.parentSpanID == traced.spanID)
            let untraced = try #require(spans.first { $0.operationName == "inside untraced" })
            #expect(untraced.traceID != request.traceID)
        }
    }

    /// The row carries it, whoever runs the job: also after a failed try.
    @Test func trace_ofAPush_outlivesARetry() async throws {
        struct Broken: Error {}
        try await withTestDatabase { db in
            let tracer = InMemoryTracer()
            try await withTracer(tracer) {
                let queue = makeQueue(db)
                queue.registerJob(
                    parameters: Note.self, retryStrategy: .exponentialJitter(minBackoff: .milliseconds(1))
                ) { _, context in
                    withSpan("try \(context.attempt)") { _ in }
                    if context.attempt == 1 { throw Broken() }
                }
                _ = try await withSpan("request") { _ in try await queue.push(Note(text: "traced")) }

                try await running(queue.processor(queues: ["tests"], options: .quick())) { try await db.drained() }
            }

            let spans = tracer.finishedSpans
            let request = try #require(spans.first { $0.operationName == "request" })
            let tries = spans.filter { $0.operationName.hasPrefix("try") }
            #expect(tries.map(\.parentSpanID) == [request.spanID, request.spanID])
        }
    }
}
