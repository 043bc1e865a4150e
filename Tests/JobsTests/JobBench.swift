import Foundation
import Jobs
import Logging
import Postgres
import ServiceLifecycle
import Synchronization
import TestSupport

/// A job whose handler each test gives itself.
struct Note: JobParameters, Equatable {
    static let jobName = "test.note"
    static let jobQueue = "tests"
    var text: String
}

/// A second kind in the same queue.
struct Other: JobParameters {
    static let jobName = "test.other"
    static let jobQueue = "tests"
    var number = 0
}

/// What tests collect from handlers.
final class Collected<Value: Sendable>: Sendable {
    private let values = Mutex<[Value]>([])
    var all: [Value] { values.withLock { $0 } }
    var count: Int { values.withLock { $0.count } }
    func add(_ value: Value) { values.withLock { $0.append(value) } }
}

extension JobProcessorOptions {
    /// Short times, so that tests of leases do not take a quarter of a minute.
    static func quick(
        concurrency: Int = 4, lease: Duration = .seconds(2), grace: Duration = .seconds(5), crashesMax: Int = 3
    ) -> Self {
        Self(
            concurrency: concurrency, gracefulShutdownTimeout: grace, lease: lease,
            rescueInterval: .milliseconds(200), crashesMax: crashesMax)
    }
}

/// A queue of a test's own, as one process would have it.
func makeQueue(
    _ db: TestDatabase, as role: TestRole = .ingest, options: JobQueueOptions = .init(), connectionsMax: Int = 8,
    through proxy: FaultProxy? = nil, logger: Logger = .silent
) -> JobQueue {
    var options = options
    if db.isPooled, proxy == nil, options.listenConnection == nil {
        options.listenConnection = ConnectionConfiguration(url: db.directConninfo(as: role))
    }
    return JobQueue(
        pool: db.pool(as: role, connectionsMax: connectionsMax, through: proxy), logger: logger, options: options)
}

/// Runs processors while `body` runs, then shuts them down gracefully.
func running<Result: Sendable>(
    _ processors: JobProcessor..., body: () async throws -> Result
) async throws -> Result {
    let group = ServiceGroup(
        configuration: .init(services: processors.map { .init(service: $0) }, logger: .silent))
    return try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask { try await group.run() }
        let result = try await body()
        await group.triggerGracefulShutdown()
        try await tasks.waitForAll()
        return result
    }
}

/// Lets real time pass: for leases and timeouts, and to see that something does not happen.
func pass(_ duration: Duration) async throws { try await ContinuousClock().sleep(for: duration) }

/// Statements that only tests need: to look into the tables, and to play what cannot be brought about otherwise.
enum Peek {
    static func count(_ table: String, where condition: String = "true") -> Statement<Int> {
        Statement("SELECT count(*) FROM \(unsafeRaw: table) WHERE \(unsafeRaw: condition)") {
            row throws(PostgresError) in try row.next()
        }
    }

    static func text(_ sql: String) -> Statement<String> {
        Statement("\(unsafeRaw: sql)") { row throws(PostgresError) in try row.next() }
    }

    static func raw(_ sql: String) -> Statement<Void> { Statement("\(unsafeRaw: sql)") }
}

extension TestDatabase {
    func count(_ table: String, where condition: String = "true") async throws -> Int {
        try await superuser.one(Peek.count(table, where: condition))
    }

    /// A table without any uniqueness: a second effect would show.
    func makeEffectTable() async throws {
        try await run(
            """
            CREATE TABLE public.effect (
                number integer NOT NULL, run_no integer NOT NULL, at timestamptz NOT NULL DEFAULT clock_timestamp());
            GRANT SELECT, INSERT ON public.effect TO siyu_worker;
            GRANT USAGE ON SCHEMA public TO siyu_worker;
            """)
    }

    func run(_ sql: String) async throws {
        for statement in sql.split(separator: ";\n") { try await superuser.execute(Peek.raw(String(statement))) }
    }

    /// Waits until no job is left in hot, in later or at the gate.
    func drained(within limit: Duration = .seconds(20)) async throws {
        // A server that is on its way back up is no answer yet.
        try await eventually(within: limit) { (try? await isEmpty) ?? false }
    }

    private var isEmpty: Bool {
        get async throws {
            try await count("(SELECT FROM jobs.hot UNION ALL SELECT FROM jobs.later UNION ALL SELECT FROM jobs.gate) j")
                == 0
        }
    }
}
